"""Web servers on loopback that answer what they are told to, friendly or not."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple, Protocol

Answer = Callable[[BaseHTTPRequestHandler], None]
Answers = dict[str, bytes | Answer]


class Serve(Protocol):
    """Starts a server; returns its address without a path."""

    def __call__(
        self, answers: Answers, *, ip: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> str: ...


@contextlib.contextmanager
def servers() -> Iterator[Serve]:
    """Yield what starts servers; all of them are stopped at the end."""
    with contextlib.ExitStack() as stack:

        def start(
            answers: Answers, *, ip: str = "127.0.0.1", tls: ssl.SSLContext | None = None
        ) -> str:
            server = (_Server6 if ":" in ip else _Server)((ip, 0), _handler(answers))
            if tls:
                server.socket = tls.wrap_socket(
                    server.socket, server_side=True, do_handshake_on_connect=False
                )
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return f"{'https' if tls else 'http'}://{ip}:{server.server_port}"

        yield start


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing: clients hang up on hostile answers."""


class _Server6(_Server):
    address_family = socket.AF_INET6


def _handler(answers: Answers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(self.path)
            if callable(answer):
                answer(self)
                return
            self.send_response(200 if answer is not None else 404)
            self.send_header("Content-Length", str(len(answer or b"")))
            self.end_headers()
            self.wfile.write(answer or b"")

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def redirect(location: str, status: int = 302) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Location", location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def flood(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(b" " * 65_536)


def drip(start: bytes) -> Answer:
    """Answer a start at once, and then a blank every 50 ms without end."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        with contextlib.suppress(OSError):
            handler.wfile.write(start)
            while True:
                handler.wfile.write(b" ")
                time.sleep(0.05)

    return answer


class Certificate(NamedTuple):
    """A throw-away certificate, signed by itself."""

    file: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Return what a server needs to show it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


def certificate(folder: Path, *names: str) -> Certificate:
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    alternatives = ",".join(names)
    subprocess.run(
        [
            *command.split(),
            *("-subj", "/CN=throw-away", "-addext", f"subjectAltName={alternatives}"),
            *("-out", made.file, "-keyout", made.key),
        ],
        check=True,
        capture_output=True,
    )
    return made
