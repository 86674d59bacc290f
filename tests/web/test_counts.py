"""GET /v1/counts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from urllib.parse import quote, urlencode

import pytest

from likewise.http.message import Response
from likewise.web.answers import KeptAnswers
from tests.service import Reply, Service
from tests.web.doors import PARTY, fresh_page, fresh_voter, stored


def counts(door: Service, *pages: str, **headers: str) -> Reply:
    return door.get("/v1/counts?" + urlencode([("page", page) for page in pages]), **headers)


def liked(door: Service, times: int = 1) -> str:
    page = fresh_page()
    for _ in range(times):
        assert door.like(page, fresh_voter()).status == 200
    return page


def test_counts_are_keyed_by_the_text_that_was_asked_for(door: Service) -> None:
    page, unknown = liked(door, 2), fresh_page()
    spellings = [page, page + "/", page + "/index.html", f"https://example.com{page}?a=b", unknown]
    reply = counts(door, *spellings)
    assert reply.status == 200
    assert list(reply.json) == ["counts"]
    assert reply.json["counts"] == {
        **{spelling: {"like": 2} for spelling in spellings[:-1]},
        unknown: {"like": 0},
    }


def test_every_kind_of_the_site_is_there_and_none_is_0(door: Service) -> None:
    page = fresh_page()
    door.like(page, fresh_voter(), origin=PARTY, site="party", kind="\U0001f389")
    reply = door.get(f"/v1/counts?site=party&page={page}")
    assert reply.json["counts"][page] == {"\u2764": 0, "\U0001f389": 1, "\U0001f44d\U0001f3fd": 0}
    assert door.get(f"/v1/counts?page={page}").json["counts"][page] == {"like": 0}


def test_from_1_to_100_pages_are_answered(door: Service) -> None:
    pages = [f"/batch/{number}" for number in range(100)]
    assert list(counts(door, *pages).json["counts"]) == pages
    for refused in (counts(door), counts(door, *pages, "/one-more"), counts(door, *["/x"] * 101)):
        assert (refused.status, refused.code) == (400, "bad_request")
        assert "1 to 100 pages" in refused.json["detail"]


def test_a_page_asked_twice_is_answered_once(door: Service) -> None:
    assert counts(door, "/twice", "/twice", "/twice/").json["counts"] == {
        "/twice": {"like": 0},
        "/twice/": {"like": 0},
    }


def test_the_query_is_read_as_browsers_write_it(door: Service) -> None:
    reply = door.get("/v1/counts?page=/a+b%20c%2Bd&page=caf%C3%A9&page=%2Fx%252Fy&&page=100%")
    assert list(reply.json["counts"]) == ["/a b c+d", "caf\u00e9", "/x%2Fy", "100%"]


@pytest.mark.parametrize(
    "query",
    [
        "page=/a&site=default&site=default",
        "page=%FF",
        "page=%ED%A0%80",
        "%FF=1&page=/a",
        "page=/a&" + "x&" * 300,
    ],
)
def test_a_query_that_can_be_read_in_two_ways_or_not_at_all_is_refused(
    door: Service, query: str
) -> None:
    reply = door.get(f"/v1/counts?{query}")
    assert (reply.status, reply.code) == (400, "bad_request")


def test_a_bad_page_does_not_blank_its_neighbours(door: Service) -> None:
    for pages in (("/good", "a\0b"), ("a\0b", "/good"), ("", "/good", "x" * 600)):
        assert list(counts(door, *pages).json["counts"]) == ["/good"]


def test_a_batch_of_bad_pages_is_refused_and_says_why(door: Service) -> None:
    for pages in (("a\0b",), ("", "a\0b"), ("a\0b", "a\0b")):
        reply = counts(door, *pages)
        assert (reply.status, reply.code) == (400, "bad_page")
        assert "U+0000" in reply.json["detail"]


def test_an_unknown_site_is_not_found(door: Service) -> None:
    reply = door.get("/v1/counts?page=/a&site=nowhere")
    assert (reply.status, reply.code) == (404, "unknown_site")
    assert "party" in reply.json["detail"]
    assert door.get("/v1/counts?page=/a&site=").code == "unknown_site"


def test_asking_stores_nothing(door: Service) -> None:
    before = stored(door)
    counts(door, fresh_page(), "anything", "https://example.com/else")
    door.get(f"/likes/{fresh_page()[1:].replace('/', '%2F')}")
    assert stored(door) == before


def test_counts_may_be_kept_for_seconds_and_asked_again_by_their_tag(door: Service) -> None:
    page = liked(door)
    first = counts(door, page)
    assert first.headers["cache-control"] == "public, max-age=5, stale-while-revalidate=60"
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    for held in (tag, tag.removeprefix("W/"), f'"x", {tag}', "*"):
        again = counts(door, page, if_none_match=held)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == first.headers["cache-control"]
        assert again.headers["access-control-allow-origin"] == "*"
    door.like(page, fresh_voter())
    newer = counts(door, page, if_none_match=tag)
    assert newer.status == 200
    assert newer.headers["etag"] != tag


def test_what_was_answered_before_is_not_answered_again_after_a_strangers_write(
    door: Service,
) -> None:
    page, other = liked(door), liked(door)
    assert counts(door, page, other).json["counts"] == {page: {"like": 1}, other: {"like": 1}}
    with closing(sqlite3.connect(door.database)) as stranger, stranger:
        stranger.execute(
            "UPDATE counts SET seed = 40 WHERE page = (SELECT id FROM pages WHERE path = ?)",
            (page,),
        )
    assert counts(door, page, other).json["counts"] == {page: {"like": 41}, other: {"like": 1}}


def test_more_questions_than_are_kept_are_answered_as_before(door: Service) -> None:
    page = liked(door)
    for number in range(2 * KeptAnswers.MAX_NUMBER):
        assert counts(door, page, f"/other/{number}").json["counts"][page] == {"like": 1}


def test_kept_answers_are_bounded_in_number_and_size() -> None:
    kept, answer = KeptAnswers(), Response(200, b"", b"{}")
    for number in range(10 * KeptAnswers.MAX_NUMBER):
        query = b"page=/%d" % number
        assert kept.get(7, query) is None
        kept.put(query, answer, b"tag")
    newest = b"page=/%d" % (10 * KeptAnswers.MAX_NUMBER - 1)
    assert kept.get(7, newest) == (answer, b"tag")
    assert len(kept._kept) == KeptAnswers.MAX_NUMBER
    kept.put(b"page=/large", Response(200, b"", bytes(KeptAnswers.MAX_BYTES)), b"tag")
    assert kept.get(7, b"page=/large") is None
    assert kept.get(8, newest) is None


def test_a_tag_outlives_a_restart(service: Service) -> None:
    page = liked(service)
    before = counts(service, page)
    after = counts(service.restart(), page)
    assert (after.body, after.headers["etag"]) == (before.body, before.headers["etag"])


def test_head_answers_as_get_without_the_body(door: Service) -> None:
    page = liked(door)
    get, head = counts(door, page), door.request("HEAD", f"/v1/counts?page={quote(page)}")
    assert (head.status, head.body) == (200, b"")
    for name in ("content-type", "content-length", "etag", "cache-control"):
        assert head.headers[name] == get.headers[name]
