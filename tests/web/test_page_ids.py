"""Page ids are text from strangers: hostile ones at every way in."""

from __future__ import annotations

import json
from urllib.parse import quote, quote_from_bytes

import pytest

from tests.service import ORIGIN, Reply, Service
from tests.web.doors import fresh_page, fresh_voter, stored

PREFLIGHT = {"Origin": ORIGIN}


def encoded(text: str | bytes) -> str:
    return quote_from_bytes(text, safe="") if isinstance(text, bytes) else quote(text, safe="")


def by_every_way(door: Service, text: str) -> dict[str, Reply]:
    """Ask for and like a page by everything that takes a page."""
    body = json.dumps({"page": text, "voter": fresh_voter()})
    return {
        "counts": door.get(f"/v1/counts?page={encoded(text)}"),
        "like": door.request("POST", "/v1/like", body, PREFLIGHT),
        "article count": door.get(f"/likes/{encoded(text)}"),
        "article like": door.request("POST", f"/likes/{encoded(text)}", None, PREFLIGHT),
    }


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "</script><script>alert(1)</script>",
        "\"'`;--",
        "' OR 1=1 --",
        "%_",
        "__proto__",
        "constructor",
        "toString",
        "javascript:alert(1)",
        "\U0001f600\U0001f389",
        "\U0001f469\u200d\U0001f469\u200d\U0001f467",
        "\u65e5\u672c\u8a9e",
        "caf\u00e9",
        "cafe\u0301",
        "/a%2Fb",
        "/a%00b",
        "/a/b/c",
        "../../etc/passwd",
        "C:\\windows",
        "a b",
        "+",
        "-",
        "0",
        "null",
        "\ufeffx",
        "\ufffd",
        "x" * 512,
        "\u20ac" * 170,
        "https://example.com/posts/?utm_source=x#y",
        "//evil.example/x",
        ".",
    ],
)
def test_any_printable_text_is_a_page_and_comes_back_as_it_was(door: Service, text: str) -> None:
    replies = by_every_way(door, text)
    assert {name: reply.status for name, reply in replies.items()} == dict.fromkeys(replies, 200)
    assert list(replies["counts"].json["counts"]) == [text]
    assert replies["article count"].json["post_id"] == text
    assert replies["article like"].json["post_id"] == text
    liked = replies["like"].json["count"]
    assert replies["article count"].json["likes"] == liked
    assert replies["article like"].json["likes"] == liked + 1
    for reply in replies.values():
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "\n",
        "x" * 513,
        "\u20ac" * 171,
        "x" * 2_000,
        "a\0b",
        "a\nb",
        "a\r\nb",
        "a\tb",
        "a\x1b[31mb",
        "a\x7fb",
        "a\x85b",
        "a\u200eb",
        "a\u200fb",
        "a\u061cb",
        "a\u202eb",
        "a\u2066b",
        "a\u2028b",
        "a\u2029b",
        "/a%0Ab%E2%80%AE",
    ],
)
def test_what_cannot_be_shown_safely_is_refused_and_stores_nothing(
    door: Service, text: str
) -> None:
    before = stored(door)
    for name, reply in by_every_way(door, text).items():
        if reply.headers["content-type"] == "application/json":
            # A host's router may not let a line break through to what it has mounted.
            assert (reply.status, reply.json) == (404, {"detail": "Not Found"}), name
        else:
            assert (reply.status, reply.code) == (400, "bad_page"), name
            assert reply.json["detail"]
    assert stored(door) == before


def test_an_empty_id_is_refused(door: Service) -> None:
    before = stored(door)
    assert door.get("/v1/counts?page=").code == "bad_page"
    assert door.like("", fresh_voter()).code == "bad_page"
    for method in ("GET", "POST"):
        assert door.request(method, "/likes/", None, PREFLIGHT).code == "not_found"
    assert stored(door) == before


@pytest.mark.parametrize(
    "octets", [b"\xff\xfe", b"\xed\xa0\x80", b"a\xc3", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\x80"]
)
def test_octets_that_are_not_utf_8_are_refused_not_replaced(door: Service, octets: bytes) -> None:
    before = stored(door)
    assert door.get(f"/v1/counts?page={encoded(octets)}").status == 400
    assert door.get(f"/likes/{encoded(octets)}").code == "bad_page"
    assert door.request("POST", f"/likes/{encoded(octets)}", None, PREFLIGHT).code == "bad_page"
    body = b'{"page":"' + octets + b'","voter":"0123456789abcdef"}'
    assert door.request("POST", "/v1/like", body, PREFLIGHT).code == "bad_request"
    assert stored(door) == before


@pytest.mark.parametrize("text", ["a\ud800b", "\udfff", "/\ud83d"])
def test_lone_surrogates_are_refused(door: Service, text: str) -> None:
    before = stored(door)
    assert door.like(text, fresh_voter()).code == "bad_page"
    assert stored(door) == before


def test_an_escaped_slash_names_a_path_and_a_bare_one_another_address(door: Service) -> None:
    page = fresh_page()
    door.like(page, fresh_voter())
    assert door.get(f"/likes/{encoded(page)}").json == {"post_id": page, "likes": 1}
    assert door.get(f"/likes{page}").code == "not_found"


def test_segments_are_decoded_once(door: Service) -> None:
    assert door.get("/likes/%252Fx").json["post_id"] == "%2Fx"
    assert door.get("/likes/100%25").json["post_id"] == "100%"
    assert door.get("/likes/a+b").json["post_id"] == "a+b"
    assert door.get("/likes/..%2F..%2Fhealthz").json["post_id"] == "../../healthz"
    assert door.get("/likes/.%2e").json["post_id"] == ".."


@pytest.mark.parametrize(
    "nested", ["%3" * 5_000 + "1", ".+/" * 4_000, "../" * 4_000, "%25" * 4_000]
)
def test_an_id_that_is_work_to_normalise_is_answered_like_any_other(
    door: Service, nested: str
) -> None:
    assert door.get(f"/v1/counts?page=/{nested}").status in {200, 400}
