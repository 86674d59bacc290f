"""A day of a blog: likes of every sort, played to a store, with what must be held after each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import pytest

from likewise.errors import Problem
from likewise.store import Alias, Seed, Wish, checkpoint
from likewise.store.opening import open_store
from likewise.store.sqlite import SqliteStore
from tests.store.database import NOON, SITE, assert_sound, submit
from tests.store.model import VOTERS, Held, Model, held_by

SECRET = "s" * 32
WAL_PAGES = 24  # a few checkpoints a day
ANNA, BORIS, CLARA = VOTERS


class Step(NamedTuple):
    """What is sent at once, and stored by one commit."""

    wishes: list[Wish]
    seeds: Sequence[Seed] = ()
    aliases: Sequence[Alias] = ()

    async def play(self, store: SqliteStore) -> bool:
        """Send it; tell whether it was acknowledged. It is as a whole, or not at all."""
        sent = [submit(store, wish) for wish in self.wishes]
        adopted = store.adopt(self.seeds, self.aliases) if self.seeds or self.aliases else None
        outcomes = [await future for future in sent]
        if adopted is not None:
            outcomes += await asyncio.gather(adopted, return_exceptions=True)  # type: ignore[arg-type]
        refused = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
        assert {problem.code for problem in refused} <= {"storage_unavailable"}
        assert all(problem.retry_after_seconds == 2 for problem in refused)
        assert len(refused) in {0, len(outcomes)}
        return not refused

    def apply(self, model: Model) -> None:
        for wish in self.wishes:
            model.like(wish)
        model.adopt(list(self.seeds), list(self.aliases))


def _like(page: str, who: str, n: int = 1, kind: str = "like") -> Wish:
    return Wish(SITE, page, kind, who, n)


DAY = [
    Step([_like("/a", ANNA)]),
    Step([_like("/a", BORIS), _like("/b", ANNA, kind="🎉"), _like("/b", CLARA, 3)]),
    Step([_like("/a", ANNA, 0)]),
    Step([_like("/b", CLARA, 5), _like("/b", CLARA, 4), _like("/a", ANNA)]),
    Step([_like("/c", BORIS)], [Seed(SITE, "/c", "like", 40), Seed(SITE, "hello", "🎉", 7)]),
    Step([_like("hello", who, 2) for who in VOTERS], [], [Alias(SITE, "hello", "/c")]),
    Step([_like("/c", ANNA, 0), _like("hello", BORIS), _like("/d", CLARA, 9, "🎉")]),
    Step([_like("/d", CLARA, 9, "🎉")]),  # sent again
    Step([_like("/a", who, 0) for who in VOTERS] + [_like("/d", who) for who in VOTERS]),
    Step([_like("/b", CLARA, 0), _like("/a", CLARA)], [Seed(SITE, "/a", "like", 3)]),
]


def held_through(steps: list[Step]) -> list[Held]:
    """Return what is held before the first step, and after each."""
    model, held = Model(), []
    for step in steps:
        held.append(deepcopy(model.held()))
        step.apply(model)
    return [*held, model.held()]


def start(path: Path) -> SqliteStore:
    """Open the store, as a service does."""
    return open_store(str(path), SECRET, create=True, wall=lambda: NOON)


def held_in(path: Path, check: Callable[[Path], None] = assert_sound) -> Held:
    """Reboot: start a store on what is there; return what it holds."""

    async def reboot() -> Held:
        store = start(path)
        try:
            return held_by(store)
        finally:
            await store.close()

    held = asyncio.run(reboot())
    check(path)
    return held


@contextmanager
def small_wal(wal_pages: int, max_wal_pages: int) -> Iterator[None]:
    """Let checkpoints be due more often than once in thousands of likes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "WAL_PAGES", wal_pages)
        patch.setattr(checkpoint, "MAX_WAL_PAGES", max_wal_pages)
        yield
