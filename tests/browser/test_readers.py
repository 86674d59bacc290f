"""Readers at the dashboard: counted beside likes, and where they came from, by what they told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.owner import (
    SITE,
    Scheme,
    axe_violations,
    expect_names,
    give_likes,
    is_wider_than_the_screen,
    open_dashboard,
    watched,
)
from tests.conftest import StartService
from tests.service import Service, address

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_numbers = count(9_000_000)


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page that must neither ask the owner anything nor break its own policy."""
    with watched(page):
        yield page


@pytest.fixture
def counting(start_service: StartService) -> Service:
    """A service that counts readers."""
    return start_service(LIKEWISE_ORIGINS=f"{SITE},http://localhost:1313", LIKEWISE_VIEWS="on")


def read(service: Service, page: str, times: int = 1, ref: str = "") -> None:
    """Let so many readers open a page."""
    headers = {"Origin": SITE, "User-Agent": FIREFOX, "Content-Type": "text/plain"}
    for _ in range(times):
        headers["X-Forwarded-For"] = address(next(_numbers))
        reply = service.request("POST", "/v1/view", json.dumps({"page": page, "ref": ref}), headers)
        assert reply.status == 200


def panel(page: Page) -> Locator:
    return page.locator("#referrers")


def total(page: Page, name: str) -> Locator:
    return page.locator("#totals div").filter(has=page.get_by_text(name, exact=True))


def line_of(page: Page, name: str) -> Locator:
    return page.locator("#rows tr").filter(has=page.get_by_text(name, exact=True))


def test_there_is_nothing_of_readers_where_none_are_counted(page: Page, blog: Service) -> None:
    give_likes(blog, "/a")
    open_dashboard(page, blog)
    expect(page.locator("#pages")).to_be_visible()
    expect(panel(page)).to_be_hidden()
    expect(page.locator("#totals dt")).to_have_text(["Pages", "Likes"])
    assert page.locator("#columns th").all_text_contents() == ["Page", "Likes", "Changes"]


def test_readers_stand_beside_likes(page: Page, counting: Service) -> None:
    read(counting, "/a", 16)
    give_likes(counting, "/a", 4)
    read(counting, "/b", 3)
    give_likes(counting, "/never-read")
    open_dashboard(page, counting)
    expect(total(page, "Readers").locator("span")).to_have_text("19")
    expect(total(page, "Readers").locator("small")).to_have_text("+19 today")
    expect(total(page, "Likes per 100 readers").locator("span")).to_have_text("26")
    columns = ["Page", "Likes", "Readers", "Likes per 100 readers", "Changes"]
    assert page.locator("#columns th").all_text_contents() == columns
    for name, cells in (
        ("/a", ["4", "16", "25", "Edit"]),
        ("/b", ["0", "3", "0", "Edit"]),
        ("/never-read", ["1", "0", "\u2013", "Edit"]),
    ):
        assert line_of(page, name).locator("td").all_text_contents() == cells


def test_pages_are_sorted_by_their_readers(page: Page, counting: Service) -> None:
    give_likes(counting, "/liked", 2)
    read(counting, "/read", 5)
    read(counting, "/liked", 1)
    open_dashboard(page, counting)
    expect_names(page, ["/liked", "/read"])
    page.get_by_role("button", name="Readers", exact=True).click()
    expect_names(page, ["/read", "/liked"])
    header = page.get_by_role("columnheader", name="Readers", exact=True)
    expect(header).to_have_attribute("aria-sort", "descending")


