"""Where figures were taken: the machine, the versions of what ran, and the commit."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.environments import ROOT

_VERSIONS = (
    "import platform, apsw, httptools, uvicorn, uvloop;"
    "print(platform.python_implementation(), platform.python_version(),"
    " 'SQLite', apsw.sqlite_lib_version(), 'httptools', httptools.__version__,"
    " 'uvicorn', uvicorn.__version__, 'uvloop', uvloop.__version__)"
)


def facts(python: Path) -> dict[str, str]:
    """Return what a reader must know to judge the figures."""
    kernel = platform.uname()
    return {
        "Taken": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Machine": f"{_cpu_model()}, {os.cpu_count()} cores, {_memory_gib():.0f} GiB",
        "System": f"{_distribution()}, {kernel.system} {kernel.release} {kernel.machine},"
        f" files on {_file_system(Path(tempfile.gettempdir()))}",
        "Service": _said([str(python), "-c", _VERSIONS]),
        "Others": f"{_said(['nginx', '-v'])}, {_said(['wrk', '--version']).partition(' [')[0]}",
        "Commit": _commit(),
        "Busy before": f"{os.getloadavg()[0]:.1f} processes (load average of a minute)",
    }


def command(name: str) -> str:
    """Return how this program was called, without the folders of this machine."""
    words = [
        f"…/{Path(word).name}" if word.startswith(("/", "../")) else word for word in sys.argv[1:]
    ]
    return " ".join((f"python -m benchmarks.{name}", *words))


def _said(command: list[str]) -> str:
    """Return the first line of what a program says of itself."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    done = subprocess.run(  # noqa: S603 (no shell, and every part is ours)
        command,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout or done.stderr).partition("\n")[0].strip()


def _commit() -> str:
    """Return the commit of what runs; results of runs before it do not count as changes."""
    git = ["git", "-C", str(ROOT)]
    changes = _said([*git, "status", "--porcelain", "src", "benchmarks", ":!benchmarks/results"])
    return _said([*git, "rev-parse", "--short", "HEAD"]) + (" with changes" if changes else "")


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _distribution() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown system")


def _file_system(path: Path) -> str:
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text("utf-8").splitlines()]
    around = [(place, kind) for place, kind in mounts if path.resolve().is_relative_to(place)]
    return max(around, key=lambda mount: len(mount[0]))[1]
