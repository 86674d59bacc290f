"""The power fails after any call to the disk: what was acknowledged is there, nothing is twice.

One day is recorded, and the power fails at each call of the recording: what a disk holds depends on
nothing that comes later.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from likewise.errors import StartError
from tests.store.database import NAME
from tests.store.day import DAY, held_in, held_through, small_wal, start
from tests.store.disk import Call, Keep, Platter, disk, everything, nothing, some, torn


class Recording(NamedTuple):
    """A run's calls to the disk, and how many there were when each step was acknowledged."""

    at_first: dict[str, bytes]
    calls: list[Call]
    told: list[int]

    def steps_told(self, calls: int) -> int:
        """Return how many steps were acknowledged before so many calls."""
        return sum(number <= calls for number in self.told)


def recorded(folder: Path, days: int) -> Recording:
    """Play days, each from a start of the store to its stop."""
    folder.mkdir()
    told: list[int] = []

    async def play() -> None:
        for _ in range(days):
            store = start(folder / NAME)
            for step in DAY:
                assert await step.play(store)
                told.append(len(failing.calls))
            await store.close()

    with disk(folder) as failing:
        asyncio.run(play())
    return Recording(failing.at_first, failing.calls, told)


def losses(number: int, seeds: int) -> Iterator[tuple[str, Keep, bool]]:
    """Return the ways in which the power fails at a call: what is kept, and whether of the folder
    too.
    """
    yield "nothing unsynced kept", nothing, False
    yield "everything kept", everything, True
    yield "last write torn", torn, True
    for seed in range(number * seeds, (number + 1) * seeds):
        yield f"some sectors kept, seed {seed}", some(seed), seed % 2 == 0


def lose_power_at_every_call(folder: Path, max_wal_pages: int, days: int, seeds: int) -> None:
    with small_wal(24, max_wal_pages):
        recording = recorded(folder / "recorded", days)
    held = held_through(DAY * days)
    assert len(recording.told) == len(held) - 1
    platter = Platter(recording.at_first)
    rebooted = folder / "rebooted"
    for number, call in enumerate(recording.calls, 1):
        platter.play(call)
        told = recording.steps_told(number)
        for loss, keep, folder_is_synced in losses(number, seeds):
            platter.leave(rebooted, keep, folder_is_synced=folder_is_synced)
            try:
                assert held_in(rebooted / NAME) in held[told : told + 2]
            except (AssertionError, StartError) as wrong:
                wrong.add_note(f"{loss} after call {number}, {call}")
                raise
            shutil.rmtree(rebooted)


# With the WAL full, a like waits for the checkpoint; else both write at once.
in_both_ways = pytest.mark.parametrize("max_wal_pages", [24, 10_000], ids=["in turn", "at once"])


@in_both_ways
def test_nothing_acknowledged_is_lost_whenever_the_power_fails(
    tmp_path: Path, max_wal_pages: int
) -> None:
    lose_power_at_every_call(tmp_path, max_wal_pages, days=2, seeds=1)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@in_both_ways
def test_nothing_acknowledged_is_lost_however_often_the_power_fails(
    tmp_path: Path, max_wal_pages: int
) -> None:
    lose_power_at_every_call(tmp_path, max_wal_pages, days=5, seeds=25)
