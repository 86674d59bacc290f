"""A like given or taken back, whoever brings the wish: the widget, a form, or the article's pages.

Handlers parse, refuse, make one store call and answer; they know neither sockets nor SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from likewise.errors import Problem, page_blocked
from likewise.http.message import Answer, Request, Response
from likewise.limiter import Grant, Limiter
from likewise.pages import canonical
from likewise.reasons import checked_reason
from likewise.sites import OPEN, Site, origins_setting, site_named
from likewise.store import Known, Standing, Store, Wish
from likewise.voters import checked_voter
from likewise.web.answers import JSON_TYPE, NO_STORE, PUBLIC, counts_json, json_text, quoted, shown
from likewise.web.gate import Gate
from likewise.web.origins import RefusedOrigins
from likewise.web.parameters import json_object, number_of, switch_of, text_of
from likewise.web.visitors import Visitors

FRESH = JSON_TYPE + PUBLIC + NO_STORE
Tell = Callable[[Wish, Standing], Response]

# A browser sends these without asking first, so that a like is one request.
_BODY_TYPES = frozenset({b"text/plain", b"application/json", b""})
_FORM = b"application/x-www-form-urlencoded"


class Likes:
    """Makes wishes stand within the limits, for the sites that are served."""

    def __init__(
        self,
        store: Store,
        sites: Mapping[str, Site],
        visitors: Visitors,
        gate: Gate,
        refused_origins: RefusedOrigins,
    ) -> None:
        self._store = store
        self._sites = sites
        self._visitors = visitors
        self._limiter = visitors.limiter
        self._gate = gate
        self._refused_origins = refused_origins

    def like(self, request: Request) -> Answer:
        """`POST /v1/like`: make a like of a voter stand, or take it back; or a form's like."""
        # What begins so is JSON under curl's usual type: a browser would have escaped it.
        if not request.body.startswith(b"{") and _media_type(request) == _FORM:
            from likewise.web.forms import like_by_form  # noqa: PLC0415 (for sites that have one)

            return like_by_form(self, request)
        fields = fields_in(request)
        page = text_of(fields, "page")
        voter = text_of(fields, "voter")
        if page is None or voter is None:
            missing = "page" if page is None else "voter"
            raise Problem("bad_request", f'The key "{missing}" is missing from the body.')
        site = self.writable_site(request, fields)
        wish = wish_of(site, page, site.kind(text_of(fields, "kind")), checked_voter(voter), fields)
        prove = self.proof(site, page, fields)
        return self.stand(request, wish, prove, self._told)

    def stand(
        self,
        request: Request,
        wish: Wish,
        prove: Callable[[], bool],
        tell: Tell,
    ) -> Answer:
        """Make a wish stand within the limits, and answer what `tell` makes of what stands then."""
        network = self._visitors.network(request)
        known = self._store.known(wish.site, wish.page)
        page = wish.page if known is None else known.page
        if wish.reason is not None and self._stands(wish):
            return self._explain(network, wish, tell)
        try:
            is_new_page = self._check_page(network, wish, known, prove)
            grant = self._grant(network, page, wish, new_page=is_new_page)
        except Problem:
            if not self._stands(wish):
                raise
            # A reader who asks again is not one more.
            return tell(wish, self._standing(wish))
        rank = 0 if grant is None else grant.rank
        # A page that was not known has been proven now.
        wish = wish.granted(rank, may_create=wish.may_create or known is None)
        waiting = WaitingLike(self._limiter, network, page, wish, grant, tell)
        return self._store.like(wish, waiting)

    def _explain(self, network: bytes | None, wish: Wish, tell: Tell) -> Answer:
        """Keep the reason of a like that stands: a write, and no further like."""
        try:
            self._limiter.write(network)
        except Problem:
            return tell(wish, self._standing(wish))

        def answer(outcome: Standing | Problem) -> Response:
            if isinstance(outcome, Problem):
                raise outcome
            return tell(wish, outcome)

        return self._store.explain(wish, answer)

    def _stands(self, wish: Wish) -> bool:
        return self._store.n_of(*wish[:4]) == wish.n

    def _standing(self, wish: Wish) -> Standing:
        """Return how a wish stands that changes nothing: its reason is not kept."""
        counts = self._store.counts(wish.site, wish.page)
        has_reason = None if wish.reason is None else False
        return Standing(0, is_new_page=False, counts=counts, has_reason=has_reason)

    def proof(self, site: Site, text: str, fields: Mapping[str, Any]) -> Callable[[], bool]:
        """Return what tells whether a page is proven to exist, where that is asked."""
        signature = text_of(fields, "sig")
        return lambda: self._gate.prove(site, canonical(text), signature)

    def _check_page(
        self, network: bytes | None, wish: Wish, known: Known | None, prove: Callable[[], bool]
    ) -> bool:
        """Tell whether a like makes a page of which nothing proves that it exists.

        Raises `page_blocked` and `unknown_page`. To take back is free everywhere.
        """
        if known is not None and known.is_blocked and wish.n:
            raise page_blocked()
        if known is not None or not wish.n:
            return False
        try:
            return not prove()
        except Problem:
            self._limiter.write(network)  # to ask for nothing and for ever is a flood too
            raise

    def _grant(
        self, network: bytes | None, page: str, wish: Wish, *, new_page: bool
    ) -> Grant | None:
        """Ask the limits for leave; to take back is a write and nothing more."""
        if not wish.n:
            self._limiter.write(network)
            return None
        return self._limiter.like(
            network,
            _subject(wish.site, page, wish.kind),
            lambda: self._likes_today(wish),
            new_page=new_page,
        )

    def _likes_today(self, wish: Wish) -> int:
        """Return what a network's share is a share of. One reader's claps count as one like at
        most; and a share that grows with a private count would tell of it.
        """
        rule = self._sites[wish.site].rule(wish.kind)
        if rule.is_private:
            return 0
        return self._store.likes_today(wish.site, wish.page, wish.kind) // rule.max

    def writable_site(
        self, request: Request, fields: Mapping[str, Any], name: str | None = None
    ) -> Site:
        """Return the site that a write is for. Raises `unknown_site` and `origin_refused`."""
        in_body = text_of(fields, "site")
        site = site_named(self._sites, name if in_body is None else in_body)
        origin = request.header(b"origin")
        if origin is None or not site.origins.allow(origin):
            if origin is not None:
                self._refused_origins.note(site.name, origin)
            raise _refused_origin(site, origin)
        return site

    def _told(self, wish: Wish, standing: Standing) -> Response:
        site, counts, kept = self._sites[wish.site], standing.counts, standing.has_reason
        is_private = site.rule(wish.kind).is_private
        count = "" if is_private else f'"count":{shown(counts, wish.kind)},'
        reason = "" if kept is None else f'"reason":{json_text(kept)},'
        left = f'"left":{json_text(standing.left)},' if standing.left else ""
        body = (
            f'{{"page":{quoted(wish.page)},"kind":{quoted(wish.kind)},'
            f'"on":{"true" if wish.n else "false"},'
            f'{count}{left}{reason}"counts":{counts_json(site.public_kinds, counts)}}}'
        )
        return Response(200, FRESH, body.encode())


