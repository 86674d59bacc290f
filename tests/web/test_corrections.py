"""The owner's corrections over HTTP: a trial first, then done, written down, and undone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import StartService
from tests.service import Reply, Service, address, voter
from tests.web.doors import SITE, fresh_address, fresh_page, fresh_voter


def correct(door: Service, path: str, **fields: Any) -> Reply:
    return door.owner(path, "POST", json.dumps(fields).encode())


def done(door: Service, path: str, **fields: Any) -> Any:
    reply = correct(door, path, **fields)
    assert reply.status == 200, reply
    assert reply.headers["cache-control"] == "private, no-store"
    return reply.json


def liked(door: Service, likes: int = 1) -> str:
    page = fresh_page()
    for _ in range(likes):
        reply = door.like(page, fresh_voter(), address=fresh_address(), origin=SITE)
        assert reply.status == 200
    return page


def count(door: Service, page: str) -> int:
    return int(door.count(page))


def test_a_trial_tells_what_a_merge_does_and_the_merge_does_it(door: Service) -> None:
    page, into = liked(door, 1), liked(door, 2)
    told = done(door, "/api/pages/merge", page=page + "/", into=into, dry_run=True)
    assert told == {
        "correction": None,
        "page": into,
        "before": {"like": 2},
        "after": {"like": 3},
    }
    assert (count(door, page), count(door, into)) == (1, 2)
    assert done(door, "/api/pages/merge", page=page, into=into)["after"] == {"like": 3}
    assert (count(door, page), count(door, into)) == (3, 3)


def test_every_correction_is_undone_by_its_number(door: Service) -> None:
    page, other = liked(door, 2), liked(door, 1)
    orders: list[tuple[str, dict[str, Any], int]] = [
        ("/api/pages/merge", {"page": other, "into": page}, 3),
        ("/api/pages/alias", {"alias": fresh_page(), "page": page}, 2),
        ("/api/pages/rename", {"page": page, "to": fresh_page()}, 2),
        ("/api/pages/set", {"page": page, "count": 40}, 40),
        ("/api/pages/block", {"page": page}, 2),
        ("/api/pages/delete", {"page": page}, 0),
        ("/api/likes/purge", {"page": page}, 0),
    ]
    for path, fields, expected in orders:
        number = done(door, path, **fields)["correction"]
        assert count(door, page) == expected, path
        assert done(door, "/api/undo", correction=number)["correction"] == number
        assert count(door, page) == 2, path
        assert correct(door, "/api/undo", correction=number).code == "cannot_undo"


def test_a_blocked_page_refuses_likes_and_lets_them_be_taken_back(door: Service) -> None:
    page, reader = fresh_page(), fresh_voter()
    door.like(page, reader, origin=SITE)
    done(door, "/api/pages/block", page=page)
    refused = door.like(page, fresh_voter(), origin=SITE)
    assert (refused.status, refused.code) == (403, "page_blocked")
    assert door.like(page, reader, origin=SITE).json["count"] == 1
    assert door.like(page, reader, origin=SITE, on=False).json["count"] == 0
    rows = door.owner(f"/api/pages?search={page}").json["pages"]
    assert [row["blocked"] for row in rows if row["page"] == page] == [True]
    done(door, "/api/pages/unblock", page=page)
    assert door.like(page, reader, origin=SITE).json["count"] == 1


def test_a_purge_takes_hours_that_are_named_in_words(door: Service) -> None:
    page = liked(door, 2)
    asked: list[tuple[dict[str, Any], int]] = [
        ({"from": "2020-01-01", "to": "2020-01-02"}, 0),
        ({"from": "2020-01-01T22:00"}, 2),
        ({"from": "2020-01-01T22:00+02:00", "to": "2999-01-01T00:00Z"}, 2),
        ({"keep": "first"}, 0),
        ({"kind": "like"}, 2),
    ]
    for fields, removed in asked:
        told = done(door, "/api/likes/purge", page=page, dry_run=True, **fields)
        assert (told["removed"], told["kept"]) == (removed, 2 - removed), fields
    assert count(door, page) == 2


@pytest.mark.parametrize(
    ("path", "fields", "said"),
    [
        ("/api/likes/purge", {}, "Say what to purge"),
        ("/api/likes/purge", {"to": "2026-01-01"}, "Say what to purge"),
        ("/api/likes/purge", {"page": "/a", "from": "yesterday"}, "is written as"),
        ("/api/likes/purge", {"from": "2026-01-02", "to": "2026-01-01"}, "must come after"),
        ("/api/likes/purge", {"page": "/a", "keep": "some"}, "is one of: none, first, five"),
        ("/api/likes/purge", {"surge": 999_999}, "has no surge"),
        ("/api/likes/purge", {"surge": 1, "page": "/a"}, "leave the others out"),
        ("/api/likes/purge", {"page": "/a", "dry_run": "yes"}, "must be true or false"),
        ("/api/pages/merge", {"page": "/a"}, '"into" is missing'),
        ("/api/pages/set", {"page": "/a"}, '"count" must be'),
        ("/api/pages/set", {"page": "/a", "count": -1}, '"count" must be'),
        ("/api/pages/set", {"page": "/a", "count": 10**12 + 1}, '"count" must be'),
        ("/api/undo", {}, '"correction" must be'),
        ("/api/likes/purge", {"page": "/a", "dry-run": True}, "'dry-run' is no key here"),
        ("/api/likes/purge", {"page": "/a", "form": "2026-01-01"}, "'form' is no key here"),
        ("/api/pages/delete", {"page": "/a", "kind": "like"}, "'kind' is no key here"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_words(
    door: Service, path: str, fields: dict[str, Any], said: str
) -> None:
    reply = correct(door, path, **fields)
    assert (reply.status, reply.code) == (400, "bad_request")
    assert said in reply.json["detail"]


def test_what_is_not_there_is_refused_by_name(door: Service) -> None:
    page = liked(door)
    unknown = fresh_page()
    refusals: list[tuple[str, dict[str, Any], str]] = [
        ("/api/pages/merge", {"page": unknown, "into": page}, "unknown_page"),
        ("/api/pages/delete", {"page": unknown}, "unknown_page"),
        ("/api/likes/purge", {"page": unknown}, "unknown_page"),
        ("/api/pages/rename", {"page": page, "to": page}, "page_exists"),
        ("/api/undo", {"correction": 10**9}, "unknown_correction"),
        ("/api/pages/block", {"page": "/\x00"}, "bad_page"),
        ("/api/pages/block", {"page": page, "site": "nowhere"}, "unknown_site"),
        ("/api/pages/set", {"page": page, "kind": "views", "count": 1}, "unknown_kind"),
    ]
    for path, fields, code in refusals:
        assert correct(door, path, **fields).code == code


def test_a_count_that_was_set_low_is_never_told_below_nothing(door: Service) -> None:
    page, reader = fresh_page(), fresh_voter()
    door.like(page, reader, origin=SITE)
    done(door, "/api/pages/set", page=page, count=0)
    reply = door.like(page, reader, origin=SITE, on=False).json
    assert (reply["count"], reply["counts"]) == (0, {"like": 0})
    assert count(door, page) == 0
    rows = door.owner(f"/api/pages?search={page}").json["pages"]
    assert [row["counts"] for row in rows if row["page"] == page] == [{"like": 0}]


def test_the_audit_log_says_who_did_what(door: Service) -> None:
    page = liked(door)
    number = done(door, "/api/pages/set", page=page, count=7)["correction"]
    done(door, "/api/undo", correction=number)
    undone, line = door.owner("/api/audit?limit=2").json["corrections"]
    assert (line["correction"], line["action"]) == (number, "set")
    assert line["asked"] == {"page": page, "kind": "like", "count": 7}
    assert line["done"]["after"] == {"like": 7}
    assert line["by"].startswith("key ")
    assert door.admin_key not in json.dumps(line)
    assert (line["can_be_undone"], line["undone"] is None) == (False, False)
    assert undone["action"] == "undo"
    assert door.owner(f"/api/audit?before={number}&limit=1").json["corrections"] != [line]
    assert door.owner("/api/audit?site=party").json == {"corrections": []}


def test_only_the_owner_corrects(door: Service) -> None:
    page = liked(door)
    body = json.dumps({"page": page})
    for path in ("/api/pages/delete", "/api/likes/purge", "/api/undo"):
        assert door.request("POST", path, body).code == "not_signed_in"
        assert door.request("POST", path, body, {"X-API-Key": "x" * 40}).code == "wrong_key"
    for path in ("/api/audit", "/metrics"):
        assert door.get(path).code == "not_signed_in"
    assert count(door, page) == 1


def test_metrics_count_likes_and_refusals_and_name_nobody(start_service: StartService) -> None:
    service = start_service()
    service.like("/secret-page", voter(1), address=address(1))
    service.like("/secret-page", voter(1), address=address(1), on=False)
    service.like("/secret-page", "short", address=address(1))
    text = service.owner("/metrics").body.decode()
    for line in (
        'likewise_likes_total{change="given"} 1',
        'likewise_likes_total{change="taken back"} 1',
        'likewise_refusals_total{code="bad_voter"} 1',
    ):
        assert line in text.splitlines()
    assert "secret-page" not in text
    assert address(1) not in text


def test_origins_that_were_refused_are_shown_with_the_setting(start_service: StartService) -> None:
    service = start_service()
    for number in range(3):
        service.like("/a", voter(number), origin="https://www.example.com")
    for number in range(40):
        service.like("/a", voter(number), origin=f"https://{number}.example.net")
    shown = service.owner("/api/summary").json["refused_origins"]
    assert shown[0] == {
        "origin": "https://www.example.com",
        "times": 3,
        "setting": "LIKEWISE_ORIGINS",
    }
    assert len(shown) == 32
