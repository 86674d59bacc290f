"""The addresses that a sitemap names (sitemaps.org), from a file or from the web.

Knows files, HTTP and XML; nothing of likes or page ids. Loaded by the commands that need it only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from urllib import request
from urllib.parse import SplitResult, urlsplit
from xml.etree.ElementTree import ParseError, XMLParser

from likewise import __version__
from likewise.errors import StartError

MAX_BYTES = 10 * 1024 * 1024
MAX_ADDRESSES = 50_000
MAX_FILES = 200
MAX_DEPTH = 16
SILENCE_SECONDS = 10
TOTAL_SECONDS = 60

_NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
_CHUNK_BYTES = 64 * 1024


def sitemap_paths(source: str) -> list[str]:
    """Return the path of every page that a sitemap names, each as it is written there.

    `source` is a file or an http(s) address. The files that a sitemap index names are read too:
    beside the index when that is a file, from its own host otherwise.
    Raises `StartError` for what is missing, too large, or no sitemap.
    """
    is_web = source.startswith(("http://", "https://"))
    first = _Locations.read(source, _fetched(source) if is_web else _file(Path(source)))
    addresses = first.pages
    child = _child_on_the_web(source) if is_web else _child_file(Path(source))
    if len(first.sitemaps) > MAX_FILES:
        raise StartError(f"{source} names {len(first.sitemaps)} sitemaps; at most {MAX_FILES}.")
    for location in first.sitemaps:
        found = _Locations.read(location, child(location))
        if found.sitemaps:
            raise StartError(f"{location} is a sitemap index inside another; give it by itself.")
        addresses += found.pages
        _check_number(source, addresses)
    return list(dict.fromkeys(_paths(addresses)))


class _Locations:
    """What the parser tells its events to: it keeps `<loc>` texts, and no tree."""

    def __init__(self, source: str) -> None:
        self.pages: list[str] = []
        self.sitemaps: list[str] = []
        self._source = source
        self._open: list[str] = []
        self._text: list[str] = []

    @classmethod
    def read(cls, source: str, data: bytes) -> _Locations:
        """Return the locations in a document, or raise `StartError`."""
        locations = cls(source)
        # Given text, the parser ignores the declared encoding, and without NUL it cannot take the
        # text for UTF-16: so nothing hides from these looks.
        # No DTD, no entities: no expansion, no reading of other files.
        parser = XMLParser(target=locations)  # noqa: S314
        try:
            text = data.decode("utf-8-sig")
            if "\0" in text:
                raise StartError(f"{source} is not a sitemap in UTF-8: it has a NUL.")
            if "<!doctype" in text.lower() or "<!entity" in text.lower():
                raise StartError(f"{source} has a DTD. A sitemap needs none, so it is not read.")
            parser.feed(text)
            parser.close()
        except (UnicodeDecodeError, ParseError) as error:
            raise StartError(f"{source} is not a sitemap in UTF-8: {error}.") from error
        return locations

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        """Enter an element; the first one says whether this is a sitemap at all."""
        tag = tag.removeprefix(_NAMESPACE)
        if not self._open and tag not in {"urlset", "sitemapindex"}:
            raise StartError(f"{self._source} is not a sitemap: it starts with <{tag}>.")
        if len(self._open) == MAX_DEPTH:
            raise StartError(f"{self._source} is not a sitemap: it is nested too deeply.")
        self._open.append(tag)
        self._text = []

    def data(self, text: str) -> None:
        """Take a piece of text."""
        self._text.append(text)

    def end(self, _tag: str) -> None:
        """Leave an element, and keep what it says if it is a location."""
        if self._open == ["urlset", "url", "loc"]:
            self.pages.append("".join(self._text).strip())
            _check_number(self._source, self.pages)
        elif self._open == ["sitemapindex", "sitemap", "loc"]:
            self.sitemaps.append("".join(self._text).strip())
        self._open.pop()


def _check_number(source: str, addresses: list[str]) -> None:
    if len(addresses) > MAX_ADDRESSES:
        raise StartError(f"{source} names more than {MAX_ADDRESSES:,} pages; give a part of it.")


def _paths(addresses: list[str]) -> Iterator[str]:
    for address in addresses:
        url = _split(address)
        if url.scheme in {"http", "https"}:
            yield url.path or "/"


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:  # such as `http://[`
        return urlsplit("")


def _file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return _bounded(str(path), file.read(MAX_BYTES + 1))
    except OSError as error:
        raise StartError(
            f"The sitemap {path.absolute()} cannot be read: {error.strerror}."
        ) from error


def _child_file(index: Path) -> Callable[[str], bytes]:
    """Return a reader of the files that an index names by their address on the site.

    The site may live under a prefix that its folder does not have, so the longest end of the
    address's path that exists below the folder is taken; nothing outside it.
    """
    folder = index.parent.resolve()

    def child(location: str) -> bytes:
        segments = [part for part in _split(location).path.split("/") if part]
        for start in range(len(segments)):
            path = folder.joinpath(*segments[start:]).resolve()
            if path.is_relative_to(folder) and path.is_file() and path != index.resolve():
                return _file(path)
        raise StartError(
            f"{index} names {location}, which is not below {folder}."
            " Build the site first, or give the address of its sitemap."
        )

    return child


def _child_on_the_web(index: str) -> Callable[[str], bytes]:
    """Return a reader of the addresses that an index names on its own scheme, host and port."""

    def child(location: str) -> bytes:
        if _split(location)[:2] != _split(index)[:2]:
            raise StartError(f"{index} names {location}, which is on another host; give it itself.")
        return _fetched(location)

    return child


def _fetched(address: str) -> bytes:
    """Return what a web server answers. Every redirect stays within http and https."""
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler,
        request.HTTPHandler,
        request.HTTPSHandler,
        request.HTTPRedirectHandler,
        request.HTTPDefaultErrorHandler,
        request.HTTPErrorProcessor,
        request.UnknownHandler,
    ):
        opener.add_handler(handler())
    opener.addheaders = [("User-Agent", f"likewise/{__version__}")]
    deadline = time.monotonic() + TOTAL_SECONDS
    try:
        with opener.open(address, timeout=SILENCE_SECONDS) as response:
            data = b""
            while len(data) <= MAX_BYTES and (chunk := response.read1(_CHUNK_BYTES)):
                data += chunk
                if time.monotonic() > deadline:
                    raise TimeoutError(f"not complete after {TOTAL_SECONDS} seconds")
    except (OSError, ValueError, HTTPException) as error:
        raise StartError(f"The sitemap {address} cannot be fetched: {error}.") from error
    return _bounded(address, data)


def _bounded(source: str, data: bytes) -> bytes:
    if len(data) > MAX_BYTES:
        raise StartError(f"{source} is larger than {MAX_BYTES // 1024**2} MiB; give a part of it.")
    return data