class WaitingLike:
    """A like that waits for the disk, and becomes its answer when it is there. Thousands may wait.

    `page` is the one that it counts for.
    """

    __slots__ = ("_grant", "_limiter", "_network", "_page", "_tell", "_wish")

    def __init__(  # noqa: PLR0913 (what a like knows while it waits)
        self,
        limiter: Limiter,
        network: bytes | None,
        page: str,
        wish: Wish,
        grant: Grant | None,
        tell: Tell,
    ) -> None:
        self._limiter = limiter
        self._network = network
        self._page = page
        self._wish = wish
        self._grant = grant
        self._tell = tell

    def __call__(self, outcome: Standing | Problem) -> Response:
        """Answer, and give back to the network what the wish did not use, or what it took back."""
        if isinstance(outcome, Problem):
            if self._grant is not None:
                self._limiter.give_back(self._grant)
            raise outcome
        self._settle(outcome)
        return self._tell(self._wish, outcome)

    def _settle(self, standing: Standing) -> None:
        limiter, wish, grant = self._limiter, self._wish, self._grant
        # Who claps on has given a like already: more of it is no further one.
        if grant is not None and not standing.is_given:
            limiter.give_back(grant)
        elif grant is not None and grant.new_page and not standing.is_new_page:
            limiter.give_back_page(grant)
        elif standing.is_taken_back:
            limiter.took_back(self._network, _subject(wish.site, self._page, wish.kind))
        for rival in standing.left:
            limiter.took_back(self._network, _subject(wish.site, self._page, rival))


def _subject(site: str, page: str, kind: str) -> bytes:
    """Return what the limits count likes by."""
    return f"{site}\0{page}\0{kind}".encode()


def fields_in(request: Request) -> Mapping[str, Any]:
    """Return the JSON object that a write brings. Raises `unsupported_type` and `bad_request`."""
    written = request.headers.get(b"content-type", b"")
    if written not in _BODY_TYPES and _media_type(request) not in _BODY_TYPES:
        raise Problem(
            "unsupported_type", "Send the JSON body as text/plain or as application/json."
        )
    return json_object(request.body)


def _media_type(request: Request) -> bytes:
    return request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()


def wish_of(site: Site, page: str, kind: str, voter: str, fields: Mapping[str, Any]) -> Wish:
    """Return the wish that fields state. Raises `bad_request`, `bad_page` and `bad_reason`."""
    is_on = switch_of(fields, "on", default=True)
    n = number_of(fields, "n", default=1, maximum=site.rule(kind).max)
    n, rivals = n if is_on else 0, site.rivals(kind)
    reason = _reason(site, kind, fields) if n else None
    may_create = site.pages == OPEN
    return Wish(site.name, site.page(page), kind, voter, n, 0, may_create, rivals, reason)


def _reason(site: Site, kind: str, fields: Mapping[str, Any]) -> str | None:
    """Return what a reader says about his like, where that is for the owner alone."""
    text = text_of(fields, "reason")
    if text is None:
        return None
    reason = checked_reason(text)
    if site.rule(kind).is_private:
        return reason
    if not reason:
        return None
    raise Problem(
        "bad_reason", f"The kind {kind} takes no reason: only kinds that the owner alone sees do."
    )


def _refused_origin(site: Site, origin: str | None) -> Problem:
    if origin is None:
        return Problem(
            "origin_refused",
            "A write needs the header Origin of a page that may write."
            " Browsers send it; so must every other client.",
        )
    if origin == "null":
        return Problem(
            "origin_refused",
            "The browser did not say whose page this is (Origin: null), as for files and sandboxed"
            " frames. Open the page at its own address.",
        )
    return Problem(
        "origin_refused",
        f"Pages of {origin[:200]} may not write to the site {site.name}."
        f" Its owner can allow it: add {origin[:200]} to {origins_setting(site)}.",
    )
