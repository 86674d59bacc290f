"""A reader of a page: counted once a day, answered with what the page has.

Handlers parse, refuse, make one store call and answer; they know neither sockets nor SQL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from likewise.errors import Problem
from likewise.http.message import Answer, Request, Response
from likewise.limiter import UNLIMITED, Grant
from likewise.metrics import VIEWS as OUTCOMES
from likewise.metrics import Metrics
from likewise.sites import VIEWS, Site
from likewise.store import Counts, Store
from likewise.store.audience import View
from likewise.web.answers import counts_json, quoted, shown
from likewise.web.likes import FRESH, Likes, fields_in
from likewise.web.parameters import text_of
from likewise.web.public import rules_member
from likewise.web.visitors import Visitors

if TYPE_CHECKING:
    from likewise.readers import Readers


class Visit(NamedTuple):
    """Leave to count a reader: whether the page may be made for it, and what granted that."""

    may_create: bool
    grant: Grant


class Views:
    """Counts readers, for the sites that do; `readers` is None where none does."""

    def __init__(
        self,
        store: Store,
        likes: Likes,
        visitors: Visitors,
        readers: Readers | None,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._likes = likes
        self._visitors = visitors
        self._limiter = visitors.limiter
        self._readers = readers
        self._metrics = metrics

    def view(self, request: Request) -> Answer:
        """`POST /v1/view`: count a reader of a page, where he is one and had not been there today.

        Nobody is refused for coming too often: he is answered, and not counted.
        """
        fields = fields_in(request)
        text = text_of(fields, "page")
        if text is None:
            raise Problem("bad_request", 'The key "page" is missing from the body.')
        referrer = text_of(fields, "ref")
        site = self._likes.writable_site(request, fields)
        page = site.page(text)
        prove = self._likes.proof(site, text, fields)
        if self._readers is None or not site.views:
            return self._as_it_stands(site, page)
        visit = self._visit(self._readers, request, (site.name, page), prove)
        if isinstance(visit, str):
            self._metrics.add(OUTCOMES, visit)
            return self._as_it_stands(site, page)
        return self._store_view(site, page, _host(site, referrer), visit)

    def _visit(
        self, readers: Readers, request: Request, name: tuple[str, str], prove: Callable[[], bool]
    ) -> Visit | str:
        """Return the leave to count a reader, or why he is not counted, as a word.

        Raises `unknown_page`.
        """
        from likewise.readers import agent_of, why_not  # noqa: PLC0415 (where readers are counted)

        network = self._visitors.network(request)
        known = self._store.known(*name)
        reason = why_not(request.headers)
        if reason is None and known is not None and known.is_blocked:
            reason = "blocked"
        if reason is None and not self._limiter.may_view(network):
            reason = "too_many"
        if reason is not None:
            return reason
        grant = UNLIMITED
        if known is None and not prove():
            # Whoever opens what there is not shall not fill the list of pages.
            allowed = self._limiter.new_page(network)
            if allowed is None:
                return "new_page"
            grant = allowed
        subject = "\0".join((name[0], name[1] if known is None else known.page)).encode()
        # Where no address is known nobody can be told from another: each opening counts.
        if network is not None and not readers.is_new(network, agent_of(request.headers), subject):
            self._limiter.give_back_page(grant)
            return "again"
        self._limiter.viewed(network)
        return Visit(known is None, grant)

    async def _store_view(self, site: Site, page: str, host: str | None, visit: Visit) -> Response:
        try:
            viewed = await self._store.views.count(View(site.name, page, host, visit.may_create))
        except Problem:  # the disk's
            # A reader cannot do anything about it, and a view is no like.
            self._limiter.give_back_page(visit.grant)
            self._metrics.add(OUTCOMES, "lost")
            return self._as_it_stands(site, page)
        if not viewed.is_new_page:
            self._limiter.give_back_page(visit.grant)
        self._metrics.add(OUTCOMES, "counted" if viewed.is_counted else "blocked")
        return _told(site, page, viewed.counts)

    def _as_it_stands(self, site: Site, page: str) -> Response:
        return _told(site, page, self._store.counts(site.name, page))


def _host(site: Site, referrer: str | None) -> str | None:
    """Return the host that led a reader here; None where it was one of the site's own, or none."""
    from likewise.readers import referrer_host  # noqa: PLC0415 (as above)

    host = referrer_host(referrer)
    return None if host is None or site.is_own(host) else host


def _told(site: Site, page: str, counts: Counts) -> Response:
    views = f'"views":{shown(counts, VIEWS)},' if site.views else ""
    told = counts_json(site.public_kinds, counts)
    body = f'{{"page":{quoted(page)},{views}"counts":{told}{rules_member(site)}}}'
    return Response(200, FRESH, body.encode())
