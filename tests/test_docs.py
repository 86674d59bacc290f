"""The docs name everything that there is; tracked files name nothing that they must not."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import likewise
from likewise import cli
from likewise.doctor.finding import CHECKS
from likewise.errors import CODES
from likewise.limits import Limits
from likewise.metrics import METRICS
from likewise.settings import SETTINGS
from likewise.web.routes import ROUTES, Route

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
# A lock file or an option that names a registry ties every clone to it.
REGISTRY = re.compile(
    r"(?:pypi|pythonhosted|npmjs)\.(?:org|com)|--(?:extra-)?index-url|--find[-]links"
)
SOMEONES_PATH = re.compile(r"(?<![\w.])/(?:root|home|work|Users)/\w")


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def written_pages() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".md"]


def observed_attributes() -> list[str]:
    source = (ROOT / "widget" / "src" / "reactions" / "element.ts").read_text(encoding="utf-8")
    found = re.search(r"observedAttributes = \[([^\]]*)\]", source)
    assert found, "the widget's observedAttributes are not where this test looks"
    return re.findall(r"'([a-z-]+)'", found[1])


def widget_texts() -> list[str]:
    source = (ROOT / "widget" / "src" / "texts" / "texts.ts").read_text(encoding="utf-8")
    return re.findall(r"^  (\w+)\??: string", source, re.MULTILINE)


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {word.replace(" ", "-") for word in words}


@pytest.mark.parametrize("name", [setting.name for setting in SETTINGS])
def test_setting_is_explained(name: str) -> None:
    assert f"\n| `{name}` |" in text_of("settings.md")


@pytest.mark.parametrize("name", Limits._fields)
def test_limit_is_explained(name: str) -> None:
    assert f"\n| `{name}` |" in text_of("settings.md")


@pytest.mark.parametrize("command", [command.name for command in cli.COMMANDS])
def test_command_is_explained(command: str) -> None:
    assert f"\n| `likewise {command}" in text_of("commands.md")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_route_is_explained(route: Route) -> None:
    assert f"`{route.method} {route.path}`" in text_of("http-api.md")


@pytest.mark.parametrize("code", CODES)
def test_error_code_is_explained_with_its_status(code: str) -> None:
    assert f"\n| `{code}` | {CODES[code].status} |" in text_of("http-api.md")


@pytest.mark.parametrize("check", CHECKS)
def test_check_of_the_doctor_is_explained(check: str) -> None:
    assert len(re.findall(rf"^\| `{check}` (?:\* )?\|", text_of("doctor.md"), re.MULTILINE)) == 1


def test_doctor_has_no_other_checks() -> None:
    _, _, tables = text_of("doctor.md").partition("\n## The service\n")
    assert re.findall(r"^\| `([\w-]+)`", tables, re.MULTILINE) == list(CHECKS)


@pytest.mark.parametrize("name", METRICS)
def test_metric_is_explained(name: str) -> None:
    assert f"`{name}" in text_of("monitoring.md")


@pytest.mark.parametrize("attribute", observed_attributes())
def test_widget_attribute_is_explained(attribute: str) -> None:
    assert f"\n| `{attribute}` |" in text_of("widget.md")


@pytest.mark.parametrize("name", widget_texts())
def test_widget_text_is_explained(name: str) -> None:
    assert f"`text-{name}`" in text_of("widget.md")


@pytest.mark.parametrize("page", written_pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        linked = page.parent / name if name else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors_of(linked), target


def test_newest_heading_of_the_changelog_is_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[([^\]]+)\]", changelog, re.MULTILINE)
    assert newest
    assert newest[1] == likewise.__version__


@pytest.mark.parametrize("pattern", [REGISTRY, SOMEONES_PATH], ids=["registry", "path"])
def test_no_tracked_file_names_a_registry_or_somebodys_path(pattern: re.Pattern[str]) -> None:
    found = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in pattern.finditer(text)]
    assert not found
