"""What a document lists: a sitemap or its index (sitemaps.org), an RSS or an Atom feed.

Knows XML; nothing of files, of HTTP, or of which addresses are wanted.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import ParseError, XMLParser

from likewise.errors import StartError

MAX_ADDRESSES = 50_000
MAX_DEPTH = 256
# What sitemaps.org allows. A page id, at most 512 bytes, is shorter however it is escaped.
MAX_ADDRESS_CHARACTERS = 2048

_SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
_ATOM = "{http://www.w3.org/2005/Atom}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_RSS1 = "{http://purl.org/rss/1.0/}"

_SITEMAP_ROOTS = frozenset({"urlset", "sitemapindex"})
_FEED_ROOTS = frozenset({"rss", f"{_RDF}RDF", f"{_ATOM}feed"})
_INDEX_TEXT = ("sitemapindex", "sitemap", "loc")
_PAGE_TEXTS = (
    ("urlset", "url", "loc"),
    ("rss", "channel", "item", "link"),
    (f"{_RDF}RDF", f"{_RSS1}item", f"{_RSS1}link"),
)
_PAGE_LINK = (f"{_ATOM}feed", f"{_ATOM}entry", f"{_ATOM}link")
_TEXTS = frozenset({_INDEX_TEXT, *_PAGE_TEXTS})
_LONGEST = max(map(len, _TEXTS))

_DECLARATION = re.compile(rb"<!(?:doctype|entity)", re.IGNORECASE)


class Listing:
    """The addresses of pages and of further sitemaps, as written in a document.

    It is what the parser tells its events to, and keeps addresses and no tree. An address of
    more than `MAX_ADDRESS_CHARACTERS` is passed over: it is no page's.
    """

    def __init__(self, source: str, *, takes_feeds: bool) -> None:
        self.source = source
        self.pages: list[str] = []
        self.sitemaps: list[str] = []
        self._roots = _SITEMAP_ROOTS | _FEED_ROOTS if takes_feeds else _SITEMAP_ROOTS
        self._name = "a sitemap or a feed" if takes_feeds else "a sitemap"
        self._open: list[str] = []
        self._text: list[str] | None = None
        self._characters = 0

    @classmethod
    def read(cls, source: str, data: bytes, *, takes_feeds: bool = False) -> Listing:
        """Return what a document lists.

        Raises `StartError` for what is no such document, has a DTD, or lists too much.
        """
        listing = cls(source, takes_feeds=takes_feeds)
        # No DTD, no entities: no expansion, no reading of other files.
        parser = XMLParser(target=listing)  # noqa: S314
        try:
            # Given text, the parser ignores the declared encoding, and without NUL it cannot take
            # the text for UTF-16: so nothing hides from this look.
            text = data.decode("utf-8-sig")
            if b"\0" in data:
                raise listing.refused("it has a NUL")
            if _DECLARATION.search(data):
                raise StartError(
                    f"{source} has a DTD, as web pages have. A sitemap needs none, so it is not"
                    " read."
                )
            parser.feed(text)
            parser.close()
        except (UnicodeDecodeError, ParseError) as error:
            raise listing.refused(str(error)) from error
        return listing

    def refused(self, why: str) -> StartError:
        """Return the error for a document that is none of ours."""
        return StartError(f"{self.source} is not {self._name} in UTF-8: {why}.")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Enter an element; the first one says whether this is a document to read at all."""
        tag = tag.removeprefix(_SITEMAP)
        if not self._open and tag not in self._roots:
            raise StartError(f"{self.source} is not {self._name}: it starts with <{tag[:200]}>.")
        if len(self._open) == MAX_DEPTH:
            raise StartError(f"{self.source} is not {self._name}: it is nested too deeply.")
        self._open.append(tag)
        where = self._where()
        self._text = [] if where in _TEXTS else None
        self._characters = 0
        if where == _PAGE_LINK and attributes.get("rel", "alternate") == "alternate":
            self._add_page(attributes.get("href", ""))

    def data(self, text: str) -> None:
        """Take a piece of text, where it is an address's."""
        if self._text is None:
            return
        self._text.append(text)
        self._characters += len(text)
        if self._characters > MAX_ADDRESS_CHARACTERS:
            self._text = None

    def end(self, _tag: str) -> None:
        """Leave an element, and keep what it says if it is an address."""
        if self._text is not None:
            address = "".join(self._text).strip()
            if self._where() == _INDEX_TEXT:
                self.sitemaps.append(address)
            else:
                self._add_page(address)
        self._text = None
        self._open.pop()

    def _add_page(self, address: str) -> None:
        if len(address) <= MAX_ADDRESS_CHARACTERS:
            self.pages.append(address)
            check_number(self.source, len(self.pages))

    def _where(self) -> tuple[str, ...]:
        return tuple(self._open[: _LONGEST + 1])


def check_number(source: str, pages: int) -> None:
    """Raise `StartError` for more pages than a sitemap may have."""
    if pages > MAX_ADDRESSES:
        raise StartError(f"{source} names more than {MAX_ADDRESSES:,} pages; give a part of it.")
