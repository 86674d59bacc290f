"""A reader counts once a day and page, and gets the page's counts with the same request."""

from __future__ import annotations

import hmac
import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartService
from tests.service import ORIGIN, Reply, Service, address, voter
from tests.web.doors import GAZETTE, SALON, SITE, fresh_address
from tests.web.test_kinds import wished

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
_numbers = count(1)


def fresh_page() -> str:
    """Return a page that nobody has opened."""
    return f"/gazette/{next(_numbers)}"


def opened(
    door: Service,
    page: str,
    at: str | None = None,
    agent: str | None = FIREFOX,
    *,
    site: str | None = "gazette",
    origin: str | None = GAZETTE,
    headers: dict[str, str] | None = None,
    **fields: object,
) -> Reply:
    """Open a page as a reader's browser does."""
    lines = {"Content-Type": "text/plain", **(headers or {})}
    lines |= {"User-Agent": agent} if agent is not None else {}
    lines |= {"Origin": origin} if origin is not None else {}
    lines["X-Forwarded-For"] = at or fresh_address()
    body = {"page": page, **({"site": site} if site else {}), **fields}
    return door.request("POST", "/v1/view", json.dumps(body), lines)


def views(door: Service, page: str) -> int:
    answer = door.get(f"/v1/counts?site=gazette&page={page}").json
    return int(answer["counts"][page]["views"])


def hosts(door: Service, page: str) -> dict[str, int]:
    answer = door.owner(f"/api/referrers?site=gazette&page={page}").json
    return {row["host"]: row["views"] for row in answer["hosts"]}


def test_a_view_is_answered_with_all_that_a_page_load_needs(door: Service) -> None:
    page = fresh_page()
    answer = opened(door, f"https://gazette.example{page}/index.html?utm=1")
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert answer.json == {
        "page": page,
        "views": 1,
        "counts": {"like": 0, "👏": 0},
        "kinds": {"👏": {"max": 50}},
    }


def test_the_rules_of_kinds_are_told_as_counts_tells_them(door: Service) -> None:
    page = fresh_page()
    answer = opened(door, page, site="salon", origin=SALON)
    of_counts = door.get(f"/v1/counts?site=salon&page={page}").json
    assert answer.json == {
        "page": page,
        "counts": of_counts["counts"][page],
        "kinds": of_counts["kinds"],
    }


def test_a_reader_counts_once_a_page(door: Service) -> None:
    page, other, at = fresh_page(), fresh_page(), fresh_address()
    assert [opened(door, page, at).json["views"] for _ in range(3)] == [1, 1, 1]
    assert opened(door, other, at).json["views"] == 1
    assert views(door, page) == views(door, other) == 1


def test_an_office_behind_one_address_is_told_apart_by_its_browsers(door: Service) -> None:
    page, at = fresh_page(), fresh_address()
    for agent, expected in ((FIREFOX, 1), (SAFARI, 2), (FIREFOX, 2)):
        assert opened(door, page, at, agent).json["views"] == expected
    assert opened(door, page, "2001:db8:9:9::1").json["views"] == 3
    # An IPv6 network is a /64: its addresses change by the hour.
    assert opened(door, page, "2001:db8:9:9::abcd").json["views"] == 3


def test_counts_tell_views_beside_the_kinds_where_they_count(door: Service) -> None:
    page = fresh_page()
    for number in range(3):
        opened(door, page, address(7_000_000 + number))
    counts = door.get(f"/v1/counts?site=gazette&page={page}&page=/never").json["counts"]
    assert counts == {
        page: {"like": 0, "👏": 0, "views": 3},
        "/never": {"like": 0, "👏": 0, "views": 0},
    }
    assert "views" not in door.get(f"/v1/counts?page={page}").json["counts"][page]


def test_a_site_that_counts_none_answers_its_counts(door: Service) -> None:
    page = fresh_page()
    for _ in range(2):
        answer = opened(door, page, site=None, origin=SITE)
        assert answer.json == {"page": page, "counts": {"like": 0}}
    assert door.owner(f"/api/pages?search={page}").json["total"] == 0


# Who does not count


