"""slowhttptest's thousand connections that send or read as slowly as they can."""

from __future__ import annotations

import csv
import shutil
import subprocess

import pytest

from tests.http.attackers import withstood
from tests.service import Service

pytestmark = pytest.mark.alone  # how long others wait is measured

CONNECTIONS = 1_000
SHORT_SECONDS = 8
LONG_SECONDS = 45  # past every deadline of the door
TOLD = ("-g", "-o", "told")
ATTACKS = {
    "headers": ("-H", "-u", "/v1/counts?page=/x"),
    "bodies": ("-B", "-s", "4096", "-t", "POST", "-u", "/v1/like"),
    "readers": ("-X", "-w", "1", "-y", "512", "-n", "1", "-z", "16", "-k", "8", "-u", "/likes.js"),
}


def attack(service: Service, kind: str, seconds: int) -> None:
    program = shutil.which("slowhttptest")
    if program is None:
        pytest.skip("slowhttptest is missing: apt-get install slowhttptest")
    *options, path = ATTACKS[kind]
    how_many = ("-c", str(CONNECTIONS), "-r", str(CONNECTIONS // 2), "-l", str(seconds))
    done = subprocess.run(
        [program, *options, service.url + path, *how_many, "-i", "1", "-p", "10", *TOLD],
        cwd=service.directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # Each second has a line; what is printed is every fifth, which a busy machine may skip.
    with (service.directory / "told.csv").open(encoding="utf-8") as file:
        told = list(csv.DictReader(file))
    assert all(second["Service Available"] != "0" for second in told), told
    assert max(int(second["Connected"]) for second in told) == CONNECTIONS, told


@pytest.mark.parametrize("kind", ATTACKS)
def test_slow_connections_keep_nobody_else_waiting(service: Service, kind: str) -> None:
    with withstood(service):
        attack(service, kind, SHORT_SECONDS)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ATTACKS)
def test_slow_connections_are_ended_while_nobody_else_waits(service: Service, kind: str) -> None:
    with withstood(service):
        attack(service, kind, LONG_SECONDS)
