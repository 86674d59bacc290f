"""Which addresses belong to the public internet, and so to anyone.

Plain rules on bytes as `addresses.parse_address` returns them; knows nothing of names and sockets.
"""

from __future__ import annotations

from likewise.addresses import IPV4_BYTES, LOOPBACK, PRIVATE, Range, parse_range


def _ranges(*texts: str) -> tuple[Range, ...]:
    return tuple(map(parse_range, texts))


# The IANA registries of special addresses. Those of clouds' metadata lie in 169.254.0.0/16,
# fc00::/7, 100.64.0.0/10 and 192.0.0.0/24; Azure's is the one that looks public.
_SPECIAL_IPV4 = (
    *PRIVATE,
    *LOOPBACK,
    *_ranges("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
    *_ranges("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
    *_ranges("168.63.129.16"),
)
# All that is public in IPv6 lies in here, so what is added to the registry outside stays out.
_GLOBAL_IPV6 = parse_range("2000::/3")
# Protocols and Teredo, documentation (twice), 6to4: the outer two tunnel to any IPv4 address.
_SPECIAL_IPV6 = _ranges("2001::/23", "2001:db8::/32", "3fff::/20", "2002::/16")
_NAT64 = parse_range("64:ff9b::/96")


def is_public(address: bytes) -> bool:
    """Tell whether an address of 4 or 16 bytes is reached over the public internet.

    IPv4-mapped addresses are expected unmapped; NAT64's are what they lead to.
    """
    if _NAT64.holds(address):
        address = address[-IPV4_BYTES:]
    if len(address) == IPV4_BYTES:
        return not _in(_SPECIAL_IPV4, address)
    return _GLOBAL_IPV6.holds(address) and not _in(_SPECIAL_IPV6, address)


def is_loopback(address: bytes) -> bool:
    """Tell whether an address of 4 or 16 bytes is this machine's own."""
    return _in(tuple(LOOPBACK), address)


def _in(ranges: tuple[Range, ...], address: bytes) -> bool:
    return any(range_.holds(address) for range_ in ranges)