@pytest.mark.parametrize(
    ("agent", "headers"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", {}),
        ("curl/8.7.1", {}),
        (None, {}),
        ("", {}),
        (FIREFOX, {"Sec-GPC": "1"}),
        (FIREFOX, {"Sec-Purpose": "prefetch;prerender"}),
        (FIREFOX, {"Purpose": "prefetch"}),
    ],
)
def test_who_is_no_reader_is_answered_and_not_counted(
    door: Service, agent: str | None, headers: dict[str, str]
) -> None:
    page = fresh_page()
    answer = opened(door, page, agent=agent, headers=headers)
    assert (answer.status, answer.json["views"]) == (200, 0)
    assert door.owner(f"/api/pages?site=gazette&search={page}").json["total"] == 0
    # Neither do they take a reader's place.
    at = fresh_address()
    opened(door, page, at, agent, headers=headers)
    assert opened(door, page, at).json["views"] == 1


def test_a_blocked_page_counts_nobody(door: Service) -> None:
    page = fresh_page()
    opened(door, page)
    body = json.dumps({"page": page, "site": "gazette"}).encode()
    assert door.owner("/api/pages/block", "POST", body).status == 200
    assert opened(door, page).json["views"] == 1


def test_nobody_is_refused_for_coming_too_often(door: Service) -> None:
    at, page = fresh_address(), fresh_page()
    statuses = {opened(door, page, at, f"{FIREFOX} {number}").status for number in range(700)}
    assert statuses == {200}
    assert views(door, page) == 500


def test_one_network_makes_thirty_pages_by_views_and_likes_together(door: Service) -> None:
    at = fresh_address()
    pages = [fresh_page() for _ in range(35)]
    seen = [opened(door, page, at).json["views"] for page in pages]
    assert seen == [1] * 30 + [0] * 5
    # Pages that are known count on, and whoever comes from elsewhere makes the others.
    assert opened(door, pages[0], at, SAFARI).json["views"] == 2
    assert opened(door, pages[-1]).json["views"] == 1
    body = {"page": fresh_page(), "voter": voter(1), "site": "gazette"}
    refused = door.request(
        "POST", "/v1/like", json.dumps(body), {"Origin": GAZETTE, "X-Forwarded-For": at}
    )
    assert (refused.status, refused.code) == (429, "too_many")


def test_a_page_that_was_seen_today_spends_no_new_page(door: Service) -> None:
    at, page = fresh_address(), fresh_page()
    opened(door, page, at)
    body = json.dumps({"page": page, "site": "gazette"}).encode()
    for _ in range(40):
        assert door.owner("/api/pages/delete", "POST", body).status == 200
        assert opened(door, page, at).json["views"] == 0  # he has counted today
        opened(door, page)
    assert opened(door, fresh_page(), at).json["views"] == 1


# Who may write, and what is refused


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", SALON])
def test_pages_of_others_may_not_write(door: Service, origin: str | None) -> None:
    page = fresh_page()
    answer = opened(door, page, origin=origin)
    assert (answer.status, answer.code) == (403, "origin_refused")
    assert views(door, page) == 0


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{}", 400, "bad_request"),
        ("[]", 400, "bad_request"),
        ("{", 400, "bad_request"),
        ('{"page":5}', 400, "bad_request"),
        ('{"page":"/a","page":"/b"}', 400, "bad_request"),
        ('{"page":"/a","ref":5}', 400, "bad_request"),
        ('{"page":""}', 400, "bad_page"),
        ('{"page":"\\u0000"}', 400, "bad_page"),
        ('{"page":"/a","site":"nowhere"}', 404, "unknown_site"),
        ("x" * 5_000, 413, "too_large"),
    ],
)
def test_what_cannot_be_understood_is_refused(
    door: Service, body: str, status: int, code: str
) -> None:
    headers = {"Origin": SITE, "User-Agent": FIREFOX, "Content-Type": "application/json"}
    answer = door.request("POST", "/v1/view", body, headers)
    assert (answer.status, answer.code) == (status, code)


def test_views_are_no_kind_that_can_be_liked(door: Service) -> None:
    page = fresh_page()
    for target in (
        f"/v1/badge.svg?site=gazette&page={page}&kind=views",
        "/v1/popular?site=gazette&kind=views",
    ):
        assert door.get(target).code == "unknown_kind"
    answer = wished(door, page, "views", voter(1), fresh_address())
    assert answer.code == "unknown_kind"


# Referrers


