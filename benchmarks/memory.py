"""Prints how much memory `likewise serve` takes, idle and after load, with its limits on.

Needs wrk. The figures are the kernel's: VmRSS and VmHWM of /proc/PID/status (proc(5)).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

LUA = Path(__file__).with_name("likes.lua")
START_SECONDS = 20


def main() -> None:
    """Start the service on an empty database, load it, print the figures."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        service = _start(options.port, Path(folder))
        try:
            print(f"idle: {_mib(service.pid, 'VmRSS'):.1f} MiB")
            time.sleep(0.5)
            print(_load(options))
            print(
                f"after {options.seconds} s of {options.clients} clients:"
                f" {_mib(service.pid, 'VmRSS'):.1f} MiB, peak {_mib(service.pid, 'VmHWM'):.1f} MiB"
            )
        finally:
            service.terminate()
            service.wait(START_SECONDS)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--pages", type=int, default=1_000)
    parser.add_argument("--port", type=int, default=8765)
    return parser.parse_args()


def _start(port: int, folder: Path) -> subprocess.Popen[bytes]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("LIKEWISE_")}
    service = subprocess.Popen(
        [sys.executable, "-m", "likewise", "serve"],
        cwd=folder,
        env={**inherited, "LIKEWISE_PORT": str(port)},
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz"):
                return service
        except OSError:
            time.sleep(0.05)
    service.kill()
    sys.exit("The service did not start.")


def _load(options: argparse.Namespace) -> str:
    command = [
        *("wrk", "-t1", f"-c{options.clients}", f"-d{options.seconds}s", "--latency"),
        *("-s", str(LUA), f"http://127.0.0.1:{options.port}"),
    ]
    environment = {**os.environ, "PAGES": str(options.pages)}
    done = subprocess.run(  # noqa: S603 (no shell, and every part is ours)
        command, env=environment, capture_output=True, text=True, check=True
    )
    wanted = ("Requests/sec", "requests ")
    return "; ".join(line.strip() for line in done.stdout.splitlines() if line.startswith(wanted))


def _mib(pid: int, field: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    sys.exit(f"/proc has no {field}.")


if __name__ == "__main__":
    main()
