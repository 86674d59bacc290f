"""A client that asks and does not read costs the service no memory."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from likewise.http.connection import Connection
from likewise.http.message import Response
from likewise.web.answers import NO_STORE
from tests.conftest import StartService
from tests.http.door import GET, WAIT_SECONDS, Client, Door, get, post, until
from tests.service import Service

MIB = 1 << 20


def rss_bytes(service: Service, of: str = "VmHWM") -> int:
    status = Path(f"/proc/{service.pid}/status").read_text()
    found = re.search(rf"{of}:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1_024


@pytest.mark.parametrize(
    "request_",
    [get("/likes.js"), get("/v1/counts?page=/x"), post(b"{}", target="/v1/like")],
    ids=["large", "small", "write"],
)
def test_pipelining_without_reading_does_not_grow_the_service(
    start_service: StartService, request_: bytes
) -> None:
    service = start_service()
    for target in ("/likes.js", "/v1/counts?page=/x"):
        assert service.get(target).status == 200
    before = rss_bytes(service)
    clients = [Client(service.url, receive_bytes=4_096) for _ in range(8)]
    for client in clients:
        client.send_while_taken(request_ * 1_000, seconds=0.2)
    grown = rss_bytes(service) - before
    assert grown < 4 * MIB, f"peak RSS grew by {grown / MIB:.1f} MiB"
    assert service.get("/healthz").status == 200
    for client in clients:
        client.close()


def test_what_waits_to_be_read_is_bounded(door: Door) -> None:
    size_bytes = 100_000
    client = door.connect(receive_bytes=4_096)
    client.send_while_taken(get(f"/large/{size_bytes}") * 100, seconds=0.2)
    (connection,) = door.run(lambda: list(door.server._connections))
    waiting_bytes = door.run(connection._stream.unsent_bytes)
    assert 0 < waiting_bytes < 3 * size_bytes
    assert len(door.app.requests) < 400  # what the kernel takes, and one pipeline


def test_nothing_is_held_of_who_has_read_all_and_waits_for_us(door: Door) -> None:
    client = door.connect(receive_bytes=4_096)
    client.send(get("/later") + get("/later", "Connection: close"))
    until(lambda: len(door.app.pending) == 2)
    door.finish(0, Response(200, b"", b"x" * 8_000_000))
    until(lambda: door.run(lambda: door.server.held_bytes) > 200_000)
    assert client.answer().status == 200
    until(lambda: door.run(lambda: door.server.held_bytes) == 0)
    door.finish(1)
    assert client.answer().body == b"1"


def test_a_flood_is_answered_once_it_is_read(start_service: StartService) -> None:
    service = start_service()
    with Client(service.url) as client:
        client.socket.settimeout(WAIT_SECONDS)
        client.send(get("/healthz") * 500)
        assert {reply.status for reply in client.answers(500)} == {200}


def test_a_half_closed_connection_ends_once_when_its_reader_catches_up(door: Door) -> None:
    # It is closed while it tells that all is sent: twice would be once too often.
    client = door.connect(receive_bytes=4_096)
    client.send(get("/later") + GET)
    client.hang_up()
    until(lambda: door.run(lambda: all(held._eof for held in door.server._connections)))
    door.finish(0, Response(200, b"", b"x" * 8_000_000))
    assert [len(reply.body) > 0 for reply in client.answers(2)] == [True, True]
    assert client.rest() == b""
    until(lambda: door.connections == 0)


def test_a_pipeline_that_is_reset_ends_without_a_word(door: Door) -> None:
    for _ in range(60):
        client = door.connect()
        client.send(GET * 40)
        client.reset()
    until(lambda: door.connections == 0)


def test_what_follows_is_not_asked_of_the_app_while_nothing_is_read(door: Door) -> None:
    client = door.connect(receive_bytes=4_096)
    client.send(get("/large/8000000") + GET * 20)
    until(lambda: door.run(lambda: door.server._held_bytes) > 200_000)
    assert len(door.app.requests) == 1
    assert len(client.answers(21)) == 21


def test_who_has_read_all_holds_nothing_while_the_last_answer_is_made(door: Door) -> None:
    door.limit_kernel(4_096)
    client = door.connect(receive_bytes=2_048)
    client.send(get("/later") + get("/later", "Connection: close"))
    until(lambda: len(door.app.pending) == 2)
    door.finish(0, Response(200, NO_STORE, b"x" * 100_000))
    until(lambda: door.run(lambda: door.server.held_bytes) > 0)
    assert len(client.answer().body) == 100_000
    until(lambda: door.run(lambda: door.server.held_bytes) == 0)
    door.finish(1)
    assert client.answer().body == b"1"


def test_who_reads_nothing_gives_the_door_nothing_to_do(door: Door) -> None:
    turns = 0

    def counting(connection: Connection) -> None:
        nonlocal turns
        turns += 1
        go_on_soon(connection)

    client = door.connect(receive_bytes=4_096)
    client.send(get("/large/8000000") + GET * 20)
    until(lambda: door.run(lambda: door.server._held_bytes) > 200_000)
    go_on_soon = door.server.go_on_soon
    door.server.go_on_soon = counting  # type: ignore[method-assign]
    for _ in range(50):
        door.wait(asyncio.sleep(0))
    assert turns == 0
    assert len(client.answers(21)) == 21


def test_a_pipeline_is_answered_in_turns_with_others(door: Door) -> None:
    def send_both() -> None:  # the door's thread is here, and reads both in one turn
        many.send(get("/many") * 40)
        one.send(get("/one"))

    many, one = door.connect(), door.connect()
    many.send(GET)
    one.send(GET)
    assert (many.answer().status, one.answer().status) == (200, 200)
    door.run(send_both)
    assert len(many.answers(40)) == 40
    assert one.answer().status == 200
    asked = [request.path for request in door.app.requests]
    assert asked.index(b"/one") < 10