def test_the_host_that_led_a_reader_here_is_kept(door: Service) -> None:
    page = fresh_page()
    for ref in (
        "https://news.example/item?id=secret",
        "https://www.news.example/",
        "https://search.example",
        "",
        None,
        "https://192.0.2.1/",
        "javascript:alert(1)",
    ):
        fields: dict[str, Any] = {} if ref is None else {"ref": ref}
        assert opened(door, page, **fields).status == 200
    answer = door.owner(f"/api/referrers?site=gazette&page={page}").json
    assert answer == {
        "page": page,
        "views": 7,
        "hosts": [{"host": "news.example", "views": 2}, {"host": "search.example", "views": 1}],
    }


@pytest.mark.parametrize(
    "ref",
    [
        "https://gazette.example/other-page",
        "https://www.gazette.example/",
        "http://gazette.example:8080/",
        "https://archive.gazette.example/",
    ],
)
def test_the_sites_own_host_leads_nobody(door: Service, ref: str) -> None:
    page = fresh_page()
    opened(door, page, ref=ref)
    assert hosts(door, page) == {}
    assert views(door, page) == 1


def test_hosts_of_one_page_and_day_are_bounded(door: Service) -> None:
    page = fresh_page()
    for number in range(60):
        opened(door, page, ref=f"https://host{number}.example/")
    found = hosts(door, page)
    assert (len(found), list(found)[-1], found["other"]) == (51, "other", 10)
    few = door.owner(f"/api/referrers?site=gazette&page={page}&limit=1").json
    assert few["hosts"][1:] == [{"host": "other", "views": 59}]
    none = door.owner(f"/api/referrers?site=gazette&page={page}&limit=0").json
    assert none["hosts"] == [{"host": "other", "views": 60}]


def test_referrers_and_days_are_the_owners(door: Service) -> None:
    for path in ("/api/referrers", "/api/series"):
        assert door.get(f"{path}?site=gazette").status == 401
        assert door.owner(f"{path}?site=gazette&days=401").code == "bad_request"
        assert door.owner(f"{path}?site=gazette&days=0").code == "bad_request"
        assert door.owner(f"{path}?site=gazette&page=/never").code == "unknown_page"
        assert door.owner(f"{path}?site=nowhere").code == "unknown_site"


# What the owner sees


def row(door: Service, page: str) -> Any:
    (found,) = door.owner(f"/api/pages?site=gazette&search={page}").json["pages"]
    return found


def test_the_owner_sees_likes_beside_views(door: Service) -> None:
    page = fresh_page()
    before = door.owner("/api/summary?site=gazette").json
    for number in range(4):
        opened(door, page, address(8_000_000 + number))
    body = json.dumps({"page": page, "voter": voter(1), "site": "gazette"})
    door.request("POST", "/v1/like", body, {"Origin": GAZETTE})
    found = row(door, page)
    assert (found["views"], found["lately"]) == (4, {"likes": 1, "views": 4})
    assert found["counts"] == {"like": 1, "👏": 0}
    after = door.owner("/api/summary?site=gazette").json
    assert after["views"]["all"] - before["views"]["all"] == 4
    assert after["views"]["today"] - before["views"]["today"] == 4
    assert after["lately"]["likes"] - before["lately"]["likes"] == 1
    assert after["kinds"] == ["like", "👏"]
    listed = door.owner("/api/pages?site=gazette&kind=views&limit=1000").json["pages"]
    counts = [line["views"] for line in listed]
    assert counts == sorted(counts, reverse=True)
    days = door.owner(f"/api/series?site=gazette&page={page}&days=2").json["days"]
    assert [day["views"] for day in days] == [0, 4]
    assert days[1]["counts"] == {"like": 1, "👏": 0}


def test_a_site_without_views_has_no_figures_of_them(door: Service) -> None:
    wished(door, "/salon/plain", "👏", voter(1), fresh_address())
    summary = door.owner("/api/summary?site=salon").json
    listed = door.owner("/api/pages?site=salon&search=/salon/plain").json["pages"]
    assert not {"views", "lately"} & {*summary, *listed[0]}
    assert door.owner("/api/pages?site=salon&kind=views").code == "unknown_kind"
    assert "views" not in door.owner("/api/series?site=salon").json["days"][0]


