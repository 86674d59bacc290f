"""Bodies: sized, chunked, announced, and too large."""

from __future__ import annotations

import pytest

from tests.http.door import BIG_BODY_LIMIT, BODY_LIMIT, GET, Client, Door, chunked, get, post, until

EXPECT = "Expect: 100-continue"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def continued(client: Client) -> None:
    assert client.answer().status == 100


@pytest.mark.parametrize("size_bytes", [0, 1, BODY_LIMIT - 1, BODY_LIMIT])
def test_a_body_up_to_the_limit_arrives(client: Client, size_bytes: int) -> None:
    body = b"b" * size_bytes
    client.send(post(body) + chunked(*([body] if body else [])) + GET)
    assert [reply.json["body"].encode() for reply in client.answers(3)] == [body, body, b""]


def test_the_limit_is_that_of_the_path(client: Client) -> None:
    body = b"b" * BIG_BODY_LIMIT
    client.send(post(body, target="/big"))
    assert client.answer().json["body"].encode() == body


@pytest.mark.parametrize("zeros", [1, 5_000])
def test_a_length_may_lead_with_zeros(client: Client, zeros: int) -> None:
    client.send(get("/", "Content-Length: " + "0" * zeros + "3", method="POST") + b"abc")
    assert client.answer().json["body"] == "abc"


@pytest.mark.parametrize(
    "request_",
    [
        post(b"b" * (BODY_LIMIT + 1)),
        post(b"b" * (BODY_LIMIT + 1), EXPECT),
        chunked(b"b" * BODY_LIMIT, b"b"),
        get("/", f"Content-Length: {2**63}", method="POST"),
        post(b"b" * (16 << 20)),
        chunked(*[b"b" * 65_536] * 64),
    ],
    ids=["sized", "expected", "chunked", "declared only", "16 MiB", "4 MiB chunked"],
)
def test_a_larger_body_is_refused_and_its_sender_reads_why(door: Door, request_: bytes) -> None:
    with door.connect() as client:
        client.send(request_)
        reply = client.answer()
        assert (reply.status, reply.code, reply.headers["connection"]) == (
            413,
            "too_large",
            "close",
        )
        assert client.rest() == b""
    assert door.app.requests == []


def test_chunks_may_be_as_small_as_a_byte(client: Client) -> None:
    client.send(chunked(*[b"b"] * BODY_LIMIT))
    assert client.answer().json["body"] == "b" * BODY_LIMIT


def test_an_extension_of_a_chunk_is_skipped(client: Client) -> None:
    head = get("/", "Transfer-Encoding: chunked", method="POST")
    client.send(head + b'3;name=value;quoted="a b"\r\nabc\r\n0\r\n\r\n')
    assert client.answer().json["body"] == "abc"


@pytest.mark.parametrize("pad", [b"3;x=" + b"y" * 200_000, b"0" * 200_000])
def test_a_body_that_is_mostly_padding_is_refused(door: Door, pad: bytes) -> None:
    head = get("/", "Transfer-Encoding: chunked", method="POST")
    assert door.ask(head + pad).status in {400, 413}
    assert door.app.requests == []


def test_trailers_change_nothing(client: Client) -> None:
    trailers = b"Host: evil\r\nOrigin: https://evil.example\r\nX-API-Key: k\r\nCookie: a=b\r\n"
    client.send(chunked(b"abc", trailers=trailers))
    headers = client.answer().json["headers"]
    assert headers == {"host": "door", "transfer-encoding": "chunked"}


def test_endless_trailers_are_refused(door: Door) -> None:
    trailers = b"".join(b"X-%d: y\r\n" % number for number in range(30_000))
    assert door.ask(chunked(b"abc", trailers=trailers)).code == "too_large"
    assert door.app.requests == []


def test_who_asks_before_sending_a_body_is_told_to_go_on_once(client: Client) -> None:
    head, body = get("/", "Content-Length: 6", EXPECT, method="POST"), b"abcdef"
    for _ in range(2):
        client.send(head)
        continued(client)
        for octet in body:
            client.send(bytes([octet]))
        assert client.answer().json["body"] == "abcdef"


def test_who_does_not_wait_for_the_answer_needs_none(client: Client) -> None:
    client.send(post(b"abc", EXPECT) + get("/", EXPECT))
    assert [reply.status for reply in client.answers(2)] == [200, 200]


def test_who_has_begun_to_send_needs_none(door: Door, client: Client) -> None:
    client.send(get("/", "Content-Length: 3", EXPECT, method="POST") + b"a")
    until(
        lambda: door.run(
            lambda: any(held._reader and held._reader._body for held in door.server._connections)
        )
    )
    client.send(b"bc")
    assert client.answer().json["body"] == "abc"


def test_who_asks_in_a_pipeline_is_told_in_turn(door: Door, client: Client) -> None:
    client.send(get("/later") + get("/", "Content-Length: 3", EXPECT, method="POST"))
    door.finish(0)
    assert client.answer().body == b"0"
    continued(client)
    client.send(b"abc")
    assert client.answer().json["body"] == "abc"


def test_http_1_0_knows_no_continuing(door: Door, client: Client) -> None:
    client.send(get("/", "Content-Length: 3", EXPECT, method="POST", version="1.0"))
    until(
        lambda: door.run(
            lambda: any(held._reader and held._reader.request for held in door.server._connections)
        )
    )
    client.send(b"abc")
    assert client.answer().json["body"] == "abc"


def test_what_cannot_be_expected_is_refused(door: Door) -> None:
    reply = door.ask(get("/", "Content-Length: 3", "Expect: a-miracle", method="POST"))
    assert (reply.status, reply.code) == (417, "bad_expectation")


def test_nothing_follows_a_refusal(client: Client) -> None:
    client.send(get("/", "Transfer-Encoding: chunked", EXPECT, method="POST") + b"zz\r\n")
    assert client.answer().code == "bad_request"
    assert client.rest() == b""


def test_a_body_that_never_ends_is_forgotten_with_its_connection(door: Door) -> None:
    with door.connect() as client:
        client.send(post(b"b" * 100)[:-50])
    until(lambda: door.connections == 0)
    assert door.app.requests == []
