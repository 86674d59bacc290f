"""A disk that does not answer: who reads is not held up by who writes."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

from tests.service import voter
from tests.store.database import ANNA, NAME, SITE, all_of, assert_sound, like, submit, wish
from tests.store.day import DAY, small_wal, start
from tests.store.disk import Call, disk

STALL_SECONDS = 5


def test_no_like_makes_the_loop_wait_for_the_disk(tmp_path: Path) -> None:
    """Whatever writes or syncs is another thread's: a stall of the disk is not one of the loop."""
    on_loop: list[Call] = []

    def note(_number: int, call: Call) -> None:
        if threading.current_thread() is threading.main_thread():
            on_loop.append(call)

    async def play() -> None:
        store = start(tmp_path / NAME)
        failing.fault = note
        for step in DAY:
            assert await step.play(store)
        # More pages of the file than the connection's memory holds.
        for batch in range(8):
            await all_of(
                submit(store, wish(f"/{number * 8 + batch:0>400}", voter(number)))
                for number in range(256)
            )
        await store.close()

    with small_wal(24, 10_000), disk(tmp_path) as failing:
        asyncio.run(play())
    assert on_loop == []
    assert_sound(tmp_path / NAME)


def test_reads_are_answered_while_the_disk_stalls(tmp_path: Path) -> None:
    stalled, reads = threading.Event(), 0

    def stall(_number: int, call: Call) -> None:
        if call.kind == "sync" and not stalled.is_set():
            stalled.set()
            time.sleep(STALL_SECONDS)

    async def play() -> int:
        nonlocal reads
        store = start(tmp_path / NAME)
        await like(store, "/a", ANNA)
        failing.fault = stall
        liked = [submit(store, wish("/a", voter(number))) for number in range(5, 9)]
        while not liked[0].done():
            store._cache.clear()
            assert store.counts(SITE, "/a") in ({"like": 1}, {"like": 5})
            assert store.known(SITE, "/unknown") is None
            reads += stalled.is_set()
            await asyncio.sleep(0.01)
        await all_of(liked)
        assert store.counts(SITE, "/a") == {"like": 5}
        await store.close()
        return reads

    with disk(tmp_path) as failing:
        # A loop that waits with the disk makes a read or two.
        assert asyncio.run(play()) > STALL_SECONDS
    assert_sound(tmp_path / NAME)
