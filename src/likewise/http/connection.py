"""One HTTP/1.1 connection: bytes in, requests to the app, answers out in order.

Knows llhttp's events and asyncio's transports; must not know routes or what is in a body.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast

import httptools

from likewise.errors import Problem
from likewise.http.message import (
    MAX_HEADER_BYTES,
    MAX_TARGET_BYTES,
    Headers,
    Request,
    Response,
    split_target,
)
from likewise.http.wire import CONTINUE, encode

if TYPE_CHECKING:
    from likewise.http.server import Server

REQUEST_SECONDS = 15  # to arrive, from connecting or from its first byte
IDLE_SECONDS = 120  # longer than cloudflared's 90, or it would send into a closing connection
STALL_SECONDS = 30  # for a reader who does not read
CLOSE_SECONDS = 5
LINGER_BYTES = 1 << 20

# A whole pipeline arrives in one read: parse it in pieces, so that no more than this waits.
PIECE_BYTES = 4_096
MAX_PIPELINE = 32
MAX_HEAD_BYTES = MAX_TARGET_BYTES + MAX_HEADER_BYTES + 2 * PIECE_BYTES
# Chunks may be as small as a byte each, and each may drag an extension behind it.
CHUNK_OVERHEAD = 16

_NEVER = float("inf")


class Slot:
    """A place in the line of answers, kept while its answer is made."""

    __slots__ = ("future", "is_head", "keep_alive", "version")

    def __init__(
        self, future: asyncio.Future[Response], version: str, *, is_head: bool, keep_alive: bool
    ) -> None:
        self.future = future
        self.version = version
        self.is_head = is_head
        self.keep_alive = keep_alive


class Connection(asyncio.Protocol):
    """Parses, calls the app, and writes the answers in the order of the requests."""

    __slots__ = (
        "_begun",
        "_body",
        "_body_limit",
        "_eof",
        "_headers",
        "_held",
        "_is_last",
        "_lingering_bytes",
        "_output",
        "_parser",
        "_raw_bytes",
        "_request",
        "_server",
        "_slots",
        "_target",
        "_transport",
        "_write_paused",
        "deadline",
        "peer",
    )

    def __init__(self, server: Server) -> None:
        self._server = server
        self._slots: deque[Slot] = deque()
        self._output: list[bytes] = []
        self._held = b""
        self._is_last = False  # no further request is taken
        self._eof = False  # the peer has sent all it will
        self._lingering_bytes = (
            -1
        )  # what was thrown away since the connection lingers; -1: it does not
        self._write_paused = False
        self.deadline = _NEVER
        self._request: Request | None = None
        self._begin()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.peer: str = peer[0] if isinstance(peer, tuple) else ""
        self._parser = httptools.HttpRequestParser(self)
        self.deadline = self._server.now + REQUEST_SECONDS
        if not self._server.admit(self):
            self.abort()

    def data_received(self, data: bytes) -> None:
        if self._lingering_bytes >= 0:
            self._lingering_bytes += len(data)
            if self._lingering_bytes > LINGER_BYTES:
                self._transport.abort()
        elif self._held:
            self._held += data
        elif not self._is_last:
            self._feed(data)

    def eof_received(self) -> bool:
        """Keep a half-closed connection until what was asked is answered."""
        self._eof = True
        return bool(self._slots or self._held)

    def pause_writing(self) -> None:
        self._write_paused = True
        self._transport.pause_reading()
        self.deadline = self._server.now + STALL_SECONDS

    def resume_writing(self) -> None:
        self._write_paused = False
        self._await_peer()
        self._go_on()

    def connection_lost(self, _error: Exception | None) -> None:
        self._is_last = True
        self._slots.clear()
        self._held = b""
        self._server.forget(self)
        del self._parser  # it and the connection hold each other

    # What the server calls

    def expire(self) -> None:
        """End what took too long."""
        if self._is_last or self._write_paused:
            self._transport.abort()
        elif self._is_receiving():
            self._refuse(Problem("too_slow", f"A request must arrive within {REQUEST_SECONDS} s."))
        else:
            self._close()

    def close_when_idle(self) -> None:
        """Close now if nothing is under way, else after the answers."""
        if not self._slots and not self._is_receiving():
            self._is_last = True
            self._close()

    def abort(self) -> None:
        """End the connection at once."""
        self._is_last = True
        self._transport.abort()

    # What the parser calls

    def on_message_begin(self) -> None:
        self._begun = True
        if not self._slots:
            self.deadline = self._server.now + REQUEST_SECONDS

    def on_url(self, piece: bytes) -> None:
        self._target += piece
        if len(self._target) > MAX_TARGET_BYTES:
            split_target(self._target)

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers come as headers after the body; they may not change who is asking.
        if self._request is None:
            self._headers.add(name, value)

    def on_headers_complete(self) -> None:
        version = self._parser.get_http_version()
        if version not in {"1.1", "1.0"}:
            raise Problem("http_version", "Only HTTP/1.0 and HTTP/1.1 are spoken here.")
        if version == "1.1" and b"host" not in self._headers:
            raise Problem("bad_request", "The header Host is missing.")
        method = self._parser.get_method().decode()
        path, query = split_target(self._target)
        self._request = Request(method, path, query, self._headers, peer=self.peer)
        self._body_limit = self._server.app.body_limit(self._request)
        self._check_body_size(int(self._headers.get(b"content-length", b"0")))
        self._raw_bytes = 0
        if (expected := self._headers.get(b"expect")) and version == "1.1":
            if expected.lower() != b"100-continue":
                raise Problem("bad_expectation", "Only 100-continue can be expected here.")
            if not self._slots:
                self._output.append(CONTINUE)

    def on_body(self, piece: bytes) -> None:
        self._body += piece
        self._check_body_size(len(self._body))

    def on_message_complete(self) -> None:
        request, version = self._request, self._parser.get_http_version()
        if request is None or self._is_last:
            return
        request.body = self._body
        # After an upgrade the parser drops the rest: we stay with HTTP/1.1 and end there.
        ends = self._server.draining or self._parser.should_upgrade()
        keep_alive = self._parser.should_keep_alive() and not ends
        self._is_last = not keep_alive
        self._begin()
        answer = self._server.answer(request)
        is_head = request.method == "HEAD"
        if not self._slots and isinstance(answer, Response):
            self._answer(answer, version, is_head=is_head, keep_alive=keep_alive)
            return
        future = self._server.future_of(answer)
        self._slots.append(Slot(future, version, is_head=is_head, keep_alive=keep_alive))
        self.deadline = _NEVER
        self._server.stop_waiting(self)
        future.add_done_callback(self._settle)

    # Our own

    def _begin(self) -> None:
        """Make ready for the next request."""
        self._target = b""
        self._headers = Headers()
        self._request = None
        self._body = b""
        self._body_limit = 0
        self._begun = False
        self._raw_bytes = 0  # of the head, later of the body, as received

    def _feed(self, data: bytes) -> None:
        """Parse as much as may wait for answers; hold the rest and stop reading."""
        for start in range(0, len(data), PIECE_BYTES):
            if len(self._slots) >= MAX_PIPELINE or self._write_paused:
                self._held = data[start:]
                self._transport.pause_reading()
                break
            self._parse(data[start : start + PIECE_BYTES])
            if self._is_last:
                break
        self._flush()

    def _parse(self, piece: bytes) -> None:
        try:
            self._raw_bytes += len(piece)
            self._parser.feed_data(piece)
            self._check_raw_size()
        except httptools.HttpParserUpgrade:
            self._is_last = True
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            self._refuse(cause if isinstance(cause, Problem) else _UNREADABLE)
        except httptools.HttpParserError:
            self._refuse(_UNREADABLE)
        except Problem as problem:
            self._refuse(problem)

    def _check_raw_size(self) -> None:
        """Bound what the parser keeps or skips without a word: partial headers, extensions."""
        if self._request is None:
            if self._raw_bytes > MAX_HEAD_BYTES:
                raise Problem("headers_too_large", "Target and headers are too large.")
        elif self._raw_bytes > (self._body_limit + PIECE_BYTES) * CHUNK_OVERHEAD:
            raise Problem("too_large", "The body comes in too small pieces.")

    def _check_body_size(self, size_bytes: int) -> None:
        if size_bytes > self._body_limit:
            raise Problem(
                "too_large", f"Bodies of at most {self._body_limit} bytes are taken here."
            )

    def _refuse(self, problem: Problem) -> None:
        """Answer what cannot be a request, after those before it, and end the connection."""
        if self._is_last:
            return
        self._is_last = True
        future = self._server.future_of(self._server.app.failure(problem, self._request))
        self._slots.append(Slot(future, "1.1", is_head=False, keep_alive=False))
        self._lingering_bytes = 0
        self._settle()

    def _settle(self, _future: object = None) -> None:
        """Write every answer that is its turn."""
        while self._slots and self._slots[0].future.done():
            slot = self._slots.popleft()
            keep_alive = slot.keep_alive and not (self._server.draining and not self._slots)
            response = self._server.response_of(slot.future)
            self._answer(response, slot.version, is_head=slot.is_head, keep_alive=keep_alive)
        self._flush()
        self._go_on()

    def _answer(self, response: Response, version: str, *, is_head: bool, keep_alive: bool) -> None:
        self._output += encode(
            response, self._server.date, version, is_head=is_head, keep_alive=keep_alive
        )
        if not keep_alive:
            self._is_last = True
        if not self._slots:
            self._await_peer()

    def _flush(self) -> None:
        if self._output:
            if not self._transport.is_closing():
                self._transport.write(b"".join(self._output))
            self._output.clear()
        if not self._slots and (self._is_last or (self._eof and not self._held)):
            self._close()

    def _go_on(self) -> None:
        """Take up what was held back, once there is room, and read on."""
        if self._write_paused or len(self._slots) >= MAX_PIPELINE // 2:
            return
        if self._held and not self._is_last:
            data, self._held = self._held, b""
            self._feed(data)
        if not self._held:
            self._transport.resume_reading()

    def _is_receiving(self) -> bool:
        return self._begun or self._raw_bytes > 0

    def _await_peer(self) -> None:
        seconds = REQUEST_SECONDS if self._is_receiving() else IDLE_SECONDS
        self.deadline = self._server.now + seconds
        self._server.wait_for(self)

    def _close(self) -> None:
        self.deadline = self._server.now + CLOSE_SECONDS
        if self._lingering_bytes < 0 or not self._transport.can_write_eof():
            self._transport.close()
        elif not self._transport.is_closing():
            # Closing with unread bytes would reset the connection and destroy the answer.
            self._transport.write_eof()


_UNREADABLE = Problem("bad_request", "This is not a valid HTTP/1.1 request.")
