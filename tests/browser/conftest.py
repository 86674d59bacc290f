"""What the tests in a browser share: a blog on an origin of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.conftest import StartService
from tests.service import Service

Site = Callable[..., str]


@pytest.fixture
def blog(start_service: StartService) -> Service:
    """A service that knows where its blog is."""
    return start_service(LIKEWISE_ORIGINS="https://blog.example,http://localhost:1313")


@pytest.fixture
def site() -> Iterator[Site]:
    """Return a function that serves pages, by path, with headers, and returns their origin.

    The origin is on `localhost`, so that the service on 127.0.0.1 is another host.
    """
    with ExitStack() as stack:

        def serve(pages: Mapping[str, str], headers: Mapping[str, str] | None = None) -> str:
            server = stack.enter_context(_Blog(pages, headers or {}))
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            return f"http://localhost:{server.server_port}"

        yield serve


class _Blog(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, pages: Mapping[str, str], headers: Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages = pages
        self.headers = headers


class _Handler(BaseHTTPRequestHandler):
    server: _Blog

    def do_GET(self) -> None:
        text = self.server.pages.get(self.path.partition("?")[0])
        body = (text or "not here").encode()
        self.send_response(404 if text is None else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
