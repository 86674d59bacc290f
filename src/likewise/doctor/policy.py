"""Content Security Policies, read as browsers read them (W3C CSP level 3, sections 4 and 6.7).

Plain functions on text, for scripts and fetches; knows nothing of pages or likes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

MAX_POLICIES = 20

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_HOST_SOURCE = re.compile(
    r"(?:([a-z][a-z0-9+.-]*)://)?(\*|(?:\*\.)?[a-z0-9_.-]+|\[[0-9a-f:]+\])(?::(\d+|\*))?(/.*)?",
    re.IGNORECASE,
)
_FALLBACKS = {
    "script-src-elem": ("script-src-elem", "script-src", "default-src"),
    "connect-src": ("connect-src", "default-src"),
}

Policy = Mapping[str, tuple[str, ...]]


class Wanted(NamedTuple):
    """What a page wants to load: its address; of a script also `nonce` and `integrity`."""

    address: str
    nonce: str = ""
    integrity: str = ""


def policies(texts: Iterable[str]) -> list[Policy]:
    """Return the policies in headers or meta elements; a comma begins another one."""
    parts = [part for text in texts for part in text.split(",")]
    return [policy for policy in map(_policy, parts[:MAX_POLICIES]) if policy]


def blocking(known: Iterable[Policy], directive: str, wanted: Wanted, page: str) -> str | None:
    """Return the directive, as it stands in a policy, that keeps a page from loading something.

    `directive` is `script-src-elem` or `connect-src`; None when every policy allows it.
    """
    for policy in known:
        name = next((name for name in _FALLBACKS[directive] if name in policy), None)
        if name is not None and not _allows(policy[name], wanted, page, directive):
            return " ".join((name, *policy[name]))
    return None


def _policy(text: str) -> dict[str, tuple[str, ...]]:
    directives: dict[str, tuple[str, ...]] = {}
    for part in text.split(";"):
        name, *sources = part.split() or [""]
        if name:  # of two the first counts
            directives.setdefault(name.lower(), tuple(sources))
    return directives


def _allows(sources: tuple[str, ...], wanted: Wanted, page: str, directive: str) -> bool:
    if directive == "script-src-elem":
        words = [source.strip("'") for source in sources if source.startswith("'")]
        if wanted.nonce and f"nonce-{wanted.nonce}" in words:
            return True
        hashes = wanted.integrity.split()
        if hashes and all(one in words for one in hashes):
            return True
        if "strict-dynamic" in words:
            return False
    return any(_matches(source, wanted.address, page) for source in sources)


def _matches(source: str, address: str, page: str) -> bool:
    url, home = urlsplit(address), urlsplit(page)
    if source == "*":
        return url.scheme in {"http", "https", home.scheme}
    if source.lower() == "'self'":
        return _is_self(home, url)
    if re.fullmatch(r"[a-z][a-z0-9+.-]*:", source, re.IGNORECASE):
        return _is_scheme(source[:-1].lower(), url.scheme)
    found = _HOST_SOURCE.fullmatch(source)
    if found is None:
        return False
    scheme, host, port, path = found.groups()
    return (
        _is_scheme((scheme or home.scheme).lower(), url.scheme)
        and _is_host(host.lower(), url.hostname or "")
        and _is_port(port, url.port, url.scheme)
        and _is_path(path, url.path or "/")
    )


def _is_self(home: SplitResult, url: SplitResult) -> bool:
    """Tell whether it is the page's own origin, or the same with TLS."""
    ports = [one.port or _PORTS.get(one.scheme) for one in (home, url)]
    if home.hostname != url.hostname:
        return False
    if home.scheme == url.scheme:
        return ports[0] == ports[1]
    return (home.scheme, url.scheme, *ports) == ("http", "https", 80, 443)


def _is_scheme(allowed: str, scheme: str) -> bool:
    return scheme == allowed or (allowed, scheme) == ("http", "https")


def _is_host(allowed: str, host: str) -> bool:
    if allowed == "*":
        return True
    if allowed.startswith("*."):
        return host.endswith(allowed[1:])
    return host == allowed.strip("[]")


def _is_port(allowed: str | None, port: int | None, scheme: str) -> bool:
    port = port or _PORTS[scheme]
    if allowed is None:
        return port == _PORTS[scheme]
    return allowed == "*" or int(allowed) == port or (int(allowed), port) == (80, 443)


def _is_path(allowed: str | None, path: str) -> bool:
    if allowed is None or allowed == "/":
        return True
    return path.startswith(allowed) if allowed.endswith("/") else path == allowed
