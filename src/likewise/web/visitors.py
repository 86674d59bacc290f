"""Who asks, as far as limits tell readers apart: by their networks, and never by more.

Joins addresses and limits for the handlers that anybody may call.
"""

from __future__ import annotations

from likewise.addresses import Proxies, network_of
from likewise.http.message import Request
from likewise.limiter import Limiter


class Visitors:
    """Finds the network of a request, and counts what it asks for."""

    def __init__(self, limiter: Limiter, proxies: Proxies) -> None:
        self.limiter = limiter
        self._proxies = proxies

    def network(self, request: Request) -> bytes | None:
        """Return the network that a request came from; None where that is not known."""
        address = self._proxies.client(request.peer, request.headers)
        return None if address is None else network_of(address)

    def read(self, request: Request) -> None:
        """Count a read. Raises `too_many`."""
        self.limiter.read(self.network(request))
