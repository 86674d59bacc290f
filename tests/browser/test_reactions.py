"""What the second script does: kinds, claps, readers, reasons, icons, languages.

On the demo's site, which has a kind of each sort, and pages of another origin than the service's.
"""

from __future__ import annotations

import gzip
import json
import re
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

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
    refused,
    requests,
    shows,
)
from tests.service import Service

SECOND = re.compile(r"/reactions-[0-9a-f]{8}\.js$")
VIEW = re.compile(r"/v1/view$")
BUILT = WIDGET.parent / "src" / "likewise" / "web" / "static" / "reactions.js"
THREE = (
    '<like-wise site="demo" kind="❤️ 🎉 🤔" label="Love it, Celebrate, Makes me think"></like-wise>'
)
VOTE = '<like-wise site="demo" kind="👍 👎" label="Up, Down"></like-wise>'
CLAP = '<like-wise site="demo" kind="👏" icon="clap" label="Clap"></like-wise>'
HELPFUL = '<like-wise site="demo" kind="yes no" label="Yes, No" reason></like-wise>'


@pytest.fixture
def blog(site: Site, service: Service) -> Blog:
    """Return a function that serves one page and returns its address."""

    def serve(body: str, path: str = "/post/", csp: str = "", **kwargs: str) -> str:
        headers = {"Content-Security-Policy": csp} if csp else {}
        return site({path: html(service, body, **kwargs)}, headers) + path

    return serve


def choice(page: Page, name: str) -> Locator:
    """Return the button of this name, whatever its count."""
    return page.get_by_role("button", name=re.compile(rf"^{name}( [\d.,]+)?$"))


def stands(page: Page, name: str, count: str, *, given: bool) -> None:
    expect(choice(page, name).locator("[part=count]")).to_have_text(count)
    expect(choice(page, name)).to_have_attribute("aria-pressed", str(given).lower())


def give(page: Page, name: str) -> Any:
    """Click a choice, wait for the service's answer, and return it."""
    with page.expect_response(LIKE) as answered:
        choice(page, name).click()
    return answered.value.json()


def sent_bodies(sent: list[Any]) -> list[dict[str, Any]]:
    return [json.loads(request.post_data or "") for request in sent]


# When it comes


def test_plain_likes_in_english_need_one_script(page: Page, blog: Blog) -> None:
    with requests(page, SECOND) as asked:
        page.goto(blog("<like-wise></like-wise>"), wait_until="networkidle")
        click(page)
    shows(page, "1", liked=True)
    assert asked == []


@pytest.mark.parametrize(
    ("attributes", "tag"),
    [
        ('lang="en"', '<like-wise kind="like"></like-wise>'),
        ('lang="en"', '<like-wise icon="star"></like-wise>'),
        ('lang="en"', "<like-wise views></like-wise>"),
        ('lang="en"', "<like-wise reason></like-wise>"),
        ('lang="en"', '<like-wise lang="fr"></like-wise>'),
        ('lang="es-MX"', "<like-wise></like-wise>"),
    ],
)
def test_whatever_is_more_brings_the_second_script(
    page: Page, blog: Blog, attributes: str, tag: str
) -> None:
    with requests(page, SECOND) as asked:
        page.goto(blog(tag, attributes=attributes))
        expect(page.locator("like-wise [part=count]")).to_have_text("0")
        with page.expect_response(LIKE) as answered:
            page.locator("like-wise").get_by_role("button").click()
    assert answered.value.json()["count"] == 1
    expect(page.locator("like-wise [part=count]")).to_have_text("1")
    assert len(asked) == 1


def test_until_it_is_there_the_text_inside_is_shown(page: Page, blog: Blog) -> None:
    held = hold(page, SECOND)
    page.goto(blog('<like-wise kind="like"><span>Write to me</span></like-wise>'))
    expect(page.get_by_text("Write to me")).to_be_visible()
    held[0].continue_()
    shows(page, "0", liked=False)
    expect(page.get_by_text("Write to me")).to_be_hidden()


