"""The service as its owner runs it: a process of its own, on a free port, with a real file."""

from __future__ import annotations

import collections
import contextlib
import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

ORIGIN = "http://localhost:1313"
KEY = "a-key-for-tests-0123456789abcdef"
START_SECONDS = 20


class Reply(NamedTuple):
    """An answer: status, headers by lower-case name, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a problem."""
        return str(self.json["code"])


class Service:
    """`likewise serve` on a database in `directory`, with settings as environment variables."""

    command: tuple[str, ...] = ("-m", "likewise", "serve")

    def __init__(self, directory: Path, **settings: str) -> None:
        self.directory = directory
        self.port = free_port()
        self.settings = {
            "LIKEWISE_DATABASE": str(directory / "likewise.db"),
            "LIKEWISE_ADMIN_KEY": KEY,
            **settings,
        }
        self.admin_key = self.settings["LIKEWISE_ADMIN_KEY"]
        self.log_path = directory / "service.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The service's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        """The database's file."""
        return Path(self.settings["LIKEWISE_DATABASE"])

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What the process has written."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def environment(self) -> dict[str, str]:
        """The settings in an environment that knows no others."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("LIKEWISE_")}
        return {**inherited, "LIKEWISE_PORT": str(self.port), **self.settings}

    def start(self) -> Self:
        """Start the process and wait until it can store likes."""
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._arguments()],
                cwd=self.directory,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                if self.get("/readyz").status == 200:
                    return self
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        self.kill()
        raise AssertionError(f"the service did not start:\n{self.log}")

    def _arguments(self) -> tuple[str, ...]:
        return self.command

    def stop(self) -> int:
        """Ask the process to end (SIGTERM) and return its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the process without a warning (SIGKILL)."""
        self._end(signal.SIGKILL)

    def restart(self) -> Self:
        """Stop and start."""
        self.stop()
        return self.start()

    def _end(self, number: int) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        return process.wait(START_SECONDS)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a `likewise` command with the service's settings."""
        return subprocess.run(
            [sys.executable, "-m", "likewise", *arguments],
            cwd=self.directory,
            env={**self.environment(), **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def request(
        self,
        method: str,
        target: str,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            content = body.encode() if isinstance(body, str) else body
            connection.request(method, target, content, dict(headers or {}))
            response = connection.getresponse()
            lines = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, lines, response.read())
        finally:
            connection.close()

    def get(self, target: str, **headers: str) -> Reply:
        """GET; header names with underscores for hyphens."""
        return self.request("GET", target, None, _named(headers))

    def like(
        self,
        page: str,
        voter: str,
        *,
        address: str | None = None,
        origin: str = ORIGIN,
        **fields: object,
    ) -> Reply:
        """POST /v1/like, from a page on `origin`, read at `address`."""
        headers = {"Origin": origin, "Content-Type": "text/plain"}
        if address is not None:
            headers["X-Forwarded-For"] = address
        body = json.dumps({"page": page, "voter": voter, **fields})
        return self.request("POST", "/v1/like", body, headers)

    def count(self, page: str, kind: str = "like", site: str | None = None) -> int:
        """Return a page's count."""
        from urllib.parse import quote  # noqa: PLC0415

        target = f"/v1/counts?page={quote(page, safe='')}" + (f"&site={site}" if site else "")
        reply = self.get(target)
        assert reply.status == 200, reply
        return int(reply.json["counts"][page][kind])

    def owner(self, target: str, method: str = "GET", body: bytes | None = None) -> Reply:
        """Ask the admin API with the key."""
        return self.request(method, target, body, {"X-API-Key": self.admin_key})


class AsgiService(Service):
    """The service behind uvicorn: `application` as uvicorn takes it."""

    application = "likewise.asgi:app"

    def _arguments(self) -> tuple[str, ...]:
        # The address is ours to find: uvicorn shall not read forwarding headers first.
        options = ("--port", str(self.port), "--no-proxy-headers", "--log-level", "warning")
        return ("-m", "uvicorn", self.application, *options)


def ports() -> range:
    """Return the ports that are this process's to use: other workers of pytest-xdist have others.

    They lie below those that the system gives to connections: thousands of them may be just gone.
    """
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return range(12_000 + number, 32_000, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


_ports = itertools.cycle(ports())
collections.deque(itertools.islice(_ports, os.getpid() * 61 % len(ports())), 0)


def free_port() -> int:
    """Return a port that nobody listens on, at any address of this machine."""
    for port in itertools.islice(_ports, 1_000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("", port))
            return port
    raise AssertionError("no port is free")


def voter(number: int) -> str:
    """Return a voter's token."""
    return f"voter-{number:016d}"


def address(number: int) -> str:
    """Return a public IPv4 address, another one for each number."""
    return f"{20 + number // 16_000_000}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
