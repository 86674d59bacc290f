"""What readers wrote beside likes of private kinds, for the owner alone: a list, and a way to
remove one. Handlers parse, refuse, make one store call and answer; they know no SQL.
"""

from __future__ import annotations

from collections.abc import Mapping

from likewise.http.message import Request, Response
from likewise.sites import Site, site_named
from likewise.store import Reason, ReasonQuery, Store
from likewise.web import parameters
from likewise.web.admin import MAX_OFFSET, MAX_ROWS, Admin
from likewise.web.answers import PRIVATE, json_answer
from likewise.web.corrections import MAX_NUMBER, order_in
from likewise.web.hours import day_text
from likewise.web.parameters import number_of, switch_of, text_of


class Reasons:
    """The reasons of the sites that are served."""

    def __init__(self, store: Store, sites: Mapping[str, Site], admin: Admin) -> None:
        self._store = store
        self._sites = sites
        self._admin = admin

    async def reasons(self, request: Request) -> Response:
        """`GET /api/reasons`: a part of a site's reasons, the latest first."""
        query = parameters.Query(request.query)
        site = site_named(self._sites, query.one("site"))
        page, kind = query.one("page"), query.one("kind")
        found = await self._store.reasons(
            ReasonQuery(
                site.name,
                None if page is None else site.page(page),
                None if kind is None else site.kind(kind),
                query.number("limit", 50, MAX_ROWS),
                query.number("offset", 0, MAX_OFFSET),
            )
        )
        rows = [_row(reason) for reason in found.rows]
        return json_answer({"total": found.total, "reasons": rows}, PRIVATE)

    async def delete_reason(self, request: Request) -> Response:
        """`POST /api/reasons/delete`: take one reason away; its like stays."""
        fields = order_in(request, "reason", "site", "dry_run")
        site = site_named(self._sites, text_of(fields, "site"))
        effect = await self._store.ledger.remove_reason(
            site.name,
            number_of(fields, "reason", None, MAX_NUMBER),
            self._admin.actor(request),
            dry_run=switch_of(fields, "dry_run", default=False),
        )
        return json_answer({"correction": effect.correction, "page": effect.page}, PRIVATE)


def _row(reason: Reason) -> dict[str, object]:
    return {
        "number": reason.number,
        "page": reason.page,
        "kind": reason.kind,
        "reason": reason.reason,
        "day": day_text(reason.hour),
    }
