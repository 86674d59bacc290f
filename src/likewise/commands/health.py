"""`likewise health`: whether the running service can store likes, for health checks."""

from __future__ import annotations

import argparse
import json
import socket

from likewise.cli import DONE
from likewise.errors import StartError
from likewise.forms import UNIX_PREFIX
from likewise.options import add_settings
from likewise.settings import Settings

TIMEOUT_SECONDS = 5
MAX_ANSWER_BYTES = 16_384
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (read, not listened on)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take where the service listens."""
    add_settings(parser, "LIKEWISE_HOST", "LIKEWISE_PORT")


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Ask /readyz; 0 when it answers 200. Raises `StartError` with the reason why not."""
    is_socket = settings.host.startswith(UNIX_PREFIX)
    where = settings.host if is_socket else f"{settings.host} port {settings.port}"
    try:
        head, _, body = _ask(settings.host, settings.port).partition(b"\r\n\r\n")
    except OSError as error:
        raise StartError(f"No answer at {where}: {error.strerror or error}.") from None
    if not head.startswith(b"HTTP/1.1 "):
        raise StartError(f"What answers at {where} is another program.")
    if head.startswith(b"HTTP/1.1 200 "):
        return DONE
    raise StartError(_detail(body))


def _ask(host: str, port: int) -> bytes:
    """Ask over a plain socket: a health check shall not cost an HTTP client's memory."""
    answer = b""
    with _connected(host, port) as connection:
        connection.sendall(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        while len(answer) < MAX_ANSWER_BYTES and (piece := connection.recv(MAX_ANSWER_BYTES)):
            answer += piece
    return answer


def _connected(host: str, port: int) -> socket.socket:
    if not host.startswith(UNIX_PREFIX):
        return socket.create_connection((_ANYWHERE.get(host, host), port), TIMEOUT_SECONDS)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(TIMEOUT_SECONDS)
    connection.connect(host.removeprefix(UNIX_PREFIX))
    return connection


def _detail(body: bytes) -> str:
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return "The service is not ready."