def test_where_it_cannot_be_fetched_plain_likes_go_on(browser: Browser, blog: Blog) -> None:
    page = browser.new_page()  # the browser calls it an error of the page, and rightly
    page.route(SECOND, lambda route: route.abort())
    more = '<like-wise kind="like"><span>Write to me</span></like-wise>'
    with page.expect_event("requestfailed", lambda request: bool(SECOND.search(request.url))):
        page.goto(blog(f"<like-wise></like-wise>{more}"))
    shows(page, "0", liked=False)
    click(page)
    shows(page, "1", liked=True)
    expect(page.get_by_text("Write to me")).to_be_visible()
    page.close()


def test_it_works_alone_as_a_module_from_its_pinned_address(
    page: Page, site: Site, service: Service
) -> None:
    facts = service.get("/v1/widget").json["reactions"]
    script = (
        f'<script type="module" crossorigin src="{service.url}/{facts["src"].split("/")[-1]}"'
        f' integrity="{facts["integrity"]}"></script>'
    )
    page.goto(site({"/": f'<!doctype html><html lang="de">{script}<like-wise></like-wise>'}) + "/")
    shows(page, "0", liked=False)
    assert click(page)["count"] == 1
    expect(button(page)).to_have_accessible_name("Gefällt mir 1")


def test_both_scripts_on_one_page_make_one_element(
    page: Page, blog: Blog, service: Service
) -> None:
    head = f'<script type="module" src="{service.url}/reactions.js"></script>'
    page.goto(blog(f"<like-wise></like-wise>{THREE}", head=head))
    shows(page, "0", liked=False)
    assert give(page, "Love it")["count"] == 1
    stands(page, "Love it", "1", given=True)


def test_a_button_that_is_taken_over_keeps_focus_and_like(page: Page, blog: Blog) -> None:
    page.goto(blog("<like-wise></like-wise>"))
    click(page)
    button(page).focus()
    with requests(page, LIKE) as sent:
        page.evaluate("document.querySelector('like-wise').setAttribute('icon', 'star')")
        expect(page.locator("like-wise svg")).to_be_visible()
        shows(page, "1", liked=True)
        expect(button(page)).to_be_focused()
    assert sent == []


def test_a_like_in_flight_survives_that_the_other_script_takes_over(
    page: Page, blog: Blog, service: Service
) -> None:
    page.goto(blog("<like-wise></like-wise>"))
    held = hold(page, LIKE, times=1)
    button(page).click()
    page.evaluate("document.querySelector('like-wise').setAttribute('icon', 'star')")
    expect(page.locator("like-wise svg")).to_be_visible()
    held[0].continue_()
    shows(page, "1", liked=True)
    click(page)
    shows(page, "0", liked=False)
    assert service.count("/post", site="default") == 0


# Kinds


def test_several_kinds_stand_side_by_side(page: Page, blog: Blog, service: Service) -> None:
    page.add_init_script(EVENTS)
    page.goto(blog(THREE))
    expect(page.get_by_role("group", name="Reactions")).to_be_visible()
    for name in ("Love it", "Celebrate", "Makes me think"):
        stands(page, name, "0", given=False)
    give(page, "Love it")
    give(page, "Makes me think")
    stands(page, "Love it", "1", given=True)
    stands(page, "Celebrate", "0", given=False)
    stands(page, "Makes me think", "1", given=True)
    assert page.locator("like-wise").get_attribute("liked") == ""
    assert [detail["kind"] for _, detail in page.evaluate("said")] == ["❤", "🤔"]
    page.reload()
    stands(page, "Love it", "1", given=True)
    give(page, "Love it")
    stands(page, "Love it", "0", given=False)
    counts = service.get("/v1/counts?site=demo&page=/post").json["counts"]["/post"]
    assert (counts["❤"], counts["🎉"], counts["🤔"]) == (0, 0, 1)


