"""The store against a model of a dozen lines, in any order of events that Hypothesis finds."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from likewise.errors import Problem
from likewise.store import Alias, Query, Seed, Wish, writer
from likewise.store.cache import Cache
from likewise.store.sqlite import open_store
from tests.service import voter
from tests.store.database import (
    NAME,
    NOON,
    SITE,
    after_crash,
    assert_sound,
    files_up_to,
    rows,
    stranger,
    submit,
)

T = TypeVar("T")

PAGES = ["/a", "/b", "/c", "/d", "hello"]
KINDS = ["like", "🎉"]
VOTERS = [voter(number) for number in range(3)]

page_names = st.sampled_from(PAGES)
kinds = st.sampled_from(KINDS)
voters = st.sampled_from(VOTERS)
wishes = st.builds(Wish, st.just(SITE), page_names, kinds, voters, st.integers(0, 3), st.just(0))
seeds = st.builds(Seed, st.just(SITE), page_names, kinds, st.integers(0, 100))
aliases = st.builds(Alias, st.just(SITE), page_names, page_names)


class Model:
    """What must be true: whose likes stand on which page, and what was brought along."""

    def __init__(self) -> None:
        self.target: dict[str, str] = {}  # of every known name
        self.likes: Counter[tuple[str, str, str]] = Counter()  # by page, kind and voter
        self.seeds: Counter[tuple[str, str]] = Counter()

    def known(self, name: str) -> str:
        return self.target.setdefault(name, name)

    def like(self, wish: Wish) -> None:
        if wish.n or wish.page in self.target:
            self.likes[self.known(wish.page), wish.kind, wish.voter] = wish.n

    def alias(self, old: str, page: str) -> bool:
        target, source = self.known(page), self.known(old)
        if source == target:
            return True
        if source != old or list(self.target.values()).count(old) > 1:
            return False
        for key in [key for key in self.likes if key[0] == old]:
            self.likes[target, key[1], key[2]] += self.likes.pop(key)
        for kind in KINDS:
            self.seeds[target, kind] += self.seeds.pop((old, kind), 0)
        self.target[old] = target
        return True

    def adopt(self, given: list[Seed], olds: list[Alias]) -> list[Alias]:
        refused = [alias for alias in olds if not self.alias(alias.old, alias.page)]
        sums: Counter[tuple[str, str]] = Counter()
        for (name, kind), n in {(seed.page, seed.kind): seed.n for seed in given}.items():
            sums[self.known(name), kind] += n
        self.seeds = Counter({**self.seeds, **sums})
        return refused

    def counts(self, name: str) -> dict[str, int]:
        page = self.target.get(name)
        total = Counter({kind: self.seeds[page, kind] for kind in KINDS if page})
        for (liked, kind, _), n in self.likes.items():
            if liked == page:
                total[kind] += n
        return {kind: n for kind, n in total.items() if n}


class StoreMachine(RuleBasedStateMachine):
    """Every event that can happen to the file; after each one the counts are the model's."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="likewise-model-"))
        self.loop = asyncio.new_event_loop()
        self.model = Model()
        self.crashes = 0
        self.path = self.folder / NAME

    @initialize(max_pages=st.sampled_from([1, 2, 3_000]))
    def open(self, max_pages: int = 2) -> None:
        async def start() -> None:
            self.store = open_store(self.path, None, create=True, wall=lambda: NOON)
            self.store._cache = Cache(max_pages)

        self.max_pages = max_pages
        self.run(start())

    def run(self, work: Awaitable[T]) -> T:
        async def waited() -> T:
            return await work

        return self.loop.run_until_complete(waited())

    @rule(wish=wishes, again=st.booleans())
    def like(self, wish: Wish, again: bool) -> None:
        before = self.model.counts(wish.page)
        self.model.like(wish)
        outcome: Any = self.run(self.submitted([wish]))[0]
        after = self.model.counts(wish.page)
        assert outcome.change == after.get(wish.kind, 0) - before.get(wish.kind, 0)
        if again:
            assert self.run(self.submitted([wish]))[0] == outcome._replace(
                change=0, is_new_page=False
            )

    @rule(batch=st.lists(wishes, min_size=2, max_size=8))
    def batch(self, batch: list[Wish]) -> None:
        for wish, outcome in zip(batch, self.run(self.submitted(batch)), strict=True):
            self.model.like(wish)
            assert said(outcome.counts) == self.model.counts(wish.page)

    @rule(batch=st.lists(wishes, min_size=1, max_size=4))
    def batch_without_room(self, batch: list[Wish]) -> None:
        """All of it is stored, in room that the WAL has already, or nothing."""
        wal = self.path.with_name(NAME + "-wal")
        with files_up_to(wal.stat().st_size + 1 if wal.exists() else 1):
            outcomes = self.run(self.submitted(batch))
        if not any(isinstance(outcome, Problem) for outcome in outcomes):
            for wish in batch:
                self.model.like(wish)
        else:
            assert {outcome.code for outcome in outcomes} == {"storage_unavailable"}

    @rule(batch=st.lists(wishes, min_size=1, max_size=4))
    def batch_behind_a_lock(self, batch: list[Wish]) -> None:
        with pytest.MonkeyPatch.context() as patch, stranger(self.path) as connection:
            patch.setattr(writer, "LOCK_MILLISECONDS", 1)
            connection.execute("BEGIN IMMEDIATE")
            outcomes = self.run(self.submitted(batch))
        assert {outcome.code for outcome in outcomes} == {"storage_unavailable"}

    @rule(wish=wishes)
    def like_and_leave(self, wish: Wish) -> None:
        async def leave() -> None:
            submit(self.store, wish).cancel()
            await self.store.adopt([], [])

        self.model.like(wish)
        self.run(leave())

    @rule(given=st.lists(seeds, max_size=3), olds=st.lists(aliases, max_size=2), between=wishes)
    def adopt(self, given: list[Seed], olds: list[Alias], between: Wish) -> None:
        async def in_one_batch() -> list[Alias]:
            liked = submit(self.store, between)
            refused = await self.store.adopt(given, olds)
            await liked
            return refused

        self.model.like(between)
        assert self.run(in_one_batch()) == self.model.adopt(given, olds)

    @precondition(lambda self: self.model.target)
    @rule(data=st.data(), kind=kinds, n=st.integers(0, 100))
    def stranger_sets_a_seed(self, data: st.DataObject, kind: str, n: int) -> None:
        name = data.draw(st.sampled_from(sorted(set(self.model.target.values()))))
        with stranger(self.path) as connection:
            connection.execute("INSERT INTO kinds (name) VALUES (?) ON CONFLICT DO NOTHING", [kind])
            connection.execute(
                "INSERT INTO counts (page, kind, seed)"
                " SELECT pages.id, kinds.id, ? FROM pages, kinds WHERE path = ? AND name = ?"
                " ON CONFLICT DO UPDATE SET seed = excluded.seed",
                (n, name, kind),
            )
            connection.execute(
                "UPDATE counts SET seed = 0 WHERE kind = (SELECT id FROM kinds WHERE name = ?)"
                " AND page IN (SELECT a.id FROM pages a JOIN pages p ON a.target = p.id"
                " WHERE p.path = ?)",
                (kind, name),
            )
        self.model.seeds[name, kind] = n

    @rule(name=page_names)
    def stranger_adds_a_page(self, name: str) -> None:
        with stranger(self.path) as connection:
            connection.execute(
                "INSERT INTO pages (site, path, salt, hour) VALUES (?, ?, randomblob(16), 0)"
                " ON CONFLICT DO NOTHING",
                (SITE, name),
            )
        self.model.known(name)

    @rule()
    def reopen(self) -> None:
        self.run(self.store.close())
        assert_sound(self.path)
        self.open(self.max_pages)

    @rule()
    def crash(self) -> None:
        """Go on with the files as they lie there, as after `kill -9`."""
        self.crashes += 1
        crashed = after_crash(self.path, self.folder / str(self.crashes))
        self.run(self.store.close())
        self.path = crashed
        self.open(self.max_pages)

    @invariant()
    def counts_are_the_models(self) -> None:
        async def read() -> None:
            for name in PAGES:
                assert said(self.store.counts(SITE, name)) == self.model.counts(name)
                assert self.store.known_as(SITE, name) == self.model.target.get(name)

        self.run(read())

    @invariant()
    def file_is_sound(self) -> None:
        assert_sound(self.path)

    @rule(name=page_names, kind=kinds)
    def voters_are_known_again(self, name: str, kind: str) -> None:
        async def read() -> None:
            page = self.model.target.get(name, name)
            for who in VOTERS:
                n = self.store.n_of(SITE, name, kind, who)
                assert n == self.model.likes[page, kind, who]

        self.run(read())

    @rule(kind=kinds)
    def report_is_the_models(self, kind: str) -> None:
        report = self.run(self.store.report(Query(SITE, kind, 50)))
        targets = set(self.model.target.values())
        expected = {name: self.model.counts(name) for name in targets}
        assert {row.page: said(row.counts) for row in report.rows} == expected
        order = sorted(targets, key=lambda name: (-expected[name].get(kind, 0), name))
        assert [row.page for row in report.rows] == order

    async def submitted(self, batch: list[Wish]) -> list[Any]:
        return list(await asyncio.gather(*[submit(self.store, wish) for wish in batch]))

    def teardown(self) -> None:
        self.run(self.store.close())
        self.loop.close()
        assert_sound(self.path)
        assert len({salt for (salt,) in rows(self.path, "SELECT salt FROM pages")}) == len(
            rows(self.path, "SELECT id FROM pages")
        )
        shutil.rmtree(self.folder)


def said(counts: Any) -> dict[str, int]:
    """Return counts without zeros: a kind that is not there counts 0."""
    return {kind: n for kind, n in counts.items() if n}


TestStore = StoreMachine.TestCase
TestStore.settings = settings(
    max_examples=120,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
