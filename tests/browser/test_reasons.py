"""Reasons at the dashboard: strangers' words, shown as text, and removed one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import normalize

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.owner import (
    HOSTILE,
    TOUCH,
    Scheme,
    axe_violations,
    give_likes,
    is_wider_than_the_screen,
    open_dashboard,
    watched,
)
from tests.conftest import StartService
from tests.service import Service, voter

TABLE = """LIKEWISE_KINDS = ["like", "yes", "no"]
[kinds.yes]
private = true
[kinds.no]
private = true
"""


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page that must neither ask the owner anything nor break its own policy."""
    with watched(page):
        yield page


@pytest.fixture
def helped(start_service: StartService) -> Service:
    """A service that asks whether its pages helped."""
    service = start_service()
    service.stop()
    (service.directory / "likewise.toml").write_text(TABLE, encoding="utf-8")
    return service.start()


def say(service: Service, number: int, reason: str, page: str = "/a", kind: str = "no") -> None:
    reply = service.like(page, voter(number), kind=kind, reason=reason)
    assert reply.json["reason"] is True


def unfolded(page: Page) -> Locator:
    """Open the panel; return it."""
    page.locator("#reasons summary").click()
    return page.locator("#reasons")


def test_there_is_no_panel_without_private_kinds(page: Page, blog: Service) -> None:
    give_likes(blog, "/a")
    open_dashboard(page, blog)
    expect(page.locator("#pages")).to_be_visible()
    expect(page.locator("#reasons")).to_be_hidden()


def test_nobody_has_given_a_reason_yet(page: Page, helped: Service) -> None:
    open_dashboard(page, helped)
    expect(unfolded(page)).to_contain_text("Nobody has given a reason yet.")


def test_reasons_stand_with_kind_page_and_day(page: Page, helped: Service) -> None:
    say(helped, 1, "The second link is broken.", "/posts/hello")
    say(helped, 2, "Just what I needed", "/about", "yes")
    open_dashboard(page, helped)
    items = unfolded(page).locator("li")
    expect(items).to_have_count(2)
    expect(items.nth(0)).to_contain_text("Just what I needed")
    expect(items.nth(0).locator(".quiet")).to_have_text(
        re.compile(r"^yes · /about · \d{1,2} \w+ 20\d\d$")
    )
    expect(items.nth(1)).to_contain_text("The second link is broken.")


def test_a_reason_is_deleted_and_comes_back(page: Page, helped: Service) -> None:
    for number, reason in enumerate(("Fine", "Insult", "Good")):
        say(helped, number, reason)
    open_dashboard(page, helped)
    panel = unfolded(page)
    panel.get_by_role("button", name="Delete: Insult").click()
    expect(page.locator("#news")).to_have_text("Deleted a reason for no of /a.")
    expect(panel.locator("[data-reason]")).to_have_text(["Good", "Fine"])
    expect(panel.get_by_role("button", name="Delete: Fine")).to_be_focused()
    page.locator("#history summary").click()
    line = page.locator("#changes li").first
    expect(line).to_contain_text("Deleted a reason for no of /a.")
    line.get_by_role("button", name="Undo").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo it").click()
    expect(panel.locator("[data-reason]")).to_have_text(["Good", "Insult", "Fine"])


def test_the_last_reason_leaves_the_focus_at_the_panel(page: Page, helped: Service) -> None:
    say(helped, 1, "Insult")
    open_dashboard(page, helped)
    panel = unfolded(page)
    panel.get_by_role("button", name="Delete: Insult").click()
    expect(panel).to_contain_text("Nobody has given a reason yet.")
    expect(panel.locator("summary")).to_be_focused()


def test_a_reason_that_was_taken_back_meanwhile_is_said_so(page: Page, helped: Service) -> None:
    say(helped, 1, "Insult")
    open_dashboard(page, helped)
    panel = unfolded(page)
    expect(panel.locator("li")).to_have_count(1)
    assert helped.like("/a", voter(1), kind="no", on=False).status == 200
    panel.get_by_role("button", name="Delete: Insult").click()
    expect(panel.get_by_role("alert")).to_contain_text("has no reason")


def test_older_reasons_follow(page: Page, helped: Service) -> None:
    for number in range(45):
        say(helped, number, f"Reason {number}")
    open_dashboard(page, helped)
    panel = unfolded(page)
    for shown in (20, 40):
        expect(panel.locator("li")).to_have_count(shown)
        panel.get_by_role("button", name="Show older").click()
    expect(panel.locator("li")).to_have_count(45)
    expect(panel.get_by_role("button", name="Show older")).to_be_hidden()
    expect(panel.get_by_role("button", name="Delete: Reason 4", exact=True)).to_be_focused()
    panel.get_by_role("button", name="Delete: Reason 44").click()
    expect(panel.locator("li")).to_have_count(44)


def test_hostile_reasons_are_text_and_nothing_in_them_is_a_link(
    page: Page, helped: Service
) -> None:
    texts = [
        normalize("NFC", text)[:280]
        for text in (*HOSTILE, "https://evil.example", "www.evil.example")
    ]
    for number, text in enumerate(texts):
        say(helped, number, text)
    page.set_viewport_size({"width": 320, "height": 640})
    open_dashboard(page, helped)
    panel = unfolded(page)
    while panel.locator("li").count() < len(texts):
        count = panel.locator("li").count()
        if count:
            panel.get_by_role("button", name="Show older").click()
        expect(panel.locator("li").nth(count)).to_be_attached()
    panel.locator("li *").evaluate_all(TOUCH)
    assert panel.locator("[data-reason]").all_text_contents() == texts[::-1]
    expect(panel.locator("a, img, script, iframe, svg, form")).to_have_count(0)
    assert not is_wider_than_the_screen(page)


def test_nothing_stays_after_signing_out(page: Page, helped: Service) -> None:
    say(helped, 1, "For the owner alone")
    open_dashboard(page, helped)
    expect(unfolded(page).locator("li")).to_have_count(1)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Admin key")).to_be_visible()
    assert "For the owner alone" not in page.content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360, 320])
def test_the_panel_is_for_everybody(
    page: Page, helped: Service, scheme: Scheme, width: int
) -> None:
    say(helped, 1, "The second link is broken, and the picture is too small to read on a phone.")
    say(helped, 2, "w" * 280, "/" + "a" * 200)
    say(helped, 3, "שלום, this is <b>both</b> ways", "/about", "yes")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    open_dashboard(page, helped)
    expect(unfolded(page).locator("li")).to_have_count(3)
    assert axe_violations(page) == []
    assert not is_wider_than_the_screen(page)
