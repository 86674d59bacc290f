"""What the owner sees of days: likes and readers of each, and the hosts that led readers here.

Handlers parse, refuse, make one store call and answer; they know neither sockets nor SQL.
"""

from __future__ import annotations

from collections.abc import Mapping

from likewise.errors import Problem, unknown_page
from likewise.http.message import Request, Response
from likewise.sites import VIEWS, Site, site_named
from likewise.store import HOURS_PER_DAY, Store
from likewise.store.audience import Day, Period
from likewise.web.answers import PRIVATE, json_answer
from likewise.web.hours import day_text
from likewise.web.parameters import Query

MAX_DAYS = 400  # hours of days before are folded, and referrers gone
MAX_HOSTS = 500


class Figures:
    """Figures over a store, for the sites that are served."""

    def __init__(self, store: Store, sites: Mapping[str, Site]) -> None:
        self._store = store
        self._sites = sites

    async def series(self, request: Request) -> Response:
        """`GET /api/series?page=A&days=30`: what each day brought to a page, or to the site."""
        query = Query(request.query)
        site = site_named(self._sites, query.one("site"))
        period = self._period(query, site)
        days = await self._store.views.days(period)
        return json_answer(
            {"page": period.page, "days": [_line(site, day) for day in days]}, PRIVATE
        )

    async def referrers(self, request: Request) -> Response:
        """`GET /api/referrers?page=A&days=30`: where readers of a page, or of the site, came from.

        `views` are all of that time: what the hosts lack came without a referrer, or from within.
        """
        query = Query(request.query)
        site = site_named(self._sites, query.one("site"))
        period = self._period(query, site)._replace(limit=query.number("limit", 50, MAX_HOSTS))
        found = await self._store.views.referrers(period)
        hosts = [{"host": host, "views": views} for host, views in found.hosts]
        return json_answer({"page": period.page, "views": found.views, "hosts": hosts}, PRIVATE)

    def _period(self, query: Query, site: Site) -> Period:
        """Return what is asked for. Raises `bad_request`, `bad_page` and `unknown_page`."""
        days, text = query.number("days", 30, MAX_DAYS), query.one("page")
        if not days:
            raise Problem("bad_request", f"The parameter days is a number from 1 to {MAX_DAYS}.")
        if text is None:
            return Period(site.name, None, days)
        known = self._store.known(site.name, site.page(text))
        if known is None:
            raise unknown_page(site.page(text))
        return Period(site.name, known.page, days)


def _line(site: Site, day: Day) -> dict[str, object]:
    line: dict[str, object] = {
        "day": day_text(day.number * HOURS_PER_DAY),
        "counts": {kind: day.counts.get(kind, 0) for kind in site.kinds},
    }
    return {**line, "views": day.counts.get(VIEWS, 0)} if site.views else line
