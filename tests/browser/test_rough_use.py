"""The second script in rough hands: real keys, slow networks, spoilt storage, odd answers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.post import CORS, COUNTS, LIKE, Blog, button, hold, refused, requests, shows
from tests.browser.test_reactions import CLAP, HELPFUL, SECOND, VOTE, blog, choice, give, stands
from tests.conftest import StartService
from tests.service import Service

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


def clap(page: Page, times: int) -> None:
    click_all = "(it, times) => { for (let nth = 0; nth < times; nth++) it.click(); }"
    choice(page, "Clap").evaluate(click_all, times)


def is_agreed(page: Page, claps: int | str) -> None:
    """Wait until the service has confirmed so many."""
    page.wait_for_function(
        "claps => Object.values(localStorage).some(it => it.startsWith(`${claps},${claps},`))",
        arg=claps,
    )


def test_claps_that_a_reload_cut_off_are_not_one(page: Page, blog: Blog, service: Service) -> None:
    page.goto(blog(CLAP))
    expect(choice(page, "Clap").locator("[part=count]")).to_have_text("0")
    page.route(LIKE, lambda route: route.abort())
    clap(page, 7)
    hold(page, COUNTS)
    page.goto("about:blank")
    page.unroute(LIKE)
    page.go_back()
    is_agreed(page, 7)
    assert service.count("/post", "👏", "demo") == 7


def test_a_clap_before_the_counts_are_told_is_one_more(
    page: Page, blog: Blog, service: Service
) -> None:
    page.goto(blog(CLAP))
    expect(choice(page, "Clap").locator("[part=count]")).to_have_text("0")
    clap(page, 3)
    is_agreed(page, 3)
    hold(page, COUNTS)
    page.reload()
    clap(page, 1)
    is_agreed(page, 4)
    assert service.count("/post", "👏", "demo") == 4


def test_rules_of_one_site_are_not_anothers(
    page: Page, blog: Blog, start_service: StartService
) -> None:
    other = start_service(LIKEWISE_KINDS="👍,👎,👏")
    here = f'<like-wise api="{other.url}" kind="👍 👎 👏" label="Good, Bad, Bravo"></like-wise>'
    page.goto(blog(VOTE + CLAP + here))
    for name in ("Up", "Clap", "Good"):
        expect(choice(page, name).locator("[part=count]")).to_have_text("0")
    for name in ("Good", "Bad", "Bravo"):
        assert give(page, name)["count"] == 1
    for name in ("Good", "Bad", "Bravo"):
        stands(page, name, "1", given=True)


@pytest.mark.parametrize(("spoilt", "clicks"), [("gar{bage", 1), ("{},{},0,0", 2)])
def test_spoilt_memory_takes_likes_all_the_same(
    page: Page, blog: Blog, service: Service, spoilt: str, clicks: int
) -> None:
    page.goto(blog("<like-wise></like-wise>" + CLAP.replace("👏", "🎉")))
    for what in ("site=default,,/post/", "site=demo,🎉,/post/"):
        name = f"likewise:{service.url}/v1/counts?{what}"
        page.evaluate("it => { localStorage[it[0]] = it[1]; }", [name, spoilt])
    page.reload(wait_until="networkidle")
    for nth in range(2):
        for _ in range(clicks):
            button(page, nth).click()
        shows(page, "1", liked=True, nth=nth)
    page.wait_for_function(
        "Object.values(localStorage).filter(it => it.startsWith('true,true,')).length === 2"
    )
    assert [service.count("/post"), service.count("/post", "🎉", "demo")] == [1, 1]


def test_a_plain_like_needs_no_second_script_beside_those_that_do(
    page: Page, blog: Blog, service: Service
) -> None:
    hold(page, SECOND)
    page.goto(blog(VOTE + "<like-wise></like-wise>"))
    expect(page.get_by_role("button")).to_have_text("0")
    page.get_by_role("button").click()
    is_agreed(page, "true")
    assert service.count("/post") == 1


def test_a_like_waits_for_a_service_whose_gateway_answers_in_json(
    page: Page, blog: Blog, service: Service
) -> None:
    page.goto(blog("<like-wise></like-wise>"))
    shows(page, "0", liked=False)
    gateway = {"message": "no healthy upstream"}
    page.route(LIKE, lambda route: route.fulfill(status=503, json=gateway, headers=CORS))
    page.route(SECOND, lambda route: route.fulfill(status=503, json=gateway, headers=CORS))
    with page.expect_response(SECOND):
        button(page).click()
    page.unroute_all()
    page.evaluate("dispatchEvent(new Event('online'))")
    is_agreed(page, "true")
    assert service.count("/post") == 1


@pytest.mark.parametrize("odd", ["null", '{"on":true,"left":5}'])
def test_an_odd_answer_does_not_end_all_likes(page: Page, blog: Blog, odd: str) -> None:
    page.goto(blog(VOTE))
    stands(page, "Up", "0", given=False)
    page.route(LIKE, lambda route: route.fulfill(body=odd, headers=CORS))
    with page.expect_response(LIKE):
        choice(page, "Up").click()
    page.unroute(LIKE)
    assert give(page, "Down")["count"] == 1


def test_a_kind_may_be_called_what_objects_have(page: Page, blog: Blog) -> None:
    page.goto(blog('<like-wise kind="constructor"></like-wise>'))
    expect(choice(page, "constructor")).to_contain_text("constructor")


@pytest.mark.parametrize("retry_after", ["-5", "0.001"])
def test_a_wait_that_is_none_is_no_leave_to_ask_without_end(
    page: Page, blog: Blog, retry_after: str
) -> None:
    page.goto(blog(VOTE))
    stands(page, "Up", "0", given=False)
    page.route(LIKE, refused(429, "too_many", retry_after))
    with requests(page, LIKE) as asked:
        choice(page, "Up").click()
        page.wait_for_timeout(2000)
    assert 1 <= len(asked) < 10


def test_a_long_label_fits_a_narrow_screen(page: Page, blog: Blog) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    labels = f"This page has helped me to mend what was broken,{'w' * 60}"
    screen = '<meta name=viewport content="width=device-width">'
    tag = f'<like-wise site="demo" kind="yes no" label="{labels}"></like-wise>'
    page.goto(blog(tag, head=screen))
    expect(choice(page, "This page.*")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
