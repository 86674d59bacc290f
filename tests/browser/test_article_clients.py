"""Pages that were written for the article's service, unchanged against this one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from playwright.sync_api import Page, expect

from tests.service import Service
from tests.static_site import served

# What the article's client does, step by step: names the page by the last part of its path, reads
# past every cache, marks the like in localStorage, shows it at once and posts without a body.
OLD_CLIENT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Old</title>
<button id="heart"><b id="number">…</b></button>
<script>
  const [heart, number] = [document.getElementById("heart"), document.getElementById("number")];
  const name = "NAME", mark = "mxlit_liked_" + name, address = "API/likes/" + name;
  const settle = () => { heart.disabled = localStorage.getItem(mark) !== null; };
  settle();
  fetch(`${address}?t=${Date.now()}`, { cache: "no-store" })
    .then((answer) => { if (!answer.ok) throw Error(answer.status); return answer.json(); })
    .then((told) => { number.textContent = told.likes; });
  heart.addEventListener("click", () => {
    number.textContent = Number(number.textContent) + 1;
    localStorage.setItem(mark, "true");
    settle();
    fetch(address, { method: "POST" });
  });
</script>
</html>"""

NEW_CLIENT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>New</title>
<script async src="API/likes.js"></script>
<like-wise></like-wise>
</html>"""

Write = Callable[[str, str], str]


@pytest.fixture
def blog(tmp_path: Path, service: Service) -> Iterator[Write]:
    """Return a function that puts a page on the blog and returns its address."""
    folder = tmp_path / "blog"
    folder.mkdir()
    with served(folder) as origin:

        def write(path: str, text: str) -> str:
            file = folder / path.strip("/") / "index.html"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.replace("API", service.url), encoding="utf-8")
            return origin + path

        yield write


def old_client(name: str) -> str:
    return OLD_CLIENT.replace("NAME", name)


def click_old_button(page: Page) -> None:
    with page.expect_response(lambda response: response.request.method == "POST") as answered:
        page.locator("#heart").click()
    assert answered.value.status == 200


def import_counts(service: Service, folder: Path, **likes: int) -> None:
    """Import what the article's service has counted on a site with one page, `/posts/hello/`."""
    database = apsw.Connection(str(folder / "likes.db"))
    database.execute("CREATE TABLE likes (post_id TEXT PRIMARY KEY, count INTEGER)")
    database.executemany("INSERT INTO likes VALUES (?, ?)", likes.items())
    database.close()
    sitemap = folder / "sitemap.xml"
    sitemap.write_text(
        "<urlset><url><loc>https://example.org/posts/hello/</loc></url></urlset>", encoding="utf-8"
    )
    source = str(folder / "likes.db")
    done = service.run("import", "article", source, "--sitemap", str(sitemap))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("name", "post_id"), [("hello", "hello"), ("caf%C3%A9", "café")])
def test_the_old_script_reads_likes_and_finds_its_like_again(
    page: Page, blog: Write, service: Service, name: str, post_id: str
) -> None:
    page.goto(blog("/posts/hello/", old_client(name)))
    expect(page.locator("#number")).to_have_text("0")
    click_old_button(page)
    assert service.get(f"/likes/{name}").json == {"post_id": post_id, "likes": 1}
    page.reload()
    expect(page.locator("#number")).to_have_text("1")
    expect(page.locator("#heart")).to_be_disabled()


def test_the_old_script_counts_for_the_page_that_the_import_found(
    page: Page, blog: Write, service: Service, tmp_path: Path
) -> None:
    import_counts(service, tmp_path, hello=12)
    page.goto(blog("/posts/hello/", old_client("hello")))
    expect(page.locator("#number")).to_have_text("12")
    click_old_button(page)
    assert service.count("/posts/hello/") == 13


def test_old_and_new_buttons_show_one_count(
    page: Page, blog: Write, service: Service, tmp_path: Path
) -> None:
    import_counts(service, tmp_path, hello=12)
    page.goto(blog("/posts/hello/", NEW_CLIENT))
    with page.expect_response(re.compile("/v1/like$")):
        page.get_by_role("button").click()
    expect(page.get_by_role("button")).to_have_text("13")
    page.goto(blog("/old/hello/", old_client("hello")))
    expect(page.locator("#number")).to_have_text("13")


def test_a_like_given_with_the_old_button_shows_on_the_new_one(page: Page, blog: Write) -> None:
    page.goto(blog("/old/hello/", old_client("hello")))
    click_old_button(page)
    page.goto(blog("/posts/hello/", NEW_CLIENT))
    expect(page.get_by_role("button")).to_have_attribute("aria-pressed", "true")
    page.goto(blog("/posts/other/", NEW_CLIENT))
    expect(page.get_by_role("button")).to_have_attribute("aria-pressed", "false")


def stats(page: Page, key: str) -> Any:
    """Ask as the old dashboard does: from a page of the service, with the key in a header."""
    return page.evaluate(
        """async (key) => {
            const answer = await fetch("/api/stats", { headers: { "X-API-Key": key } });
            return [answer.status, await answer.json()];
        }""",
        key,
    )


def test_the_old_dashboard_reads_its_table(page: Page, service: Service, tmp_path: Path) -> None:
    import_counts(service, tmp_path, hello=12, about=30, gone=1)
    page.goto(f"{service.url}/healthz")
    assert stats(page, service.admin_key) == [
        200,
        [
            {"post_id": "about", "likes": 30},
            {"post_id": "/posts/hello", "likes": 12},
            {"post_id": "gone", "likes": 1},
        ],
    ]


def test_the_old_dashboard_is_refused_with_another_key(page: Page, service: Service) -> None:
    page.goto(f"{service.url}/healthz")
    status, problem = stats(page, "a-wrong-key-0123456789abcdef")
    assert status == 401
    assert problem["code"] == "wrong_key"


def test_the_old_name_of_the_key_is_understood(page: Page, tmp_path: Path) -> None:
    key = "the-key-of-the-old-service-0123"
    service = Service(tmp_path, ADMIN_API_KEY=key)
    del service.settings["LIKEWISE_ADMIN_KEY"]
    with service:
        page.goto(f"{service.url}/healthz")
        assert stats(page, key) == [200, []]
