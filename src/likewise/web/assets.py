"""Files that are served as they are: the widget, and the pages' own scripts and styles.

Read and compressed once at the start, but for the widgets of older releases, which wait on the disk
until a page that pins one asks; knows nothing of likes.
"""

from __future__ import annotations

import os
import re
import zlib
from binascii import b2a_base64
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256, sha384

from likewise import __version__
from likewise.errors import Problem
from likewise.http.message import Request, Response, header_block
from likewise.web.answers import NO_STORE, PUBLIC, has_tag, json_answer, page_headers
from likewise.web.host import AdminHost
from likewise.web.routes import nothing_here

_FOLDER = os.path.dirname(__file__)
_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_GZIP_WINDOW = 31  # zlib's way to say: with gzip's header
# In a script's name. likes.js names the other one, and every byte of it is weighed.
_HASH_CHARACTERS = {"likes": 16, "reactions": 8}
_HASH = re.compile(rb"[0-9a-f]{8}(?:[0-9a-f]{8})?")
_KEPT_IN_MEMORY = 4  # older widgets, 6 to 22 KiB each
_TAKES_GZIP = re.compile(rb"gzip(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)


class Asset:
    """One file, whole and compressed, with its strong ETag."""

    def __init__(self, name: str, content: bytes) -> None:
        self.content = content
        self.hash = sha256(content).hexdigest()[:16]
        self.integrity = "sha384-" + b2a_base64(sha384(content).digest(), newline=False).decode()
        squeezer = zlib.compressobj(9, wbits=_GZIP_WINDOW)
        self._gzip = squeezer.compress(content) + squeezer.flush()
        self._type = header_block(("content-type", _TYPES[name.rpartition(".")[2]]))

    def answer(self, request: Request, headers: bytes) -> Response:
        """Return the file, or 304 where the client has it."""
        is_gzip = bool(_TAKES_GZIP.search(request.headers.get(b"accept-encoding", b"")))
        etag = f'"{self.hash}-gzip"' if is_gzip else f'"{self.hash}"'
        lines = self._type + headers + header_block(("etag", etag), ("vary", "accept-encoding"))
        if has_tag(request, etag.encode()):
            return Response(304, lines)
        if is_gzip:
            return Response(200, lines + b"content-encoding: gzip\r\n", self._gzip)
        return Response(200, lines, self.content)


def load_assets() -> dict[str, Asset]:
    """Return every file in `static/` by its path below it."""
    return dict(_walk(os.path.join(_FOLDER, "static"), ""))


def _walk(folder: str, prefix: str) -> Iterator[tuple[str, Asset]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _walk(entry.path, f"{prefix}{entry.name}/")
            elif entry.name.rpartition(".")[2] in _TYPES:
                yield prefix + entry.name, _asset(entry.path)


def _asset(path: str) -> Asset:
    with open(path, "rb") as file:
        return Asset(os.path.basename(path), file.read())


@lru_cache(_KEPT_IN_MEMORY)
def released_script(script: str, name: bytes) -> Asset:
    """Return a script of the widget of any release by its hash. Raises `not_found`."""
    # A name from the wire leads to a file: it is a hash, or nothing is looked for.
    if _HASH.fullmatch(name):
        file = f"{script}-{name.decode()}.js"
        with suppress(FileNotFoundError):
            return _asset(os.path.join(_FOLDER, "widgets", file))
    raise Problem("not_found", "There is no such version of the widget.")


class Widget:
    """The widget's two scripts, as they are and as any release had them."""

    def __init__(self, assets: dict[str, Asset]) -> None:
        self._scripts = {script: assets[f"{script}.js"] for script in _HASH_CHARACTERS}

    def newest(self, script: str) -> Asset:
        return self._scripts[script]

    def named(self, script: str, name: bytes) -> Asset:
        """Return the very script that bears this hash. Raises `not_found`."""
        is_newest = name == self._hash(script).encode()
        return self._scripts[script] if is_newest else released_script(script, name)

    def facts(self, script: str, url: str) -> dict[str, str]:
        """Return where a script stays as it is, and its integrity (W3C SRI)."""
        src = f"{url}/{script}-{self._hash(script)}.js"
        return {"src": src, "integrity": self._scripts[script].integrity}

    def _hash(self, script: str) -> str:
        return self._scripts[script].hash[: _HASH_CHARACTERS[script]]


class Files:
    """Answers with files. `url` is the service's public address, where one is set."""

    def __init__(self, admin_host: AdminHost, *, serves_demo: bool, url: str | None) -> None:
        self._assets = load_assets()
        self._widget = Widget(self._assets)
        self._admin_host = admin_host
        self._serves_demo = serves_demo
        self._url = url
        self._page_headers = page_headers(is_https=bool(url and url.startswith("https:")))

    def front(self, request: Request) -> Response:
        """`GET /`: on to what there is to see."""
        if not self._serves_demo and not self._admin_host.serves(request):
            raise nothing_here()
        to = "demo" if self._serves_demo else "dashboard"
        return Response(303, NO_STORE + header_block(("location", to)))

    def demo(self, request: Request) -> Response:
        """`GET /demo`: a page with the widget, for those who have just started the service."""
        return self._demo_page("demo.html", request)

    def gallery(self, request: Request) -> Response:
        """`GET /gallery`: all that the widget can look like, to try and to copy."""
        return self._demo_page("gallery.html", request)

    def _demo_page(self, name: str, request: Request) -> Response:
        if not self._serves_demo:
            raise Problem("not_found", "The demo is off. LIKEWISE_DEMO=on turns it on.")
        return self._assets[name].answer(request, self._page_headers)

    def dashboard(self, request: Request) -> Response:
        """`GET /dashboard`: the page on which the owner signs in."""
        return self._assets["dashboard.html"].answer(request, self._page_headers)

    def static(self, request: Request, name: bytes) -> Response:
        """`GET /static/{file*}`: what the pages load."""
        asset = self._assets.get(name.decode("latin-1"))
        # A page belongs at its own address, under its own headers.
        if asset is None or name.endswith(b".html"):
            raise Problem("not_found", "There is no such file.")
        return asset.answer(request, _REVALIDATED)

    def widget(self, request: Request) -> Response:
        """`GET /likes.js`: the widget, the newest one."""
        return self._widget.newest("likes").answer(request, PUBLIC + _HOUR)

    def hashed_widget(self, request: Request, name: bytes) -> Response:
        """`GET /likes-{hash}.js`: this very widget, for pages that pin it."""
        return self._widget.named("likes", name).answer(request, PUBLIC + _FOR_EVER)

    def reactions(self, request: Request) -> Response:
        """`GET /reactions.js`: the widget with all that it can do, the newest one."""
        return self._widget.newest("reactions").answer(request, PUBLIC + _HOUR)

    def hashed_reactions(self, request: Request, name: bytes) -> Response:
        """`GET /reactions-{hash}.js`: what likes.js asks for where a page needs it."""
        return self._widget.named("reactions", name).answer(request, PUBLIC + _FOR_EVER)

    def widget_facts(self, _request: Request) -> Response:
        """`GET /v1/widget`: where the pinned scripts are, and their integrity."""
        # Without an address of our own: relative to this one, whatever prefix it is under.
        url = self._url or ".."
        facts = {
            **self._widget.facts("likes", url),
            "reactions": self._widget.facts("reactions", url),
            "version": __version__,
        }
        return json_answer(facts, PUBLIC + _HOUR)


_HOUR = header_block(("cache-control", "public, max-age=3600"))
_FOR_EVER = header_block(("cache-control", "public, max-age=31536000, immutable"))
_REVALIDATED = header_block(("cache-control", "no-cache"), ("x-content-type-options", "nosniff"))
