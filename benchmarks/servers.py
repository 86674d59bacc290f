"""The servers that are compared: how each is started, and what each has stored.

Knows commands and files; must not know what is measured.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self

from benchmarks.environments import ROOT

START_SECONDS = 30
STOP_SECONDS = 30
FIRST_PAGE = 1_000_000  # as in load.lua


class Contender(NamedTuple):
    """A server to be: `command`, which may hold `{port}` and `{folder}`; `ready` answers 200.

    `api` is what it understands: `likewise`, `article`, or `nginx`, which gives constant answers.
    `stored` asks its database how many likes there are. `files` are put into its folder first.
    """

    name: str
    api: str
    command: tuple[str, ...]
    ready: str
    environment: Mapping[str, str] = {}
    database: str = ""
    stored: str = ""
    files: Mapping[str, str] = {}


class Server:
    """A contender's process, in a folder of its own."""

    def __init__(self, contender: Contender, folder: Path) -> None:
        self.contender = contender
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process."""
        if self._process is None:
            sys.exit(f"{self.contender.name} does not run.")
        return self._process.pid

    def start(self) -> float:
        """Start the process; return after how many seconds it gave its first answer."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("LIKEWISE_")}
        own = {name: self._filled(text) for name, text in self.contender.environment.items()}
        for name, text in self.contender.files.items():
            (self.folder / name).write_text(self._filled(text), encoding="utf-8")
        began = time.perf_counter()
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 (no shell, and every part is ours)
                [self._filled(part) for part in self.contender.command],
                cwd=self.folder,
                env=inherited | own,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        while time.perf_counter() - began < START_SECONDS and self._process.poll() is None:
            if self._answers():
                return time.perf_counter() - began
            time.sleep(0.002)
        self.stop()
        sys.exit(f"{self.contender.name} did not start:\n{(self.folder / 'log').read_text()}")

    def _filled(self, text: str) -> str:
        return text.replace("{port}", str(self.port)).replace("{folder}", str(self.folder))

    def _answers(self) -> bool:
        request = f"GET {self.contender.ready} HTTP/1.1\r\nHost: localhost\r\n"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)) as s:
            s.sendall(request.encode() + b"Connection: close\r\n\r\n")
            return s.recv(4_096).startswith(b"HTTP/1.1 200 ")
        return False

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOP_SECONDS)
            self._process = None

    def stored(self) -> int:
        """Return how many likes are in the database; 0 where there is none."""
        if not self.contender.stored:
            return 0
        path = self.folder / self.contender.database
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            numbers = database.execute(self.contender.stored).fetchone()
        if len(set(numbers)) > 1:
            sys.exit(f"{self.contender.name} contradicts itself: {numbers}")
        return int(numbers[0] or 0)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def likewise(python: Path) -> Contender:
    """Return the service behind its own door, with nothing configured: all protections on."""
    return Contender(
        "Likewise",
        "likewise",
        (str(python), "-m", "likewise", "serve"),
        "/readyz",
        {"PYTHONPATH": str(ROOT / "src"), "LIKEWISE_PORT": "{port}"},
        "likewise.db",
        # The counts and the set that they are derived from.
        "SELECT (SELECT coalesce(sum(likes), 0) FROM counts), (SELECT count(*) FROM likes)",
    )


def likewise_on_uvloop(python: Path) -> Contender:
    """Return the service behind its own door, on the event loop that is an extra."""
    service = likewise(python)
    environment = {**service.environment, "LIKEWISE_LOOP": "uvloop"}
    return service._replace(name="Likewise on uvloop", environment=environment)


def likewise_under_uvicorn(python: Path) -> Contender:
    """Return the service behind uvicorn, on asyncio as it comes without extras."""
    options = ("--port", "{port}", "--loop", "asyncio", "--no-proxy-headers", "--no-access-log")
    return likewise(python)._replace(
        name="Likewise under uvicorn",
        command=(str(python), "-m", "uvicorn", "likewise.asgi:app", *options),
    )


def article(python: Path, folder: Path) -> Contender:
    """Return the article's server from its folder, started as the article says."""
    options = ("--app-dir", str(folder), "--host", "127.0.0.1", "--port", "{port}")
    return Contender(
        "the article",
        "article",
        (str(python), "-m", "uvicorn", "main:app", *options),
        f"/likes/posts-{FIRST_PAGE}",
        {"ADMIN_API_KEY": "a-key-that-nobody-uses-here-0123456789"},
        "data/likes.db",
        "SELECT sum(count) FROM likes",
    )


def nginx(answers: Mapping[str, tuple[Mapping[str, str], str]]) -> Contender:
    """Return nginx with one worker and an answer (headers, body) that never changes, by path."""
    locations = "".join(
        f"location = {path} {{ {_headers(headers)} return 200 '{body}'; }}\n"
        for path, (headers, body) in answers.items()
    )
    program = "/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else "nginx"
    return Contender(
        "nginx, constant answer",
        "nginx",
        (program, "-p", "{folder}", "-c", "{folder}/nginx.conf", "-e", "stderr"),
        next(iter(answers)),
        files={"nginx.conf": _NGINX.replace("{locations}", locations)},
    )


def _headers(headers: Mapping[str, str]) -> str:
    own = {"date", "content-length", "content-type", "connection"}
    added = [f"add_header {k} '{v}';" for k, v in headers.items() if k.lower() not in own]
    return f"default_type {headers['content-type']}; {' '.join(added)}"


_NGINX = """\
daemon off; worker_processes 1; pid nginx.pid; error_log stderr;
events { worker_connections 16384; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 120s;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server { listen 127.0.0.1:{port} backlog=1024; etag off;
{locations}
  }
}
"""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
