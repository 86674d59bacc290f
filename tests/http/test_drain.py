"""Told to stop, the door answers what it has accepted, and is gone within seconds."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time

import pytest

from likewise.http.connection import MAX_PIPELINE
from likewise.http.reader import READ_BYTES
from tests.conftest import StartService
from tests.http.door import GET, WAIT_SECONDS, Client, Door, get, post, until

POLLS_SECONDS = 0.1  # enough for the door to look at its connections several times


def is_refused(door: Door) -> bool:
    try:
        door.connect()
    except ConnectionError:  # reset, where it came between the last welcome and the end
        return True
    return False


def test_idle_connections_are_closed_and_new_ones_refused(door: Door, client: Client) -> None:
    client.send(GET)
    client.answer()
    silent = door.connect()
    drained = door.drain()
    assert client.rest() == b""
    assert silent.rest() == b""
    drained.result(WAIT_SECONDS)
    assert is_refused(door)


def test_an_empty_line_after_a_request_holds_nothing_up(door: Door, client: Client) -> None:
    client.send(post(b"abc") + b"\r\n")
    client.answer()
    drained = door.drain()
    assert client.rest() == b""
    drained.result(WAIT_SECONDS)


def test_slow_answers_in_flight_are_given_and_say_that_they_are_the_last(
    door: Door, client: Client
) -> None:
    client.send(get("/later") * 3)
    until(lambda: len(door.app.pending) == 3)
    drained = door.drain()
    until(lambda: is_refused(door))
    for number in range(3):
        door.finish(number)
    replies = client.answers(3)
    assert [reply.headers.get("connection") for reply in replies] == [None, None, "close"]
    assert client.rest() == b""
    client.close()
    drained.result(WAIT_SECONDS)


def test_the_slow_last_answer_of_a_pipeline_says_that_it_is_the_last(
    door: Door, client: Client
) -> None:
    client.send(GET + get("/later"))
    client.answer()
    drained = door.drain()
    until(lambda: is_refused(door))
    door.finish(0)
    assert client.answer().headers.get("connection") == "close"
    client.close()
    drained.result(WAIT_SECONDS)


def test_a_request_half_sent_is_taken_and_answered(door: Door, client: Client) -> None:
    client.send(GET + GET[:10])
    client.answer()
    drained = door.drain()
    until(lambda: is_refused(door))
    time.sleep(POLLS_SECONDS)
    client.send(GET[10:])
    assert client.answer().headers["connection"] == "close"
    client.close()
    drained.result(WAIT_SECONDS)


def test_a_long_pipeline_is_answered_whole(door: Door, client: Client) -> None:
    request = get("/later", "X: " + "y" * (127 - len(get("/later", "X: ")) + 1))
    assert READ_BYTES % len(request) == 0  # so that what is not read yet begins with a request
    client.send(request * 1_000)
    until(lambda: len(door.app.pending) >= MAX_PIPELINE)
    drained = door.drain()
    for number in (*reversed(range(len(door.app.pending))), *range(len(door.app.pending), 1_000)):
        door.finish(number)
    assert [int(reply.body) for reply in client.answers(1_000)] == list(range(1_000))
    assert client.rest() == b""
    client.close()
    drained.result(WAIT_SECONDS)


def test_what_comes_after_the_last_answer_does_not_destroy_it(door: Door, client: Client) -> None:
    client.send(get("/later"))
    until(lambda: len(door.app.pending) == 1)
    drained = door.drain()
    until(lambda: is_refused(door))
    door.finish(0)
    until(lambda: door.run(lambda: all(held._is_last for held in door.server._connections)))
    for _ in range(3):
        time.sleep(POLLS_SECONDS)
        client.send(GET * 100)
    assert client.answer().headers["connection"] == "close"
    assert client.rest() == b""
    client.close()
    drained.result(WAIT_SECONDS)


@pytest.mark.parametrize("turns", range(5))
def test_a_connection_in_the_backlog_is_let_in(door: Door, turns: int) -> None:
    async def stop_with_a_newcomer() -> Client:
        client = door.connect()  # the door's thread is here, and cannot accept it yet
        client.send(GET)
        for _ in range(turns):
            await asyncio.sleep(0)
        await door.server.drain(0.1)
        return client

    client = door.wait(stop_with_a_newcomer())
    assert client.answer().status == 200


def test_who_holds_on_is_cut_off(door: Door, client: Client) -> None:
    client.send(get("/later"))
    until(lambda: len(door.app.pending) == 1)
    door.wait(door.server.drain(0.1))
    with contextlib.suppress(ConnectionResetError):
        assert client.rest() == b""
    door.finish(0)


def test_sigterm_under_load_leaves_no_request_unanswered(start_service: StartService) -> None:
    service = start_service(LIKEWISE_LIMITS="off")
    clients = [Client(service.url) for _ in range(8)]
    answered = [0] * len(clients)
    faults: list[str] = []

    def like(number: int) -> None:
        client, body = clients[number], b'{"page":"/x","voter":"voter-%016d","on":true}' % number
        request = post(body, "Origin: http://localhost:1313", target="/v1/like")
        with client:
            while True:
                try:
                    client.send(request)
                    reply = client.answer()
                except (OSError, AssertionError) as error:
                    faults.append(repr(error))
                    return
                if reply.status != 200:
                    faults.append(repr(reply))
                answered[number] += 1
                if "connection" in reply.headers:
                    assert client.rest() == b""
                    return

    threads = [threading.Thread(target=like, args=(number,)) for number in range(len(clients))]
    for thread in threads:
        thread.start()
    until(lambda: min(answered) > 20)
    start = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - start < 8
    for thread in threads:
        thread.join(WAIT_SECONDS)
    assert faults == []
    with pytest.raises(ConnectionRefusedError):
        Client(service.url)
    assert "Traceback" not in service.log
