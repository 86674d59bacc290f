"""The demo page in a real browser, on a real service: a like can be given at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.service import Service

AXE = Path(__file__).parents[2] / "widget" / "node_modules" / "axe-core" / "axe.min.js"
WATCH = """addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));"""


@pytest.fixture
def demo(page: Page, service: Service) -> Iterator[Page]:
    """The demo as somebody sees it who has just started the service."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.add_init_script(WATCH)
    page.goto(f"{service.url}/demo")
    expect(button(page)).to_be_visible()
    yield page
    assert [line for line in said if line.startswith("policy:")] == []


def button(page: Page, path: str = "/demo") -> Locator:
    return page.locator(f'like-wise[page="{path}"]').get_by_role("button")


def expect_state(page: Page, *, is_liked: bool, count: int) -> None:
    expect(button(page)).to_have_attribute("aria-pressed", "true" if is_liked else "false")
    expect(button(page)).to_have_text(str(count))


def test_a_like_is_given_kept_over_a_reload_and_taken_back(demo: Page, service: Service) -> None:
    expect_state(demo, is_liked=False, count=0)
    with demo.expect_response("**/v1/like") as answer:
        button(demo).click()
    assert answer.value.status == 200
    expect_state(demo, is_liked=True, count=1)
    demo.reload()
    expect_state(demo, is_liked=True, count=1)
    assert service.count("/demo", site="demo") == 1
    with demo.expect_response("**/v1/like"):
        button(demo).click()
    expect_state(demo, is_liked=False, count=0)
    demo.reload()
    expect_state(demo, is_liked=False, count=0)
    assert service.count("/demo", site="demo") == 0


def test_likes_of_the_demo_are_in_no_total(demo: Page, service: Service) -> None:
    with demo.expect_response("**/v1/like"):
        button(demo, "/demo/hello").click()
    assert service.count("/demo/hello", site="demo") == 1
    assert service.owner("/api/summary").json["counts"] == {"like": 0}
    assert service.owner("/api/stats").json == []


def test_one_request_asks_for_all_counts(page: Page, service: Service) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{service.url}/demo")
    for path in ("/demo", "/demo/hello", "/demo/bread", "/demo/tools"):
        expect(button(page, path)).to_have_text("0")
    assert len([url for url in asked if "/v1/counts" in url]) == 1


def test_everything_comes_from_the_service_itself(page: Page, service: Service) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{service.url}/demo", wait_until="networkidle")
    assert asked
    assert all(url.startswith(f"{service.url}/") for url in asked)


def test_the_lines_to_paste_name_the_services_own_address_and_can_be_copied(
    demo: Page, service: Service
) -> None:
    lines = f'<script async src="{service.url}/likes.js"></script>\n<like-wise></like-wise>'
    expect(demo.locator("figure code")).to_have_text(lines)
    demo.context.grant_permissions(["clipboard-read", "clipboard-write"])
    demo.get_by_role("button", name="Copy").click()
    expect(demo.get_by_role("button", name="Copied")).to_be_visible()
    assert demo.evaluate("navigator.clipboard.readText()") == lines
    expect(demo.get_by_role("button", name="Copy", exact=True)).to_be_visible()


def test_without_a_clipboard_the_lines_are_selected(demo: Page) -> None:
    demo.evaluate("delete Navigator.prototype.clipboard")
    demo.get_by_role("button", name="Copy").click()
    expect(demo.get_by_role("button", name="Selected")).to_be_visible()
    assert "<like-wise></like-wise>" in demo.evaluate("getSelection().toString()")


def test_a_refused_like_is_explained_in_words(demo: Page) -> None:
    problem = {"code": "too_many", "detail": "This network has given <b>many</b> likes today."}
    demo.route(
        "**/v1/like",
        lambda route: route.fulfill(status=429, json=problem, headers={"Retry-After": "9000"}),
    )
    button(demo).click()
    expect(demo.locator("#refusal")).to_have_text(problem["detail"])
    demo.unroute("**/v1/like")
    button(demo).click()
    expect(demo.locator("#refusal")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    demo: Page, scheme: Literal["light", "dark"], width: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is missing: npm ci in widget/")
    demo.set_viewport_size({"width": width, "height": 720})
    demo.emulate_media(color_scheme=scheme)
    assert not demo.evaluate("document.documentElement.scrollWidth > innerWidth")
    demo.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[Any] = demo.evaluate("axe.run().then(({violations}) => violations)")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
