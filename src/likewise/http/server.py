"""The door of `likewise serve`: listens, admits connections, keeps their deadlines, drains.

Knows sockets and time; must not know requests' contents or what the app does.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable

from likewise.errors import StartError
from likewise.http.connection import READ_BYTES, Connection
from likewise.http.message import App, Request, Response
from likewise.http.wire import date_line

UNIX_PREFIX = "unix:"
MAX_CONNECTIONS = 16_384
MAX_PER_PEER = 256  # of a peer that is no trusted proxy
BACKLOG = 1_024
TICK_SECONDS = 1.0  # one coarse timer for all deadlines
DRAIN_SECONDS = 10.0
# What is on its way when we are told to stop still gets its answer.
DRAIN_GRACE_SECONDS = 0.25
# The listener accepts a whole backlog before the first of it is counted in.
_SPARE_FILES = BACKLOG + 64


class Server:
    """Listens on one address for an app. `trusts_peer` says which peers are proxies."""

    def __init__(
        self,
        app: App,
        trusts_peer: Callable[[str], bool],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app = app
        self.draining = False
        self.buffer = memoryview(bytearray(READ_BYTES))  # for each read in turn
        self._trusts_peer = trusts_peer
        self._monotonic = monotonic
        self._connections: set[Connection] = set()
        self._waiting: dict[Connection, None] = {}  # for their peer, the longest first
        self._of_peer: Counter[str] = Counter()
        self._max_connections = _most_connections()
        self._listener: asyncio.Server | None = None
        self._loop = asyncio.get_running_loop()
        self._tick()

    async def listen(self, host: str, port: int) -> str:
        """Start to listen; return the address as a person would type it. Raises `StartError`."""
        try:
            if host.startswith(UNIX_PREFIX):
                return await self._listen_unix(host.removeprefix(UNIX_PREFIX))
            self._listener = await self._loop.create_server(
                lambda: Connection(self), host, port, backlog=BACKLOG
            )
        except (OSError, UnicodeError) as error:
            raise _cannot_listen(host, port, error) from None
        port = self._listener.sockets[0].getsockname()[1]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    async def _listen_unix(self, path: str) -> str:
        if _is_answered(path):
            raise StartError(f"{path}: another program listens there.")
        self._listener = await self._loop.create_unix_server(
            lambda: Connection(self), path, backlog=BACKLOG
        )
        os.chmod(path, 0o660)  # noqa: PTH101 (a path method counts as blocking here)
        return f"{UNIX_PREFIX}{path}"

    async def drain(self, seconds: float = DRAIN_SECONDS) -> None:
        """Stop listening, answer what has been accepted, and close within so many seconds."""
        self.draining = True
        if self._listener is not None:
            await self._stop_listening(self._listener)
        await asyncio.sleep(DRAIN_GRACE_SECONDS)
        deadline = self._loop.time() + seconds
        while self._connections and self._loop.time() < deadline:
            for connection in list(self._connections):
                connection.close_when_idle()
            await asyncio.sleep(0.02)
        for connection in list(self._connections):
            connection.abort()
        self._tick_handle.cancel()

    async def _stop_listening(self, listener: asyncio.Server) -> None:
        """Let in whoever waits in the backlog, since closing it would reset them."""
        for listening in listener.sockets:
            self._loop.remove_reader(listening.fileno())
        await asyncio.sleep(0)  # for those whom asyncio is just letting in
        waiting: list[socket.socket] = []
        for listening in listener.sockets:
            with listening.dup() as backlog, contextlib.suppress(OSError):
                while True:
                    waiting.append(backlog.accept()[0])
        listener.close()
        for newcomer in waiting:
            await self._loop.connect_accepted_socket(lambda: Connection(self), newcomer)

    # What connections call

    def admit(self, connection: Connection) -> bool:
        """Count a connection in; where all are taken, the one that waits longest makes room."""
        peer, is_trusted = connection.peer, self._trusts_peer(connection.peer)
        if not is_trusted and self._of_peer[peer] >= MAX_PER_PEER:
            return False
        if len(self._connections) >= self._max_connections and not self._make_room():
            return False
        if not is_trusted:
            self._of_peer[peer] += 1
        self._connections.add(connection)
        self._waiting[connection] = None
        return True

    def _make_room(self) -> bool:
        longest_waiting = next(iter(self._waiting), None)
        if longest_waiting is None:
            return False
        longest_waiting.abort()
        self.forget(longest_waiting)
        return True

    def forget(self, connection: Connection) -> None:
        """Count a connection out; a second time changes nothing."""
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self._waiting.pop(connection, None)
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

    def answer(self, request: Request) -> Response | asyncio.Future[Response]:
        """Ask the app; what it raises becomes an answer."""
        try:
            answer = self.app.handle(request)
            return answer if isinstance(answer, Response) else asyncio.ensure_future(answer)
        except Exception as error:  # noqa: BLE001 (no request may end the server)
            return self.app.failure(error, request)

    def outcome(self, answer: asyncio.Future[Response], request: Request) -> Response:
        """Return an answer that is made; what its making raised becomes one too."""
        try:
            return answer.result()
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
            return self.app.failure(error, request)

    def _tick(self) -> None:
        self._tick_handle = self._loop.call_later(TICK_SECONDS, self._tick)
        self.now = self._monotonic()
        self.date = date_line(time.time())
        for connection in [held for held in self._connections if held.deadline < self.now]:
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
