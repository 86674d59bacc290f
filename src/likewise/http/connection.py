"""One HTTP/1.1 connection: bytes in, requests to the app, answers out in order.

Knows llhttp's events and asyncio's transports; must not know routes or what is in a body.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, cast

import httptools

from likewise.errors import Problem
from likewise.http.message import (
    MAX_HEADER_BYTES,
    MAX_TARGET_BYTES,
    Headers,
    Request,
    Response,
    check_head,
    split_target,
)
from likewise.http.wire import CONTINUE, encode

if TYPE_CHECKING:
    from likewise.http.server import Server

REQUEST_SECONDS = 15  # to arrive, from connecting or from its first byte
IDLE_SECONDS = 120  # longer than cloudflared's 90, or it would send into a closing connection
STALL_SECONDS = 30  # for a reader to take STALL_BYTES of what waits for it
STALL_BYTES = 65_536
CLOSE_SECONDS = 5  # for a peer to close after our last answer

# A whole pipeline may arrive at once: it is read in pieces, and not on while this many wait.
READ_BYTES = 4_096
MAX_PIPELINE = 32
WRITE_BYTES = 16_384
MAX_HEAD_BYTES = MAX_TARGET_BYTES + MAX_HEADER_BYTES + 2 * READ_BYTES
# Chunks may be as small as a byte each, and each may drag an extension behind it.
CHUNK_OVERHEAD = 16

_NEVER = float("inf")


class Slot:
    """A place in the line of answers, kept while its answer is made."""

    __slots__ = ("is_head", "keep_alive", "response", "version")

    def __init__(
        self, response: Response | None, version: str, *, is_head: bool, keep_alive: bool
    ) -> None:
        self.response = response
        self.version = version
        self.is_head = is_head
        self.keep_alive = keep_alive


class Connection(asyncio.BufferedProtocol):
    """Parses, calls the app, and writes the answers in the order of the requests."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._slots: deque[Slot] = deque()
        self._is_last = False  # no further request is taken
        self._eof = False  # the peer has sent all it will
        self._write_paused = False
        self._unsent_bytes = 0  # when writing was paused
        self.deadline = _NEVER
        self._body = bytearray()
        self._request: Request | None = None
        self._begin()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.peer: str = peer[0] if isinstance(peer, tuple) else ""
        self._parser = httptools.HttpRequestParser(self)
        self.deadline = self._server.now + REQUEST_SECONDS
        # Who has reset the connection has no address, and shall not pass for a unix socket.
        if peer is None or not self._server.admit(self):
            self.abort()

    def get_buffer(self, _hint: int) -> memoryview:
        return self._server.buffer

    def buffer_updated(self, size_bytes: int) -> None:
        if not self._is_last:
            self._parse(self._server.buffer[:size_bytes])
            self._go_on()

    def eof_received(self) -> bool:
        """Keep a half-closed connection until what was asked is answered."""
        self._eof = True
        return bool(self._slots)

    def pause_writing(self) -> None:
        self._write_paused = True
        self._expect_reading()

    def resume_writing(self) -> None:
        self._write_paused = False
        self._wait()
        self._go_on()

    def connection_lost(self, _error: Exception | None) -> None:
        self._is_last = True
        self._slots.clear()
        self._server.forget(self)
        del self._parser  # it and the connection hold each other

    # What the server calls

    def expire(self) -> None:
        """End what took too long."""
        unsent_bytes = self._transport.get_write_buffer_size()
        if self._write_paused and unsent_bytes + STALL_BYTES <= self._unsent_bytes:
            self._expect_reading()
        elif self._is_last or self._write_paused:
            self.abort()
        elif self._begun:
            self._refuse(Problem("too_slow", f"A request must arrive within {REQUEST_SECONDS} s."))
            self._go_on()
        else:
            self._leave()

    def close_when_idle(self) -> None:
        """Close now if nothing is under way, else after the answers."""
        if self._is_idle() and not self._is_last:
            self._leave()

    def abort(self) -> None:
        """End the connection at once."""
        self._is_last = True
        self._transport.abort()

    # What the parser calls

    def on_message_begin(self) -> None:
        self._begun = True
        if not self._slots and not self._write_paused:
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
        headers, self._version = self._headers, self._parser.get_http_version()
        check_head(headers, self._version)
        method = self._parser.get_method().decode()
        path, query = split_target(self._target)
        self._request = Request(method, path, query, headers, peer=self.peer)
        self._body_limit = self._server.app.body_limit(self._request)
        body_bytes = headers.content_length()
        self._check_body_size(body_bytes)
        # The parser takes the body of an upgrade for another protocol, and would not show it.
        has_body = body_bytes or b"transfer-encoding" in headers
        if has_body and self._parser.should_upgrade():
            raise Problem("bad_request", "A body cannot come with Upgrade: leave that header out.")
        self._owes_continue = b"expect" in headers and self._version == "1.1"

    def on_body(self, piece: bytes) -> None:
        self._owes_continue = False
        self._body += piece
        self._check_body_size(len(self._body))

    def on_message_complete(self) -> None:
        request = self._request
        if request is None:
            return
        request.body = bytes(self._body)
        # After an upgrade the parser drops the rest: we stay with HTTP/1.1 and end there.
        keep_alive = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        self._is_last = not keep_alive
        self._begin()
        answer = self._server.answer(request)
        response = answer if isinstance(answer, Response) else None
        is_head = request.method == "HEAD"
        slot = Slot(response, self._version, is_head=is_head, keep_alive=keep_alive)
        self._slots.append(slot)
        if not isinstance(answer, Response):
            answer.add_done_callback(partial(self._settle, slot, request))

    # Our own: requests

    def _begin(self) -> None:
        """Make ready for the next request."""
        self._begun = False
        self._target = b""
        self._headers = Headers()
        self._request = None
        self._body.clear()
        self._body_limit = 0
        self._owes_continue = False
        self._raw_bytes = 0  # as received

    def _parse(self, piece: memoryview) -> None:
        try:
            self._raw_bytes += len(piece)
            self._parser.feed_data(piece)
            self._check_raw_size()
        except httptools.HttpParserUpgrade:
            pass  # the request before it is the last one already
        except httptools.HttpParserCallbackError as error:
            self._refuse(error.__context__ or error)
        except httptools.HttpParserError as error:
            self._refuse(Problem("bad_request", f"This is not valid HTTP/1.1: {error}."))
        except Problem as problem:
            self._refuse(problem)

    def _check_raw_size(self) -> None:
        """Bound what the parser keeps or skips without a word: partial headers, extensions."""
        if self._request is None:
            if self._raw_bytes > MAX_HEAD_BYTES:
                raise Problem("headers_too_large", "Target and headers are too large.")
        elif self._raw_bytes > (self._body_limit + READ_BYTES) * CHUNK_OVERHEAD:
            raise Problem("too_large", "The body comes in too small pieces.")

    def _check_body_size(self, size_bytes: int) -> None:
        if size_bytes > self._body_limit:
            raise Problem(
                "too_large", f"Bodies of at most {self._body_limit} bytes are taken here."
            )

    def _refuse(self, error: BaseException) -> None:
        """Answer what cannot be a request, after those before it, and end the connection."""
        if self._is_last:
            return
        self._is_last = True
        response = self._server.app.failure(error, self._request)
        # Before the target there is no method: the parser would tell that of the last request.
        is_head = bool(self._target) and self._parser.get_method() == b"HEAD"
        self._slots.append(Slot(response, "1.1", is_head=is_head, keep_alive=False))

    # Our own: answers

    def _settle(self, slot: Slot, request: Request, answer: asyncio.Future[Response]) -> None:
        """Take an answer that is made at last."""
        slot.response = self._server.outcome(answer, request)
        self._go_on()

    def _go_on(self) -> None:
        """Write the answers whose turn it is, and read on while there is room for more."""
        self._write_answers()
        if len(self._slots) >= MAX_PIPELINE:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _write_answers(self) -> None:
        """Write while answers are made and the peer reads them."""
        slots = self._slots
        has_stepped = bool(slots)
        while slots and slots[0].response and not self._write_paused:
            answers = self._next_answers()
            if not self._transport.is_closing():
                self._transport.write(answers)
        if self._owes_continue and not (slots or self._is_last):
            self._owes_continue = False
            self._transport.write(CONTINUE)
        if has_stepped:
            self._wait()
        if not slots and (self._is_last or self._eof):
            self._close()

    def _next_answers(self) -> bytes:
        """Return the answers whose turn it is, as many as are well written at once."""
        answers, slots, server = b"", self._slots, self._server
        while slots and (response := slots[0].response) and len(answers) < WRITE_BYTES:
            slot = slots.popleft()
            keep_alive = slot.keep_alive and not (server.draining and self._is_idle())
            self._is_last |= not keep_alive
            answers += encode(
                response, server.date, slot.version, is_head=slot.is_head, keep_alive=keep_alive
            )
        return answers

    def _is_idle(self) -> bool:
        return not (self._slots or self._begun) and self._transport.is_reading()

    def _wait(self) -> None:
        """Set the deadline of what is awaited now that a step has been made."""
        if self._write_paused:
            return
        if self._slots:
            self.deadline = _NEVER
            self._server.stop_waiting(self)
            return
        if self._is_last:
            seconds = STALL_SECONDS if self._transport.get_write_buffer_size() else CLOSE_SECONDS
        else:
            seconds = REQUEST_SECONDS if self._begun else IDLE_SECONDS
        self.deadline = self._server.now + seconds
        self._server.wait_for(self)

    def _expect_reading(self) -> None:
        """Give the peer time to read something of what waits for it."""
        self._unsent_bytes = self._transport.get_write_buffer_size()
        self.deadline = self._server.now + STALL_SECONDS

    def _close(self) -> None:
        """End after the last answer, when the peer has read it."""
        if self._eof:
            self._transport.close()
        else:
            # Closing with unread bytes would reset the connection and destroy the answer.
            self._transport.write_eof()

    def _leave(self) -> None:
        """End where nothing is under way."""
        self._is_last = True
        self.deadline = self._server.now + CLOSE_SECONDS
        self._transport.close()
