"""`likewise health`: whether the running service can store likes, for health checks."""

from __future__ import annotations

import argparse
import socket
import sys

from likewise.cli import DONE, FAILED, add_settings
from likewise.settings import Settings

TIMEOUT_SECONDS = 5
_UNIX = "unix:"
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (read, not listened on)


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Take where the service listens."""
    add_settings(sub, "LIKEWISE_HOST", "LIKEWISE_PORT")


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Ask /readyz; 0 when it answers 200."""
    try:
        answer = _ask(settings.host, settings.port)
    except OSError as error:
        sys.stderr.write(f"likewise health: no answer from {settings.host}: {error}\n")
        return FAILED
    status = answer.split(b" ", 2)[1:2]
    if status == [b"200"]:
        return DONE
    body = answer.partition(b"\r\n\r\n")[2].decode()
    sys.stderr.write(f"likewise health: {body}\n")
    return FAILED


def _ask(host: str, port: int) -> bytes:
    """Ask over a plain socket: a health check shall not cost an HTTP client's memory."""
    with _connected(host, port) as connection:
        connection.sendall(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        answer = b""
        while piece := connection.recv(4_096):
            answer += piece
        return answer


def _connected(host: str, port: int) -> socket.socket:
    if not host.startswith(_UNIX):
        return socket.create_connection((_ANYWHERE.get(host, host), port), TIMEOUT_SECONDS)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(TIMEOUT_SECONDS)
    connection.connect(host.removeprefix(_UNIX))
    return connection
