"""The gallery: every variant of the widget at once, each of them at work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.post import AXE, LIKE
from tests.conftest import StartService
from tests.service import Service


@pytest.fixture
def gallery(page: Page, service: Service) -> Iterator[Page]:
    """The gallery as somebody sees it who has just started the service; it keeps its policy."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{service.url}/gallery")
    expect(page.locator("like-wise [part=group]").last).to_be_visible()
    yield page
    assert [line for line in said if "Policy" in line] == []


def test_each_button_has_the_lines_that_make_it(gallery: Page) -> None:
    items = gallery.locator(".gallery > li")
    assert items.count() >= 20
    for item in items.all():
        expect(item.get_by_role("button").first).to_be_visible()
        expect(item.locator("pre")).to_contain_text("<like-wise")
    expect(
        items.filter(has=gallery.get_by_role("heading", name="Thumb")).locator("pre")
    ).to_have_text('<like-wise icon="thumb"></like-wise>')


def test_all_buttons_of_a_page_show_the_same_like(gallery: Page) -> None:
    star = gallery.locator("like-wise[icon=star]")
    with gallery.expect_response(LIKE):
        star.get_by_role("button").click()
    for icon in ("star", "thumb", "own"):
        expect(gallery.locator(f"like-wise[icon={icon}] [part=count]")).to_have_text("1")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("dark", 320)])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    gallery: Page, scheme: Literal["light", "dark"], width: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is missing: npm ci in widget/")
    gallery.set_viewport_size({"width": width, "height": 800})
    gallery.emulate_media(color_scheme=scheme)
    for element in gallery.locator("like-wise:not([readonly])").all():
        element.get_by_role("button").first.click()
    expect(gallery.get_by_role("textbox").first).to_be_visible()
    assert not gallery.evaluate("document.documentElement.scrollWidth > innerWidth")
    gallery.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[Any] = gallery.evaluate("axe.run().then(({violations}) => violations)")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_where_the_demo_is_off_there_is_no_gallery(start_service: StartService) -> None:
    assert start_service(LIKEWISE_DEMO="off").get("/gallery").code == "not_found"
