"""The example of each integration, built by its real generator and clicked in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.generated_site import API, GENERATORS, Site
from tests.service import Service
from tests.static_site import served

INSTANT = ("mkdocs", "zensical", "zensical-of-mkdocs")


@pytest.fixture
def blog(request: pytest.FixtureRequest, tmp_path: Path, service: Service) -> Iterator[str]:
    """Return the address of an example, below `/blog/` on an origin of its own."""
    site = Site(request.param, tmp_path)
    site.configure(API, service.url)
    root = tmp_path / "origin"
    root.mkdir()
    with served(root) as origin:
        # Instant navigation follows links to the addresses of the sitemap alone.
        site.below_blog(origin)
        built = site.build()
        assert built.is_done, built.said
        built.folder.rename(root / "blog")
        yield f"{origin}/blog"


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """Return a page that says nothing in its console."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    yield page
    assert said == []


def button(page: Page) -> Locator:
    return page.locator("like-wise").get_by_role("button")


def shows(page: Page, count: str, *, liked: bool) -> None:
    expect(button(page)).to_have_text(count)
    expect(button(page)).to_have_attribute("aria-pressed", str(liked).lower())


def click(page: Page) -> None:
    with page.expect_response(re.compile("/v1/like$")) as answered:
        button(page).click()
    assert answered.value.ok


@pytest.mark.parametrize("blog", GENERATORS, indirect=True)
def test_a_like_counts_for_its_page_and_outlives_a_reload(
    page: Page, blog: str, service: Service
) -> None:
    page.goto(f"{blog}/posts/hello/")
    shows(page, "0", liked=False)
    click(page)
    shows(page, "1", liked=True)
    page.reload()
    shows(page, "1", liked=True)
    page.goto(f"{blog}/notes/hello/")
    shows(page, "0", liked=False)
    page.goto(f"{blog}/café/")
    click(page)
    shows(page, "1", liked=True)
    counts = {
        path: service.count(f"/blog/{path}") for path in ("posts/hello", "notes/hello", "café")
    }
    assert counts == {"posts/hello": 1, "notes/hello": 0, "café": 1}
    page.goto(f"{blog}/posts/quiet/")
    expect(page.locator("like-wise")).to_have_count(0)


@pytest.mark.parametrize("blog", INSTANT, indirect=True)
def test_buttons_work_after_instant_navigation(page: Page, blog: str, service: Service) -> None:
    page.goto(f"{blog}/posts/quiet/", wait_until="networkidle")
    page.evaluate("window.isTheSameDocument = true")
    for title, path in (("Hello, oven", "posts/hello"), ("Hello, tide", "notes/hello")):
        page.get_by_role("link", name="Marginalia").first.click()
        expect(page.get_by_role("heading", name="Marginalia")).to_be_visible()
        page.get_by_role("article").get_by_role("link", name=title).click()
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        shows(page, "0", liked=False)
        click(page)
        shows(page, "1", liked=True)
        assert service.count(f"/blog/{path}") == 1
    for _ in ("list", "the first post"):
        page.go_back()
    expect(page.get_by_role("heading", name="Hello, oven")).to_be_visible()
    shows(page, "1", liked=True)
    assert page.evaluate("window.isTheSameDocument") is True
