"""What was liked lately is told by the hour, and by no more than the hours asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.rules.clock import Clock
from tests.store.database import ANNA, BORIS, NAME, SITE, like, opened

HOUR_SECONDS = 3_600
DAYS = [1, 7, 30, 90, 365]


@pytest.mark.parametrize("days", DAYS)
def test_a_day_has_24_hours_the_present_one_too(tmp_path: Path, days: int) -> None:
    """One page is liked in the first hour that counts, another in the hour before."""

    async def play() -> None:
        clock = Clock()
        async with opened(tmp_path / NAME, wall=clock.wall) as store:
            await like(store, "/too-old", ANNA)
            clock.go_on(HOUR_SECONDS)
            await like(store, "/just-in", ANNA)
            clock.go_on((24 * days - 1) * HOUR_SECONDS)
            assert await store.popular(SITE, "like", days) == [("/just-in", 1)]
            assert [page for page, _ in await store.popular(SITE, "like", None)] == [
                "/just-in",
                "/too-old",
            ]

    asyncio.run(play())


def test_what_was_taken_back_lately_counts_against_it(tmp_path: Path) -> None:
    async def play() -> None:
        clock = Clock()
        async with opened(tmp_path / NAME, wall=clock.wall) as store:
            await like(store, "/a", ANNA)
            await like(store, "/a", BORIS)
            clock.go_on(48 * HOUR_SECONDS)
            await like(store, "/a", ANNA, 0)
            assert await store.popular(SITE, "like", 1) == []
            assert await store.popular(SITE, "like", 7) == [("/a", 1)]

    asyncio.run(play())


def test_a_kind_that_nobody_gave_has_no_pages(tmp_path: Path) -> None:
    async def play() -> None:
        async with opened(tmp_path / NAME) as store:
            await like(store, "/a", ANNA)
            assert await store.popular(SITE, "clap", 7) == []
            assert await store.popular("other", "like", 7) == []

    asyncio.run(play())
