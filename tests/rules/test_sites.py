"""Which web sites are served, and what they count."""

from __future__ import annotations

import unicodedata
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.errors import Problem
from likewise.pages import canonical
from likewise.sites import Site, checked_kind, checked_name, site

HEART = "\u2764\ufe0f"
PLAIN_HEART = "\u2764"


def test_a_site_lets_its_own_address_write_unless_told_otherwise() -> None:
    assert site("blog", "https://example.com/blog", ()).origins.allow("https://example.com")
    told = site("blog", "https://example.com", ("https://other.example",))
    assert not told.origins.allow("https://example.com")
    assert site("blog", None, ()).is_local


def test_a_site_is_linked_at_the_first_origin_where_it_has_no_address() -> None:
    assert site("blog", None, ("https://*.example.com", "https://example.com")).link_to("/x") == (
        "https://example.com/x"
    )
    assert site("blog", None, ("https://*.example.com",)).link_to("/x") is None


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("/posts/x", "https://example.com/posts/x"),
        ("/caf\u00e9", "https://example.com/caf%C3%A9"),
        ("/a%2Fb", "https://example.com/a%2Fb"),
        ("/a b", "https://example.com/a%20b"),
        ('/"><img src=x>', "https://example.com/%22%3E%3Cimg%20src=x%3E"),
        ("/\\evil.example", "https://example.com/%5Cevil.example"),
        ("/@evil.example", "https://example.com/@evil.example"),
        ("hello", None),
        ("javascript:alert(1)", None),
    ],
)
def test_only_a_path_is_linked_and_only_as_a_url(page: str, link: str | None) -> None:
    # The page's id is its whole path, also of a site that lives below one.
    assert site("blog", "https://example.com/posts", ()).link_to(page) == link


@given(st.text() | st.text().map(lambda text: "/" + text))
def test_a_link_never_leads_to_another_host_or_scheme(text: str) -> None:
    try:
        page = canonical(text)
    except Problem:
        return
    link = site("blog", "https://example.com", ()).link_to(page)
    if link is None:
        assert not page.startswith("/")
        return
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == (
        "https",
        "example.com",
        "",
        "",
    )
    assert link.isascii()
    assert link.isprintable()
    assert unquote(parts.path, errors="surrogateescape") == unquote(page, errors="surrogateescape")


def blog(*kinds: str) -> Site:
    return site("blog", None, (), tuple(checked_kind(kind) for kind in kinds))


def test_a_kind_is_stored_composed_and_without_variation_selector() -> None:
    assert checked_kind(HEART) == PLAIN_HEART
    assert checked_kind("e\u0301") == "\u00e9"
    assert checked_kind(" like ") == "like"


@pytest.mark.parametrize("text", [HEART, PLAIN_HEART, HEART + "\ufe0f"])
def test_a_kind_is_found_in_every_spelling(text: str) -> None:
    assert blog("like", HEART).kind(text) == PLAIN_HEART


@pytest.mark.parametrize(
    "kind",
    [
        "like",
        "\U0001f389",
        "\U0001f44d\U0001f3fd",
        "1\ufe0f\u20e3",
        "\U0001f1ea\U0001f1f8",
        "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    ],
)
def test_words_and_emoji_are_kinds(kind: str) -> None:
    assert blog(kind).kind(kind) == unicodedata.normalize("NFC", kind.replace("\ufe0f", ""))


@pytest.mark.parametrize(
    "text", ["", " ", "\ufe0f", "views", "x" * 33, "\u20ac" * 11, "a\nb", "a\0b", "a\u202eb"]
)
def test_what_cannot_be_a_kind_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no kind"):
        checked_kind(text)


def test_the_first_kind_is_the_default() -> None:
    assert blog(HEART, "like").kind(None) == PLAIN_HEART


@pytest.mark.parametrize(
    "text", ["", "LIKE", "like ", "views", "\ud800", "like" + "\ufe0f" * 200, "\u0345" * 4_000]
)
def test_an_unknown_kind_is_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(Problem, match=f"It counts: like, {PLAIN_HEART}") as refusal:
        blog("like", HEART).kind(text)
    assert refusal.value.code == "unknown_kind"


@pytest.mark.parametrize("text", ["", "Blog", "a b", "x" * 33, "demo", "b\u00fccher", "a/b", "a\n"])
def test_what_is_no_name_of_a_site_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no site name|kept for the demo"):
        checked_name(text)
