"""Whose request it is: the client's address, found past trusted proxies only.

Addresses are 4 or 16 bytes, networks 4 (IPv4) or 8 (IPv6 /64). Knows nothing of limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import NamedTuple

IPV4_BYTES, IPV6_BYTES = 4, 16
IPV6_NETWORK_BYTES = 8
IPV6_PREFIX_BYTES = 6

_MAPPED = b"\0" * 10 + b"\xff\xff"
_TEXT_MAX = 64


class Range(NamedTuple):
    """A CIDR range: addresses of `size_bytes` whose first `bits` equal those of `first`."""

    first: int
    bits: int
    size_bytes: int

    def holds(self, address: bytes) -> bool:
        """Tell whether the address lies in the range."""
        if len(address) != self.size_bytes:
            return False
        return (int.from_bytes(address) ^ self.first) >> self.free_bits == 0

    @property
    def free_bits(self) -> int:
        """How many bits, the last ones, an address of the range may have as it likes."""
        return self.size_bytes * 8 - self.bits


def parse_address(text: str) -> bytes | None:
    """Return an IP address as 4 or 16 bytes; None when the text is no address.

    Ports and brackets are cut (`192.0.2.1:80`, `[2001:db8::1]:443`), IPv4-mapped IPv6 is unmapped.
    """
    if ":" in text:
        return _parse_closely(text)
    try:
        return inet_pton(AF_INET, text)  # as most are, in half the time
    except (OSError, ValueError):
        return _parse_closely(text)


def _parse_closely(text: str) -> bytes | None:
    """Return the address in a text that is not a plain IPv4 address."""
    text = text.strip()
    if len(text) > _TEXT_MAX or not text.isascii() or "\0" in text:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    text = text.partition("%")[0]
    try:
        if ":" not in text:
            return inet_pton(AF_INET, text)
        address = inet_pton(AF_INET6, text)
    except OSError:
        return None
    return address[12:] if address.startswith(_MAPPED) else address


def parse_range(text: str) -> Range:
    """Return a CIDR range, or one address as a range. Raises `ValueError`."""
    host, slash, length = text.strip().partition("/")
    address = parse_address(host)
    if address is None or (slash and not length.isdecimal()):
        msg = f"{text!r} is neither an address nor a CIDR range such as 10.0.0.0/8"
        raise ValueError(msg)
    size_bits = len(address) * 8
    bits = int(length) if slash else size_bits
    if bits > size_bits:
        msg = f"{text!r} has a prefix longer than its address"
        raise ValueError(msg)
    return Range(int.from_bytes(address), bits, len(address))


LOOPBACK = [parse_range(text) for text in ("127.0.0.0/8", "::1")]
PRIVATE = [
    parse_range(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7")
]


def network_of(address: bytes) -> bytes:
    """Return what limits count by: an IPv4 address, or an IPv6 /64."""
    return address if len(address) == IPV4_BYTES else address[:IPV6_NETWORK_BYTES]


def prefix_of(network: bytes) -> bytes | None:
    """Return the /48 around an IPv6 network; None for IPv4."""
    return None if len(network) == IPV4_BYTES else network[:IPV6_PREFIX_BYTES]


def address_text(address: bytes) -> str:
    """Return an address of 4 or 16 bytes as text."""
    return inet_ntop(AF_INET if len(address) == IPV4_BYTES else AF_INET6, address)


class Proxies:
    """Which peers are believed when they say whom they speak for."""

    def __init__(
        self,
        trusted: Sequence[Range] = LOOPBACK,
        *,
        trust_unix_socket: bool = True,
        client_header: bytes | None = None,
        on_disbelief: Callable[[str], None] = lambda _peer: None,
    ) -> None:
        # By size, as what is left of an address without its free bits: every hop is compared.
        self._trusted = {
            size_bytes: [
                (one.free_bits, one.first >> one.free_bits)
                for one in trusted
                if one.size_bytes == size_bytes
            ]
            for size_bytes in (IPV4_BYTES, IPV6_BYTES)
        }
        self._trust_unix_socket = trust_unix_socket
        self._client_header = client_header
        self._on_disbelief = on_disbelief
        # Behind a proxy every request has the same few peers. More would be scattered over all the
        # memory that a crowd has taken, and keep it from being given back: 10 MiB with 256.
        self._peer = lru_cache(maxsize=16)(self._new_peer)

    def trusts(self, address: bytes) -> bool:
        """Tell whether the address belongs to a trusted proxy."""
        number = int.from_bytes(address)
        for free_bits, prefix in self._trusted[len(address)]:
            if number >> free_bits == prefix:
                return True
        return False

    def trusts_peer(self, peer: str) -> bool:
        """Tell whether a connection comes from a trusted proxy; `""` is a unix socket's peer."""
        return self._peer(peer)[1]

    def forwarding_headers(self, headers: Mapping[bytes, bytes]) -> list[str]:
        """Return the names of the headers in a request that may say whom a peer speaks for."""
        names = (b"x-forwarded-for", self._client_header)
        return [name.decode() for name in names if name is not None and name in headers]

    def client(self, peer: str, headers: Mapping[bytes, bytes]) -> bytes | None:
        """Return the address of the reader behind a request, None where it is not known.

        `X-Forwarded-For` is walked from the right past trusted proxies, so that whatever a
        client itself wrote there, on the left, is never reached.
        """
        address, is_trusted = self._peer(peer)
        forwarded = headers.get(b"x-forwarded-for")
        named = headers.get(self._client_header) if self._client_header else None
        if is_trusted:
            client = parse_address(named.decode("latin-1")) if named else None
            return client or self._walk(forwarded or b"")
        if forwarded is not None or named is not None:
            self._on_disbelief(peer)
            # A private peer that forwards is a proxy nobody named: its address is everyone's.
            if address is None or any(range_.holds(address) for range_ in PRIVATE):
                return None
        return address

    def _new_peer(self, peer: str) -> tuple[bytes | None, bool]:
        """Return a peer's address, None for a unix socket, and whether it is trusted."""
        if not peer:
            return None, self._trust_unix_socket
        address = parse_address(peer)
        return address, address is not None and self.trusts(address)

    def _walk(self, forwarded: bytes) -> bytes | None:
        """Return the last address that is no trusted proxy's, else the first; None without any."""
        if b"," not in forwarded:
            return parse_address(forwarded.decode("latin-1"))
        client = None
        for hop in reversed(forwarded.decode("latin-1").split(",")):
            if not hop or hop.isspace():
                continue
            address = parse_address(hop)
            if address is None:
                break
            client = address
            if not self.trusts(address):
                break
        return client