def test_all_kinds_of_all_pages_are_asked_for_at_once(page: Page, blog: Blog) -> None:
    body = THREE + '<like-wise site="demo" page="/b" kind="❤️ 🎉"></like-wise>' + VOTE
    with requests(page, COUNTS) as asked:
        page.goto(blog(body))
        stands(page, "Up", "0", given=False)
        stands(page, "Celebrate", "0", given=False)
    assert len(asked) == 1


def test_of_exclusive_kinds_a_new_one_takes_the_other_away(
    page: Page, blog: Blog, service: Service
) -> None:
    page.goto(blog(VOTE))
    stands(page, "Down", "0", given=False)
    give(page, "Up")
    stands(page, "Up", "1", given=True)
    held = hold(page, LIKE, times=1)
    with requests(page, LIKE) as sent:
        choice(page, "Down").click()
        # At once, before the service has answered.
        stands(page, "Up", "0", given=False)
        stands(page, "Down", "1", given=True)
        held[0].continue_()
        page.wait_for_timeout(300)
    assert [(body["kind"], body["on"]) for body in sent_bodies(sent)] == [("👎", True)]
    stands(page, "Up", "0", given=False)
    counts = service.get("/v1/counts?site=demo&page=/post").json["counts"]["/post"]
    assert (counts["👍"], counts["👎"]) == (0, 1)


def test_a_refused_change_of_mind_brings_the_other_back(page: Page, blog: Blog) -> None:
    page.goto(blog(VOTE))
    give(page, "Up")
    page.route(LIKE, refused())
    give(page, "Down")
    stands(page, "Up", "1", given=True)
    stands(page, "Down", "0", given=False)
    expect(page.get_by_role("status")).to_have_text("That was enough for today.")


def test_a_change_of_mind_made_offline_is_sent_as_the_last_wish(
    page: Page, blog: Blog, service: Service
) -> None:
    page.goto(blog(VOTE))
    stands(page, "Up", "0", given=False)
    page.context.set_offline(True)
    choice(page, "Up").click()
    choice(page, "Down").click()
    stands(page, "Down", "1", given=True)
    page.context.set_offline(False)
    stands(page, "Down", "1", given=True)
    stands(page, "Up", "0", given=False)
    for _ in range(50):
        counts = service.get("/v1/counts?site=demo&page=/post").json["counts"]["/post"]
        if counts["👎"]:
            break
        page.wait_for_timeout(100)
    assert (counts["👍"], counts["👎"]) == (0, 1)


def test_private_kinds_show_no_count(page: Page, blog: Blog) -> None:
    page.goto(blog('<like-wise site="demo" kind="yes no" label="Yes, No"></like-wise>'))
    expect(choice(page, "Yes")).to_be_visible()
    assert "count" not in give(page, "Yes")
    give(page, "No")
    expect(choice(page, "No")).to_have_attribute("aria-pressed", "true")
    # The service told that it took the other one away.
    expect(choice(page, "Yes")).to_have_attribute("aria-pressed", "false")
    assert page.locator("like-wise [part=count]:visible").count() == 0
    # Nor a 0 that is the browser's own, as long as the service has not answered.
    held = hold(page, COUNTS)
    page.reload()
    expect(choice(page, "No")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("like-wise [part=count]")).to_have_text(["", ""])
    held[0].continue_()
    expect(choice(page, "No")).to_have_attribute("aria-pressed", "true")
    assert page.locator("like-wise [part=count]:visible").count() == 0


# Claps


def test_claps_add_up_and_go_together(page: Page, blog: Blog, service: Service) -> None:
    page.goto(blog(CLAP))
    expect(choice(page, "Clap").locator("[part=count]")).to_have_text("0")
    with requests(page, LIKE) as sent, page.expect_response(LIKE):
        for _ in range(5):
            choice(page, "Clap").click()
        expect(choice(page, "Clap").locator("[part=count]")).to_have_text("5")
    assert [body["n"] for body in sent_bodies(sent)] == [5]
    assert choice(page, "Clap").get_attribute("aria-pressed") is None
    page.reload()
    expect(choice(page, "Clap").locator("[part=count]")).to_have_text("5")
    with page.expect_response(LIKE):
        choice(page, "Clap").click()
    counts = service.get("/v1/counts?site=demo&page=/post").json["counts"]["/post"]
    assert counts["👏"] == 6


