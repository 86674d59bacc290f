"""How many connections there may be, of whom, and who makes room."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from likewise.http import server
from likewise.http.server import MAX_PER_PEER
from tests.http.door import GET, Client, Door, get, until

ROOM = 8


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", ROOM)


@pytest.fixture
def small_door(little_room: None, door: Door) -> Door:  # noqa: ARG001 (first, then the door)
    return door


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def is_open(client: Client) -> bool:
    """Tell whether the door still answers on a connection."""
    try:
        client.send(GET)
        return client.answer().status == 200
    except (OSError, AssertionError):
        return False


def test_an_untrusted_peer_holds_so_many_connections_and_no_more() -> None:
    with Door(is_trusted=False) as door:
        clients = [door.connect() for _ in range(MAX_PER_PEER)]
        assert is_open(clients[-1])
        assert not is_open(door.connect())
        clients[0].close()
        until(lambda: door.connections == MAX_PER_PEER - 1)
        assert is_open(door.connect())
        assert not is_open(door.connect())
        assert all(map(is_open, clients[1:]))


def test_a_trusted_proxy_holds_as_many_as_it_needs(door: Door) -> None:
    clients = [door.connect() for _ in range(MAX_PER_PEER + 50)]
    assert all(map(is_open, clients))


def test_who_waits_longest_makes_room(small_door: Door) -> None:
    clients = [small_door.connect() for _ in range(ROOM)]
    for client in (*clients[1:], clients[0]):
        assert is_open(client)
    newcomer = small_door.connect()
    assert is_open(newcomer)
    assert not is_open(clients[1])
    assert all(map(is_open, (clients[0], *clients[2:], newcomer)))
    assert small_door.connections == ROOM


def test_nobody_makes_room_while_an_answer_is_made_for_them(small_door: Door) -> None:
    waiting = [small_door.connect() for _ in range(ROOM - 1)]
    for client in waiting:
        client.send(get("/later"))
    until(lambda: len(small_door.app.pending) == ROOM - 1)
    idle = small_door.connect()
    assert is_open(idle)
    newcomer = small_door.connect()
    assert is_open(newcomer)
    assert not is_open(idle)
    for number, client in enumerate(waiting):
        small_door.finish(number)
        assert client.answer().status == 200


def test_who_stalls_while_an_answer_is_made_does_not_make_room(small_door: Door) -> None:
    # Its answers are read at last, and one is still made: it waits for us, not we for it.
    client = small_door.connect(receive_bytes=8_192)
    client.send(get("/large/4000000") * 2 + get("/later"))
    assert {len(reply.body) for reply in client.answers(2)} == {4_000_000}
    until(lambda: len(small_door.app.pending) == 1)
    until(lambda: small_door.run(lambda: len(small_door.server._waiting)) == 0)
    for _ in range(2 * ROOM):
        assert is_open(small_door.connect())
    small_door.finish(0)
    assert client.answer().status == 200


def test_where_nobody_can_make_room_a_newcomer_is_turned_away(small_door: Door) -> None:
    for _ in range(ROOM):
        small_door.connect().send(get("/later"))
    until(lambda: len(small_door.app.pending) == ROOM)
    assert not is_open(small_door.connect())
    assert small_door.connections == ROOM
    small_door.finish(0)
    until(lambda: is_open(small_door.connect()))


@pytest.mark.parametrize("end", [Client.close, Client.reset, Client.hang_up])
def test_files_come_back(door: Door, end: Callable[[Client], None]) -> None:
    assert door.ask(GET).status == 200
    until(lambda: door.connections == 0)
    before = open_files()
    clients = [door.connect() for _ in range(100)]
    for number, client in enumerate(clients):
        client.send((GET, GET[:10], b"\0", get("/large/100000"), b"")[number % 5])
    for client in clients:
        end(client)
        if end is Client.hang_up:
            client.rest()
            client.close()
    until(lambda: door.connections == 0)
    until(lambda: open_files() <= before)


def test_who_resets_while_waiting_to_be_let_in_does_not_pass_for_a_unix_socket(
    door: Door,
) -> None:
    async def come_and_go() -> None:
        stranger = door.connect()  # the door's thread is here, and cannot accept it yet
        stranger.send(GET)
        stranger.reset()
        await asyncio.sleep(0.01)

    door.wait(come_and_go())
    until(lambda: door.connections == 0)
    assert {request.peer for request in door.app.requests} <= {"127.0.0.1"}


def test_files_are_left_for_everything_else() -> None:
    files = os.sysconf("SC_OPEN_MAX")
    most = server._most_connections()
    assert 0 < most <= server.MAX_CONNECTIONS
    assert most < files