def test_views_are_set_imported_and_corrected_as_counts_are(door: Service) -> None:
    page, other = fresh_page(), fresh_page()
    opened(door, page)
    line = json.dumps({"site": "gazette", "page": page, "kind": "views", "seed": 1_000})
    assert door.owner("/api/import", "POST", line.encode()).json["seeds"] == 1
    assert views(door, page) == 1_001
    body = {"site": "gazette", "page": page, "kind": "views", "count": 500}
    done = door.owner("/api/pages/set", "POST", json.dumps(body).encode()).json
    assert done["after"]["views"] == 500
    opened(door, other)
    merge = json.dumps({"site": "gazette", "page": other, "into": page}).encode()
    number = door.owner("/api/pages/merge", "POST", merge).json["correction"]
    assert views(door, page) == views(door, other) == 501
    undo = json.dumps({"correction": number}).encode()
    assert door.owner("/api/undo", "POST", undo).status == 200
    assert views(door, page) == 500


def test_metrics_tell_why_views_did_not_count(door: Service) -> None:
    page, at = fresh_page(), fresh_address()
    opened(door, page, at)
    opened(door, page, at)
    opened(door, page, agent="curl/8.7.1")
    opened(door, page, headers={"Sec-GPC": "1"})
    text = door.owner("/metrics").body.decode()
    for outcome in ("counted", "again", "bot", "private"):
        assert f'likewise_views_total{{outcome="{outcome}"}}' in text
    assert page not in text
    assert at not in text


# Settings, by services of their own


def test_views_are_counted_where_that_is_set(start_service: StartService) -> None:
    service = start_service(LIKEWISE_VIEWS="on")
    answer = opened(service, "/a", site=None, origin=ORIGIN)
    assert answer.json == {"page": "/a", "views": 1, "counts": {"like": 0}}


def test_a_demo_counts_its_readers_too(start_service: StartService) -> None:
    service = start_service(LIKEWISE_VIEWS="on")
    answer = opened(service, "/demo", site="demo", origin=service.url)
    assert answer.json["views"] == 1


def test_signed_pages_are_asked_of_views_too(start_service: StartService) -> None:
    key = "a-page-key-0123456789abcdef"
    service = start_service(
        LIKEWISE_VIEWS="on",
        LIKEWISE_PAGES="signed",
        LIKEWISE_PAGE_KEY=key,
        LIKEWISE_LIMITS="pages=0",
    )
    sig = hmac.new(key.encode(), b"default\n/a", "sha256").hexdigest()
    refused = opened(service, "/a", site=None, origin=ORIGIN)
    assert (refused.status, refused.code) == (404, "unknown_page")
    assert opened(service, "/a", site=None, origin=ORIGIN, sig=sig).json["views"] == 1
    assert opened(service, "/a", site=None, origin=ORIGIN).json["views"] == 2


def test_what_was_counted_is_there_after_a_restart_and_who_was_is_not(
    start_service: StartService,
) -> None:
    service = start_service(LIKEWISE_VIEWS="on")
    at = fresh_address()
    for _ in range(2):
        assert opened(service, "/a", at, site=None, origin=ORIGIN).json["views"] == 1
    service.restart()
    assert opened(service, "/a", at, site=None, origin=ORIGIN).json["views"] == 2


def test_views_that_were_counted_stay_where_they_are_turned_off(
    start_service: StartService,
) -> None:
    service = start_service(LIKEWISE_VIEWS="on")
    opened(service, "/a", site=None, origin=ORIGIN)
    service.settings["LIKEWISE_VIEWS"] = "off"
    service.restart()
    assert opened(service, "/a", site=None, origin=ORIGIN).json == {
        "page": "/a",
        "counts": {"like": 0},
    }
    service.settings["LIKEWISE_VIEWS"] = "on"
    service.restart()
    assert opened(service, "/a", site=None, origin=ORIGIN).json["views"] == 2


def test_the_folder_of_a_service_that_counts_holds_nothing_of_a_reader(
    start_service: StartService,
) -> None:
    service = start_service(LIKEWISE_VIEWS="on", LIKEWISE_ACCESS_LOG="on")
    agent, at = f"{FIREFOX} SomebodysOwnBuild/7", "203.0.113.77"
    ref = "https://news.example/secret-path?token=1"
    assert opened(service, "/a", at, agent, site=None, origin=ORIGIN, ref=ref).json["views"] == 1
    service.stop()
    content = b"".join(path.read_bytes() for path in Path(service.directory).rglob("*.*"))
    assert b"news.example" in content
    for trace in (b"SomebodysOwnBuild", at.encode(), bytes([203, 0, 113, 77]), b"secret-path"):
        assert trace not in content
