"""Every address of the service, and the way from a request to its handler.

The map: methods, paths and who may come. Knows nothing of what handlers do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from likewise.errors import Problem
from likewise.http.message import Answer

Handler = Callable[..., Answer]

PUBLIC, OWNER, SIGN_IN, PAGE = "public", "owner", "sign-in", "page"


class Route(NamedTuple):
    """One address. `handler` names a method of the part that answers it; the last segment of a
    path may be a name in braces: the handler gets it as it stood on the wire. With a star it may
    go on over slashes.
    """

    method: str
    path: str
    handler: str
    audience: str = PUBLIC


ROUTES: tuple[Route, ...] = (
    Route("GET", "/v1/counts", "public.counts"),
    Route("POST", "/v1/like", "likes.like"),
    Route("POST", "/v1/view", "views.view"),
    Route("GET", "/v1/popular", "popular.pages"),
    Route("GET", "/v1/badge.svg", "badge.draw"),
    Route("GET", "/v1/widget", "files.widget_facts"),
    Route("GET", "/likes/{post_id}", "public.article_count"),
    Route("POST", "/likes/{post_id}", "public.article_like"),
    Route("GET", "/likes.js", "files.widget"),
    Route("GET", "/likes-{hash}.js", "files.hashed_widget"),
    Route("GET", "/reactions.js", "files.reactions"),
    Route("GET", "/reactions-{hash}.js", "files.hashed_reactions"),
    Route("GET", "/healthz", "health.alive"),
    Route("GET", "/readyz", "health.ready"),
    Route("GET", "/", "files.front", PAGE),
    Route("GET", "/demo", "files.demo", PAGE),
    Route("GET", "/gallery", "files.gallery", PAGE),
    Route("GET", "/dashboard", "files.dashboard", PAGE),
    Route("GET", "/static/{file*}", "files.static", PAGE),
    Route("POST", "/api/login", "admin.login", SIGN_IN),
    Route("POST", "/api/logout", "admin.logout", SIGN_IN),
    Route("GET", "/api/stats", "admin.stats", OWNER),
    Route("GET", "/api/summary", "admin.summary", OWNER),
    Route("GET", "/api/pages", "admin.pages", OWNER),
    Route("GET", "/api/series", "figures.series", OWNER),
    Route("GET", "/api/referrers", "figures.referrers", OWNER),
    Route("POST", "/api/import", "admin.adopt", OWNER),
    Route("POST", "/api/key", "admin.replace_key", OWNER),
    Route("POST", "/api/pages/merge", "corrections.merge", OWNER),
    Route("POST", "/api/pages/alias", "corrections.alias", OWNER),
    Route("POST", "/api/pages/rename", "corrections.rename", OWNER),
    Route("POST", "/api/pages/set", "corrections.set_count", OWNER),
    Route("POST", "/api/pages/delete", "corrections.delete", OWNER),
    Route("POST", "/api/pages/block", "corrections.block", OWNER),
    Route("POST", "/api/pages/unblock", "corrections.unblock", OWNER),
    Route("POST", "/api/likes/purge", "corrections.purge", OWNER),
    Route("GET", "/api/reasons", "reasons.reasons", OWNER),
    Route("POST", "/api/reasons/delete", "reasons.delete_reason", OWNER),
    Route("POST", "/api/undo", "corrections.undo", OWNER),
    Route("GET", "/api/audit", "corrections.audit", OWNER),
    Route("GET", "/api/doctor", "doctor.examine", OWNER),
    Route("GET", "/metrics", "admin.metrics", OWNER),
)


class Endpoint:
    """A route with what answers it, and how often it was asked for."""

    __slots__ = ("handler", "requests", "route")

    def __init__(self, route: Route, handler: Handler) -> None:
        self.route = route
        self.handler = handler
        self.requests = 0


class Place:
    """One address with what each method does there; an open one has a name in braces."""

    def __init__(self, path: str) -> None:
        head, brace, tail = path.partition("{")
        self.is_open = bool(brace)
        self.goes_on = "*}" in tail
        self.head = head.encode()
        self.ending = tail.partition("}")[2].encode()
        self.endpoints: dict[str, Endpoint] = {}
        self.is_owners = False

    def add(self, route: Route, handler: Handler) -> None:
        """Take a method's handler."""
        self.endpoints[route.method] = Endpoint(route, handler)
        # The owner's part, which may be kept to a host of its own. /metrics is no part of it: what
        # scrapes it inside a network knows the service by another name.
        self.is_owners = self.head.startswith((b"/api/", b"/dashboard")) and not self.is_public

    def argument_in(self, path: bytes) -> bytes | None:
        """Return what stands in place of the braces; None when the path is not of this form."""
        if not (path.startswith(self.head) and path.endswith(self.ending)):
            return None
        argument = path[len(self.head) : len(path) - len(self.ending)]
        # A segment is split off before it is decoded: %2F is no slash here.
        return argument if argument and (self.goes_on or b"/" not in argument) else None

    @property
    def is_public(self) -> bool:
        """Whether other web sites may read what is answered here."""
        return any(one.route.audience == PUBLIC for one in self.endpoints.values())

    @property
    def methods(self) -> str:
        """The methods that are taken, as the header Allow lists them."""
        implied = ["HEAD", "OPTIONS"] if "GET" in self.endpoints else ["OPTIONS"]
        return ", ".join([*self.endpoints, *implied])


class Match(NamedTuple):
    """The place that a path leads to, with what stood in its braces."""

    place: Place
    arguments: tuple[bytes, ...]

    def endpoint(self, method: str) -> Endpoint:
        """Return what answers a method. Raises `method_not_allowed`."""
        found = self.place.endpoints.get("GET" if method == "HEAD" else method)
        if found is None:
            detail = f"This address takes {self.place.methods}."
            raise Problem("method_not_allowed", detail)
        return found


def nothing_here() -> Problem:
    """Return the refusal of an address that leads nowhere, or shall seem to."""
    return Problem("not_found", "There is nothing at this address.")


class Router:
    """Finds places. `parts` are the objects that handlers are methods of, by name."""

    def __init__(self, parts: Mapping[str, object]) -> None:
        places: dict[str, Place] = {}
        for route in ROUTES:
            part, _, name = route.handler.partition(".")
            handler: Handler = getattr(parts[part], name)
            place = places.setdefault(route.path, Place(route.path))
            place.add(route, handler)
        self._places = list(places.values())
        self._exact = {
            place.head: Match(place, ()) for place in places.values() if not place.is_open
        }
        # What anybody may ask with no name in its path: found in one step, as most requests are.
        self.asked_most = {
            (method, place.head): endpoint
            for place in places.values()
            if not place.is_open
            for method, endpoint in place.endpoints.items()
            if endpoint.route.audience == PUBLIC
        }
        self._open = [place for place in places.values() if place.is_open]

    def find(self, path: bytes) -> Match:
        """Return the place of a path. Raises `not_found`."""
        match = self._exact.get(path)
        if match is not None:
            return match
        for place in self._open:
            argument = place.argument_in(path)
            if argument is not None:
                return Match(place, (argument,))
        raise nothing_here()

    def requests(self) -> dict[tuple[str, ...], float]:
        """Return how often each was asked for, by method and path."""
        return {
            (endpoint.route.method, endpoint.route.path): endpoint.requests
            for place in self._places
            for endpoint in place.endpoints.values()
        }
