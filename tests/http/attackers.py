"""What an attack must leave untouched: honest readers, memory, open files and the log."""

from __future__ import annotations

import contextlib
import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.http.door import WAIT_SECONDS, Client, until
from tests.service import Service

MIB = 1 << 20
GROWS_MIB = 64
KEEPS_MIB = 24  # the aim is 16: Python keeps 1 MiB for as long as one small object lives in it
LONGEST_WAIT_SECONDS = 2.0  # the aim is a p99 of 0.25 s, which a busy machine may miss
LOG_LINES = 4


class Attacker(Client):
    """A connection to the service from an address of its own, 127.x.y.z."""

    def __init__(
        self, service: Service, source: str = "127.0.0.1", receive_bytes: int | None = None
    ) -> None:
        super().__init__(service.url, receive_bytes, source)

    def send_until_closed(self, *pieces: bytes) -> None:
        """Send whether the service still listens or not."""
        with contextlib.suppress(ConnectionError):
            self.send(*pieces)


def source(number: int) -> str:
    """Return a loopback address, another one for each number."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


def raise_file_limit() -> int:
    """Ask for as many files as may be open; return how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def memory_mib(service: Service, which: str = "VmRSS") -> float:
    """Return the memory of the process, or its peak: `VmHWM`."""
    status = Path(f"/proc/{service.pid}/status").read_text()
    found = re.search(rf"{which}:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1_024


def open_files(service: Service) -> int:
    return len(list(Path(f"/proc/{service.pid}/fd").iterdir()))


def cpu_seconds(service: Service) -> float:
    """Return how long the process has computed."""
    fields = Path(f"/proc/{service.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


@contextlib.contextmanager
def honest_reader(service: Service) -> Iterator[list[float]]:
    """Read counts all the while; at the end the list has the seconds that each answer took."""
    waits: list[float] = []
    command = (sys.executable, "-m", "tests.http.honest_reader", str(service.port))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"ready\n"
        try:
            yield waits
        finally:
            told, _ = reader.communicate(timeout=2 * WAIT_SECONDS)
        assert reader.returncode == 0, "the honest reader lost its connection"
        waits += sorted(json.loads(told))


@contextlib.contextmanager
def withstood(service: Service) -> Iterator[None]:
    """Fail unless readers, memory, files and log are as they should be during and after it.

    The attack ends its connections itself.
    """
    assert service.get("/v1/counts?page=/honest").status == 200
    Path(f"/proc/{service.pid}/clear_refs").write_text("5")  # the peak begins anew
    mib, files, log = memory_mib(service), open_files(service), len(service.log)
    with honest_reader(service) as waits:
        yield
    grown = memory_mib(service, "VmHWM") - mib
    until(lambda: open_files(service) <= files)
    until(lambda: memory_mib(service) - mib <= KEEPS_MIB)
    p99, longest = waits[len(waits) * 99 // 100], waits[-1]
    sys.stdout.write(
        f"{len(waits)} honest reads: p99 {p99 * 1_000:.0f} ms, longest {longest * 1_000:.0f} ms;"
        f" memory {mib:.1f} MiB, peak +{grown:.1f}, after +{memory_mib(service) - mib:.1f};"
        f" {len(service.log[log:].splitlines())} log lines\n"
    )
    assert longest < LONGEST_WAIT_SECONDS
    assert grown < GROWS_MIB
    assert "Traceback" not in service.log
    assert "never retrieved" not in service.log
    assert len(service.log[log:].splitlines()) <= LOG_LINES, service.log[log:]
    assert service.get("/v1/counts?page=/honest").status == 200


def close_all(attackers: Iterable[Client]) -> None:
    for attacker in attackers:
        attacker.close()
