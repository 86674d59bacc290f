"""Real proxies in front of a real service, and an ear on the line between them.

Each keeps its connections to the service and lends them to one reader after another: that is
where a smuggled request, or an answer out of step, would reach somebody else.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import h11

from tests.http.rivals import statuses_of
from tests.service import free_port
from tests.web import nginx as web_nginx

START_SECONDS = 20

CADDY = """
{{
    admin off
    auto_https off
    storage file_system {directory}
}}
http://:{port} {{
    bind 127.0.0.1
    reverse_proxy 127.0.0.1:{service_port}
}}
"""
HAPROXY = """
global
    maxconn 256
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
    option forwardfor
frontend readers
    bind 127.0.0.1:{port}
    default_backend likes
backend likes
    http-reuse always
    server likes 127.0.0.1:{service_port}
"""
# As the guide has it, with kept connections: one server to all readers.
NGINX_UPSTREAM = "upstream likes {{ server 127.0.0.1:{service_port}; keepalive 1; }}\n"


class Forwarded(NamedTuple):
    """A request as a proxy sent it on, read by h11, which shares no code with our door."""

    method: str
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Line:
    """One connection of a proxy to the service, and all that was said on it."""

    def __init__(self) -> None:
        self.said_by_proxy = bytearray()
        self.said_by_service = bytearray()

    @property
    def requests(self) -> list[Forwarded]:
        """All complete requests up to the first fault."""
        return _requests_in(bytes(self.said_by_proxy))

    @property
    def statuses(self) -> tuple[int, ...]:
        """The service's final answers."""
        return statuses_of(bytes(self.said_by_service))


class Relay:
    """Listens for a proxy, passes everything on to the service, and keeps a copy."""

    def __init__(self, service_port: int) -> None:
        self._service_port = service_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.lines: list[Line] = []
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def close(self) -> None:
        """End all connections, and wait for the threads."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(START_SECONDS)
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(START_SECONDS)
        for sock in (self._listener, *self._sockets):
            sock.close()

    def _start(self, function: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=function, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                proxy, _ = self._listener.accept()
                service = socket.create_connection(("127.0.0.1", self._service_port))
                line = Line()
                self.lines.append(line)
                self._sockets += [proxy, service]
                self._start(_pump, proxy, service, line.said_by_proxy)
                self._start(_pump, service, proxy, line.said_by_service)


def _pump(source: socket.socket, sink: socket.socket, copy: bytearray) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            copy += data
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _requests_in(data: bytes) -> list[Forwarded]:
    reader = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    reader.receive_data(data)
    requests: list[Forwarded] = []
    head, body = None, b""
    while True:
        try:
            event = reader.next_event()
        except h11.RemoteProtocolError:
            return requests
        if isinstance(event, h11.Request):
            head, body = event, b""
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            lines = tuple((bytes(name), bytes(value)) for name, value in head.headers)
            requests.append(Forwarded(head.method.decode(), bytes(head.target), lines, body))
            reader.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
            reader.send(h11.EndOfMessage())
            if reader.our_state is reader.their_state is h11.DONE:
                reader.start_next_cycle()
            elif _is_kept(head):
                return requests + _requests_in(reader.trailing_data[0])
            else:
                return requests
        else:
            return requests


def _is_kept(head: h11.Request) -> bool:
    """Whether HTTP/1.0 goes on, which h11 never lets it."""
    options = (value.lower() for name, value in head.headers if name == b"connection")
    return head.http_version == b"1.0" and b"keep-alive" in options


class Setting(NamedTuple):
    """How a proxy is started."""

    program: str
    package: str
    arguments: tuple[str, ...]
    configuration: str


NGINX_ARGUMENTS = ("-p", "{directory}", "-e", "{directory}/log", "-c")
# nginx either appends to what the reader has written, as the guide has it, or overwrites it.
OVERWRITING = "nginx, overwriting"
PROXIES = {
    "nginx": Setting(web_nginx.PROGRAM, "nginx-light", NGINX_ARGUMENTS, ""),
    OVERWRITING: Setting(web_nginx.PROGRAM, "nginx-light", NGINX_ARGUMENTS, ""),
    "caddy": Setting("caddy", "caddy", ("run", "--adapter", "caddyfile", "--config"), CADDY),
    "haproxy": Setting("haproxy", "haproxy", ("-db", "-q", "-f"), HAPROXY),
}


def program_of(name: str) -> str | None:
    """Return where a proxy's program is, None where it is not installed."""
    program = PROXIES[name].program
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


@contextmanager
def proxy(name: str, directory: Path, service_port: int) -> Iterator[int]:
    """Run a proxy in front of what listens there; return its port."""
    port, path = free_port(), directory / "configuration"
    places = {"directory": directory, "port": port, "service_port": service_port}
    text = PROXIES[name].configuration.format(**places) or _nginx(port, service_port, directory)
    if name == OVERWRITING:
        text = text.replace("$proxy_add_x_forwarded_for", "$remote_addr")
    path.write_text(text, encoding="utf-8")
    program = program_of(name)
    assert program is not None
    arguments = [argument.format(**places) for argument in PROXIES[name].arguments]
    homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(directory))
    with (directory / "output").open("wb") as output:
        process = subprocess.Popen(
            [program, *arguments, path],
            env={**os.environ, **homes},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_for(port, process, directory / "output")
        yield port
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _nginx(port: int, service_port: int, directory: Path) -> str:
    server = web_nginx._server_of_the_guide(port, service_port)
    server = server.replace(f"http://127.0.0.1:{service_port}", "http://likes")
    upstream = NGINX_UPSTREAM.format(service_port=service_port)
    return web_nginx.CONFIGURATION.format(directory=directory, server=upstream + server)


def _wait_for(port: int, process: subprocess.Popen[bytes], output: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise AssertionError(f"the proxy did not start:\n{output.read_text(errors='replace')}")
