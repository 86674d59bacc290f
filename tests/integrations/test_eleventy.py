"""The pages that Eleventy writes with the plugin."""

from __future__ import annotations

import hmac
import re
import socket

import pytest

from tests.integrations.npm_site import NpmSite, drafted_page
from tests.service import Service, free_port, voter

API = "http://127.0.0.1:8000"
SCRIPT = f'<script async src="{API}/likes.js">'
KEY = "a-page-key-for-tests-0123456789"
HOSTILE = "\"><img src=x onerror=alert(1)>&'"

# Installing it takes its time, once.
pytestmark = pytest.mark.timeout(500)


@pytest.fixture
def eleventy() -> NpmSite:
    return NpmSite("eleventy")


def set_up(site: NpmSite, settings: str) -> None:
    site.configure("eleventy.config.js", f"{{ api: '{API}' }}", settings)


def test_the_example_has_a_button_for_each_page_and_one_script(eleventy: NpmSite) -> None:
    built = eleventy.build()
    assert built.is_done, built.said
    assert built.buttons("posts/hello/index.html") == ['<like-wise page="/posts/hello/">']
    assert built.buttons("notes/hello/index.html") == ['<like-wise page="/notes/hello/">']
    assert built.buttons("posts/café/index.html") == ['<like-wise page="/posts/caf%C3%A9/">']
    assert built.scripts("posts/hello/index.html") == [SCRIPT]
    assert len(built.buttons("index.html")) == 4
    assert built.scripts("index.html") == [SCRIPT]


def test_front_matter_turns_the_button_off_on_the_page_and_in_lists(eleventy: NpmSite) -> None:
    eleventy.write("content/alone.njk", "---\nlikes: false\n---\n{% likewise %}")
    eleventy.write(
        "content/hidden.liquid",
        "---\nlikes: false\neleventyExcludeFromCollections: true\n---\n{% likewise %}",
    )
    eleventy.write(
        "content/hidden-too.njk",
        "---\nlikes: false\neleventyExcludeFromCollections: true\n---\n{% likewise %}",
    )
    built = eleventy.build()
    for page in ("posts/quiet", "alone", "hidden", "hidden-too"):
        assert not built.buttons(f"{page}/index.html"), page
        assert not built.scripts(f"{page}/index.html"), page
    assert "/posts/quiet/" not in str(built.buttons("index.html"))


def test_a_site_below_a_prefix_names_its_whole_paths(eleventy: NpmSite) -> None:
    built = eleventy.build("--pathprefix=blog")
    assert built.buttons("posts/hello/index.html") == ['<like-wise page="/blog/posts/hello/">']
    assert '<like-wise page="/blog/posts/hello/" label="Like: Hello, oven">' in built.buttons(
        "index.html"
    )


def test_a_script_that_the_layout_has_is_not_written_again(eleventy: NpmSite) -> None:
    eleventy.configure("content/_includes/base.njk", "</head>", f"{SCRIPT}</script></head>")
    assert eleventy.build().scripts("posts/hello/index.html") == [SCRIPT]


def test_a_page_without_a_head_has_the_script_at_its_end(eleventy: NpmSite) -> None:
    eleventy.write("content/bare.njk", "{% likewise %}")
    text = eleventy.build().text("bare/index.html")
    assert text == f'<like-wise page="/bare/"></like-wise>{SCRIPT}</script>'


def test_what_is_no_page_of_html_gets_no_script(eleventy: NpmSite) -> None:
    eleventy.write("content/feed.njk", '---\npermalink: /feed.xml\n---\n{% likewise page="/x/" %}')
    assert "<script" not in eleventy.build().text("feed.xml")


def test_every_language_of_templates_takes_wishes(eleventy: NpmSite) -> None:
    wished = '<like-wise page="/x/" kind="🎉" views label="A &#34;&#60;b&#62;">'
    eleventy.write(
        "content/nunjucks.njk",
        """{% likewise page="/x/", kind="🎉", views=true, label='A "<b>' %}""",
    )
    eleventy.write(
        "content/liquid.liquid",
        """{% likewise "page", "/x/", "kind", "🎉", "views", true, "label", 'A "<b>' %}""",
    )
    eleventy.write(
        "content/javascript.11ty.js",
        "export default function () {"
        """ return this.likewise({ page: '/x/', kind: '🎉', views: true, label: 'A "<b>' }); }""",
    )
    built = eleventy.build()
    for page in ("nunjucks", "liquid", "javascript"):
        assert built.buttons(f"{page}/index.html") == [wished], page


def test_a_button_may_stand_around_something(eleventy: NpmSite) -> None:
    eleventy.write(
        "content/icon.njk",
        '{% likewiseAround icon="own" %}<b slot="icon">+</b>{% endlikewiseAround %}',
    )
    text = eleventy.build().text("icon/index.html")
    assert '<like-wise page="/icon/" icon="own"><b slot="icon">+</b></like-wise>' in text


def test_settings_hold_for_every_button(eleventy: NpmSite) -> None:
    set_up(
        eleventy,
        "{ api: 'https://l.example', site: 'blog', label: 'Gefällt mir',"
        " script: '/js/likes.js', integrity: 'sha384-x' }",
    )
    built = eleventy.build()
    assert built.buttons("posts/hello/index.html") == [
        '<like-wise page="/posts/hello/" site="blog" api="https://l.example" label="Gefällt mir">'
    ]
    assert built.scripts("posts/hello/index.html") == [
        '<script async src="/js/likes.js" crossorigin="anonymous" integrity="sha384-x">'
    ]


