"""Names of hosts, as they stand in URLs and in the header Host: without port, case and brackets.

Plain functions; must not know who is asked, nor why.
"""

from __future__ import annotations

_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


def host_in(authority: str) -> str:
    """Return the host of `host`, `host:port` or `[address]:port` (RFC 3986 section 3.2); empty
    where it is of no such form.
    """
    if authority.startswith("["):
        host, _, port = authority[1:].partition("]")
        return host.lower() if port == "" or port.startswith(":") else ""
    return authority.rpartition(":")[0].lower() if ":" in authority else authority.lower()


def is_this_machine(host: str) -> bool:
    """Tell whether a host is this machine's name for itself, whoever asks."""
    return host in _THIS_MACHINE
