"""Checkpoints: moves what the WAL holds into the database, beside the writer.

On a connection and thread of its own, and PASSIVE only: it waits for nobody, and Litestream,
which reads the WAL, keeps its place.
"""

from __future__ import annotations

import logging
from contextlib import suppress

import apsw

from likewise.later import Later
from likewise.store.file import connect
from likewise.store.worker import Worker, until_done

WAL_PAGES = 1_000  # about 4 MiB: small enough to find its pages fast, large enough to be rare
# A writer who never rests lets no checkpoint reach the end: here it rests for a moment.
MAX_WAL_PAGES = 4 * WAL_PAGES

_log = logging.getLogger("likewise")


class Checkpoints:
    """Watches the WAL of one writing connection."""

    def __init__(self, writer: apsw.Connection, path: str, worker: Worker) -> None:
        self._worker = worker
        self._connection = connect(path)
        self._wal_pages = 0
        self._due_at_pages = WAL_PAGES
        self._running: Later[None] | None = None
        writer.set_wal_hook(self._note)

    def due(self) -> Later[None] | None:
        """Start a checkpoint when there is enough to move; return it when the writer shall wait."""
        pages, running = self._wal_pages, self._running
        is_at_rest = running is None or running.done()
        if is_at_rest and pages >= min(self._due_at_pages, MAX_WAL_PAGES):
            # Ended beside a commit, it leaves the WAL as long as it was: wait for as much again.
            self._due_at_pages = pages + WAL_PAGES
            self._running = self._worker.do(self._checkpoint)
        return self._running if pages >= MAX_WAL_PAGES else None

    async def close(self) -> None:
        """Move what is left, so that the next start finds all in one file."""
        await until_done(self._worker.do(self._checkpoint))
        self._connection.close()

    def _note(self, _connection: apsw.Connection, _schema: str, pages: int) -> int:
        if pages < self._wal_pages:  # the WAL has begun anew: all of it had been moved
            self._due_at_pages = WAL_PAGES
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint(self) -> None:
        try:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.Error as error:
            # A full disk shows itself at the next commit, whose client is told; the WAL keeps all.
            if getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_FSYNC:
                self._keep_wal(error)

    def _keep_wal(self, error: apsw.Error) -> None:
        """Read on for ever: that keeps the WAL whole, and allows no further checkpoint.

        Pages that were not synced are taken for written by the system, and by SQLite those of
        an earlier, unfinished checkpoint: they are in the WAL alone. The next start, with nobody
        else at the file, moves all of it again.
        """
        with suppress(apsw.Error):  # then the next checkpoint fails, or finds the disk mended
            self._connection.execute("BEGIN")
            self._connection.execute("SELECT count(*) FROM sqlite_schema").get  # noqa: B018
            _log.error(
                "The disk of the database failed to sync (%s). Likes are stored, in a file that"
                " grows until the next start: check the disk, then restart.",
                error,
            )
