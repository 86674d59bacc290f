"""The store against a model of a dozen lines, in any order of events that Hypothesis finds."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable
from copy import deepcopy
from pathlib import Path
from typing import Any, TypeVar

import apsw
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from likewise.errors import Problem
from likewise.store import Alias, Query, Seed, Wish, checkpoint, writer
from likewise.store.cache import Cache
from tests.store import day
from tests.store.database import (
    NAME,
    SITE,
    assert_sound,
    files_up_to,
    in_loop,
    rows,
    stranger,
    submit,
)
from tests.store.disk import (
    ERRORS,
    Disk,
    Error,
    Fault,
    Keep,
    Platter,
    everything,
    nothing,
    some,
    torn,
)
from tests.store.model import KINDS, PAGES, VOTERS, Held, Model, held_by, said

T = TypeVar("T")

page_names = st.sampled_from(PAGES)
kinds = st.sampled_from(KINDS)
voters = st.sampled_from(VOTERS)
wishes = st.builds(
    lambda page, kind, voter, n, is_exclusive: Wish(
        *(SITE, page, kind, voter, n),
        rivals=tuple(one for one in KINDS if one != kind) if is_exclusive else (),
    ),
    *(page_names, kinds, voters, st.integers(0, 3), st.booleans()),
)
seeds = st.builds(Seed, st.just(SITE), page_names, kinds, st.integers(0, 100))
errors = st.sampled_from(ERRORS)
keeps = st.sampled_from([nothing, everything, torn]) | st.builds(some, st.integers(0, 1_000))
aliases = st.builds(Alias, st.just(SITE), page_names, page_names)


class StoreMachine(RuleBasedStateMachine):
    """Every event that can happen to the file; after each one it holds what the model does."""

    steps = 0  # of all runs

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="likewise-model-"))
        self.loop = asyncio.new_event_loop()
        self.model = Model()
        self.losses = 0
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(checkpoint, "WAL_PAGES", 24)
        self.patch.setattr(checkpoint, "MAX_WAL_PAGES", 48)
        self.mount(self.folder / "0")

    def mount(self, folder: Path) -> None:
        """Go on with the files of a folder, which lie on a disk that can fail."""
        folder.mkdir(exist_ok=True)
        self.path = folder / NAME
        self.disk = Disk(folder)

    @initialize(max_pages=st.sampled_from([1, 2, 3_000]))
    def open(self, max_pages: int = 2) -> None:
        async def start() -> None:
            self.store = day.start(self.path)
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
                change=0, is_new_page=False, before=wish.n, left=()
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
            waiting = in_loop(submit(self.store, wish))
            await asyncio.sleep(0)
            waiting.cancel()
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

    # What is drawn may not depend on what was found, or Hypothesis could not play it again.

    @rule(name=page_names, kind=kinds, n=st.integers(0, 100))
    def stranger_sets_a_seed(self, name: str, kind: str, n: int) -> None:
        page = self.model.target.get(name)
        if page is None:
            return
        with stranger(self.path) as connection:
            key = keys_of(connection, page, kind)
            connection.execute(
                "UPDATE counts SET seed = 0 WHERE kind = ?2"
                " AND page IN (SELECT id FROM pages WHERE target = ?1)",
                key,
            )
            connection.execute(
                "INSERT INTO counts (page, kind, seed) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET seed = excluded.seed",
                (*key, n),
            )
        self.model.seeds[page, kind] = n

    @rule(name=page_names, kind=kinds, who=st.binary(min_size=16, max_size=16), n=st.integers(1, 9))
    def stranger_likes(self, name: str, kind: str, who: bytes, n: int) -> None:
        page = self.model.target.get(name)
        if page is None or self.model.likes[page, kind, who.hex()]:
            return
        with stranger(self.path) as connection, connection:
            key = keys_of(connection, page, kind)
            connection.execute("INSERT INTO likes VALUES (?, ?, ?, ?, 0, 0)", (*key, who, n))
            connection.execute(
                "INSERT INTO counts VALUES (?1, ?2, 0, ?3)"
                " ON CONFLICT DO UPDATE SET likes = likes + ?3",
                (*key, n),
            )
            connection.execute(
                "INSERT INTO hourly VALUES (?1, ?2, 0, ?3, 0)"
                " ON CONFLICT DO UPDATE SET ups = ups + ?3",
                (*key, n),
            )
        self.model.likes[page, kind, who.hex()] = n

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

    @rule(batch=st.lists(wishes, min_size=1, max_size=4), error=errors, spared=st.integers(0, 12))
    def batch_on_a_failing_disk(self, batch: list[Wish], error: Error, spared: int) -> None:
        """It is refused as a whole, and the next one is stored once the disk is mended."""
        fault = self.disk.fault = Fault(error, spared)
        outcomes = self.run(self.submitted(batch))
        self.disk.mend()
        if not any(isinstance(outcome, Problem) for outcome in outcomes):
            for wish in batch:
                self.model.like(wish)
        else:
            assert fault.failed
            assert {outcome.code for outcome in outcomes} == {"storage_unavailable"}
        assert self.run(self.store.is_ready())

    @rule(keep=keeps)
    def power_fails(self, keep: Keep) -> None:
        """Go on with what survives it: all there is, as after `kill -9`, or what was synced."""
        self.lose_power(len(self.disk.calls), keep)

    @rule(batch=st.lists(wishes, min_size=1, max_size=4), share=st.floats(0, 1), keep=keeps)
    def power_fails_during(self, batch: list[Wish], share: float, keep: Keep) -> None:
        """All of a batch that was not acknowledged may be there, or none of it."""
        before, first = deepcopy(self.model), len(self.disk.calls)
        self.batch(batch)
        told = len(self.disk.calls)
        end = first + int((told - first) * share)
        self.lose_power(end, keep)
        if end < told and self.run(self.held()) != self.model.held():
            self.model = before

    def lose_power(self, end: int, keep: Keep) -> None:
        """Lose it after so many calls to the disk, and start again."""
        self.run(self.store.close())
        self.disk.unregister()
        platter = Platter(self.disk.at_first)
        for call in self.disk.calls[:end]:
            platter.play(call)
        self.losses += 1
        folder = self.folder / str(self.losses)
        platter.leave(folder, keep, folder_is_synced=keep is everything)
        self.mount(folder)
        self.open(self.max_pages)

    async def held(self) -> Held:
        return held_by(self.store)

    @invariant()
    def it_holds_what_the_model_does(self) -> None:
        assert self.run(self.held()) == self.model.held()

    @invariant()
    def file_is_sound(self) -> None:
        assert_sound(self.path)
        StoreMachine.steps += 1

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
        self.disk.unregister()
        apsw.set_default_vfs("unix")
        self.patch.undo()
        self.loop.close()
        StoreMachine.steps -= 1  # what was checked before the first
        assert_sound(self.path)
        assert len({salt for (salt,) in rows(self.path, "SELECT salt FROM pages")}) == len(
            rows(self.path, "SELECT id FROM pages")
        )
        shutil.rmtree(self.folder)


def keys_of(connection: apsw.Connection, page: str, kind: str) -> tuple[int, int]:
    """Return the numbers of a page and of a kind, which is made where there is none."""
    connection.execute("INSERT INTO kinds (name) VALUES (?) ON CONFLICT DO NOTHING", [kind])
    return (
        connection.execute("SELECT id FROM pages WHERE path = ?", [page]).get,
        connection.execute("SELECT id FROM kinds WHERE name = ?", [kind]).get,
    )


def played(examples: int, least_steps: int) -> None:
    """Play the machine so often; fail where that was fewer steps than it looks like."""
    before = StoreMachine.steps
    run_state_machine_as_test(
        StoreMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=55,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
    steps = StoreMachine.steps - before
    print(f"{steps:,} steps")  # noqa: T201
    assert steps >= least_steps


@pytest.mark.timeout(600)
def test_the_store_is_the_model_whatever_happens() -> None:
    played(250, 10_000)


@pytest.mark.soak
@pytest.mark.timeout(7_200)
def test_the_store_is_the_model_for_as_long_as_you_like() -> None:
    played(5_000, 200_000)
