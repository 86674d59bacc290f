"""Load on one server: wrk with load.lua, and what came of it.

Knows wrk; must not know how servers are started or compared.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks.process import cpu_seconds, pinned
from benchmarks.servers import Server

LUA = Path(__file__).with_name("load.lua")
TIMEOUT_SECONDS = 30


class Workload(NamedTuple):
    """What is asked: so many reads in ten requests, of `batch` pages each; the rest are likes."""

    name: str
    reads_in_ten: int
    pages: int
    batch: int = 1


WORKLOADS = {
    "likes-hot": Workload("Likes on one page", 0, 1),
    "likes-wide": Workload("Likes over 10,000 pages", 0, 10_000),
    "counts": Workload("Counts of one page", 10, 1),
    "counts-batch": Workload("Counts of 20 pages at once", 10, 20, 20),
}


class Load(NamedTuple):
    """A workload from so many clients for so long, driven from one core or from any (None).

    In the seconds to settle nothing is sent, and the last requests are answered.
    """

    workload: Workload
    clients: int
    seconds: int
    settle_seconds: int
    core: int | None


class Outcome(NamedTuple):
    """What one server did in one round. `stored` is by how much its likes grew."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_microseconds: float  # per answer
    sent: int
    answered: int
    refused: int
    broken: int
    likes_sent: int
    stored: int

    @property
    def acknowledged(self) -> int:
        """Likes that were answered 200."""
        return self.answered - self.refused if self.likes_sent else 0

    @property
    def errors(self) -> int:
        """Requests without the answer that they should have had."""
        return self.refused + self.broken + self.sent - self.answered

    @property
    def has_failed(self) -> bool:
        """Whether an answer was amiss, or other likes are stored than were acknowledged."""
        return self.errors > 0 or self.stored != self.likes_sent


def drive(server: Server, load: Load, first: int) -> Outcome:
    """Load a server and take its figures.

    `first` is the number of the first like: no two likes may have the same.
    """
    stored, cpu = server.stored(), cpu_seconds(server.pid)
    reported = _wrk(server, load, first)
    cpu = cpu_seconds(server.pid) - cpu
    answered, refused = reported["answered"], reported["refused"]
    # Every client has one request under way when the time is over.
    in_time = max(0, int(answered) - load.clients) * (1 - refused / answered) if answered else 0.0
    return Outcome(
        per_second=in_time / load.seconds,
        p50_ms=reported["p50_ms"],
        p99_ms=reported["p99_ms"],
        cpu_microseconds=cpu / answered * 1e6 if answered else 0.0,
        sent=int(reported["sent"]),
        answered=int(answered),
        refused=int(refused),
        broken=int(reported["broken"]),
        likes_sent=int(reported["likes_sent"]),
        stored=server.stored() - stored,
    )


def _wrk(server: Server, load: Load, first: int) -> dict[str, float]:
    workload = load.workload
    settings = {
        "API": server.contender.api,
        "FIRST": str(first),
        "SECONDS": str(load.seconds),
        "PAGES": str(workload.pages),
        "BATCH": str(workload.batch),
        "READS_IN_TEN": str(workload.reads_in_ten),
    }
    wrk = ("wrk", "-t1", f"-c{load.clients}", f"-d{load.seconds + load.settle_seconds}s")
    address = f"http://127.0.0.1:{server.port}"
    with pinned(load.core):
        done = subprocess.run(  # noqa: S603 (no shell, and every part is ours)
            [*wrk, f"--timeout={TIMEOUT_SECONDS}s", "-s", str(LUA), address],
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        sys.exit(f"wrk failed:\n{done.stdout}{done.stderr}")
    reported: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return reported
