"""GET /v1/popular: what was liked most, counted once a minute, of pages that can be linked to."""

from __future__ import annotations

import json

import pytest

from tests.abuse.crowd import fresh_address
from tests.conftest import StartService
from tests.service import ORIGIN, Service, voter


def liked(service: Service, page: str, times: int) -> None:
    for number in range(times):
        reply = service.like(page, voter(number), address=fresh_address())
        assert reply.status == 200, reply.body


def listed(service: Service, query: str = "") -> list[tuple[str, int]]:
    pages = service.get(f"/v1/popular{query}").json["pages"]
    return [(page["page"], page["count"]) for page in pages]


def corrected(service: Service, action: str, **asked: str) -> None:
    assert service.owner(f"/api/pages/{action}", "POST", json.dumps(asked).encode()).status == 200


@pytest.mark.parametrize("days", ["1", "7", "30", "90", "365", "all"])
def test_pages_are_listed_with_the_most_liked_first(start_service: StartService, days: str) -> None:
    service = start_service()
    for page, times in (("/a", 1), ("/b", 3), ("/c", 2), ("/e", 1)):
        liked(service, page, times)
    assert listed(service, f"?days={days}") == [("/b", 3), ("/c", 2), ("/a", 1), ("/e", 1)]
    assert listed(service, f"?days={days}&limit=2") == [("/b", 3), ("/c", 2)]


def test_only_paths_that_may_be_liked_are_listed(start_service: StartService) -> None:
    service = start_service()
    for page in ("/open", "/blocked", "/deleted", "/taken-back", "no-path", "javascript:alert(1)"):
        liked(service, page, 1)
    corrected(service, "block", page="/blocked")
    corrected(service, "delete", page="/deleted")
    service.like("/taken-back", voter(0), on=False)
    assert listed(service) == [("/open", 1)]


def test_what_was_merged_counts_where_it_went(start_service: StartService) -> None:
    service = start_service()
    liked(service, "/old", 2)
    liked(service, "/new", 1)
    corrected(service, "merge", page="/old", into="/new")
    assert listed(service) == [("/new", 3)]
    assert listed(service, "?days=all") == [("/new", 3)]


def test_what_was_brought_along_counts_ever_but_not_lately(start_service: StartService) -> None:
    service = start_service()
    liked(service, "/a", 1)
    corrected_to = {"page": "/a", "kind": "like", "count": 41}
    reply = service.owner("/api/pages/set", "POST", json.dumps(corrected_to).encode())
    assert reply.status == 200, reply.body
    assert listed(service) == [("/a", 1)]
    assert listed(service, "?days=all") == [("/a", 41)]


def test_a_list_is_kept_for_a_minute(start_service: StartService) -> None:
    service = start_service()
    liked(service, "/a", 1)
    assert listed(service) == [("/a", 1)]
    liked(service, "/b", 2)
    assert listed(service) == [("/a", 1)]
    assert listed(service, "?days=7") == [("/b", 2), ("/a", 1)]
    headers = service.get("/v1/popular").headers
    assert headers["cache-control"] == "public, max-age=60, stale-while-revalidate=600"
    assert headers["access-control-allow-origin"] == "*"


def test_a_site_lists_its_own_pages(door: Service) -> None:
    at = {"Origin": "https://party.example", "X-Forwarded-For": fresh_address()}
    body = {"site": "party", "page": "/of-the-party", "kind": "🎉", "voter": voter(1)}
    assert door.request("POST", "/v1/like", json.dumps(body), at).status == 200
    assert ("/of-the-party", 1) in listed(door, "?site=party&kind=%F0%9F%8E%89&limit=100")
    assert "/of-the-party" not in [page for page, _ in listed(door, "?limit=100")]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?days=2", "bad_request"),
        ("?days=", "bad_request"),
        ("?days=1&days=7", "bad_request"),
        ("?limit=101", "bad_request"),
        ("?limit=-1", "bad_request"),
        ("?kind=views", "unknown_kind"),
        ("?site=salon&kind=yes", "unknown_kind"),
        ("?site=nowhere", "unknown_site"),
    ],
)
def test_what_cannot_be_listed_is_refused(door: Service, query: str, code: str) -> None:
    assert door.get(f"/v1/popular{query}").code == code


def test_readers_are_not_let_count_without_end(start_service: StartService) -> None:
    service = start_service(LIKEWISE_LIMITS="reads=3/min")
    at = {"X-Forwarded-For": fresh_address(), "Origin": ORIGIN}
    answers = [service.request("GET", "/v1/popular", None, at).status for _ in range(4)]
    assert answers == [200, 200, 200, 429]
