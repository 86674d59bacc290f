"""The owner's dashboard in a real browser, on a real service, with what strangers leave there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.owner import (
    AXE,
    HOSTILE,
    SITE,
    TOUCH,
    Scheme,
    axe_violations,
    expect_names,
    give_likes,
    is_wider_than_the_screen,
    names,
    open_dashboard,
    send_key,
    watched,
)
from tests.conftest import StartService
from tests.service import Service


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page that must neither ask the owner anything nor break its own policy."""
    with watched(page):
        yield page


def test_the_admin_key_opens_the_dashboard(page: Page, blog: Service) -> None:
    give_likes(blog, "/posts/hello", 3)
    page.goto(f"{blog.url}/dashboard")
    expect(page).to_have_title("Sign in · Likewise")
    expect(page.get_by_label("Admin key")).to_be_focused()
    page.keyboard.type(blog.admin_key)
    page.keyboard.press("Enter")
    expect(page.get_by_role("table")).to_be_visible()
    expect(page).to_have_title("Dashboard · Likewise")
    expect(page.locator("#totals")).to_have_text(re.compile(r"Pages\s*1\s*Likes\s*3\s*\+3 today"))
    expect(page.get_by_role("row", name="/posts/hello 3")).to_be_visible()


def test_a_wrong_key_is_named_as_such_and_cleared(page: Page, blog: Service) -> None:
    page.goto(f"{blog.url}/dashboard")
    send_key(page, "not the key, but as long as one")
    expect(page.get_by_role("alert")).to_have_text("This is not the admin key.")
    field = page.get_by_label("Admin key")
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    send_key(page, blog.admin_key)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_too_many_wrong_keys_are_told_how_long_to_wait(page: Page, blog: Service) -> None:
    page.goto(f"{blog.url}/dashboard")
    for _ in range(20):
        blog.request("GET", "/api/summary", headers={"X-API-Key": "wrong"})
    send_key(page, "wrong")
    told = re.compile(r"^Too many wrong keys\. Try again in \d+ seconds?\.$")
    expect(page.get_by_role("alert")).to_have_text(told)
    send_key(page, blog.admin_key)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_an_address_that_is_not_the_services_own_is_told_the_setting(
    page: Page, blog: Service
) -> None:
    page.goto(f"{blog.url}/dashboard")
    refusal = {"code": "origin_refused", "detail": "Set LIKEWISE_URL to <b>this</b> address."}
    page.route("**/api/login", lambda route: route.fulfill(status=403, json=refusal))
    send_key(page, blog.admin_key)
    expect(page.get_by_role("alert")).to_have_text("Set LIKEWISE_URL to <b>this</b> address.")


def test_a_service_that_is_gone_is_told(page: Page, blog: Service) -> None:
    page.goto(f"{blog.url}/dashboard")
    page.get_by_label("Admin key").fill(blog.admin_key)
    blog.stop()
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The service cannot be reached. Is it running?")
    blog.start()
    send_key(page, blog.admin_key)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_proxy_without_its_service_is_told(page: Page, blog: Service) -> None:
    page.goto(f"{blog.url}/dashboard")
    page.route("**/api/login", lambda route: route.fulfill(status=502, body="<h1>Bad gateway"))
    send_key(page, blog.admin_key)
    expect(page.get_by_role("alert")).to_contain_text("its proxy says 502")


def test_the_key_stays_nowhere_that_a_script_can_read(page: Page, blog: Service) -> None:
    posted: list[str] = []
    page.on("request", lambda request: posted.append(f"{request.method} {request.url}"))
    open_dashboard(page, blog)
    kept = page.evaluate("""() => JSON.stringify([
        {...localStorage}, {...sessionStorage}, document.cookie, location.href, history.state,
        window.name, document.documentElement.outerHTML,
        [...document.querySelectorAll('input')].map((input) => input.value),
        Object.keys(window).map((name) => String(window[name])),
    ])""")
    assert blog.admin_key not in kept
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("indexedDB.databases()") == []
    assert not any(blog.admin_key in line for line in posted)
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert blog.admin_key not in cookie["value"]


def test_signing_out_ends_the_session_and_clears_what_was_shown(page: Page, blog: Service) -> None:
    give_likes(blog, "/secret-draft")
    open_dashboard(page, blog)
    expect_names(page, ["/secret-draft"])
    (cookie,) = page.context.cookies()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Admin key")).to_be_focused()
    expect(page.get_by_role("alert")).to_have_text("You are signed out.")
    assert "secret-draft" not in page.content()
    stolen = {"Cookie": f"{cookie['name']}={cookie['value']}"}
    assert blog.request("GET", "/api/summary", headers=stolen).status == 401
    page.reload()
    expect(page.get_by_label("Admin key")).to_be_visible()


