"""`<like-wise>` on a blog of its own origin, in a real browser, on a real service.

Requests are intercepted only to be lost, held up or refused as networks and proxies do.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Response,
    Route,
    expect,
)

from tests.browser.conftest import Site
from tests.browser.post import (
    AXE,
    CORS,
    COUNTS,
    EVENTS,
    LIKE,
    WIDGET,
    Blog,
    button,
    click,
    hold,
    html,
    like_by_others,
    pages_of,
    refused,
    requests,
    shows,
    stored,
    told,
)
from tests.conftest import StartService
from tests.service import Service

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "src" / "likewise" / "web" / "static" / "likes.js"
# A browser on this machine is a reader, not a proxy.
BY_PEER = {"LIKEWISE_TRUSTED_PROXIES": "none"}


@pytest.fixture
def blog(site: Site, service: Service) -> Blog:
    """Return a function that serves one page and returns its address."""

    def serve(
        body: str = "<like-wise></like-wise>", path: str = "/post/", csp: str = "", **kwargs: str
    ) -> str:
        headers = {"Content-Security-Policy": csp} if csp else {}
        return site({path: html(service, body, **kwargs)}, headers) + path

    return serve


# What a like is


def test_a_like_is_stored_shown_and_told(page: Page, blog: Blog, service: Service) -> None:
    page.add_init_script(EVENTS)
    page.goto(blog())
    shows(page, "0", liked=False)
    click(page)
    shows(page, "1", liked=True)
    assert service.count("/post") == 1
    ((name, detail),) = page.evaluate("said")
    assert name == "likewise:change"
    wanted = {"page": "/post", "kind": "like", "on": True, "count": 1}
    assert {key: detail[key] for key in wanted} == wanted


def test_a_like_can_be_taken_back(page: Page, blog: Blog, service: Service) -> None:
    page.goto(blog())
    click(page)
    click(page)
    shows(page, "0", liked=False)
    assert service.count("/post") == 0
    page.reload()
    shows(page, "0", liked=False)


def test_nothing_is_kept_before_a_click_and_one_random_voter_after(page: Page, blog: Blog) -> None:
    page.goto(blog('<like-wise page="/a"></like-wise><like-wise page="/b"></like-wise>'))
    shows(page, "0", liked=False)
    assert stored(page) == {}
    with requests(page, LIKE) as sent:
        click(page, 0)
        click(page, 1)
    voters = {json.loads(request.post_data or "")["voter"] for request in sent}
    assert voters == {stored(page)["likewise:voter"]}
    assert re.fullmatch(r"[\w-]{16,64}", voters.pop())
    assert page.context.cookies() == []


def test_requests_need_no_preflight_and_outlive_the_page(page: Page, blog: Blog) -> None:
    with requests(page, re.compile("/v1/")) as sent:
        page.goto(blog())
        click(page)
    assert [request.method for request in sent] == ["GET", "POST"]
    assert sent[1].headers["content-type"].startswith("text/plain")
    assert "keepalive: true" in (WIDGET / "src" / "likes" / "sender.ts").read_text(encoding="utf-8")


def test_rapid_clicks_become_one_request_in_flight_and_the_latest_wish(
    page: Page, blog: Blog, service: Service
) -> None:
    held = hold(page, LIKE, times=1)
    page.goto(blog())
    shows(page, "0", liked=False)
    for liked in (True, False, True, False):
        button(page).click()
        shows(page, "1" if liked else "0", liked=liked)
    assert len(held) == 1
    with page.expect_response(is_take_back):
        held[0].continue_()
    shows(page, "0", liked=False)
    assert service.count("/post") == 0


def is_take_back(response: Response) -> bool:
    body = response.request.post_data or ""
    return bool(LIKE.search(response.url)) and json.loads(body)["on"] is False


# Which page


@pytest.mark.parametrize(
    ("head", "body", "wanted"),
    [
        ("", "<like-wise></like-wise>", "/2024/caf%C3%A9/"),
        ("", '<like-wise page=""></like-wise>', "/2024/caf%C3%A9/"),
        ("", '<like-wise page="/other"></like-wise>', "/other"),
        ('<link rel="canonical" href="ORIGIN/bread/?x=1#y">', "<like-wise></like-wise>", "/bread/"),
        ('<link rel="canonical" href="/bread/">', "", "/bread/"),
        ('<link rel="canonical" href="//other.example/bread/">', "", "/2024/caf%C3%A9/"),
        ('<link rel="canonical">', "", "/2024/caf%C3%A9/"),
        ('<link rel="canonical" href="https://other.example/bread/">', "", "/2024/caf%C3%A9/"),
        ('<link rel="canonical" href="https://[nonsense">', "", "/2024/caf%C3%A9/"),
        ('<link rel="canonical" href="ORIGIN/bread/">', '<like-wise page="/x"></like-wise>', "/x"),
    ],
)
def test_the_page_is_the_attribute_the_canonical_address_of_this_host_or_the_path(
    page: Page, site: Site, service: Service, head: str, body: str, wanted: str
) -> None:
    pages: dict[str, str] = {}
    origin = site(pages)
    content = body or "<like-wise></like-wise>"
    pages["/2024/caf%C3%A9/"] = html(service, content, head=head.replace("ORIGIN", origin))
    with page.expect_request(COUNTS) as asked:
        page.goto(f"{origin}/2024/café/?utm_source=x#top")
    assert pages_of(asked.value) == [wanted]


def test_the_service_is_found_below_a_prefix(page: Page, site: Site, service: Service) -> None:
    asked: list[str] = []

    def strip(route: Route) -> None:
        asked.append(route.request.url)
        route.continue_(url=route.request.url.replace("/behind/a/proxy", ""))

    page.route("**/behind/a/proxy/**", strip)
    body = html(service, "<like-wise></like-wise>")
    body = body.replace("/likes.js", "/behind/a/proxy/likes.js?v=1")
    page.goto(site({"/": body}))
    shows(page, "0", liked=False)
    click(page)
    shows(page, "1", liked=True)
    assert [urlsplit(url).path for url in asked] == [
        "/behind/a/proxy/likes.js",
        "/behind/a/proxy/v1/counts",
        "/behind/a/proxy/v1/like",
    ]


@pytest.mark.parametrize("final", ["", "/"])
def test_the_attribute_api_names_another_service(
    page: Page, blog: Blog, start_service: StartService, final: str
) -> None:
    other = start_service()
    page.goto(blog(f'<like-wise api="{other.url}{final}"></like-wise>'))
    click(page)
    assert other.count("/post") == 1


def test_site_kind_and_sig_go_along(page: Page, site: Site, start_service: StartService) -> None:
    service = start_service(LIKEWISE_KINDS="like,star", LIKEWISE_DEMO="1")
    attributes = 'site="demo" kind="like" sig="abc" label="Gefällt mir"'
    page.goto(site({"/": html(service, f"<like-wise {attributes}></like-wise>")}))
    with requests(page, LIKE) as sent:
        click(page)
    body = json.loads(sent[0].post_data or "")
    wanted = {"site": "demo", "kind": "like", "sig": "abc", "on": True}
    assert {key: body[key] for key in wanted} == wanted
    assert service.count("/", site="demo") == 1
    expect(button(page)).to_have_accessible_name("Gefällt mir 1")


@pytest.mark.parametrize("kind", ["❤\ufe0f", "❤"])
def test_an_emoji_counts_with_and_without_its_variation_selector(
    page: Page, site: Site, start_service: StartService, kind: str
) -> None:
    service = start_service(LIKEWISE_KINDS="like,❤\ufe0f")
    page.goto(site({"/": html(service, f'<like-wise kind="{kind}"></like-wise>')}))
    shows(page, "0", liked=False)
    assert click(page)["kind"] == "❤"
    shows(page, "1", liked=True)


def test_without_a_kind_the_first_one_of_the_site_counts(
    page: Page, site: Site, start_service: StartService
) -> None:
    service = start_service(LIKEWISE_KINDS="star,like")
    like_by_others(service, "/", 2)
    body = '<like-wise></like-wise><like-wise kind="like"></like-wise>'
    page.goto(site({"/": html(service, body)}))
    shows(page, "2", liked=False)
    assert click(page)["counts"] == {"star": 3, "like": 0}
    shows(page, "3", liked=True)
    shows(page, "0", liked=False, nth=1)


def test_attributes_may_change_at_any_time(page: Page, blog: Blog, service: Service) -> None:
    like_by_others(service, "/b", 2)
    page.goto(blog('<like-wise page="/a"></like-wise>'))
    shows(page, "0", liked=False)
    click(page)
    page.locator("like-wise").evaluate("it => it.setAttribute('page', '/b')")
    shows(page, "2", liked=False)
    page.locator("like-wise").evaluate("it => it.setAttribute('page', '/a')")
    shows(page, "1", liked=True)
    page.locator("like-wise").evaluate("it => it.setAttribute('label', 'Star')")
    expect(button(page)).to_have_accessible_name("Star 1")


# Reading


def test_all_elements_ask_in_one_request_with_a_stable_address(
    page: Page, blog: Blog, service: Service
) -> None:
    like_by_others(service, "/b", 2)
    body = "".join(f'<like-wise page="/{name}"></like-wise>' for name in "cabacb")
    with requests(page, COUNTS) as asked:
        page.goto(blog(body))
        shows(page, "2", liked=False, nth=5)
    assert [pages_of(request) for request in asked] == [["/a", "/b", "/c"]]


def test_elements_that_come_while_the_page_is_parsed_ask_together(
    page: Page, blog: Blog, service: Service
) -> None:
    elements = "".join(f'<like-wise page="/{each}"></like-wise>' for each in range(60))
    # A script that is there before its elements: it is loaded at once and blocks the parser.
    head = f'<script src="{service.url}/likes.js"></script>'
    with requests(page, COUNTS) as asked:
        page.goto(blog("<p>text</p>" * 2000 + elements, head=head))
        shows(page, "0", liked=False, nth=59)
    assert [len(pages_of(request)) for request in asked] == [60]


def test_batches_hold_100_pages_and_6_kib(page: Page, blog: Blog) -> None:
    short = [f"/{each}" for each in range(130)]
    long = [f"/{each}/{'ü' * 60}" for each in range(60)]
    with requests(page, COUNTS) as asked:
        page.goto(blog("".join(f'<like-wise page="{name}"></like-wise>' for name in short + long)))
        shows(page, "0", liked=False, nth=189)
    assert sorted(name for request in asked for name in pages_of(request)) == sorted(short + long)
    assert all(len(pages_of(request)) <= 100 for request in asked)
    assert all(len(request.url) <= 6144 for request in asked)


def test_an_unknown_count_shows_nothing_and_takes_its_room(page: Page, blog: Blog) -> None:
    held = hold(page, COUNTS)
    page.goto(blog())
    shows(page, "", liked=False)
    before = button(page).bounding_box()
    told({"/post/": 128})(held[0])
    shows(page, "128", liked=False)
    # A digit's width is rounded once as a unit and once as text: less than a pixel may differ.
    assert button(page).bounding_box() == pytest.approx(before, abs=0.5)


@pytest.mark.parametrize("failure", ["lost", "html", "status"])
def test_a_failed_read_shows_nothing_and_the_button_still_works(
    page: Page, blog: Blog, failure: str
) -> None:
    def fail(route: Route) -> None:
        if failure == "lost":
            route.abort()
        elif failure == "html":
            route.fulfill(body="<h1>Bad gateway", headers=CORS, status=502)
        else:
            refused(503, "storage_unavailable")(route)

    page.route(COUNTS, fail)
    page.goto(blog())
    shows(page, "", liked=False)
    click(page)
    shows(page, "1", liked=True)


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ('lang="en"', "12,345"),
        ('lang="de"', "12.345"),
        ('lang="hi-IN"', "12,345"),
        ('lang="ar-EG"', "١٢٬٣٤٥"),
        ('lang="en_US"', "12,345"),
        ('lang="de_DE"', "12,345"),
    ],
)
def test_numbers_are_written_in_the_language_of_the_page(
    page: Page, blog: Blog, attributes: str, text: str
) -> None:
    page.route(COUNTS, told({"/post/": 12345}))
    page.goto(blog(attributes=attributes))
    shows(page, text, liked=False)


def test_a_page_back_from_the_cache_asks_anew(page: Page, blog: Blog) -> None:
    page.goto(blog())
    shows(page, "0", liked=False)
    page.route(COUNTS, told({"/post/": 5}))
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    shows(page, "5", liked=False)


# The reader's own state


def test_a_click_shows_at_once_and_a_late_answer_does_not_undo_it(page: Page, blog: Blog) -> None:
    reads = hold(page, COUNTS)
    writes = hold(page, LIKE)
    page.goto(blog())
    button(page).click()
    shows(page, "", liked=True)
    told({"/post/": 41})(reads[0])
    shows(page, "42", liked=True)
    writes[0].fulfill(
        body=json.dumps({"page": "/post", "kind": "like", "on": True, "count": 42}), headers=CORS
    )
    expect(page.locator("like-wise")).to_have_js_property("isConnected", True)
    shows(page, "42", liked=True)


@pytest.mark.parametrize("clicks", [1, 2])
@pytest.mark.parametrize("seconds", [0, 9, 80])
def test_an_own_like_is_newer_than_what_a_cache_says(
    page: Page, blog: Blog, clicks: int, seconds: int
) -> None:
    page.clock.install()
    page.route(COUNTS, told({"/post/": 41}))
    page.route(LIKE, answer_like(42))
    page.goto(blog())
    shows(page, "41", liked=False)
    for _ in range(clicks):
        button(page).click()
    liked = clicks == 1
    shows(page, "42" if liked else "41", liked=liked)
    if not liked:  # and now the cache still holds the like
        page.unroute(COUNTS)
        page.route(COUNTS, told({"/post/": 42}))
    page.clock.fast_forward(seconds * 1000)
    page.reload()
    shows(page, "42" if liked else "41", liked=liked)


def test_after_90_seconds_the_count_is_the_services_and_the_like_stays(
    page: Page, blog: Blog
) -> None:
    page.clock.install()
    page.route(COUNTS, told({"/post/": 41}))
    page.route(LIKE, answer_like(42))
    page.goto(blog())
    button(page).click()
    shows(page, "42", liked=True)
    page.unroute(COUNTS)
    page.route(COUNTS, told({"/post/": 57}))
    page.clock.fast_forward(91_000)
    page.reload()
    shows(page, "57", liked=True)


def answer_like(count: int) -> Callable[[Route], None]:
    """Confirm what is asked: a like makes it `count`, a take-back one less."""

    def answer(route: Route) -> None:
        body = json.loads(route.request.post_data or "")
        number = count if body["on"] else count - 1
        told_back = {"page": "/post", "kind": "like", "on": body["on"], "count": number}
        route.fulfill(body=json.dumps(told_back), headers=CORS, content_type="application/json")

    return answer


def test_two_buttons_of_one_page_and_another_tab_follow(page: Page, blog: Blog) -> None:
    address = blog("<like-wise></like-wise><like-wise></like-wise>")
    page.goto(address)
    tab = page.context.new_page()
    tab.goto(address)
    shows(tab, "0", liked=False)
    click(page)
    for each in (page, tab):
        shows(each, "1", liked=True)
        shows(each, "1", liked=True, nth=1)
    click(tab, 1)
    shows(page, "0", liked=False)


def test_a_moved_or_new_element_knows_its_state(page: Page, blog: Blog) -> None:
    page.goto(blog("<like-wise></like-wise><footer></footer>"))
    click(page)
    page.evaluate("document.querySelector('footer').append(document.querySelector('like-wise'))")
    shows(page, "1", liked=True)
    page.evaluate("document.body.append(document.querySelector('like-wise').cloneNode(true))")
    shows(page, "1", liked=True, nth=1)
    # Turbo and the like swap the whole body, and put a copy of the old one back.
    page.evaluate("document.body = document.body.cloneNode(true)")
    shows(page, "1", liked=True)
    click(page)
    shows(page, "0", liked=False)
    shows(page, "0", liked=False, nth=1)


def test_an_element_that_leaves_during_a_request_keeps_its_like(
    page: Page, blog: Blog, service: Service
) -> None:
    page.goto(blog())
    held = hold(page, LIKE)
    button(page).click()
    expect(button(page)).to_have_attribute("aria-pressed", "true")
    page.evaluate("window.gone = document.querySelector('like-wise'); gone.remove()")
    with page.expect_response(LIKE):
        held[0].continue_()
    page.evaluate("document.body.append(gone)")
    shows(page, "1", liked=True)
    assert service.count("/post") == 1


@pytest.mark.parametrize("element", ['page="/2024/hello/"', 'page="/other/hello"'])
def test_a_like_of_the_articles_client_is_shown_and_can_be_taken_back(
    page: Page, blog: Blog, element: str
) -> None:
    page.add_init_script("""if (!localStorage.length)
      localStorage.setItem('mxlit_liked_hello', 'true');""")
    page.goto(blog(f'<like-wise {element}></like-wise><like-wise page="/x"></like-wise>'))
    shows(page, "0", liked=True)
    shows(page, "0", liked=False, nth=1)
    with requests(page, LIKE) as sent:
        click(page)
    assert json.loads(sent[0].post_data or "")["on"] is False
    shows(page, "0", liked=False)
    page.reload()
    shows(page, "0", liked=False)


@pytest.mark.parametrize("storage", ["blocked", "null", "full"])
def test_without_storage_a_like_holds_for_the_visit(
    page: Page, blog: Blog, service: Service, storage: str
) -> None:
    if storage == "blocked":
        page.add_init_script("""Object.defineProperty(window, 'localStorage', {
          get() { throw new DOMException('no', 'SecurityError'); } });""")
    elif storage == "null":  # as in an Android web view without DOM storage
        page.add_init_script("Object.defineProperty(window, 'localStorage', { value: null });")
    address = blog()
    page.goto(address)
    if storage == "full":
        page.evaluate("""for (let size = 2 ** 22; size >= 1; size /= 2)
          try { for (;;) localStorage[`${size}-${Math.random()}`] = 'x'.repeat(size); } catch {}""")
    click(page)
    shows(page, "1", liked=True)
    click(page)
    click(page)
    shows(page, "1", liked=True)
    assert service.count("/post") == 1


# Refusals


def test_a_refused_like_is_rolled_back_and_said(page: Page, blog: Blog) -> None:
    page.add_init_script(EVENTS)
    page.route(LIKE, refused())
    page.goto(blog())
    shows(page, "0", liked=False)
    click(page)
    expect(page.get_by_role("status")).to_have_text("That was enough for today.")
    shows(page, "0", liked=False)
    ((name, detail),) = page.evaluate("said")
    assert (name, detail["code"]) == ("likewise:error", "too_many")
    assert detail["message"] == "That was enough for today."
    page.unroute(LIKE)
    page.reload()
    shows(page, "0", liked=False)
    click(page)
    shows(page, "1", liked=True)


def test_a_refusal_that_says_nothing_is_no_change(page: Page, blog: Blog) -> None:
    page.add_init_script(EVENTS)
    page.route(
        LIKE,
        lambda route: route.fulfill(
            status=403, body='{"error": "no"}', headers=CORS, content_type="application/json"
        ),
    )
    page.goto(blog())
    click(page)
    shows(page, "0", liked=False)
    assert [name for name, _ in page.evaluate("said")] == ["likewise:error"]


def test_a_refused_take_back_stays_liked(page: Page, blog: Blog) -> None:
    page.goto(blog())
    click(page)
    page.route(LIKE, refused(400, "bad_request", ""))
    click(page)
    shows(page, "1", liked=True)
    expect(page.get_by_role("status")).to_have_text("That was enough for today.")


def test_the_live_region_is_polite_and_takes_no_room(page: Page, blog: Blog) -> None:
    page.route(LIKE, refused())
    page.goto(blog())
    before = page.locator("like-wise").bounding_box()
    click(page)
    expect(page.get_by_role("status")).to_have_text("That was enough for today.")
    assert page.locator("like-wise").bounding_box() == before
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_a_limit_of_the_service_rolls_back_and_names_itself(
    page: Page, site: Site, start_service: StartService
) -> None:
    service = start_service(LIKEWISE_LIMITS="day=2,burst=9/1s", **BY_PEER)
    like_by_others(service, "/", 2)
    page.goto(site({"/": html(service, "<like-wise></like-wise>")}))
    shows(page, "2", liked=False)
    problem = click(page)
    assert problem["code"] == "too_many"
    shows(page, "2", liked=False)
    expect(page.get_by_role("status")).to_have_text(problem["detail"])


def test_a_short_limit_is_waited_out_in_silence(
    page: Page, site: Site, start_service: StartService
) -> None:
    service = start_service(LIKEWISE_LIMITS="burst=1/2s", **BY_PEER)
    page.add_init_script(EVENTS)
    page.goto(site({"/": html(service, "<like-wise></like-wise>")}))
    shows(page, "0", liked=False)
    like_by_others(service, "/", 1)
    assert click(page)["code"] == "too_many"
    shows(page, "1", liked=True)
    # However often it is refused until then.
    with page.expect_response(lambda answer: bool(LIKE.search(answer.url)) and answer.ok):
        pass
    shows(page, "2", liked=True)
    assert [name for name, _ in page.evaluate("said")] == ["likewise:change"]


def test_a_page_that_may_not_write_is_read_only_and_the_console_names_the_setting(
    page: Page, site: Site, start_service: StartService
) -> None:
    service = start_service(LIKEWISE_ORIGINS="https://blog.example")
    said: list[ConsoleMessage] = []
    page.on("console", lambda line: said.append(line))  # noqa: PLW0108 (Playwright marks it)
    page.goto(site({"/": html(service, "<like-wise></like-wise>")}))
    shows(page, "0", liked=False)
    click(page)
    expect(button(page)).to_have_attribute("aria-disabled", "true")
    shows(page, "0", liked=False)
    assert [line.type for line in said if "LIKEWISE_ORIGINS" in line.text] == ["warning"]
    with requests(page, LIKE) as sent:
        button(page).click(force=True)
        page.wait_for_timeout(100)
    assert sent == []
    expect(button(page)).to_be_focused()


def test_a_readonly_element_takes_no_click_until_it_may(page: Page, blog: Blog) -> None:
    page.goto(blog("<like-wise readonly></like-wise>"))
    expect(button(page)).to_have_attribute("aria-disabled", "true")
    button(page).click(force=True)
    shows(page, "0", liked=False)
    assert stored(page) == {}
    page.locator("like-wise").evaluate("it => it.removeAttribute('readonly')")
    click(page)
    shows(page, "1", liked=True)


# Lost requests


@pytest.mark.parametrize("failure", ["lost", "status", "html"])
def test_an_unknown_outcome_is_tried_again(
    page: Page, blog: Blog, service: Service, failure: str
) -> None:
    failures = iter(range(2))

    def fail_twice(route: Route) -> None:
        if next(failures, None) is None:
            route.continue_()
        elif failure == "lost":
            route.abort()
        elif failure == "status":
            refused(503, "storage_unavailable", "")(route)
        else:  # as an edge refuses: unreadable
            route.fulfill(status=429, body="<h1>Too many")

    page.clock.install()
    page.route(LIKE, fail_twice)
    page.goto(blog())
    shows(page, "0", liked=False)
    with requests(page, LIKE) as sent:
        button(page).click()
        for _ in range(40):
            page.clock.run_for(500)
            if len(sent) == 3:
                break
    shows(page, "1", liked=True)
    page.wait_for_function("!JSON.stringify(localStorage).includes('false,true')")
    assert service.count("/post") == 1
    assert len({request.post_data for request in sent}) == 1


def test_pauses_grow(page: Page, blog: Blog) -> None:
    page.clock.install()
    page.add_init_script("Math.random = () => 0.5;")
    page.route(LIKE, lambda route: route.abort())
    page.goto(blog())
    times: list[int] = []
    page.on("requestfailed", lambda _: times.append(page.evaluate("Date.now()")))
    button(page).click()
    for _ in range(100):
        page.clock.run_for(200)
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert len(pauses) in {3, 4}
    assert pauses[-1] >= 4 * pauses[0]


def test_a_like_given_offline_is_sent_when_the_network_is_back(
    page: Page, blog: Blog, service: Service
) -> None:
    page.goto(blog())
    shows(page, "0", liked=False)
    page.context.set_offline(offline=True)
    button(page).click()
    shows(page, "1", liked=True)
    page.wait_for_timeout(300)
    with page.expect_response(LIKE):
        page.context.set_offline(offline=False)
    assert service.count("/post") == 1
    shows(page, "1", liked=True)


def test_a_like_that_could_not_be_sent_is_sent_at_the_next_visit(
    page: Page, blog: Blog, service: Service
) -> None:
    address = blog()
    page.route(LIKE, lambda route: route.abort())
    page.goto(address)
    button(page).click()
    shows(page, "1", liked=True)
    page.goto("about:blank")
    page.unroute(LIKE)
    with page.expect_response(LIKE):
        page.goto(address)
    shows(page, "1", liked=True)
    assert service.count("/post") == 1


def test_a_like_is_stored_though_the_reader_leaves_at_once(
    page: Page, blog: Blog, service: Service
) -> None:
    address = blog()
    page.goto(address)
    shows(page, "0", liked=False)
    page.evaluate("""document.querySelector('like-wise').shadowRoot.querySelector('button').click();
      location.href = 'about:blank'""")
    page.wait_for_url("about:blank")
    for _ in range(50):
        if service.count("/post"):
            break
        page.wait_for_timeout(50)
    assert service.count("/post") == 1


# The guest's manners


STRICT = (
    "default-src 'none'; script-src {0}; connect-src {0}; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


def test_a_strict_policy_is_kept(page: Page, blog: Blog, service: Service) -> None:
    violations: list[str] = []
    page.on("console", lambda said: violations.append(said.text) if "Policy" in said.text else None)
    page.add_init_script("""window.violations = [];
      addEventListener('securitypolicyviolation', (event) => violations.push(event.blockedURI));""")
    page.goto(blog(csp=STRICT.format(service.url)))
    click(page)
    shows(page, "1", liked=True)
    assert page.evaluate("violations") == []
    assert violations == []


def test_two_scripts_define_one_element(page: Page, blog: Blog, service: Service) -> None:
    twice = f'<script src="{service.url}/likes.js"></script>' * 2
    with requests(page, COUNTS) as asked:
        page.goto(blog(head=twice))
        click(page)
    shows(page, "1", liked=True)
    assert len(asked) == 1


def test_without_script_the_text_inside_is_shown(browser: Browser, blog: Blog) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(blog("<like-wise>Write to me</like-wise>"))
    expect(page.get_by_text("Write to me")).to_be_visible()
    context.close()


def test_with_script_the_text_inside_is_not_shown(page: Page, blog: Blog) -> None:
    page.goto(blog("<like-wise>Write to me</like-wise>"))
    expect(button(page)).to_be_visible()
    places: int = page.locator("like-wise").evaluate("""(it) => {
      const text = document.createRange();
      text.selectNodeContents(it);
      return text.getClientRects().length;
    }""")
    assert places == 0


def test_the_button_submits_no_form_and_a_hidden_element_is_hidden(page: Page, blog: Blog) -> None:
    body = "<form action=/nowhere><like-wise></like-wise></form><like-wise hidden></like-wise>"
    page.goto(blog(body))
    click(page)
    shows(page, "1", liked=True)
    assert "/nowhere" not in page.url
    expect(page.locator("like-wise").nth(1).locator("button")).to_be_hidden()


def test_parts_and_properties_style_the_button(page: Page, blog: Blog) -> None:
    head = """<style>like-wise { --likewise-color: rgb(0, 128, 0); --likewise-size: 2 }
      ::part(button) { border-radius: 4px } ::part(count) { font-weight: 700 }
      like-wise[liked]::part(icon) { opacity: 0.5 }</style>"""
    page.goto(blog(head=head))
    small = button(page).bounding_box()
    click(page)
    shows(page, "1", liked=True)
    looks = page.locator("like-wise").evaluate("""(it) => ['button', 'count', 'icon'].map((part) =>
      getComputedStyle(it.shadowRoot.querySelector(`[part=${part}]`)))
      .map(({ borderRadius, fontWeight, opacity, color }) =>
        [borderRadius, fontWeight, opacity, color])""")
    assert looks[0][0] == "4px"
    assert looks[1][1] == "700"
    assert looks[2][2:] == ["0.5", "rgb(0, 128, 0)"]
    assert small
    assert small["height"] == 88


# For everybody


def test_keyboard_and_focus(page: Page, blog: Blog) -> None:
    page.goto(blog("<a href=#>first</a> <like-wise></like-wise>"))
    shows(page, "0", liked=False)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(button(page)).to_be_focused()
    assert button(page).evaluate("it => getComputedStyle(it).outlineStyle") != "none"
    for key, count in (("Space", "1"), ("Enter", "0")):
        with page.expect_response(LIKE):
            page.keyboard.press(key)
        shows(page, count, liked=count == "1")
        expect(button(page)).to_be_focused()
    page.evaluate("document.activeElement.blur(); document.querySelector('like-wise').focus()")
    expect(button(page)).to_be_focused()


def test_the_name_says_what_is_seen_and_not_the_state(page: Page, blog: Blog) -> None:
    page.goto(blog())
    expect(button(page)).to_have_accessible_name("Like 0")
    click(page)
    expect(button(page)).to_have_accessible_name("Like 1")
    expect(button(page)).to_have_attribute("type", "button")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, blog: Blog, scheme: Literal["light", "dark"]) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is missing: npm ci in widget/")
    body = """<h1>A post</h1><p>Text <like-wise page=/a></like-wise><like-wise page=/b></like-wise>
      <like-wise page=/c readonly></like-wise>"""
    head = "<style>:root { color-scheme: light dark }</style>"
    page.emulate_media(color_scheme=scheme)
    page.goto(blog(body, head=head))
    click(page)
    page.route(LIKE, refused())
    click(page, 1)
    expect(page.get_by_role("status").nth(1)).not_to_be_empty()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[Any] = page.evaluate("axe.run().then(({ violations }) => violations)")
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_the_target_is_large_and_the_state_is_more_than_colour(page: Page, blog: Blog) -> None:
    page.goto(blog())
    shows(page, "0", liked=False)
    box = button(page).bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 44
    icon = page.locator("like-wise").locator("[part=icon]")
    outline = icon.evaluate("it => getComputedStyle(it).clipPath")
    click(page)
    shows(page, "1", liked=True)
    assert icon.evaluate("it => getComputedStyle(it).clipPath") != outline


def test_forced_colours_show_the_heart_in_the_colour_of_text(page: Page, blog: Blog) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(blog())
    click(page)
    shows(page, "1", liked=True)
    colours = page.locator("like-wise").evaluate("""(it) => ['icon', 'count'].map((part) =>
      getComputedStyle(it.shadowRoot.querySelector(`[part=${part}]`)).color)""")
    assert colours[0] == colours[1]


def test_nothing_moves_by_itself(page: Page, blog: Blog) -> None:
    page.goto(blog())
    click(page)
    assert page.locator("like-wise").evaluate("it => it.shadowRoot.getAnimations().length") == 0


def test_right_to_left_puts_the_heart_first(page: Page, blog: Blog) -> None:
    page.goto(blog(attributes='lang="ar" dir="rtl"'))
    shows(page, "0", liked=False)
    places = page.locator("like-wise").evaluate("""(it) => ['icon', 'count'].map((part) =>
      it.shadowRoot.querySelector(`[part=${part}]`).getBoundingClientRect().x)""")
    assert places[0] > places[1]


@pytest.mark.parametrize("background", [(255, 255, 255), (18, 18, 18)])
def test_the_heart_stands_out_on_light_and_dark(background: tuple[int, ...]) -> None:
    style = (WIDGET / "src" / "likes" / "button.css").read_text(encoding="utf-8")
    found = re.search(r"--likewise-color, #(\w{3})\)", style)
    assert found
    pill = tuple(0.8 * each + 0.2 * 0x88 for each in background)
    heart = tuple(int(digit * 2, 16) for digit in found[1])
    assert contrast(heart, pill) >= 3


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2)."""
    lights = sorted(map(luminance, (one, other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def luminance(colour: tuple[float, ...]) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    parts = [each / 255 for each in colour]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# The file


def test_the_script_weighs_at_most_2_kib() -> None:
    size = len(gzip.compress(BUILT.read_bytes(), 9))
    print(f"likes.js: {size} bytes")  # noqa: T201
    assert size <= 2048


def test_the_script_is_what_its_source_makes() -> None:
    if not (WIDGET / "node_modules" / "esbuild").exists() or not shutil.which("npm"):
        pytest.skip("the widget's tools are missing: npm ci in widget/")
    done = subprocess.run(
        ["npm", "run", "--silent", "fresh"], cwd=WIDGET, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_no_markup_is_parsed() -> None:
    script = BUILT.read_text(encoding="utf-8")
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "DOMParser", "eval(", "Function("):
        assert sink not in script
