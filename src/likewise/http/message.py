"""Requests and responses as values, and the limits that every request keeps to.

Knows neither sockets nor ASGI, neither routes nor handlers.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterable, Sequence
from functools import lru_cache
from typing import Protocol

from likewise.errors import Problem

MAX_TARGET_BYTES = 16_384
MAX_HEADER_BYTES = 16_384
MAX_HEADER_LINES = 100  # each costs far more memory than its bytes
MAX_BODY_BYTES = 4_096
WITHOUT_BODY = frozenset({204, 304})  # statuses whose answers end with their headers

# Two of these would let two programs on the way read one request differently.
_ONCE_ONLY = frozenset(
    {b"host", b"origin", b"content-length", b"content-type", b"authorization", b"x-api-key"}
)

_VERSIONS = frozenset({"1.0", "1.1"})

# Header lines by lower-case name.
Headers = dict[bytes, bytes]

# RFC 3986 section 3.2.2, and a port. `++` and `*+` never step back: a value has 16 KiB.
_HOST = re.compile(
    rb"(?:\[[0-9A-Za-z:._~!$&'()*+,;=-]+\]|(?:[0-9A-Za-z._~!$&'()*+,;=-]++|%[0-9A-Fa-f]{2})*+)"
    rb"(?::[0-9]*)?"
)


class Request:
    """One request, complete. `path` and `query` are as they stood on the wire, not decoded;
    header names are lower-case; `peer` is the socket's other end, `""` for a unix socket.
    """

    __slots__ = ("body", "headers", "method", "path", "peer", "query")

    def __init__(  # noqa: PLR0913 (the parts of a request)
        self,
        method: str,
        path: bytes,
        query: bytes = b"",
        headers: Headers | None = None,
        body: bytes = b"",
        peer: str = "",
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers: Headers = {} if headers is None else headers
        self.body = body
        self.peer = peer

    def header(self, name: bytes) -> str | None:
        """Return a header's text, or None."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


def check_size(lines: Sequence[tuple[bytes, bytes]]) -> None:
    """Refuse more header lines, or longer ones, than are taken. Raises `headers_too_large`."""
    size_bytes = sum(len(name) + len(value) + 4 for name, value in lines)
    if size_bytes > MAX_HEADER_BYTES or len(lines) > MAX_HEADER_LINES:
        raise Problem(
            "headers_too_large",
            f"At most {MAX_HEADER_LINES} header lines of {MAX_HEADER_BYTES} bytes are taken.",
        )


def headers_of(lines: Sequence[tuple[bytes, bytes]]) -> Headers:
    """Return header lines by lower-case name; those of one name are joined (RFC 9110 section 5.3).

    Raises `bad_request` for a doubled Host and the like.
    """
    headers = {name.lower(): value.strip(b" \t") for name, value in lines}
    return headers if len(headers) == len(lines) else _joined(lines)


def _joined(lines: Iterable[tuple[bytes, bytes]]) -> Headers:
    headers: Headers = {}
    for written_name, written_value in lines:
        name, value = written_name.lower(), written_value.strip(b" \t")
        if name not in headers:
            headers[name] = value
        elif name in _ONCE_ONLY:
            told = f"The header {name.decode('latin-1')} stands there twice."
            raise Problem("bad_request", told)
        else:
            headers[name] += (b"; " if name == b"cookie" else b", ") + value
    return headers


def content_length(headers: Headers) -> int:
    """Return the declared size of the body in bytes, 0 where none is declared."""
    # Without its zeros: thousands of digits would be too many for int().
    digits = headers.get(b"content-length", b"").lstrip(b"0")
    return int(digits) if digits.isdigit() else 0


class Response:
    r"""One response. `headers` are whole lines in wire form, since most are made once and kept:
    `b"content-type: text/plain\r\ncache-control: no-store\r\n"`, without Content-Length.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: bytes = b"", body: bytes = b"") -> None:
        self.status = status
        self.headers = headers
        self.body = body


Answer = Response | Awaitable[Response]


class App(Protocol):
    """What a door leads to."""

    def handle(self, request: Request) -> Answer:
        """Answer a request, at once or later. What it raises is given to `failure`."""

    def body_limit(self, request: Request) -> int:
        """Return how many bytes of body this request may have; asked before the body comes."""

    def failure(self, error: BaseException, path: bytes | None) -> Response:
        """Return the answer to what could not be handled, or even read (then there is no path).

        Does not raise.
        """


def split_target(target: bytes, headers: Headers | None = None) -> tuple[bytes, bytes]:
    """Return path and query of a request target (RFC 9112 section 3.2).

    The host of an absolute-form takes the place of the header Host, which is to be ignored then.
    Raises `target_too_long` and `bad_request`.
    """
    if len(target) > MAX_TARGET_BYTES:
        raise Problem("target_too_long", f"Targets of at most {MAX_TARGET_BYTES} bytes are taken.")
    path, _, query = target.partition(b"#")[0].partition(b"?")
    if path.startswith(b"/") or target == b"*":
        return path, query
    scheme, separator, rest = path.partition(b"://")
    if not separator or scheme.lower() not in {b"http", b"https"}:
        raise Problem("bad_request", "The request target must be a path that starts with a slash.")
    host, _, path = rest.partition(b"/")
    if not host or host.startswith(b":") or not _is_host(host):
        raise Problem("bad_request", "The request target's host is not a host and port.")
    if headers is not None:
        headers[b"host"] = host
    return b"/" + path, query


def check_head(headers: Headers, version: str) -> None:
    """Refuse what programs on the way could read as another request (RFC 9112 sections 2 and 3).

    Raises `http_version` and `bad_request`.
    """
    if version not in _VERSIONS:
        raise Problem("http_version", "Only HTTP/1.0 and HTTP/1.1 are spoken here.")
    host = headers.get(b"host")
    if host is None:
        if version == "1.1":
            raise Problem("bad_request", "The header Host is missing.")
    elif not _is_host(host):
        raise Problem("bad_request", "The header Host is not a host and port.")


def check_body(headers: Headers, version: str) -> None:
    """Refuse ways to send a body that are not taken (RFC 9112 section 6, RFC 9110 section 10.1.1).

    Raises `bad_request` and `bad_expectation`.
    """
    is_current = version == "1.1"
    coding = headers.get(b"transfer-encoding")
    if coding is not None and not (is_current and coding.lower() == b"chunked"):
        raise Problem("bad_request", "The only transfer coding taken is chunked, in HTTP/1.1.")
    expected = headers.get(b"expect")
    if expected is not None and is_current and expected.lower() != b"100-continue":
        raise Problem("bad_expectation", "Only 100-continue can be expected here.")


@lru_cache(maxsize=4)  # nearly all readers name the same; each may have 16 KiB
def _is_host(text: bytes) -> bool:
    return _HOST.fullmatch(text) is not None


def header_block(*lines: tuple[str, str]) -> bytes:
    """Return header lines in wire form. Raises `ValueError` where a line could break out."""
    block = "".join(f"{name}: {value}\r\n" for name, value in lines)
    if block.count("\r") + block.count("\n") != 2 * len(lines):
        msg = "a header's value holds a line break"
        raise ValueError(msg)
    return block.encode("latin-1")


def header_pairs(block: bytes) -> list[tuple[bytes, bytes]]:
    """Return the lines of a block as pairs, as ASGI wants them."""
    lines = block.split(b"\r\n")[:-1]
    return [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
