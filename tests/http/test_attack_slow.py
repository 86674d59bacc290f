"""slowhttptest's thousand connections that send or read as slowly as they can."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.http.attackers import withstood
from tests.service import Service

pytestmark = pytest.mark.alone  # how long others wait is measured

CONNECTIONS = 1_000
SHORT_SECONDS = 8
LONG_SECONDS = 45  # past every deadline of the door
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
        [program, *options, service.url + path, *how_many, "-i", "1", "-p", "10"],
        cwd=service.directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", done.stdout)
    assert set(re.findall(r"service available: +(\w+)", plain)) == {"YES"}, plain
    assert max(map(int, re.findall(r"connected: +(\d+)", plain))) == CONNECTIONS, plain


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
