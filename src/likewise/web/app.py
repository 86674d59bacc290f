"""The app that both doors lead to: finds the handler, lets the owner through, words refusals.

Knows requests and routes; must not know sockets, ASGI, or what a handler does.
"""

from __future__ import annotations

import logging
from asyncio import CancelledError

from likewise.errors import Problem
from likewise.http.message import MAX_BODY_BYTES, Answer, Request, Response, header_block
from likewise.metrics import REFUSALS, Metrics
from likewise.store import Store
from likewise.web.access_log import new_id
from likewise.web.admin import Admin
from likewise.web.answers import (
    NO_STORE,
    PREFLIGHT,
    PRIVATE,
    PUBLIC,
    AnsweredProblem,
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
    """Handles requests."""

    def __init__(self, router: Router, admin: Admin, metrics: Metrics) -> None:
        self._router = router
        self._admin = admin
        self._metrics = metrics

    def handle(self, request: Request) -> Answer:
        """Answer a request, or raise what `failure` makes an answer of."""
        endpoint = self._router.asked_most.get((request.method, request.path))
        if endpoint is not None:
            endpoint.requests += 1
            return endpoint.handler(request)
        match = self._router.find(request.path)
        if match.place.is_owners and not self._admin.is_here(request):
            raise nothing_here()
        if request.method == "OPTIONS":
            return _options(match.place)
        endpoint = match.endpoint(request.method)
        endpoint.requests += 1
        if endpoint.route.audience == OWNER:
            self._admin.authorize(request)
        return endpoint.handler(request, *match.arguments)

    def body_limit(self, request: Request) -> int:
        """Return how many bytes of body a request may have: only the owner imports much."""
        if request.path == b"/api/import" and self._admin.is_here(request):
            return self._admin.body_limit(request, IMPORT_BODY_BYTES, MAX_BODY_BYTES)
        return MAX_BODY_BYTES

    def failure(
        self, error: BaseException, path: bytes | None, request_id: str | None = None
    ) -> Response:
        """Return the problem that tells of an error; only what we did not foresee is logged."""
        if isinstance(error, CancelledError):  # at the end, when nothing waits any longer
            error = Problem("storage_unavailable", "The service is stopping; ask it again later.")
        if not isinstance(error, Problem):
            request_id = request_id or new_id()
            fields = {"request": request_id}
            _log.error("Request %s was not answered.", request_id, exc_info=error, extra=fields)
            told = f"The service met an error of its own. Its log names it {request_id}."
            error = Problem("server_error", told)
        self._metrics.add(REFUSALS, error.code)
        if isinstance(error, AnsweredProblem):
            return error.answer
        is_private = path is not None and path.startswith(_PRIVATE_PATHS)
        headers = PRIVATE if is_private else PUBLIC
        if error.code == "method_not_allowed" and path is not None:
            allowed = self._router.find(path).place.methods
            headers += header_block(("allow", allowed))
        return problem_answer(error, headers)


def _options(place: Place) -> Response:
    allow = header_block(("allow", place.methods))
    return Response(204, allow + (PREFLIGHT if place.is_public else PRIVATE))
