"""Databases and places that tests of the store ask for."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.database import ANNA, NAME, like, run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database that has been served before."""
    run(tmp_path / NAME, lambda store: like(store, "/a", ANNA))
    return tmp_path / NAME


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user of the machine can reach, as pytest's own cannot be."""
    folder = Path(tempfile.mkdtemp(prefix="likewise-"))
    folder.chmod(0o777)
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)
