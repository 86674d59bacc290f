"""The example sites of generators in JavaScript, built by these and clicked in a real browser.

All of them have the same pages, and the service takes likes for those that are signed only.
"""

from __future__ import annotations

import hmac
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_hugo import click, shows
from tests.integrations.npm_site import NpmSite, drafted_page
from tests.service import Service, free_port
from tests.static_site import served

# Installing them takes its time, once.
pytestmark = pytest.mark.timeout(500)

KEY = "a-page-key-for-tests-0123456789"
# Where each says the service's address.
CONFIGURATIONS = {
    "eleventy": "eleventy.config.js",
    "astro": "astro.config.mjs",
    "docusaurus": "docusaurus.config.js",
}
# Those that lead from page to page without loading the next one anew.
WITH_ROUTERS = ("astro", "docusaurus")


class Blog(NamedTuple):
    """A built site on an origin of its own, and where it looks for the service."""

    address: str
    port: int


@pytest.fixture(scope="module", params=CONFIGURATIONS)
def blog(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Blog]:
    """Return the site, built once: the service of every test has the same port."""
    site = NpmSite(request.param)
    port = free_port()
    site.configure(
        CONFIGURATIONS[request.param], "http://127.0.0.1:8000", f"http://127.0.0.1:{port}"
    )
    built = site.build(LIKEWISE_PAGE_KEY=KEY)
    assert built.is_done, built.said
    folder = shutil.copytree(built.folder, tmp_path_factory.mktemp(request.param) / "pages")
    with served(folder) as address:
        yield Blog(address, port)


@pytest.fixture
def service(blog: Blog, tmp_path: Path) -> Iterator[Service]:
    """Return the service where the site looks for it."""
    service = Service(tmp_path, LIKEWISE_PAGES="signed", LIKEWISE_PAGE_KEY=KEY)
    service.port = blog.port
    with service as running:
        yield running


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """Return a page that says nothing in its console, but what React says to developers."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    yield page
    assert [text for text in said if "React DevTools" not in text] == []


def test_a_like_outlives_a_reload_and_can_be_taken_back(
    page: Page, blog: Blog, service: Service
) -> None:
    page.goto(f"{blog.address}/posts/hello/")
    shows(page, "/posts/hello/", "0", liked=False)
    click(page, "/posts/hello/")
    shows(page, "/posts/hello/", "1", liked=True)
    assert service.count("/posts/hello/") == 1
    page.reload()
    shows(page, "/posts/hello/", "1", liked=True)
    click(page, "/posts/hello/")
    shows(page, "/posts/hello/", "0", liked=False)
    assert service.count("/posts/hello/") == 0


def test_pages_with_the_same_last_part_count_apart(
    page: Page, blog: Blog, service: Service
) -> None:
    page.goto(f"{blog.address}/posts/hello/")
    click(page, "/posts/hello/")
    page.goto(f"{blog.address}/notes/hello/")
    shows(page, "/notes/hello/", "0", liked=False)
    assert service.count("/posts/hello") == 1
    assert service.count("/notes/hello") == 0


def test_an_address_with_an_accent_is_one_page(page: Page, blog: Blog, service: Service) -> None:
    page.goto(f"{blog.address}/posts/café/")
    click(page, "/posts/caf%C3%A9/")
    shows(page, "/posts/caf%C3%A9/", "1", liked=True)
    assert service.count("/posts/café") == 1


def test_a_list_shows_every_count_after_one_request(
    page: Page, blog: Blog, service: Service
) -> None:
    for page_id in ("/posts/hello", "/notes/hello"):
        sig = hmac.new(KEY.encode(), f"default\n{page_id}".encode(), "sha256").hexdigest()
        assert service.like(page_id, "a-reader-before-this-one", sig=sig).status == 200
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{blog.address}/")
    shows(page, "/posts/hello/", "1", liked=False)
    shows(page, "/notes/hello/", "1", liked=False)
    shows(page, "/posts/caf%C3%A9/", "0", liked=False)
    assert len([url for url in asked if "/v1/counts" in url]) == 1
    assert len([url for url in asked if "/likes.js" in url]) == 1


def test_a_page_that_wants_no_button_asks_the_service_nothing(
    page: Page, blog: Blog, service: Service
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{blog.address}/posts/quiet/", wait_until="networkidle")
    expect(page.locator("like-wise")).to_have_count(0)
    assert not [url for url in asked if url.startswith(service.url)]


@pytest.mark.parametrize("blog", WITH_ROUTERS, indirect=True)
@pytest.mark.parametrize("first", ["posts/hello", "posts/quiet"])
def test_buttons_work_on_whichever_page_a_router_leads_to(
    page: Page, blog: Blog, service: Service, first: str
) -> None:
    page.goto(f"{blog.address}/{first}/")
    page.evaluate("window.isTheSame = true")
    for title, page_id in (("Hello, tide", "/notes/hello/"), ("Hello, oven", "/posts/hello/")):
        page.get_by_role("link", name="Marginalia").first.click()
        page.get_by_role("main").get_by_role("link", name=title).first.click()
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        expect(page.locator("like-wise")).to_have_count(1)
        click(page, page_id)
        shows(page, page_id, "1", liked=True)
        page.get_by_role("link", name="Marginalia").first.click()
        page.get_by_role("main").get_by_role("link", name="A page without").first.click()
        expect(page.get_by_role("heading", name="A page without a button")).to_be_visible()
        expect(page.locator("like-wise")).to_have_count(0)
    page.go_back()
    shows(page, "/posts/hello/", "1", liked=True)
    assert page.evaluate("window.isTheSame")
    assert service.count("/notes/hello") == service.count("/posts/hello") == 1
    expect(page.locator('script[src$="/likes.js"]')).to_have_count(1)


def test_drafting_in_docusaurus_does_not_count(page: Page) -> None:
    site = NpmSite("docusaurus")
    site.configure("docusaurus.config.js", "http://127.0.0.1:8000", "https://likes.invalid")
    with site.drafted() as address:
        drafted_page(address)
        page.route("https://likes.invalid/**", lambda route: route.fulfill(body=""))
        page.goto(f"{address}/posts/hello/")
        expect(page.locator("like-wise")).to_have_attribute("readonly", "", timeout=60_000)
