"""What is not HTTP, or could be read in two ways, is refused in words, and harms nobody else."""

from __future__ import annotations

import re

import pytest

from likewise.http.message import MAX_HEADER_BYTES, MAX_HEADER_LINES
from tests.http.door import GET, Client, Door, chunked, get, post

HEAD = b"GET / HTTP/1.1\r\nHost: door\r\n"
CHUNKED = get("/", "Transfer-Encoding: chunked", method="POST")

BAD_REQUESTS = {
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "text": b"hello, door\r\n\r\n",
    "unknown method": b"BREW / HTTP/1.1\r\nHost: door\r\n\r\n",
    "lower-case method": b"get / HTTP/1.1\r\nHost: door\r\n\r\n",
    "preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/1.2": b"GET / HTTP/1.2\r\nHost: door\r\n\r\n",
    "lower-case version": b"GET / http/1.1\r\nHost: door\r\n\r\n",
    "space after version": b"GET / HTTP/1.1 \r\nHost: door\r\n\r\n",
    "space before method": b" GET / HTTP/1.1\r\nHost: door\r\n\r\n",
    "space before first header": b"GET / HTTP/1.1\r\n Host: door\r\n\r\n",
    "bare LF": b"GET / HTTP/1.1\nHost: door\n\n",
    "bare LF at the end": HEAD + b"\n",
    "bare CR": HEAD + b"X: a\rY: b\r\n\r\n",
    "folded line": HEAD + b"X: a\r\n b\r\n\r\n",
    "NUL in a value": HEAD + b"X: a\0b\r\n\r\n",
    "NUL in a name": HEAD + b"X\0: a\r\n\r\n",
    "control in a value": HEAD + b"X: a\x01b\r\n\r\n",
    "space before colon": HEAD + b"X : a\r\n\r\n",
    "no colon": HEAD + b"X\r\n\r\n",
    "no name": HEAD + b": a\r\n\r\n",
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "Host with a path": b"GET / HTTP/1.1\r\nHost: a b/@\r\n\r\n",
    "two Hosts": HEAD + b"Host: door\r\n\r\n",
    "two Origins": HEAD + b"Origin: https://a.example\r\norigin: https://b.example\r\n\r\n",
    "two keys": HEAD + b"X-API-Key: a\r\nX-Api-Key: b\r\n\r\n",
    "two Content-Types": HEAD + b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\n",
    "two lengths": post(b"abc", "Content-Length: 3"),
    "two other lengths": post(b"abc", "Content-Length: 4"),
    "list of lengths": get("/", "Content-Length: 3, 3", method="POST") + b"abc",
    "signed length": get("/", "Content-Length: +3", method="POST") + b"abc",
    "negative length": get("/", "Content-Length: -3", method="POST"),
    "hexadecimal length": get("/", "Content-Length: 0x3", method="POST"),
    "empty length": get("/", "Content-Length:", method="POST"),
    "length beyond 64 bits": get("/", "Content-Length: 99999999999999999999", method="POST"),
    "length, then chunked": post(b"0\r\n\r\n", "Transfer-Encoding: chunked"),
    "chunked, then length": get("/", "Transfer-Encoding: chunked", "Content-Length: 5")
    + b"0\r\n\r\n",
    "chunked twice": get("/", *["Transfer-Encoding: chunked"] * 2) + b"0\r\n\r\n",
    "chunked not last": get("/", "Transfer-Encoding: chunked, gzip") + b"0\r\n\r\n",
    "coded, then chunked": get("/", "Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
    "unknown coding": get("/", "Transfer-Encoding: xchunked") + b"0\r\n\r\n",
    "identity": get("/", "Transfer-Encoding: identity"),
    "chunked in HTTP/1.0": get("/", "Transfer-Encoding: chunked", version="1.0") + b"0\r\n\r\n",
    "chunk of no size": CHUNKED + b"\r\nabc\r\n",
    "chunk of a wrong size": CHUNKED + b"zz\r\nabc\r\n",
    "chunk of a negative size": CHUNKED + b"-3\r\nabc\r\n",
    "chunk of a prefixed size": CHUNKED + b"0x3\r\nabc\r\n",
    "chunk of a size beyond 64 bits": CHUNKED + b"f" * 17 + b"\r\nabc\r\n",
    "chunk longer than its size": CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n",
    "chunk with bare LF": CHUNKED + b"3\nabc\n0\n\n",
    "length in a trailer": chunked(b"abc", trailers=b"Content-Length: 3\r\n"),
    "body without length": get("/", method="POST") + b"\0abc",
    "other scheme": get("ftp://door/x"),
    "authority only": get("door:80"),
    "CONNECT": get("door:443", method="CONNECT"),
    "no slash": get("x"),
    "empty target": get(""),
    "space in target": get("/a b"),
    "NUL in target": get("/a\0b"),
    "raw UTF-8 in target": "GET /é HTTP/1.1\r\nHost: door\r\n\r\n".encode(),
}


@pytest.mark.parametrize("data", BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
def test_it_is_refused_as_a_problem(door: Door, data: bytes) -> None:
    bystander = door.connect()
    with door.connect() as client:
        client.send(data)
        client.hang_up()
        answers = [client.answer()]
        while answers[-1].status == 200:  # what came before the fault is answered
            answers.append(client.answer())
        refusal = answers[-1]
        assert (refusal.status, refusal.code) == (400, "bad_request")
        assert refusal.headers["content-type"] == "application/problem+json"
        assert refusal.headers["connection"] == "close"
        assert refusal.json["detail"]
        assert client.rest() == b""
    bystander.send(GET)
    assert bystander.answer().status == 200


@pytest.mark.parametrize("data", BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
def test_it_is_refused_the_same_byte_by_byte(door: Door, data: bytes) -> None:
    with door.connect() as client:
        for octet in data[:200]:
            client.send(bytes([octet]))
        client.hang_up()
        assert re.findall(rb"HTTP/1\.1 (\d+)", client.rest())[-1] == b"400"


@pytest.mark.parametrize(
    "data",
    [
        b"GET /\r\n\r\n",
        b"GET / HTTP/0.9\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: door\r\n\r\n",
    ],
)
def test_other_versions_are_not_spoken(door: Door, data: bytes) -> None:
    reply = door.ask(data)
    assert (reply.status, reply.code) == (505, "http_version")


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/x?y=z", "/x", "y=z"),
        ("//x//y", "//x//y", ""),
        ("/a%2Fb%zz?%00", "/a%2Fb%zz", "%00"),
        ("/x#part?no", "/x", ""),
        ("/x?y#part", "/x", "y"),
        ("/?http://other.example/x", "/", "http://other.example/x"),
        ("http://door/x?y", "/x", "y"),
        ("HTTPS://door:443/x?y", "/x", "y"),
        ("http://door", "/", ""),
        ("http://door?y=/x", "/", "y=/x"),
        ("*", "*", ""),
    ],
)
def test_targets_are_split_and_not_decoded(
    client: Client, target: str, path: str, query: str
) -> None:
    client.send(get(target, method="OPTIONS"))
    told = client.answer().json
    assert (told["path"], told["query"]) == (path, query)


def test_a_target_of_16_kib_is_taken_and_not_a_byte_more(door: Door) -> None:
    target = "/" + "x" * 16_383
    assert door.ask(get(target)).json["path"] == target
    for longer in (target + "x", target + "x" * 1_000_000):
        reply = door.ask(get(longer))
        assert (reply.status, reply.code) == (414, "target_too_long")


def test_a_hundred_header_lines_are_taken_and_not_more(door: Door) -> None:
    lines = [f"X-{number}: y" for number in range(100)]
    assert door.ask(get("/", *lines[:99])).status == 200  # and Host
    assert door.ask(get("/", *lines)).code == "headers_too_large"


def test_headers_of_16_kib_are_taken_and_not_more(door: Door) -> None:
    def line(size_bytes: int) -> str:
        return "X: " + "y" * (size_bytes - len("Host: door\r\nX: \r\n"))

    assert len(door.ask(get("/", line(16_384))).json["headers"]["x"]) > 16_000
    for size_bytes in (16_385, 1_000_000):
        reply = door.ask(get("/", line(size_bytes)))
        assert (reply.status, reply.code) == (431, "headers_too_large")


def test_headers_that_come_right_behind_a_request_are_bounded_alike(client: Client) -> None:
    behind = get("/behind", "X: " + "y" * (16_385 - len("Host: door\r\nX: \r\n")))
    client.send(get("/first", "A: " + "b" * 1_500) + behind)
    assert [client.answer().status for _ in range(2)] == [200, 431]


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"X: y\r\n" * 100_000,
        HEAD + b"a:\r\n" * 100_000,
        HEAD + b"a:\r\n" * 600,
        HEAD + b"X: " + b"y" * 2_000_000,
        HEAD + b"X" * 2_000_000,
        HEAD + b"X:" + b" " * 2_000_000,
        b"\r\n" * 1_000_000,
    ],
    ids=["lines", "short lines", "few bytes", "value", "name", "blanks", "empty lines"],
)
def test_an_endless_head_is_refused_and_its_sender_reads_why(door: Door, data: bytes) -> None:
    reply = door.ask(data)
    assert (reply.status, reply.code) == (431, "headers_too_large")
    assert door.app.requests == []


