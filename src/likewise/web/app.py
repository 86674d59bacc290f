"""The app that both doors lead to: finds the handler, lets the owner through, words refusals.

Knows requests and routes; must not know sockets, ASGI, or what a handler does.
"""

from __future__ import annotations

import logging
import time
from asyncio import CancelledError
from collections.abc import Mapping

from likewise.errors import Problem
from likewise.http.message import MAX_BODY_BYTES, Answer, Request, Response, header_block
from likewise.metrics import REFUSALS, Metrics
from likewise.store import Store
from likewise.web.admin import Admin
from likewise.web.answers import (
    NO_STORE,
    PREFLIGHT,
    PRIVATE,
    PUBLIC,
    problem_answer,
)
from likewise.web.routes import OWNER, Place, Router, nothing_here

IMPORT_BODY_BYTES = 1 << 20
_PRIVATE_PATHS = (b"/api/", b"/dashboard", b"/metrics")

_log = logging.getLogger("likewise")
_TEXT = header_block(("content-type", "text/plain; charset=utf-8"))


class Health:
    """Answers those who watch over the service."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def alive(self, _request: Request) -> Response:
        """`GET /healthz`: the process answers."""
        return Response(200, _TEXT + NO_STORE, b"alive\n")

    async def ready(self, _request: Request) -> Response:
        """`GET /readyz`: a like could be stored now."""
        if not await self._store.is_ready():
            raise Problem("storage_unavailable", "The last like could not be written.")
        return Response(200, _TEXT + NO_STORE, b"ready\n")


class App:
    """Handles requests. `parts` are what routes name: public, admin, files, health and others."""

    def __init__(
        self, parts: Mapping[str, object], admin: Admin, metrics: Metrics, *, logs_access: bool
    ) -> None:
        self._router = Router(parts)
        self._admin = admin
        self._metrics = metrics
        self._logs_access = logs_access

    def handle(self, request: Request) -> Answer:
        """Answer a request. Refusals of handlers that answer later are left to `failure`."""
        if self._logs_access:
            return self._logged(request)
        return self._handle(request)

    def body_limit(self, request: Request) -> int:
        """Return how many bytes of body a request may have: only the owner imports much."""
        if request.path == b"/api/import" and self._admin.is_here(request):
            return self._admin.body_limit(request, IMPORT_BODY_BYTES, MAX_BODY_BYTES)
        return MAX_BODY_BYTES

    def failure(self, error: BaseException, path: bytes | None) -> Response:
        """Return the problem that tells of an error; only what we did not foresee is logged."""
        if isinstance(error, CancelledError):  # at the end, when nothing waits any longer
            error = Problem("storage_unavailable", "The service is stopping; ask it again later.")
        if not isinstance(error, Problem):
            _log.error("A request could not be answered.", exc_info=error)
            error = Problem(
                "server_error", "The service met an error of its own. It is in its log."
            )
        self._metrics.add(REFUSALS, error.code)
        is_private = path is not None and path.startswith(_PRIVATE_PATHS)
        headers = PRIVATE if is_private else PUBLIC
        if error.code == "method_not_allowed" and path is not None:
            allowed = self._router.find(path).place.methods
            headers += header_block(("allow", allowed))
        return problem_answer(error, headers)

    def _handle(self, request: Request) -> Answer:
        match = self._router.find(request.path)
        if match.place.is_owners and not self._admin.is_here(request):
            raise nothing_here()
        if request.method == "OPTIONS":
            return _options(match.place)
        route, handler = match.handler(request.method)
        if route.audience == OWNER:
            self._admin.authorize(request)
        return handler(request, *match.arguments)

    async def _logged(self, request: Request) -> Response:
        """Answer and write a line about it: never the address, nor what the query asked."""
        start = time.perf_counter()
        try:
            answer = self._handle(request)
            response = answer if isinstance(answer, Response) else await answer
        except Exception as error:  # noqa: BLE001 (`failure` words it)
            response = self.failure(error, request.path)
        milliseconds = (time.perf_counter() - start) * 1_000
        path = request.path.decode("latin-1")
        _log.info("%s %s %d %.1f ms", request.method, path, response.status, milliseconds)
        return response


def _options(place: Place) -> Response:
    allow = header_block(("allow", place.methods))
    return Response(204, allow + (PREFLIGHT if place.is_public else PRIVATE))
