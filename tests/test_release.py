"""`make release`: the same bytes twice, tests of the wheel, and what is refused before."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import likewise
from tests.test_docs import tracked_files

ROOT = Path(__file__).parent.parent
MODULES = ROOT / "widget" / "node_modules"
VERSION = likewise.__version__
MIGRATIONS = "src/likewise/store/migrations"
QUICK = "tests/cli/test_key.py"

pytestmark = pytest.mark.skipif(
    not MODULES.exists(), reason="the widget's tools are missing: apt-get install npm, make test"
)


def run(tree: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    who = {
        f"GIT_{role}_{what}": "tests"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    environment = {**os.environ, **who, "PYTHON": sys.executable, **more}
    return subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False
    )


def commit(tree: Path) -> None:
    for command in (("add", "--all"), ("commit", "--quiet", "--message", "test")):
        done = run(tree, "git", *command)
        assert done.returncode == 0, done.stdout + done.stderr


def change(tree: Path, name: str, pattern: str, new: str) -> None:
    path = tree / name
    text, number = re.subn(pattern, new, path.read_text(encoding="utf-8"), count=1)
    assert number == 1
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository of this tree as it is, committed, ready for a release but for what is tested."""
    tree = tmp_path / "tree"
    for path in tracked_files():
        to = tree / path.relative_to(ROOT)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to)
    # Found from widget/ by looking upwards, and not in the tree.
    (tmp_path / "node_modules").symlink_to(MODULES)
    today = datetime.now(tz=UTC).date().isoformat()
    change(tree, "CHANGELOG.md", rf"## \[{VERSION}\] - \S+", f"## [{VERSION}] - {today}")
    assert run(tree, "git", "init", "--quiet").returncode == 0
    assert run(tree, "scripts/keep").returncode == 0
    commit(tree)
    return tree


@pytest.mark.timeout(300)
def test_a_release_is_built_twice_alike_and_its_wheel_is_tested(tree: Path) -> None:
    done = run(tree, "scripts/release", "--no-image", QUICK)
    assert done.returncode == 0, done.stdout + done.stderr
    names = [f"likewise-{VERSION}-py3-none-any.whl", f"likewise-{VERSION}.tar.gz"]
    assert sorted(one.name for one in (tree / "dist").iterdir()) == ["SHA256SUMS", *names]
    assert run(tree / "dist", "sha256sum", "--check", "SHA256SUMS").returncode == 0
    passed = re.search(r"^(\d+) passed", done.stdout, re.MULTILINE)
    assert passed
    assert int(passed[1]) > 5
    assert f'git tag --sign v{VERSION} --message "Likewise {VERSION}"' in done.stdout
    assert run(tree, "git", "status", "--porcelain").stdout == ""
    assert run(tree, "git", "tag").stdout == ""
    installs_without_node(tree / "dist" / names[1], tree.parent / "installed")


def installs_without_node(sdist: Path, to: Path) -> None:
    bare = to.with_name("bare")
    bare.mkdir()
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    done = run(bare, *pip, "--no-build-isolation", "--target", str(to), str(sdist), PATH=str(bare))
    assert done.returncode == 0, done.stderr
    for name in ("static/likes.js", "openapi.json"):
        built = (to / "likewise" / "web" / name).read_bytes()
        assert built == (ROOT / "src" / "likewise" / "web" / name).read_bytes()


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_wheel_that_fails_a_test_is_no_release(tree: Path) -> None:
    name = "src/likewise/commands/key.py"
    change(tree, name, r"return DONE", "return 1")
    commit(tree)
    done = run(tree, "scripts/release", "--no-image", QUICK)
    assert done.returncode == 1
    assert done.stderr.endswith("No release: the wheel fails its tests.\n")
    assert not (tree / "dist").exists()


HOOK = """
import os
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        with open("src/likewise/py.typed", "w") as file:
            file.write(os.getcwd())
"""


