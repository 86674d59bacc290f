"""Documents of one host on the public internet, fetched so that nothing private is reached.

Knows names, addresses, TLS and HTTP; nothing of what is in a document. Whoever gives the address
may be anyone, and so may be the server behind it: both are held to the bounds below.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import closing
from functools import cached_property
from http.client import HTTPException, HTTPResponse
from typing import NamedTuple, cast
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from likewise import __version__
from likewise.addresses import parse_address
from likewise.errors import StartError
from likewise.hosts import is_this_machine
from likewise.origins import punycode
from likewise.transfer.body import read_body
from likewise.transfer.connecting import Deadline, Target, Timed, connection, resolved
from likewise.transfer.internet import is_loopback, is_public

TOTAL_SECONDS = 10
CONNECT_SECONDS = 3
MAX_REDIRECTS = 5

_PORTS = {"https": 443, "http": 80}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_STAY_AS_THEY_ARE = "!$%&'()*+,/:;=?@[]~"
_SHOWN_CHARACTERS = 200


class Document(NamedTuple):
    """What was fetched, and from which address in the end."""

    address: str
    data: bytes


class PublicHost:
    """The scheme, host and port of an address: whatever else is asked for must be there too.

    The host's name is resolved once and every address that it has must be public, so neither a
    name with a private address nor one that changes (DNS rebinding) leads inside. From localhost,
    named as such, a developer's sitemap may come: over plain http, from this machine only.
    All that is fetched has `TOTAL_SECONDS` together, from here on.
    """

    def __init__(self, address: str) -> None:
        """Raise `StartError` for an address that is not fetched from at all."""
        self._deadline = Deadline(TOTAL_SECONDS)
        try:
            self._origin = _origin(address)
        except ValueError as error:
            raise StartError(
                f"{_shown(address)} cannot be fetched from: {error}."
                " Give an address such as https://example.com/sitemap.xml."
            ) from error

    def get(self, address: str) -> Document:
        """Return the document at an address of this host, unpacked, at most `MAX_BYTES` of it.

        Redirects are followed within the host. Raises `StartError` that says what is wrong.
        """
        at = address
        for _ in range(MAX_REDIRECTS + 1):
            try:
                found = self._ask(at) if _origin(at) == self._origin else None
            except (OSError, ValueError, HTTPException) as error:
                raise StartError(f"{_shown(at)} cannot be fetched: {_why(error)}.") from error
            if found is None:
                raise StartError(
                    f"{_shown(at)} is on another host than {_shown(address)}, which leads there."
                    " Give an address that stays on its own."
                )
            if isinstance(found, bytes):
                return Document(at, found)
            at = found
        raise StartError(
            f"{_shown(address)} redirects more than {MAX_REDIRECTS} times."
            " Give the address that it leads to."
        )

    def _ask(self, address: str) -> bytes | str:
        """Return what is at the address, or where it says that this is."""
        with closing(self._connected()) as sock:
            sock.sendall(self._request(urlsplit(address)))
            timed = cast("socket.socket", Timed(sock, self._deadline))
            with closing(HTTPResponse(timed, method="GET")) as response:
                response.begin()
                location = response.headers.get("Location")
                if response.status in _REDIRECTS and location:
                    # `http.client` reads headers as Latin-1; what was sent is mostly UTF-8.
                    location = quote(location.encode("latin-1"), safe=_STAY_AS_THEY_ARE + "#")
                    return urljoin(address, location)
                if response.status != 200:
                    raise ValueError(f"the server answers {response.status}; check the address")
                return read_body(response)

    def _request(self, url: SplitResult) -> bytes:
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        lines = (
            f"GET {quote(target, safe=_STAY_AS_THEY_ARE)} HTTP/1.1",
            f"Host: {self._origin.as_header()}",
            f"User-Agent: likewise/{__version__}",
            "Accept-Encoding: gzip",
            "Connection: close",
        )
        return "\r\n".join((*lines, "", "")).encode("ascii")

    def _connected(self) -> socket.socket:
        """Return a connection to one of the checked addresses, with TLS if it shall have that."""
        failure = OSError("the host has no address")
        for target in self._targets:
            seconds = min(CONNECT_SECONDS, self._deadline.seconds_left())
            try:
                sock = connection(*target, seconds)
            except OSError as error:
                why = error.strerror or error
                failure = OSError(f"its server takes no connection ({why}); check that it runs")
                continue
            sock.settimeout(self._deadline.seconds_left())
            return self._secured(sock) if self._origin.scheme == "https" else sock
        raise failure

    def _secured(self, sock: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(sock, server_hostname=self._origin.host)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    @cached_property
    def _targets(self) -> list[Target]:
        """What the name leads to: asked for once, and all of it checked, before any connection."""
        host, port = self._origin.host, self._origin.port
        targets = resolved(host, port, self._deadline.seconds_left())
        for _, target in targets:
            address = parse_address(target[0])
            if is_this_machine(host):
                if address is None or not is_loopback(address):
                    raise ValueError(f"{host} is at {target[0]}, which is not this machine")
            elif address is None or not is_public(address):
                raise ValueError(
                    f"{host} is at {target[0]}, which is not on the public internet;"
                    " give an address that everyone can reach"
                )
        return targets


class _Origin(NamedTuple):
    scheme: str
    host: str
    port: int

    def as_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def _origin(address: str) -> _Origin:
    """Return scheme, host and port of an address that may be fetched. Raises `ValueError`."""
    url = urlsplit(address)
    host = punycode(url.hostname or "")
    if url.scheme != "https" and (url.scheme != "http" or not is_this_machine(host)):
        raise ValueError("it does not start with https://")
    if not host:
        raise ValueError("it names no host")
    if "@" in url.netloc:
        raise ValueError("it has a user or a password")
    return _Origin(url.scheme, host, url.port or _PORTS[url.scheme])


def _why(error: Exception) -> str:
    match error:
        case TimeoutError():
            return f"it was not complete after {TOTAL_SECONDS:g} seconds; give a smaller one"
        case ssl.SSLCertVerificationError():
            return f"the server's certificate is refused, {error.verify_message}; renew it"
        case socket.gaierror():
            return f"the host is not found ({error.strerror}); check its spelling"
        case OSError() if error.strerror:
            return f"{error.strerror}; check that its server runs"
        case _:
            return str(error)


def _shown(address: str) -> str:
    """Return an address for a message: strangers write addresses, long ones too."""
    return address if len(address) <= _SHOWN_CHARACTERS else address[:_SHOWN_CHARACTERS] + "…"
