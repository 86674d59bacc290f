"""What readers' ad-blockers stop: nothing of the widget's, from the site's own host or another.

The engine is Ghostery's, the lists are those that uBlock Origin has switched on at first.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.post import WIDGET, requests
from tests.conftest import StartService

LISTS = WIDGET.parent / ".venv" / "blocking-lists"
NAMES = ("thirdparties/easylist/*.txt", "ublock/*.min.txt")
# As the engine knows them, and what Chromium calls them.
TYPES = {"fetch": "xhr", "document": "main_frame"}
ADOPT = """(text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets.push(sheet);
}"""
PAGE = "https://blog.example.com/posts/hello/"
# Where the service may live: under the site's own name, below its path, on a host of its own.
HOMES = (
    "https://likes.example.com",
    "https://blog.example.com/likes",
    "https://likes.host.example",
)


def stopped(asked: list[dict[str, str]], classes: list[str]) -> Any:
    """Return what an ad-blocker stops of these requests, and the style by which it hides."""
    lists = [str(file) for name in NAMES for file in sorted(LISTS.glob(name))]
    if not (WIDGET / "node_modules" / "@ghostery").exists() or not shutil.which("node"):
        pytest.skip("the ad-blocker's engine is missing: npm ci in widget/")
    if not lists:
        pytest.skip("lists of ad-blockers are missing: scripts/blocking-lists")
    question = {"lists": lists, "page": PAGE, "requests": asked, "classes": classes}
    done = subprocess.run(
        ["node", WIDGET / "blockers.mjs"],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture
def asked(page: Page, start_service: StartService) -> list[dict[str, str]]:
    """What a page with all sorts of buttons asks for, and a badge, as any host would see it."""
    service = start_service(LIKEWISE_DEMO="on", LIKEWISE_VIEWS="on")
    with requests(page, re.compile(".")) as seen:
        page.goto(f"{service.url}/gallery")
        with page.expect_response("**/v1/like"):
            page.locator("like-wise").first.get_by_role("button").click()
    targets = [
        (target.path + (f"?{target.query}" if target.query else ""), one.resource_type)
        for one in seen
        if not (target := urlsplit(one.url)).path.startswith(("/static/", "/gallery"))
    ]
    targets += [("/v1/badge.svg?page=/posts/hello/", "image"), ("/v1/popular?days=30", "fetch")]
    return [
        {"url": home + target, "type": TYPES.get(kind, kind)}
        for home in HOMES
        for target, kind in targets
    ]


def test_no_request_is_stopped_and_no_button_hidden(
    page: Page, asked: list[dict[str, str]]
) -> None:
    paths = {urlsplit(one["url"]).path.removeprefix("/likes/") for one in asked}
    for path in ("/likes.js", "/v1/counts", "/v1/like", "/v1/view"):
        assert path in paths
    assert any(path.startswith("/reactions-") for path in paths)
    told = stopped(asked, ["likewise", "likewise-popular"])
    assert told["blocked"] == []
    page.evaluate(ADOPT, told["styles"])
    for element in page.locator("like-wise").all():
        assert element.get_by_role("button").first.is_visible()


def test_what_is_known_to_be_stopped_is_stopped() -> None:
    """The lists are there, and this engine reads them."""
    known = [{"url": f"{home}/umami.js", "type": "script"} for home in HOMES]
    told = stopped(known, ["adsbygoogle"])
    assert told["blocked"] == known
    assert ".adsbygoogle" in told["styles"]


def test_the_lists_are_those_that_readers_have() -> None:
    if not LISTS.exists():
        pytest.skip("lists of ad-blockers are missing: scripts/blocking-lists")
    sizes = {file.name: file.stat().st_size for file in Path(LISTS).rglob("*.txt")}
    assert sizes["easylist.txt"] > 1_000_000
    assert sizes["easyprivacy.txt"] > 1_000_000
