"""Backups on schedule: one a day, made by another process while this one serves.

Knows when one is due and what to tell of it; how one is made it leaves to that process.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import stat
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable

from likewise import child
from likewise.errors import StartError
from likewise.metrics import BACKUPS, LAST_BACKUP, Metrics
from likewise.settings import Settings
from likewise.store.file import file_type, read_secret
from likewise.transfer.folder import own_backups

FIRST_SECONDS = 10  # after the start, which shall be over
DAY_SECONDS = 86_400
RETRY_SECONDS = 3_600
LOOK_SECONDS = 600  # between two looks at the clock, which may be put right meanwhile
TIMEOUT_SECONDS = 3 * 3_600  # a folder on a network may never answer

_log = logging.getLogger("likewise")


class Backups:
    """Keeps the last backups of a database in a folder."""

    def __init__(
        self,
        folder: str,
        settings: Settings,
        metrics: Metrics,
        wall: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Find out when the last one was made. Raises `StartError` for an unusable folder."""
        self._folder = folder
        self._database = settings.database_path
        self._secret = settings.secret
        self._kept = settings.backups_kept
        self._metrics = metrics
        self._wall = wall
        self._sleep = sleep
        self._last = self._found()
        self._task: asyncio.Task[None] | None = None
        metrics.set(LAST_BACKUP, self._last or 0)

    def start(self) -> None:
        """Begin to make them."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Make no more; what is half done is removed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def due_in_seconds(self) -> float:
        """Return how long the next one has time. A clock that was put back makes it due: once."""
        passed = self._wall() - self._last if self._last is not None else DAY_SECONDS
        return max(0.0, DAY_SECONDS - passed) if passed >= 0 else 0.0

    def _found(self) -> float | None:
        """Return the moment of the newest; one that is yet to come tells of a wrong clock."""
        secret = read_secret(self._database, self._secret) or b""
        try:
            made = [one.moment for one in own_backups(self._folder, self._database, secret)]
        except OSError as error:
            raise StartError(f"LIKEWISE_BACKUPS={self._folder}: {error.strerror}.") from None
        return max((moment for moment in made if moment <= self._wall()), default=None)

    async def _run(self) -> None:
        await self._sleep(FIRST_SECONDS)
        while True:
            if (seconds := self.due_in_seconds()) > 0:
                await self._sleep(min(seconds, LOOK_SECONDS))
            elif not await self._back_up():
                await self._sleep(RETRY_SECONDS)

    async def _back_up(self) -> bool:
        """Make one, and tell of it; return whether it is good."""
        now, made, reason = int(self._wall()), "", ""
        try:
            made, reason = await self._made(now)
        except TimeoutError:
            reason = f"It took longer than {TIMEOUT_SECONDS // 3_600} hours."
        except Exception as error:  # noqa: BLE001 (a backup is no reason to stop serving)
            reason = str(error) or type(error).__name__
        self._metrics.add(BACKUPS, "done" if made else "failed")
        if not made:
            _log.error(
                "No backup was made in %s; it is tried again in an hour. %s", self._folder, reason
            )
            return False
        self._last = now
        self._metrics.set(LAST_BACKUP, now)
        _log.info("A backup was made: %s", made)
        if reason:
            _log.error("Backups beyond LIKEWISE_BACKUPS_KEPT were not removed. %s", reason)
        return True

    async def _made(self, now: int) -> tuple[str, str]:
        """Return the path of the new backup, empty where there is none, and what went wrong."""
        process = await child.start("likewise.transfer.scheduled", is_told=True)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                made, reason = await asyncio.gather(
                    self._told(process, now), child.reason_of(process)
                )
                failed = await process.wait() != 0
        finally:
            await child.end(process)
        return made, (reason or "Its process was ended.") if failed else ""

    async def _told(self, process: Process, now: int) -> str:
        """Tell the process what to do; return what it has made."""
        assert process.stdin is not None  # noqa: S101 (it was asked for)
        assert process.stdout is not None  # noqa: S101 (as well)
        job = {
            "database": self._database,
            "configured_secret": self._secret,
            "folder": self._folder,
            "kept": self._kept,
            "now": now,
        }
        process.stdin.write(json.dumps(job).encode())
        process.stdin.close()
        return (await process.stdout.read()).decode("utf-8", "replace").strip()


def prepare_folder(folder: str) -> None:
    """Make a folder of backups where its parent is there, and see that it can be used.

    Raises `StartError`.
    """
    setting = f"LIKEWISE_BACKUPS={folder}"
    try:
        if not os.path.lexists(folder) and os.path.isdir(os.path.dirname(folder)):
            os.mkdir(folder, 0o700)
        found = file_type(folder)
        if found != stat.S_IFDIR:
            what = "is no folder" if found else "does not exist"
            raise StartError(f"{setting}: it {what}. Make that folder first, or name another one.")
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
            raise StartError(
                f"{setting}: this user cannot write there. Check its owner and its mode."
            )
    except OSError as error:
        raise StartError(f"{setting}: it cannot be used: {error.strerror}.") from None
