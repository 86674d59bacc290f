"""A page as the doctor reads it: its scripts, its buttons, its policies, and what it calls itself.

Knows HTML; must not know the service. The page may be anybody's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from likewise.doctor.visitor import Answer, origin_at

MAX_FOUND = 100  # of each: more are not looked at

_WIDGET = re.compile(r"/likes(?:-([0-9a-f]+))?\.js$")
# What the article's client remembers a like under.
_OLD_CLIENT = "mxlit_liked_"

Attributes = Mapping[str, str]


class Script(NamedTuple):
    """The script element that loads the widget; `hash` is that of a pinned one, else empty."""

    address: str
    hash: str
    attributes: Attributes

    @property
    def home(self) -> str:
        """Where the script came from, with a final slash: there it looks for the service."""
        return self.address[: self.address.rindex("/") + 1]

    @property
    def is_rewritten(self) -> bool:
        """Whether Rocket Loader will load it, and no script runs as the element's own."""
        kind = self.attributes.get("type", "")
        return kind.endswith("-text/javascript") or "data-cf-settings" in self.attributes


class Page(NamedTuple):
    """A page that was fetched; `address` is where redirects have led."""

    address: str
    scripts: list[Script]
    buttons: list[Attributes]
    canonical: str | None
    policies: list[str]
    has_old_client: bool

    def path(self, button: Attributes) -> str:
        """Return what the widget takes for the page, as widget/src/attributes.ts does."""
        named = button.get("page")
        if named:
            return named
        own = self.address
        if self.canonical and urlsplit(self.canonical).netloc == urlsplit(own).netloc:
            own = self.canonical
        return urlsplit(own).path or "/"

    def api(self, button: Attributes) -> str:
        """Return where the widget asks, with a final slash; empty where it does not know."""
        named = button.get("api")
        home = self.scripts[0].home if self.scripts else ""
        if not named:
            return home
        address = _usable(self.address, named)
        return f"{address.removesuffix('/')}/" if address else ""


def read_page(answer: Answer) -> Page:
    """Return what a page holds. Broken HTML is read as far as it goes."""
    reader = _Reader(answer.address)
    # Not closed: to make something of a last, unfinished tag takes time with the square of it.
    reader.feed(answer.text)
    return Page(
        answer.address,
        reader.scripts,
        reader.buttons,
        reader.canonical,
        [*answer.every("content-security-policy"), *reader.policies],
        _OLD_CLIENT in answer.text,
    )


def _usable(base: str, address: str) -> str:
    """Return an address that a browser would ask, as it stands there; empty for any other."""
    try:
        whole = urljoin(base, address.strip())
        origin_at(whole)
    except ValueError:
        return ""
    return whole


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self._base = address
        self._has_base = False
        self.scripts: list[Script] = []
        self.buttons: list[Attributes] = []
        self.policies: list[str] = []
        self.canonical: str | None = None

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        # Of an attribute that stands twice browsers take the first.
        attributes = {name: value or "" for name, value in reversed(pairs)}
        match tag:
            case "base" if "href" in attributes and not self._has_base:
                self._base, self._has_base = self._absolute(attributes["href"]), True
            case "script":
                self._see_script(attributes)
            case "like-wise" if len(self.buttons) < MAX_FOUND:
                self.buttons.append(attributes)
            case "link" if attributes.get("rel", "").lower() == "canonical":
                self.canonical = self.canonical or self._absolute(attributes.get("href", ""))
            case "meta" if len(self.policies) < MAX_FOUND:
                if attributes.get("http-equiv", "").lower() == "content-security-policy":
                    self.policies.append(attributes.get("content", ""))

    def _see_script(self, attributes: Attributes) -> None:
        address = _usable(self._base, attributes.get("src", ""))
        found = _WIDGET.search(urlsplit(address).path)
        if found and len(self.scripts) < MAX_FOUND:
            self.scripts.append(Script(address, found[1] or "", attributes))

    def _absolute(self, address: str) -> str:
        try:
            return urljoin(self._base, address.strip())
        except ValueError:
            return self._base
