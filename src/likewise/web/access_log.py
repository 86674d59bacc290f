"""The access log: a line for each request, under an id that its answer bears too.

Knows requests and statuses; no line ever holds an address, or what a query asked.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable

from likewise.http.message import Request

_ID_BYTES = 6
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_log = logging.getLogger("likewise.access")


class AccessLog:
    """Writes lines. An id that a trusted proxy gave in `X-Request-Id` is kept, so that one id
    finds a request in the proxy's log and in this one.
    """

    def __init__(self, trusts_peer: Callable[[str], bool]) -> None:
        self._trusts_peer = trusts_peer

    def id_of(self, request: Request) -> str:
        """Return the id under which a request is written."""
        given = request.header(b"x-request-id") or ""
        if _GIVEN_ID.fullmatch(given) and self._trusts_peer(request.peer):
            return given
        return new_id()

    def note(self, request: Request, request_id: str, status: int, seconds: float) -> None:
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
