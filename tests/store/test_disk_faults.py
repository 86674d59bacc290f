"""A disk that answers with errors: likes are refused meanwhile, reads go on, nothing is restarted,
and what was acknowledged outlives a power loss that comes on top.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

import pytest

from likewise.errors import StartError
from likewise.store.sqlite import SqliteStore
from tests.store.database import NAME, connections_of, stranger
from tests.store.day import DAY, Step, held_in, held_through, small_wal, start
from tests.store.disk import (
    ERRORS,
    NO_ROOM,
    SYNC_FAILS,
    SYNCS_FAIL,
    WRITE_FAILS,
    Disk,
    Error,
    Fault,
    Platter,
    disk,
    nothing,
)
from tests.store.model import Held, held_by

HELD = held_through(DAY)


async def started(path: Path, fault: Fault, failing: Disk) -> SqliteStore:
    """Start a store; where the disk prevents it, it starts once the disk is mended."""
    try:
        return start(path)
    except StartError:
        assert fault.failed
        failing.mend()
        return start(path)


async def stays(
    store: SqliteStore, failing: Disk, fault: Fault, step: Step, before: Held
) -> SqliteStore:
    """Go on as the service does: read, refuse, and be ready once the disk is."""
    assert held_by(store) == before
    if fault.error.lasts:
        assert not await store.is_ready()
        assert not await step.play(store)
        assert held_by(store) == before
    failing.mend()
    assert await store.is_ready()
    assert held_by(store) == before
    return store


async def is_restarted(
    store: SqliteStore, failing: Disk, _fault: Fault, _step: Step, _: Held
) -> SqliteStore:
    """Stop and start, as an owner may who sees the disk fail."""
    await store.close()
    failing.mend()
    return start(Path(store.path))


async def is_killed(
    store: SqliteStore, failing: Disk, _fault: Fault, _step: Step, _: Held
) -> SqliteStore:
    """Start again what has ended without a warning."""
    for worker in store._workers:
        worker.close()
    for connection in connections_of(store):
        connection.close()
    failing.mend()
    return start(Path(store.path))


Reaction = Callable[[SqliteStore, Disk, Fault, Step, Held], Awaitable[SqliteStore]]


async def play_day(
    path: Path, fault: Fault, failing: Disk, react: Reaction
) -> list[tuple[int, Held]]:
    """Play a day; return what was held after how many calls, as it was acknowledged."""
    store = await started(path, fault, failing)
    told: list[tuple[int, Held]] = []
    for step, before, after in zip(DAY, HELD[:-1], HELD[1:], strict=True):
        if not await step.play(store):
            assert fault.failed
            store = await react(store, failing, fault, step, before)
            # What was refused may be found after a restart: then as a whole, and for good.
            assert held_by(store) == after or await step.play(store)
        assert held_by(store) == after
        store._cache.clear()
        assert held_by(store) == after
        told.append((len(failing.calls), after))
    await store.close()
    return [*told, (len(failing.calls), after)]


def check_power_loss(failing: Disk, told: list[tuple[int, Held]], first: int, folder: Path) -> None:
    """Lose the power right after what was acknowledged next after call `first`, and at the end."""
    moments = [next(moment for moment in told if moment[0] >= first), told[-1]]
    for calls, held in moments:
        platter = Platter(failing.at_first)
        for call in failing.calls[:calls]:
            platter.play(call)
        platter.leave(folder / "rebooted", nothing)
        assert held_in(folder / "rebooted" / NAME) == held
        shutil.rmtree(folder / "rebooted")


def fail_at_every_call(folder: Path, error: Error, react: Reaction, max_wal_pages: int) -> int:
    """Play a day for each call that can fail; return how many there are."""
    for spared in count():
        fault, place = Fault(error, spared), folder / "disk"
        place.mkdir()
        try:
            with small_wal(24, max_wal_pages), disk(place, fault) as failing:
                told = asyncio.run(play_day(place / NAME, fault, failing, react))
            assert held_in(place / NAME) == HELD[-1]
            if fault.failed is None:
                return spared
            first = next(n for n, call in enumerate(failing.calls) if call.failed)
            check_power_loss(failing, told, first, folder)
        except AssertionError as wrong:
            wrong.add_note(f"{error}, at {error.to} {spared}, {fault.failed}")
            raise
        shutil.rmtree(place)
    raise AssertionError


CALLS = {"write": 90, "sync": 15}  # of a day, at least


@pytest.mark.parametrize("error", [SYNC_FAILS, SYNCS_FAIL, WRITE_FAILS, NO_ROOM], ids=str)
def test_likes_resume_by_themselves_whichever_call_the_disk_fails(
    tmp_path: Path, error: Error
) -> None:
    assert fail_at_every_call(tmp_path, error, stays, 24) >= CALLS[error.to]


@pytest.mark.parametrize("react", [is_restarted, is_killed])
def test_what_a_failed_sync_left_in_memory_is_not_built_upon(
    tmp_path: Path, react: Reaction
) -> None:
    """Linux forgets what it could not write, shows it to readers, and lets the next sync pass."""
    assert fail_at_every_call(tmp_path, SYNC_FAILS, react, 24) >= CALLS["sync"]


def test_pages_that_a_checkpoint_could_not_sync_stay_in_the_wal(tmp_path: Path) -> None:
    """A checkpoint that a reader stops midway has written pages that only the next one syncs."""
    place = tmp_path / "disk"
    place.mkdir()

    async def play() -> Held:
        store = start(place / NAME)
        checkpoint = store._checkpoints._checkpoint
        for step in DAY[:6]:
            assert await step.play(store)
        with stranger(store.path) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM pages").get == 4
            assert await DAY[6].play(store)
            checkpoint()
        failing.fault = Fault(SYNC_FAILS, 1)  # spares the WAL, which comes first
        checkpoint()
        assert failing.fault.failed is not None
        assert failing.fault.failed.name == NAME
        failing.mend()
        checkpoint()
        for step in DAY[7:]:
            assert await step.play(store)
        held = held_by(store)
        platter = Platter(failing.at_first)
        for call in failing.calls:
            platter.play(call)
        platter.leave(tmp_path / "rebooted", nothing)
        await store.close()
        return held

    with disk(place) as failing:
        held = asyncio.run(play())
    assert held == HELD[-1]
    assert held_in(tmp_path / "rebooted" / NAME) == held
    assert held_in(place / NAME) == held


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("max_wal_pages", [8, 24, 10_000])
@pytest.mark.parametrize("react", [stays, is_restarted, is_killed])
@pytest.mark.parametrize("error", ERRORS, ids=str)
def test_no_fault_at_any_call_costs_a_like(
    tmp_path: Path, error: Error, react: Reaction, max_wal_pages: int
) -> None:
    assert fail_at_every_call(tmp_path, error, react, max_wal_pages) >= CALLS[error.to]
