"""Connections to servers that may be anybody's: whatever is waited for ends at one deadline.

Knows names, addresses and time; must not know what is said on a connection.
"""

from __future__ import annotations

import io
import socket
import threading
import time
from queue import Empty, SimpleQueue
from typing import Any

Target = tuple[socket.AddressFamily, Any]


def resolved(host: str, port: int, seconds: float) -> list[Target]:
    """Return the addresses of a host. The system's resolver knows no deadline, so a thread asks."""
    answers: SimpleQueue[list[Target] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([(family, target) for family, *_, target in found])
        except (OSError, ValueError) as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def connection(family: socket.AddressFamily, target: Any, seconds: float) -> socket.socket:  # noqa: ANN401 (as Python calls it)
    """Return a connection to an address, made within so many seconds. Raises `OSError`."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(seconds)
        sock.connect(target)
    except OSError:
        sock.close()
        raise
    return sock


class Deadline:
    """The moment at which all waiting ends."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def seconds_left(self) -> float:
        """Return how long may still be waited. Raises `TimeoutError` when it is over."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class Timed(io.RawIOBase):
    """What a socket receives until the deadline, however small the pieces that it comes in.

    A socket's own timeout starts anew with each piece, so a server that drips would hold us.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._socket = sock
        self._deadline = deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what `http.client` reads from."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Say that it is made to be read."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 (typing has no buffers before 3.12)
        """Fill the buffer with what comes; raises `TimeoutError`."""
        self._socket.settimeout(self._deadline.seconds_left())
        return self._socket.recv_into(buffer)