def test_where_readers_came_from_is_told_of_all_and_of_one(page: Page, counting: Service) -> None:
    read(counting, "/a", 6, "https://news.example/item")
    read(counting, "/a", 2, "https://www.search.example/?q=secret")
    read(counting, "/a", 1)
    read(counting, "/b", 3, "https://search.example/")
    open_dashboard(page, counting)
    panel(page).locator("summary").click()
    expect(page.locator("#referred")).to_have_text("12 readers of all pages in the last 30 days")
    items = panel(page).locator("li")
    expect(items).to_have_count(3)
    expect(items).to_contain_text(
        ["news.example 6", "search.example 5", "Directly, or from within the site 1"]
    )
    page.get_by_role("button", name="3 readers of /b: where they came from").click()
    expect(page.locator("#referred")).to_have_text("3 readers of /b in the last 30 days")
    expect(panel(page).locator("bdi").nth(1)).to_have_text("search.example")
    expect(items).to_have_count(1)
    expect(panel(page).locator("summary")).to_be_focused()
    page.get_by_role("button", name="All pages").click()
    expect(items).to_have_count(3)
    expect(page.get_by_role("button", name="All pages")).to_be_hidden()


def test_sites_beyond_fifty_are_others(page: Page, counting: Service) -> None:
    for number in range(55):
        read(counting, "/a", 1, f"https://host{number}.example/")
    open_dashboard(page, counting)
    panel(page).locator("summary").click()
    last = panel(page).locator("li").last
    expect(last).to_contain_text("Other sites 5")


def test_names_of_sites_are_text_and_lead_nowhere(page: Page, counting: Service) -> None:
    long = ".".join(["a" * 60] * 4) + ".example"
    for ref in (f"https://{long}/", "https://evil.example/", "https://xn--80ak6aa92e.example/"):
        read(counting, "/a", 1, ref)
    read(counting, "/<img src=x onerror=alert(1)>", 2, "https://<script>alert(1)</script>.example/")
    page.set_viewport_size({"width": 320, "height": 640})
    open_dashboard(page, counting)
    page.get_by_role("button", name="readers of /<img").click()
    expect(page.locator("#referred")).to_contain_text("2 readers of /<img src=x onerror=alert(1)>")
    expect(panel(page).locator("a, img, script")).to_have_count(0)
    page.get_by_role("button", name="All pages").click()
    expect(panel(page).locator("li")).to_have_count(4)
    expect(panel(page)).to_contain_text(long)
    assert not is_wider_than_the_screen(page)


def test_readers_are_set_as_counts_are(page: Page, counting: Service) -> None:
    read(counting, "/a", 2)
    open_dashboard(page, counting)
    page.get_by_role("button", name="Edit /a").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Set a count").click()
    dialog.get_by_label("Kind").first.select_option(label="Readers")
    expect(dialog.get_by_label("New count")).to_have_value("2")
    dialog.get_by_label("New count").fill("500")
    dialog.get_by_role("button", name="Preview").first.click()
    expect(dialog.locator(".forecast").first).to_contain_text("Readers 2 → 500")
    dialog.get_by_role("button", name="Set the count").click()
    expect(page.locator("#news")).to_have_text("Set readers of /a from 2 to 500.")
    expect(line_of(page, "/a").locator("td").nth(1)).to_have_text("500")
    page.get_by_role("button", name="Edit /a").click()
    dialog.get_by_text("Remove likes").click()
    assert "Readers" not in dialog.locator("[data-action=purge] option").all_text_contents()


def test_nothing_stays_after_signing_out(page: Page, counting: Service) -> None:
    read(counting, "/a", 1, "https://news.example/")
    open_dashboard(page, counting)
    panel(page).locator("summary").click()
    expect(panel(page).locator("li")).to_have_count(1)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Admin key")).to_be_visible()
    assert "news.example" not in page.content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360, 320])
def test_figures_of_readers_are_for_everybody(
    page: Page, counting: Service, scheme: Scheme, width: int
) -> None:
    read(counting, "/posts/hello", 12, "https://news.example/")
    read(counting, "/posts/hello", 4, "https://search.example/")
    give_likes(counting, "/posts/hello", 3)
    read(counting, "/" + "a" * 200, 2)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    open_dashboard(page, counting)
    panel(page).locator("summary").click()
    expect(panel(page).locator("li")).to_have_count(3)
    assert axe_violations(page) == []
    assert not is_wider_than_the_screen(page)
