"""The door of `likewise serve`: listens, admits connections, keeps their deadlines, drains.

Knows sockets and time; must not know requests' contents or what the app does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable

from likewise.errors import StartError
from likewise.http.connection import Connection
from likewise.http.message import Answer, App, Request, Response
from likewise.http.wire import date_line

UNIX_PREFIX = "unix:"
MAX_CONNECTIONS = 16_384
MAX_PER_PEER = 256  # of a peer that is no trusted proxy
BACKLOG = 1_024
TICK_SECONDS = 1.0  # one coarse timer for all deadlines
DRAIN_SECONDS = 10.0
# What is on its way when we are told to stop still gets its answer.
DRAIN_GRACE_SECONDS = 0.25
_SPARE_FILES = 64


class Server:
    """Listens on one address for an app. `trusts_peer` says which peers are proxies."""

    def __init__(self, app: App, trusts_peer: Callable[[str], bool]) -> None:
        self.app = app
        self.draining = False
        self._trusts_peer = trusts_peer
        self._connections: set[Connection] = set()
        self._waiting: dict[Connection, None] = {}  # for their peer, the longest first
        self._of_peer: Counter[str] = Counter()
        self._max_connections = min(MAX_CONNECTIONS, _open_files() - _SPARE_FILES)
        self._listener: asyncio.Server | None = None
        self._tick_handle: asyncio.TimerHandle | None = None
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
        except OSError as error:
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
        if self._listener is not None:
            await asyncio.sleep(0)  # let what waits in the backlog in
            self._listener.close()
        self.draining = True
        await asyncio.sleep(DRAIN_GRACE_SECONDS)
        deadline = self._loop.time() + seconds
        while self._connections and self._loop.time() < deadline:
            for connection in list(self._connections):
                connection.close_when_idle()
            await asyncio.sleep(0.02)
        for connection in list(self._connections):
            connection.abort()
        if self._tick_handle is not None:
            self._tick_handle.cancel()

    # What connections call

    def admit(self, connection: Connection) -> bool:
        """Count a connection in; where all are taken, the one that waits longest makes room."""
        if not self._trusts_peer(connection.peer):
            if self._of_peer[connection.peer] >= MAX_PER_PEER:
                return False
            self._of_peer[connection.peer] += 1
        if len(self._connections) >= self._max_connections:
            longest_waiting = next(iter(self._waiting), None)
            if longest_waiting is not None:
                longest_waiting.abort()
                self.forget(longest_waiting)
        self._connections.add(connection)
        self._waiting[connection] = None
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

    def answer(self, request: Request) -> Answer:
        """Ask the app; what it raises becomes an answer."""
        try:
            return self.app.handle(request)
        except Exception as error:  # noqa: BLE001 (no request may end the server)
            return self.app.failure(error, request)

    def response_of(self, future: asyncio.Future[Response]) -> Response:
        """Return what a finished future holds; what it raised becomes an answer."""
        try:
            return future.result()
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
            return self.app.failure(error, None)

    def future_of(self, answer: Answer) -> asyncio.Future[Response]:
        """Return an answer as a future, made or not."""
        if not isinstance(answer, Response):
            return asyncio.ensure_future(answer)
        future = self._loop.create_future()
        future.set_result(answer)
        return future

    def _tick(self) -> None:
        self.now = self._loop.time()
        self.date = date_line(time.time())
        for connection in [held for held in self._connections if held.deadline < self.now]:
            connection.expire()
        self._tick_handle = self._loop.call_later(TICK_SECONDS, self._tick)


def _open_files() -> int:
    """Return how many files may be open, after asking for as many as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + _SPARE_FILES
    if soft < wanted:
        soft = min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _is_answered(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


def _cannot_listen(host: str, port: int, error: OSError) -> StartError:
    if host.startswith(UNIX_PREFIX):
        return StartError(f"LIKEWISE_HOST={host}: {error.strerror or error}.")
    return StartError(
        f"Cannot listen on {host} port {port}: {error.strerror or error}."
        " Choose another with --port or LIKEWISE_PORT, or stop the program that uses it."
    )
