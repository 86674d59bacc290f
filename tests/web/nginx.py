"""A real nginx in front of the service, set up as the docs say, but without TLS."""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.service import Reply, Service, free_port

PROGRAM = shutil.which("nginx") or "/usr/sbin/nginx"
GUIDE = Path(__file__).parents[2] / "docs" / "getting-started.md"
START_SECONDS = 10

# Everything that nginx writes lies in its directory, whoever runs it.
CONFIGURATION = """
daemon off; worker_processes 1; pid {directory}/pid; error_log {directory}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    {server}
}}
"""


class Proxy:
    """What reaches the service through nginx, from whichever loopback address."""

    def __init__(self, port: int) -> None:
        self._port = port

    def request(
        self, method: str, target: str, body: str | None, headers: Mapping[str, str], reader: str
    ) -> Reply:
        """Send a request as the reader at this address."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=20, source_address=(reader, 0)
        )
        try:
            connection.request(method, target, body, dict(headers))
            response = connection.getresponse()
            lines = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, lines, response.read())
        finally:
            connection.close()


@contextmanager
def nginx(directory: Path, service: Service) -> Iterator[Proxy]:
    """Run nginx in front of a service."""
    port = free_port()
    path = directory / "nginx.conf"
    server = _server_of_the_guide(port, service.port)
    path.write_text(CONFIGURATION.format(directory=directory, server=server), encoding="utf-8")
    process = subprocess.Popen(
        [PROGRAM, "-p", directory, "-c", path, "-e", directory / "error.log"]
    )
    try:
        proxy = Proxy(port)
        _wait_for(proxy)
        yield proxy
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _server_of_the_guide(port: int, service_port: int) -> str:
    blocks = re.findall(r"```nginx\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 1
    server = re.sub(r"ssl_certificate\w* .*;", "", blocks[0])
    server = server.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    return server.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{service_port}")


def _wait_for(proxy: Proxy) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with suppress(OSError):
            if proxy.request("GET", "/readyz", None, {}, "127.0.0.1").status == 200:
                return
        time.sleep(0.02)
    raise AssertionError("nginx did not start")
