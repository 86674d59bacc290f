"""What every reader may ask: counts, and a like as the article's pages give it.

Handlers parse, refuse, make one store call and answer; they know neither sockets nor SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from likewise.errors import Problem
from likewise.http.message import Answer, Request, Response, header_block
from likewise.pages import BadPage
from likewise.sites import ALL, LIKE, Site, site_named
from likewise.store import Store
from likewise.voters import checked_voter, new_voter
from likewise.web.answers import (
    JSON_TYPE,
    PUBLIC,
    KeptAnswers,
    counts_json,
    has_tag,
    json_text,
    quoted,
    shown,
)
from likewise.web.likes import FRESH, Likes, fields_in, wish_of
from likewise.web.parameters import Query, text_of, unescape
from likewise.web.visitors import Visitors

MAX_PAGES = 100

_CACHED = (
    JSON_TYPE
    + PUBLIC
    + header_block(("cache-control", "public, max-age=5, stale-while-revalidate=60"))
)


class Public:
    """The public API over a store, for the sites that are served."""

    def __init__(
        self,
        store: Store,
        sites: Mapping[str, Site],
        visitors: Visitors,
        likes: Likes,
    ) -> None:
        self._store = store
        self._sites = sites
        self._visitors = visitors
        self._likes = likes
        self._rules = {site.name: rules_member(site) for site in sites.values()}
        self._kept_counts = KeptAnswers()

    def counts(self, request: Request) -> Answer:
        """`GET /v1/counts?page=A&page=B`: the counts of up to 100 pages, by the text asked for."""
        self._visitors.read(request)
        kept = self._kept_counts.get(self._store.version(), request.query)
        if kept is None:
            kept = _tagged(self._counts_body(Query(request.query)))
            self._kept_counts.put(request.query, *kept)
        answer, tag = kept
        return Response(304, answer.headers) if has_tag(request, tag) else answer

    def _counts_body(self, query: Query) -> bytes:
        site = site_named(self._sites, query.one("site"))
        texts = query.every("page")
        if not 1 <= len(texts) <= MAX_PAGES:
            raise Problem("bad_request", f"Ask for 1 to {MAX_PAGES} pages, as ?page=/a&page=/b.")
        parts = [
            f"{quoted(text)}:{counts_json(site.shown_kinds, self._store.counts(site.name, page))}"
            for text, page in _pages(site, texts).items()
        ]
        return f'{{"counts":{{{",".join(parts)}}}{self._rules[site.name]}}}'.encode()

    def article_count(self, request: Request, segment: bytes) -> Answer:
        """`GET /likes/{post_id}`: the article's way to ask for one count."""
        self._visitors.read(request)
        site = site_named(self._sites, Query(request.query).one("site"))
        kind, text = site.public_kind(LIKE), _segment_text(segment)
        counts = self._store.counts(site.name, site.page(text))
        return _article_answer(text, shown(counts, kind))

    def article_like(self, request: Request, segment: bytes) -> Answer:
        """`POST /likes/{post_id}`: the article's like; without a voter every call is a new one."""
        text = _segment_text(segment)
        fields = fields_in(request) if request.body else {}
        site = self._likes.writable_site(request, fields, Query(request.query).one("site"))
        kind, voter = text_of(fields, "kind"), text_of(fields, "voter")
        kind = site.public_kind(LIKE if kind is None else kind)
        voter = new_voter() if voter is None else checked_voter(voter)
        wish = wish_of(site, text, kind, voter, fields)
        prove = self._likes.proof(site, text, fields)
        return self._likes.stand(
            request, wish, prove, lambda _, now: _article_answer(text, shown(now.counts, kind))
        )


def _pages(site: Site, texts: list[str]) -> dict[str, str]:
    """Return the pages asked for, by the text. One that cannot be used is left out of a batch: it
    shall not blank its neighbours. Raises `BadPage` where none can be used.
    """
    pages: dict[str, str] = {}
    for text in texts:
        try:
            pages[text] = site.page(text)
        except BadPage:
            if len(pages) == 0 and text == texts[-1]:
                raise
    return pages


def rules_member(site: Site) -> str:
    """Return the member of an answer that tells how kinds are counted, where any has a rule."""
    told: dict[str, dict[str, int | str | bool]] = {}
    for kind in site.public_kinds:
        most, group, _ = site.rule(kind)
        rule: dict[str, int | str | bool] = {"max": most} if most > 1 else {}
        if group:
            rule["exclusive"] = group == ALL or group
        if rule:
            told[kind] = rule
    return f',"kinds":{json_text(told)}' if told else ""


def _article_answer(text: str, likes: int) -> Response:
    return Response(200, FRESH, f'{{"post_id":{quoted(text)},"likes":{likes}}}'.encode())


def _segment_text(segment: bytes) -> str:
    try:
        return unescape(segment)
    except UnicodeDecodeError:
        raise BadPage("The page id is not valid UTF-8.") from None


def _tagged(body: bytes) -> tuple[Response, bytes]:
    """Return an answer and the tag of its content, the same after a restart (RFC 9110 8.8.3)."""
    tag = b'"%b"' % blake2b(body, digest_size=9).hexdigest().encode()
    return Response(200, b"%betag: W/%b\r\n" % (_CACHED, tag), body), tag
