"""One HTTP/1.1 connection: requests to the app, answers out in order, each wait with its end.

Knows its stream of bytes; must not know routes or what is in a body.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from likewise.errors import Problem
from likewise.http.message import Request, Response
from likewise.http.wire import CONTINUE, encode
from likewise.later import Later

if TYPE_CHECKING:
    from likewise.http.reader import Reader
    from likewise.http.server import Server
    from likewise.http.stream import Stream

REQUEST_SECONDS = 15  # to arrive, from connecting or from its first byte
IDLE_SECONDS = 120  # longer than cloudflared's 90, or it would send into a closing connection
STALL_SECONDS = 30  # for a reader to take what waits for it, or STALL_BYTES of it
STALL_BYTES = 65_536
CLOSE_SECONDS = 5  # for a peer to close after our last answer

MAX_PIPELINE = 32  # nothing is read while so many answers are made
WRITE_BYTES = 16_384

_NEVER = float("inf")
_MOST_HELD_BYTES = 262_144  # counted of one connection: a larger answer only the owner can ask for
_SLOT_BYTES = 1_024  # what Python adds to the body of an answer, or a request costs


class Slot:
    """A place in the line of answers, kept while its answer is made."""

    __slots__ = ("is_head", "keep_alive", "request", "response", "version")

    def __init__(self, version: str, *, is_head: bool, keep_alive: bool) -> None:
        self.request: Request | None = None  # while the app knows nothing of it
        self.response: Response | None = None
        self.version = version
        self.is_head = is_head
        self.keep_alive = keep_alive


class Connection:
    """Calls the app, and writes the answers in the order of the requests."""

    # A thousand idle connections are normal: no dictionary, no deque, no parser for each.
    __slots__ = (
        "_eof",
        "_is_last",
        "_reader",
        "_reading_paused",
        "_server",
        "_slots",
        "_stream",
        "_unasked",
        "_unsent_bytes",
        "_write_paused",
        "deadline",
        "peer",
    )

    def __init__(self, server: Server, peer: str = "") -> None:
        self._server = server
        self.peer = peer
        self._reader: Reader | None = None  # while a request is incomplete
        self._slots: list[Slot] = []
        self._unasked: list[Slot] = []  # those of the slots that have a request
        self._is_last = False  # no further request is taken
        self._eof = False  # the peer has sent all it will
        self._reading_paused = False
        self._write_paused = False  # the kernel has not taken all that we wrote
        self._unsent_bytes = 0  # when writing was paused
        self.deadline = _NEVER

    # What the stream calls

    def connection_made(self, stream: Stream) -> None:
        self._stream = stream
        self.deadline = self._server.now + REQUEST_SECONDS
        self._server.wait_for(self)

    def buffer_updated(self, size_bytes: int) -> None:
        if self._is_last:
            return
        server, reader = self._server, self._reader
        if reader is None:
            reader = self._reader = server.reader
            reader.connection = self
        was_begun = reader.begun
        try:
            reader.feed(server.buffer[:size_bytes])
        except Exception as error:  # noqa: BLE001 (`failure` words it)
            self._refuse(error)
        if self._is_last:
            self._drop_reader()
        elif reader.begun or reader.raw_bytes:
            server.keep_apart(reader)
            if not (was_begun or self._slots or self._write_paused) and reader.begun:
                self.deadline = server.now + REQUEST_SECONDS
        elif reader.is_reusable:
            self._reader = None
            if reader is not server.reader:
                server.take_back(reader)
        else:
            self._drop_reader()
        self._ask_on()

    def eof_received(self) -> bool:
        """Keep a half-closed connection until what was asked is answered."""
        self._eof = True
        return bool(self._slots or self._write_paused)

    def pause_writing(self) -> None:
        self._write_paused = True
        self._expect_reading()

    def resume_writing(self) -> None:
        self._write_paused = False
        self._wait()
        self._server.hold(self, self._held_bytes())
        # Not at once: the stream has not done yet with what it tells us of.
        asyncio.get_running_loop().call_soon(self._ask_on)

    def connection_lost(self) -> None:
        self._is_last = True
        self._drop_reader()
        self._slots.clear()
        self._unasked.clear()
        self._server.forget(self)

    # What the reader and the server call

    def take(self, request: Request, version: str, *, keep_alive: bool) -> None:
        """Put a request into the line."""
        self._is_last = not keep_alive
        slot = Slot(version, is_head=request.method == "HEAD", keep_alive=keep_alive)
        slot.request = request
        self._slots.append(slot)
        self._unasked.append(slot)

    def expire(self) -> None:
        """End what took too long."""
        unsent_bytes = self._stream.unsent_bytes()
        if self._write_paused and unsent_bytes + STALL_BYTES <= self._unsent_bytes:
            self._expect_reading()
        elif self._is_last or self._write_paused or self._has_begun():
            self.give_up()
        else:
            self._leave()

    def give_up(self) -> None:
        """Wait no longer for the rest of a request or pipeline, or for answers to be read."""
        if self._is_last or self._write_paused or self._unasked:
            self.abort()
        else:
            why = f"A request must arrive within {REQUEST_SECONDS} s, sooner where many are slow."
            self._refuse(Problem("too_slow", why))
            self.go_on()

    def close_when_idle(self) -> None:
        """Close now if nothing is under way, else after the answers."""
        if self._is_idle() and not self._is_last:
            self._leave()

    def abort(self) -> None:
        """End the connection at once."""
        self._is_last = True
        self._stream.abort()

    # Our own

    def _has_begun(self) -> bool:
        """Tell whether a part of a request is here."""
        return self._reader is not None and self._reader.begun

    def _is_idle(self) -> bool:
        return not (self._slots or self._has_begun() or self._reading_paused)

    def _drop_reader(self) -> None:
        """Forget the unfinished request."""
        reader, self._reader = self._reader, None
        if reader is not None:
            self._server.keep_apart(reader)
            reader.close()

    def _refuse(self, error: BaseException) -> None:
        """Answer what cannot be a request, after those before it, and end the connection."""
        if self._is_last:
            return
        self._is_last = True
        reader = self._reader
        request, is_head = (reader.request, reader.is_head) if reader else (None, False)
        self._drop_reader()
        slot = Slot("1.1", is_head=is_head, keep_alive=False)
        slot.response = self._server.app.failure(error, request.path if request else None)
        self._slots.append(slot)

    def _ask_on(self) -> None:
        """Ask the app for one answer. The rest of a pipeline waits for its turn: whoever asks once
        waits for one request of each connection, and not for thousands.
        """
        if self._unasked and not self._write_paused:
            slot = self._unasked.pop(0)
            if slot.request:
                self._ask(slot, slot.request)
        # One request whose answer is being made, as a rule a like on its way to the disk, can only
        # wait; all else may have a step to make.
        if (
            len(self._slots) != 1
            or self._slots[0].response
            or self._reader
            or self._reading_paused
            or self._write_paused
        ):
            self._server.go_on_soon(self)
        if self._unasked:
            self._expect_us()
            self._pace()
            # Going on is queued before this, and may find that nothing is read: then nothing is
            # asked here either, and the stream calls us back.
            if not self._write_paused:
                asyncio.get_running_loop().call_soon(self._ask_on)

    def _ask(self, slot: Slot, request: Request) -> None:
        # Who waits for a commit, his own or one before, shall not keep all headers in memory.
        slot.request = None
        answer = self._server.answer(request)
        if isinstance(answer, Response):
            slot.response = answer
        else:
            self._expect_us()  # first: what is made already is told now, and may leave now
            answer.add_done_callback(partial(self._settle, slot, request.path))

    def _expect_us(self) -> None:
        """Note that the peer waits for us: whoever looks for the late, the idle and the hoarding
        shall not take it for one. Where an answer is made at once it leaves before they look.
        """
        if not self._write_paused:
            self.deadline = _NEVER
            self._server.stop_waiting(self)
            if self._unasked or self in self._server.held:
                self._server.hold(self, self._held_bytes())

    def _settle(
        self, slot: Slot, path: bytes, answer: Later[Response] | asyncio.Future[Response]
    ) -> None:
        """Take an answer that is made at last."""
        slot.response = self._server.outcome(answer, path)
        if self._slots:
            self._server.go_on_soon(self)

    def go_on(self) -> None:
        """Write the answers whose turn it is, and read on while there is room for more."""
        slots = self._slots
        while slots and slots[0].response and not self._write_paused:
            self._stream.write(self._next_answers())
            self._wait()
        if self._reader or self._is_last or self._eof:
            self._continue_or_end()
        if slots or self._reading_paused or self._write_paused:
            self._pace()
        if self._reader or self._write_paused or self in self._server.held:
            self._server.hold(self, self._held_bytes())

    def _pace(self) -> None:
        """Read while there is room for more: who does not read is not asked for it."""
        is_full = self._write_paused or self._unasked or len(self._slots) >= MAX_PIPELINE
        # After the last request all is dropped unread.
        pause = bool(is_full and not self._is_last)
        if pause != self._reading_paused:
            self._reading_paused = pause
            (self._stream.pause_reading if pause else self._stream.resume_reading)()

    def _held_bytes(self) -> int:
        """Return about how much memory is held until the peer sends or reads on."""
        held_bytes = self._reader.held_bytes if self._reader else 0
        held_bytes += 2 * _SLOT_BYTES * len(self._unasked)
        if self._write_paused:
            made = [slot.response for slot in self._slots if slot.response]
            held_bytes += self._stream.unsent_bytes() + _SLOT_BYTES * len(self._slots)
            held_bytes += sum(len(response.body) for response in made)
        return min(held_bytes, _MOST_HELD_BYTES)

    def _continue_or_end(self) -> None:
        """Ask for the body that is held back, or end."""
        slots, reader = self._slots, self._reader
        if reader and reader.owes_continue and not (slots or self._is_last):
            reader.owes_continue = False
            self._stream.write(CONTINUE)
        if (self._is_last or self._eof) and not (slots or self._write_paused):
            self._close()

    def _next_answers(self) -> bytes:
        """Return the answers whose turn it is, as many as are well written at once."""
        answers, slots, server = b"", self._slots, self._server
        while slots and (response := slots[0].response) and len(answers) < WRITE_BYTES:
            slot = slots.pop(0)
            if not slot.keep_alive or (server.draining and self._is_idle()):
                slot.keep_alive, self._is_last = False, True
            answers += encode(
                response,
                server.date,
                slot.version,
                is_head=slot.is_head,
                keep_alive=slot.keep_alive,
            )
        return answers

    def _wait(self) -> None:
        """Set the deadline of what is awaited now that a step has been made."""
        if self._write_paused:
            return
        if self._slots:
            self.deadline = _NEVER
            self._server.stop_waiting(self)
            return
        if self._is_last:
            seconds = CLOSE_SECONDS
        else:
            seconds = REQUEST_SECONDS if self._has_begun() else IDLE_SECONDS
        self.deadline = self._server.now + seconds
        self._server.wait_for(self)

    def _expect_reading(self) -> None:
        """Give the peer time to read something of what waits for it."""
        self._unsent_bytes = self._stream.unsent_bytes()
        self.deadline = self._server.now + STALL_SECONDS

    def _close(self) -> None:
        """End after the last answer, when the peer has read it."""
        if self._eof:
            self._stream.close()
            return
        # Closing with unread bytes would reset the connection and destroy the answer.
        self._stream.write_eof()

    def _leave(self) -> None:
        """End where nothing is under way."""
        self._is_last = True
        self.deadline = self._server.now + CLOSE_SECONDS
        self._stream.close()