@pytest.mark.parametrize("settings", ["{}", "{ api: 'likes.example.com' }", "undefined"])
def test_an_address_that_cannot_work_fails_the_build(eleventy: NpmSite, settings: str) -> None:
    set_up(eleventy, settings)
    built = eleventy.build()
    assert not built.is_done
    assert "Likewise: api is " in built.said
    assert 'for example api: "https://likes.example.com"' in built.said


def test_pages_are_signed_and_the_key_stands_in_no_file(eleventy: NpmSite) -> None:
    built = eleventy.build("--pathprefix=blog", LIKEWISE_PAGE_KEY=f"{KEY},older")
    for page, form in (("hello", "hello"), ("café", "café")):
        sig = hmac.new(KEY.encode(), f"default\n/blog/posts/{form}".encode(), "sha256").hexdigest()
        assert f'sig="{sig}"' in built.buttons(f"posts/{page}/index.html")[0]
    assert len(re.findall('sig="', built.text("index.html"))) == 4
    for file in built.folder.rglob("*"):
        assert file.is_dir() or KEY.encode() not in file.read_bytes()
    assert KEY not in built.said


def test_hostile_titles_and_paths_are_text(eleventy: NpmSite, service: Service) -> None:
    set_up(eleventy, f"{{ api: '{service.url}', counts: true }}")
    name = "\"><svg onload=alert(1)>&'#?100%"
    eleventy.write(
        f"content/posts/{name}.md".replace("/svg", ""),
        f"---\ntitle: '{HOSTILE.replace(chr(39), chr(39) * 2)}'\ntags: posts\n---\nx\n",
    )
    address = "/posts/%22%3E%3Csvg%20onload=alert(1)%3E&'%23%3F100%25/"
    service.like(address, voter(1))
    built = eleventy.build()
    assert built.is_done, built.said
    text = built.text("index.html")
    assert f'page="{address}"'.replace("&", "&#38;").replace("'", "&#39;") in text
    assert "<img" not in text
    assert "<svg" not in text
    [item] = re.findall(r'<ol class="likewise-popular">(.*)</ol>', text)
    assert "&#60;img src=x onerror=alert(1)&#62;&#38;&#39;</a> <span>1</span>" in item
    assert ">♥ 1</like-wise>" in text


def test_popular_pages_are_listed_by_title_and_strangers_are_not(
    eleventy: NpmSite, service: Service
) -> None:
    set_up(eleventy, f"{{ api: '{service.url}' }}")
    for number in range(3):
        service.like("/blog/notes/hello", voter(number), address=f"20.0.0.{number}")
    for page in ("/blog/posts/hello", "/made-up", "/blog/posts/quiet"):
        service.like(page, voter(9))
    text = eleventy.build("--pathprefix=blog").text("index.html")
    [listed] = re.findall(r'<ol class="likewise-popular">(.*)</ol>', text)
    assert listed == (
        '<li><a href="/blog/notes/hello/">Hello, tide</a> <span>3</span></li>'
        '<li><a href="/blog/posts/hello/">Hello, oven</a> <span>1</span></li>'
    )


def test_counts_are_baked_in_when_asked_for(eleventy: NpmSite, service: Service) -> None:
    service.like("/posts/café", voter(1))
    set_up(eleventy, f"{{ api: '{service.url}' }}")
    assert '<like-wise page="/posts/caf%C3%A9/"></like-wise>' in eleventy.build().text(
        "posts/café/index.html"
    )
    eleventy.configure("eleventy.config.js", f"'{service.url}'", f"'{service.url}', counts: true")
    built = eleventy.build()
    assert ">♥ 1</like-wise>" in built.text("posts/café/index.html")
    assert ">♥ 0</like-wise>" in built.text("posts/hello/index.html")


def test_a_service_that_is_down_takes_the_list_away_and_nothing_else(eleventy: NpmSite) -> None:
    api = f"http://127.0.0.1:{free_port()}"
    set_up(eleventy, f"{{ api: '{api}', counts: true }}")
    built = eleventy.build()
    assert built.is_done, built.said
    assert built.said.count(f"Likewise: no answer from {api}/v1/counts") == 1
    assert "likewise-popular" not in built.text("index.html")
    assert len(built.buttons("index.html")) == 4


def test_a_service_that_never_answers_is_not_waited_for(eleventy: NpmSite) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        api = f"http://127.0.0.1:{silent.getsockname()[1]}"
        set_up(eleventy, f"{{ api: '{api}' }}")
        built = eleventy.build()
    assert built.is_done, built.said
    assert f"Likewise: no answer from {api}/v1/popular" in built.said


def test_an_answer_that_is_no_list_of_pages_is_left_out(
    eleventy: NpmSite, service: Service
) -> None:
    set_up(eleventy, f"{{ api: '{service.url}', site: 'unknown' }}")
    built = eleventy.build()
    assert built.is_done
    assert "Likewise: no answer from" in built.said
    assert "likewise-popular" not in built.text("index.html")


def test_drafting_does_not_count(eleventy: NpmSite) -> None:
    set_up(eleventy, "{ api: 'https://likes.example.com' }")
    eleventy.configure("content/index.njk", "{% likewisePopular days=30, limit=5 %}", "")
    with eleventy.drafted() as address:
        assert '<like-wise page="/posts/hello/" readonly>' in drafted_page(
            f"{address}/posts/hello/"
        )


def test_the_folder_in_a_site_is_no_content_of_it(eleventy: NpmSite) -> None:
    for file in eleventy.folder.glob("*.*"):
        eleventy.write(f"content/likewise/{file.name}", file.read_text(encoding="utf-8"))
    eleventy.write("content/likewise/example/index.md", "An example")
    eleventy.configure("eleventy.config.js", "'../plugin.mjs'", "'./content/likewise/plugin.mjs'")
    built = eleventy.build()
    assert built.buttons("posts/hello/index.html"), built.said
    assert not (built.folder / "likewise").exists()
