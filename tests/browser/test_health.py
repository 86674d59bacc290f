"""The dashboard shows what is wrong with the set-up, as the service tells it."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.browser.owner import HOSTILE, open_dashboard, watched
from tests.service import Service


def test_what_is_wrong_is_shown_with_what_to_do(page: Page, tmp_path: Path) -> None:
    with Service(tmp_path, LIKEWISE_TRUSTED_PROXIES="none", LIKEWISE_LIMITS="off") as service:
        service.get("/v1/counts?page=/a", X_Forwarded_For="203.0.113.9")
        with watched(page):
            open_dashboard(page, service)
            health = page.get_by_role("region", name="Health")
            expect(health).to_contain_text("LIKEWISE_TRUSTED_PROXIES=127.0.0.1")
            expect(health).to_contain_text("The limits are off")
            expect(health.get_by_role("listitem").first).to_be_visible()
            expect(health).not_to_contain_text("203.0.113.9")
            page.get_by_role("button", name="Sign out").click()
            expect(page.locator("#health li")).to_have_count(0)


def test_set_up_that_is_well_says_nothing(page: Page, tmp_path: Path) -> None:
    with Service(tmp_path, LIKEWISE_ORIGINS="https://blog.example") as service:
        assert service.run("backup").returncode == 0
        with page.expect_response("**/api/doctor"):
            open_dashboard(page, service)
        expect(page.get_by_role("region", name="Health")).to_be_hidden()


def test_hostile_words_in_a_finding_are_text(page: Page, service: Service) -> None:
    finding = {"state": "warn", "check": "disk", "advice": "".join(HOSTILE)}
    findings = [finding | {"text": text} for text in HOSTILE]

    def answer(route: Route) -> None:
        route.fulfill(body=json.dumps({"findings": findings}), content_type="application/json")

    page.route("**/api/doctor", answer)
    with watched(page):
        open_dashboard(page, service)
        expect(page.locator("#health li")).to_have_count(len(HOSTILE))
        assert page.locator("#health li :is(script, img, svg, iframe, a, form)").count() == 0


def test_service_that_does_not_tell_leaves_the_rest_as_it_is(page: Page, service: Service) -> None:
    page.route("**/api/doctor", lambda route: route.fulfill(status=502, body="<h1>Bad</h1>"))
    open_dashboard(page, service)
    expect(page.locator("#totals")).to_be_visible()
    expect(page.locator("#failure")).to_be_hidden()
