"""`likewise snippet`: what it prints works where it is pasted."""

from __future__ import annotations

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from likewise.commands.snippet import generators
from tests.integrations.generated_site import API, GENERATORS, ROOT, Site
from tests.integrations.hugo_site import Hugo
from tests.integrations.npm_site import environment, node
from tests.service import Service

URL = "https://likes.example.com"
PLAIN = {"LIKEWISE_URL": URL, "LIKEWISE_ORIGINS": "https://example.com"}
PAGE_KEY = "a-page-key-for-tests-0123456789"
TABLE = """
LIKEWISE_URL = "https://likes.example.com"
[sites.blog]
url = "https://example.com"
kinds = ["👍", "a \\"<b>'", "secret"]
views = true
[kinds.secret]
private = true
"""
BLOG = {"site": "blog", "kind": "👍 a \"<b>'", "views": ""}
# A reader of HTML has no value where none stands.
TAG = BLOG | {"views": None}


def snippet(likewise: Service, *arguments: str, **settings: str) -> str:
    done = likewise.run("snippet", *arguments, **PLAIN | settings)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def of_blog(likewise: Service, generator: str) -> str:
    """Return the snippet for a site whose buttons have something to say."""
    (likewise.directory / "likewise.toml").write_text(TABLE, encoding="utf-8")
    done = likewise.run("snippet", generator, "--site", "blog")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def settings_in(text: str) -> str:
    """Return the lines that a generator's configuration takes, as they stand there."""
    lines = re.findall(r'^    ( *"?(?:api|site|kind|views)"? ?[:=] .*\n)', text, re.MULTILINE)
    return "".join(lines)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] = dict(attrs)


def tags_in(text: str) -> dict[str, dict[str, str | None]]:
    """Return the attributes of what stands between the sentences, by its name."""
    reader = _Tags()
    reader.feed("\n".join(re.findall(r"^    (.*)$", text, re.MULTILINE)))
    return reader.found


@pytest.mark.parametrize("generator", generators())
def test_every_generator_has_a_text_with_the_address(likewise: Service, generator: str) -> None:
    text = snippet(likewise, generator)
    assert URL in text
    [page] = re.findall(r"^More in (docs/[a-z]+\.md)\.$", text, re.MULTILINE)
    assert (ROOT / page).exists()
    assert not re.search(r"(?<!\w)@\w", text)


@pytest.mark.parametrize("generator", generators())
def test_signed_pages_are_spoken_of_where_they_are_asked_for(
    likewise: Service, generator: str
) -> None:
    assert "sign" not in snippet(likewise, generator)
    signed = {"LIKEWISE_PAGES": "signed", "LIKEWISE_PAGE_KEY": PAGE_KEY}
    text = snippet(likewise, generator, **signed)
    assert "sign" in text
    assert PAGE_KEY not in text


def test_tags_say_what_the_site_is(likewise: Service) -> None:
    tags = tags_in(snippet(likewise, "html"))
    assert tags["script"]["src"] == f"{URL}/likes.js"
    assert "async" in tags["script"]
    assert set(tags["like-wise"]) == {"page"}
    assert TAG.items() <= tags_in(of_blog(likewise, "html"))["like-wise"].items()


@pytest.mark.parametrize("rule", ["max = 50", "private = true"])
def test_a_kind_that_is_not_counted_in_the_plain_way_is_named(likewise: Service, rule: str) -> None:
    table = f'LIKEWISE_KINDS = "👏"\n[kinds."👏"]\n{rule}\n'
    (likewise.directory / "likewise.toml").write_text(table, encoding="utf-8")
    assert tags_in(snippet(likewise, "html"))["like-wise"]["kind"] == "👏"


@pytest.mark.parametrize("name", [name for name in GENERATORS if name != "zensical-of-mkdocs"])
def test_settings_work_where_they_are_pasted(likewise: Service, tmp_path: Path, name: str) -> None:
    site = Site(name, tmp_path / "site")
    site.replace_api_by(settings_in(of_blog(likewise, name)))
    built = site.build()
    button = built.button("posts/hello/index.html")
    assert TAG.items() <= button.items()
    assert built.scripts("posts/hello/index.html") == [f"{URL}/likes.js"]


@pytest.mark.parametrize("generator", ["eleventy", "astro", "docusaurus"])
def test_settings_in_javascript_are_what_the_plugin_takes(
    likewise: Service, generator: str
) -> None:
    settings = settings_in(of_blog(likewise, generator))
    code = (
        "import { attributes, checked } from './button.mjs';"
        f"const settings = checked({{ {settings} }});"
        "console.log(JSON.stringify([settings.script, attributes('/posts/hello/', settings)]));"
    )
    done = subprocess.run(
        [node(), "--input-type=module", "-e", code],
        cwd=ROOT / "integrations" / generator,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(done.stdout) == [f"{URL}/likes.js", {"page": "/posts/hello/", **BLOG}]


def test_settings_for_hugo_work_where_they_are_pasted(likewise: Service, tmp_path: Path) -> None:
    hugo = Hugo("pypi", tmp_path / "site")
    hugo.configure(f'  api = "{API}"\n', settings_in(of_blog(likewise, "hugo")))
    [button] = hugo.build().buttons("posts/hello/index.html")
    assert TAG.items() <= (tags_in(f"    {button}")["like-wise"]).items()


def test_without_a_name_it_is_plain_html(likewise: Service) -> None:
    assert snippet(likewise) == snippet(likewise, "html")


def test_a_generator_without_a_text_is_refused_with_the_names(likewise: Service) -> None:
    done = likewise.run("snippet", "gatsby")
    assert (done.returncode, done.stdout) == (2, "")
    assert all(f"'{name}'" in done.stderr for name in generators())


def test_an_unknown_site_is_refused_with_the_names(likewise: Service) -> None:
    done = likewise.run("snippet", "--site", "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no site nowhere; there are: default." in done.stderr


def test_what_is_not_set_yet_is_said_beside_the_snippet(likewise: Service) -> None:
    done = likewise.run("snippet")
    assert f'src="http://127.0.0.1:{likewise.port}/likes.js"' in done.stdout
    assert "LIKEWISE_URL is not set" in done.stderr
    assert "LIKEWISE_ORIGINS names your site" in done.stderr


def test_a_socket_has_no_address_to_print(likewise: Service) -> None:
    done = likewise.run("snippet", LIKEWISE_HOST="unix:/run/likewise.sock")
    assert (done.returncode, done.stdout) == (1, "")
    assert "LIKEWISE_URL is not set" in done.stderr
