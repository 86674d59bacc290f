"""GET /v1/badge.svg: numbers and fixed text, whatever was asked."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.web.admin import MAX_SEED
from likewise.web.badge import short
from tests.abuse.crowd import fresh_address
from tests.service import Reply, Service
from tests.web.doors import fresh_page, fresh_voter

SVG = "{http://www.w3.org/2000/svg}"


def badge(door: Service, page: str) -> Reply:
    return door.get(f"/v1/badge.svg?page={quote(page, safe='')}")


def texts(reply: Reply) -> list[str]:
    """Return title and text of a badge."""
    root = ET.fromstring(reply.body)
    return [element.text or "" for element in root.iter() if element.tag[len(SVG) :] in TOLD]


TOLD = {"title", "text"}


def test_a_badge_shows_the_count(door: Service) -> None:
    page = fresh_page()
    assert texts(badge(door, page)) == ["0", "0"]
    assert door.like(page, fresh_voter(), address=fresh_address()).status == 200
    assert texts(badge(door, page)) == ["1", "1"]


def test_a_badge_can_do_nothing_but_be_seen(door: Service) -> None:
    headers = badge(door, "/a").headers
    assert headers["content-type"] == "image/svg+xml"
    assert headers["content-security-policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "public, max-age=60, stale-while-revalidate=600"


@pytest.mark.parametrize("page", ['/"><script>alert(1)</script>', "/&amp;", "/<![CDATA[x", "/é"])
def test_nothing_that_was_asked_is_in_a_badge(door: Service, page: str) -> None:
    assert badge(door, page).body == badge(door, "/nothing-here").body


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "bad_request"),
        ("?page=/a&page=/b", "bad_request"),
        ("?page=%00", "bad_page"),
        ("?page=/a&kind=maybe", "unknown_kind"),
        ("?page=/a&site=salon&kind=no", "unknown_kind"),
    ],
)
def test_what_cannot_be_drawn_is_refused(door: Service, query: str, code: str) -> None:
    assert door.get(f"/v1/badge.svg{query}").code == code


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1k"),
        (1_099, "1k"),
        (1_100, "1.1k"),
        (9_999, "9.9k"),
        (10_999, "10k"),
        (999_999, "999k"),
        (1_000_000, "1M"),
        (3_450_000, "3.4M"),
        (2_000_000_000, "2G"),
        (MAX_SEED, "9P"),
    ],
)
def test_counts_are_shortened_downwards(count: int, text: str) -> None:
    assert short(count) == text


@given(st.integers(0, MAX_SEED))
def test_a_shortened_count_has_at_most_four_characters(count: int) -> None:
    assert len(short(count)) <= 4
