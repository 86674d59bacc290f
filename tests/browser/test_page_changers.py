"""Pages that change without being loaded: under Turbo, under htmx, or made in advance."""

from __future__ import annotations

import json
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Site
from tests.browser.post import COUNTS, LIKE, WIDGET, button, click, html, requests, shows
from tests.conftest import StartService
from tests.service import Service

TURBO = WIDGET / "node_modules" / "@hotwired" / "turbo" / "dist" / "turbo.es2017-umd.js"
HTMX = WIDGET / "node_modules" / "htmx.org" / "dist" / "htmx.min.js"
REACTIONS = '<like-wise site="demo" kind="🎉 🤔" label="Celebrate, Think"></like-wise>'
NEVER_LOADED_AGAIN = "window.isSame = true"


@pytest.fixture
def service(start_service: StartService) -> Service:
    return start_service(LIKEWISE_DEMO="on", LIKEWISE_VIEWS="on")


def script(file: str) -> str:
    return f"<script src={file}></script>"


@pytest.fixture
def library(page: Page) -> None:
    """Serve the libraries to pages."""
    if not TURBO.exists() or not HTMX.exists():
        pytest.skip("Turbo and htmx are missing: npm ci in widget/")
    for name, file in (("turbo", TURBO), ("htmx", HTMX)):
        page.route(f"**/{name}.js", partial(Route.fulfill, path=file))


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("tag", ["<like-wise></like-wise>", REACTIONS])
def test_buttons_live_through_turbos_visits(
    page: Page, site: Site, service: Service, tag: str
) -> None:
    head = script("/turbo.js")
    pages = {
        f"/{name}/": html(service, f"<a href=/{other}/>to {other}</a> {tag}", head=head)
        for name, other in (("a", "b"), ("b", "a"))
    }
    page.goto(site(pages) + "/a/")
    page.evaluate(NEVER_LOADED_AGAIN)
    first = page.locator("like-wise").get_by_role("button").first
    expect(first.locator("[part=count]")).to_have_text("0")
    with page.expect_response(LIKE):
        first.click()
    expect(first.locator("[part=count]")).to_have_text("1")
    page.get_by_text("to b").click()
    expect(page.get_by_text("to a")).to_be_visible()
    expect(first.locator("[part=count]")).to_have_text("0")
    expect(first).to_have_attribute("aria-pressed", "false")
    # Turbo shows the page that it kept, then the one that it fetched.
    page.go_back()
    expect(page.get_by_text("to b")).to_be_visible()
    expect(first.locator("[part=count]")).to_have_text("1")
    expect(first).to_have_attribute("aria-pressed", "true")
    with page.expect_response(LIKE) as answered:
        first.click()
    assert answered.value.json()["on"] is False
    expect(first.locator("[part=count]")).to_have_text("0")
    assert page.locator("like-wise").count() == 1
    assert page.evaluate("isSame")


@pytest.mark.usefixtures("library")
def test_buttons_that_htmx_brings_and_takes_away_work(
    page: Page, site: Site, service: Service
) -> None:
    body = "<button hx-get=/more/ hx-target=#list>More</button><div id=list></div>"
    head = script("/htmx.js")
    more = "".join(f"<p><like-wise page=/{nth}></like-wise></p>" for nth in range(3)) + REACTIONS
    page.goto(site({"/list/": html(service, body, head=head), "/more/": more}) + "/list/")
    with requests(page, COUNTS) as asked:
        page.get_by_text("More").click()
        for nth in range(3):
            expect(page.locator(f"like-wise[page='/{nth}'] [part=count]")).to_have_text("0")
    # One for the site, and one for the demo's; the second script asks again, of the cache.
    assert len({request.url for request in asked}) == 2
    with page.expect_response(LIKE):
        page.locator("like-wise[page='/1']").get_by_role("button").click()
    with page.expect_response(LIKE):
        page.get_by_role("button", name="Celebrate 0").click()
    page.get_by_text("More").click()
    expect(page.locator("like-wise[page='/1'] [part=count]")).to_have_text("1")
    expect(page.get_by_role("button", name="Celebrate 1")).to_have_attribute("aria-pressed", "true")


def test_a_page_that_chromium_makes_in_advance_counts_when_it_is_opened(
    browser: Browser, site: Site, service: Service
) -> None:
    # What calls itself headless is no reader.
    page = browser.new_context(user_agent="Mozilla/5.0 Chrome/140.0.0.0 Safari/537.36").new_page()
    rules = json.dumps({"prerender": [{"source": "list", "urls": ["/post/"]}]})
    head = f"<script type=speculationrules>{rules}</script>"
    origin = site(
        {
            "/": html(service, "<a href=/post/>the post</a>", head=head),
            "/post/": html(service, "<like-wise views></like-wise>"),
        }
    )
    page.goto(f"{origin}/")
    page.wait_for_timeout(1500)
    assert service.get("/v1/counts?page=/post").json["counts"]["/post"]["views"] == 0
    page.get_by_text("the post").click()
    expect(page.locator("like-wise [part=views]")).to_have_text("Views: 1")
    assert service.get("/v1/counts?page=/post").json["counts"]["/post"]["views"] == 1
    page.context.close()


def test_another_tab_follows(page: Page, site: Site, service: Service) -> None:
    address = site({"/post/": html(service, REACTIONS)}) + "/post/"
    page.goto(address)
    other = page.context.new_page()
    other.goto(address)
    for tab in (page, other):
        expect(tab.get_by_role("button", name="Celebrate 0")).to_be_visible()
    with page.expect_response(LIKE):
        page.get_by_role("button", name="Celebrate").click()
    expect(other.get_by_role("button", name="Celebrate 1")).to_have_attribute(
        "aria-pressed", "true"
    )
    other.close()


def test_a_button_that_comes_late_is_asked_for_with_others_that_do(
    page: Page, site: Site, service: Service
) -> None:
    page.goto(site({"/post/": html(service, "<like-wise></like-wise>")}) + "/post/")
    shows(page, "0", liked=False)
    with requests(page, COUNTS) as asked:
        page.evaluate("""for (const at of ['/x', '/y', '/z']) {
          const late = document.createElement('like-wise');
          late.setAttribute('page', at);
          document.body.append(late);
        }""")
        for nth in (1, 2, 3):
            shows(page, "0", liked=False, nth=nth)
    assert len(asked) == 1
    assert click(page, 3)["page"] == "/z"
    assert button(page, 3).is_visible()
