"""Where the door listens, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import socket
import stat
from pathlib import Path

import pytest

from likewise.errors import StartError
from likewise.http import listener
from likewise.http.listener import UNIX_PREFIX, Listener
from likewise.http.server import Server
from tests.conftest import StartService
from tests.http.door import GET, Door, Echo
from tests.service import KEY


def listen(host: str, port: int = 0) -> str:
    async def run() -> str:
        server = Server(Echo(), lambda _: True)
        try:
            return await server.listen(host, port)
        finally:
            await server.drain(0)

    return asyncio.run(run())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_the_address_is_told_as_a_person_types_it(host: str) -> None:
    with Door(host) as door:
        assert door.address.startswith("http://" + (f"[{host}]:" if ":" in host else f"{host}:"))
        assert door.ask(GET).status == 200


def test_an_ipv6_peer_is_known_by_its_address() -> None:
    with Door("::1") as door:
        assert door.ask(GET).json["peer"] == "::1"


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StartError) as refusal:
            listen("127.0.0.1", port)
    assert str(refusal.value) == (
        f"Cannot listen on 127.0.0.1 port {port}: Address already in use."
        " Choose another with --port or LIKEWISE_PORT, or stop the program that uses it."
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "a..b"])
def test_an_address_that_is_not_ours_is_named_with_what_to_do(host: str) -> None:
    with pytest.raises(StartError, match=rf"^Cannot listen on {host} port 0: .*LIKEWISE_HOST must"):
        listen(host)


def test_a_unix_socket_is_for_its_owner_and_group(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with Door(f"{UNIX_PREFIX}{path}") as door:
        assert door.address == f"unix:{path}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        reply = door.ask(GET)
        assert (reply.status, reply.json["peer"]) == (200, "")


def test_a_unix_socket_that_a_crash_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with Door(f"{UNIX_PREFIX}{path}") as door:
        assert door.ask(GET).status == 200


def test_a_unix_socket_that_lives_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with Door(f"{UNIX_PREFIX}{path}") as door:
        with pytest.raises(StartError, match=f"{path}: another program listens there"):
            listen(f"{UNIX_PREFIX}{path}")
        assert door.ask(GET).status == 200


def test_a_unix_socket_that_is_too_busy_to_answer_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as first:
        busy.bind(str(path))
        busy.listen(0)
        first.connect(str(path))
        with pytest.raises(StartError, match="another program listens there"):
            listen(f"{UNIX_PREFIX}{path}")


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("mine")
    with pytest.raises(StartError, match=f"LIKEWISE_HOST=unix:{path}: Address already in use"):
        listen(f"{UNIX_PREFIX}{path}")
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["missing/http.sock", "x" * 200])
def test_a_unix_socket_that_cannot_be_made_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(StartError, match=r"^LIKEWISE_HOST=unix:/.*: .+\.$"):
        listen(f"{UNIX_PREFIX}{tmp_path / name}")


def test_the_service_tells_a_second_one_that_its_port_is_taken(start_service: StartService) -> None:
    service = start_service()
    other = service.directory / "other.db"
    done = service.run("serve", LIKEWISE_DATABASE=str(other), LIKEWISE_ADMIN_KEY=KEY)
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1 port {service.port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_newcomers_who_never_end_do_not_keep_it_from_stopping(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listener, "AT_ONCE", 4)
    monkeypatch.setattr(listener, "BACKLOG", 16)
    flood: list[socket.socket] = []

    async def run() -> None:
        def admit(_peer: str) -> None:
            if len(flood) < 100:
                flood.append(socket.create_connection(place))

        stopping = Listener(admit, lambda *_: None, lambda: None)
        address = await stopping.listen("127.0.0.1", 0)
        place = ("127.0.0.1", int(address.rpartition(":")[2]))
        flood.append(socket.create_connection(place))
        stopping.stop()

    asyncio.run(run())
    assert 1 < len(flood) < 100
    for one in flood:
        one.close()
