"""Makes requests of bytes, and refuses what is too large or could be read in two ways.

Knows llhttp's events; must not know sockets, time, or what is answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httptools

from likewise.errors import Problem
from likewise.http.message import (
    MAX_HEADER_BYTES,
    MAX_HEADER_LINES,
    MAX_TARGET_BYTES,
    App,
    Request,
    check_body,
    check_head,
    check_size,
    content_length,
    headers_of,
    split_target,
)

if TYPE_CHECKING:
    from likewise.http.connection import Connection

READ_BYTES = 2_048  # holds what a browser asks, with the headers of a proxy or two
MAX_HEAD_BYTES = MAX_TARGET_BYTES + MAX_HEADER_BYTES + 2 * READ_BYTES
# Chunks may be as small as a byte each, and each may drag an extension behind it.
CHUNK_OVERHEAD = 16

# What Python adds to the bytes of an unfinished request, and to each line of its headers.
_OBJECT_BYTES = 2_048
_LINE_BYTES = 256

# So much has no larger headers than are taken, even where a read began in the request before, and
# each line lacks the space after its colon, which is counted all the same.
_SURELY_TAKEN_BYTES = MAX_HEADER_BYTES - READ_BYTES - MAX_HEADER_LINES

_OF_BODIES = frozenset({b"content-length", b"transfer-encoding", b"expect"})


class Reader:
    """Reads for one connection at a time; between requests it may go to another, so that idle
    connections have no parser. `begun` and `raw_bytes` tell whether something has come.
    """

    __slots__ = (
        "_body",
        "_body_limit",
        "_head_bytes",
        "_limit_of",
        "_lines",
        "_parser",
        "_target",
        "_version",
        "begun",
        "connection",
        "is_reusable",
        "owes_continue",
        "raw_bytes",
        "request",
    )

    connection: Connection
    request: Request | None

    def __init__(self, app: App) -> None:
        self._limit_of = app.body_limit
        self._parser = httptools.HttpRequestParser(self)
        self._lines: list[tuple[bytes, bytes]] = []  # of the headers, as they came
        self._head_bytes = 0  # as received; both are those of requests with a body
        self._body_limit = 0
        self._body = bytearray()
        self.is_reusable = True
        self._begin()

    def feed(self, piece: memoryview) -> None:
        """Read on; complete requests go to the connection. Raises what refuses the rest."""
        self.raw_bytes += len(piece)
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            return  # the request before it is the last one already
        except httptools.HttpParserCallbackError as error:
            raise (error.__context__ or error) from None
        except httptools.HttpParserError as error:
            raise Problem("bad_request", f"This is not valid HTTP/1.1: {error}.") from None
        if len(self._lines) > MAX_HEADER_LINES:  # of an unfinished head too: each costs memory
            check_size(self._lines)
        if self.raw_bytes > MAX_HEAD_BYTES:
            self._check_raw_size()

    def close(self) -> None:
        """Be of no more use: reader and parser hold each other."""
        del self._parser

    @property
    def is_head(self) -> bool:
        """The unfinished request asks with HEAD; before its target the parser tells of the last."""
        return bool(self._target) and self._parser.get_method() == b"HEAD"

    @property
    def held_bytes(self) -> int:
        """About how much memory the unfinished request holds."""
        # Of a head all is kept, of a body no more than what its chunks hold.
        received = len(self._body) + self._head_bytes if self.request else self.raw_bytes
        return _OBJECT_BYTES + received + _LINE_BYTES * len(self._lines)

    # What the parser calls

    def on_message_begin(self) -> None:
        self.begun = True

    def on_url(self, piece: bytes) -> None:
        self._target += piece
        if len(self._target) > MAX_TARGET_BYTES:
            split_target(self._target)

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers come as headers after the body; they may not change who is asking.
        if self.request is None:
            self._lines.append((name, value))

    def on_headers_complete(self) -> None:
        parser = self._parser
        if self.raw_bytes > _SURELY_TAKEN_BYTES or len(self._lines) > MAX_HEADER_LINES:
            check_size(self._lines)
        headers = headers_of(self._lines)
        self._version = parser.get_http_version()
        check_head(headers, self._version)
        path, query = split_target(self._target, headers)
        method = parser.get_method().decode()
        self.request = Request(method, path, query, headers, b"", self.connection.peer)
        if not _OF_BODIES.isdisjoint(headers):
            self._expect_body(self.request)

    def on_body(self, piece: bytes) -> None:
        self.owes_continue = False
        self._body += piece
        self._check_body_size(len(self._body))

    def on_message_complete(self) -> None:
        request, version = self.request, self._version
        if request is None:
            return
        if self._body:
            request.body = bytes(self._body)
        parser = self._parser
        # After an upgrade the parser drops the rest: we stay with HTTP/1.1 and end there.
        keep_alive = parser.should_keep_alive() and not parser.should_upgrade()
        self._begin()
        self.connection.take(request, version, keep_alive=keep_alive)

    # Our own

    def _begin(self) -> None:
        """Make ready for the next request."""
        self.begun = self.owes_continue = False
        self._target = b""
        self._lines.clear()
        self.request = None
        self._body.clear()
        self.raw_bytes = 0  # as received

    def _expect_body(self, request: Request) -> None:
        """Make ready for what the head declares."""
        headers, self._head_bytes = request.headers, self.raw_bytes
        check_body(headers, self._version)
        self._body_limit = self._limit_of(request)
        body_bytes = content_length(headers)
        self._check_body_size(body_bytes)
        is_chunked = b"transfer-encoding" in headers
        # The parser takes the body of an upgrade for another protocol, and would not show it.
        if (body_bytes or is_chunked) and self._parser.should_upgrade():
            raise Problem("bad_request", "A body cannot come with Upgrade: leave that header out.")
        self.owes_continue = b"expect" in headers and self._version == "1.1"
        # Of trailers the parser may keep something: another connection shall not inherit it.
        self.is_reusable &= not is_chunked

    def _check_raw_size(self) -> None:
        """Bound what the parser keeps or skips without a word: partial headers, extensions."""
        if self.request is None:
            raise Problem("headers_too_large", "Target and headers are too large.")
        if self.raw_bytes > (self._body_limit + READ_BYTES) * CHUNK_OVERHEAD:
            raise Problem("too_large", "The body comes in too small pieces.")

    def _check_body_size(self, size_bytes: int) -> None:
        if size_bytes > self._body_limit:
            raise Problem(
                "too_large", f"Bodies of at most {self._body_limit} bytes are taken here."
            )
