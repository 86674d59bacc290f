"""A whole copy of a database that is in use, verified before it takes its name.

Knows SQLite's backup and integrity check; nothing of secrets or retention.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing, suppress

import apsw

from likewise.errors import StartError
from likewise.store.file import connect, sync_folder, unfinished_path, unusable

PAGES_PER_STEP = 1_000
OPERATIONS_PER_MOMENT = 100_000


def copy(
    source: str,
    to: str,
    progress: Callable[[float], None] = lambda _share: None,
    finish: Callable[[str], None] = lambda _copy: None,
) -> None:
    """Copy the database as it stands at one moment, while others read and write it.

    The copy is checked and on the disk before it is named `to`; `finish` is given it just before
    that. Raises `StartError`.
    """
    temporary = unfinished_path(to)
    try:
        _remove(temporary)
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        _fill(source, temporary, progress)
        problem = integrity_problem(temporary)
        if problem:
            raise StartError(f"{source} is damaged: {problem}. Restore an older backup.")
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        finish(temporary)
        os.replace(temporary, to)
        sync_folder(os.path.dirname(to))
    except (apsw.Error, OSError) as error:
        is_damaged = isinstance(error, apsw.CorruptError | apsw.NotADBError)
        raise unusable(source if is_damaged else to, error) from None
    finally:
        _remove(temporary)


def remove_unfinished(to: str) -> None:
    """Remove copies to this name that were cut short. Nobody else may be making one."""
    folder, name = os.path.split(to)
    for entry in os.listdir(folder):
        if entry.startswith(f".{name}."):
            os.unlink(os.path.join(folder, entry))


def integrity_problem(path: str) -> str | None:
    """Return what SQLite finds wrong with a database file; None when it is whole."""
    with closing(connect(path, read_only=True)) as connection:
        # A moment for Python now and then: without it no signal would be heard before the end.
        connection.set_progress_handler(lambda: False, OPERATIONS_PER_MOMENT)
        try:
            found = connection.pragma("integrity_check")
        except apsw.Error as error:
            return str(error)
    return None if found == "ok" else str(found)


def _fill(source: str, to: str, progress: Callable[[float], None]) -> None:
    with (
        closing(connect(source, read_only=True)) as reader,
        closing(apsw.Connection(to)) as writer,
    ):
        # A transaction holds the moment: without it a busy writer restarts the copy for ever.
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_schema").get  # noqa: B018 (it reads)
        with writer.backup("main", reader, "main") as backup:
            while not backup.done:
                backup.step(PAGES_PER_STEP)
                progress(1 - backup.remaining / max(backup.page_count, 1))
        # A copy is one file: it is read before a WAL could be made beside it.
        writer.pragma("journal_mode", "DELETE")


def _remove(temporary: str) -> None:
    """Remove an unfinished copy, and what SQLite has put beside it."""
    for ending in ("", "-journal", "-wal", "-shm"):
        with suppress(OSError):
            os.unlink(temporary + ending)