def test_a_refused_head_request_gets_no_body(client: Client) -> None:
    client.send(GET + get("/", "X: " + "y" * 20_000, method="HEAD"))
    assert client.answer().status == 200
    reply = client.answer(is_head=True)
    assert (reply.status, int(reply.headers["content-length"]) > 0) == (431, True)
    assert client.rest() == b""


def test_garbage_after_a_head_request_is_refused_with_a_body(client: Client) -> None:
    client.send(get("/", method="HEAD") + b"\0")
    assert client.answer(is_head=True).status == 200
    assert client.answer().code == "bad_request"


def test_every_known_method_reaches_the_app(client: Client) -> None:
    methods = "GET POST PUT PATCH DELETE OPTIONS TRACE PROPFIND".split()
    client.send(b"".join(get("/", method=method) for method in methods))
    assert [reply.json["method"] for reply in client.answers(len(methods))] == methods


def test_values_come_without_the_blanks_around_them(client: Client) -> None:
    client.send(get("/", "Origin: \t https://a.example \t", "X: "))
    headers = client.answer().json["headers"]
    assert (headers["origin"], headers["x"]) == ("https://a.example", "")


def test_lines_of_one_name_are_joined(client: Client) -> None:
    lines = ("X-Forwarded-For: 192.0.2.1", "x-forwarded-for: 192.0.2.2", "Cookie: a=b", "cookie: c")
    client.send(get("/", *lines))
    headers = client.answer().json["headers"]
    assert headers["x-forwarded-for"] == "192.0.2.1, 192.0.2.2"
    assert headers["cookie"] == "a=b; c"


def test_bytes_beyond_ascii_in_a_value_are_kept(client: Client) -> None:
    client.send(get("/", "X: caf\xe9"))
    assert client.answer().json["headers"]["x"] == "caf\xe9"


@pytest.mark.parametrize("before", [b"", b"GET / HTTP/1.1\r\nHost:a\r\n\r\n"])
def test_headers_are_bounded_alike_whatever_comes_with_them(client: Client, before: bytes) -> None:
    """Lines without a space are smaller than they count, as is what follows another request."""
    lines = [b"X%02d:" % number for number in range(MAX_HEADER_LINES - 1)]
    left_bytes = MAX_HEADER_BYTES + 50 - len(b"Host: a\r\n") - sum(len(x) + 3 for x in lines)
    lines[-1] += b"y" * left_bytes
    client.send(before + b"\r\n".join([b"GET / HTTP/1.1", b"Host:a", *lines, b"", b""]))
    replies = client.answers(2 if before else 1)
    assert replies[-1].code == "headers_too_large"
