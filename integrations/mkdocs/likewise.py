"""A hook for MkDocs that signs the pages of a site, for LIKEWISE_PAGES=signed.

The key comes from LIKEWISE_PAGE_KEY when the site is built, and stands in no page.
"""

from __future__ import annotations

import hmac
import os
import re
import unicodedata
from typing import Any
from urllib.parse import unquote

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.pages import Page


def on_page_context(
    context: dict[str, Any], page: Page, config: MkDocsConfig, **_: object
) -> dict[str, Any]:
    """Give a page its signature, where there is a key and the page has a button."""
    key = os.environ.get("LIKEWISE_PAGE_KEY", "").split(",")[0].strip()
    own = page.meta.get("likes")
    if not key or own is False:
        return context
    own = own if isinstance(own, dict) else {}
    settings = config.extra.get("likewise") or {}
    name = own.get("page") or page.canonical_url
    if not name:
        raise PluginError("Likewise: pages are signed with their address, so set site_url.")
    site = own.get("site") or settings.get("site") or "default"
    page.meta["likes"] = {**own, "sig": signature(key, name, site)}
    return context


def signature(key: str, page: str, site: str) -> str:
    """Return the HMAC-SHA256 of a site and of the one id that all spellings of a page share."""
    if re.match("/|https?://", page):
        page = re.sub(r"^https?://[^/?#]*|[?#].*", "", page, flags=re.DOTALL)
        page = re.sub("(?:%[89A-Fa-f][0-9A-Fa-f])+", lambda octets: unquote(octets[0]), page)
        page = re.sub(r"(/(index\.html)?)+$", "", page) or "/"
    text = f"{site}\n{unicodedata.normalize('NFC', page)}"
    return hmac.new(key.encode(), text.encode(), "sha256").hexdigest()
