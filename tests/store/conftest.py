"""Databases and places that tests of the store ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.database import ANNA, NAME, like, run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database that has been served before."""
    run(tmp_path / NAME, lambda store: like(store, "/a", ANNA))
    return tmp_path / NAME
