"""What the owner corrects: pages and likes, each told before it is done, and undone if asked.

Handlers parse, refuse, make one call to the store's ledger and answer; they know no SQL.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from likewise.errors import Problem
from likewise.http.message import Request, Response
from likewise.pages import BadPage
from likewise.sites import Site, site_named
from likewise.store import Store
from likewise.store.orders import Correction, Order, Purge
from likewise.web import parameters
from likewise.web.admin import Admin
from likewise.web.answers import PRIVATE, json_answer, shown
from likewise.web.hours import hours_between
from likewise.web.parameters import json_object, number_of, switch_of, text_of

MAX_TOTAL = 10**12  # sums of a thousand such are still what JavaScript can count to
MAX_NUMBER = 2**53 - 1
MAX_LINES = 200
# How many likes of each network on a page and day stay, in words.
KEPT = {"none": 0, "first": 1, "five": 5}

Fields = Mapping[str, Any]


class Corrections:
    """The owner's corrections over a store, for the sites that are served."""

    def __init__(self, store: Store, sites: Mapping[str, Site], admin: Admin) -> None:
        self._store = store
        self._sites = sites
        self._admin = admin

    async def merge(self, request: Request) -> Response:
        """`POST /api/pages/merge`: let a page count together with another one."""
        return await self._correct(request, "merge", "page", "into")

    async def alias(self, request: Request) -> Response:
        """`POST /api/pages/alias`: let an old address count for a page."""
        return await self._correct(request, "alias", "alias", "page")

    async def rename(self, request: Request) -> Response:
        """`POST /api/pages/rename`: call a page by another address; the old one counts on."""
        return await self._correct(request, "rename", "page", "to")

    async def set_count(self, request: Request) -> Response:
        """`POST /api/pages/set`: set a page's count; likes to come add to it."""
        return await self._correct(request, "set", "page", None)

    async def delete(self, request: Request) -> Response:
        """`POST /api/pages/delete`: forget a page, its likes and its old addresses."""
        return await self._correct(request, "delete", "page", None)

    async def block(self, request: Request) -> Response:
        """`POST /api/pages/block`: let a page take no more likes."""
        return await self._correct(request, "block", "page", None)

    async def unblock(self, request: Request) -> Response:
        """`POST /api/pages/unblock`: let a page take likes again."""
        return await self._correct(request, "unblock", "page", None)

    async def purge(self, request: Request) -> Response:
        """`POST /api/likes/purge`: take likes away, by page, kind, hours, surge and network."""
        fields = order_in(request, "page", "kind", "from", "to", "surge", "keep", "site", "dry_run")
        purge = await purge_of(self._store, self._site(fields), fields)
        effect = await self._store.ledger.purge(
            purge, self._admin.actor(request), dry_run=_is_trial(fields)
        )
        return json_answer(
            {
                "correction": effect.correction,
                "page": effect.page,
                "removed": effect.removed,
                "kept": effect.kept,
            },
            PRIVATE,
        )

    async def undo(self, request: Request) -> Response:
        """`POST /api/undo`: undo a correction."""
        number = number_of(order_in(request, "correction"), "correction", None, MAX_NUMBER)
        restored = await self._store.ledger.undo(number, self._admin.actor(request))
        return json_answer({"correction": number, "restored": restored}, PRIVATE)

    async def audit(self, request: Request) -> Response:
        """`GET /api/audit`: every correction with its time and key, the last ones first."""
        query = parameters.Query(request.query)
        site = site_named(self._sites, query.one("site"))
        before = query.number("before", 0, MAX_NUMBER) or None
        limit = query.number("limit", 50, MAX_LINES)
        lines = await self._store.ledger.audit(site.name, limit, before)
        return json_answer({"corrections": list(map(_line, lines))}, PRIVATE)

    async def _correct(self, request: Request, action: str, page: str, to: str | None) -> Response:
        """Carry out an order whose page stands under one name, and the other page under another."""
        set_too = ("kind", "count") if action == "set" else ()
        fields = order_in(request, *filter(None, (page, to)), *set_too, "site", "dry_run")
        site = self._site(fields)
        order = Order(
            action, site.name, _page(site, fields, page), _page(site, fields, to) if to else ""
        )
        if action == "set":
            kind = site.figure(text_of(fields, "kind"))
            order = order._replace(kind=kind, total=number_of(fields, "count", None, MAX_TOTAL))
        effect = await self._store.ledger.correct(
            order, self._admin.actor(request), dry_run=_is_trial(fields)
        )
        return json_answer(
            {
                "correction": effect.correction,
                "page": effect.page,
                "before": {kind: shown(effect.before, kind) for kind in effect.before},
                "after": {kind: shown(effect.after, kind) for kind in effect.after},
            },
            PRIVATE,
        )

    def _site(self, fields: Fields) -> Site:
        return site_named(self._sites, text_of(fields, "site"))


def order_in(request: Request, *known: str) -> Fields:
    """Return what an order says. Raises `bad_request` for a key that it does not have: one that is
    spelt wrong, such as `dry-run`, shall not be taken for none.
    """
    fields = json_object(request.body)
    for name in fields:
        if name not in known:
            expected = ", ".join(known)
            raise Problem("bad_request", f"{name[:80]!r} is no key here; there are: {expected}.")
    return fields


async def purge_of(store: Store, site: Site, fields: Fields) -> Purge:
    """Return the purge that a request names. Raises `bad_request`, `bad_page`, `unknown_kind`."""
    page = _page(site, fields, "page") if "page" in fields else None
    kind = site.kind(text_of(fields, "kind")) if "kind" in fields else None
    first, end = text_of(fields, "from"), text_of(fields, "to")
    first_hour, last_hour = hours_between(first, end)
    if "surge" in fields:
        if not fields.keys().isdisjoint({"page", "from", "to"}):
            raise Problem(
                "bad_request", "A surge has its own page and hours: leave the others out."
            )
        number = number_of(fields, "surge", None, MAX_NUMBER)
        page, first_hour, last_hour = await _surge(store, site, number)
    elif page is None and first is None:
        raise Problem("bad_request", 'Say what to purge: a "page", a moment "from", or a "surge".')
    keep = text_of(fields, "keep") or "none"
    if keep not in KEPT:
        raise Problem("bad_request", f'The key "keep" is one of: {", ".join(KEPT)}.')
    return Purge(site.name, page, kind, first_hour, last_hour, KEPT[keep])


async def _surge(store: Store, site: Site, number: int) -> tuple[str | None, int, int]:
    surge = await store.surges.numbered(site.name, number)
    if surge is not None:
        return surge.page, surge.first_hour, surge.last_hour
    raise Problem("bad_request", f"The site {site.name} has no surge {number}.")


def _page(site: Site, fields: Fields, name: str) -> str:
    text = text_of(fields, name)
    if text is None:
        raise Problem("bad_request", f'The key "{name}" is missing from the body.')
    try:
        return site.page(text)
    except BadPage as error:
        raise BadPage(f'The key "{name}": {error.detail}') from None


def _is_trial(fields: Fields) -> bool:
    return switch_of(fields, "dry_run", default=False)


def _line(correction: Correction) -> dict[str, object]:
    return {
        "correction": correction.number,
        "second": correction.second,
        "by": correction.actor,
        "action": correction.action,
        "asked": json.loads(correction.asked),
        "done": json.loads(correction.done),
        "undone": correction.undone,
        "can_be_undone": correction.can_be_undone,
    }
