"""What the doctor reads in a page's HTML, as the widget would in a browser."""

from __future__ import annotations

import pytest

from likewise.doctor.page import Page, read_page
from likewise.doctor.visitor import Answer

HOME = "https://blog.example/posts/hello/?x=1"


def page(html: str, address: str = HOME, *headers: tuple[str, str]) -> Page:
    return read_page(Answer(address, 200, headers, html.encode(), 0, 0))


@pytest.mark.parametrize(
    ("html", "path"),
    [
        ("<like-wise></like-wise>", "/posts/hello/"),
        ('<like-wise page="/other"></like-wise>', "/other"),
        ('<like-wise page=""></like-wise>', "/posts/hello/"),
        ('<link rel=canonical href="https://blog.example/hello"><like-wise>', "/hello"),
        ('<link rel=canonical href="/hello"><like-wise>', "/hello"),
        ('<link rel=canonical href="https://www.blog.example/a"><like-wise>', "/posts/hello/"),
        ('<link rel=canonical href="http://[bad"><like-wise>', "/posts/hello/"),
        ('<base href="https://cdn.example/a/"><like-wise>', "/posts/hello/"),
    ],
)
def test_page_is_called_what_the_widget_calls_it(html: str, path: str) -> None:
    read = page(html)
    assert read.path(read.buttons[0]) == path


@pytest.mark.parametrize(
    ("html", "api"),
    [
        ('<script src="https://l.example/likes.js"></script><like-wise>', "https://l.example/"),
        ('<script src="//l.example/a/likes.js?x"></script><like-wise>', "https://l.example/a/"),
        ('<script src="/likes-0af9.js"></script><like-wise>', "https://blog.example/"),
        (
            '<base href="https://b.example/x/"><script src="likes.js"></script><like-wise>',
            "https://b.example/x/",
        ),
        (
            '<script src="/likes.js"></script><like-wise api="https://l.example/p">',
            "https://l.example/p/",
        ),
    ],
)
def test_service_is_where_the_script_came_from_or_the_tag_says(html: str, api: str) -> None:
    read = page(html)
    assert read.api(read.buttons[0]) == api


def test_hash_of_a_pinned_script_is_read() -> None:
    read = page('<script src="/likes-0af9.js" integrity="sha384-x"></script>')
    assert (read.scripts[0].hash, read.scripts[0].attributes["integrity"]) == ("0af9", "sha384-x")


@pytest.mark.parametrize(
    "html",
    [
        "<!-- <script src=/likes.js></script> <like-wise> -->",
        "<script>'<script src=/likes.js></scr' + 'ipt>'</script>",
        "<script src=/dislikes.js></script>",
        "<textarea>&lt;like-wise&gt;</textarea>",
        '<script src="http://[bad/likes.js"></script>',
    ],
)
def test_what_only_looks_like_the_tag_is_none(html: str) -> None:
    assert (page(html).scripts, page(html).buttons) == ([], [])


def test_policies_of_headers_and_of_the_page_both_count() -> None:
    html = '<meta http-equiv="content-security-policy" content="img-src a.example">'
    header = ("content-security-policy", "script-src 'self'")
    ignored = ("content-security-policy-report-only", "default-src 'none'")
    read = page(html, HOME, header, ignored)
    assert read.policies == ["script-src 'self'", "img-src a.example"]


def test_hostile_page_of_thousands_of_tags_is_bounded() -> None:
    html = "<like-wise><script src=/likes.js></script>" * 20_000 + "<" * 100_000
    read = page(html)
    assert (len(read.buttons), len(read.scripts)) == (100, 100)


@pytest.mark.parametrize(
    "html",
    [
        f'<script src="http://h/{"a" * 400_000}/likes.js"></script><like-wise></like-wise>',
        f'<script src="https://{"é" * 16_000}.example/likes.js"></script>',
        "<a " * 300_000,
        '<a x="' * 200_000,
        '<script src="ftp://x/likes.js"></script><like-wise></like-wise>',
        '<script src="https://x:99999/likes.js"></script><like-wise></like-wise>',
        '<script src="/likes.js"></script><like-wise api="http://[bad"></like-wise>',
        '<script src="/likes.js"></script><like-wise api="ftp://x/"></like-wise>',
    ],
    ids=["path", "host", "tags", "values", "scheme", "port", "bad api", "other api"],
)
@pytest.mark.timeout(60)
def test_a_hostile_page_is_read_to_an_end(html: str) -> None:
    read = page(html)
    assert all(script.home.endswith("/") for script in read.scripts)
    assert all(read.api(button)[-1:] in {"", "/"} for button in read.buttons)
