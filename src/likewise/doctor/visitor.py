"""Requests to the service's public address and to its pages, as a browser or a stranger sends them.

Knows names, TLS and HTTP. What answers may be anybody's: sizes and times are bounded, nothing is
followed by itself, and the key goes where it was told to.
"""

from __future__ import annotations

import contextlib
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import cached_property
from http.client import HTTPException, HTTPResponse
from typing import Any, NamedTuple, cast
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from likewise import __version__
from likewise.origins import punycode
from likewise.transfer.connecting import Deadline, Target, Timed, connection, resolved

REQUEST_SECONDS = 10
TOTAL_SECONDS = 180
CONNECT_SECONDS = 3
MAX_BODY_BYTES = 2 << 20
MAX_HOST_CHARACTERS = 253  # RFC 1035 2.3.4, less the dot at its end
MAX_REDIRECTS = 5
PORTS = {"https": 443, "http": 80}

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_STAY_AS_THEY_ARE = "!$%&'()*+,/:;=?@[]~"
_CHUNK_BYTES = 65_536
# Some services in front of a site send those away who do not say what they are.
_AGENT = f"Mozilla/5.0 (compatible; likewise-doctor/{__version__})"


class Unreachable(Exception):  # noqa: N818 (a fact about the other side)
    """No answer: why. `certificate` is OpenSSL's number where a certificate was refused;
    `is_refused` where nobody listens.
    """

    def __init__(self, why: str, certificate: int = 0, *, is_refused: bool = False) -> None:
        super().__init__(why)
        self.certificate = certificate
        self.is_refused = is_refused


