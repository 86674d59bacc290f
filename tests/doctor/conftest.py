"""A set-up that is healthy, until a test spoils it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doctor.set_up import SetUp
from tests.service import Service
from tests.web import nginx as web_nginx


@pytest.fixture
def set_up(tmp_path: Path) -> SetUp:
    """Return it, not started."""
    if not Path(web_nginx.PROGRAM).exists():
        pytest.skip("nginx is missing: apt-get install nginx-light")
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing: apt-get install openssl")
    return SetUp(tmp_path)


@pytest.fixture
def likewise(tmp_path: Path) -> Iterator[Service]:
    """Return a service that has no settings but a free port, not started; `run` runs commands."""
    service = Service(tmp_path)
    service.settings = {}
    yield service
    service.stop()
