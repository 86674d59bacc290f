"""Asking the running server, on behalf of a command of the same user.

Knows the lock file's facts and HTTP; must not know what is asked.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from typing import Any

from likewise.errors import StartError

TIMEOUT_SECONDS = 30
_UNIX = "unix:"


def ask(server: Mapping[str, Any], method: str, path: str, body: bytes) -> Any:  # noqa: ANN401 (JSON)
    """Send a request with the key that the server left for us; return its JSON, or None.

    Raises `StartError` with what the server says where it refuses.
    """
    address = str(server.get("address", ""))
    headers = {"X-API-Key": str(server.get("key", "")), "Content-Type": "application/json"}
    connection = _connection(address)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read()
    except OSError as error:
        raise StartError(f"The server at {address} does not answer: {error}.") from None
    finally:
        connection.close()
    if response.status >= http.client.BAD_REQUEST:
        raise StartError(f"The server refused: {json.loads(text)['detail']}")
    return json.loads(text) if text else None


def _connection(address: str) -> http.client.HTTPConnection:
    if not address.startswith(_UNIX):
        return http.client.HTTPConnection(address.removeprefix("http://"), timeout=TIMEOUT_SECONDS)
    connection = http.client.HTTPConnection("localhost", timeout=TIMEOUT_SECONDS)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(address.removeprefix(_UNIX))
    return connection
