"""Mistakes of our own: a problem for the reader, a traceback for the owner's log alone."""

from __future__ import annotations

import asyncio
import json
import logging
import re

import pytest

from likewise.errors import CODES, Problem
from likewise.http.message import MAX_BODY_BYTES, Answer, Request, Response, header_pairs
from likewise.metrics import Metrics
from likewise.web.access_log import AccessLog
from likewise.web.app import App
from likewise.web.routes import ROUTES, Route, Router

PARTS = {route.handler.partition(".")[0] for route in ROUTES}


class Broken:
    """A part whose every handler fails: at once, or when it is awaited."""

    def __init__(self, *, later: bool) -> None:
        self._later = later

    def is_here(self, _request: Request) -> bool:
        return True

    def __getattr__(self, _name: str) -> object:
        return self._fail_later if self._later else self._fail

    def _fail(self, *_: object) -> Response:
        raise RuntimeError("the password is swordfish")

    async def _fail_later(self, *_: object) -> Response:
        return self._fail()

    def authorize(self, _request: Request) -> None:
        """Let everybody in."""


async def _asked(app: App | AccessLog, request: Request) -> Response:
    """Ask as both doors do."""
    try:
        answer: Answer = app.handle(request)
        return answer if isinstance(answer, Response) else await answer
    except RuntimeError as error:
        return app.failure(error, request.path)


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("logs_access", [False, True])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_mistake_of_ours_is_a_problem_that_tells_nothing(
    route: Route, logs_access: bool, later: bool, caplog: pytest.LogCaptureFixture
) -> None:
    parts = dict.fromkeys(PARTS, Broken(later=later))
    app = App(Router(parts), parts["admin"], Metrics())  # type: ignore[arg-type]
    door = AccessLog(app, lambda _peer: True) if logs_access else app
    path = re.sub(r"{.*}", "x", route.path)
    with caplog.at_level(logging.INFO, "likewise"):
        response = asyncio.run(_asked(door, Request(route.method, path.encode())))
    headers = dict(header_pairs(response.headers))
    assert response.status == 500
    assert headers[b"content-type"] == b"application/problem+json"
    assert b"no-store" in headers[b"cache-control"]
    assert json.loads(response.body)["code"] == "server_error"
    assert b"swordfish" not in response.body
    assert "swordfish" in caplog.text
    is_private = path.startswith(("/api/", "/dashboard", "/metrics"))
    assert (b"access-control-allow-origin" in headers) != is_private


@pytest.mark.parametrize("code", CODES)
def test_a_refusal_is_not_logged_as_an_error(code: str, caplog: pytest.LogCaptureFixture) -> None:
    parts = dict.fromkeys(PARTS, Broken(later=False))
    app = App(Router(parts), parts["admin"], Metrics())  # type: ignore[arg-type]
    response = app.failure(Problem(code, "No."), b"/v1/counts")
    assert response.status == CODES[code].status
    assert caplog.text == ""
    if response.status == 401:
        assert (b"www-authenticate", b"Bearer") in header_pairs(response.headers)


def test_only_an_import_may_be_large_and_only_the_owners() -> None:
    class Owner(Broken):
        def body_limit(self, _request: Request, large: int, _usual: int) -> int:
            return large

    parts = dict.fromkeys(PARTS, Owner(later=False))
    app = App(Router(parts), parts["admin"], Metrics())  # type: ignore[arg-type]
    assert app.body_limit(Request("POST", b"/api/import")) == 1 << 20
    for path in (b"/v1/like", b"/api/key", b"/api/import/", b"/"):
        assert app.body_limit(Request("POST", path)) == MAX_BODY_BYTES
