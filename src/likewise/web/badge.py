"""A badge: a page's count as an image, for where no script can run.

Draws numbers and fixed text alone, so that nothing that was sent is ever in it.
"""

from __future__ import annotations

from collections.abc import Mapping

from likewise.errors import Problem
from likewise.http.message import Request, Response, header_block
from likewise.sites import Site, site_named
from likewise.store import Store
from likewise.web.answers import PUBLIC, shown
from likewise.web.parameters import Query
from likewise.web.visitors import Visitors

_HEADERS = PUBLIC + header_block(
    ("content-type", "image/svg+xml"),
    ("cache-control", "public, max-age=60, stale-while-revalidate=600"),
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
)
_HEART = "M8 14.2 2.6 8.8a3.5 3.5 0 0 1 5-5l.4.5.5-.5a3.5 3.5 0 0 1 4.9 5z"
_LEFT, _DIGIT, _PADDING = 28, 7.2, 9  # in pixels
_STEPS = ((10**15, "P"), (10**12, "T"), (1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"))


class Badge:
    """Draws what a page has of one kind."""

    def __init__(self, store: Store, sites: Mapping[str, Site], visitors: Visitors) -> None:
        self._store = store
        self._sites = sites
        self._visitors = visitors

    def draw(self, request: Request) -> Response:
        """`GET /v1/badge.svg?page=A`."""
        self._visitors.read(request)
        query = Query(request.query)
        site = site_named(self._sites, query.one("site"))
        kind, text = site.public_kind(query.one("kind")), query.one("page")
        if text is None:
            raise Problem("bad_request", "Say which page, as /v1/badge.svg?page=/posts/hello.")
        count = shown(self._store.counts(site.name, site.page(text)), kind)
        return Response(200, _HEADERS, _svg(count).encode())


def short(count: int) -> str:
    """Return a count in at most four characters, rounded down: 999, 1.2k, 12k, 3.4M."""
    for size, letter in _STEPS:
        if count >= size:
            whole, tenth = divmod(count * 10 // size, 10)
            return f"{whole}.{tenth}{letter}" if whole < 10 and tenth else f"{whole}{letter}"
    return str(count)


def _svg(count: int) -> str:
    text = short(count)
    right = round(len(text) * _DIGIT + 2 * _PADDING)
    width, middle = _LEFT + right, _LEFT + right / 2
    # The number alone: a kind may be anything, and what it is called is the page's to say.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img"'
        f' aria-label="{count}"><title>{count}</title>'
        f'<rect width="{width}" height="20" rx="4" fill="#fff" stroke="#d0d0d7"/>'
        f'<path d="M4 0h{_LEFT - 4}v20H4a4 4 0 0 1-4-4V4a4 4 0 0 1 4-4z" fill="#c2185b"/>'
        f'<path transform="translate(6 2)" d="{_HEART}" fill="#fff"/>'
        f'<text x="{middle:g}" y="14" text-anchor="middle" fill="#1b1b1f"'
        f' style="font:600 12px system-ui,sans-serif">{text}</text></svg>\n'
    )
