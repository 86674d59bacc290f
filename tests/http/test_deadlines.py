"""Nobody holds a connection for longer than agreed, whatever they send or do not read."""

from __future__ import annotations

import pytest

from likewise.http.connection import (
    CLOSE_SECONDS,
    IDLE_SECONDS,
    REQUEST_SECONDS,
    STALL_SECONDS,
)
from tests.http.door import GET, Client, Door, get, post, until

SLOW_READER = 8_192  # bytes that its kernel takes
FLOOD = get("/large/150000") * 40  # more than the kernel takes


def assert_too_slow(client: Client) -> None:
    reply = client.answer()
    assert (reply.status, reply.code, reply.headers["connection"]) == (408, "too_slow", "close")
    assert client.rest() == b""


def test_a_connection_that_sends_nothing_is_closed_in_silence(door: Door, client: Client) -> None:
    door.pass_time(REQUEST_SECONDS - 2)
    assert door.connections == 1
    door.pass_time(2)
    assert client.rest() == b""
    assert door.connections == 0


def test_empty_lines_are_no_request(door: Door, client: Client) -> None:
    client.send(b"\r\n")
    door.pass_time(REQUEST_SECONDS)
    assert client.rest() == b""


@pytest.mark.parametrize(
    "sent", [b"G", GET[:-2], post(b"abc")[:-1]], ids=["letter", "head", "body"]
)
def test_a_request_that_stays_incomplete_is_refused(
    door: Door, client: Client, sent: bytes
) -> None:
    client.send(sent)
    until(lambda: door.run(lambda: any(held._has_begun() for held in door.server._connections)))
    door.pass_time(REQUEST_SECONDS)
    assert_too_slow(client)


@pytest.mark.parametrize("sent", [b"G", post(b"b" * 20)[:-20]], ids=["head", "body"])
def test_a_byte_now_and_then_buys_no_time(door: Door, client: Client, sent: bytes) -> None:
    client.send(sent)
    for octet in b"ET / HTTP/1.1\r\n"[: REQUEST_SECONDS - 1]:
        client.send(bytes([octet]))
        door.pass_time(1)
    assert door.connections == 1
    door.pass_time(1)
    assert_too_slow(client)


def test_a_slow_second_request_has_its_own_time(door: Door, client: Client) -> None:
    client.send(GET + GET[:10])
    assert client.answer().status == 200
    door.pass_time(REQUEST_SECONDS - 2)
    client.send(GET[10:] + GET[:10])
    assert client.answer().status == 200
    door.pass_time(REQUEST_SECONDS - 2)
    assert door.connections == 1
    door.pass_time(2)
    assert_too_slow(client)


def test_a_request_on_an_idle_connection_has_its_time_from_its_first_byte(
    door: Door, client: Client
) -> None:
    client.send(GET)
    client.answer()
    client.send(GET[:1])
    until(lambda: door.run(lambda: any(held._has_begun() for held in door.server._connections)))
    door.pass_time(REQUEST_SECONDS - 2)
    assert door.connections == 1
    door.pass_time(2)
    assert_too_slow(client)


def test_a_request_behind_a_slow_answer_has_its_time_after_it(door: Door, client: Client) -> None:
    client.send(get("/later") + GET[:10])
    until(lambda: len(door.app.pending) == 1)
    door.pass_time(REQUEST_SECONDS * 10)
    door.finish(0)
    assert client.answer().body == b"0"
    door.pass_time(REQUEST_SECONDS - 2)
    assert door.connections == 1
    door.pass_time(2)
    assert_too_slow(client)


def test_an_idle_connection_outlives_a_tunnel_s_and_is_closed_in_silence(
    door: Door, client: Client
) -> None:
    client.send(GET)
    client.answer()
    door.pass_time(IDLE_SECONDS - 2)
    client.send(GET)
    assert client.answer().status == 200
    door.pass_time(IDLE_SECONDS - 2)
    assert door.connections == 1
    door.pass_time(2)
    assert client.rest() == b""


def test_a_slow_answer_is_waited_for(door: Door, client: Client) -> None:
    client.send(get("/later"))
    until(lambda: len(door.app.pending) == 1)
    door.pass_time(10 * IDLE_SECONDS)
    door.finish(0)
    assert client.answer().body == b"0"
    door.pass_time(IDLE_SECONDS - 2)
    assert door.connections == 1


def test_who_does_not_read_is_cut_off(door: Door) -> None:
    client = door.connect(receive_bytes=SLOW_READER)
    client.send_while_taken(FLOOD)
    door.pass_time(STALL_SECONDS - 2)
    assert door.connections == 1
    door.pass_time(2)
    door.pass_time(0)
    assert door.connections == 0


def test_who_reads_slowly_is_waited_for(door: Door) -> None:
    client = door.connect(receive_bytes=SLOW_READER)
    client.send(get("/large/20000000"))
    for _ in range(4):
        unread_bytes = 4_000_000
        while unread_bytes > 0:
            unread_bytes -= len(client.socket.recv(unread_bytes))
        door.pass_time(STALL_SECONDS - 5)
        assert door.connections == 1


def test_who_reads_a_trickle_is_cut_off(door: Door) -> None:
    client = door.connect(receive_bytes=SLOW_READER)
    client.send(get("/large/20000000"))
    for _ in range(4):
        client.socket.recv(1_024)
        door.pass_time(STALL_SECONDS)
    until(lambda: door.connections == 0)


def test_who_reads_on_after_a_stall_gets_every_answer(door: Door) -> None:
    client = door.connect(receive_bytes=SLOW_READER)
    client.send(FLOOD + get("/later"))
    door.pass_time(STALL_SECONDS - 5)
    assert {len(reply.body) for reply in client.answers(40)} == {150_000}
    until(lambda: len(door.app.pending) == 1)
    door.pass_time(10 * IDLE_SECONDS)
    door.finish(0)
    assert client.answer().body == b"0"


def test_an_idle_connection_is_kept_after_a_stall(door: Door) -> None:
    client = door.connect(receive_bytes=SLOW_READER)
    client.send(get("/large/8000000"))
    until(lambda: len(door.app.requests) == 1)  # or time may pass before it has arrived
    door.pass_time(STALL_SECONDS - 2)
    client.answer()
    door.pass_time(IDLE_SECONDS - 2)
    assert door.connections == 1


@pytest.mark.parametrize("size_bytes", [30_000, 8_000_000])
def test_the_last_answer_may_be_read_slowly(door: Door, size_bytes: int) -> None:
    door.limit_kernel(SLOW_READER)
    client = door.connect(receive_bytes=SLOW_READER)
    client.send(get(f"/large/{size_bytes}", "Connection: close"))
    client.socket.recv(1)
    door.pass_time(CLOSE_SECONDS * 2)
    assert door.connections == 1
    assert client.rest().endswith(b"x" * (size_bytes - SLOW_READER))


@pytest.mark.parametrize(
    "last", [get("/", "Connection: close"), b"\0"], ids=["asked for", "refused"]
)
def test_a_peer_that_does_not_close_is_cut_off(door: Door, client: Client, last: bytes) -> None:
    client.send(last)
    assert b"connection: close" in client.rest()
    for _ in range(CLOSE_SECONDS):
        assert door.connections == 1
        client.send(b"x" * 10_000)
        door.pass_time(1.01)
    until(lambda: door.connections == 0)
