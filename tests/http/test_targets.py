"""The forms of a request target, and the host that a request is for (RFC 9112 section 3.2)."""

from __future__ import annotations

import pytest

from tests.http.door import Door, get

NO_HOSTS = ["a:b:c", "a:80:80", "[", "[]", "::1", "[::1", "a%zz", "a%4", "u@door", "a%41%"]
HOSTS = ["", "door", "door:", "door:80", "[::1]:80", "b%C3%BCcher.example", "a,b", "192.0.2.1"]


@pytest.mark.parametrize("host", NO_HOSTS)
def test_a_host_that_is_none_is_refused(door: Door, host: str) -> None:
    header = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    for data in (header, get(f"http://{host}/")):
        reply = door.ask(data)
        assert (reply.status, reply.code) == (400, "bad_request")
        assert "not a host and port" in reply.json["detail"]
    assert door.app.requests == []


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_is_one_is_taken(door: Door, host: str) -> None:
    reply = door.ask(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert reply.json["headers"]["host"] == host


@pytest.mark.parametrize("target", ["http:///x", "http://", "http://?x", "http://:80/x"])
def test_an_absolute_target_without_a_host_is_refused(door: Door, target: str) -> None:
    assert door.ask(get(target)).status == 400


def test_an_endless_host_is_refused_at_once(door: Door) -> None:
    assert door.ask(get("/", "X: y").replace(b"door", b"a" * 16_000 + b"@")).status == 400


@pytest.mark.parametrize("target", ["http://other:81/x?y", "HTTP://other:81/x?y#z"])
def test_the_host_of_an_absolute_target_takes_the_place_of_the_header(
    door: Door, target: str
) -> None:
    told = door.ask(get(target)).json
    assert (told["headers"]["host"], told["path"], told["query"]) == ("other:81", "/x", "y")
