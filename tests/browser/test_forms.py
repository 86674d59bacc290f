"""Likes in a browser that runs no script: a form within the tag, and where it leads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site
from tests.browser.owner import axe_violations, is_wider_than_the_screen
from tests.conftest import StartService
from tests.service import Service

POST = "/posts/caf%C3%A9"
ARTICLE = """<!doctype html><html lang="en"><meta charset="utf-8">{meta}<title>Café</title><main>
<h1>Café</h1>
<script async src="{service}/likes.js"></script>
<like-wise>
<form method="post" action="{service}/v1/like">
<input type="hidden" name="page" value="{page}"><input type="hidden" name="kind" value="{kind}">
<button>Like this post</button></form></like-wise></main></html>"""
TABLE = """LIKEWISE_KINDS = ["like", "👏", "no"]
[kinds."👏"]
max = 50
[kinds.no]
private = true
"""


@pytest.fixture
def reader(browser: Browser) -> Iterator[Page]:
    """A page of a browser whose owner runs no script."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def blog_service(start_service: StartService) -> Service:
    """A service with kinds of three sorts."""
    service = start_service(LIKEWISE_ORIGINS="http://localhost:*")
    service.stop()
    (service.directory / "likewise.toml").write_text(TABLE, encoding="utf-8")
    return service.start()


def article(
    service: Service, kind: str = "like", page: str = "/posts/café/", meta: str = ""
) -> str:
    return ARTICLE.format(service=service.url, kind=kind, page=page, meta=meta)


def counts(service: Service) -> dict[str, int]:
    pages = service.owner("/api/pages").json["pages"]
    return dict(pages[0]["counts"]) if pages else {}


@pytest.mark.parametrize("kind", ["like", "👏", "no"])
def test_a_form_likes_and_leads_back(
    reader: Page, blog_service: Service, site: Site, kind: str
) -> None:
    origin = site({POST: article(blog_service, kind), f"{POST}/": article(blog_service, kind)})
    reader.goto(f"{origin}{POST}/")
    reader.get_by_role("button", name="Like this post").click()
    expect(reader.get_by_role("heading")).to_have_text("Café")
    assert reader.url == f"{origin}{POST}"
    assert counts(blog_service) == {"like": 0, "👏": 0, "no": 0, kind: 1}
    reader.reload()  # sends nothing again
    assert counts(blog_service)[kind] == 1


def test_with_script_the_button_takes_the_forms_place(
    page: Page, blog_service: Service, site: Site
) -> None:
    origin = site({"/a": article(blog_service, page="/a")})
    page.goto(f"{origin}/a")
    expect(page.locator("like-wise").get_by_role("button")).to_have_count(1)
    expect(page.get_by_role("button", name="Like this post")).to_be_hidden()


@pytest.mark.parametrize("policy", ["no-referrer", "same-origin"])
def test_a_page_that_hides_its_origin_is_told_so(
    reader: Page, blog_service: Service, site: Site, policy: str
) -> None:
    meta = f'<meta name="referrer" content="{policy}">'
    origin = site({"/a": article(blog_service, meta=meta)})
    reader.goto(f"{origin}/a")
    with reader.expect_navigation() as answer:
        reader.get_by_role("button", name="Like this post").click()
    assert answer.value is not None
    assert answer.value.status == 403
    expect(reader.get_by_role("heading")).to_have_text("Your like was not counted")
    expect(reader.get_by_role("main")).to_contain_text("Referrer-Policy is no-referrer or same-")
    assert counts(blog_service) == {}


@pytest.mark.parametrize(
    "policy", ["strict-origin-when-cross-origin", "strict-origin", "origin", "unsafe-url"]
)
def test_other_policies_let_forms_like(
    reader: Page, blog_service: Service, site: Site, policy: str
) -> None:
    meta = f'<meta name="referrer" content="{policy}">'
    origin = site({"/a": article(blog_service, page="/a", meta=meta)})
    reader.goto(f"{origin}/a")
    reader.get_by_role("button", name="Like this post").click()
    expect(reader.get_by_role("heading")).to_have_text("Café")
    assert counts(blog_service)["like"] == 1


def test_a_page_with_a_policy_names_both_ends_of_the_way(
    reader: Page, blog_service: Service, site: Site
) -> None:
    policy = f"default-src 'none'; form-action 'self' {blog_service.url}"
    origin = site({"/a": article(blog_service, page="/a")}, {"Content-Security-Policy": policy})
    reader.goto(f"{origin}/a")
    reader.get_by_role("button", name="Like this post").click()
    expect(reader.get_by_role("heading")).to_have_text("Café")
    assert counts(blog_service)["like"] == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_about_a_refusal_are_for_everybody(
    page: Page, blog_service: Service, site: Site, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 320, "height": 640})
    form = ARTICLE.replace("like-wise", "div")  # so that it can be sent with script too
    name = "/" + "<b>x</b>" * 10 + "a" * 200
    origin = site(
        {"/a": form.format(service=blog_service.url, kind="like", page=escape(name), meta="")}
    )
    blog_service.owner("/api/pages/block", "POST", json.dumps({"page": name}).encode())
    page.goto(f"{origin}/a")
    page.get_by_role("button", name="Like this post").click()
    expect(page.get_by_role("heading")).to_have_text("Your like was not counted")
    expect(page.get_by_role("main")).to_contain_text("takes no more likes")
    assert not is_wider_than_the_screen(page)
    assert axe_violations(page) == []
    assert page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") != "none"
    page.get_by_role("link", name="Back to the page").click()
    assert page.url.startswith(f"{origin}/%3Cb%3Ex")
