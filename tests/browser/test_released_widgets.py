"""Widgets of every release, pinned by pages that nobody builds again, on the present service."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha384
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import likewise
from tests.browser.conftest import Site
from tests.service import Service, voter

WIDGETS = sorted((Path(likewise.__file__).parent / "web" / "widgets").glob("likes-*.js"))


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda path: path.stem)
def test_a_page_that_pins_a_released_widget_works(
    page: Page, service: Service, site: Site, widget: Path
) -> None:
    integrity = b64encode(sha384(widget.read_bytes()).digest()).decode()
    script = (
        f'<script async crossorigin="anonymous" src="{service.url}/{widget.name}"'
        f' integrity="sha384-{integrity}"></script>'
    )
    address = site(
        {"/post/": f"<!doctype html><title>A post</title>{script}<like-wise></like-wise>"}
    )
    assert service.like("/post/", voter(1)).status == 200
    page.goto(f"{address}/post/")
    button = page.locator("like-wise").get_by_role("button")
    expect(button).to_have_text("1")
    for count in (2, 1):
        with page.expect_response(lambda response: response.url.endswith("/v1/like")) as answered:
            button.click()
        assert answered.value.json()["count"] == count
        expect(button).to_have_text(str(count))
    assert service.count("/post/") == 1
