"""The host that the owner's part answers on, where it has one of its own.

It separates and does not authenticate: who may come is decided by the key.
"""

from __future__ import annotations

import re

from likewise.http.message import Request
from likewise.origins import origin_of

_PORT = re.compile(rb":[0-9]*$")
_HOST_IN_ORIGIN = re.compile(r"(?<=://).*?(?=(?::[0-9]+)?$)")


class AdminHost:
    """Where the dashboard and the API behind it answer: at one host, or at every one."""

    def __init__(self, name: str | None) -> None:
        self.name = name
        self._octets = name.encode() if name else None

    def serves(self, request: Request) -> bool:
        """Tell whether a request came to that host. Ports are nobody's business here."""
        if self._octets is None:
            return True
        host = request.headers.get(b"host", b"")
        return _PORT.sub(b"", host).lower() == self._octets


def admin_url(url: str | None, admin_host: str | None) -> str | None:
    """Return the address below which the dashboard is: scheme, port and path of the service's
    own, at the admin host. Without one of these it is the other's; without both None.
    """
    if admin_host is None:
        return url
    if url is None:
        return f"https://{admin_host}"
    origin = origin_of(url)
    return _HOST_IN_ORIGIN.sub(admin_host, origin) + url[len(origin) :]
