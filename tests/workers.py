"""Shares the tests out to the workers of pytest-xdist: what belongs together stays in one.

A pytest plugin; `tests/conftest.py` names it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

PAGES = "tests/browser/"
# What is there once and not for two at a time: the image, and a generator where npm put it.
IMAGE = "tests/deploy/"
NPM_SITES = (
    "tests/integrations/test_astro.py",
    "tests/integrations/test_docusaurus.py",
    "tests/integrations/test_eleventy.py",
    "tests/browser/test_generators.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest and cannot be parted, and end with pages, small files last.

    Playwright leaves an event loop running: no test that needs its own comes after a page.
    """
    sizes = Counter(file_of(item.nodeid) for item in items)
    items.sort(key=lambda item: _turn(file_of(item.nodeid), sizes))


def _turn(file: str, sizes: Counter[str]) -> tuple[int, int]:
    if file.startswith(IMAGE):
        return 0, 0
    if file in NPM_SITES:
        return 2, file.startswith(PAGES)
    return (3, -sizes[file]) if file.startswith(PAGES) else (1, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Any:
    """Give a worker whole files, in the order of collection: a file's fixtures are made once."""
    from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415 - it may be missing

    config.option.loadscopereorder = False
    scheduler = LoadFileScheduling(config, log)
    scheduler._split_scope = share
    return scheduler


def share(nodeid: str) -> str:
    """Return what a test is kept together with: its file, or all that use what is there once."""
    file = file_of(nodeid)
    if file.startswith(IMAGE):
        return IMAGE
    return NPM_SITES[0] if file in NPM_SITES else file


def file_of(nodeid: str) -> str:
    """Return the file of a test, as pytest names it."""
    return nodeid.partition("::")[0]