def test_claps_end_at_the_most_that_one_may_give(page: Page, blog: Blog) -> None:
    page.goto(blog(CLAP))
    expect(choice(page, "Clap").locator("[part=count]")).to_have_text("0")
    with page.expect_response(LIKE) as answered:
        choice(page, "Clap").evaluate("it => { for (let nth = 0; nth < 53; nth++) it.click(); }")
    expect(choice(page, "Clap").locator("[part=count]")).to_have_text("50")
    assert answered.value.json()["count"] == 50


def test_claps_can_be_taken_back(page: Page, blog: Blog, service: Service) -> None:
    page.goto(blog(CLAP))
    back = page.get_by_role("button", name="Take back: Clap")
    expect(choice(page, "Clap")).to_be_visible()
    expect(back).to_be_hidden()
    with page.expect_response(LIKE):
        choice(page, "Clap").click()
    with page.expect_response(LIKE):
        back.click()
    expect(choice(page, "Clap").locator("[part=count]")).to_have_text("0")
    expect(back).to_be_hidden()
    expect(choice(page, "Clap")).to_be_focused()
    counts = service.get("/v1/counts?site=demo&page=/post").json["counts"]["/post"]
    assert counts["👏"] == 0


def test_claps_of_a_reader_who_leaves_at_once_are_sent(
    page: Page, blog: Blog, service: Service
) -> None:
    page.goto(blog(CLAP))
    expect(choice(page, "Clap").locator("[part=count]")).to_have_text("0")
    for _ in range(3):
        choice(page, "Clap").click()
    page.goto("about:blank")
    for _ in range(50):
        counts = service.get("/v1/counts?site=demo&page=/post").json["counts"]["/post"]
        if counts["👏"]:
            break
        page.wait_for_timeout(100)
    assert counts["👏"] == 3


# Reasons


def reasons(service: Service) -> list[tuple[str, str]]:
    told: Any = service.owner("/api/reasons?site=demo").json
    return [(one["kind"], one["reason"]) for one in told["reasons"]]


def test_a_reason_is_asked_for_after_the_click_and_kept(
    page: Page, blog: Blog, service: Service
) -> None:
    page.goto(blog(HELPFUL))
    expect(choice(page, "No")).to_be_visible()
    assert page.get_by_role("textbox").count() == 0
    give(page, "No")
    answer = page.get_by_role("textbox", name="Would you like to say why?")
    answer.fill("The second link is broken. <b>")
    with page.expect_response(LIKE) as answered:
        page.get_by_role("button", name="Send").click()
    assert answered.value.json()["reason"] is True
    expect(page.get_by_role("textbox")).to_have_count(0)
    expect(page.get_by_role("status")).to_have_text("Thank you.")
    expect(choice(page, "No")).to_be_focused()
    assert reasons(service) == [("no", "The second link is broken. <b>")]


def test_a_question_of_ones_own_is_asked_and_a_reader_need_not_answer(
    page: Page, blog: Blog, service: Service
) -> None:
    page.goto(blog(HELPFUL.replace("reason", 'reason="What was missing?"')))
    give(page, "No")
    expect(page.get_by_role("status")).to_have_text("What was missing?")
    page.get_by_role("textbox", name="What was missing?").press("Escape")
    expect(page.get_by_role("textbox")).to_have_count(0)
    expect(choice(page, "No")).to_be_focused()
    give(page, "Yes")
    page.get_by_role("button", name="No, thanks").click()
    expect(page.get_by_role("textbox")).to_have_count(0)
    give(page, "Yes")  # to take back asks nothing
    expect(choice(page, "Yes")).to_have_attribute("aria-pressed", "false")
    assert page.get_by_role("textbox").count() == 0
    assert reasons(service) == []


def test_a_like_that_another_button_takes_back_is_not_asked_about(page: Page, blog: Blog) -> None:
    plain = HELPFUL.replace(" reason", ' id="plain"')
    page.goto(blog(HELPFUL + plain))
    expect(page.get_by_role("button")).to_have_count(4)
    choice(page, "No").first.click()
    expect(page.get_by_role("textbox")).to_be_visible()
    with page.expect_response(LIKE):
        page.locator("#plain").get_by_role("button", name="No").click()
    expect(page.get_by_role("textbox")).to_have_count(0)


@pytest.mark.parametrize("failure", ["lost", "dropped", "refused"])
def test_a_reason_that_was_not_kept_is_not_lost(page: Page, blog: Blog, failure: str) -> None:
    page.goto(blog(HELPFUL))
    give(page, "No")
    page.get_by_role("textbox").fill("Too long for words")

    def fail(route: Route) -> None:
        if failure == "lost":
            route.abort()
        elif failure == "dropped":
            body = {"page": "/post", "kind": "no", "on": True, "reason": False, "counts": {}}
            route.fulfill(json=body, headers=CORS)
        else:
            refused(400, "bad_reason", "")(route)

    page.route(LIKE, fail)
    page.get_by_role("button", name="Send").click()
    told = "That was enough for today." if failure == "refused" else "This could not be sent."
    expect(page.locator("like-wise [part=note]")).to_contain_text(told)
    expect(page.get_by_role("textbox")).to_have_value("Too long for words")
    page.unroute(LIKE)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("textbox")).to_have_count(0)


def test_a_reason_is_at_most_280_characters_long(page: Page, blog: Blog) -> None:
    page.goto(blog(HELPFUL))
    give(page, "No")
    assert page.get_by_role("textbox").get_attribute("maxlength") == "280"


def test_an_element_that_moves_keeps_what_was_written(page: Page, blog: Blog) -> None:
    page.goto(blog(f"<div id=there></div>{HELPFUL}"))
    give(page, "No")
    page.get_by_role("textbox").fill("Half a thought")
    page.evaluate("there.append(document.querySelector('like-wise'))")
    expect(page.get_by_role("textbox")).to_have_value("Half a thought")
    expect(choice(page, "No")).to_have_attribute("aria-pressed", "true")


# Readers


def seen(views: int, counts: dict[str, int] | None = None) -> dict[str, Any]:
    return {"page": "/post", "views": views, "counts": counts or {"like": 3}}


def test_a_reader_is_told_once_and_the_counts_come_along(page: Page, blog: Blog) -> None:
    page.route(VIEW, lambda route: route.fulfill(json=seen(1234), headers=CORS))
    with requests(page, VIEW) as told, requests(page, COUNTS) as asked:
        page.goto(blog("<like-wise views></like-wise><like-wise icon=star></like-wise>"))
        expect(page.locator("like-wise [part=views]")).to_have_text("Views: 1,234")
        shows(page, "3", liked=False)
        shows(page, "3", liked=False, nth=1)
        assert asked == []
        page.evaluate("document.body.append(document.querySelector('like-wise'))")
        page.wait_for_timeout(200)
    assert sent_bodies(told) == [{"page": "/post/", "site": "default"}]
    assert told[0].headers["content-type"].startswith("text/plain")
    assert page.evaluate("Object.keys(localStorage)") == []


def test_where_the_reader_came_from_is_told_as_an_origin(
    page: Page, site: Site, service: Service
) -> None:
    page.route(VIEW, lambda route: route.fulfill(json=seen(1), headers=CORS))
    there = site({"/post/": html(service, "<like-wise views></like-wise>")})
    elsewhere = site({"/secret/path": f'<a href="{there}/post/">a post</a>'})
    page.goto(f"{elsewhere}/secret/path?token=x")
    with requests(page, VIEW) as told:
        page.get_by_text("a post").click()
        expect(page.locator("like-wise [part=views]")).to_be_visible()
    assert [body.get("ref") for body in sent_bodies(told)] == [elsewhere]