class Answer(NamedTuple):
    """An answer; header names are lower-case. `sent` and `received` are seconds since 1970."""

    address: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    sent: float
    received: float

    def every(self, name: str) -> list[str]:
        """Return the values of a header, line by line."""
        return [value for known, value in self.headers if known == name]

    def header(self, name: str) -> str:
        """Return a header's value, lines joined; empty where it is not there."""
        return ", ".join(self.every(name))

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> Mapping[str, Any]:
        """The JSON object in the body; empty where it is something else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def leads_to(self) -> str | None:
        """Where a redirect leads."""
        location = self.header("location")
        if self.status not in _REDIRECTS or not location:
            return None
        # `http.client` reads headers as Latin-1; what was sent is mostly UTF-8.
        location = quote(location.encode("latin-1"), safe=_STAY_AS_THEY_ARE + "#")
        try:
            return urljoin(self.address, location)
        except ValueError:
            return None


class Greeting(NamedTuple):
    """What a TLS handshake told: version, HTTP version, when the certificate ends."""

    tls: str
    protocol: str
    ends: float


class Visitor:
    """Asks. `addresses` are those of names that shall not be looked up."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses
        self._end = time.monotonic() + TOTAL_SECONDS

    def ask(
        self,
        address: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send one request, POST where there is a body; return the answer, at most 2 MiB of it.

        Raises `Unreachable`.
        """
        url, method = _split(address), "GET" if body is None else "POST"
        with _told(), closing(self._socket(url, self._http1)) as (sock, deadline):
            sent = time.time()
            sock.sendall(_request(method, url, headers or {}, body or b""))
            timed = cast("Any", Timed(sock, deadline))
            with closing(HTTPResponse(timed, method=method)) as response:
                response.begin()
                lines = tuple((name.lower(), value) for name, value in response.getheaders())
                received = time.time()
                return Answer(address, response.status, lines, _body(response), sent, received)

    def follow(self, address: str) -> Answer:
        """Ask, and go on where redirects lead. Raises `Unreachable`."""
        for _ in range(MAX_REDIRECTS + 1):
            answer = self.ask(address)
            if answer.leads_to is None:
                return answer
            address = answer.leads_to
        raise Unreachable(f"it redirects more than {MAX_REDIRECTS} times")

    def greet(self, address: str) -> Greeting:
        """Shake hands as a browser does, and ask nothing. Raises `Unreachable`."""
        context = ssl.create_default_context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with _told(), closing(self._socket(_split(address), context)) as (sock, _):
            sock = cast("ssl.SSLSocket", sock)
            ends = str((sock.getpeercert() or {}).get("notAfter", ""))
            protocol = "HTTP/2" if sock.selected_alpn_protocol() == "h2" else "HTTP/1.1"
            return Greeting(sock.version() or "TLS", protocol, ssl.cert_time_to_seconds(ends))

    @cached_property
    def _http1(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def _socket(self, url: SplitResult, context: ssl.SSLContext) -> _Connected:
        deadline = Deadline(min(REQUEST_SECONDS, self._end - time.monotonic()))
        host = punycode((url.hostname or "").lower())
        failure: Exception = OSError("the host has no address")
        for target in self._targets(host, url.port or PORTS[url.scheme], deadline):
            try:
                sock = connection(*target, min(CONNECT_SECONDS, deadline.seconds_left()))
            except OSError as error:
                failure = error
                continue
            try:
                sock.settimeout(deadline.seconds_left())
                if url.scheme == "https":
                    sock = context.wrap_socket(sock, server_hostname=host)
            except BaseException:
                sock.close()
                raise
            return _Connected(sock, deadline)
        raise failure

    def _targets(self, host: str, port: int, deadline: Deadline) -> list[Target]:
        return resolved(self._addresses.get(host, host), port, deadline.seconds_left())


class _Connected:
    """A socket and its deadline, closed together."""

    def __init__(self, sock: Any, deadline: Deadline) -> None:  # noqa: ANN401 (with or without TLS)
        self._parts = sock, deadline

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parts)

    def close(self) -> None:
        self._parts[0].close()


def origin_at(address: str) -> str:
    """Return the origin of an address as browsers write it. Raises `ValueError`."""
    url = urlsplit(address)
    if len(url.hostname or "") > MAX_HOST_CHARACTERS:
        raise ValueError("its host is too long")
    host = punycode((url.hostname or "").lower())
    if url.scheme not in PORTS or not host:
        raise ValueError("it does not start with https:// and a host")
    host = f"[{host}]" if ":" in host else host
    port = "" if url.port in {None, PORTS[url.scheme]} else f":{url.port}"
    return f"{url.scheme}://{host}{port}"


def _split(address: str) -> SplitResult:
    """Return the parts of an address that can be asked. Raises `Unreachable`."""
    try:
        origin_at(address)
        url = urlsplit(address)
    except ValueError as error:
        raise Unreachable(f"it is no address: {error}") from None
    if "@" in url.netloc:
        raise Unreachable("it has a user or a password")
    return url


def _request(method: str, url: SplitResult, headers: Mapping[str, str], body: bytes) -> bytes:
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    host = origin_at(url.geturl()).partition("://")[2]
    lines = {"Host": host, "User-Agent": _AGENT, "Accept": "*/*", **headers, "Connection": "close"}
    if method == "POST":
        lines["Content-Length"] = str(len(body))
    head = [f"{method} {quote(target, safe=_STAY_AS_THEY_ARE)} HTTP/1.1"]
    head += [f"{name}: {value}" for name, value in lines.items()]
    return "\r\n".join((*head, "", "")).encode("ascii", "replace") + body


def _body(response: HTTPResponse) -> bytes:
    data = bytearray()
    while len(data) < MAX_BODY_BYTES and (piece := response.read1(_CHUNK_BYTES)):
        data += piece
    return bytes(data[:MAX_BODY_BYTES])


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Say why there was no answer in words."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(error.verify_message, error.verify_code) from None
    except TimeoutError:
        raise Unreachable(f"there was no answer within {REQUEST_SECONDS} seconds") from None
    except HTTPException as error:
        raise Unreachable(f"it does not speak HTTP ({type(error).__name__})") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        is_refused = isinstance(error, ConnectionRefusedError)
        raise Unreachable(why, is_refused=is_refused) from None
