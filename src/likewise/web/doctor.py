"""`GET /api/doctor`: what the owner is told about the set-up, as far as the service sees it.

Gathers and answers; what is a finding is decided in `doctor/`, which is loaded when it is asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from likewise import __version__
from likewise.addresses import Proxies, address_text, network_of
from likewise.errors import Problem
from likewise.hosts import host_in, is_this_machine
from likewise.http.message import Request, Response
from likewise.limiter import Limiter
from likewise.metrics import LIKES, Metrics
from likewise.pages import canonical
from likewise.settings import Settings
from likewise.sites import DEMO, Site, origins_line, site_named
from likewise.store import Store
from likewise.web.answers import PRIVATE, json_answer
from likewise.web.disbelief import Disbelief
from likewise.web.gate import Gate
from likewise.web.origins import RefusedOrigins
from likewise.web.parameters import Query

if TYPE_CHECKING:
    from likewise.doctor.finding import Finding


class Signs(NamedTuple):
    """Where it shows what came since the start."""

    limiter: Limiter
    metrics: Metrics
    refused_origins: RefusedOrigins
    disbelief: Disbelief


class Doctor:
    """Examines the service that it is a part of. No address is told but that of whoever asks."""

    def __init__(  # noqa: PLR0913 (what there is to examine)
        self,
        settings: Settings,
        store: Store,
        sites: Mapping[str, Site],
        proxies: Proxies,
        gate: Gate,
        signs: Signs,
    ) -> None:
        self._settings = settings
        self._store = store
        self._sites = sites
        self._proxies = proxies
        self._gate = gate
        self._signs = signs

    async def examine(self, request: Request) -> Response:
        """`GET /api/doctor`: findings, this request as it was seen, and with `?page=` that page."""
        query = Query(request.query)
        page = query.one("page")
        about_page = None if page is None else self._page(query, page)
        seen = self._request(request)
        findings = await self._findings()
        if _came_through_a_proxy(request):
            findings.append(_reader(seen))
        return json_answer(
            {
                "version": __version__,
                "time": time.time(),
                "url": self._settings.url,
                "admin_host": self._settings.admin_host,
                "request": seen,
                "sites": [_site(site) for site in self._sites.values() if site.name != DEMO],
                "page": about_page,
                "findings": [finding._asdict() for finding in findings],
            },
            PRIVATE,
        )

    async def _findings(self) -> list[Finding]:
        from likewise.doctor import own  # noqa: PLC0415 (loaded when it is asked)
        from likewise.doctor.backups import backups  # noqa: PLC0415 (see above)

        refused = [
            own.Refused(*one)
            for name in self._sites
            for one in self._signs.refused_origins.of(name)
        ]
        disbelief = self._signs.disbelief
        places = self._settings.backups_path, self._settings.database_path
        traffic = own.Traffic(
            self._signs.metrics.count(LIKES, "given"),
            self._signs.limiter.networks(),
            refused,
            own.Disbelieved(disbelief.peer, disbelief.is_near, disbelief.line)
            if disbelief.times
            else None,
        )
        return [
            own.storage(is_ready=await self._store.is_ready()),
            *own.of_database(await self._store.condition()),
            await asyncio.to_thread(backups, *places, time.time()),
            *own.of_settings(self._settings),
            *own.of_traffic(traffic, self._sites),
        ]

    def _request(self, request: Request) -> dict[str, Any]:
        address = self._proxies.client(request.peer, request.headers)
        network = None if address is None else network_of(address)
        return {
            "host": request.header(b"host") or "",
            "peer": request.peer,
            "is_trusted": self._proxies.trusts_peer(request.peer),
            "headers": self._proxies.forwarding_headers(request.headers),
            "address": None if address is None else address_text(address),
            "is_proxy": address is not None and self._proxies.trusts(address),
            "reads": self._signs.limiter.reads(network),
        }

    def _page(self, query: Query, text: str) -> dict[str, Any]:
        """Return what a like of a page would meet."""
        site = site_named(self._sites, query.one("site"))
        page = site.page(text)
        known, refusal = self._store.known(site.name, page), None
        if known is None:
            try:
                self._gate.prove(site, canonical(text), query.one("sig"))
            except Problem as problem:
                refusal = problem.detail
        origin = query.one("origin")
        return {
            "page": page,
            "known": known is not None,
            "blocked": known is not None and known.is_blocked,
            "refusal": refusal,
            "line": None if origin is None else origins_line(site, origin),
        }


def _reader(seen: Mapping[str, Any]) -> Finding:
    from likewise.doctor.reader import Told, reader  # noqa: PLC0415 (loaded when it is asked)

    return reader(Told(seen["address"], seen["peer"], seen["is_trusted"], tuple(seen["headers"])))


def _site(site: Site) -> dict[str, Any]:
    return {
        "name": site.name,
        "url": site.url,
        "origins": site.origins.texts,
        "pages": site.pages,
        "kinds": site.kinds,
    }


def _came_through_a_proxy(request: Request) -> bool:
    """Tell whether somebody asked for us by a name: on this machine one asks for localhost."""
    host = host_in(request.header(b"host") or "")
    return host != "" and not is_this_machine(host)
