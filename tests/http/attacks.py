"""Requests that two programs on the way may read differently, each with another one inside.

The one inside is a like of a page of its own: whoever counts it has taken it for a request.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from tests.service import ORIGIN, voter

Build = Callable[[bytes], bytes]


class Attack(NamedTuple):
    """`build` makes the bytes around the inner request. Where it is in a body however one reads,
    it may never be counted; else only where the proxy has sent it on as a request.
    """

    build: Build
    is_in_body: bool = True


def like(page: str) -> bytes:
    """Return a request that likes a page."""
    body = json.dumps({"page": page, "voter": voter(1)}).encode()
    return head("POST /v1/like HTTP/1.1", b"Content-Length: %d" % len(body)) + body


def head(start: str, *lines: bytes) -> bytes:
    """Return a head with the headers that a like needs."""
    first = (start.encode("latin-1"), b"Host: likes", f"Origin: {ORIGIN}".encode())
    return b"\r\n".join((*first, b"Content-Type: text/plain", *lines, b"", b""))


def chunked(inner: bytes, *, size: bytes = b"%x", end: bytes = b"\r\n") -> bytes:
    """Return a chunked body; `size` may be written in odd ways."""
    return (size % len(inner)) + b"\r\n" + inner + end + b"0\r\n\r\n"


def _post(*lines: bytes, start: str = "POST /v1/like HTTP/1.1") -> bytes:
    return head(start, *lines)


def _sized(*lines: bytes, start: str = "POST /v1/like HTTP/1.1") -> Attack:
    """The inner one is the body, `%d` bytes long."""
    return Attack(
        lambda inner: (
            _post(*(line.replace(b"%d", b"%d" % len(inner)) for line in lines), start=start) + inner
        )
    )


def _cl_te(coding: bytes, *, start: str = "POST /v1/like HTTP/1.1") -> Attack:
    """The inner one is in the body by its length, and after the body by its chunks."""
    return Attack(
        lambda inner: (
            _post(b"Content-Length: %d" % (len(inner) + 5), coding, start=start)
            + b"0\r\n\r\n"
            + inner
        ),
        is_in_body=False,
    )


def _te_cl(coding: bytes, *, start: str = "POST /v1/like HTTP/1.1") -> Attack:
    """The inner one is in the body by its chunks, and after the body by its length."""

    def build(inner: bytes) -> bytes:
        size_bytes = len(b"%x\r\n" % len(inner))
        length = b"Content-Length: %d" % size_bytes
        return _post(length, coding, start=start) + chunked(inner)

    return Attack(build, is_in_body=False)


def _chunks(**odd: bytes) -> Attack:
    return Attack(lambda inner: _post(b"Transfer-Encoding: chunked") + chunked(inner, **odd))


def _trailers(lines: bytes) -> Attack:
    return Attack(
        lambda inner: (
            _post(b"Transfer-Encoding: chunked")
            + chunked(inner).removesuffix(b"\r\n")
            + lines
            + b"\r\n"
        )
    )


def _then(*lines: bytes, start: str = "GET /v1/counts?page=/first HTTP/1.1") -> Attack:
    """The inner one follows, a request in its own right."""
    return Attack(lambda inner: head(start, *lines) + inner, is_in_body=False)


CODINGS = {
    "plain": b"Transfer-Encoding: chunked",
    "mixed case": b"tRANSFER-eNCODING: cHUNKED",
    "space before colon": b"Transfer-Encoding : chunked",
    "tab before colon": b"Transfer-Encoding\t: chunked",
    "tab": b"Transfer-Encoding:\tchunked",
    "tab at the end": b"Transfer-Encoding: chunked\t",
    "vertical tab": b"Transfer-Encoding:\x0bchunked",
    "form feed": b"Transfer-Encoding: \x0cchunked",
    "NUL": b"Transfer-Encoding: chunked\0",
    "NUL in the name": b"Transfer-Encoding\0: chunked",
    "no-break space": b"Transfer-Encoding: \xa0chunked",
    "identity after": b"Transfer-Encoding: chunked, identity",
    "identity before": b"Transfer-Encoding: identity, chunked",
    "gzip before": b"Transfer-Encoding: gzip, chunked",
    "x": b"Transfer-Encoding: xchunked",
    "x after": b"Transfer-Encoding: chunkedx",
    "quoted": b'Transfer-Encoding: "chunked"',
    "parameter": b"Transfer-Encoding: chunked;q=1",
    "comma before": b"Transfer-Encoding: ,chunked",
    "comma after": b"Transfer-Encoding: chunked,",
    "empty": b"Transfer-Encoding:",
    "two": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "two, identity last": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "two, identity first": b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    "two, x last": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
    "folded": b"Transfer-Encoding:\r\n chunked",
    "folded name": b"Transfer-Encoding\r\n : chunked",
    "folded onto another": b"X: y\r\n Transfer-Encoding: chunked",
    "after a bare CR": b"X: y\rTransfer-Encoding: chunked",
    "after a bare LF": b"X: y\nTransfer-Encoding: chunked",
    "underscore": b"Transfer_Encoding: chunked",
    "blank in the name": b"Transfer Encoding: chunked",
    "hop by hop": b"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
    "escaped": b"Transfer-%45ncoding: chunked",
}
LENGTHS = {
    "signed": b"Content-Length: +%d",
    "negative": b"Content-Length: -%d",
    "blanks": b"Content-Length:   %d  ",
    "tabs": b"Content-Length:\t%d\t",
    "zeros": b"Content-Length: 000%d",
    "hexadecimal": b"Content-Length: 0x%d",
    "decimal point": b"Content-Length: %d.0",
    "underscore": b"Content-Length: 0_%d",
    "list, same": b"Content-Length: %d, %d",
    "list, other": b"Content-Length: 0, %d",
    "list, other last": b"Content-Length: %d, 0",
    "two, same": b"Content-Length: %d\r\nContent-Length: %d",
    "two, zero first": b"Content-Length: 0\r\nContent-Length: %d",
    "two, zero last": b"Content-Length: %d\r\nContent-Length: 0",
    "space before colon": b"Content-Length : %d",
    "space before colon, and zero": b"Content-Length: 0\r\nContent-Length : %d",
    "underscore in the name": b"Content_Length: %d",
    "NUL in the name": b"Content-Length\0: %d",
    "vertical tab": b"Content-Length: \x0b%d",
    "folded": b"Content-Length:\r\n %d",
    "folded onto another": b"X: y\r\n Content-Length: %d",
    "after a bare CR": b"X: y\rContent-Length: %d",
    "after a bare LF": b"X: y\nContent-Length: %d",
    "beyond 64 bits": b"Content-Length: 18446744073709551616%d",
    "hop by hop": b"Connection: Content-Length\r\nContent-Length: %d",
}
# Where somebody may read a length of nought, or none, what follows is a request to him.
_ALWAYS_IN_BODY = {"blanks", "tabs", "zeros", "list, same", "two, same"}

ATTACKS = {
    **{f"CL.TE, {name}": _cl_te(line) for name, line in CODINGS.items()},
    **{f"TE.CL, {name}": _te_cl(line) for name, line in CODINGS.items()},
    "CL.TE in HTTP/1.0": _cl_te(b"Transfer-Encoding: chunked", start="POST /v1/like HTTP/1.0"),
    "TE.CL in HTTP/1.0": _te_cl(b"Transfer-Encoding: chunked", start="POST /v1/like HTTP/1.0"),
    **{
        f"length, {name}": _sized(line)._replace(is_in_body=name in _ALWAYS_IN_BODY)
        for name, line in LENGTHS.items()
    },
    "CL.0, GET": _sized(b"Content-Length: %d", start="GET /v1/counts?page=/x HTTP/1.1"),
    "CL.0, HEAD": _sized(b"Content-Length: %d", start="HEAD /v1/counts?page=/x HTTP/1.1"),
    "CL.0, OPTIONS": _sized(b"Content-Length: %d", start="OPTIONS /v1/like HTTP/1.1"),
    "CL.0, file": _sized(b"Content-Length: %d", start="POST /likes.js HTTP/1.1"),
    "CL.0, missing page": _sized(b"Content-Length: %d", start="POST /nowhere HTTP/1.1"),
    "chunks": _chunks(),
    "chunks, GET": Attack(
        lambda inner: head("GET /healthz HTTP/1.1", b"Transfer-Encoding: chunked") + chunked(inner)
    ),
    "chunk size prefixed": _chunks(size=b"0x%x"),
    "chunk size signed": _chunks(size=b"+%x"),
    "chunk size negative": _chunks(size=b"-%x"),
    "chunk size with underscore": _chunks(size=b"0_%x"),
    "chunk size after a blank": _chunks(size=b" %x"),
    "chunk size before a blank": _chunks(size=b"%x "),
    "chunk size before a tab": _chunks(size=b"%x\t"),
    "chunk size with zeros": _chunks(size=b"0000000000%x"),
    "chunk size beyond 64 bits": _chunks(size=b"10000000000000000%x"),
    "chunk extension": _chunks(size=b'%x;a="b"'),
    "chunk extension of 3 KB": _chunks(size=b"%x;a=" + b"b" * 3_000),
    "chunk extension with bare LF": _chunks(size=b"%x;a\nb"),
    "chunk extension with bare CR": _chunks(size=b"%x;a\rb"),
    "chunk extension with line in quotes": _chunks(size=b'%x;a="\r\n0\r\n\r\n"'),
    "chunk extension with NUL": _chunks(size=b"%x;\0"),
    "chunk without its end": _chunks(end=b""),
    "chunk ended by bare LF": _chunks(end=b"\n"),
    "chunk ended by bare CR": _chunks(end=b"\r"),
    "chunk ended by two letters": _chunks(end=b"xx"),
    "trailer Origin": _trailers(b"Origin: https://evil.example\r\n"),
    "trailer Content-Length": _trailers(b"Content-Length: 5\r\n"),
    "trailer Host": _trailers(b"Host: evil.example\r\n"),
    "trailer X-Forwarded-For": _trailers(b"X-Forwarded-For: 192.0.2.1\r\n"),
    "trailer Transfer-Encoding": _trailers(b"Transfer-Encoding: chunked\r\n"),
    "trailer that is a request": Attack(
        lambda inner: _post(b"Transfer-Encoding: chunked") + b"0\r\n" + inner, is_in_body=False
    ),
    "Connection: X-Forwarded-For": _sized(
        b"Content-Length: %d", b"Connection: X-Forwarded-For", b"X-Forwarded-For: 192.0.2.1"
    ),
    "Connection: Host": _sized(b"Content-Length: %d", b"Connection: close, Host, Origin"),
    "upgrade to h2c, then": _then(
        b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"
    ),
    "upgrade to websocket, then": _then(
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ),
    "upgrade with the inner one as body": _sized(
        b"Content-Length: %d", b"Connection: Upgrade", b"Upgrade: h2c"
    ),
    "expect": _sized(b"Content-Length: %d", b"Expect: 100-continue"),
    "expect on GET, then": _then(b"Expect: 100-continue"),
    "expect on GET with body": _sized(
        b"Content-Length: %d", b"Expect: 100-continue", start="GET /healthz HTTP/1.1"
    ),
    "expect something else": _sized(b"Content-Length: %d", b"Expect: 100-continue, x"),
    "expect after a blank": _sized(b"Content-Length: %d", b"Expect: y 100-continue"),
    "bare LF all over": Attack(
        lambda inner: _post(b"Content-Length: %d" % len(inner)).replace(b"\r\n", b"\n") + inner
    ),
    "bare LF at the end of the head": Attack(
        lambda inner: (
            _post(b"Content-Length: %d" % len(inner)).removesuffix(b"\r\n") + b"\n" + inner
        )
    ),
    "bare CR in a value": _sized(b"X: a\rb", b"Content-Length: %d"),
    "NUL in a value": _sized(b"X: a\0b", b"Content-Length: %d"),
    "blank in a name": _sized(b"X Y: z", b"Content-Length: %d"),
    "blank before the first name": _sized(b" X: y", b"Content-Length: %d"),
    "absolute target, other host": _sized(
        b"Content-Length: %d", start="POST http://evil.example/v1/like HTTP/1.1"
    ),
    "absolute target in the query": _sized(
        b"Content-Length: %d", start="POST /v1/like?http://a/ HTTP/1.1"
    ),
    "two Hosts": _sized(b"Host: evil.example", b"Content-Length: %d"),
    "HTTP/1.0, kept": _sized(
        b"Connection: keep-alive", b"Content-Length: %d", start="POST /v1/like HTTP/1.0"
    ),
    "HTTP/2.0": _sized(b"Content-Length: %d", start="POST /v1/like HTTP/2.0"),
    "HTTP/0.9, then": Attack(lambda inner: b"GET /healthz\r\n\r\n" + inner, is_in_body=False),
    "two requests": _then(),
    "two requests, empty line between": Attack(
        lambda inner: head("GET /healthz HTTP/1.1") + b"\r\n" + inner, is_in_body=False
    ),
    "half a body": Attack(
        lambda inner: _post(b"Content-Length: %d" % (len(inner) + 10_000)) + inner
    ),
}
