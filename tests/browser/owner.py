"""What the tests of the dashboard share: the owner's ways, and what strangers leave there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import ConsoleMessage, Dialog, Page, expect

from tests.service import Service, address, voter

Scheme = Literal["light", "dark"]
SITE = "https://blog.example"
AXE = Path(__file__).parents[2] / "widget" / "node_modules" / "axe-core" / "axe.min.js"
WATCH = """addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));"""
TOUCH = """(elements) => elements.forEach((element) =>
  ['mouseover', 'focus'].forEach((name) => element.dispatchEvent(new Event(name))))"""
HOSTILE = (
    "<script>alert(1)</script>",
    "/posts/<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "/<iframe srcdoc='<script>alert(1)</script>'>",
    "</bdi></th></tr></table><script>alert(1)</script>",
    "</template><script>alert(1)</script>",
    "<style>body{display:none}</style>",
    "<base href=https://evil.example>",
    "<form action=https://evil.example><button>Sign in</button></form>",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    '" onmouseover="alert(1)" x="',
    "' onfocus=alert(1) autofocus='",
    "/x%22onmouseover=alert(1)//",
    "${alert(1)}{{constructor.constructor('alert(1)')()}}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#106;avascript:alert(1)",
    "=HYPERLINK('https://evil.example')",
    "/مرحبا/<b>بالعالم</b>",
    "x" + "\u0301\u0334" * 100,
    "/" + "a" * 511,
)


@contextlib.contextmanager
def watched(page: Page) -> Iterator[Page]:
    """Hand on a page that must neither ask the owner anything nor break its own policy."""
    seen: list[str] = []

    def refuse(dialog: Dialog) -> None:
        seen.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def listen(message: ConsoleMessage) -> None:
        if message.text.startswith("policy:"):
            seen.append(message.text)

    page.on("dialog", refuse)
    page.on("console", listen)
    page.add_init_script(WATCH)
    yield page
    assert seen == []


def give_likes(service: Service, page: str, count: int = 1, **fields: str) -> None:
    """Like a page from networks of their own, as limits ask for."""
    for number in range(count):
        reply = service.like(
            page, voter(number), address=address(hash(page) % 10**6 + number), **fields
        )
        assert reply.status == 200, reply


def open_dashboard(page: Page, service: Service, query: str = "") -> None:
    """Sign in, and wait for what is told last: it moves the rest, and a click would miss it."""
    page.goto(f"{service.url}/dashboard{query}")
    with page.expect_request_finished(lambda request: request.url.endswith("/api/doctor")):
        send_key(page, service.admin_key)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def send_key(page: Page, key: str) -> None:
    page.get_by_label("Admin key").fill(key)
    page.get_by_role("button", name="Sign in").click()


def names(page: Page) -> list[str]:
    return list(page.locator("#rows bdi").all_text_contents())


def expect_names(page: Page, expected: list[str]) -> None:
    expect(page.locator("#rows bdi")).to_have_text(expected)


def is_wider_than_the_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def axe_violations(page: Page) -> list[Any]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(({violations}) => violations)")
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
