"""The example site, built by a real Hugo and clicked in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.integrations.hugo_site import FOLDERS, Hugo
from tests.service import Service
from tests.static_site import served


@pytest.fixture(params=FOLDERS)
def blog(request: pytest.FixtureRequest, tmp_path: Path, service: Service) -> Iterator[str]:
    """Return the address of the example site, on an origin of its own."""
    hugo = Hugo(request.param, tmp_path)
    hugo.configure("http://127.0.0.1:8000", service.url)
    built = hugo.build()
    assert built.is_done, built.said
    with served(built.folder) as address:
        yield address


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """Return a page that says nothing in its console."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    yield page
    assert said == []


def button(page: Page, of: str) -> Locator:
    return page.locator(f'like-wise[page="{of}"]').get_by_role("button")


def shows(page: Page, of: str, count: str, *, liked: bool) -> None:
    expect(button(page, of)).to_have_text(count)
    expect(button(page, of)).to_have_attribute("aria-pressed", str(liked).lower())


def click(page: Page, of: str) -> None:
    with page.expect_response(re.compile("/v1/like$")) as answered:
        button(page, of).click()
    assert answered.value.ok


def test_a_like_outlives_a_reload_and_can_be_taken_back(
    page: Page, blog: str, service: Service
) -> None:
    page.goto(f"{blog}/posts/hello/")
    shows(page, "/posts/hello/", "0", liked=False)
    click(page, "/posts/hello/")
    shows(page, "/posts/hello/", "1", liked=True)
    assert service.count("/posts/hello/") == 1
    page.reload()
    shows(page, "/posts/hello/", "1", liked=True)
    click(page, "/posts/hello/")
    shows(page, "/posts/hello/", "0", liked=False)
    page.reload()
    shows(page, "/posts/hello/", "0", liked=False)
    assert service.count("/posts/hello/") == 0


def test_pages_with_the_same_last_part_count_apart(page: Page, blog: str, service: Service) -> None:
    page.goto(f"{blog}/posts/hello/")
    click(page, "/posts/hello/")
    page.goto(f"{blog}/notes/hello/")
    shows(page, "/notes/hello/", "0", liked=False)
    assert service.count("/posts/hello") == 1
    assert service.count("/notes/hello") == 0


def test_an_address_with_an_accent_is_one_page_however_written(
    page: Page, blog: str, service: Service
) -> None:
    page.goto(f"{blog}/café/")
    click(page, "/caf%C3%A9/")
    shows(page, "/caf%C3%A9/", "1", liked=True)
    for spelling in ("/caf%C3%A9/", "/caf%c3%a9", "/café", "/cafe\u0301/index.html"):
        assert service.count(spelling) == 1


def test_a_list_shows_every_count_after_one_request(
    page: Page, blog: str, service: Service
) -> None:
    for page_id in ("/posts/hello", "/notes/hello"):
        service.like(page_id, "a-reader-before-this-one")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{blog}/")
    shows(page, "/posts/hello/", "1", liked=False)
    shows(page, "/notes/hello/", "1", liked=False)
    shows(page, "/caf%C3%A9/", "0", liked=False)
    click(page, "/caf%C3%A9/")
    shows(page, "/caf%C3%A9/", "1", liked=True)
    assert len([url for url in asked if "/v1/counts" in url]) == 1
    assert len([url for url in asked if "/likes.js" in url]) == 1


def test_a_button_in_the_text_counts_for_the_page_it_names(page: Page, blog: str) -> None:
    page.goto(f"{blog}/posts/in-the-text/")
    page.get_by_role("button", name="Like the post about bread").click()
    shows(page, "/posts/hello/", "1", liked=True)
    shows(page, "/posts/in-the-text/", "0", liked=False)
    page.goto(f"{blog}/posts/hello/")
    shows(page, "/posts/hello/", "1", liked=True)


@pytest.mark.parametrize("path", ["/posts/quiet/", "/notes/moved/"])
def test_a_page_that_wants_no_button_asks_the_service_nothing(
    page: Page, blog: str, service: Service, path: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(blog + path, wait_until="networkidle")
    expect(page.locator("like-wise")).to_have_count(0)
    assert not [url for url in asked if url.startswith(service.url)]
