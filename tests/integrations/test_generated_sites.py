"""The pages that each integration writes, with its real generator."""

from __future__ import annotations

import hmac
from pathlib import Path

import pytest

from likewise.pages import canonical
from tests.integrations.generated_site import API, GENERATORS, Build, Likes, Site, Value

HELLO = "posts/hello/index.html"
NOTE = "notes/hello/index.html"
KEY = "a-page-key-for-tests-0123456789"
EVIL = "\"'><img src=x onerror=alert(1)>&amp;{{ 7*7 }}"
FOR_ALL: dict[str, Value] = {
    "site": "blog",
    "kind": "👏",
    "icon": "clap",
    "label": EVIL,
    "lang": "de",
    "reason": "Warum?",
    "views": True,
    "readonly": False,
}
OWN: dict[str, Value] = {
    "kind": ["👍", "👎"],
    "label": ["Yes", EVIL],
    "reason": "",
    "page": f"/{EVIL}/",
    "views": False,
}
# What a page may say that is nothing of its own.
USUAL: dict[str, Likes] = {"usual-true": True, "usual-text": "", "usual-table": {}}


@pytest.fixture(params=GENERATORS)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    return Site(request.param, tmp_path)


@pytest.fixture(scope="module", params=GENERATORS)
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Return the example as it is."""
    return Site(request.param, tmp_path_factory.mktemp("example")).build()


@pytest.fixture(scope="module", params=GENERATORS)
def configured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Return the example below a prefix, with attributes for all pages and for some."""
    site = Site(request.param, tmp_path_factory.mktemp("configured"))
    site.below_blog()
    site.set(**{"api": f"{API}/"} | FOR_ALL)
    for name, likes in {"own": OWN, **USUAL}.items():
        site.write_own(name, likes)
    return site.build()


def page_of(built: Build, path: str) -> str:
    page = built.button(path)["page"]
    assert page
    return canonical(page)


def test_the_example_builds_without_a_warning(example: Build) -> None:
    assert example.is_done, example.said
    assert "warn" not in example.said.lower()


def test_a_page_has_its_button_and_one_script(example: Build) -> None:
    assert page_of(example, HELLO) == "/posts/hello"
    assert page_of(example, NOTE) == "/notes/hello"
    assert page_of(example, "café/index.html") == "/café"
    assert set(example.button(HELLO)) <= {"page", "api"}
    assert example.scripts(HELLO) == [f"{API}/likes.js"]


def test_front_matter_turns_the_button_off(example: Build) -> None:
    assert not example.tags("posts/quiet/index.html", "like-wise")


def test_a_page_names_its_own_label(example: Build) -> None:
    assert example.button(NOTE)["label"] == "Like the tide"


def test_a_site_below_a_prefix_names_its_whole_paths(configured: Build) -> None:
    assert page_of(configured, HELLO) == "/blog/posts/hello"


def test_attributes_for_all_pages_come_from_the_configuration(configured: Build) -> None:
    button = configured.button(HELLO)
    texts = {name: value for name, value in FOR_ALL.items() if isinstance(value, str)}
    assert {name: button.get(name) for name in texts} == texts
    assert set(button) - set(texts) <= {"page", "api", "views"}
    assert "views" in button
    assert configured.scripts(HELLO) == [f"{API}/likes.js"]
    assert not configured.tags(HELLO, "img")


def test_a_page_may_have_attributes_of_its_own(configured: Build) -> None:
    path = "posts/own/index.html"
    button = configured.button(path)
    assert button["kind"] == "👍 👎"
    assert button["label"] == f"Yes,{EVIL}"
    assert button["reason"] == ""
    assert button["page"] == f"/{EVIL}/"
    assert button["icon"] == "clap"
    assert "views" not in button
    assert not configured.tags(path, "img")


@pytest.mark.parametrize("name", USUAL)
def test_a_page_that_says_nothing_special_has_its_button(configured: Build, name: str) -> None:
    path = f"posts/{name}/index.html"
    assert page_of(configured, path) == f"/blog/posts/{name}"
    assert configured.button(path)["kind"] == "👏"


def test_an_address_that_cannot_work_ends_the_build(site: Site) -> None:
    site.set(api="javascript:alert(1)")
    built = site.build()
    assert not built.is_done
    assert "https://likes.example.com" in built.said


def test_a_missing_address_ends_the_build(site: Site) -> None:
    site.without_api()
    built = site.build()
    assert not built.is_done
    assert "https://likes.example.com" in built.said


@pytest.mark.parametrize("name", ["mkdocs", "pelican"])
def test_with_a_key_every_page_is_signed_and_none_has_it(name: str, tmp_path: Path) -> None:
    site = Site(name, tmp_path)
    site.below_blog()
    site.set(site="blog")
    site.write_own("own", {"page": "https://example.org/other/index.html?x#y"})
    site.write_own("id", {"page": "a-name/", "site": "notes"})
    built = site.build(LIKEWISE_PAGE_KEY=f" {KEY} , another-key")
    for path in (HELLO, NOTE, "café/index.html", "posts/own/index.html", "posts/id/index.html"):
        button = built.button(path)
        page, of_site = button["page"], button["site"]
        text = f"{of_site}\n{canonical(page or '')}"
        assert button["sig"] == hmac.new(KEY.encode(), text.encode(), "sha256").hexdigest(), path
    files = [file for file in built.folder.rglob("*") if file.is_file()]
    assert not [file for file in files if KEY.encode() in file.read_bytes()]


def test_a_signature_wants_the_address_of_the_site(tmp_path: Path) -> None:
    site = Site("mkdocs", tmp_path)
    site.configure("site_url: https://example.org/\n", "")
    assert "page" not in site.build().button(HELLO)
    built = site.build(LIKEWISE_PAGE_KEY=KEY)
    assert not built.is_done
    assert "set site_url" in built.said


def test_a_shortcode_of_zola_names_page_kind_and_label(tmp_path: Path) -> None:
    site = Site("zola", tmp_path)
    evil = EVIL.replace('"', "").replace("{{ 7*7 }}", "")  # in a text, Zola takes neither
    call = f"likes(id='/x/', kind='👏', label=\"{evil}\", views=true)"
    front = 'title = "N"\ndate = 2026-01-01\n'
    site.write("content/posts/named.md", f"+++\n{front}+++\n{{{{ {call} }}}}\n")
    built = site.build()
    button = built.tags("posts/named/index.html", "like-wise")[0]
    assert button["page"] == "/x/"
    assert (button["kind"], button["label"]) == ("👏", evil)
    assert "views" in button
    assert not built.tags("posts/named/index.html", "img")
