"""Origins of web pages: which may write to a site, and how they are compared.

Plain rules on text; must not know sites, pages or HTTP messages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from likewise.hosts import host_in

_ORIGIN = re.compile(r"(https?)://(\*\.)?([^/:\[]+|\[[0-9a-f:]+\])(?::(\*|[0-9]{1,5}))?/?")
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:]+\]")
_MAX_PORT = 65_535
DEFAULT_PORTS = {"http": "80", "https": "443"}
# Anyone can have a name right under these, so a wildcard there would let everyone write.
_SHARED_HOSTS = frozenset(
    "amplifyapp.com appspot.com azurewebsites.net blogspot.com cloudfront.net codeberg.page"
    " deno.dev firebaseapp.com fly.dev github.io gitlab.io glitch.me herokuapp.com hf.space"
    " neocities.org netlify.app netlify.com ngrok.app ngrok.io onrender.com pages.dev"
    " readthedocs.io render.com run.app s3.amazonaws.com surge.sh trycloudflare.com tumblr.com"
    " vercel.app web.app webflow.io wordpress.com workers.dev"
    " ac.uk co.in co.jp co.kr co.nz co.uk co.za com.ar com.au com.br com.cn com.mx com.tr gov.uk"
    " org.uk".split()
)


class Origins:
    """The origins that may write to a site, compared serialised (RFC 6454 section 6)."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Read `https://example.com`, `https://*.example.com`, `http://localhost:*` and the like.

        Raises `ValueError` that says which one is wrong and why.
        """
        self.texts = tuple(texts)
        self.exact: list[str] = []
        patterns: list[str] = []
        for text in self.texts:
            scheme, wildcard, host, port = _parse(text)
            if not wildcard and port != "*":
                self.exact.append(_serialised(scheme, host, port))
                continue
            labels = r"(?:[a-z0-9_-]+\.)+" if wildcard else ""
            any_port = r"(?::[0-9]{1,5})?"
            suffix = any_port if port == "*" else re.escape(_port_suffix(scheme, port))
            patterns.append(f"{scheme}://{labels}{re.escape(host)}{suffix}")
        self._exact = frozenset(self.exact)
        self._pattern = re.compile("|".join(patterns)) if patterns else None

    def allow(self, origin: str) -> bool:
        """Tell whether a request with this `Origin` may write."""
        origin = origin.removesuffix("/")
        return origin in self._exact or bool(self._pattern and self._pattern.fullmatch(origin))


def twin_of(origin: str) -> str | None:
    """Return the origin with `www.` where there was none, or without it; None where no other is.

    An address, and a name without a dot, has none.
    """
    scheme, _, host = origin.partition("://")
    name = host.partition(":")[0]
    if "." not in name or host.startswith("[") or name.rpartition(".")[2].isdecimal():
        return None
    other = host.removeprefix("www.")
    return f"{scheme}://{other if other != host else f'www.{host}'}"


def origin_of(url: str) -> str:
    """Return the origin of a URL."""
    return "/".join(url.split("/")[:3])


def host_of(origin: str) -> str:
    """Return the host of an origin or URL, without port and brackets."""
    return host_in(origin_of(origin).partition("://")[2])


def _parse(text: str) -> tuple[str, bool, str, str]:
    """Return scheme, whether names below the host are meant, host and port, as browsers write."""
    match = _ORIGIN.fullmatch(text.strip().lower())
    host, port = (punycode(match[3]), match[4] or "") if match else ("", "")
    if not match or not _HOST.fullmatch(host) or (port.isdecimal() and int(port) > _MAX_PORT):
        msg = (
            f"{text!r} is no origin: write scheme and host and nothing else,"
            " such as https://example.com or https://*.example.com"
        )
        raise ValueError(msg)
    if match[2] and ("." not in host or host in _SHARED_HOSTS):
        msg = (
            f"{text!r} would let strangers write: anyone can have a name under {host}."
            " Name your own host there"
        )
        raise ValueError(msg)
    return match[1], bool(match[2]), host, port


def punycode(host: str) -> str:
    """Return a lower-case host as browsers send it (UTS 46, non-transitional: `ß` stays itself)."""
    labels = unicodedata.normalize("NFKC", host).replace("\u3002", ".").split(".")
    return ".".join(
        label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in labels
    )


def _serialised(scheme: str, host: str, port: str) -> str:
    return f"{scheme}://{host}{_port_suffix(scheme, port)}"


def _port_suffix(scheme: str, port: str) -> str:
    return "" if port in {"", DEFAULT_PORTS[scheme]} else f":{port}"


# What may write while nothing is configured.
LOCALHOST = Origins(["http://localhost:*", "http://127.0.0.1:*"])