def test_a_page_made_in_advance_waits_until_it_is_seen(page: Page, blog: Blog) -> None:
    page.add_init_script("""Object.defineProperty(document, 'prerendering',
      { configurable: true, value: true });""")
    page.route(VIEW, lambda route: route.fulfill(json=seen(7), headers=CORS))
    with requests(page, VIEW) as told:
        page.goto(blog("<like-wise views></like-wise>"))
        shows(page, "0", liked=False)
        assert told == []
        page.evaluate("""Object.defineProperty(document, 'prerendering', { value: false });
          document.dispatchEvent(new Event('prerenderingchange'));""")
        expect(page.locator("like-wise [part=views]")).to_have_text("Views: 7")
    assert len(told) == 1


def test_where_views_are_not_counted_the_likes_are_shown(page: Page, blog: Blog) -> None:
    page.route(VIEW, refused(404, "not_found", ""))
    page.goto(blog("<like-wise views></like-wise>"))
    shows(page, "0", liked=False)
    expect(page.locator("like-wise [part=views]")).to_be_hidden()


# For everybody


@pytest.mark.parametrize(
    ("lang", "name"),
    [
        ("en-GB", "Like"),
        ("es", "Me gusta"),
        ("de-CH", "Gefällt mir"),
        ("fr", "J\u2019aime"),
        ("pt-BR", "Gosto"),
        ("zh-Hant", "赞"),
        ("ja", "いいね"),
        ("ar-EG", "أعجبني"),
        ("tlh", "Like"),
    ],
)
def test_every_language_has_its_name_and_its_numbers(
    page: Page, blog: Blog, lang: str, name: str
) -> None:
    body = json.dumps({"counts": {"/post/": {"like": 1234}}})
    page.route(COUNTS, lambda route: route.fulfill(body=body, headers=CORS))
    page.goto(blog('<like-wise icon="heart"></like-wise>', attributes=f'lang="{lang}"'))
    digits = page.evaluate("lang => (1234).toLocaleString(lang)", lang)
    expect(button(page)).to_have_accessible_name(f"{name} {digits}")


def test_texts_can_be_worded_anew(page: Page, blog: Blog) -> None:
    page.goto(blog(HELPFUL.replace("reason", 'reason text-send="Off it goes" text-thanks="Bye."')))
    give(page, "No")
    page.get_by_role("textbox").fill("Because")
    page.get_by_role("button", name="Off it goes").click()
    expect(page.get_by_role("status")).to_have_text("Bye.")


def test_a_refusal_is_said_in_the_readers_language(page: Page, blog: Blog) -> None:
    page.route(LIKE, refused())
    page.add_init_script(EVENTS)
    page.goto(blog("<like-wise></like-wise>", attributes='lang="de"'))
    click(page)
    expect(page.get_by_role("status")).to_contain_text("Zu viele in kurzer Zeit.")
    ((name, detail),) = page.evaluate("said")
    assert (name, detail["message"]) == ("likewise:error", "That was enough for today.")


def test_an_icon_of_ones_own_is_shown(page: Page, blog: Blog) -> None:
    own = '<svg slot="icon" width="20" height="20"><circle cx="10" cy="10" r="9"></circle></svg>'
    page.goto(blog(f'<like-wise icon="own">{own}</like-wise>'))
    shows(page, "0", liked=False)
    expect(page.locator("like-wise > svg")).to_be_visible()


def test_text_in_attributes_stays_text(page: Page, blog: Blog) -> None:
    evil = "&lt;img/src=x/onerror=window.hit=1&gt;"
    page.goto(blog(f'<like-wise kind="{evil}" label="{evil}" reason="{evil}"></like-wise>'))
    expect(button(page)).to_be_visible()
    page.wait_for_timeout(200)
    assert page.evaluate("window.hit") is None


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_a_like_bursts_for_those_who_do_not_mind(
    page: Page, blog: Blog, motion: Literal["reduce", "no-preference"]
) -> None:
    page.emulate_media(reduced_motion=motion)
    page.goto(blog(THREE))
    stands(page, "Love it", "0", given=False)
    sparks: int = choice(page, "Love it").evaluate(
        "it => { it.click(); return it.querySelectorAll('s').length; }"
    )
    assert sparks == (0 if motion == "reduce" else 8)
    expect(page.locator("like-wise s")).to_have_count(0)
    taken: int = choice(page, "Love it").evaluate(
        "it => { it.click(); return it.querySelectorAll('s').length; }"
    )
    assert taken == 0


STATES = {
    "kinds": THREE + VOTE,
    "claps": CLAP,
    "feedback": HELPFUL,
    "icons": "".join(f'<like-wise icon="{name}"></like-wise>' for name in ("thumb", "star", "own")),
    "readonly": '<like-wise site="demo" kind="👍 👎" readonly></like-wise>',
    "views": "<like-wise views></like-wise>",
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("scheme", "attributes"), [("light", 'lang="en"'), ("dark", 'lang="ar" dir="rtl"')]
)
def test_axe_finds_nothing(
    page: Page, blog: Blog, state: str, scheme: Literal["light", "dark"], attributes: str
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is missing: npm ci in widget/")
    page.route(VIEW, lambda route: route.fulfill(json=seen(9), headers=CORS))
    page.emulate_media(color_scheme=scheme)
    head = "<style>:root { color-scheme: light dark; background: Canvas }</style>"
    page.goto(blog(f"<h1>A post</h1>{STATES[state]}", head=head, attributes=attributes))
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for _ in range(2):
        expect(button(page).last).to_be_visible()
        found: list[Any] = page.evaluate("axe.run().then(({ violations }) => violations)")
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
        button(page).first.evaluate("it => it.click()")
        page.wait_for_timeout(700)


def test_every_button_is_a_large_target(page: Page, blog: Blog) -> None:
    page.goto(blog(THREE + CLAP + HELPFUL))
    give(page, "No")
    with page.expect_response(LIKE):
        choice(page, "Clap").click()
    for one in page.locator("like-wise").get_by_role("button").all():
        box = one.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 24


def test_forced_colours_mark_what_is_given_by_a_border(page: Page, blog: Blog) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(blog(THREE))
    give(page, "Love it")
    widths = [
        choice(page, name).evaluate("it => getComputedStyle(it).borderTopWidth")
        for name in ("Love it", "Celebrate")
    ]
    assert widths == ["3px", "1px"]


def test_a_narrow_screen_shows_all_of_it(page: Page, blog: Blog) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(blog(THREE + HELPFUL + CLAP))
    give(page, "No")
    expect(page.get_by_role("textbox")).to_be_visible()
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


# The file


STRICT = (
    "default-src 'none'; script-src {0}; connect-src {0}; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


def test_a_strict_policy_is_kept(page: Page, blog: Blog, service: Service) -> None:
    page.add_init_script("""window.violations = [];
      addEventListener('securitypolicyviolation', (event) => violations.push(event.blockedURI));""")
    page.goto(blog(THREE + HELPFUL + CLAP, csp=STRICT.format(service.url)))
    give(page, "Love it")
    give(page, "No")
    page.get_by_role("textbox").fill("Because")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").nth(1)).to_have_text("Thank you.")
    with page.expect_response(LIKE):
        choice(page, "Clap").click()
    stands(page, "Love it", "1", given=True)
    assert page.evaluate("violations") == []


def test_the_script_weighs_at_most_8_kib() -> None:
    size = len(gzip.compress(BUILT.read_bytes(), 9))
    print(f"reactions.js: {size} bytes")  # noqa: T201
    assert size <= 8192


def test_no_markup_is_parsed() -> None:
    script = BUILT.read_text(encoding="utf-8")
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "DOMParser", "eval(", "Function("):
        assert sink not in script


def test_without_script_the_text_inside_is_shown(browser: Browser, blog: Blog) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(blog('<like-wise kind="❤️ 🎉">Write to me</like-wise>'))
    expect(page.get_by_text("Write to me")).to_be_visible()
    context.close()
