"""What one turn of the loop answers leaves together: a proxy that sleeps is woken once."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable

import pytest

from likewise.http import server
from likewise.http.connection import IDLE_SECONDS
from likewise.http.message import Answer, Request, Response
from likewise.http.server import AT_ONCE
from likewise.later import Later
from tests.http.door import GET, Client, Door, get, post, until


def connected(door: Door, count: int) -> list[Client]:
    """Return connections that the door has let in already."""
    clients = [door.connect() for _ in range(count)]
    for client in clients:
        client.send(GET)
        assert client.answer().status == 200
    return clients


def ask(clients: list[Client], *, and_leave: bool = False) -> None:
    """Ask for an answer each; in the door's own thread it is before the next turn of its loop."""
    for client in clients:
        client.send(GET)
        if and_leave:
            client.reset()


def ask_in_one_turn(door: Door, clients: list[Client]) -> list[int]:
    """Return how many answers had left at each call of the app."""
    had_left: list[int] = []
    handle = door.app.handle

    def noting(request: Request) -> Answer:
        readable, _, _ = select.select([client.socket for client in clients], [], [], 0)
        had_left.append(len(readable))
        return handle(request)

    door.app.handle = noting  # type: ignore[method-assign]
    door.run(lambda: ask(clients))
    until(lambda: len(had_left) == len(clients))
    assert {client.answer().status for client in clients} == {200}
    return had_left


def test_no_answer_leaves_before_all_of_a_turn_are_made(door: Door) -> None:
    clients = connected(door, AT_ONCE // 2)
    assert ask_in_one_turn(door, clients) == [0] * len(clients)


def test_a_crowd_does_not_make_answers_wait_for_all_of_it() -> None:
    with Door() as door:
        had_left = ask_in_one_turn(door, connected(door, 5 * AT_ONCE))
    assert max(made - left for made, left in enumerate(had_left)) < AT_ONCE


def test_who_left_in_the_same_turn_ends_without_a_word(door: Door) -> None:
    clients = connected(door, AT_ONCE // 2)
    door.run(lambda: ask(clients, and_leave=True))
    assert door.ask(GET).status == 200
    until(lambda: door.connections == 0)


def test_an_answer_that_cannot_be_written_costs_nobody_else_theirs(door: Door) -> None:
    clients = connected(door, 8)
    door.app.echo = lambda request: Response(299 if b"odd" in request.path else 200)  # type: ignore[method-assign]
    odd, others = clients[0], clients[1:]

    def ask_all() -> None:
        odd.send(get("/odd"))
        ask(others)

    door.run(ask_all)
    assert {client.answer().status for client in others} == {200}
    with pytest.raises((AssertionError, OSError)):
        odd.answer()
    assert len(door.noise) == 1
    door.noise.clear()


def test_what_is_made_already_and_leaves_at_once_leaves_nobody_connected_for_ever(
    door: Door,
) -> None:
    clients, handle = connected(door, AT_ONCE), door.app.handle

    def refuse_at_once(request: Request) -> Answer:
        refused: Later[Response] = Later()
        refused.succeed(Response(503))
        return refused if request.path == b"/full" else handle(request)

    def ask_all() -> None:
        clients[0].send(GET)  # so that the answers are full in number when one is told, not after
        for client in clients[1:]:
            client.send(get("/full"))

    door.app.handle = refuse_at_once  # type: ignore[method-assign]
    door.run(ask_all)
    assert [client.answer().status for client in clients] == [200] + [503] * (AT_ONCE - 1)
    door.pass_time(IDLE_SECONDS + 1)
    until(lambda: door.connections == 0)


def test_a_turn_counts_the_requests_taken_up_in_it(door: Door) -> None:
    clients, turns = connected(door, 2), list[int]()

    def note(_seconds: float, requests: int) -> None:
        turns.append(requests)

    door.run(lambda: setattr(door.server, "_on_turn", note))
    clients[0].send(GET)
    clients[1].send(get("/later"))
    until(lambda: len(door.app.pending) == 1)
    door.finish(0)
    assert {client.answer().status for client in clients} == {200}
    assert sum(turns) == 2


def test_a_turn_that_cannot_be_counted_costs_nobody_an_answer(door: Door) -> None:
    clients = connected(door, 3)

    def fail(_seconds: float, _requests: int) -> None:
        raise ValueError("broken")

    door.run(lambda: setattr(door.server, "_on_turn", fail))  # no turn of before is under way
    for client in clients:
        client.send(GET)
        assert client.answer().status == 200
    until(lambda: len(door.noise) == 3)
    door.noise.clear()


def test_a_turn_that_cannot_be_counted_ends_no_connection_and_no_clock(door: Door) -> None:
    clients = connected(door, 2 * AT_ONCE)

    def fail(_seconds: float, _requests: int) -> None:
        raise ValueError("broken")

    def ask_and_tick() -> None:
        ask(clients)
        door.server._asked = 1  # a request taken up just before a tick
        door.server._tick_handle.cancel()
        door.server._tick()

    door.run(lambda: setattr(door.server, "_on_turn", fail))  # no turn of before is under way
    door.run(ask_and_tick)
    assert {client.answer().status for client in clients} == {200}
    door.run(lambda: ask(clients))
    assert {client.answer().status for client in clients} == {200}
    door.pass_time(IDLE_SECONDS + 1)
    assert clients[0].rest() == b""
    until(lambda: door.connections == 0)
    door.noise.clear()


async def asked(door: Door, send: Callable[[], None]) -> None:
    """Let a client send, and wait until its answer is made but not written."""
    before = len(door.app.requests)
    send()
    for _ in range(1_000):
        if len(door.app.requests) > before:
            return
        await asyncio.sleep(0)
    raise AssertionError("nothing was asked")


def test_who_asks_in_the_turn_of_the_deadline_is_answered(door: Door) -> None:
    (client,) = connected(door, 1)

    async def ask_late() -> None:
        door.server._tick_handle.cancel()
        await asked(door, lambda: client.send(GET))
        door._skipped_seconds += IDLE_SECONDS + 1
        door.server._tick()

    door.wait(ask_late())
    assert client.answer().status == 200


def test_who_has_just_asked_is_answered_before_he_makes_room(door: Door) -> None:
    (client,) = connected(door, 1)

    async def ask_in_a_crowd() -> None:
        await asked(door, lambda: client.send(GET))
        assert door.server._make_room()

    door.wait(ask_in_a_crowd())
    assert client.answer().status == 200


def test_who_has_just_sent_the_rest_is_not_taken_for_a_hoarder(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = door.connect()
    data = post(b"x" * 100_000, target="/big")
    client.send(data[:-10])
    until(lambda: door.run(lambda: door.server._held_bytes) >= 100_000)

    async def send_the_rest() -> None:
        await asked(door, lambda: client.send(data[-10:]))
        monkeypatch.setattr(server, "MAX_HELD_BYTES", 50_000)
        door.server._shed()

    door.wait(send_the_rest())
    client.send(GET)
    assert [client.answer().status for _ in range(2)] == [200, 200]
