"""GET and POST /likes/{post_id}: what pages written for the article's service send."""

from __future__ import annotations

import json

import pytest

from tests.service import ORIGIN, Reply, Service
from tests.web.doors import PARTY, fresh_page, fresh_voter, stored

ORIGIN_ONLY = {"Origin": ORIGIN}


def fresh_id() -> str:
    return fresh_page().replace("/", "-")


def post(
    door: Service, post_id: str, fields: object = None, origin: str = ORIGIN, query: str = ""
) -> Reply:
    body = None if fields is None else json.dumps(fields)
    return door.request("POST", f"/likes/{post_id}{query}", body, {"Origin": origin})


def test_the_shapes_are_the_articles(door: Service) -> None:
    post_id = fresh_id()
    assert door.get(f"/likes/{post_id}").json == {"post_id": post_id, "likes": 0}
    reply = post(door, post_id)
    assert (reply.status, reply.json) == (200, {"post_id": post_id, "likes": 1})
    assert list(reply.json) == ["post_id", "likes"]
    for answer in (reply, door.get(f"/likes/{post_id}")):
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["access-control-allow-origin"] == "*"


def test_a_time_that_only_breaks_caches_is_ignored(door: Service) -> None:
    post_id = fresh_id()
    post(door, post_id)
    assert door.get(f"/likes/{post_id}?t=1732395600000").json["likes"] == 1


def test_without_a_voter_each_accepted_call_is_a_new_like(door: Service) -> None:
    post_id = fresh_id()
    assert [post(door, post_id).json["likes"] for _ in range(3)] == [1, 2, 3]
    assert post(door, post_id, {}).json["likes"] == 4


def test_with_a_voter_a_call_states_a_wish(door: Service) -> None:
    post_id, voter = fresh_id(), fresh_voter()
    assert [post(door, post_id, {"voter": voter}).json["likes"] for _ in range(3)] == [1, 1, 1]
    assert post(door, post_id, {"voter": voter, "on": False}).json["likes"] == 0


def test_the_id_is_echoed_and_counted_in_its_canonical_form(door: Service) -> None:
    page = fresh_page()
    spelling = page.replace("/", "%2F") + "%2Fcaf%65%CC%81%2F"
    echoed = f"{page}/cafe\u0301/"
    assert post(door, spelling).json == {"post_id": echoed, "likes": 1}
    assert door.get(f"/likes/{spelling}").json == {"post_id": echoed, "likes": 1}
    assert door.count(f"{page}/caf\u00e9") == 1


def test_old_and_new_ways_count_together(door: Service) -> None:
    post_id = fresh_id()
    post(door, post_id)
    assert door.like(post_id, fresh_voter()).json["count"] == 2
    assert door.get(f"/likes/{post_id}").json["likes"] == 2


def test_a_page_in_the_body_is_no_known_field(door: Service) -> None:
    post_id, other = fresh_id(), fresh_page()
    assert post(door, post_id, {"page": other}).json["likes"] == 1
    assert door.count(other) == 0


def test_the_kind_is_like_where_the_body_names_none(door: Service) -> None:
    post_id = fresh_id()
    for reply in (
        door.get(f"/likes/{post_id}?site=party"),
        post(door, post_id, origin=PARTY, query="?site=party"),
    ):
        assert (reply.status, reply.code) == (400, "unknown_kind")
        assert "\u2764" in reply.json["detail"]
    named = {"site": "party", "kind": "\u2764\ufe0f"}
    assert post(door, post_id, named, PARTY).json["likes"] == 1
    assert post(door, post_id, named, PARTY).json["likes"] == 2


def test_the_site_stands_in_query_or_body(door: Service) -> None:
    named = {"kind": "\u2764"}
    assert post(door, fresh_id(), named, PARTY, "?site=party").json["likes"] == 1
    assert post(door, fresh_id(), named, PARTY, "?site=nowhere").code == "unknown_site"
    assert door.get(f"/likes/{fresh_id()}?site=nowhere").code == "unknown_site"
    assert door.get(f"/likes/{fresh_id()}?site=party&site=party").code == "bad_request"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"voter": "short"}, "bad_voter"),
        ({"voter": None}, "bad_request"),
        ({"voter": 1}, "bad_request"),
        ({"kind": "love"}, "unknown_kind"),
        ({"on": "yes"}, "bad_request"),
        ([], "bad_request"),
        ("x", "bad_request"),
    ],
)
def test_a_body_that_is_there_is_read_strictly(door: Service, fields: object, code: str) -> None:
    before = stored(door)
    assert post(door, fresh_id(), fields).code == code
    assert stored(door) == before


def test_another_web_sites_form_cannot_like(door: Service) -> None:
    before = stored(door)
    headers = {"Origin": "https://evil.example"}
    form = headers | {"Content-Type": "application/x-www-form-urlencoded"}
    assert door.request("POST", "/likes/hello", None, headers).code == "origin_refused"
    assert door.request("POST", "/likes/hello", "", form).code == "origin_refused"
    assert door.request("POST", "/likes/hello", "a=b", form).code == "unsupported_type"
    assert stored(door) == before


def test_head_is_answered(door: Service) -> None:
    reply = door.request("HEAD", f"/likes/{fresh_id()}")
    assert (reply.status, reply.body) == (200, b"")
