"""The door that a test goes through: every test that asks for one runs through all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service import Service
from tests.web.doors import DOORS, SITES


@pytest.fixture(scope="session", params=DOORS)
def door(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Return a service with two sites; one process of each door serves the whole run."""
    directory = tmp_path_factory.mktemp(request.param)
    (directory / "likewise.toml").write_text(SITES, encoding="utf-8")
    with DOORS[request.param](directory, LIKEWISE_DEMO="on") as running:
        yield running
