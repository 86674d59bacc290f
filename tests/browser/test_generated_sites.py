"""The example of each integration, built by its real generator and clicked in a real browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.integrations.generated_site import API, GENERATORS, INTEGRATIONS, ROOT, Site
from tests.service import Service
from tests.static_site import served

INSTANT = ("mkdocs", "zensical", "zensical-of-mkdocs")


@pytest.fixture
def blog(request: pytest.FixtureRequest, tmp_path: Path, service: Service) -> Iterator[str]:
    """Return the address of an example, below `/blog/` on an origin of its own."""
    site = Site(request.param, tmp_path)
    site.configure(API, service.url)
    root = tmp_path / "origin"
    root.mkdir()
    with served(root) as origin:
        # Instant navigation follows links to the addresses of the sitemap alone.
        site.below_blog(origin)
        built = site.build()
        assert built.is_done, built.said
        built.folder.rename(root / "blog")
        yield f"{origin}/blog"


@pytest.fixture
def silent(page: Page) -> Iterator[None]:
    """See that the page says nothing in its console."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    yield
    assert said == []


def button(page: Page) -> Locator:
    return page.locator("like-wise").get_by_role("button")


def shows(page: Page, count: str, *, liked: bool) -> None:
    expect(button(page)).to_have_text(count)
    expect(button(page)).to_have_attribute("aria-pressed", str(liked).lower())


def click(page: Page) -> None:
    with page.expect_response(re.compile("/v1/like$")) as answered:
        button(page).click()
    assert answered.value.ok


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("blog", GENERATORS, indirect=True)
def test_a_like_counts_for_its_page_and_outlives_a_reload(
    page: Page, blog: str, service: Service
) -> None:
    page.goto(f"{blog}/posts/hello/")
    shows(page, "0", liked=False)
    click(page)
    shows(page, "1", liked=True)
    page.reload()
    shows(page, "1", liked=True)
    page.goto(f"{blog}/notes/hello/")
    shows(page, "0", liked=False)
    page.goto(f"{blog}/café/")
    click(page)
    shows(page, "1", liked=True)
    counts = {
        path: service.count(f"/blog/{path}") for path in ("posts/hello", "notes/hello", "café")
    }
    assert counts == {"posts/hello": 1, "notes/hello": 0, "café": 1}
    page.goto(f"{blog}/posts/quiet/")
    expect(page.locator("like-wise")).to_have_count(0)


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("blog", INSTANT, indirect=True)
def test_buttons_work_after_instant_navigation(page: Page, blog: str, service: Service) -> None:
    page.goto(f"{blog}/posts/quiet/", wait_until="networkidle")
    page.evaluate("window.isTheSameDocument = true")
    for title, path in (("Hello, oven", "posts/hello"), ("Hello, tide", "notes/hello")):
        page.get_by_role("link", name="Marginalia").first.click()
        expect(page.get_by_role("heading", name="Marginalia")).to_be_visible()
        page.get_by_role("article").get_by_role("link", name=title).click()
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        shows(page, "0", liked=False)
        click(page)
        shows(page, "1", liked=True)
        assert service.count(f"/blog/{path}") == 1
    for _ in ("list", "the first post"):
        page.go_back()
    expect(page.get_by_role("heading", name="Hello, oven")).to_be_visible()
    shows(page, "1", liked=True)
    assert page.evaluate("window.isTheSameDocument") is True


@pytest.fixture
def plain(tmp_path: Path, service: Service) -> Path:
    """Return the folder of the pages in plain HTML, told where the service is."""
    folder = tmp_path / "html"
    shutil.copytree(INTEGRATIONS / "html" / "example", folder)
    for file in folder.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert API in text
        file.write_text(text.replace(API, service.url), encoding="utf-8")
    return folder


def fetch_own_script(folder: Path, service: Service) -> None:
    """Do what docs/html.md says to do: fetch the script, and put its hash into the page."""
    text = (ROOT / "docs" / "html.md").read_text(encoding="utf-8")
    [fetch, digest] = re.findall(r"^    ((?:curl|openssl) .*)$", text, re.MULTILINE)
    commands = f"{fetch.replace('https://likes.example.com', service.url)} && {digest}"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {commands}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    page = folder / "index.html"
    html = page.read_text(encoding="utf-8")
    assert "sha384-…" in html
    page.write_text(html.replace("sha384-…", f"sha384-{done.stdout}"), encoding="utf-8")


@pytest.mark.usefixtures("silent")
def test_plain_pages_count_apart_with_either_script(
    page: Page, plain: Path, service: Service
) -> None:
    for program in ("curl", "openssl"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing: apt-get install {program}")
    fetch_own_script(plain / "own-script", service)
    with served(plain) as origin:
        for path in ("/", "/own-script/"):
            page.goto(origin + path)
            shows(page, "0", liked=False)
            click(page)
            shows(page, "1", liked=True)
            page.reload()
            shows(page, "1", liked=True)
            assert service.count(path) == 1


def test_a_script_of_other_bytes_does_not_run(page: Page, plain: Path, service: Service) -> None:
    own = plain / "own-script"
    fetch_own_script(own, service)
    with (own / "likes.js").open("a", encoding="utf-8") as script:
        script.write("\n// changed\n")
    with served(plain) as origin, page.expect_console_message() as said:
        page.goto(f"{origin}/own-script/", wait_until="networkidle")
    assert "integrity" in said.value.text
    assert page.evaluate("customElements.get('like-wise')") is None
