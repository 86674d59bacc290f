"""A folder with nothing configured, in which commands are run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import Service


@pytest.fixture
def likewise(tmp_path: Path) -> Iterator[Service]:
    """Return a service that has no settings but a free port, not started; `run` runs commands."""
    service = Service(tmp_path)
    service.settings = {}
    yield service
    service.stop()
