"""The service in a hurry for its first backup, and for the next one where a test makes days short.

All else is as its owner runs it: a process of its own, real files, real backups.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from likewise.cli import main
from tests.service import Service

ROOT = Path(__file__).parent.parent
SECONDS = 30  # for what takes a moment
_DAY = "TEST_DAY_SECONDS"


class HurriedService(Service):
    """`likewise serve` with backups in `backups` beside the database."""

    command = ("-m", "tests.hurried")

    def __init__(self, directory: Path, *, day: float = 86_400, **settings: str) -> None:
        self.backups = directory / "backups"
        self._day = day
        super().__init__(directory, **{"LIKEWISE_BACKUPS": str(self.backups), **settings})

    def environment(self) -> dict[str, str]:
        """Let the process find this module, and how long a day is."""
        paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        return {**super().environment(), "PYTHONPATH": paths, _DAY: str(self._day)}

    def made(self) -> list[Path]:
        """The backups that are there, the oldest first."""
        return sorted(self.backups.glob("*.db"))

    def metric(self, name: str) -> float:
        """A figure of `/metrics`; 0 where it is not there."""
        lines = self.owner("/metrics").body.decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def until(is_so: Callable[[], object], what: str) -> None:
    """Wait for something that takes a moment."""
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            if f"\nPPid:\t{pid}\n" in status.read_text():
                found.append(int(status.parent.name))
    return found


def _serve() -> int:
    import_module("likewise.commands.serve")  # first: it keeps out what is not to be loaded
    backups: Any = import_module("likewise.backups")
    backups.FIRST_SECONDS, backups.RETRY_SECONDS, backups.LOOK_SECONDS = 0, 0.2, 0.2
    backups.DAY_SECONDS = float(os.environ[_DAY])
    return main(["serve"])


if __name__ == "__main__":
    sys.exit(_serve())
