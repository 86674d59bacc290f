"""Surges are seen, marked once and told; usual crowds are not, and nothing is ever refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Self

import pytest

from likewise.metrics import Metrics
from likewise.store import Sight
from likewise.watch import MAX_LOOKS, PAGE_LIKES, SITE_LIKES, WINDOW_SECONDS, Watch
from tests.rules.clock import Clock

SITE = "default"


class Surges:
    """A store that knows what is usual, and notes what is marked."""

    def __init__(self, usual_an_hour: float = 0.0) -> None:
        self.usual_an_hour = usual_an_hour
        self.asked = 0
        self.marked: list[tuple[str | None, int]] = []
        self.error: Exception | None = None

    @property
    def surges(self) -> Self:
        return self

    async def usual(self, _site: str, _page: str | None) -> float:
        self.asked += 1
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        return self.usual_an_hour

    async def mark(self, sight: Sight) -> bool:
        is_new = sight.page not in [page for page, _ in self.marked]
        self.marked.append((sight.page, sight.likes if is_new else sight.more))
        return is_new

    async def last(self, _site: str, _limit: int) -> list[Any]:
        return []


def watched(store: Surges, play: Callable[[Watch, Clock], Awaitable[None]]) -> str:
    """Play likes for a watch that asks this store; return its metrics."""
    metrics = Metrics()

    async def scenario() -> None:
        clock = Clock()
        watch = Watch(store, metrics, monotonic=clock.monotonic, wall=clock.wall)  # type: ignore[arg-type]
        await play(watch, clock)
        if watch._looks:
            await asyncio.wait(watch._looks)

    asyncio.run(scenario())
    return metrics.text()


async def liked(watch: Watch, page: str, times: int) -> None:
    for _ in range(times):
        watch.saw({(SITE, page): 1})
        await asyncio.sleep(0)


def test_a_surge_of_a_page_is_marked_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    store = Surges()
    with caplog.at_level(logging.WARNING, "likewise"):
        text = watched(store, lambda watch, _: liked(watch, "/a", 4 * PAGE_LIKES))
    assert store.marked == [("/a", PAGE_LIKES), ("/a", PAGE_LIKES), ("/a", 2 * PAGE_LIKES)]
    assert 'likewise_surges_total{of="page"} 1' in text
    assert len(caplog.records) == 1
    assert "on the page /a of site default" in caplog.text


def test_likes_of_one_commit_are_marked_as_those_of_many_are() -> None:
    store = Surges()

    async def play(watch: Watch, _clock: Clock) -> None:
        for likes in (PAGE_LIKES - 1, PAGE_LIKES, 5 * PAGE_LIKES, 3 * PAGE_LIKES):
            watch.saw({(SITE, "/a"): likes, (SITE, "/b"): 1})
            await asyncio.sleep(0)

    watched(store, play)
    of_page = [likes for page, likes in store.marked if page == "/a"]
    assert of_page == [PAGE_LIKES, 3 * PAGE_LIKES, 4 * PAGE_LIKES]  # 8 times, of nearly 10
    assert store.asked == 3 + 1  # and once for the site


def test_fewer_likes_are_not_even_looked_at() -> None:
    store = Surges()

    async def play(watch: Watch, clock: Clock) -> None:
        for _ in range(20):
            await liked(watch, "/a", PAGE_LIKES - 1)
            clock.go_on(WINDOW_SECONDS)

    watched(store, play)
    assert (store.asked, store.marked) == (0, [])


def test_a_page_that_is_liked_much_every_day_surges_later() -> None:
    an_hour = 6.0 * PAGE_LIKES  # so many in every window
    store = Surges(an_hour)
    watched(store, lambda watch, _: liked(watch, "/a", 10 * PAGE_LIKES - 1))
    assert [marked for marked in store.marked if marked[0]] == []
    watched(store, lambda watch, _: liked(watch, "/a", 16 * PAGE_LIKES))
    assert ("/a", 16 * PAGE_LIKES) in store.marked


def test_likes_all_over_a_site_are_a_surge_of_the_site() -> None:
    store = Surges()

    async def play(watch: Watch, _clock: Clock) -> None:
        for number in range(SITE_LIKES):
            await liked(watch, f"/{number}", 1)

    text = watched(store, play)
    assert store.marked == [(None, SITE_LIKES)]
    assert 'likewise_surges_total{of="site"} 1' in text


def test_a_store_that_fails_is_told_and_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    store = Surges()
    store.error = OSError("the disk is gone")
    with caplog.at_level(logging.WARNING, "likewise"):
        watched(store, lambda watch, _: liked(watch, "/a", 2 * PAGE_LIKES))
    assert "could not be noted" in caplog.text
    assert store.marked == []


def test_a_crowd_of_pages_is_looked_at_a_few_at_a_time() -> None:
    store = Surges()

    async def play(watch: Watch, _clock: Clock) -> None:
        for number in range(100):
            for _ in range(PAGE_LIKES):
                watch.saw({(SITE, f"/{number}"): 1})
        assert len(watch._looks) == MAX_LOOKS

    watched(store, play)
