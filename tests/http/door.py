"""The door on a real socket, in a thread of its own, and a client that knows bytes only."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from likewise.errors import Problem
from likewise.http.listener import UNIX_PREFIX
from likewise.http.message import Answer, Request, Response
from likewise.http.server import Server
from likewise.web.answers import JSON_TYPE, NO_STORE, problem_answer
from tests.service import Reply

WAIT_SECONDS = 20
BODY_LIMIT = 4_096
BIG_BODY_LIMIT = 1 << 20
GET = b"GET / HTTP/1.1\r\nHost: door\r\n\r\n"

T = TypeVar("T")


def get(target: str, *lines: str, method: str = "GET", version: str = "1.1") -> bytes:
    """Return a request without a body."""
    head = (f"{method} {target} HTTP/{version}", "Host: door", *lines)
    return "\r\n".join((*head, "", "")).encode("latin-1")


def post(body: bytes, *lines: str, target: str = "/") -> bytes:
    """Return a request with a sized body."""
    return get(target, f"Content-Length: {len(body)}", *lines, method="POST") + body


def chunked(*chunks: bytes, target: str = "/", trailers: bytes = b"") -> bytes:
    """Return a request with a chunked body."""
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    head = get(target, "Transfer-Encoding: chunked", method="POST")
    return head + body + b"0\r\n" + trailers + b"\r\n"


class Echo:
    """An app that answers with what it was asked, at once or when the test says so."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.pending: list[asyncio.Future[Response]] = []
        self.failures: list[tuple[BaseException, bytes | None]] = []

    def handle(self, request: Request) -> Answer:  # noqa: PLR0911 (one for each way to answer)
        self.requests.append(request)
        name, _, rest = request.path.decode("latin-1").removeprefix("/").partition("/")
        match name:
            case "later":
                self.pending.append(asyncio.get_running_loop().create_future())
                return self.pending[-1]
            case "soon":
                return self._soon(request, turns=len(rest))
            case "empty":
                return Response(204, NO_STORE, b"never sent")
            case "same":
                return Response(304, NO_STORE, b"never sent")
            case "large":
                return Response(200, NO_STORE, b"x" * int(rest))
            case "broken":
                raise ValueError("broken")
            case "broken-soon":
                return self._fail(ValueError("broken"))
            case "refused":
                raise Problem("not_found", "There is nothing.")
            case "refused-soon":
                return self._fail(Problem("not_found", "There is nothing."))
        return self.echo(request)

    def body_limit(self, request: Request) -> int:
        if request.path == b"/broken-limit":
            raise ValueError("broken")
        return BIG_BODY_LIMIT if request.path == b"/big" else BODY_LIMIT

    def failure(self, error: BaseException, path: bytes | None) -> Response:
        self.failures.append((error, path))
        if not isinstance(error, Problem):
            error = Problem("server_error", "broken")
        return problem_answer(error, NO_STORE)

    def echo(self, request: Request) -> Response:
        return Response(200, JSON_TYPE + NO_STORE, json.dumps(told(request)).encode())

    async def _soon(self, request: Request, turns: int) -> Response:
        for _ in range(turns):
            await asyncio.sleep(0)
        return self.echo(request)

    async def _fail(self, error: Exception) -> Response:
        await asyncio.sleep(0)
        raise error


def told(request: Request) -> dict[str, object]:
    """Return a request's parts as text."""
    return {
        "method": request.method,
        "path": request.path.decode("latin-1"),
        "query": request.query.decode("latin-1"),
        "headers": {k.decode("latin-1"): v.decode("latin-1") for k, v in request.headers.items()},
        "body": request.body.decode("latin-1"),
        "peer": request.peer,
    }


