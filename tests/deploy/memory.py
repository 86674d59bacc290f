"""What the kernel says about a container's memory: its limit, its peak, and who was killed."""

from __future__ import annotations

import contextlib
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


class Memory:
    """The memory of the control group that a process is in, of either version of them."""

    def __init__(self, pid: int) -> None:
        lines = Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii").splitlines()
        places = {names: path for _, names, path in (line.split(":", 2) for line in lines)}
        self._is_old = "memory" in places
        root = CGROUPS / "memory" if self._is_old else CGROUPS
        self._folder = root / places["memory" if self._is_old else ""].lstrip("/")

    @property
    def limit_bytes(self) -> int | None:
        """The limit that holds; None where there is none."""
        name = "memory.limit_in_bytes" if self._is_old else "memory.max"
        try:
            text = self._read(name)
        except FileNotFoundError:  # no memory controller here
            return None
        return int(text) if text.isdecimal() and int(text) < 1 << 60 else None

    @property
    def kills(self) -> int:
        """How many processes the kernel has killed here for want of memory."""
        text = self._read("memory.oom_control" if self._is_old else "memory.events")
        return int(dict(line.split() for line in text.splitlines())["oom_kill"])

    def _read(self, name: str) -> str:
        return (self._folder / name).read_text(encoding="ascii").strip()


def peak_resident_bytes(pid: int) -> int:
    """Return the most memory that a process had in use, from /proc."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in text.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def resident_bytes(pid: int) -> int:
    """Return what the processes of a control group have in use, what they share counted once."""
    group = Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii")
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            if (process / "cgroup").read_text(encoding="ascii") == group:
                text = (process / "smaps_rollup").read_text(encoding="ascii")
                share = next(line for line in text.splitlines() if line.startswith("Pss:"))
                total += int(share.split()[1]) * 1024
    return total
