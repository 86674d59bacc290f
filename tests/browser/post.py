"""A post of a blog with the widget on it: its page, its buttons, and what goes over the wire.

Requests are intercepted only to be lost, held up or refused as networks and proxies do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.service import Service, voter

WIDGET = Path(__file__).parents[2] / "widget"
AXE = WIDGET / "node_modules" / "axe-core" / "axe.min.js"
COUNTS = re.compile(r"/v1/counts\?")
LIKE = re.compile(r"/v1/like$")
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
EVENTS = """window.said = [];
for (const type of ['likewise:change', 'likewise:error'])
  addEventListener(type, ({ detail }) => said.push([type, detail]));"""

Blog = Callable[..., str]


def html(service: Service, body: str, *, head: str = "", attributes: str = 'lang="en"') -> str:
    script = f'<script async src="{service.url}/likes.js"></script>'
    title = "<meta charset=utf-8><title>A post</title>"
    return f"<!doctype html><html {attributes}>{title}{head}{script}<main>{body}</main></html>"


def button(page: Page, nth: int = 0) -> Locator:
    return page.locator("like-wise").nth(nth).get_by_role("button")


def shows(page: Page, text: str, *, liked: bool, nth: int = 0) -> None:
    expect(button(page, nth).locator("[part=count]")).to_have_text(text)
    expect(button(page, nth)).to_have_attribute("aria-pressed", str(liked).lower())
    assert page.locator("like-wise").nth(nth).get_attribute("liked") == ("" if liked else None)


def click(page: Page, nth: int = 0) -> Any:
    """Click, wait for the service's answer, and return it."""
    with page.expect_response(LIKE) as answered:
        button(page, nth).click()
    return answered.value.json()


def stored(page: Page) -> dict[str, str]:
    kept: dict[str, str] = page.evaluate("({ ...localStorage })")
    return kept


def like_by_others(service: Service, path: str, number: int) -> None:
    for each in range(number):
        assert service.like(path, voter(each), site="default").status == 200


@contextmanager
def requests(page: Page, pattern: re.Pattern[str]) -> Iterator[list[Request]]:
    seen: list[Request] = []

    def note(request: Request) -> None:
        if pattern.search(request.url):
            seen.append(request)

    page.on("request", note)
    yield seen
    page.remove_listener("request", note)


def hold(page: Page, pattern: re.Pattern[str], times: int | None = None) -> list[Route]:
    """Keep requests waiting, all or so many, for the test to answer them."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(pattern, keep, times=times)
    return held


def pages_of(request: Request) -> list[str]:
    return [value for name, value in parse_qsl(urlsplit(request.url).query) if name == "page"]


def told(counts: dict[str, int]) -> Callable[[Route], None]:
    """Answer with these counts, as a cache would that is behind."""
    body = json.dumps({"counts": {path: {"like": count} for path, count in counts.items()}})
    return lambda route: route.fulfill(body=body, headers=CORS, content_type="application/json")


def refused(
    status: int = 429, code: str = "too_many", retry_after: str = "3600"
) -> Callable[[Route], None]:
    problem = {"status": status, "code": code, "detail": "That was enough for today."}
    headers = CORS | ({"Retry-After": retry_after} if retry_after else {})
    return lambda route: route.fulfill(
        status=status,
        body=json.dumps(problem),
        headers=headers,
        content_type="application/problem+json",
    )
