"""The signatures that Hugo and the snippets of the docs make are those that the service wants."""

from __future__ import annotations

import hmac
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from html import unescape
from pathlib import Path

import pytest

from likewise.pages import canonical
from tests.integrations.hugo_site import FOLDERS, INTEGRATION, Build, Hugo

KEY = "a-page-key-for-tests-0123456789"
PARTIAL = INTEGRATION / "layouts" / "partials" / "likewise" / "signature.html"
WARNING = "gets no signature"


@pytest.fixture(params=FOLDERS)
def hugo(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hugo:
    monkeypatch.setenv("HUGO_LIKEWISE_PAGE_KEY", KEY)
    return Hugo(request.param, tmp_path)


def signature(page: str, site: str = "default", key: str = KEY) -> str:
    text = f"{site}\n{canonical(page)}"
    return hmac.new(key.encode(), text.encode(), "sha256").hexdigest()


def signed_pages(built: Build) -> dict[str, str | None]:
    """Return every page that has a button, as the tag names it, with its signature."""
    assert built.is_done, built.said
    found: dict[str, str | None] = {}
    for file in built.folder.rglob("*.html"):
        for button in built.buttons(str(file.relative_to(built.folder))):
            page = re.search(r'page="([^"]*)"', button)
            sig = re.search(r'sig="([^"]*)"', button)
            assert page
            found[unescape(page[1])] = sig and sig[1]
    return found


def test_every_page_of_the_example_is_signed(hugo: Hugo) -> None:
    hugo.write("layouts/_default/list.html", '{{ partial "likewise.html" . }}')
    hugo.write(
        "layouts/index.html",
        '{{ partial "likewise.html" . }}'
        '{{ range site.RegularPages }}{{ partial "likewise.html" . }}{{ end }}',
    )
    built = hugo.build("--printPathWarnings")
    pages = signed_pages(built)
    assert {"/", "/posts/", "/notes/", "/posts/hello/", "/notes/hello/", "/caf%C3%A9/"} <= set(
        pages
    )
    assert pages == {page: signature(page) for page in pages}
    assert pages["/caf%C3%A9/"] == signature("/café")
    assert "WARN" not in built.said


def test_without_a_key_nothing_is_signed(hugo: Hugo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUGO_LIKEWISE_PAGE_KEY")
    assert hugo.build().buttons("posts/hello/index.html") == ['<like-wise page="/posts/hello/">']


def test_of_two_keys_the_first_signs(hugo: Hugo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUGO_LIKEWISE_PAGE_KEY", f" {KEY}-new , {KEY}\n")
    pages = signed_pages(hugo.build())
    assert pages["/posts/hello/"] == signature("/posts/hello/", key=f"{KEY}-new")


def test_the_site_is_signed_too(hugo: Hugo) -> None:
    hugo.configure("[params.likewise]", '[params.likewise]\n  site = "blog"')
    assert signed_pages(hugo.build())["/posts/hello/"] == signature("/posts/hello/", "blog")


def test_a_page_is_signed_with_its_prefix_and_its_language(hugo: Hugo) -> None:
    hugo.configure(
        "[params]",
        'defaultContentLanguage = "en"\ndefaultContentLanguageInSubdir = true\n'
        "[languages.en]\nweight = 1\n[languages.de]\nweight = 2\n[params]",
    )
    hugo.write("content/posts/hello.de.md", "---\ntitle: Hallo\n---\n")
    pages = signed_pages(hugo.build("--baseURL", "https://example.org/blog/"))
    assert {"/blog/en/posts/hello/", "/blog/de/posts/hello/"} <= set(pages)
    assert pages == {page: signature(page) for page in pages}


# What a front matter or a shortcode may name, and whether it can be signed.
SIGNED = [
    "/",
    "/index.html",
    "/ugly.html",
    "/x/index.html",
    "/x/index.html/",
    "/myindex.html",
    "/index.html/x/",
    "/Straße/ÑandÚ/",
    "/caf%c3%a9/",
    "/%E6%97%A5%E6%9C%AC/日本語",
    "/%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82/",
    "/%ED%95%9C%EA%B5%AD/",
    "/tiếng-việt/",
    "/a%2Fb/",
    "/a%20b/%25/%27/%2525/",
    "/it's/(a+b)/c,d;e=f@g:h!$&*~/",
    "/.../..a/.b/",
    "hello-world_1.2~3",
]
UNSIGNED = [
    "/cafe%CC%81/",  # an accent by itself
    "/cafe\u0301/",
    "/%E2%84%AB/",  # the sign for Ångström becomes the letter
    "/\u1112\u1161\u11ab/",
    "/%FF%C3/",
    "/a//b/",
    "/a/../b/",
    "/a/./b/",
    "/a/..",
    "/%41/",
    "/a%2fb/",
    "/a%00/",
    "/a b/",
    "/100%/",
    "/a?b",
    "/a#b",
    "/\u202eb/",
    "https://example.com/posts/hello/",
    "hello world",
    "héllo",
]


def test_whatever_is_signed_is_signed_right(hugo: Hugo) -> None:
    for number, page in enumerate(SIGNED + UNSIGNED):
        hugo.write(
            f"content/posts/named-{number}.md",
            f'---\ntitle: N\nlikes: true\n---\n{{{{< likewise page="{page}" >}}}}\n',
        )
    built = hugo.build()
    pages = signed_pages(built)
    assert {page: pages[page] for page in SIGNED} == {page: signature(page) for page in SIGNED}
    assert [page for page in UNSIGNED if pages[page]] == []
    assert built.said.count(WARNING) == len(UNSIGNED)


def test_letters_that_the_partial_takes_are_composed_already() -> None:
    ranges = re.search(r"\$letters := `([^`]*)`", PARTIAL.read_text(encoding="utf-8"))
    assert ranges
    letters = [
        chr(code)
        for first, last in re.findall(r"\\x\{(\w+)\}(?:-\\x\{(\w+)\})?", ranges[1])
        for code in range(int(first, 16), int(last or first, 16) + 1)
    ]
    decompositions = (unicodedata.decomposition(chr(code)).split() for code in range(0x110000))
    joins = {
        chr(int(parts[1], 16))
        for parts in decompositions
        if len(parts) == 2 and not parts[0].startswith("<")
    }
    assert len(letters) > 40_000
    for letter in letters:
        assert unicodedata.normalize("NFC", letter) == letter
        assert not unicodedata.combining(letter)
        assert letter not in joins
        assert canonical(f"/{letter}") == f"/{letter}"


# The snippets for other generators

USUAL = [
    "/",
    "/index.html",
    "/posts/hello/",
    "/posts/hello/index.html",
    "/caf%C3%A9/",
    "/cafe\u0301",
]


def snippet(language: str) -> str:
    text = (INTEGRATION.parent.parent / "docs" / "hugo.md").read_text(encoding="utf-8")
    found = re.search(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def said_by(*command: str) -> list[str]:
    done = subprocess.run(
        command,
        env={**os.environ, "LIKEWISE_PAGE_KEY": f"{KEY},another-one"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split()


def test_the_python_snippet_signs() -> None:
    code = f"{snippet('python')}\nfor page in {USUAL!r}: print(signature(page))"
    assert said_by(sys.executable, "-c", code) == [signature(page) for page in USUAL]


def test_the_javascript_snippet_signs() -> None:
    if shutil.which("node") is None:
        pytest.skip("there is no node")
    code = f"{snippet('js')}\nfor (const page of {USUAL!r}) console.log(signature(page, 'blog'))"
    said = said_by("node", "--input-type=module", "-e", code)
    assert said == [signature(page, "blog") for page in USUAL]