def test_what_is_not_the_same_when_it_is_built_again_is_no_release(tree: Path) -> None:
    (tree / "hatch_build.py").write_text(HOOK)
    with (tree / "pyproject.toml").open("a") as file:
        file.write("\n[tool.hatch.build.hooks.custom]\n")
    commit(tree)
    done = run(tree, "scripts/release", "--no-image", QUICK)
    assert done.returncode == 1
    assert done.stderr.endswith(
        f"No release: likewise-{VERSION}-py3-none-any.whl is not the same when it is built again.\n"
    )
    assert not (tree / "dist").exists()


# What is refused before anything is built


def unfinished(tree: Path) -> None:
    (tree / "README.md").write_text("More to come")


def stray(tree: Path) -> None:
    (tree / "src" / "likewise" / "password.txt").write_text("secret")


def undated(tree: Path) -> None:
    change(tree, "CHANGELOG.md", rf"(?<=\[{VERSION}\] - )\S+", "unreleased")
    commit(tree)


def no_date(tree: Path) -> None:
    change(tree, "CHANGELOG.md", rf"(?<=\[{VERSION}\] - )\S+", "2026-02-30")
    commit(tree)


def no_section(tree: Path) -> None:
    change(tree, "src/likewise/__init__.py", VERSION, "9.9.9")
    change(tree, "widget/package.json", VERSION, "9.9.9")
    commit(tree)


def no_notes(tree: Path) -> None:
    change(tree, "CHANGELOG.md", "### Upgrade notes", "### Notes")
    commit(tree)


def another_widget_version(tree: Path) -> None:
    change(tree, "widget/package.json", VERSION, "9.9.9")
    commit(tree)


def released_before(tree: Path) -> None:
    assert run(tree, "git", "tag", f"v{VERSION}").returncode == 0
    (tree / "README.md").write_text("More")
    commit(tree)


def stale_widget(tree: Path) -> None:
    with (tree / "src/likewise/web/static/likes.js").open("a") as file:
        file.write(";")
    commit(tree)


def edited_migration(tree: Path) -> None:
    with (tree / MIGRATIONS / "0001-likes.sql").open("a") as file:
        file.write("-- better\n")
    commit(tree)


def new_migration(tree: Path) -> None:
    (tree / MIGRATIONS / "0999-more.sql").write_text("SELECT 1;\n")
    commit(tree)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (unfinished, "there are changes that are not committed"),
        (stray, "there are changes that are not committed"),
        (undated, r'CHANGELOG.md begins with "## \[.*\] - unreleased", not with "## \[.*\] - 20'),
        (no_date, r'CHANGELOG.md begins with ".* - 2026-02-30", not with'),
        (no_section, rf'CHANGELOG.md begins with "## \[{VERSION}\] - .*", not with "## \[9.9.9\]'),
        (no_notes, 'has no "### Upgrade notes" in CHANGELOG.md'),
        (another_widget_version, f"widget/package.json is not of version {VERSION}"),
        (released_before, f"v{VERSION} is another commit. Raise the version"),
        (stale_widget, "the built widget is not fresh"),
        (edited_migration, "what was released may not change"),
        (new_migration, "kept from now on, .* Commit these, and run it again"),
    ],
    ids=lambda case: getattr(case, "__name__", ""),
)
def test_what_is_not_ready_is_refused_before_it_is_built(
    tree: Path, spoil: Callable[[Path], None], told: str
) -> None:
    spoil(tree)
    done = run(tree, "scripts/release", "--no-image", QUICK)
    assert done.returncode == 1
    assert re.search(rf"^No release: .*{told}", done.stderr, re.MULTILINE), done.stderr
    assert "built twice" not in done.stdout
    assert not (tree / "dist").exists()


def test_versions_agree() -> None:
    package = json.loads((ROOT / "widget" / "package.json").read_text(encoding="utf-8"))
    assert package["version"] == VERSION
