"""A service that systemd starts says when it is ready, that it is alive, and that it stops."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import Service

WAIT_SECONDS = 20


class Ear:
    """What systemd would hear."""

    def __init__(self, place: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(WAIT_SECONDS)
        self._socket.bind(place)

    def next(self) -> str:
        return self._socket.recv(1_024).decode()

    def rest(self) -> list[str]:
        """Return what has been said and not been heard yet."""
        self._socket.setblocking(False)
        said: list[str] = []
        try:
            while True:
                said.append(self.next())
        except BlockingIOError:
            return said

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A socket's name as systemd writes it."""
    return str(tmp_path / "notify") if request.param == "path" else f"@{tmp_path}"


@pytest.fixture
def ear(place: str) -> Iterator[Ear]:
    listening = Ear(place.replace("@", "\0", 1) if place[0] == "@" else place)
    yield listening
    listening.close()


def test_ready_comes_when_it_listens_and_stopping_before_it_ends(
    likewise: Service, place: str, ear: Ear
) -> None:
    likewise.settings["NOTIFY_SOCKET"] = place
    likewise.start()
    assert ear.next() == "READY=1"
    assert likewise.stop() == 0
    assert ear.rest() == ["STOPPING=1"]


def test_signs_of_life_come_from_the_loop(likewise: Service, place: str, ear: Ear) -> None:
    likewise.settings |= {"NOTIFY_SOCKET": place, "WATCHDOG_USEC": "200000"}
    likewise.start()
    assert [ear.next() for _ in range(5)] == ["READY=1", *["WATCHDOG=1"] * 4]
    assert likewise.stop() == 0
    assert ear.rest()[-1] == "STOPPING=1"


@pytest.mark.parametrize("settings", [{"WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "soon"}])
def test_signs_of_life_are_not_given_for_another_process(
    likewise: Service, place: str, ear: Ear, settings: dict[str, str]
) -> None:
    likewise.settings |= {"NOTIFY_SOCKET": place, "WATCHDOG_USEC": "1000", **settings}
    likewise.start()
    assert likewise.stop() == 0
    assert ear.rest() == ["READY=1", "STOPPING=1"]


def test_nobody_listening_is_no_reason_to_stop(likewise: Service, tmp_path: Path) -> None:
    likewise.settings |= {"NOTIFY_SOCKET": f"{tmp_path}/nothing", "WATCHDOG_USEC": "1000"}
    assert likewise.start().get("/readyz").status == 200
    assert likewise.stop() == 0


def test_service_that_does_not_start_says_nothing(likewise: Service, place: str, ear: Ear) -> None:
    done = likewise.run("serve", "--port", "x", NOTIFY_SOCKET=place)
    assert done.returncode == 2
    assert ear.rest() == []
