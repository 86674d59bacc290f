"""The service with a clock that stands still until the test moves it: a day passes in a second.

All else is as its owner runs it: a process of its own, real sockets, a real file.
"""

from __future__ import annotations

import os
import struct
import sys
from functools import partial
from importlib import import_module
from mmap import mmap
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

from likewise.cli import main
from tests.service import Service

# A UTC noon and some seconds, which no file shall hold.
START = 1_700_006_400 + 12 * 3_600 + 1_234
DAY_SECONDS = 86_400
ROOT = Path(__file__).parents[2]
_FILE = "TEST_CLOCK_FILE"
_SECONDS = struct.Struct("d")


class SharedClock:
    """A clock that two processes see, in a file."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_SECONDS.pack(0.0))
        with path.open("r+b") as file:
            self._memory = mmap(file.fileno(), _SECONDS.size)

    def monotonic(self) -> float:
        """Return what `time.monotonic` would."""
        return 1_000.0 + float(_SECONDS.unpack_from(self._memory)[0])

    def wall(self) -> float:
        """Return what `time.time` would."""
        return START - 1_000 + self.monotonic()

    def go_on(self, seconds: float) -> None:
        """Let time pass."""
        _SECONDS.pack_into(self._memory, 0, self.monotonic() - 1_000 + seconds)

    def go_on_until(self, wall: float) -> None:
        """Let time pass until a moment."""
        self.go_on(wall - self.wall())


class ClockedService(Service):
    """`likewise serve` by the test's clock."""

    command = ("-m", "tests.abuse.clocked")

    def __init__(self, directory: Path, **settings: str) -> None:
        super().__init__(directory, **settings)
        self.clock_path = directory.with_name(f"{directory.name}.clock")
        self.clock = SharedClock(self.clock_path)

    def environment(self) -> dict[str, str]:
        """Let the process find this module, and the clock."""
        paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        return {**super().environment(), "PYTHONPATH": paths, _FILE: str(self.clock_path)}

    def __enter__(self) -> Self:
        return self.start()


def _serve() -> int:
    import_module("likewise.commands.serve")  # first: it keeps out what is not to be loaded
    service: Any = import_module("likewise.service")
    clock = SharedClock(Path(os.environ[_FILE]))
    service.time = SimpleNamespace(monotonic=clock.monotonic, time=clock.wall)
    service.open_store = partial(service.open_store, wall=clock.wall)
    return main(["serve"])


if __name__ == "__main__":
    sys.exit(_serve())
