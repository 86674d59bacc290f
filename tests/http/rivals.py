"""The same bytes to our door and to uvicorn, all in one event loop, and what each made of them.

Our door reads from a real socket. uvicorn gets byte after byte, so that each of its answers is
out before the next request comes: it would answer a fault at once, ahead of what came before.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import NamedTuple

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from likewise.http.asgi import Asgi, Receive, Scope, Send
from likewise.http.connection import Connection
from likewise.http.message import Answer, App, Request
from likewise.http.server import Server
from tests.http.door import Echo

QUIET_TURNS = 32  # of the loop, each of one read: more than the largest head takes
MOST_TURNS = 2_000

Uvicorn = type[HttpToolsProtocol] | type[H11Protocol]


class Asked(NamedTuple):
    """A request as the app saw it, complete."""

    method: str
    path: bytes
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def header(self, name: bytes) -> bytes | None:
        return dict(self.headers).get(name)


class Begun(NamedTuple):
    """A request as a rival read it, before its body and before anything of ours has judged it."""

    version: str
    method: str
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]

    def header(self, name: bytes) -> bytes | None:
        """All lines of the name, joined."""
        values = [value.strip() for key, value in self.headers if key == name]
        return b", ".join(values) if values else None


class Conversation(NamedTuple):
    """What came of some bytes."""

    statuses: tuple[int, ...]
    asked: tuple[Asked, ...]
    is_closed: bool
    refusal: str = ""  # the detail of our last
    begun: tuple[Begun, ...] = ()
    rest: bytes = b""  # what uvicorn has heard since its last answer, until it closed


class Witness(Echo):
    """An `Echo` that keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Asked] = []

    def handle(self, request: Request) -> Answer:
        headers = tuple(sorted(request.headers.items()))
        self.asked.append(Asked(request.method, request.path, request.query, headers, request.body))
        return super().handle(request)


class Rivals:
    """Our door, uvicorn over the same parser, and uvicorn over h11, which is stricter."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()

    def ours(self, data: bytes) -> Conversation:
        """Say this to our door."""
        return self._runner.run(_to_our_door(data))

    def uvicorn(self, data: bytes) -> Conversation:
        """Say this to uvicorn over httptools."""
        return self._runner.run(_to_uvicorn(data, HttpToolsProtocol))

    def strict(self, data: bytes) -> Conversation:
        """Say this to uvicorn over h11."""
        return self._runner.run(_to_uvicorn(data, H11Protocol))

    def close(self) -> None:
        self._runner.close()


@contextmanager
def rivals() -> Iterator[Rivals]:
    """Keep the three, and uvicorn's log quiet."""
    log = logging.getLogger("uvicorn.error")
    level = log.level
    log.setLevel(logging.CRITICAL)
    running = Rivals()
    try:
        yield running
    finally:
        running.close()
        log.setLevel(level)


async def _to_our_door(data: bytes) -> Conversation:
    app = Witness()
    server = Server(app, lambda _: True)
    ours, theirs = socket.socketpair()
    with ours:
        ours.setblocking(False)
        server.begin(Connection(server), theirs)
        unsent, said, is_closed, quiet = memoryview(data), b"", False, 0
        while quiet < QUIET_TURNS:
            unsent, sent = _send(ours, unsent)
            heard, is_closed = _hear(ours)
            said += heard
            quiet = 0 if heard or sent else quiet + 1
            await asyncio.sleep(0)
    await _until(lambda: theirs.fileno() == -1)
    server.close()
    refusal = str(app.failures[-1][0]) if app.failures else ""
    return Conversation(statuses_of(said), tuple(app.asked), is_closed, refusal)


async def _to_uvicorn(data: bytes, kind: Uvicorn) -> Conversation:
    app, state = Witness(), ServerState()
    begun: list[Begun] = []
    guest = Asgi(lambda: _running(app))

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        target = scope["raw_path"] + b"?" + scope["query_string"]
        headers = tuple((name, value) for name, value in scope["headers"])
        begun.append(Begun(scope["http_version"], scope["method"], target, headers))
        await guest(scope, receive, send)

    config = Config(note, http=kind, lifespan="off", log_config=None, access_log=False)
    config.load()
    async with asynccontextmanager(guest.lifespan)():
        protocol = kind(config, state, {})
        said, is_closed, rest = await _told_byte_by_byte(protocol, state, data)
        await _until(lambda: not (state.connections or state.tasks))
    return Conversation(statuses_of(said), tuple(app.asked), is_closed, "", tuple(begun), rest)


async def _told_byte_by_byte(
    protocol: HttpToolsProtocol | H11Protocol, state: ServerState, data: bytes
) -> tuple[bytes, bool, bytes]:
    """Return what is answered, whether the connection is closed then, and what was not answered."""
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    with ours:
        ours.setblocking(False)
        transport, _ = await loop.connect_accepted_socket(lambda: protocol, theirs)
        rest, answers = b"", 0
        for octet in data:
            if transport.is_closing():
                break
            if state.total_requests != answers:
                rest, answers = b"", state.total_requests
            rest += bytes((octet,))
            try:
                protocol.data_received(bytes((octet,)))
            except Exception:  # noqa: BLE001 (uvicorn over h11 may fail to refuse)
                transport.abort()  # as asyncio does
            await _settled(state)
        for _ in range(QUIET_TURNS):
            await asyncio.sleep(0)
        said = b""
        while heard := _hear(ours)[0]:
            said += heard
        is_closed = _hear(ours)[1]
        transport.abort()
    return said, is_closed, rest


@asynccontextmanager
async def _running(app: App) -> AsyncIterator[App]:
    yield app


async def _settled(state: ServerState) -> None:
    """Let uvicorn's tasks go as far as they can without another byte."""
    turns = 0
    while state.tasks and turns < 4:
        turns += 1
        await asyncio.sleep(0)


async def _until(is_so: Callable[[], bool]) -> None:
    for _ in range(MOST_TURNS):
        if is_so():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to be")


def _send(sock: socket.socket, data: memoryview) -> tuple[memoryview, int]:
    sent = 0
    with contextlib.suppress(OSError):  # full, or closed by the door
        sent = sock.send(data) if data else 0
    return data[sent:], sent


def _hear(sock: socket.socket) -> tuple[bytes, bool]:
    """Return what has come, and whether that was the end."""
    try:
        heard = sock.recv(65_536)
    except BlockingIOError:
        return b"", False
    except ConnectionResetError:
        return b"", True
    return heard, not heard


def statuses_of(said: bytes) -> tuple[int, ...]:
    """Return the final answers' statuses, and fail where an answer is not whole."""
    statuses = []
    while said:
        head, blank, said = said.partition(b"\r\n\r\n")
        assert blank, head
        match = re.match(rb"HTTP/1\.1 (\d\d\d) ", head)
        assert match, head
        if match[1] == b"100":
            continue
        statuses.append(int(match[1]))
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        if not length:
            if match[1] not in {b"204", b"304"}:
                break  # uvicorn over h11 refuses with a body that lasts to the end
        # No body here begins like an answer, so that one to HEAD can be told.
        elif said and not said.startswith(b"HTTP/1.1 "):
            size_bytes = int(length[1])
            assert len(said) >= size_bytes, said
            said = said[size_bytes:]
    return tuple(statuses)