def test_a_session_that_ended_leads_back_to_the_form_and_on_to_the_same_view(
    page: Page, blog: Service
) -> None:
    give_likes(blog, "/a")
    give_likes(blog, "/b", 2)
    open_dashboard(page, blog)
    expect_names(page, ["/b", "/a"])
    blog.restart()
    page.get_by_role("button", name="Page").click()
    expect(page.get_by_role("alert")).to_have_text("Your session has ended. Sign in to go on.")
    send_key(page, blog.admin_key)
    expect_names(page, ["/a", "/b"])


def test_a_browser_without_cookies_is_told(page: Page, blog: Service) -> None:
    page.goto(f"{blog.url}/dashboard")
    page.route("**/api/login", lambda route: route.fulfill(status=200, json={"expires_in": 1}))
    send_key(page, blog.admin_key)
    expect(page.get_by_role("alert")).to_contain_text("did not keep the sign-in cookie")


def test_pages_are_linked_where_the_service_knows_their_address(page: Page, blog: Service) -> None:
    give_likes(blog, "/café/")
    give_likes(blog, "hello-world")
    open_dashboard(page, blog)
    link = page.get_by_role("link", name="/café")
    expect(link).to_have_attribute("href", f"{SITE}/caf%C3%A9")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(link).to_have_attribute("target", "_blank")
    expect(page.get_by_role("row", name="hello-world 1")).to_be_visible()
    expect(page.get_by_role("link", name="hello-world")).to_have_count(0)
    page.context.route(f"{SITE}/**", lambda route: route.fulfill(body="the post"))
    with page.expect_popup() as popup:
        link.click()
    assert popup.value.text_content("body") == "the post"
    assert popup.value.evaluate("opener") is None
    assert popup.value.evaluate("document.referrer") == ""


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil", "", 7, None])
def test_an_address_of_another_scheme_is_never_linked(
    page: Page, blog: Service, url: object
) -> None:
    """Even if the service were wrong about it one day."""
    rows = {"total": 1, "pages": [{"page": "/x", "url": url, "counts": {"like": 1}}]}
    give_likes(blog, "/x")
    page.route("**/api/pages?**", lambda route: route.fulfill(json=rows))
    open_dashboard(page, blog)
    expect_names(page, ["/x"])
    expect(page.locator("#rows a")).to_have_count(0)


def test_hostile_page_ids_are_shown_as_text_and_harm_nothing(page: Page, blog: Service) -> None:
    for hostile in HOSTILE:
        give_likes(blog, hostile)
    page.set_viewport_size({"width": 320, "height": 640})
    open_dashboard(page, blog, "?sort=page")
    stored = [row["page"] for row in blog.owner("/api/pages?sort=page").json["pages"]]
    assert len(stored) == len(HOSTILE)
    expect_names(page, stored)
    assert page.locator("#rows :not(tr, th, td, a, bdi, td > button)").count() == 0
    assert not is_wider_than_the_screen(page)
    for link in page.locator("#rows a").all():
        assert str(link.get_attribute("href")).startswith(f"{SITE}/")
    page.locator("#rows :is(bdi, button)").evaluate_all(TOUCH)
    assert page.evaluate("getComputedStyle(document.body).display") == "flex"
    for row in page.locator("#rows tr").all():
        box = row.bounding_box()
        assert box is not None
        assert box["height"] < 1200


@pytest.mark.parametrize("hostile", HOSTILE[:4])
def test_hostile_words_in_address_and_search_are_text(
    page: Page, blog: Service, hostile: str
) -> None:
    give_likes(blog, "/x")
    open_dashboard(page, blog, f"?search={quote(hostile)}")
    expect(page.get_by_role("status")).to_have_text(f"No page has “{hostile}” in its name.")
    expect(page.get_by_role("searchbox")).to_have_value(hostile)


def test_search_is_asked_of_the_service_once_typing_pauses(page: Page, blog: Service) -> None:
    for name in ("/posts/bread", "/posts/butter", "/notes/bread"):
        give_likes(blog, name)
    open_dashboard(page, blog)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("searchbox", name="Search pages").press_sequentially("bread", delay=20)
    expect_names(page, ["/notes/bread", "/posts/bread"])
    expect(page.get_by_role("status")).to_have_text("2 pages")
    assert page.url.endswith("/dashboard?search=bread")
    assert len([url for url in asked if "/api/" in url]) == 1
    page.reload()
    expect_names(page, ["/notes/bread", "/posts/bread"])
    page.get_by_role("searchbox").fill("")
    expect(page.locator("#rows tr")).to_have_count(3)
    assert page.url.endswith("/dashboard")


