"""The pages that Astro writes with the components."""

from __future__ import annotations

import hmac
import re

import pytest

from tests.integrations.npm_site import NpmSite, drafted_page, elements
from tests.service import Service, free_port, voter

API = "http://127.0.0.1:8000"
SCRIPT = f'<script async src="{API}/likes.js">'
KEY = "a-page-key-for-tests-0123456789"
HOSTILE = "\"><img src=x onerror=alert(1)>&'"
POST = "---\nlayout: ../../layouts/Post.astro\ntitle: {title}\n---\nx\n"

# Installing it takes its time, once.
pytestmark = pytest.mark.timeout(500)


@pytest.fixture
def astro() -> NpmSite:
    return NpmSite("astro")


def set_up(site: NpmSite, settings: str, *, below: str = "") -> None:
    site.configure("astro.config.mjs", f"{{ api: '{API}' }}", settings)
    if below:
        site.configure(
            "astro.config.mjs", "export default {", f"export default {{ base: '{below}',"
        )


def test_the_example_has_a_button_for_each_page_and_one_script(astro: NpmSite) -> None:
    built = astro.build()
    assert built.is_done, built.said
    assert built.buttons("posts/hello/index.html") == ['<like-wise page="/posts/hello/">']
    assert built.buttons("notes/hello/index.html") == ['<like-wise page="/notes/hello/">']
    assert built.buttons("posts/café/index.html") == ['<like-wise page="/posts/caf%C3%A9/">']
    assert built.buttons("posts/quiet/index.html") == []
    assert "likes.js" not in built.text("posts/quiet/index.html")
    assert built.text("posts/hello/index.html").count(SCRIPT) == 1
    assert len(built.buttons("index.html")) == 3
    assert built.text("index.html").count(SCRIPT) == 1


def test_signed_pages_below_a_base_name_their_whole_paths(astro: NpmSite) -> None:
    set_up(astro, f"{{ api: '{API}' }}", below="/blog")
    built = astro.build(LIKEWISE_PAGE_KEY=f"{KEY},older")
    assert built.is_done, built.said
    for page, written in (("hello", "hello"), ("café", "caf%C3%A9")):
        sig = hmac.new(KEY.encode(), f"default\n/blog/posts/{page}".encode(), "sha256").hexdigest()
        button = f'<like-wise page="/blog/posts/{written}/" sig="{sig}">'
        assert built.buttons(f"posts/{page}/index.html") == [button]
    assert built.text("index.html").count('sig="') == 3
    for file in built.folder.rglob("*"):
        assert file.is_dir() or KEY.encode() not in file.read_bytes()
    assert KEY not in built.said


def test_settings_hold_for_every_button_and_wishes_for_one(astro: NpmSite) -> None:
    set_up(
        astro,
        "{ api: 'https://l.example', site: 'blog', label: 'Gefällt mir',"
        " script: '/js/likes.js', integrity: 'sha384-x' }",
    )
    astro.write(
        "src/pages/wished.astro",
        "---\nimport LikeWise from '../../../LikeWise.astro';\n---\n"
        '<LikeWise kind="👍 👎" views reason="Why?" icon="own" lang="de" label={\'A "<b>\'}>'
        '<b slot="icon">+</b></LikeWise>',
    )
    built = astro.build()
    assert built.buttons("posts/hello/index.html") == [
        '<like-wise page="/posts/hello/" site="blog" api="https://l.example" label="Gefällt mir">'
    ]
    assert (
        '<script async src="/js/likes.js" crossorigin="anonymous" integrity="sha384-x">'
        in built.scripts("posts/hello/index.html")
    )
    text = built.text("wished/index.html")
    assert elements(text)["like-wise"] == {
        "page": "/wished/",
        "site": "blog",
        "api": "https://l.example",
        "kind": "👍 👎",
        "views": None,
        "icon": "own",
        "label": 'A "<b>',
        "lang": "de",
        "reason": "Why?",
    }
    assert '<span slot="icon"><b>+</b></span>' in text


@pytest.mark.parametrize("settings", ["{}", "{ api: 'likes.example.com' }"])
def test_an_address_that_cannot_work_fails_the_build(astro: NpmSite, settings: str) -> None:
    set_up(astro, settings)
    built = astro.build()
    assert not built.is_done
    assert "Likewise: api is " in built.said
    assert 'for example api: "https://likes.example.com"' in built.said


def test_popular_pages_and_counts_are_baked_in_as_text(astro: NpmSite, service: Service) -> None:
    set_up(astro, f"{{ api: '{service.url}', counts: true }}", below="/blog")
    title = HOSTILE.replace("'", "''")
    astro.write("src/pages/posts/a<b>&'.md", POST.format(title=f"'{title}'"))
    hostile = "/blog/posts/a%3Cb%3E&'/"
    for page in (hostile, "/made-up", "/blog/notes/hello"):
        service.like(page, voter(1))
    service.like(hostile, voter(2), address="20.0.0.2")
    built = astro.build()
    assert built.is_done, built.said
    [listed] = re.findall(r'<ol class="likewise-popular">(.*)</ol>', built.text("index.html"))
    assert "img" not in elements(built.text("index.html"))
    assert "made-up" not in listed
    assert re.findall(r"<span>(\d)</span>", listed) == ["2", "1"]
    assert '<a href="/blog/notes/hello/">Hello, tide</a>' in listed
    assert "♥ 2</like-wise>" in built.text("posts/a<b>&'/index.html")
    assert built.text("index.html").count("♥ 0</like-wise>") == 2


def test_a_service_that_is_down_takes_the_list_away_and_nothing_else(astro: NpmSite) -> None:
    api = f"http://127.0.0.1:{free_port()}"
    set_up(astro, f"{{ api: '{api}', counts: true }}")
    built = astro.build()
    assert built.is_done, built.said
    assert built.said.count(f"Likewise: no answer from {api}") == 1
    assert "likewise-popular" not in built.text("index.html")
    assert len(built.buttons("index.html")) == 3


def test_drafting_does_not_count(astro: NpmSite) -> None:
    set_up(astro, "{ api: 'https://likes.example.com' }")
    with astro.drafted() as address:
        text = drafted_page(f"{address}/posts/hello/")
    [button] = re.findall(r"<like-wise[^>]*>", text)
    assert " readonly" in button
