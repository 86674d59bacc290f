"""The most liked pages, for a list on the site, or one that is made when the site is built.

Counts them once a minute whoever asks how often; knows no SQL.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple

from likewise.errors import Problem
from likewise.http.message import Request, Response, header_block
from likewise.sites import Site, site_named
from likewise.store import Popularity, Store
from likewise.web.answers import PUBLIC, json_answer
from likewise.web.parameters import Query
from likewise.web.visitors import Visitors

DAYS = {"1": 1, "7": 7, "30": 30, "90": 90, "365": 365, "all": None}
MOST_PAGES = 100
FRESH_SECONDS = 60
_CACHED = PUBLIC + header_block(
    ("cache-control", f"public, max-age={FRESH_SECONDS}, stale-while-revalidate=600")
)


class Counted(NamedTuple):
    """A list that is being counted or was, and until when it is fresh."""

    pages: asyncio.Future[list[Popularity]]
    until: float


class Popular:
    """Keeps the last list of each site, kind and number of days: there are few."""

    def __init__(
        self,
        store: Store,
        sites: Mapping[str, Site],
        visitors: Visitors,
        monotonic: Callable[[], float],
    ) -> None:
        self._store = store
        self._sites = sites
        self._visitors = visitors
        self._monotonic = monotonic
        self._counted: dict[tuple[str, str, str], Counted] = {}

    async def pages(self, request: Request) -> Response:
        """`GET /v1/popular?days=30&limit=10&kind=like`: pages and what they got in that time."""
        self._visitors.read(request)
        query = Query(request.query)
        site = site_named(self._sites, query.one("site"))
        kind = site.public_kind(query.one("kind"))
        days = query.one("days", "30") or ""
        if days not in DAYS:
            raise Problem("bad_request", f"The parameter days is one of {', '.join(DAYS)}.")
        limit = query.number("limit", 10, MOST_PAGES)
        listed = await asyncio.shield(self._listed(site.name, kind, days))
        pages = [{"page": page, "count": likes} for page, likes in listed[:limit]]
        return json_answer({"pages": pages}, _CACHED)

    def _listed(self, site: str, kind: str, days: str) -> asyncio.Future[list[Popularity]]:
        """Return a list that was counted within a minute, or count it: once for all who wait."""
        key, now = (site, kind, days), self._monotonic()
        counted = self._counted.get(key)
        if counted is None or now >= counted.until or _failed(counted.pages):
            pages = asyncio.ensure_future(self._store.popular(site, kind, DAYS[days]))
            pages.add_done_callback(_failed)  # where nobody waits any longer, nobody else looks
            counted = self._counted[key] = Counted(pages, now + FRESH_SECONDS)
        return counted.pages


def _failed(pages: asyncio.Future[list[Popularity]]) -> bool:
    return pages.done() and (pages.cancelled() or pages.exception() is not None)