def test_an_older_answer_never_replaces_a_newer_one(page: Page, blog: Service) -> None:
    for name in ("/slow", "/swift"):
        give_likes(blog, name)
    open_dashboard(page, blog)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/pages?*search=slow*", hold)
    page.get_by_role("searchbox").fill("slow")
    page.wait_for_url("**/dashboard?search=slow")
    page.get_by_role("searchbox").fill("swift")
    expect_names(page, ["/swift"])
    for route in held:
        route.continue_()
    page.wait_for_timeout(200)
    assert names(page) == ["/swift"]


def test_columns_sort_and_say_so(page: Page, blog: Service) -> None:
    for name, likes in (("/a", 1), ("/b", 3), ("/c", 2)):
        give_likes(blog, name, likes)
    open_dashboard(page, blog)
    by_page = page.get_by_role("columnheader", name="Page")
    by_likes = page.get_by_role("columnheader", name="Likes")
    expect_names(page, ["/b", "/c", "/a"])
    expect(by_likes).to_have_attribute("aria-sort", "descending")
    by_page.get_by_role("button").click()
    expect_names(page, ["/a", "/b", "/c"])
    expect(by_page).to_have_attribute("aria-sort", "ascending")
    expect(by_likes).not_to_have_attribute("aria-sort", re.compile(""))
    expect(by_page.get_by_role("button")).to_be_focused()
    assert page.url.endswith("/dashboard?sort=page")
    page.go_back()
    expect_names(page, ["/b", "/c", "/a"])
    page.go_forward()
    expect_names(page, ["/a", "/b", "/c"])


def test_long_lists_come_in_parts(page: Page, blog: Service) -> None:
    expected = [f"/posts/{number:03}" for number in range(120)]
    for name in expected:
        give_likes(blog, name)
    open_dashboard(page, blog, "?sort=page&page=2")
    status = page.get_by_role("status")
    expect_names(page, expected[50:100])
    expect(status).to_have_text("51 to 100 of 120 pages")
    following, former = (page.get_by_role("button", name=name) for name in ("Next", "Previous"))
    following.click()
    expect_names(page, expected[100:])
    assert page.url.endswith("?sort=page&page=3")
    expect(following).to_have_attribute("aria-disabled", "true")
    expect(following).to_be_focused()
    following.press("Enter")
    former.click()
    former.click()
    expect_names(page, expected[:50])
    assert page.url.endswith("?sort=page")
    page.get_by_role("searchbox").fill("/posts/11")
    expect_names(page, expected[110:])
    expect(page.get_by_role("navigation")).to_be_hidden()
    page.goto(f"{blog.url}/dashboard?sort=page&page=999999999")
    expect_names(page, expected[100:])
    assert page.url.endswith("?sort=page&page=3")


def test_sites_and_kinds_have_their_own_counts(page: Page, tmp_path: Path) -> None:
    (tmp_path / "likewise.toml").write_text(
        '[sites.notes]\nurl = "https://notes.example"\nkinds = ["❤️", "🎉", "clap"]\n'
        'origins = ["http://localhost:1313"]\n'
    )
    with Service(tmp_path) as service:
        give_likes(service, "/post")
        give_likes(service, "/note", 2, site="notes", kind="🎉")
        give_likes(service, "/loved", site="notes", kind="❤️")
        open_dashboard(page, service)
        expect_names(page, ["/post"])
        page.get_by_label("Site").select_option("notes")
        expect_names(page, ["/loved", "/note"])
        page.get_by_role("button", name="🎉").click()
        expect_names(page, ["/note", "/loved"])
        expect(page.get_by_role("row", name="/note 0 2 0")).to_be_visible()
        assert page.evaluate("Object.fromEntries(new URLSearchParams(location.search))") == {
            "site": "notes",
            "kind": "🎉",
        }
        expect(page.get_by_role("link", name="/note")).to_have_attribute(
            "href", "https://notes.example/note"
        )
        page.set_viewport_size({"width": 320, "height": 640})
        assert not is_wider_than_the_screen(page)
        expect(page.get_by_role("row", name="/note")).to_be_visible()
        page.goto(f"{service.url}/dashboard?site=gone")
        expect_names(page, ["/post"])
        page.goto(f"{service.url}/dashboard?kind=gone")
        expect_names(page, ["/post"])


