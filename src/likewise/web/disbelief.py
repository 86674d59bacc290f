"""The peer whose forwarding header was not believed, for the owner to see: it may be his proxy.

Told in the log once, with the line to set; keeps no reader's address.
"""

from __future__ import annotations

import logging

from likewise.addresses import LOOPBACK, PRIVATE, parse_address

_log = logging.getLogger("likewise")


class Disbelief:
    """Keeps the first peer, and how often a header was not believed since the start."""

    def __init__(self) -> None:
        self.times = 0
        self.peer = ""
        self.is_near = False
        self.line = ""

    def note(self, peer: str) -> None:
        """Count once more; the first is told in the log."""
        self.times += 1
        if self.times > 1:
            return
        # A public address may be a reader's own, who sent the header himself: it is not written.
        address = parse_address(peer)
        near = (*LOOPBACK, *PRIVATE)
        self.is_near = address is None or any(range_.holds(address) for range_ in near)
        self.peer = (peer or "the unix socket") if self.is_near else "a public address"
        value = (peer or "loopback") if self.is_near else "<the address of your proxy>"
        self.line = f"LIKEWISE_TRUSTED_PROXIES={value}"
        _log.warning(
            "A forwarding header from %s was not believed. If that is your proxy, set %s"
            " (or private), so that readers are told apart.",
            self.peer,
            self.line,
        )
