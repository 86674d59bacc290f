"""Requests and responses as values, and responses as bytes."""

from __future__ import annotations

import locale

import pytest

from likewise.errors import CODES, Problem
from likewise.http.message import (
    MAX_HEADER_BYTES,
    MAX_HEADER_LINES,
    Request,
    Response,
    check_size,
    header_block,
    header_pairs,
    headers_of,
    split_target,
)
from likewise.http.wire import date_line, encode

DATE = b"date: now\r\n"


def encoded(response: Response, version: str = "1.1") -> bytes:
    return encode(response, DATE, version, is_head=False, keep_alive=True)


def test_header_names_are_told_in_lower_case() -> None:
    headers = headers_of([(b"X-Forwarded-For", b"192.0.2.1"), (b"ACCEPT", b"*/*")])
    assert headers == {b"x-forwarded-for": b"192.0.2.1", b"accept": b"*/*"}


def test_a_header_that_is_missing_is_none() -> None:
    assert Request("GET", b"/").header(b"origin") is None
    assert Request("GET", b"/", headers=headers_of([(b"Origin", b"\xe9")])).header(b"origin") == "é"


@pytest.mark.parametrize(
    "name", "host origin content-length content-type authorization x-api-key".split()
)
def test_what_may_stand_there_once_is_refused_twice(name: str) -> None:
    with pytest.raises(Problem, match=f"{name} stands there twice"):
        headers_of([(name.encode(), b"a"), (name.title().encode(), b"a")])


def test_headers_are_bounded_in_all() -> None:
    exactly = [(b"x", b"y" * (MAX_HEADER_BYTES // 2 - 5))] * 2
    lines = [(b"x", b"y")] * MAX_HEADER_LINES
    for taken in (exactly, lines):
        check_size(taken)
        with pytest.raises(Problem) as refusal:
            check_size([*taken, (b"", b"")])
        assert refusal.value.code == "headers_too_large"


@pytest.mark.parametrize(
    "target", [b"", b"x", b"?x", b"door:80", b"ftp://door/", b"http:/x", b"**"]
)
def test_a_target_that_is_no_path_is_refused(target: bytes) -> None:
    with pytest.raises(Problem) as refusal:
        split_target(target)
    assert refusal.value.code == "bad_request"


def test_a_header_cannot_break_out_of_its_line() -> None:
    for value in ("a\r\nset-cookie: b", "a\nb", "a\rb"):
        with pytest.raises(ValueError, match="line break"):
            header_block(("x", value))


def test_a_block_of_headers_can_be_taken_apart() -> None:
    lines = [("x", "a: b"), ("y", ""), ("x", "c")]
    assert header_pairs(header_block(*lines)) == [(b"x", b"a: b"), (b"y", b""), (b"x", b"c")]
    assert header_pairs(b"") == []


def test_an_answer_is_these_bytes() -> None:
    response = Response(200, header_block(("content-type", "text/plain")), b"hello")
    assert encoded(response) == (
        b"HTTP/1.1 200 OK\r\ndate: now\r\ncontent-type: text/plain\r\n"
        b"content-length: 5\r\n\r\nhello"
    )


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_never_has_one(status: int) -> None:
    assert encoded(Response(status, b"", b"oops")).endswith(b"date: now\r\n\r\n")


def test_every_status_that_a_refusal_has_can_be_sent() -> None:
    for kind in CODES.values():
        assert encoded(Response(kind.status)).startswith(b"HTTP/1.1 %d " % kind.status)
    for status in (200, 204, 303, 304):
        assert encoded(Response(status)).startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize(
    ("seconds", "line"),
    [
        (0, b"date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"),
        (784_111_777, b"date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
        (1_709_210_096.9, b"date: Thu, 29 Feb 2024 12:34:56 GMT\r\n"),
    ],
)
def test_a_date_is_that_of_rfc_9110_in_every_locale(seconds: float, line: bytes) -> None:
    for name in ("C", "de_DE.UTF-8", "ru_RU.UTF-8"):
        try:
            locale.setlocale(locale.LC_TIME, name)
        except locale.Error:
            continue
        assert date_line(seconds) == line
    locale.setlocale(locale.LC_TIME, "C")