def test_a_new_site_is_shown_what_to_paste(page: Page, blog: Service) -> None:
    open_dashboard(page, blog)
    expect(page.get_by_role("heading", name="No likes yet")).to_be_visible()
    expect(page.locator("figure code")).to_have_text(
        f'<script async src="{blog.url}/likes.js"></script>\n<like-wise></like-wise>'
    )
    expect(page.get_by_role("table")).to_be_hidden()


def test_a_new_site_of_several_kinds_is_shown_a_tag_with_those_that_all_may_see(
    page: Page, tmp_path: Path
) -> None:
    (tmp_path / "likewise.toml").write_text(
        'LIKEWISE_KINDS = ["like", "🎉", "no"]\n[kinds.no]\nprivate = true\n', encoding="utf-8"
    )
    with Service(tmp_path) as service:
        open_dashboard(page, service)
        expect(page.locator(".snippet code")).to_contain_text('<like-wise kind="like 🎉">')


def test_at_a_host_of_its_own_it_shows_the_address_that_readers_use(
    page: Page, start_service: StartService
) -> None:
    service = start_service(
        LIKEWISE_ADMIN_HOST="127.0.0.1", LIKEWISE_URL="https://likes.example.com"
    )
    open_dashboard(page, service)
    expect(page.locator(".snippet code")).to_contain_text(
        '<script async src="https://likes.example.com/likes.js"></script>'
    )


def test_a_failure_is_told_and_can_be_tried_again(page: Page, blog: Service) -> None:
    give_likes(blog, "/x")
    open_dashboard(page, blog)
    problem = {"code": "storage_unavailable", "detail": "The storage cannot be read just now."}
    page.route("**/api/pages?**", lambda route: route.fulfill(status=503, json=problem))
    page.get_by_role("button", name="Page").click()
    expect(page.get_by_role("alert")).to_contain_text("The storage cannot be read just now.")
    page.unroute("**/api/pages?**")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_be_hidden()
    expect_names(page, ["/x"])


def test_the_dashboard_works_below_a_prefix(page: Page, blog: Service) -> None:
    """As behind a proxy that serves it at /likes/ and strips that."""
    give_likes(blog, "/x")

    def strip(route: Route) -> None:
        response = route.fetch(url=route.request.url.replace("/below/a/prefix", ""))
        route.fulfill(response=response)

    page.route("**/*", lambda route: route.abort())
    page.route("**/below/a/prefix/**", strip)
    page.goto(f"{blog.url}/below/a/prefix/dashboard")
    send_key(page, blog.admin_key)
    expect_names(page, ["/x"])
    expect(page.get_by_role("region", name="Health")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    page: Page, blog: Service, scheme: Scheme, width: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is missing: npm ci in widget/")
    page.set_viewport_size({"width": width, "height": 720})
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{blog.url}/dashboard")
    send_key(page, "wrong")
    expect(page.get_by_role("alert")).not_to_be_empty()
    assert axe_violations(page) == []
    send_key(page, blog.admin_key)
    expect(page.get_by_role("heading", name="No likes yet")).to_be_visible()
    assert axe_violations(page) == []
    give_likes(blog, "/posts/hello", 2)
    page.reload()
    expect_names(page, ["/posts/hello"])
    assert axe_violations(page) == []
    assert not is_wider_than_the_screen(page)


def test_everything_can_be_reached_and_seen_with_the_keyboard(page: Page, blog: Service) -> None:
    for number in range(51):
        give_likes(blog, f"/{number:02}")
    open_dashboard(page, blog, "?sort=page")
    expect(page.locator("#rows tr")).to_have_count(50)
    reached = []
    for _ in range(106):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        reached.append(
            (focused.text_content() or "").strip() or focused.get_attribute("placeholder")
        )
        assert focused.evaluate("(it) => getComputedStyle(it).outlineStyle") == "solid"
    links = [f"/{number:02}" for number in range(50)]
    assert reached[:5] + reached[-3:] == [
        "Search pages",
        "Page",
        "Likes",
        "/00",
        "Edit",
        "Previous",
        "Next",
        "History",
    ]
    assert [text for text in reached if text in links] == links


def test_all_of_it_weighs_less_than_thirty_five_kilobytes(page: Page, blog: Service) -> None:
    sizes: dict[str, int] = {}
    page.on(
        "requestfinished",
        lambda request: sizes.update({request.url: request.sizes()["responseBodySize"]}),
    )
    open_dashboard(page, blog)
    files = {url: size for url, size in sizes.items() if "/api/" not in url}
    assert len(files) > 5
    assert sum(files.values()) < 35_000, json.dumps(files, indent=2)
