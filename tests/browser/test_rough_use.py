"""The second script in rough hands: real keys, slow networks, spoilt storage, odd answers."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.post import Blog
from tests.browser.test_reactions import HELPFUL, blog, choice, give

__all__ = ["blog"]

KEYS = "window.keys = []; addEventListener('keydown', ({ key }) => keys.push(key));"


def test_a_reason_can_be_typed_and_is_none_of_the_pages_shortcuts(page: Page, blog: Blog) -> None:
    page.goto(blog(HELPFUL))
    give(page, "No")
    page.evaluate(KEYS)
    page.get_by_role("textbox").click()
    page.keyboard.type("not enough")
    expect(page.get_by_role("textbox")).to_have_value("not enough")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox")).to_have_count(0)
    expect(choice(page, "No")).to_be_focused()
    assert page.evaluate("keys") == []
