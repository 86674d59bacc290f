"""A server as the kernel sees it: its processor time and its memory, all processes together.

The figures are those of proc(5); nothing is asked of the server itself.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_KIB = 1024


class Memory(NamedTuple):
    """In MiB. `rss` counts shared pages in full, `pss` in part, `uss` not at all."""

    rss: float
    peak_rss: float
    pss: float
    uss: float


@contextlib.contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Keep this thread, and what it starts meanwhile, on one core; on any where it is None."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Cores(NamedTuple):
    """Where servers and driver run: a core each, or wherever the kernel puts them (None)."""

    servers: int | None = None
    driver: int | None = None

    def __str__(self) -> str:
        if self.driver is None:
            return "Nothing is pinned to a core."
        return f"Servers run on core {self.servers}, wrk on core {self.driver}."


def cores_apart() -> Cores:
    """Return a core for the servers and one for the driver, where there are two."""
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(*allowed[:2]) if len(allowed) > 1 else Cores()


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and its children so far."""
    return sum(_cpu_ticks(one) for one in _tree(pid)) / _TICKS


def memory(pid: int) -> Memory:
    """Return the memory of a process and its children."""
    return Memory(*map(sum, zip(*(_memory(one) for one in _tree(pid)), strict=True)))


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(one for child in children for one in _tree(int(child)))]


def _cpu_ticks(pid: int) -> int:
    # The second field is a name that may hold anything but ends with the last bracket.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _memory(pid: int) -> Memory:
    status, rollup = _sizes(f"/proc/{pid}/status"), _sizes(f"/proc/{pid}/smaps_rollup")
    own = rollup["Private_Clean"] + rollup["Private_Dirty"]
    return Memory(status["VmRSS"], status["VmHWM"], rollup["Pss"], own)


def _sizes(path: str) -> dict[str, float]:
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line.endswith(" kB")]
    return {row[0].rstrip(":"): int(row[1]) / _KIB for row in rows}
