"""Which web sites are served, and who may write to them."""

from __future__ import annotations

import unicodedata
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.errors import Problem
from likewise.pages import canonical
from likewise.sites import (
    LOCALHOST,
    Origins,
    Site,
    checked_kind,
    checked_name,
    origin_of,
    site,
)

HEART = "\u2764\ufe0f"
PLAIN_HEART = "\u2764"


@pytest.mark.parametrize(
    ("listed", "sent"),
    [
        ("https://example.com", "https://example.com"),
        ("https://example.com/", "https://example.com"),
        ("https://example.com", "https://example.com/"),
        ("HTTPS://Example.COM", "https://example.com"),
        (" https://example.com ", "https://example.com"),
        ("https://example.com:443", "https://example.com"),
        ("http://example.com:80", "http://example.com"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://192.0.2.1", "http://192.0.2.1"),
        ("http://localhost:*", "http://localhost"),
        ("http://localhost:*", "http://localhost:1313"),
        ("https://*.example.com", "https://www.example.com"),
        ("https://*.example.com", "https://a.b.example.com"),
        ("https://*.example.com:*", "https://a.example.com:99"),
        ("https://b\u00fccher.example", "https://xn--bcher-kva.example"),
        ("https://B\u00dcCHER.example", "https://xn--bcher-kva.example"),
        ("https://bu\u0308cher.example", "https://xn--bcher-kva.example"),
        ("https://stra\u00dfe.example", "https://xn--strae-oqa.example"),
        (
            "https://\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444",
            "https://xn--e1afmkfd.xn--p1ai",
        ),
        (
            "https://\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444/",
            "https://xn--e1afmkfd.xn--p1ai",
        ),
        ("https://\u043f.\u0440\u0444:8443", "https://xn--o1a.xn--p1ai:8443"),
        ("https://*.b\u00fccher.example", "https://a.xn--bcher-kva.example"),
        ("https://x\u3002example", "https://x.example"),
    ],
)
def test_an_origin_is_compared_as_browsers_serialise_it(listed: str, sent: str) -> None:
    assert Origins([listed]).allow(sent)


@pytest.mark.parametrize(
    ("listed", "sent"),
    [
        ("https://example.com", "http://example.com"),
        ("https://example.com", "https://example.com:8443"),
        ("https://example.com", "https://example.com.evil.example"),
        ("https://example.com", "https://evil.example/https://example.com"),
        ("https://example.com", "https://EXAMPLE.com"),
        ("https://example.com", "https://example.com//"),
        ("https://example.com", "https://example.com\n"),
        ("https://example.com", ""),
        ("https://example.com", "null"),
        ("https://example.com", "https://example.com, https://example.com"),
        ("https://*.example.com", "https://example.com"),
        ("https://*.example.com", "https://evilexample.com"),
        ("https://*.example.com", "https://.example.com"),
        ("https://*.example.com", "https://a.example.com.evil.example"),
        ("https://*.example.com", "https://a.exampleXcom"),
        ("https://*.example.com", "https://evil.example/.example.com"),
        ("https://*.example.com", "https://a.example.com:8443"),
        ("http://localhost:*", "https://localhost:1313"),
        ("http://localhost:*", "http://localhost:1313.evil.example"),
        ("http://localhost:*", "http://localhost.evil.example:1"),
    ],
)
def test_no_other_origin_may_write(listed: str, sent: str) -> None:
    assert not Origins([listed]).allow(sent)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "null",
        "example.com",
        "ftp://example.com",
        "https://",
        "https://*",
        "https://*.com",
        "https://*.localhost",
        "https://example.com/blog",
        "https://user@example.com",
        "https://example.com?x",
        "https://exam ple.com",
        "https://a..b",
        "https://example.com:99999",
        "https://example.com:x",
        "https://a.*.example.com",
        "[https://mxlit.com](https://mxlit.com)",
        "https://*.pages.dev",
        "https://*.github.io",
        "https://*.GITHUB.io/",
        "https://*.pages.dev.",
        "https://*.co.uk",
    ],
)
def test_what_is_no_origin_or_too_wide_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no origin|would let strangers write"):
        Origins([text])


def test_a_name_of_ones_own_under_a_shared_host_may_have_a_star() -> None:
    assert Origins(["https://*.mine.pages.dev"]).allow("https://preview.mine.pages.dev")


@given(st.text())
def test_localhost_alone_may_write_where_nothing_is_configured(origin: str) -> None:
    if LOCALHOST.allow(origin):
        assert urlsplit(origin).hostname in {"localhost", "127.0.0.1"}


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


def test_the_origin_of_an_address_has_no_path() -> None:
    assert origin_of("https://example.com/blog/x") == "https://example.com"
    assert origin_of("http://localhost:8000") == "http://localhost:8000"
