"""Refused origins at the dashboard: what to set where one is the owner's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.owner import give_likes, is_wider_than_the_screen, open_dashboard, watched
from tests.service import Service, voter


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page that must neither ask the owner anything nor break its own policy."""
    with watched(page):
        yield page


def test_there_is_no_panel_where_no_origin_was_refused(page: Page, blog: Service) -> None:
    give_likes(blog, "/a")
    open_dashboard(page, blog)
    expect(page.locator("#origins")).to_be_hidden()


def test_a_refused_origin_is_shown_with_the_line_to_add(page: Page, blog: Service) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for number in range(3):
        assert blog.like("/a", voter(number), origin="https://www.blog.example").status == 403
    open_dashboard(page, blog)
    panel = page.get_by_role("region", name="Refused origins")
    expect(panel.locator("li")).to_contain_text("https://www.blog.example 3 times")
    expect(panel.locator("li")).to_contain_text("LIKEWISE_ORIGINS: add https://www.blog.example")
    panel.get_by_role("button", name="Copy").click()
    expect(panel.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "https://www.blog.example"


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "<img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "https://a.example,https://evil.example",
        "https://*.evil.example",
        "https://evil.example/path",
        "a" * 300,
    ],
)
def test_what_cannot_be_an_origin_is_shown_as_text_and_not_offered(
    page: Page, blog: Service, origin: str
) -> None:
    assert blog.like("/a", voter(1), origin=origin).status == 403
    page.set_viewport_size({"width": 320, "height": 640})
    open_dashboard(page, blog)
    item = page.locator("#origins li")
    expect(item.locator("bdi")).to_have_text(origin[:200])
    expect(item).to_contain_text("This is no address that could be added.")
    expect(item.get_by_role("button")).to_have_count(0)
    assert not is_wider_than_the_screen(page)
