"""What sitemaps and feeds list, and what is refused of them."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from likewise.errors import StartError
from likewise.transfer.listing import MAX_ADDRESS_CHARACTERS, MAX_ADDRESSES, Listing
from tests.documents import atom, index, rdf, rss, urlset

A, B = "https://example.org/a/", "/b/"
Write = Callable[..., bytes]


def listed(document: bytes | str, *, takes_feeds: bool = True) -> Listing:
    data = document.encode() if isinstance(document, str) else document
    return Listing.read("feed.xml", data, takes_feeds=takes_feeds)


@pytest.mark.parametrize(
    "document",
    [urlset(A, B), rss(A, B), rdf(A, B), atom(f'href="{A}"', f'rel="alternate" href="{B}"')],
    ids=["sitemap", "RSS 2.0", "RSS 1.0", "Atom"],
)
def test_pages_are_listed_as_they_are_written(document: bytes) -> None:
    assert listed(document).pages == [A, B]
    assert listed(document).sitemaps == []


def test_an_index_lists_sitemaps_and_no_pages() -> None:
    assert listed(index(A, B)).sitemaps == [A, B]
    assert listed(index(A, B)).pages == []


@pytest.mark.parametrize("rel", ["self", "edit", "enclosure", "related", "via", "replies"])
def test_a_link_of_atom_to_something_else_is_no_page(rel: str) -> None:
    assert listed(atom(f'rel="{rel}" href="{A}"')).pages == []


def test_a_link_of_atom_to_nowhere_is_no_page_of_a_site() -> None:
    assert listed(atom('rel="alternate"')).pages == [""]


def test_links_elsewhere_in_a_feed_are_no_pages() -> None:
    document = atom(f'href="{A}"').replace(
        b"</entry>",
        b'<source><link href="/other/"/></source><content type="xhtml"><link href="/c/"/></content>'
        b"</entry>",
    )
    assert listed(document).pages == [A]
    document = rss(A).replace(
        b"</item>", b'<atom:link href="/x/"/><media><link>/y/</link></media></item>'
    )
    assert listed(document).pages == [A]


def test_a_post_in_a_feed_may_be_nested_as_deep_as_people_write() -> None:
    post = "<div>" * 100 + "</div>" * 100
    document = atom(f'href="{A}"').replace(
        b"</entry>", f'<content type="xhtml">{post}</content></entry>'.encode()
    )
    assert listed(document).pages == [A]


@pytest.mark.parametrize("document", [rss(A), rdf(A), atom(f'href="{A}"')])
def test_feeds_are_refused_where_a_sitemap_is_wanted(document: bytes) -> None:
    with pytest.raises(StartError, match="is not a sitemap: it starts with"):
        listed(document, takes_feeds=False)


@pytest.mark.parametrize(
    "document", ["", "hello", "<rss><channel>", "<html><body/></html>", "<a>" * 5000]
)
def test_what_is_neither_is_refused(document: str) -> None:
    with pytest.raises(StartError, match="is not a sitemap or a feed"):
        listed(document)


def test_what_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(StartError, match="nested too deeply"):
        listed("<urlset>" + "<a>" * 5000)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-16-le", "utf-7"])
@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE rss [<!ENTITY a "b">]>',
        '<!doctype rss SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE html PUBLIC "-//W3C//DTD" "http://127.0.0.1/">',
    ],
)
def test_a_dtd_is_refused_however_it_is_written(declaration: str, encoding: str) -> None:
    document = f'<?xml version="1.0" encoding="{encoding}"?>{declaration}<rss><channel/></rss>'
    with pytest.raises(StartError, match=r"has a DTD|in UTF-8"):
        listed(document.encode(encoding))


def test_entities_that_grow_are_refused_at_once() -> None:
    grown = "".join(f'<!ENTITY e{step} "{f"&e{step - 1};" * 10}">' for step in range(1, 10))
    document = f'<!DOCTYPE rss [<!ENTITY e0 "ha">{grown}]>' + rss("&e9;").decode()[21:]
    started = time.monotonic()
    with pytest.raises(StartError, match="has a DTD"):
        listed(document)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("write", [urlset, rss, rdf])
def test_an_address_that_no_page_can_have_is_passed_over(write: Write) -> None:
    longest = "/" + "x" * (MAX_ADDRESS_CHARACTERS - 1)
    assert listed(write(longest, longest + "x", A)).pages == [longest, A]


def test_a_sitemap_in_an_index_is_passed_over_like_that_too() -> None:
    assert listed(index("/" + "x" * MAX_ADDRESS_CHARACTERS, A)).sitemaps == [A]


def test_an_address_with_an_element_in_it_is_none() -> None:
    assert listed(rss("/a/<b>/c/</b>", A)).pages == [A]
    assert listed(urlset("/a/<b>/c/</b>/d/", A)).pages == [A]


def test_a_link_that_no_page_can_have_is_passed_over() -> None:
    long = "/" + "x" * MAX_ADDRESS_CHARACTERS
    assert listed(atom(f'href="{long}"', f'href="{A}"')).pages == [A]


@pytest.mark.parametrize("write", [urlset, rss, rdf])
def test_more_pages_than_are_taken_are_refused(write: Write) -> None:
    many = [B] * MAX_ADDRESSES
    assert len(listed(write(*many)).pages) == MAX_ADDRESSES
    with pytest.raises(StartError, match="more than 50,000 pages"):
        listed(write(*many, A))


def test_more_links_of_atom_than_are_taken_are_refused() -> None:
    with pytest.raises(StartError, match="more than 50,000 pages"):
        listed(atom(*[f'href="{A}"'] * (MAX_ADDRESSES + 1)))
