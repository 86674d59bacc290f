"""Whose request the service took one for: what that tells about the proxy in front of it.

Knows addresses and headers by name; must not know who has asked the service.
"""

from __future__ import annotations

from typing import NamedTuple

from likewise.doctor.finding import Finding, fail, ok

NGINX_LINE = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"


class Told(NamedTuple):
    """What the service tells of a request: the reader's address, None where it is not known; its
    peer, empty for a unix socket, and whether that is trusted; which forwarding headers came.
    """

    address: str | None
    peer: str
    is_trusted: bool
    headers: tuple[str, ...]


def reader(told: Told) -> Finding:
    """Check a request that came through the proxy, if there is one."""
    peer = told.peer or "the unix socket"
    if told.headers and not told.is_trusted:
        return fail(
            "reader",
            f"The proxy at {peer} is not believed, so that all readers share its address or have"
            " none: limits cannot tell them apart.",
            f"Set LIKEWISE_TRUSTED_PROXIES={told.peer or 'loopback'}",
        )
    if told.address is None and told.headers:
        return fail(
            "reader",
            f"The proxy at {peer} sends {' and '.join(told.headers)} without an address.",
            f"Let it send the reader's, in nginx: {NGINX_LINE}",
        )
    if told.address is None:
        return fail(
            "reader",
            f"The proxy at {peer} does not say for whom it asks, so that limits by network do not"
            " apply.",
            f"Let it send X-Forwarded-For, in nginx: {NGINX_LINE}",
        )
    return ok("reader", f"The service sees you at {told.address}.")