class Door:
    """`Server` around an `Echo`. Time passes when a test says so."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        *,
        is_trusted: bool = True,
        new_loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
    ) -> None:
        self.app = Echo()
        self.noise: list[str] = []  # what would be in the log
        self._host = host
        self._is_trusted = is_trusted
        self._skipped_seconds = 0.0
        self._clients: list[Client] = []
        self._ready = threading.Event()
        self._new_loop = new_loop
        self._thread = threading.Thread(target=self._run_loop)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(WAIT_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.close()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(WAIT_SECONDS)
        assert not self._thread.is_alive()

    def _run_loop(self) -> None:
        with asyncio.Runner(loop_factory=self._new_loop) as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(lambda _, context: self.noise.append(repr(context)))
        log = logging.getLogger("asyncio")
        handler = logging.Handler(logging.WARNING)
        handler.emit = lambda record: self.noise.append(record.getMessage())  # type: ignore[method-assign]
        log.addHandler(handler)
        self.server = Server(self.app, lambda _: self._is_trusted, self._monotonic)
        self.address = await self.server.listen(self._host, 0)
        self._ready.set()
        await self._stop.wait()
        await self.server.drain(0)
        log.removeHandler(handler)

    def _monotonic(self) -> float:
        return time.monotonic() + self._skipped_seconds

    def connect(self, *, receive_bytes: int | None = None) -> Client:
        """Return a new connection; with a small receive buffer its peer notices sooner."""
        client = Client(self.address, receive_bytes)
        self._clients.append(client)
        return client

    def ask(self, data: bytes) -> Reply:
        """Return the one answer that the bytes get on a connection of their own."""
        with self.connect() as client:
            client.send(data)
            return client.answer()

    def run(self, function: Callable[[], T]) -> T:
        """Call a function in the door's thread."""

        async def call() -> T:
            return function()

        return self.wait(call())

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the door's thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(WAIT_SECONDS)

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass, and the door notice."""
        self._skipped_seconds += seconds
        now = self._monotonic()
        until(lambda: self.server.now >= now)

    def drain(self, seconds: float = 600) -> Future[None]:
        """Begin to drain; the future is done when that is over."""
        return asyncio.run_coroutine_threadsafe(self.server.drain(seconds), self._loop)

    def finish(self, number: int, response: Response | BaseException | None = None) -> None:
        """Answer the request to `/later` that came as this number."""
        until(lambda: len(self.app.pending) > number)
        future = self.app.pending[number]
        if isinstance(response, BaseException):
            self.run(lambda: future.set_exception(response))
        else:
            body = b"%d" % number
            self.run(lambda: future.set_result(response or Response(200, NO_STORE, body)))

    def limit_kernel(self, bytes_: int) -> None:
        """Let the kernel hold no more than so much of what new connections are sent."""
        for listening in self.server._listener._backlogs:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, bytes_)

    @property
    def connections(self) -> int:
        """How many connections the door holds."""
        return self.run(lambda: len(self.server._connections))


class Client:
    """A connection to the door."""

    def __init__(
        self, address: str, receive_bytes: int | None = None, source: str | None = None
    ) -> None:
        family, place = _place(address)
        self.socket = socket.socket(family)
        self.socket.settimeout(WAIT_SECONDS)
        if source is not None:
            self.socket.bind((source, 0))
        if receive_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        try:
            self.socket.connect(place)
        except OSError:
            self.socket.close()
            raise
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.socket.sendall(piece)

    def send_while_taken(self, data: bytes, seconds: float = 0.5) -> int:
        """Send the same bytes over and over until the door takes no more; return how many."""
        self.socket.settimeout(seconds)
        sent_bytes = 0
        with contextlib.suppress(TimeoutError):
            while True:
                sent_bytes += self.socket.send(data)
        self.socket.settimeout(WAIT_SECONDS)
        return sent_bytes

    def answer(self, *, is_head: bool = False) -> Reply:
        """Read one answer; fails where the connection ends first."""
        status_line = self._file.readline()
        assert status_line.endswith(b"\r\n"), f"the connection ended: {status_line!r}"
        version, status, _ = status_line.decode().split(" ", 2)
        assert version == "HTTP/1.1"
        headers: dict[str, str] = {}
        while (line := self._file.readline().decode("latin-1").rstrip("\r\n")) != "":
            name, _, value = line.partition(": ")
            assert name not in headers, line
            headers[name] = value
        has_body = not is_head and int(status) >= 200 and int(status) not in {204, 304}
        size_bytes = int(headers["content-length"]) if has_body else 0
        body = self._file.read(size_bytes)
        assert len(body) == size_bytes, "the connection ended in a body"
        return Reply(int(status), headers, body)

    def answers(self, count: int) -> list[Reply]:
        return [self.answer() for _ in range(count)]

    def rest(self) -> bytes:
        """Read to the end of the connection."""
        return self._file.read()

    def hang_up(self) -> None:
        """Say that nothing more will be sent."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """End the connection without a farewell, as a crash does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self._file.close()
        self.socket.close()


def _place(address: str) -> tuple[socket.AddressFamily, str | tuple[str, int]]:
    if address.startswith(UNIX_PREFIX):
        return socket.AF_UNIX, address.removeprefix(UNIX_PREFIX)
    parts = urlsplit(address)
    assert parts.hostname is not None
    assert parts.port is not None
    family = socket.AF_INET6 if ":" in parts.hostname else socket.AF_INET
    return family, (parts.hostname, parts.port)


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.005)
