"""Connections that do nothing: opened, kept alive with a request a minute, counted.

Knows sockets; must not know what else is measured.
"""

from __future__ import annotations

import contextlib
import resource
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Self

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
TURN_SECONDS = 1.0
TURNS = 60  # until each had its request; the service closes after 120 s
WAIT_SECONDS = 20
SPARE_FILES = 256


class IdleConnections:
    """So many connections to a port of this machine, while the `with` block lasts."""

    def __init__(self, port: int, number: int) -> None:
        self._port = port
        self._number = number
        self._sockets: list[socket.socket | None] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep)

    @property
    def held(self) -> int:
        """How many are open."""
        return sum(one is not None for one in self._sockets)

    def __enter__(self) -> Self:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most < self._number + SPARE_FILES:
            sys.exit(f"{self._number:,} connections need a higher limit of open files (ulimit -n).")
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self._sockets = [None] * self._number
        for index in range(self._number):
            self._ask([index])
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for one in self._sockets:
            if one is not None:
                one.close()

    def _keep(self) -> None:
        turn = 0
        while not self._stop.wait(TURN_SECONDS):
            self._ask(range(turn, self._number, TURNS))
            turn = (turn + 1) % TURNS

    def _ask(self, indices: list[int] | range) -> None:
        """Send a request on each, then take the answers; open anew what is not open."""
        for index in indices:
            with self._dropped(index):
                one = self._sockets[index]
                if one is None:
                    address = ("127.0.0.1", self._port)
                    one = self._sockets[index] = socket.create_connection(address, WAIT_SECONDS)
                one.sendall(REQUEST)
        for index in indices:
            one = self._sockets[index]
            if one is not None:
                with self._dropped(index):
                    if not one.recv(4_096).startswith(b"HTTP/1.1 200 "):
                        raise ConnectionResetError

    @contextlib.contextmanager
    def _dropped(self, index: int) -> Iterator[None]:
        """Forget a connection that is lost."""
        try:
            yield
        except OSError:
            one, self._sockets[index] = self._sockets[index], None
            if one is not None:
                one.close()
