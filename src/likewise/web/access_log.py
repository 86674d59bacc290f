"""The access log: a line for each request, under an id that its answer bears too.

Stands in front of the app; no line ever holds an address, or what a query asked.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from likewise.http.message import Request, Response, header_block

if TYPE_CHECKING:
    from likewise.web.app import App

_ID_BYTES = 6
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_log = logging.getLogger("likewise.access")


class AccessLog:
    """An app that writes a line for each request that it has another one answer. A trusted proxy's
    `X-Request-Id` is kept, so that one id finds a request in the proxy's log and in this one.
    """

    def __init__(self, app: App, trusts_peer: Callable[[str], bool]) -> None:
        self._app = app
        self._trusts_peer = trusts_peer
        self.body_limit = app.body_limit
        self.failure = app.failure

    async def handle(self, request: Request) -> Response:
        """Answer and write a line about it, which bears the same id as the answer."""
        start = time.perf_counter()
        request_id = id_of(request, is_trusted=self._trusts_peer(request.peer))
        try:
            answer = self._app.handle(request)
            response = answer if isinstance(answer, Response) else await answer
        except Exception as error:  # noqa: BLE001 (`failure` words it)
            response = self._app.failure(error, request.path, request_id)
        _note(request, request_id, response.status, time.perf_counter() - start)
        # Another one, since answers may be kept and given again.
        headers = response.headers + header_block(("x-request-id", request_id))
        return Response(response.status, headers, response.body)


def id_of(request: Request, *, is_trusted: bool) -> str:
    """Return the id under which a request is written: what a trusted proxy gave, or a new one."""
    given = request.header(b"x-request-id") or ""
    return given if is_trusted and _GIVEN_ID.fullmatch(given) else new_id()


def _note(request: Request, request_id: str, status: int, seconds: float) -> None:
    """Write the line of a request that was answered."""
    fields = {
        "request": request_id,
        "method": request.method,
        "path": request.path.decode("latin-1"),
        "status": status,
        "milliseconds": round(seconds * 1_000, 1),
    }
    line = "%(method)s %(path)s %(status)d %(milliseconds).1f ms %(request)s"
    _log.info(line, fields, extra=fields)


def new_id() -> str:
    """Return an id for a request: 12 hexadecimal digits that nobody can guess."""
    return os.urandom(_ID_BYTES).hex()
