"""Which pages may be liked: any, those that the site has signed, or those in its sitemap.

Knows sites and signatures; must not know who asks, or how a sitemap is read.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import NoReturn, Protocol

from likewise.errors import Problem
from likewise.sites import SIGNED, SITEMAP, Site

RETRY_SECONDS = 5  # the widget waits so long in silence, and a sitemap is read by then


class Refresher(Protocol):
    """What reads a sitemap again."""

    def refresh(self) -> bool:
        """Tell whether it is being read; begin, unless that was done a moment ago."""


class Gate:
    """Lets writes to pages pass that exist. `keys` are the owner's, the old one may be among them;
    `sitemaps` are by site.
    """

    def __init__(self, keys: Sequence[str], sitemaps: Mapping[str, Refresher]) -> None:
        self._keys = [key.encode() for key in keys]
        self._sitemaps = sitemaps

    def prove(self, site: Site, page: str, signature: str | None) -> bool:
        """Tell whether a page that is not stored is proven to exist; False where none must be.

        `page` is canonical, with its language. Raises `unknown_page`.
        """
        if signature is not None and self._is_signed(site.name, page, signature):
            return True
        if site.pages == SIGNED:
            raise Problem(
                "unknown_page",
                f"The site {site.name} takes likes for pages that it has signed. Send the page's"
                ' signature as "sig"; it must be made for this page and site.',
            )
        if site.pages == SITEMAP:
            self._refuse_unlisted(site)
        return False

    def _refuse_unlisted(self, site: Site) -> NoReturn:
        if self._sitemaps[site.name].refresh():
            raise Problem(
                "unknown_page",
                "This page is not in the site's sitemap yet. The sitemap is being read again.",
                retry_after_seconds=RETRY_SECONDS,
            )
        raise Problem("unknown_page", "This page is not in the site's sitemap.")

    def _is_signed(self, site: str, page: str, signature: str) -> bool:
        text = f"{site}\n{page}".encode()
        given = signature.encode("utf-8", "surrogatepass")
        return any(
            [hmac.compare_digest(_signed(key, text), given) for key in self._keys]  # noqa: C419 (never stops early)
        )


def _signed(key: bytes, text: bytes) -> bytes:
    """Return the signature as Hugo and others make it: HMAC-SHA256 (RFC 2104), lower-case hex."""
    return hmac.new(key, text, "sha256").hexdigest().encode()
