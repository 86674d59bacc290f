"""Shares the tests out to the workers of pytest-xdist: what belongs together stays in one.

A pytest plugin; `tests/conftest.py` names it.
"""

from __future__ import annotations

from typing import Any

import pytest

FIRST, LAST = "deploy", "browser"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest and cannot be parted, so that no worker waits for it.

    Pages are last: Playwright leaves an event loop running, under which no other can run.
    """
    items.sort(key=lambda item: (LAST in item.path.parts) - (FIRST in item.path.parts))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Any:
    """Give a worker whole files, in the order of collection: a file's fixtures are made once."""
    from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415 - it may be missing

    config.option.loadscopereorder = False
    scheduler = LoadFileScheduling(config, log)
    scheduler._split_scope = share
    return scheduler


def share(nodeid: str) -> str:
    """Return what a test is kept together with: its file, or the folder that has one image.

    Pages are given out one by one, so that all workers end at once.
    """
    path = nodeid.partition("::")[0]
    folders = path.split("/")[:-1]
    if FIRST in folders:
        return FIRST
    return nodeid if LAST in folders else path
