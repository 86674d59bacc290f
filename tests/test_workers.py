"""What `make test` relies on: a run by several workers loses no failure, and parts no files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workers import NPM_SITES, share

ROOT = Path(__file__).parent.parent
PLUGINS = ("-p", "xdist", "-p", "tests.nothing_skipped", "-p", "tests.workers")
WORKERS = ("--numprocesses", "2", "--max-worker-restart", "0")


def run(folder: Path, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("xdist", reason="pytest-xdist is missing: make test installs it")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *PLUGINS, *options, folder],
        cwd=folder,
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text, encoding="utf-8")


SKIPPED = "import pytest\ndef test_one(): pytest.skip('nothing here')\n"
SKIPPED_FILE = "import pytest\npytest.skip('nothing here', allow_module_level=True)\n"
PASSED = "def test_one(): pass\n"


@pytest.mark.parametrize("workers", [(), WORKERS], ids=["one process", "two workers"])
@pytest.mark.parametrize("text", [SKIPPED, SKIPPED_FILE], ids=["test", "file"])
def test_under_ci_a_skipped_test_fails_the_run(
    tmp_path: Path, text: str, workers: tuple[str, ...]
) -> None:
    write(tmp_path, first=PASSED, second=text)
    failed = run(tmp_path, *workers, CI="true")
    assert failed.returncode in {1, 2}, failed.stdout
    assert "skipped, where nothing may be" in failed.stdout
    passed = run(tmp_path, *workers)
    assert passed.returncode == 0, passed.stdout
    assert "1 passed, 1 skipped" in passed.stdout


def test_a_worker_that_dies_fails_the_run(tmp_path: Path) -> None:
    write(tmp_path, first="import os\ndef test_one(): os._exit(0)\n", second=PASSED)
    done = run(tmp_path, *WORKERS)
    assert done.returncode == 1, done.stdout
    assert "crashed while running 'test_first.py::test_one'" in done.stdout


def test_a_file_stays_in_one_worker(tmp_path: Path) -> None:
    text = """
import os, pytest
@pytest.mark.parametrize("number", range(20))
def test_one(number):
    with open("workers", "a") as file:
        file.write(f"{__name__} {os.environ['PYTEST_XDIST_WORKER']}\\n")
"""
    write(tmp_path, **dict.fromkeys(("first", "second", "third"), text))
    assert run(tmp_path, *WORKERS).returncode == 0
    lines = (tmp_path / "workers").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 60
    assert len(set(lines)) == 3
    assert len({line.split()[1] for line in lines}) == 2


def test_what_is_there_once_stays_in_one_worker() -> None:
    image, compose = (share(f"tests/deploy/test_{name}.py::test[a/b::c]") for name in "ab")
    assert image == compose
    assert share("tests/http/test_drain.py::test[tests/deploy/x]") == "tests/http/test_drain.py"
    assert len({share(f"{file}::test") for file in NPM_SITES}) == 1


def test_all_that_build_with_npm_are_known() -> None:
    files = (ROOT / "tests").rglob("test_*.py")
    building = [file for file in files if re.search(r"\bNpmSite\(", file.read_text("utf-8"))]
    assert {str(file.relative_to(ROOT)) for file in building} == set(NPM_SITES)
