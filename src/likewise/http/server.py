"""The door of `likewise serve`: admits connections, keeps their deadlines and memory, drains.

Knows connections and time; must not know requests' contents or what the app does.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable

from likewise.http.connection import Connection
from likewise.http.listener import Listener
from likewise.http.message import App, Request, Response
from likewise.http.reader import READ_BYTES, Reader
from likewise.http.stream import Stream, Streams
from likewise.http.wire import date_line
from likewise.later import Later

MAX_CONNECTIONS = 16_384
MAX_PER_PEER = 256  # of a peer that is no trusted proxy
MAX_SPARE_READERS = 64
MAX_HELD_BYTES = 8 << 20  # of unfinished requests and unread answers, over all connections
TICK_SECONDS = 1.0  # one coarse timer for all deadlines
DRAIN_SECONDS = 10.0
# What is on its way when we are told to stop still gets its answer.
DRAIN_GRACE_SECONDS = 0.25
# So many connections whose time is over, or whose answers are made, before everybody else's turn.
AT_ONCE = 64
_SPARE_FILES = 2 * AT_ONCE  # who makes room is closed after the newcomers are let in


class Server:
    """Listens on one address for an app. `trusts_peer` says which peers are proxies."""

    def __init__(
        self,
        app: App,
        trusts_peer: Callable[[str], bool],
        monotonic: Callable[[], float] = time.monotonic,
        on_turn: Callable[[float, int], None] = lambda _seconds, _requests: None,
    ) -> None:
        self.app = app
        self.draining = False
        self.buffer = memoryview(bytearray(READ_BYTES))  # for each read in turn
        self.reader = Reader(app)  # of whoever begins a request
        self.spare_readers: list[Reader] = []
        self.held: dict[Connection, int] = {}  # bytes, for the peer; the longest held first
        self._held_bytes = 0
        self._going_on: list[Connection] = []  # at the end of this turn of the loop
        self._asked = 0  # requests taken up in this turn, at whose end all go on
        self._turn_began = 0.0  # when the first of them was
        self._on_turn = on_turn
        self._trusts_peer = trusts_peer
        self._monotonic = monotonic
        self._connections: set[Connection] = set()
        self._waiting: dict[Connection, None] = {}  # for their peer, the longest first
        self._of_peer: Counter[str] = Counter()
        self._max_connections = _most_connections()
        self._listener = Listener(self._admit, self.begin, self._make_room)
        self._streams = Streams(self.buffer)
        self._loop = asyncio.get_running_loop()
        self._tick()

    async def listen(self, host: str, port: int) -> str:
        """Start to listen; return the address as a person would type it. Raises `StartError`."""
        return await self._listener.listen(host, port)

    async def drain(self, seconds: float = DRAIN_SECONDS) -> None:
        """Stop listening, answer what has been accepted, and close within so many seconds."""
        self.draining = True
        self._listener.stop()
        await asyncio.sleep(DRAIN_GRACE_SECONDS)
        deadline = self._loop.time() + seconds
        while self._connections and self._loop.time() < deadline:
            for connection in list(self._connections):
                connection.close_when_idle()
            await asyncio.sleep(0.02)
        for connection in list(self._connections):
            connection.abort()
        await asyncio.sleep(0)  # for their sockets to be closed
        self.close()

    def close(self) -> None:
        """Serve no more; who is still connected is not told."""
        self._streams.close()
        self._tick_handle.cancel()

    # Newcomers

    def _admit(self, peer: str) -> Connection | None:
        """Count a newcomer in; where all places are taken, who waits longest makes room."""
        is_trusted = self._trusts_peer(peer)
        if not is_trusted and self._of_peer[peer] >= MAX_PER_PEER:
            return None
        if len(self._connections) >= self._max_connections and not self._make_room():
            return None
        if not is_trusted:
            self._of_peer[peer] += 1
        connection = Connection(self, peer)
        self._connections.add(connection)
        return connection

    def begin(self, connection: Connection, newcomer: socket.socket) -> None:
        """Give a connection its socket."""
        try:
            Stream(self._streams, newcomer, connection)
        except OSError:  # the system watches over no more of them
            newcomer.close()
            self.forget(connection)

    def _make_room(self) -> bool:
        self._go_on()
        longest_waiting = next(iter(self._waiting), None)
        if longest_waiting is None:
            return False
        longest_waiting.abort()
        self.forget(longest_waiting)
        return True

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._connections)

    @property
    def held_bytes(self) -> int:
        """About how much memory waits for peers to send or to read on."""
        return self._held_bytes

    # What connections call

    def forget(self, connection: Connection) -> None:
        """Count a connection out; a second time changes nothing."""
        self._waiting.pop(connection, None)
        self.hold(connection, 0)
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        if connection.peer in self._of_peer:
            self._of_peer[connection.peer] -= 1
            if not self._of_peer[connection.peer]:
                del self._of_peer[connection.peer]

    def keep_apart(self, reader: Reader) -> None:
        """Note that a reader holds an unfinished request, or is of no more use."""
        if reader is self.reader:
            self.reader = self.spare_readers.pop() if self.spare_readers else Reader(self.app)

    def take_back(self, reader: Reader) -> None:
        """Keep a reader whose request is finished for the next one that comes in pieces."""
        if len(self.spare_readers) < MAX_SPARE_READERS:
            del reader.connection
            self.spare_readers.append(reader)
        else:
            reader.close()

    def wait_for(self, connection: Connection) -> None:
        """Note that the connection waits for its peer from now on."""
        self._waiting.pop(connection, None)
        self._waiting[connection] = None

    def stop_waiting(self, connection: Connection) -> None:
        """Note that the peer waits for us."""
        self._waiting.pop(connection, None)

    def go_on_soon(self, connection: Connection) -> None:
        """Let a connection write when all who are to be read in this turn of the loop have been.

        A proxy that sleeps is woken by the first answer alone then; to wake it for each took a
        fifth of a count's time. No more than a few answers are kept for that.
        """
        if not (self._going_on or self._asked):
            self._loop.call_soon(self._go_on)
        self._going_on.append(connection)
        if len(self._going_on) >= AT_ONCE:
            self._go_on()

    def _go_on(self) -> None:
        """Let all write whose answers are made. Who looks for those to be ended asks for it first:
        nobody is late, idle or hoarding for having no answer yet.
        """
        going_on, self._going_on = self._going_on, []
        asked, self._asked = self._asked, 0
        made = self._monotonic()
        for connection in going_on:
            try:
                connection.go_on()
            except Exception as error:  # noqa: BLE001 (the others have done nothing)
                connection.abort()
                context = {"message": "An answer could not be written.", "exception": error}
                self._loop.call_exception_handler(context)
        if asked:
            self._count_turn(made - self._turn_began, asked)

    def _count_turn(self, seconds: float, requests: int) -> None:
        """Tell of a turn; who fails to count it shall cost nobody an answer, or us a tick."""
        try:
            self._on_turn(seconds, requests)
        except Exception as error:  # noqa: BLE001 (whatever it was)
            context = {"message": "A turn could not be counted.", "exception": error}
            self._loop.call_exception_handler(context)

    def hold(self, connection: Connection, size_bytes: int) -> None:
        """Note how much memory is held until the connection's peer sends or reads on."""
        self._held_bytes += size_bytes - self.held.get(connection, 0)
        if size_bytes:
            self.held[connection] = size_bytes
        else:
            self.held.pop(connection, None)
        if size_bytes and self._held_bytes > MAX_HELD_BYTES:
            self._loop.call_soon(self._shed)

    def _shed(self) -> None:
        """Give up those who hold memory longest. The limits of one connection, times thousands
        of connections, are no limit; and honest requests and answers are not held at all, since
        they arrive and leave whole.
        """
        self._go_on()
        while self._held_bytes > MAX_HELD_BYTES:
            longest_held = next(iter(self.held))
            self.hold(longest_held, 0)
            longest_held.give_up()

    def answer(self, request: Request) -> Response | Later[Response] | asyncio.Future[Response]:
        """Ask the app; what it raises becomes an answer."""
        if not self._asked:
            self._turn_began = self._monotonic()
            self._loop.call_soon(self._go_on)
        self._asked += 1
        try:
            answer = self.app.handle(request)
            if isinstance(answer, (Response, Later)):
                return answer
            return asyncio.ensure_future(answer)
        except Exception as error:  # noqa: BLE001 (no request may end the server)
            return self.app.failure(error, request.path)

    def outcome(self, answer: Later[Response] | asyncio.Future[Response], path: bytes) -> Response:
        """Return an answer that is made; what its making raised becomes one too."""
        try:
            return answer.result()
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
            return self.app.failure(error, path)

    def _tick(self) -> None:
        self.now = self._monotonic()
        self.date = date_line(time.time())
        self._go_on()
        late = [held for held in self._connections if held.deadline < self.now]
        self._tick_handle = self._loop.call_later(
            TICK_SECONDS if len(late) <= AT_ONCE else 0, self._tick
        )
        self._listener.resume()
        for connection in late[:AT_ONCE]:
            connection.expire()


def _most_connections() -> int:
    """Return how many connections we may hold, after asking for as many files as may be open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + _SPARE_FILES
    if soft < wanted:
        soft = min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(MAX_CONNECTIONS, max(files - _SPARE_FILES, files // 2))
