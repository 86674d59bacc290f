"""The condition of the database: whether it is whole, its size, and the room that is left.

On a connection and thread of its own, so that neither readers nor likes nor reports wait for it.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import apsw

from likewise.errors import StartError
from likewise.store import Condition
from likewise.store.file import connect

PAUSE_SECONDS = 3_600  # between two looks: a monitor that asks each minute shall not wear the disk
WAIT_SECONDS = 5.0  # a large database is looked through while others ask again
_TABLES = "/* tables */ SELECT name FROM sqlite_schema WHERE type = 'table'"
_STEPS_BETWEEN_QUESTIONS = 10_000  # of SQLite's machine: some milliseconds
_LOWEST_PRIORITY = 19


class Examination:
    """Looks for damage when somebody asks, and keeps what it has found for an hour."""

    def __init__(self, path: str, wall: Callable[[], float]) -> None:
        self._path = path
        self._wall = wall
        self._thread = ThreadPoolExecutor(1, "examination", initializer=_yield_to_others)
        self._is_closed = False
        self._looking: asyncio.Future[str | None] | None = None
        self._damage: str | None = None
        self._looked: int | None = None

    async def condition(self) -> Condition:
        """Return the condition; where damage is still being looked for, what is known of it."""
        if self._looking is None and not self._is_fresh():
            loop = asyncio.get_running_loop()
            self._looking = loop.run_in_executor(self._thread, self._look)
            self._looking.add_done_callback(self._note)
        if self._looking is not None:
            await asyncio.wait({self._looking}, timeout=WAIT_SECONDS)
        return await asyncio.to_thread(_condition, self._path, self._damage, self._looked)

    def close(self) -> None:
        """Look no further: SQLite asks in the midst of a table too."""
        self._is_closed = True
        self._thread.shutdown(cancel_futures=True)

    def _is_fresh(self) -> bool:
        return self._looked is not None and 0 <= self._wall() - self._looked < PAUSE_SECONDS

    def _note(self, looking: asyncio.Future[str | None]) -> None:
        self._looking = None
        if not looking.cancelled() and looking.exception() is None:
            self._damage, self._looked = looking.result(), int(self._wall())

    def _look(self) -> str | None:
        return damage_at(self._path, lambda: self._is_closed)


def condition_of(path: str, now: float) -> Condition:
    """Return the condition of a database that no server has. Raises `OSError`."""
    return _condition(path, damage_at(path), int(now))


def damage_at(path: str, is_over: Callable[[], bool] = lambda: False) -> str | None:
    """Return what is wrong with the database at a path, and be it that there is none.

    Raises `apsw.InterruptError` once `is_over`.
    """
    try:
        with closing(connect(path, read_only=True)) as connection:
            connection.set_progress_handler(is_over, _STEPS_BETWEEN_QUESTIONS)
            return damage_in(connection)
    except StartError as error:
        return str(error)


def damage_in(connection: apsw.Connection) -> str | None:
    """Return what SQLite finds wrong with the tables; None when they are whole.

    Table by table: one read over the whole file would keep the WAL from being emptied meanwhile.
    Raises `apsw.InterruptError`.
    """
    try:
        for table in [str(name) for (name,) in connection.execute(_TABLES)]:
            quoted = table.replace('"', '""')
            found = connection.execute(f'PRAGMA quick_check("{quoted}")').get
            if found != "ok":
                return str(found)
    except apsw.InterruptError:
        raise
    except apsw.Error as error:
        return str(error)
    return None


def _condition(path: str, damage: str | None, looked: int | None) -> Condition:
    disk = os.statvfs(os.path.dirname(path))
    return Condition(
        sqlite_version=apsw.sqlite_lib_version(),
        database_bytes=_size(path),
        wal_bytes=_size(f"{path}-wal"),
        free_bytes=disk.f_bavail * disk.f_frsize,
        disk_bytes=disk.f_blocks * disk.f_frsize,
        damage=damage,
        looked=looked,
    )


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _yield_to_others() -> None:
    """On Linux a thread has a priority of its own, and readers come first."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST_PRIORITY)
