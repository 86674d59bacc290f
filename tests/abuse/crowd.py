"""Those who write: requests as bytes, sent as fast as they go, and honest readers beside them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Self

from tests.service import ORIGIN, Service, address, voter

WAIT_SECONDS = 20
PIECE = 32  # requests on the way at once, on one connection

_numbers = count(1_000_000)


def fresh_number() -> int:
    """Return a number that nobody had before: of a reader, or of a page."""
    return next(_numbers)


def fresh_address() -> str:
    """Return a public IPv4 address from which nothing has come yet."""
    return address(fresh_number())


def fresh_voter() -> str:
    """Return a token that nobody has used yet."""
    return voter(fresh_number())


def post(target: str, body: str | bytes, headers: Mapping[str, str]) -> bytes:
    """Return a POST as bytes."""
    content = body.encode() if isinstance(body, str) else body
    lines = {"Host": "likes.example", "Content-Length": str(len(content)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {target} HTTP/1.1\r\n{head}\r\n".encode() + content


def like(
    page: str,
    who: str | None = None,
    at: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    **fields: object,
) -> bytes:
    """Return a like; of a new reader, where none is named, and as a proxy that names `at` sends."""
    lines = {"Origin": ORIGIN, "Content-Type": "text/plain", **(headers or {})}
    if at is not None:
        lines["X-Forwarded-For"] = at
    body = {"page": page, "voter": who or fresh_voter(), **fields}
    return post("/v1/like", json.dumps(body), lines)


def view(page: str, at: str, agent: str, **fields: object) -> bytes:
    """Return a view, as a proxy that names `at` sends what calls itself `agent`."""
    lines = {"Origin": ORIGIN, "User-Agent": agent, "X-Forwarded-For": at}
    return post("/v1/view", json.dumps({"page": page, **fields}), lines)


class Sender:
    """One connection that is kept, with many requests on the way at once."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection(
            ("127.0.0.1", port), WAIT_SECONDS, source_address=(source, 0)
        )
        self._answers = self._socket.makefile("rb")

    def send(self, requests: Sequence[bytes], at_once: int = PIECE) -> list[int]:
        """Send them all, some at once; return the statuses of the answers."""
        statuses = []
        for first in range(0, len(requests), at_once):
            piece = requests[first : first + at_once]
            self._socket.sendall(b"".join(piece))
            statuses += [self._status() for _ in piece]
        return statuses

    def close(self) -> None:
        self._answers.close()
        self._socket.close()

    def _status(self) -> int:
        status = int(self._answers.readline().split()[1])
        size_bytes = 0
        while (line := self._answers.readline().lower()) not in {b"\r\n", b""}:
            if line.startswith(b"content-length:"):
                size_bytes = int(line.partition(b":")[2])
        self._answers.read(size_bytes)
        return status


@contextmanager
def sender(port: int, source: str = "127.0.0.1") -> Iterator[Sender]:
    """Connect; from another address of this machine, where one is named."""
    running = Sender(port, source)
    try:
        yield running
    finally:
        running.close()


def sent(port: int, requests: Sequence[bytes], at_once: int = PIECE) -> list[int]:
    """Send requests on one connection; return the statuses of the answers."""
    with sender(port) as running:
        return running.send(requests, at_once)


class HonestReaders:
    """Readers, each at an address of his own, who like a page once while somebody attacks it."""

    def __init__(self, service: Service, page: str) -> None:
        self._service = service
        self._page = page
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._like)
        self.statuses: list[int] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(WAIT_SECONDS)

    @property
    def counted(self) -> int:
        """How many were told that their like counts."""
        return self.statuses.count(200)

    @property
    def refused(self) -> int:
        """How many were told anything else."""
        return len(self.statuses) - self.counted

    def _like(self) -> None:
        while True:
            reply = self._service.like(self._page, fresh_voter(), address=fresh_address())
            self.statuses.append(reply.status)
            if self._stop.wait(0.05):
                return
