"""Services that are attacked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.abuse.clocked import ClockedService

StartClocked = Callable[..., ClockedService]


@pytest.fixture
def start_clocked(tmp_path: Path) -> Iterator[StartClocked]:
    """Return a function that starts a service by a clock of the test's."""
    with ExitStack() as stack:

        def start(**settings: str) -> ClockedService:
            directory = tmp_path / f"clocked-{len(list(tmp_path.glob('clocked-*')))}"
            directory.mkdir()
            return stack.enter_context(ClockedService(directory, **settings))

        yield start
