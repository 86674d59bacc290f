"""What the owner alone may ask: sign-in, statistics, the dashboard's figures, imports.

Handlers parse, refuse, make one store call and answer; they know neither sockets nor SQL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from likewise import __version__
from likewise.addresses import Proxies, network_of, parse_address
from likewise.errors import Problem
from likewise.hosts import host_in, is_this_machine
from likewise.http.message import Request, Response, header_block
from likewise.limiter import Limiter
from likewise.metrics import Metrics
from likewise.origins import origin_of
from likewise.sites import DEFAULT, LIKE, VIEWS, Site, origins_setting, site_named
from likewise.store import Alias, Counts, Query, Seed, Store, Surge, Totals
from likewise.web import parameters
from likewise.web.answers import PRIVATE, json_answer, shown
from likewise.web.host import AdminHost, admin_url
from likewise.web.hours import hour_text
from likewise.web.origins import RefusedOrigins
from likewise.web.parameters import json_object, number_of, text_of
from likewise.web.sessions import (
    COOKIE,
    SECURE_COOKIE,
    SESSION_SECONDS,
    Keys,
    Sessions,
    cookie_header,
    token_in,
)

MAX_ROWS = 1_000
MAX_OFFSET = 10_000_000
MAX_SEED = 2**53 - 1  # what JavaScript can count to
MAX_SURGES = 20
_METRICS = header_block(("content-type", "text/plain; version=0.0.4; charset=utf-8"))
_DIGEST = re.compile(r"[0-9A-Fa-f]{64}")


class Admin:
    """The admin API. `url` is the service's own public address, where one is set."""

    def __init__(  # noqa: PLR0913 (the parts it is put together from)
        self,
        store: Store,
        sites: Mapping[str, Site],
        keys: Keys,
        sessions: Sessions,
        limiter: Limiter,
        proxies: Proxies,
        refused_origins: RefusedOrigins,
        metrics: Metrics,
        url: str | None,
        host: AdminHost,
    ) -> None:
        self._store = store
        self._sites = sites
        self._keys = keys
        self._sessions = sessions
        self._limiter = limiter
        self._proxies = proxies
        self._refused_origins = refused_origins
        self._metrics = metrics
        self._url = url
        self._host = host
        own_url = admin_url(url, host.name)
        self._origin = origin_of(own_url) if own_url else None

    def is_here(self, request: Request) -> bool:
        """Tell whether the owner's part is at the host that a request came to.

        Commands on this machine find it where the service listens.
        """
        return self._host.serves(request) or self._is_command(request)

    def authorize(self, request: Request) -> None:
        """Let the owner pass: with the key, or with a session. Raises `wrong_key` and others."""
        key = self._key_in(request)
        if key is not None:
            self._check_key(request, key)
        elif not self._has_session(request):
            raise Problem(
                "not_signed_in", "Send the admin key in X-API-Key, or sign in at /dashboard."
            )
        elif request.method not in {"GET", "HEAD"}:
            self._check_own_page(request)

    def actor(self, request: Request) -> str:
        """Return who has been let pass, as the audit log names them: by a part of the key's digest.

        It tells one key from another, and nothing of either.
        """
        if self._is_command(request):
            return "command"
        key = self._key_in(request)
        owner = f"key {(self._keys.owner() or b'').hex()[:8]}"
        return owner if key is not None else f"dashboard, {owner}"

    def metrics(self, _request: Request) -> Response:
        """`GET /metrics`: the service's counters, for Prometheus."""
        return Response(200, _METRICS + PRIVATE, self._metrics.text().encode())

    async def stats(self, request: Request) -> Response:
        """`GET /api/stats`: pages and likes, most liked first, in the article's shape."""
        query = parameters.Query(request.query)
        site = site_named(self._sites, query.one("site"))
        limit = query.number("limit", MAX_ROWS, MAX_ROWS)
        offset = query.number("offset", 0, MAX_OFFSET)
        report = await self._store.report(Query(site.name, LIKE, limit, offset))
        headers = PRIVATE
        if offset + limit < report.total and limit:
            name = "" if site.name == DEFAULT else f"&site={site.name}"
            following = f'<?limit={limit}&offset={offset + limit}{name}>; rel="next"'
            headers += header_block(("link", following))
        rows = [{"post_id": row.page, "likes": shown(row.counts, LIKE)} for row in report.rows]
        return json_answer(rows, headers)

    async def summary(self, request: Request) -> Response:
        """`GET /api/summary`: what a site has in all, and which sites there are."""
        site = site_named(self._sites, parameters.Query(request.query).one("site"))
        totals = await self._store.totals(site.name)
        return json_answer(
            {
                "version": __version__,
                "address": self._url,
                "site": site.name,
                "sites": [{"name": one.name, "url": one.url} for one in self._sites.values()],
                "kinds": site.kinds,
                "private_kinds": [kind for kind in site.kinds if site.rule(kind).is_private],
                "pages": totals.pages,
                "counts": {kind: shown(totals.counts, kind) for kind in site.kinds},
                "today": {kind: totals.today.get(kind, 0) for kind in site.kinds},
                **await self._views_of(site, totals),
                "surges": [
                    _surge(surge) for surge in await self._store.surges.last(site.name, MAX_SURGES)
                ],
                "refused_origins": [
                    {"origin": one.origin, "times": one.times, "setting": origins_setting(site)}
                    for one in self._refused_origins.of(site.name)
                ],
            },
            PRIVATE,
        )

    async def pages(self, request: Request) -> Response:
        """`GET /api/pages`: a part of a site's pages with their counts and links."""
        query = parameters.Query(request.query)
        site = site_named(self._sites, query.one("site"))
        sort = query.one("sort", "count")
        if sort not in {"count", "page"}:
            raise Problem("bad_request", "The parameter sort is count or page.")
        report = await self._store.report(
            Query(
                site.name,
                site.figure(query.one("kind")),
                query.number("limit", 50, MAX_ROWS),
                query.number("offset", 0, MAX_OFFSET),
                query.one("search") or "",
                by_page=sort == "page",
            )
        )
        rows: list[dict[str, object]] = [
            {
                "page": row.page,
                "url": site.link_to(row.page),
                "counts": {kind: shown(row.counts, kind) for kind in site.kinds},
                "blocked": row.is_blocked,
            }
            for row in report.rows
        ]
        if site.views:
            lately = await self._store.views.lately(site.name, [row.page for row in report.rows])
            for line, row, counts in zip(rows, report.rows, lately, strict=True):
                line |= {"views": shown(row.counts, VIEWS), "lately": _lately(site, counts)}
        return json_answer({"total": report.total, "pages": rows}, PRIVATE)

    async def _views_of(self, site: Site, totals: Totals) -> dict[str, object]:
        """Return what a summary tells of views; nothing where the site does not count them."""
        if not site.views:
            return {}
        (lately,) = await self._store.views.lately(site.name, [None])
        return {
            "views": {"all": shown(totals.counts, VIEWS), "today": totals.today.get(VIEWS, 0)},
            "lately": _lately(site, lately),
        }

    def login(self, request: Request) -> Response:
        """`POST /api/login`: exchange the key for a session, out of scripts' reach."""
        self._check_own_page(request)
        self._check_key(request, text_of(json_object(request.body), "key") or "")
        return self._with_cookie(request, self._sessions.open(), 200)

    def logout(self, request: Request) -> Response:
        """`POST /api/logout`: end the session."""
        self._check_own_page(request)
        token = self._token_in(request)
        if token:
            self._sessions.close(token)
        return self._with_cookie(request, "", 204)

    async def adopt(self, request: Request) -> Response:
        """`POST /api/import`: set counts and aliases, given as one JSON object a line."""
        seeds: list[Seed] = []
        aliases: list[Alias] = []
        for line in filter(None, map(bytes.strip, request.body.splitlines())):
            fields = json_object(line)
            site = site_named(self._sites, text_of(fields, "site"))
            page = site.page(text_of(fields, "page") or "")
            if "alias" in fields:
                aliases.append(Alias(site.name, site.page(text_of(fields, "alias") or ""), page))
            else:
                kind = site.figure(text_of(fields, "kind"))
                seed = number_of(fields, "seed", None, MAX_SEED)
                seeds.append(Seed(site.name, page, kind, seed))
        refused = await self._store.adopt(seeds, aliases)
        return json_answer(
            {
                "seeds": len(seeds),
                "aliases": len(aliases) - len(refused),
                "refused": [alias.old for alias in refused],
            },
            PRIVATE,
        )

    async def replace_key(self, request: Request) -> Response:
        """`POST /api/key`: replace the owner's key by the one with this SHA-256, in hex."""
        text = text_of(json_object(request.body), "sha256") or ""
        if not _DIGEST.fullmatch(text):
            raise Problem("bad_request", 'The key "sha256" must be 64 hexadecimal digits.')
        if self._keys.owner() != self._store.admin_key_digest():
            # Not the stored one is valid, so another one in the store would open nothing.
            raise Problem("bad_request", "LIKEWISE_ADMIN_KEY sets the key. Change it there.")
        await self._store.set_admin_key_digest(bytes.fromhex(text))
        self._sessions.close_all()
        return Response(204, PRIVATE)

    def body_limit(self, request: Request, large: int, usual: int) -> int:
        """Return `large` for an import by the owner, `usual` where no key is given.

        Raises `wrong_key`, counted as any other guess: the answer would give it away.
        """
        key = self._key_in(request)
        if key is None:
            return usual
        self._check_key(request, key)
        return large

    def _check_key(self, request: Request, key: str) -> None:
        """Check first and count then: the right key is never refused for others' wrong ones."""
        if self._keys.fit(key):
            return
        address = self._proxies.client(request.peer, request.headers)
        # Where readers are not known apart, guesses are still counted: by their peer.
        address = address or parse_address(request.peer) or b"unix"
        self._limiter.wrong_key(network_of(address))
        raise Problem("wrong_key", "This is not the admin key. `likewise key` makes a new one.")

    def _check_own_page(self, request: Request) -> None:
        """Refuse what another page makes the owner's browser send."""
        origin = request.header(b"origin") or ""
        host = request.header(b"host") or ""
        is_own = origin == self._origin or (
            is_this_machine(host_in(host)) and origin == f"http://{host}"
        )
        if not is_own:
            raise Problem("origin_refused", self._where_to_sign_in())
        fetch_site = request.header(b"sec-fetch-site")
        if fetch_site not in {None, "same-origin"}:
            raise Problem("origin_refused", "This request must come from the dashboard itself.")
        content_type = (request.header(b"content-type") or "").partition(";")[0].strip()
        if content_type.lower() != "application/json":
            raise Problem("unsupported_type", "Send the body as application/json.")

    def _where_to_sign_in(self) -> str:
        if self._host.name:
            return (
                f"Sign in at {self._origin}. That is LIKEWISE_ADMIN_HOST, with the scheme and the"
                " port of LIKEWISE_URL."
            )
        return (
            "Signing in needs the service's own address. Set LIKEWISE_URL to the address that"
            " you open it at, for example LIKEWISE_URL=https://likes.example.com"
        )

    def _with_cookie(self, request: Request, token: str, status: int) -> Response:
        # Signing in and out comes from our own page, and says how the browser sees us.
        is_https = (request.header(b"origin") or "").startswith("https:")
        cookie = cookie_header(token, is_https=is_https)
        headers = PRIVATE + header_block(("set-cookie", cookie))
        if status == 204:
            return Response(status, headers)
        return json_answer({"expires_in": SESSION_SECONDS}, headers, status)

    def _is_command(self, request: Request) -> bool:
        key = self._key_in(request)
        return key is not None and self._keys.is_local(key)

    def _has_session(self, request: Request) -> bool:
        token = self._token_in(request)
        return token is not None and self._sessions.holds(token)

    def _token_in(self, request: Request) -> str | None:
        # At an https address the plain name may be anybody's; only loopback can be both.
        is_https = (self._origin or "").startswith("https:")
        is_loopback = is_this_machine(host_in(request.header(b"host") or ""))
        names = (SECURE_COOKIE,) if is_https and not is_loopback else (SECURE_COOKIE, COOKIE)
        return token_in(request.header(b"cookie") or "", names)

    def _key_in(self, request: Request) -> str | None:
        key = request.header(b"x-api-key")
        if key is not None:
            return key
        scheme, _, credentials = (request.header(b"authorization") or "").partition(" ")
        return credentials.strip() if scheme.lower() == "bearer" else None


def _lately(site: Site, counts: Counts) -> dict[str, int]:
    """Return likes of all kinds, and the views of the same time."""
    likes = sum(counts.get(kind, 0) for kind in site.kinds)
    return {"likes": max(likes, 0), "views": counts.get(VIEWS, 0)}


def _surge(surge: Surge) -> dict[str, object]:
    return {
        "number": surge.number,
        "page": surge.page,
        "from": hour_text(surge.first_hour),
        "to": hour_text(surge.last_hour + 1),
        "likes": surge.likes,
    }
