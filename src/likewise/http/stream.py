"""Sockets of connections: bytes in and out without waiting, all seen by the loop as one file.

Knows selectors and errors of the system; must not know requests, or who is late.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import socket
from selectors import EVENT_READ, EVENT_WRITE
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from likewise.http.connection import Connection


class Streams:
    """The sockets of all connections. A selector can be waited for like any file: so the loop has
    one handle for all, where its transports take 1.2 KB more for each connection.

    `buffer` is where each reads in turn.
    """

    def __init__(self, buffer: memoryview) -> None:
        self.buffer = buffer
        self.selector = selectors.DefaultSelector()
        self.loop = asyncio.get_running_loop()
        self.loop.add_reader(self.selector.fileno(), self._turn)

    def close(self) -> None:
        """Read and write no more; a second time changes nothing."""
        if self.selector.get_map() is not None:
            self.loop.remove_reader(self.selector.fileno())
            self.selector.close()

    def _turn(self) -> None:
        for key, events in self.selector.select(0):
            stream: Stream = key.data
            try:
                stream.ready(events)
            except Exception as error:  # noqa: BLE001 (the others have done nothing)
                stream.abort()
                context = {"message": "A connection could not be served.", "exception": error}
                self.loop.call_exception_handler(context)


class Stream:
    """A socket, asked as asyncio's transports are: what does not leave at once is kept, and the
    connection told to pause until all of it has left.
    """

    __slots__ = (
        "_connection",
        "_events",
        "_has_ended",
        "_is_closing",
        "_is_lost",
        "_socket",
        "_streams",
        "_unsent",
    )

    def __init__(self, streams: Streams, newcomer: socket.socket, connection: Connection) -> None:
        newcomer.settimeout(0)
        self._streams = streams
        self._socket = newcomer
        self._connection = connection
        self._unsent: bytearray | None = None
        self._events = 0  # what is waited for
        self._has_ended = False  # we send nothing more
        self._is_closing = False
        self._is_lost = False
        self._wait_for(EVENT_READ)
        connection.connection_made(self)

    def ready(self, events: int) -> None:
        """Receive and send what can be, unless what came before in this turn has ended that."""
        if events & self._events & EVENT_READ:
            self._receive()
        if events & self._events & EVENT_WRITE:
            self._send_on()

    def write(self, data: bytes) -> None:
        """Send, now or as soon as the peer takes it."""
        if self._is_closing:
            return
        if self._unsent:
            self._unsent += data
            return
        sent_bytes = self._send(data)
        if sent_bytes < len(data) and not self._is_lost:
            self._unsent = bytearray(memoryview(data)[sent_bytes:])
            self._wait_for(self._events | EVENT_WRITE)
            self._connection.pause_writing()

    def write_eof(self) -> None:
        """Send nothing more, when all has left."""
        if not (self._has_ended or self._is_closing):
            self._has_ended = True
            if not self._unsent:
                self._shut_down()

    def pause_reading(self) -> None:
        """Leave what comes in the system's buffer."""
        self._wait_for(self._events & ~EVENT_READ)

    def resume_reading(self) -> None:
        """Receive again."""
        if not self._is_closing:
            self._wait_for(self._events | EVENT_READ)

    def unsent_bytes(self) -> int:
        """Return how much waits for the peer to read."""
        return len(self._unsent or b"")

    def close(self) -> None:
        """Close when all has left."""
        if not self._is_closing:
            self.pause_reading()
            self._is_closing = True
            if not self._unsent:
                self.abort()

    def abort(self) -> None:
        """Close at once; the connection is told in the loop's next turn."""
        if not self._is_lost:
            self._is_closing = self._is_lost = True
            self._unsent = None
            self._wait_for(0)
            self._streams.loop.call_soon(self._end)

    def _receive(self) -> None:
        try:
            size_bytes = self._socket.recv_into(self._streams.buffer)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.abort()
            return
        if size_bytes:
            self._connection.buffer_updated(size_bytes)
        elif self._connection.eof_received():
            self.pause_reading()
        else:
            self.close()

    def _send_on(self) -> None:
        unsent = self._unsent or bytearray()
        del unsent[: self._send(unsent)]
        if unsent or self._is_lost:
            return
        self._unsent = None
        self._wait_for(self._events & ~EVENT_WRITE)
        self._connection.resume_writing()
        if self._is_closing:
            self.abort()
        elif self._has_ended:
            self._shut_down()

    def _send(self, data: bytes | bytearray) -> int:
        """Send what the system takes; return how much it was."""
        try:
            return self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:  # the peer has left
            self.abort()
            return 0

    def _shut_down(self) -> None:
        with contextlib.suppress(OSError):  # the peer has just reset it
            self._socket.shutdown(socket.SHUT_WR)

    def _wait_for(self, events: int) -> None:
        """Be woken by these events and no others. Raises `OSError` where the system watches over no
        more sockets; then nothing is waited for.
        """
        selector, before = self._streams.selector, self._events
        if events == before:
            return
        self._events = 0
        if not before:
            selector.register(self._socket, events, self)
        elif events:
            selector.modify(self._socket, events, self)
        else:
            selector.unregister(self._socket)
        self._events = events

    def _end(self) -> None:
        connection = self._connection
        del self._connection  # they hold each other
        self._socket.close()
        connection.connection_lost()
