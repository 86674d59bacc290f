"""The owner's changes at the dashboard: told before they are made, made, and undone."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.owner import (
    AXE,
    HOSTILE,
    TOUCH,
    Scheme,
    axe_violations,
    expect_names,
    give_likes,
    is_wider_than_the_screen,
    open_dashboard,
    send_key,
    watched,
)
from tests.service import Service, address, voter

Fill = Callable[[Locator], None]


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page that must neither ask the owner anything nor break its own policy."""
    with watched(page):
        yield page


def order(service: Service, target: str, **fields: object) -> Any:
    reply = service.owner(f"/api/{target}", "POST", json.dumps(fields).encode())
    assert reply.status == 200, reply
    return reply.json


def counts(service: Service) -> dict[str, int]:
    rows = service.owner("/api/pages").json["pages"]
    return {row["page"]: row["counts"]["like"] for row in rows}


def edit(page: Page, name: str) -> Locator:
    """Open the dialog for a page."""
    page.get_by_role("button", name=f"Edit {name}", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def tool(dialog: Locator, summary: str) -> Locator:
    """Unfold one of the dialog's tools."""
    dialog.get_by_text(summary, exact=True).click()
    form = dialog.locator("details[open] form")
    expect(form).to_be_visible()
    return form


def preview(form: Locator, expected: str) -> None:
    form.get_by_role("button", name="Preview").click()
    expect(form.get_by_role("status")).to_have_text(expected)


def expect_news(page: Page, expected: str) -> None:
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#news")).to_have_text(expected)
    expect(page.locator("#news")).to_have_attribute("aria-live", "polite")


def history(page: Page) -> Locator:
    """Open the history, if need be, and return its lines."""
    if not page.locator("#history[open]").count():
        page.locator("#history summary").click()
    return page.locator("#changes li")


def give_surge(service: Service, name: str, likes: int = 30) -> None:
    give_likes(service, name, likes)
    end = time.monotonic() + 10
    while not service.owner("/api/summary").json["surges"]:
        assert time.monotonic() < end, "no surge was seen"
        time.sleep(0.02)


def fill(label: str, value: str) -> Fill:
    return lambda form: form.get_by_label(label).fill(value)


def nothing(form: Locator) -> None:
    expect(form.get_by_role("textbox")).to_have_count(0)


@pytest.mark.parametrize(
    ("summary", "say", "would", "verb", "did", "before", "after"),
    [
        (
            "Set a count",
            fill("New count", "1234"),
            "Likes 3 → 1,234.",
            "Set the count",
            "Set likes of /a from 3 to 1,234.",
            {"/a": 3, "/b": 2},
            {"/a": 1234, "/b": 2},
        ),
        (
            "Rename",
            fill("New address", "https://blog.example/new/"),
            "The page is called /new and keeps 3 likes. /a goes on counting for it.",
            "Rename the page",
            "Renamed /a to /new.",
            {"/a": 3, "/b": 2},
            {"/new": 3, "/b": 2},
        ),
        (
            "Merge into another page",
            fill("The other page", "/b"),
            "/b: Likes 2 → 5. /a goes from the list and counts for it.",
            "Merge the pages",
            "Merged /a into /b.",
            {"/a": 3, "/b": 2},
            {"/b": 5},
        ),
        (
            "Add an old address",
            fill("Old address", "/b"),
            "/a: Likes 3 → 5. /b goes from the list and counts for it.",
            "Add the address",
            "Let /b count for /a.",
            {"/a": 3, "/b": 2},
            {"/a": 5},
        ),
        (
            "Block",
            nothing,
            "Takes no more likes, keeps 3 likes.",
            "Block the page",
            "Blocked /a.",
            {"/a": 3, "/b": 2},
            {"/a": 3, "/b": 2},
        ),
        (
            "Remove likes",
            fill("From (UTC)", "2020-01-01T00:00"),
            "Removes 3 likes, keeps 0.",
            "Remove the likes",
            "Removed 3 likes of /a. Kept 0.",
            {"/a": 3, "/b": 2},
            {"/a": 0, "/b": 2},
        ),
        (
            "Delete",
            nothing,
            "Likes 3 → 0. The page goes from the list.",
            "Delete the page",
            "Deleted /a (3 likes).",
            {"/a": 3, "/b": 2},
            {"/b": 2},
        ),
    ],
)
def test_a_change_is_told_before_it_is_made_and_undone_from_the_history(
    page: Page,
    blog: Service,
    summary: str,
    say: Fill,
    would: str,
    verb: str,
    did: str,
    before: dict[str, int],
    after: dict[str, int],
) -> None:
    give_likes(blog, "/a", 3)
    give_likes(blog, "/b", 2)
    open_dashboard(page, blog)
    form = tool(edit(page, "/a"), summary)
    act = form.get_by_role("button", name=verb)
    expect(act).to_be_hidden()
    say(form)
    preview(form, would)
    assert counts(blog) == before
    assert blog.owner("/api/audit").json == {"corrections": []}
    act.click()
    expect_news(page, did)
    expect(page.locator("#rows tr")).to_have_count(len(after))
    assert counts(blog) == after
    for name, likes in after.items():
        expect(page.get_by_role("row", name=name)).to_contain_text(f"{likes:,}")
    total = page.locator("#totals div").nth(1).locator("span")
    expect(total).to_have_text(f"{sum(after.values()):,}")
    line = history(page).first
    expect(line).to_contain_text(re.compile(r"1 · .* UTC · dashboard, key [0-9a-f]{8}"))
    line.get_by_role("button", name="Undo number 1").click()
    page.get_by_role("dialog", name="Undo this?").get_by_role("button", name="Undo it").click()
    expect(page.locator("#news")).to_contain_text("Undone: ")
    expect(page.locator("#rows tr")).to_have_count(len(before))
    assert counts(blog) == before
    expect(history(page).first).to_contain_text("Undid number 1.")
    expect(history(page).last).to_contain_text("undone")
    expect(page.locator("#changes button:visible")).to_have_count(0)


def test_an_address_that_was_never_a_page_counts_for_one(page: Page, blog: Service) -> None:
    give_likes(blog, "/a")
    open_dashboard(page, blog)
    form = tool(edit(page, "/a"), "Add an old address")
    form.get_by_label("Old address").fill("/2019/a")
    form.get_by_label("Old address").press("Enter")
    form.get_by_role("button", name="Add the address").click()
    expect_news(page, "Let /2019/a count for /a.")
    assert blog.count("/2019/a") == 1


def test_a_blocked_page_is_marked_takes_no_likes_and_can_be_unblocked(
    page: Page, blog: Service
) -> None:
    give_likes(blog, "/a")
    open_dashboard(page, blog)
    form = tool(edit(page, "/a"), "Block")
    form.get_by_role("button", name="Preview").click()
    form.get_by_role("button", name="Block the page").click()
    expect(page.get_by_role("row", name="/a Blocked 1")).to_be_visible()
    assert blog.like("/a", voter(7)).status == 403
    dialog = edit(page, "/a")
    expect(dialog.get_by_text("Block", exact=True)).to_be_hidden()
    form = tool(dialog, "Unblock")
    preview(form, "Takes likes again, on top of 1 like.")
    form.get_by_role("button", name="Unblock the page").click()
    expect_news(page, "Unblocked /a.")
    expect(page.locator("#rows .mark")).to_have_count(0)
    assert blog.like("/a", voter(7)).status == 200


@pytest.mark.parametrize(
    ("choice", "would"),
    [
        ("Nothing", "Removes 6 likes, keeps 0."),
        ("first like of a day", "Removes 3 likes, keeps 3."),
        ("first five likes of a day", "Removes 0 likes, keeps 6."),
    ],
)
def test_likes_of_each_network_may_stay(page: Page, blog: Service, choice: str, would: str) -> None:
    for number in range(6):
        assert blog.like("/a", voter(number), address=address(number // 2 * 2**16)).status == 200
    open_dashboard(page, blog)
    form = tool(edit(page, "/a"), "Remove likes")
    form.get_by_label(choice).check()
    preview(form, would)
    # There is nothing to confirm where nothing would go.
    expect(form.get_by_role("button", name="Remove the likes")).to_be_visible(
        visible="Removes 0" not in would
    )


def test_a_surge_is_shown_marked_and_reviewed(page: Page, blog: Service) -> None:
    give_likes(blog, "/quiet")
    give_surge(blog, "/loud")
    open_dashboard(page, blog)
    surge = page.locator("#surges li")
    told = re.compile(r"/loud\s*30 likes, \d+ \w+ 20\d\d, \d\d:00.*\d\d:00 UTC")
    expect(surge).to_have_text(told)
    expect(page.get_by_role("row", name="/loud Surge 30")).to_be_visible()
    expect(page.locator("#rows .mark")).to_have_count(1)
    surge.get_by_role("button", name="Review").click()
    dialog = page.get_by_role("dialog", name="/loud")
    expect(dialog.locator("details:visible")).to_have_count(1)
    (seen,) = blog.owner("/api/summary").json["surges"]
    expect(dialog.get_by_label("From (UTC)")).to_have_value(seen["from"][:16])
    expect(dialog.get_by_label("Until (UTC)")).to_have_value(seen["to"][:16])
    expect(dialog.get_by_label("first like of a day")).to_be_checked()
    form = dialog.locator("form:visible")
    preview(form, "Removes 0 likes, keeps 30.")
    form.get_by_label("Nothing").check()
    preview(form, "Removes 30 likes, keeps 0.")
    form.get_by_role("button", name="Remove the likes").click()
    expect_news(page, "Removed 30 likes of /loud. Kept 0.")
    expect(surge.get_by_role("button", name="Review")).to_be_focused()
    assert counts(blog) == {"/quiet": 1, "/loud": 0}


def test_a_surge_of_the_whole_site_is_reviewed_for_all_pages(page: Page, blog: Service) -> None:
    for number in range(15):
        give_likes(blog, f"/{number}", 20)
    open_dashboard(page, blog)
    expect(page.locator("#surges li")).to_contain_text("All pages together")
    expect(page.locator("#rows .mark")).to_have_count(0)
    page.get_by_role("button", name="Review all pages").click()
    form = page.get_by_role("dialog", name="All pages").locator("form:visible")
    form.get_by_label("Nothing").check()
    preview(form, "Removes 300 likes, keeps 0.")
    form.get_by_role("button", name="Remove the likes").click()
    expect_news(page, "Removed 300 likes of all pages. Kept 0.")
    assert set(counts(blog).values()) == {0}
    expect(history(page).first).to_contain_text(
        re.compile("Removed 300 likes of all pages from .* UTC until .* UTC. Kept 0.")
    )


def test_there_are_no_panels_for_what_there_is_not(page: Page, blog: Service) -> None:
    give_likes(blog, "/a")
    open_dashboard(page, blog)
    expect(page.locator("#surges")).to_be_hidden()
    expect(history(page)).to_have_count(0)
    expect(page.get_by_text("Nothing has been changed yet.")).to_be_visible()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_page_ids_are_text_wherever_they_are_shown(
    page: Page, blog: Service, hostile: str
) -> None:
    give_surge(blog, hostile)
    (name,) = counts(blog)
    page.set_viewport_size({"width": 320, "height": 640})
    open_dashboard(page, blog)
    expect(page.locator("#surges bdi")).to_have_text(name)
    dialog = edit(page, name)
    expect(dialog.locator("h2")).to_have_text(name)
    form = tool(dialog, "Rename")
    form.get_by_label("New address").fill("/new")
    form.get_by_label("New address").press("Enter")
    expect(form.get_by_role("status").locator("bdi")).to_have_text(["/new", name])
    assert not is_wider_than_the_screen(page)
    assert dialog.evaluate("(it) => it.scrollWidth <= it.clientWidth")
    form.get_by_role("button", name="Rename the page").click()
    expect(page.locator("#news bdi")).to_have_text([name, "/new"])
    expect(history(page).locator("bdi")).to_have_text([name, "/new"])
    page.get_by_role("button", name="Undo number").click()
    expect(page.get_by_role("dialog").locator("bdi")).to_have_text([name, "/new"])
    page.locator("bdi, dialog, button").evaluate_all(TOUCH)
    assert not is_wider_than_the_screen(page)
    inside = "#news *, #changes bdi *, #surges bdi *, dialog bdi *"
    assert page.locator(inside).evaluate_all("(all) => all.map((it) => it.localName)") == [
        "bdi",
        "bdi",
    ]


def test_a_hostile_name_that_is_typed_comes_back_as_text(page: Page, blog: Service) -> None:
    give_likes(blog, "/a")
    open_dashboard(page, blog)
    form = tool(edit(page, "/a"), "Merge into another page")
    form.get_by_label("The other page").fill("<img src=x onerror=alert(1)>")
    form.get_by_role("button", name="Preview").click()
    expect(form.get_by_role("alert")).to_have_text("There is no page <img src=x onerror=alert(1)>.")
    assert form.locator("img").count() == 0


def test_a_refusal_is_told_where_the_person_is_looking(page: Page, blog: Service) -> None:
    give_likes(blog, "/a")
    give_likes(blog, "/b")
    open_dashboard(page, blog)
    form = tool(edit(page, "/a"), "Rename")
    form.get_by_label("New address").fill("/b")
    form.get_by_role("button", name="Preview").click()
    expect(form.get_by_role("alert")).to_have_text("/b is a page already. Merge the two instead.")
    expect(form.get_by_role("button", name="Rename the page")).to_be_hidden()
    form.get_by_label("New address").fill("/c")
    expect(form.get_by_role("alert")).to_be_hidden()
    preview(form, "The page is called /c and keeps 1 like. /a goes on counting for it.")
    # What has come between the preview and the second press is seen by the service.
    give_likes(blog, "/c")
    form.get_by_role("button", name="Rename the page").click()
    expect(form.get_by_role("alert")).to_have_text("/c is a page already. Merge the two instead.")
    assert counts(blog) == {"/a": 1, "/b": 1, "/c": 1}


def test_a_preview_holds_for_what_was_previewed_only(page: Page, blog: Service) -> None:
    give_likes(blog, "/a", 2)
    open_dashboard(page, blog)
    form = tool(edit(page, "/a"), "Set a count")
    field, act = form.get_by_label("New count"), form.get_by_role("button", name="Set the count")
    expect(field).to_have_value("2")
    field.fill("5")
    preview(form, "Likes 2 → 5.")
    expect(act).to_be_visible()
    field.fill("50")
    expect(act).to_be_hidden()
    expect(form.get_by_role("status")).to_be_empty()
    field.press("Enter")
    expect(form.get_by_role("status")).to_have_text("Likes 2 → 50.")
    field.press("Enter")
    expect(act).to_be_visible()
    assert counts(blog) == {"/a": 2}
    page.keyboard.press("Escape")
    form = tool(edit(page, "/a"), "Set a count")
    expect(act).to_be_hidden()
    expect(field).to_have_value("2")


def test_a_service_that_is_gone_is_told_in_the_dialog(page: Page, blog: Service) -> None:
    give_likes(blog, "/a")
    open_dashboard(page, blog)
    form = tool(edit(page, "/a"), "Delete")
    preview(form, "Likes 1 → 0. The page goes from the list.")
    blog.stop()
    form.get_by_role("button", name="Delete the page").click()
    expect(form.get_by_role("alert")).to_have_text("The service cannot be reached. Is it running?")


def test_a_session_that_ended_leads_from_the_dialog_to_the_form(page: Page, blog: Service) -> None:
    give_likes(blog, "/secret-draft")
    order(blog, "pages/set", page="/secret-draft", count=4)
    open_dashboard(page, blog)
    expect(history(page)).to_have_count(1)
    form = tool(edit(page, "/secret-draft"), "Delete")
    blog.restart()
    form.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_label("Admin key")).to_be_focused()
    assert "secret-draft" not in page.content()
    send_key(page, blog.admin_key)
    expect_names(page, ["/secret-draft"])
    expect(history(page)).to_have_count(1)


def test_signing_out_leaves_nothing_of_changes_surges_and_origins(
    page: Page, blog: Service
) -> None:
    give_surge(blog, "/secret-draft")
    blog.like("/x", voter(1), origin="https://secret-draft.example")
    open_dashboard(page, blog)
    form = tool(edit(page, "/secret-draft"), "Set a count")
    form.get_by_role("button", name="Preview").click()
    form.get_by_role("button", name="Set the count").click()
    expect_news(page, "Set likes of /secret-draft from 30 to 30.")
    expect(history(page)).to_have_count(1)
    assert page.content().count("secret-draft") >= 6
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Admin key")).to_be_focused()
    assert "secret-draft" not in page.content()


def test_a_page_is_changed_and_the_change_undone_with_the_keyboard_alone(
    page: Page, blog: Service
) -> None:
    give_likes(blog, "/a", 2)
    give_likes(blog, "/b", 1)
    open_dashboard(page, blog, "?sort=page")
    page.get_by_role("button", name="Edit /a").focus()
    press = page.keyboard.press
    press("Enter")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    press("Escape")
    expect(page.get_by_role("button", name="Edit /a")).to_be_focused()
    press("Enter")
    press("Tab")
    expect(page.locator(":focus")).to_have_text("Set a count")
    press("Enter")
    press("Tab")
    page.keyboard.type("9")
    press("Enter")
    expect(page.get_by_role("dialog").get_by_role("status")).to_have_text("Likes 2 → 9.")
    press("Tab")
    press("Tab")
    expect(page.get_by_role("button", name="Set the count")).to_be_focused()
    press("Enter")
    expect_news(page, "Set likes of /a from 2 to 9.")
    expect(page.get_by_role("button", name="Edit /a")).to_be_focused()
    for _ in range(3):
        press("Tab")
    expect(page.locator(":focus")).to_have_text("History")
    press("Enter")
    expect(page.locator("#changes li")).to_have_count(1)
    press("Tab")
    expect(page.get_by_role("button", name="Undo number 1")).to_be_focused()
    press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    press("Tab")
    press("Enter")
    expect(page.locator("#news")).to_have_text("Undone: Set likes of /a from 2 to 9.")
    expect(page.locator(":focus")).to_have_text("History")
    assert counts(blog) == {"/a": 2, "/b": 1}


def test_the_focus_goes_on_where_the_page_is_called_otherwise_or_gone(
    page: Page, blog: Service
) -> None:
    for name in ("/a", "/b", "/c"):
        give_likes(blog, name)
    open_dashboard(page, blog, "?sort=page")
    form = tool(edit(page, "/a"), "Rename")
    form.get_by_label("New address").fill("/d")
    form.get_by_role("button", name="Preview").click()
    form.get_by_role("button", name="Rename the page").click()
    expect_names(page, ["/b", "/c", "/d"])
    expect(page.get_by_role("button", name="Edit /d")).to_be_focused()
    for gone, following in (("/d", "/c"), ("/b", "/c")):
        form = tool(edit(page, gone), "Delete")
        form.get_by_role("button", name="Preview").click()
        form.get_by_role("button", name="Delete the page").click()
        expect(page.get_by_role("button", name=f"Edit {following}")).to_be_focused()
    form = tool(edit(page, "/c"), "Delete")
    form.get_by_role("button", name="Preview").click()
    form.get_by_role("button", name="Delete the page").click()
    expect(page.get_by_role("heading", name="Likes of your pages")).to_be_focused()


def test_a_dialog_that_is_closed_and_opened_at_once_is_about_the_page(
    page: Page, blog: Service
) -> None:
    give_likes(blog, "/a", 2)
    give_likes(blog, "/b", 3)
    open_dashboard(page, blog, "?sort=page")
    page.evaluate("""() => {
        const [first, second] = document.querySelectorAll('#rows button');
        first.click();
        document.querySelector('#editor').close();
        second.click();
    }""")
    page.wait_for_timeout(100)
    dialog = page.get_by_role("dialog", name="/b")
    form = tool(dialog, "Set a count")
    expect(form.get_by_label("New count")).to_have_value("3")
    preview(form, "Likes 3 → 3.")


def test_the_last_page_of_the_last_part_may_go(page: Page, blog: Service) -> None:
    for number in range(51):
        give_likes(blog, f"/{number:02}")
    open_dashboard(page, blog, "?sort=page&page=2")
    form = tool(edit(page, "/50"), "Delete")
    form.get_by_role("button", name="Preview").click()
    form.get_by_role("button", name="Delete the page").click()
    expect(page.locator("#rows tr")).to_have_count(50)
    expect_news(page, "Deleted /50 (1 like).")
    expect(page.get_by_role("button", name="Edit /00")).to_be_focused()


def test_a_change_that_cannot_be_undone_any_more_is_told_in_its_dialog(
    page: Page, blog: Service
) -> None:
    order(blog, "pages/set", page="/a", count=4)
    open_dashboard(page, blog)
    history(page).get_by_role("button", name="Undo").click()
    order(blog, "undo", correction=1)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Undo it").click()
    expect(dialog.get_by_role("alert")).to_have_text("The correction 1 is undone already.")
    dialog.get_by_role("button", name="Cancel").click()
    expect(history(page).get_by_role("button", name="Undo")).to_be_focused()


def test_a_long_history_comes_in_parts(page: Page, blog: Service) -> None:
    for number in range(45):
        order(blog, "pages/set", page="/a", count=number)
    open_dashboard(page, blog)
    lines = history(page)
    expect(lines).to_have_count(20)
    expect(lines.first).to_contain_text("Set likes of /a from 43 to 44.")
    older = page.get_by_role("button", name="Show older")
    older.click()
    expect(lines).to_have_count(40)
    expect(lines.nth(20)).to_be_focused()
    older.click()
    expect(lines).to_have_count(45)
    expect(older).to_be_hidden()
    expect(lines.last).to_contain_text("Set likes of /a from 0 to 0.")


def test_sites_and_kinds_have_their_own_changes(page: Page, tmp_path: Path) -> None:
    (tmp_path / "likewise.toml").write_text(
        '[sites.notes]\nurl = "https://notes.example"\nkinds = ["❤️", "clap"]\n'
        'origins = ["http://localhost:1313"]\n'
    )
    with Service(tmp_path) as service:
        give_likes(service, "/post")
        give_likes(service, "/note", 2, site="notes", kind="clap")
        service.like("/x", voter(1), origin="https://www.notes.example", site="notes")
        order(service, "pages/set", page="/post", count=5)
        open_dashboard(page, service)
        expect(history(page)).to_have_count(1)
        expect(page.locator("#origins")).to_be_hidden()
        page.locator("#site").select_option("notes")
        expect_names(page, ["/note"])
        expect(history(page)).to_have_count(0)
        expect(page.locator("#origins")).to_contain_text("the origins of [sites.notes]: add")
        form = tool(edit(page, "/note"), "Set a count")
        form.get_by_label("Kind").select_option("clap")
        expect(form.get_by_label("New count")).to_have_value("2")
        form.get_by_label("New count").fill("7")
        preview(form, "clap 2 → 7.")
        form.get_by_role("button", name="Set the count").click()
        expect_news(page, "Set clap of /note from 2 to 7.")
        assert service.count("/note", "clap", "notes") == 7
        form = tool(edit(page, "/note"), "Remove likes")
        form.get_by_label("Kind").select_option("❤️")
        preview(form, "Removes 0 likes, keeps 2.")
        form.get_by_label("Kind").select_option("All")
        preview(form, "Removes 2 likes, keeps 0.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing_in_panels_and_dialogs(
    page: Page, blog: Service, scheme: Scheme, width: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is missing: npm ci in widget/")
    give_surge(blog, "/posts/hello")
    blog.like("/x", voter(1), origin="https://www.blog.example")
    blog.like("/x", voter(1), origin="null")
    order(blog, "pages/block", page="/posts/hello")
    page.set_viewport_size({"width": width, "height": 720})
    page.emulate_media(color_scheme=scheme)
    open_dashboard(page, blog)
    expect(history(page)).to_have_count(1)
    assert axe_violations(page) == []
    dialog = edit(page, "/posts/hello")
    for summary in ("Set a count", "Rename", "Remove likes", "Unblock", "Delete"):
        form = tool(dialog, summary)
        if summary == "Rename":
            form.get_by_label("New address").fill("/posts/hello")
        form.get_by_role("button", name="Preview").click()
        expect(form.locator(":is(.refusal, .forecast):not(:empty)")).to_have_count(1)
        assert axe_violations(page) == []
        assert dialog.evaluate("(it) => it.scrollWidth <= it.clientWidth")
    form.get_by_role("button", name="Delete the page").click()
    expect_news(page, "Deleted /posts/hello (30 likes).")
    page.get_by_role("button", name="Undo number 2").click()
    assert axe_violations(page) == []
    assert not is_wider_than_the_screen(page)
