"""What is kept for a time only is looked after for as long as the service runs, come what may."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from likewise import service


class Store:
    """A store whose disk fails at every second time."""

    def __init__(self) -> None:
        self.times = 0
        self.enough = asyncio.Event()

    async def retain(self) -> None:
        self.times += 1
        if self.times == 5:
            self.enough.set()
        if self.times % 2:
            raise OSError("the disk fails")


def test_upkeep_goes_on_after_a_failure_and_ends_with_the_service(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(service, "UPKEEP_SECONDS", 0.001)

    async def live() -> int:
        store: Any = Store()
        async with service._kept_up(store):
            await asyncio.wait_for(store.enough.wait(), 20)
        times: int = store.times
        await asyncio.sleep(0.02)
        assert store.times == times
        return times

    assert asyncio.run(live()) >= 5
    assert "that is tried again" in caplog.text
