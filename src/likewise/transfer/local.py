"""The database of this machine, for commands that write: through its server, or alone.

Knows the lock file's facts and HTTP; must not know what is written.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from likewise.errors import StartError
from likewise.forms import UNIX_PREFIX
from likewise.settings import Settings
from likewise.store.file import Lock
from likewise.store.opening import open_store
from likewise.store.sqlite import SqliteStore

TIMEOUT_SECONDS = 30


@asynccontextmanager
async def alone(settings: Settings) -> AsyncIterator[SqliteStore]:
    """Open the database while no server has it. Raises `StartError`."""
    lock = Lock(settings.database_path)
    try:
        store = open_store(settings.database_path, settings.secret, create=False)
        try:
            yield store
        finally:
            await store.close()
    finally:
        lock.release()


def ask(
    server: Mapping[str, Any],
    method: str,
    path: str,
    body: bytes,
    timeout_seconds: float | None = TIMEOUT_SECONDS,
) -> Any:  # noqa: ANN401 (JSON)
    """Send a request with the key that the server left for us; return its JSON, or None.

    Without a timeout it waits for as long as the server works.
    Raises `StartError` with what the server says where it refuses.
    """
    address = server.get("address")
    if not address:  # it is about to start, or it is another program's guest (ASGI)
        process = server.get("pid", "?")
        raise StartError(
            f"Process {process} has the database and takes no commands. Stop it first."
        )
    headers = {"X-API-Key": str(server.get("key", "")), "Content-Type": "application/json"}
    connection = _Connection(str(address), timeout_seconds)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read()
        answer = json.loads(text) if text else None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise StartError(f"The server at {address} does not answer: {error}.") from None
    finally:
        connection.close()
    if response.status >= http.client.BAD_REQUEST:
        raise StartError(f"The server refused: {answer and answer.get('detail')}")
    return answer


class _Connection(http.client.HTTPConnection):
    """A connection to an address as `serve` tells it, which may be a unix socket."""

    def __init__(self, address: str, timeout_seconds: float | None) -> None:
        self._path = address.removeprefix(UNIX_PREFIX) if address.startswith(UNIX_PREFIX) else None
        name = "localhost" if self._path else address.removeprefix("http://")
        super().__init__(name, timeout=timeout_seconds)

    def connect(self) -> None:
        if self._path is None:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
