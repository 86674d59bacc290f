"""The door of `likewise serve`: listens, admits connections, keeps their deadlines, drains.

Knows sockets and time; must not know requests' contents or what the app does.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import os
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable

from likewise.errors import StartError
from likewise.http.connection import Connection
from likewise.http.message import App, Request, Response
from likewise.http.reader import READ_BYTES, Reader
from likewise.http.wire import date_line

UNIX_PREFIX = "unix:"
MAX_CONNECTIONS = 16_384
MAX_PER_PEER = 256  # of a peer that is no trusted proxy
BACKLOG = 1_024
MAX_HELD_BYTES = 8 << 20  # of unfinished requests and unread answers, over all connections
TICK_SECONDS = 1.0  # one coarse timer for all deadlines
DRAIN_SECONDS = 10.0
# What is on its way when we are told to stop still gets its answer.
DRAIN_GRACE_SECONDS = 0.25
WARNING_SECONDS = 60.0  # between two of the same
# So many newcomers, or connections whose time is over or whose answers are made, before everybody
# else has a turn.
AT_ONCE = 64
_CROWD = 512
_SPARE_FILES = AT_ONCE + 64  # who makes room is closed after the newcomers are let in

_log = logging.getLogger("likewise")


class Server:
    """Listens on one address for an app. `trusts_peer` says which peers are proxies."""

    def __init__(
        self,
        app: App,
        trusts_peer: Callable[[str], bool],
        monotonic: Callable[[], float] = time.monotonic,
        on_turn: Callable[[float, int], None] = lambda _seconds, _answers: None,
    ) -> None:
        self.app = app
        self.draining = False
        self.buffer = memoryview(bytearray(READ_BYTES))  # for each read in turn
        self.readers: list[Reader] = []  # at rest
        self.held: dict[Connection, int] = {}  # bytes, for the peer; the longest held first
        self._held_bytes = 0
        self._going_on: list[Connection] = []  # at the end of this turn of the loop
        self._turn_began: float | None = None  # when its first request was taken up
        self._on_turn = on_turn
        self._trusts_peer = trusts_peer
        self._monotonic = monotonic
        self._connections: set[Connection] = set()
        self._waiting: dict[Connection, None] = {}  # for their peer, the longest first
        self._of_peer: Counter[str] = Counter()
        self._max_connections = _most_connections()
        self._listener: asyncio.Server | None = None
        self._backlogs: list[socket.socket] = []
        self._crowd = 0  # connections held at most since memory was given back
        self._accepts = True
        self._next_warning = 0.0
        self._arriving: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._tick()

    async def listen(self, host: str, port: int) -> str:
        """Start to listen; return the address as a person would type it. Raises `StartError`."""
        try:
            if host.startswith(UNIX_PREFIX):
                return await self._listen_unix(host.removeprefix(UNIX_PREFIX))
            self._start_accepting(
                await self._loop.create_server(asyncio.Protocol, host, port, start_serving=False)
            )
        except (OSError, UnicodeError) as error:
            raise _cannot_listen(host, port, error) from None
        port = self._backlogs[0].getsockname()[1]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    async def _listen_unix(self, path: str) -> str:
        if _is_answered(path):
            raise StartError(f"{path}: another program listens there.")
        listener = await self._loop.create_unix_server(asyncio.Protocol, path, start_serving=False)
        os.chmod(path, 0o660)  # noqa: PTH101 (a path method counts as blocking here)
        self._start_accepting(listener)
        return f"{UNIX_PREFIX}{path}"

    async def drain(self, seconds: float = DRAIN_SECONDS) -> None:
        """Stop listening, answer what has been accepted, and close within so many seconds."""
        self.draining = True
        await self._stop_accepting()
        await asyncio.sleep(DRAIN_GRACE_SECONDS)
        deadline = self._loop.time() + seconds
        while self._connections and self._loop.time() < deadline:
            for connection in list(self._connections):
                connection.close_when_idle()
            await asyncio.sleep(0.02)
        for connection in list(self._connections):
            connection.abort()
        self._tick_handle.cancel()

    # Newcomers

    def _start_accepting(self, listener: asyncio.Server) -> None:
        """Accept ourselves: asyncio lets a whole backlog in before the first is counted, and
        logs a traceback for each of it when no file is left.
        """
        self._listener = listener
        for listening in listener.sockets:
            backlog = listening.dup()
            backlog.listen(BACKLOG)
            self._backlogs.append(backlog)
            self._loop.add_reader(backlog, self._accept, backlog)

    async def _stop_accepting(self) -> None:
        """Let in whoever waits in the backlog, since closing it would reset them."""
        for backlog in self._backlogs:
            self._loop.remove_reader(backlog)
            while self._accept(backlog):
                pass
            backlog.close()
        self._backlogs.clear()
        if self._listener is not None:
            self._listener.close()
        if self._arriving:
            await asyncio.wait(self._arriving)

    def _accept(self, backlog: socket.socket) -> bool:
        """Let in some of those who wait; return whether there may be more."""
        for _ in range(AT_ONCE):
            try:
                newcomer, place = backlog.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return False
            except OSError as error:
                self._pause_accepting(error)
                return False
            # The address of a unix socket is a text, that of a peer a tuple.
            connection = Connection(self, place[0] if isinstance(place, tuple) else "")
            if self._admit(connection):
                arriving = self._loop.create_task(self._let_in(connection, newcomer))
                self._arriving.add(arriving)
                arriving.add_done_callback(self._arriving.discard)
            else:
                newcomer.close()
        return True

    async def _let_in(self, connection: Connection, newcomer: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: connection, newcomer)
        except OSError:  # it has left already
            newcomer.close()
            self.forget(connection)

    def _pause_accepting(self, error: OSError) -> None:
        """Make room where no file is left, and go on with the next tick: not at full speed."""
        self._make_room()
        self._accepts = False
        for backlog in self._backlogs:
            self._loop.remove_reader(backlog)
        if self.now >= self._next_warning:
            self._next_warning = self.now + WARNING_SECONDS
            _log.warning("Connections have to wait: %s.", error.strerror)

    def _resume_accepting(self) -> None:
        self._accepts = True
        for backlog in self._backlogs:
            self._loop.add_reader(backlog, self._accept, backlog)

    def _admit(self, connection: Connection) -> bool:
        """Count a connection in; where all are taken, the one that waits longest makes room."""
        peer, is_trusted = connection.peer, self._trusts_peer(connection.peer)
        if not is_trusted and self._of_peer[peer] >= MAX_PER_PEER:
            return False
        if len(self._connections) >= self._max_connections and not self._make_room():
            return False
        if not is_trusted:
            self._of_peer[peer] += 1
        self._connections.add(connection)
        return True

    def _make_room(self) -> bool:
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
        if not self._going_on:
            self._loop.call_soon(self._go_on)
        self._going_on.append(connection)
        if len(self._going_on) >= AT_ONCE:
            self._go_on()

    def _go_on(self) -> None:
        going_on, self._going_on = self._going_on, []
        if self._turn_began is not None:
            self._on_turn(self._monotonic() - self._turn_began, len(going_on))
            self._turn_began = None
        for connection in going_on:
            try:
                connection.go_on()
            except Exception as error:  # noqa: BLE001 (the others have done nothing)
                connection.abort()
                context = {"message": "An answer could not be written.", "exception": error}
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
        while self._held_bytes > MAX_HELD_BYTES:
            longest_held = next(iter(self.held))
            self.hold(longest_held, 0)
            longest_held.give_up()

    def answer(self, request: Request) -> Response | asyncio.Future[Response]:
        """Ask the app; what it raises becomes an answer."""
        if self._turn_began is None:
            self._turn_began = self._monotonic()
        try:
            answer = self.app.handle(request)
            return answer if isinstance(answer, Response) else asyncio.ensure_future(answer)
        except Exception as error:  # noqa: BLE001 (no request may end the server)
            return self.app.failure(error, request.path)

    def outcome(self, answer: asyncio.Future[Response], path: bytes) -> Response:
        """Return an answer that is made; what its making raised becomes one too."""
        try:
            return answer.result()
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
            return self.app.failure(error, path)

    def _tick(self) -> None:
        self.now = self._monotonic()
        self.date = date_line(time.time())
        self._collect_garbage()
        late = [held for held in self._connections if held.deadline < self.now]
        self._tick_handle = self._loop.call_later(
            TICK_SECONDS if len(late) <= AT_ONCE else 0, self._tick
        )
        if not self._accepts:
            self._resume_accepting()
        for connection in late[:AT_ONCE]:
            connection.expire()

    def _collect_garbage(self) -> None:
        """Give memory back when a crowd has left: asyncio's transports are cycles, and those that
        grew old are otherwise collected when as many have come again.
        """
        connections = len(self._connections)
        self._crowd = max(self._crowd, connections)
        if self._crowd - connections >= _CROWD:
            gc.collect()
            self._crowd = connections


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


def _is_answered(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(0)
        # EAGAIN: somebody listens there, and has no time just now.
        return probe.connect_ex(path) in {0, errno.EAGAIN}


def _cannot_listen(host: str, port: int, error: OSError | UnicodeError) -> StartError:
    number = getattr(error, "errno", None) or 0
    # asyncio and the resolver have numbers and texts of their own.
    reason = os.strerror(number) if number in errno.errorcode else str(error)
    if host.startswith(UNIX_PREFIX):
        return StartError(f"LIKEWISE_HOST={host}: {reason}.")
    advice = {
        errno.EADDRINUSE: " Choose another with --port or LIKEWISE_PORT,"
        " or stop the program that uses it.",
        errno.EACCES: " Choose one from 1024 upwards with --port or LIKEWISE_PORT.",
    }.get(number, " LIKEWISE_HOST must be an address of this machine.")
    return StartError(f"Cannot listen on {host} port {port}: {reason}.{advice}")
