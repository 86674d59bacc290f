"""What a release has promised stays as it was: migrations to the byte, and every widget."""

from __future__ import annotations

import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIST = Path("tests", "kept.sha256")
MIGRATIONS = Path("src", "likewise", "store", "migrations")
WIDGETS = Path("src", "likewise", "web", "widgets")
STATIC = Path("src", "likewise", "web", "static")
BUILT, SECOND = STATIC / "likes.js", STATIC / "reactions.js"
KEPT = [line.split("  ") for line in (ROOT / LIST).read_text(encoding="ascii").splitlines()]
NEWEST_HEADING = re.compile(r"^## \[.*\] - (.*)$", re.MULTILINE)


@pytest.mark.parametrize(("digest", "name"), KEPT, ids=lambda text: Path(text).name[:40])
def test_what_is_kept_is_as_it_was(digest: str, name: str) -> None:
    told = f"{name} is in databases or on pages already: leave it, and add another file"
    assert sha256((ROOT / name).read_bytes()).hexdigest() == digest, told


def test_every_kept_widget_is_listed_and_named_by_its_hash() -> None:
    widgets = sorted((ROOT / WIDGETS).iterdir())
    assert [str(WIDGETS / one.name) for one in widgets] == sorted(
        name for _, name in KEPT if name.startswith(str(WIDGETS))
    )
    for one in widgets:
        digest = sha256(one.read_bytes()).hexdigest()
        assert one.name in {f"likes-{digest[:16]}.js", f"reactions-{digest[:8]}.js"}


def test_the_script_that_a_kept_widget_asks_for_is_kept() -> None:
    for one in (ROOT / WIDGETS).glob("likes-*.js"):
        asked = re.findall(r"reactions-[0-9a-f]{8}\.js", one.read_text(encoding="utf-8"))
        assert all((ROOT / WIDGETS / name).is_file() for name in asked)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what is kept, and of the script that keeps."""
    for folder in (MIGRATIONS, WIDGETS, Path("scripts")):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for file in (LIST, BUILT, SECOND):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def keep(tree: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tree / "scripts" / "keep", *options], capture_output=True, text=True, check=False
    )


def test_all_of_a_released_version_is_kept() -> None:
    dated = NEWEST_HEADING.search((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert dated
    done = keep(ROOT, "--check")
    assert dated[1] == "unreleased" or (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "new", [BUILT, SECOND, MIGRATIONS / "9999-later.sql"], ids=lambda path: path.name
)
def test_what_is_new_is_found_and_kept_without_touching_the_rest(tree: Path, new: Path) -> None:
    assert keep(tree).returncode == 0
    before = (tree / LIST).read_text()
    assert keep(tree, "--check").returncode == 0
    (tree / new).write_text("-- something new")
    digest = sha256(b"-- something new").hexdigest()
    names = {BUILT: f"likes-{digest[:16]}.js", SECOND: f"reactions-{digest[:8]}.js"}
    kept = WIDGETS / names[new] if new in names else new
    missed = keep(tree, "--check")
    assert missed.returncode == 1
    assert missed.stderr == f"Not kept yet: {kept}. `scripts/keep` keeps them.\n"
    for _ in range(2):
        assert keep(tree).returncode == 0
    assert (tree / LIST).read_text() == f"{before}{digest}  {kept}\n"
    assert (tree / kept).read_text() == "-- something new"
    assert keep(tree, "--check").returncode == 0
