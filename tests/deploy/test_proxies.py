"""The Caddy and nginx configurations as they are shipped, run for real with TLS.

Each overwrites what clients say about where they are: nobody passes for somebody else.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import StartService
from tests.service import ORIGIN, Service, free_port, voter
from tests.told_server import certificate
from tests.web import nginx as web_nginx

DEPLOY = Path(__file__).parents[2] / "deploy"
START_SECONDS = 20
DAY = 3  # likes of a page from one network
LIMITS = f"burst=99/1s,day={DAY},writes=60000/min,likes=60000,pages=60000"
READER, OTHER = "127.0.0.2", "127.0.0.3"  # the service trusts 127.0.0.1 alone
# `%s` is another address each time.
FORGED = {
    "X-Forwarded-For": "X-Forwarded-For: %s",
    "several lines": "X-Forwarded-For: %s\r\nX-Forwarded-For: %s\r\nx-forwarded-for: 127.0.0.1",
    "a list": "X-Forwarded-For: %s, 127.0.0.1",
    "Forwarded": "Forwarded: for=%s",
    "X-Real-IP": "X-Real-IP: %s",
    "CF-Connecting-IP": "CF-Connecting-IP: %s",
    "True-Client-IP": "True-Client-IP: %s",
    "all": "X-Forwarded-For: %s\r\nForwarded: for=%s\r\nX-Real-IP: %s\r\nCF-Connecting-IP: %s",
    "hop by hop": "Connection: close, X-Forwarded-For\r\nX-Forwarded-For: %s",
}

_numbers = count(1)


class Front(NamedTuple):
    """A proxy with TLS in front of a service."""

    service: Service
    port: int
    tls: ssl.SSLContext

    def answer(self, request: bytes, reader: str = READER) -> bytes:
        """Send a request as the reader at an address; return all that comes back."""
        place = ("127.0.0.1", self.port)
        with (
            socket.create_connection(place, START_SECONDS, source_address=(reader, 0)) as plain,
            self.tls.wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            connection.sendall(request)
            answer = b""
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                while piece := connection.recv(65_536):
                    answer += piece
            return answer

    def status(self, request: bytes, reader: str = READER) -> int:
        """Send a request; return the status of the answer."""
        return int(self.answer(request, reader).split()[1])


def like(page: str, *lines: str, padding: int = 0) -> bytes:
    """Return a like by a new voter, with header lines of his own."""
    number = next(_numbers)
    forged = f"198.51.{number >> 8}.{number & 255}"
    body = json.dumps({"page": page, "voter": voter(number), "padding": "x" * padding})
    head = [
        *("POST /v1/like HTTP/1.1", "Host: localhost", f"Origin: {ORIGIN}"),
        *("Content-Type: text/plain", f"Content-Length: {len(body)}"),
        *(line.replace("%s", forged) for line in lines),
    ]
    closes = [] if any("Connection" in line for line in lines) else ["Connection: close"]
    return "\r\n".join([*head, *closes, "", body]).encode()


@contextmanager
def caddy(folder: Path, service: Service, port: int) -> Iterator[ssl.SSLContext]:
    """Run Caddy with the shipped file; its own authority signs for localhost."""
    environment = {
        **os.environ,
        **dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(folder)),
        "LIKEWISE_URL": f"https://localhost:{port}",
        "LIKEWISE_UPSTREAM": f"127.0.0.1:{service.port}",
    }
    # Port 80, for redirects, is not ours to take here.
    text = (DEPLOY / "caddy" / "Caddyfile").read_text(encoding="utf-8")
    path = folder / "Caddyfile"
    path.write_text(text.replace("admin off", f"admin off\n\thttp_port {free_port()}"))
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(path)]
    authority = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    with running(command, folder, environment):
        wait_until(authority.exists)
        yield ssl.create_default_context(cafile=str(authority))


@contextmanager
def nginx(folder: Path, service: Service, port: int) -> Iterator[ssl.SSLContext]:
    """Run nginx with the shipped file, its places and name changed as its first line says."""
    made = certificate(folder, "DNS:localhost")
    text = (DEPLOY / "nginx" / "likewise.conf").read_text(encoding="utf-8")
    for old, new in {
        "server likewise:8000;": f"server 127.0.0.1:{service.port};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "listen [::]:443 ssl;": "",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen [::]:80;": "",
        "likes.example.com": "localhost",
        "/etc/nginx/certificates/fullchain.pem": str(made.file),
        "/etc/nginx/certificates/privkey.pem": str(made.key),
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "nginx.conf"
    path.write_text(web_nginx.CONFIGURATION.format(directory=folder, server=text))
    command = [web_nginx.PROGRAM, "-p", str(folder), "-c", str(path), "-e", f"{folder}/log"]
    with running(command, folder, dict(os.environ)):
        yield ssl.create_default_context(cafile=str(made.file))


@contextmanager
def running(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + START_SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


PROXIES = {"caddy": (caddy, "caddy"), "nginx": (nginx, "nginx-light")}


@pytest.fixture(params=PROXIES)
def front(
    request: pytest.FixtureRequest, start_service: StartService, tmp_path: Path
) -> Iterator[Front]:
    start, package = PROXIES[request.param]
    if shutil.which(request.param, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
        pytest.skip(f"{request.param} is missing: apt-get install {package}")
    # As in the compose files the proxy is trusted; the readers' own addresses here are not.
    service = start_service(LIKEWISE_TRUSTED_PROXIES="127.0.0.1", LIKEWISE_LIMITS=LIMITS)
    port, folder = free_port(), tmp_path / "proxy"
    folder.mkdir()
    with start(folder, service, port) as tls:
        front = Front(service, port, tls)
        wait_until(lambda: is_ready(front))
        yield front


def is_ready(front: Front) -> bool:
    request = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    try:
        return front.status(request) == 200
    except (OSError, IndexError):
        return False


def test_a_page_is_liked_over_tls(front: Front) -> None:
    assert front.status(like("/hello")) == 200
    assert front.service.count("/hello") == 1


def test_no_header_of_the_client_changes_its_network(front: Front) -> None:
    for name, lines in FORGED.items():
        page = f"/forged/{next(_numbers)}"
        statuses = [front.status(like(page, lines)) for _ in range(DAY + 2)]
        assert statuses == [200] * DAY + [429] * 2, name
        assert front.status(like(page), OTHER) == 200, name


def test_large_bodies_do_not_come_through(front: Front) -> None:
    # Older releases of Caddy say that the body could not be sent on.
    assert front.status(like("/hello", padding=17_000)) in {413, 502}
    assert front.service.count("/hello") == 0


def test_large_headers_do_not_come_through(front: Front) -> None:
    request = like("/hello", "X: " + "y" * 40_000)
    answer = front.answer(request)
    assert not answer or answer.split()[1] in {b"400", b"431", b"414"}
    assert front.service.count("/hello") == 0


def test_who_sends_no_headers_is_hung_up_on(front: Front) -> None:
    """After 10 seconds, as both files say."""
    began = time.monotonic()
    answer = front.answer(b"POST /v1/like HTTP/1.1\r\nHost: localhost\r\n")
    assert not answer or answer.split()[1] == b"408"
    assert time.monotonic() - began >= 9
