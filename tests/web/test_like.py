"""POST /v1/like."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.service import ORIGIN, Service
from tests.web.doors import PARTY, fresh_page, fresh_voter, stored

HEART, PARTY_POPPER = "\u2764", "\U0001f389"
VOTER = "0123456789abcdef"


def test_a_like_is_answered_with_what_stands(door: Service) -> None:
    page = fresh_page()
    reply = door.like(f"https://example.com{page}/?a=b", fresh_voter())
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.json == {
        "page": page,
        "kind": "like",
        "on": True,
        "count": 1,
        "counts": {"like": 1},
    }
    assert list(reply.json) == ["page", "kind", "on", "count", "counts"]
    assert door.count(page) == 1


def test_sent_twice_the_count_is_the_same(door: Service) -> None:
    page, voter = fresh_page(), fresh_voter()
    replies = [door.like(page + ending, voter) for ending in ("", "/", "/index.html", "?again")]
    assert [reply.json["count"] for reply in replies] == [1, 1, 1, 1]
    assert door.count(page) == 1


@pytest.mark.parametrize(
    "off", [{"on": False}, {"n": 0}, {"n": 0, "on": True}, {"n": 1, "on": False}]
)
def test_a_like_can_be_taken_back(door: Service, off: dict[str, Any]) -> None:
    page, voter = fresh_page(), fresh_voter()
    door.like(page, fresh_voter())
    door.like(page, voter)
    for _ in range(2):
        reply = door.like(page, voter, **off)
        assert (reply.json["on"], reply.json["count"]) == (False, 1)
    assert door.like(page, voter, on=True, n=1).json["count"] == 2


def test_taking_back_what_never_stood_changes_nothing(door: Service) -> None:
    before, page = stored(door), fresh_page()
    reply = door.like(page, fresh_voter(), on=False)
    assert reply.json == {
        "page": page,
        "kind": "like",
        "on": False,
        "count": 0,
        "counts": {"like": 0},
    }
    assert stored(door) == before


def test_spellings_with_and_without_combining_marks_are_one_page(door: Service) -> None:
    page = fresh_page()
    door.like(page + "/cafe\u0301", fresh_voter())
    door.like(page + "/caf\u00e9", fresh_voter())
    assert door.like(page + "/caf%C3%A9/", fresh_voter()).json["count"] == 3


def test_kinds_are_counted_apart_and_the_first_is_the_default(door: Service) -> None:
    page, voter = fresh_page(), fresh_voter()
    first = door.like(page, voter, origin=PARTY, site="party")
    assert (first.json["kind"], first.json["count"]) == (HEART, 1)
    for spelling in (HEART, HEART + "\ufe0f"):
        again = door.like(page, voter, origin=PARTY, site="party", kind=spelling)
        assert again.json["counts"] == {HEART: 1, PARTY_POPPER: 0, "\U0001f44d\U0001f3fd": 0}
    other = door.like(page, voter, origin=PARTY, site="party", kind=PARTY_POPPER)
    assert (other.json["kind"], other.json["count"]) == (PARTY_POPPER, 1)
    assert other.json["counts"] == {HEART: 1, PARTY_POPPER: 1, "\U0001f44d\U0001f3fd": 0}


def test_sites_are_counted_apart(door: Service) -> None:
    page, voter = fresh_page(), fresh_voter()
    door.like(page, voter)
    door.like(page, voter, origin=PARTY, site="party")
    assert (door.count(page), door.count(page, HEART, site="party")) == (1, 1)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/plain;charset=UTF-8",
        "application/json",
        "Application/JSON; charset=utf-8",
        None,
    ],
)
def test_the_body_may_be_plain_text_or_json(door: Service, content_type: str | None) -> None:
    headers = {"Origin": ORIGIN} | ({"Content-Type": content_type} if content_type else {})
    body = json.dumps({"page": fresh_page(), "voter": fresh_voter()})
    assert door.request("POST", "/v1/like", body, headers).status == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/html",
        "x",
        "*/*",
    ],
)
def test_what_a_form_can_send_is_refused(door: Service, content_type: str) -> None:
    before = stored(door)
    headers = {"Origin": ORIGIN, "Content-Type": content_type}
    body = json.dumps({"page": fresh_page(), "voter": fresh_voter()})
    reply = door.request("POST", "/v1/like", body, headers)
    assert (reply.status, reply.code) == (415, "unsupported_type")
    assert "text/plain" in reply.json["detail"]
    assert stored(door) == before


BAD_BODIES = [
    "",
    " ",
    "null",
    "true",
    "1",
    '"x"',
    "[]",
    '[{"page":"/x","voter":"0123456789abcdef"}]',
    "{",
    "{}",
    '{"page":"/x"}',
    '{"voter":"0123456789abcdef"}',
    '{"page":"/x","voter":"0123456789abcdef"}}',
    '{"page":"/x","voter":"0123456789abcdef",}',
    "{'page':'/x','voter':'0123456789abcdef'}",
    '{"page":"/x","page":"/x","voter":"0123456789abcdef"}',
    '{"page":"/x","voter":"0123456789abcdef","voter":"0123456789abcdef"}',
    '{"page":"/x","voter":"0123456789abcdef","on":true,"on":false}',
    '{"page":"/x","voter":"0123456789abcdef","n":1,"n":1}',
    '{"page":"/x","voter":"0123456789abcdef","kind":"like","kind":"like"}',
    '{"page":"/x","voter":"0123456789abcdef","site":"default","site":"default"}',
    '{"page":1,"voter":"0123456789abcdef"}',
    '{"page":null,"voter":"0123456789abcdef"}',
    '{"page":["/x"],"voter":"0123456789abcdef"}',
    '{"page":{"/x":1},"voter":"0123456789abcdef"}',
    '{"page":"/x","voter":1234567890123456}',
    '{"page":"/x","voter":null}',
    '{"page":"/x","voter":"0123456789abcdef","on":1}',
    '{"page":"/x","voter":"0123456789abcdef","on":"true"}',
    '{"page":"/x","voter":"0123456789abcdef","on":null}',
    '{"page":"/x","voter":"0123456789abcdef","n":true}',
    '{"page":"/x","voter":"0123456789abcdef","n":"1"}',
    '{"page":"/x","voter":"0123456789abcdef","n":1.0}',
    '{"page":"/x","voter":"0123456789abcdef","n":-1}',
    '{"page":"/x","voter":"0123456789abcdef","n":2}',
    '{"page":"/x","voter":"0123456789abcdef","n":1e0}',
    '{"page":"/x","voter":"0123456789abcdef","n":1e400}',
    '{"page":"/x","voter":"0123456789abcdef","n":' + "9" * 3_000 + "}",
    '{"page":"/x","voter":"0123456789abcdef","n":NaN}',
    '{"page":"/x","voter":"0123456789abcdef","x":NaN}',
    '{"page":"/x","voter":"0123456789abcdef","x":-Infinity}',
    '{"page":"/x","voter":"0123456789abcdef","kind":1}',
    '{"page":"/x","voter":"0123456789abcdef","kind":null}',
    '{"page":"/x","voter":"0123456789abcdef","site":0}',
    '{"page":"/x","voter":"0123456789abcdef","x":"\\x"}',
    '{"page":"/x\ny","voter":"0123456789abcdef"}',
    "[" * 4_000,
    '{"x":' * 800,
    '{"page":"/x","voter":"0123456789abcdef","x":' + "[" * 1_500 + "]" * 1_500 + "}",
    b'{"page":"/\xff","voter":"0123456789abcdef"}',
    b'{"page":"/\xed\xa0\x80","voter":"0123456789abcdef"}',
    b'\xef\xbb\xbf{"page":"/x","voter":"0123456789abcdef"}',
    '{"page":"/x","voter":"0123456789abcdef"}'.encode("utf-16"),
    b"\0",
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: str(body[:60]))
def test_a_body_that_is_not_the_known_fields_once_each_is_refused(
    door: Service, body: bytes | str
) -> None:
    before = stored(door)
    headers = {"Origin": ORIGIN, "Content-Type": "application/json"}
    reply = door.request("POST", "/v1/like", body, headers)
    assert (reply.status, reply.code) == (400, "bad_request"), reply.body
    assert reply.json["detail"]
    assert stored(door) == before


def test_unknown_keys_are_ignored_whatever_they_hold(door: Service) -> None:
    page = fresh_page()
    body = (
        f'{{"page":"{page}","voter":"{VOTER}","sig":"x","new":null,"new":[{{}}],"__proto__":{{"on":0}}'
        f',"e":1e400,"i":{"9" * 999},"\\ud800":"\\udc00","Page":"/y"}}'
    )
    headers = {"Origin": ORIGIN}
    assert door.request("POST", "/v1/like", body, headers).json["count"] == 1


@pytest.mark.parametrize(
    ("voter", "takes"),
    [("v" * 16, True), ("v" * 64, True), ("v" * 15, False), ("v" * 65, False), ("", False)]
    + [("v" * 15 + end, False) for end in (" ", "\n", "\0", "\u00e9", "\ud800", ".", "=")],
)
def test_a_voter_is_16_to_64_url_safe_characters(door: Service, voter: str, takes: bool) -> None:
    before = stored(door)
    reply = door.like(fresh_page(), voter)
    if takes:
        assert reply.status == 200
    else:
        assert (reply.status, reply.code) == (400, "bad_voter")
        assert stored(door) == before


@pytest.mark.parametrize("kind", ["", "love", "views", "LIKE", "\ud800", "\u0345" * 600])
def test_an_unknown_kind_is_refused_with_those_that_would_do(door: Service, kind: str) -> None:
    before = stored(door)
    reply = door.like(fresh_page(), fresh_voter(), kind=kind)
    assert (reply.status, reply.code) == (400, "unknown_kind")
    assert "like" in reply.json["detail"]
    assert stored(door) == before


@pytest.mark.parametrize("site", ["nowhere", "", "Default", "\ud800", "default/"])
def test_an_unknown_site_is_not_found(door: Service, site: str) -> None:
    before = stored(door)
    reply = door.like(fresh_page(), fresh_voter(), site=site)
    assert (reply.status, reply.code) == (404, "unknown_site")
    assert stored(door) == before


def test_a_body_of_4_kib_is_taken_and_no_more(door: Service) -> None:
    before = stored(door)
    fields = json.dumps({"page": "/x", "voter": fresh_voter(), "on": False, "x": ""})
    padded = [
        fields.replace('""', '"' + "x" * (size - len(fields)) + '"') for size in (4_096, 4_097)
    ]
    replies = [door.request("POST", "/v1/like", body, {"Origin": ORIGIN}) for body in padded]
    assert [reply.status for reply in replies] == [200, 413]
    assert replies[1].code == "too_large"
    assert stored(door) == before
