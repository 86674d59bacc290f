"""What every test may ask for."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.service import Service

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

pytest_plugins = ["tests.nothing_skipped", "tests.workers"]

CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

StartService = Callable[..., Service]


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[StartService]:
    """Return a function that starts the service with settings; all are stopped at the end."""
    with ExitStack() as stack:

        def start(**settings: str) -> Service:
            directory = tmp_path / f"service-{len(list(tmp_path.glob('service-*')))}"
            directory.mkdir()
            return stack.enter_context(Service(directory, **settings))

        yield start


@pytest.fixture
def service(start_service: StartService) -> Service:
    """Return the service with nothing configured but its key."""
    return start_service()


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user of the machine can reach, as pytest's own cannot be."""
    folder = Path(tempfile.mkdtemp(prefix="likewise-"))
    folder.chmod(0o777)
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Return Playwright, where it is installed."""
    api = pytest.importorskip("playwright.sync_api")
    api.expect.set_options(timeout=20_000)  # milliseconds; all cores are busy while tests run
    with api.sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Return a real Chromium: the system's, else the one that Playwright has installed."""
    path = shutil.which("chromium") or playwright.chromium.executable_path
    if not Path(path).exists():
        pytest.skip("Chromium is missing: apt-get install chromium")
    running = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_OPTIONS))
    yield running
    running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a page of a fresh browser profile; an error in its scripts fails the test."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []
