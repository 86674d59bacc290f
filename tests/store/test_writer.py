"""Group commit: what shares a transaction, what happens when it fails, and who is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event

import apsw
import pytest

from likewise.errors import Problem
from likewise.store import Seed, Standing
from likewise.store.opening import open_store
from likewise.store.sqlite import SqliteStore
from likewise.store.transaction import Transaction
from likewise.store.writer import MAX_BATCH, MAX_QUEUE
from tests.service import voter
from tests.store.database import (
    ANNA,
    BORIS,
    CLARA,
    NAME,
    SITE,
    Outcome,
    all_of,
    assert_sound,
    files_up_to,
    in_loop,
    like,
    on_store,
    run,
    submit,
    value,
    wish,
)

Trouble = Callable[[SqliteStore], AbstractContextManager[None]]

MANY = [voter(number) for number in range(100)]


def commits_of(store: SqliteStore) -> list[None]:
    """Return a list that grows by one with every commit."""
    commits: list[None] = []

    def note() -> bool:
        commits.append(None)
        return False

    store._write_connection.set_commit_hook(note)
    return commits


def codes(outcomes: list[Outcome]) -> set[str]:
    return {outcome.code if isinstance(outcome, Problem) else "done" for outcome in outcomes}


def no_room_to_grow(store: SqliteStore) -> AbstractContextManager[None]:
    """Let no file grow beyond what the WAL has, so that COMMIT fails."""
    return files_up_to(Path(f"{store.path}-wal").stat().st_size + 1)


@contextmanager
def full(store: SqliteStore) -> Iterator[None]:
    """Let the database have no further page, so that a statement fails."""
    connection = store._write_connection
    connection.pragma("max_page_count", connection.pragma("page_count"))
    try:
        yield
    finally:
        connection.pragma("max_page_count", 1 << 30)


@contextmanager
def held_thread(store: SqliteStore) -> Iterator[None]:
    """Keep the commits waiting, as a slow disk would."""
    go = Event()
    store._workers[0].do(go.wait)
    try:
        yield
    finally:
        go.set()


@on_store
async def test_likes_that_arrive_together_are_one_commit(store: SqliteStore) -> None:
    commits = commits_of(store)
    outcomes = await all_of(submit(store, wish("/a", who)) for who in MANY)
    assert len(commits) == 1
    assert codes(outcomes) == {"done"}
    assert store.counts(SITE, "/a") == {"like": 100}


@on_store
async def test_likes_that_arrive_during_a_commit_are_the_next_one(store: SqliteStore) -> None:
    commits = commits_of(store)
    with held_thread(store):
        first = submit(store, wish("/a", ANNA))
        await asyncio.sleep(0)
        later = [submit(store, wish("/a", who)) for who in MANY]
        await asyncio.sleep(0)
        assert not first.done()
    await all_of([first, *later])
    assert len(commits) == 2


@on_store
async def test_a_batch_is_bounded(store: SqliteStore) -> None:
    commits = commits_of(store)
    await all_of(submit(store, wish("/a", voter(number))) for number in range(2 * MAX_BATCH + 1))
    assert len(commits) == 3


@on_store
async def test_nothing_is_answered_or_seen_before_it_is_committed(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    with held_thread(store):
        waiting = submit(store, wish("/a", BORIS))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        assert store.counts(SITE, "/a") == {"like": 1}
    await waiting
    assert store.counts(SITE, "/a") == {"like": 2}


@on_store
async def test_reads_are_answered_while_a_commit_waits_for_the_disk(store: SqliteStore) -> None:
    await store.adopt([Seed(SITE, "/cold", "like", 7)], [])
    store._cache.clear()
    with held_thread(store):
        waiting = submit(store, wish("/a", ANNA))
        await asyncio.sleep(0)
        assert store.counts(SITE, "/cold") == {"like": 7}
        assert store.n_of(SITE, "/cold", "like", ANNA) == 0
        assert (await store.totals(SITE)).counts == {"like": 7}
        assert not waiting.done()
    await waiting


@on_store
async def test_one_that_fails_does_not_hurt_the_others_of_its_batch(store: SqliteStore) -> None:
    outcomes = await asyncio.gather(
        submit(store, wish("/a", ANNA)),
        submit(store, wish("/a", BORIS, kind="k" * 33)),
        submit(store, wish("/b", CLARA)),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], apsw.ConstraintError)
    assert [outcome.change for outcome in (outcomes[0], outcomes[2])] == [1, 1]  # type: ignore[union-attr]
    assert store.counts(SITE, "/a") == store.counts(SITE, "/b") == {"like": 1}
    assert value(store.path, "SELECT count(*) FROM kinds") == 1


@on_store
async def test_a_fault_of_ours_does_not_hurt_the_others_either(store: SqliteStore) -> None:
    def broken(_transaction: Transaction) -> None:
        raise LookupError("ours")

    before = submit(store, wish("/a", ANNA))
    fault = store.write(broken)
    after = submit(store, wish("/a", BORIS))
    assert codes(await all_of([before, after])) == {"done"}
    with pytest.raises(LookupError, match="ours"):
        await fault
    assert store.counts(SITE, "/a") == {"like": 2}


@on_store
async def test_an_import_that_shares_its_batch_with_a_failure_is_whole(store: SqliteStore) -> None:
    failing = submit(store, wish("/a", ANNA, kind="k" * 33))
    await store.adopt([Seed(SITE, f"/{number}", "like", 1) for number in range(20)], [])
    with pytest.raises(apsw.ConstraintError):
        await failing
    assert (await store.totals(SITE)).counts == {"like": 20}


@pytest.mark.parametrize("trouble", [full, no_room_to_grow])
def test_what_cannot_be_stored_is_refused_and_leaves_nothing(
    tmp_path: Path, trouble: Trouble
) -> None:
    async def scenario(store: SqliteStore) -> None:
        await like(store, "/a", ANNA)
        with trouble(store):
            outcomes = await all_of(
                submit(store, wish(f"/{number:0>500}", who)) for number, who in enumerate(MANY)
            )
            assert codes(outcomes) == {"storage_unavailable"}
            assert store.counts(SITE, "/a") == {"like": 1}
            assert store.known(SITE, f"/{7:0>500}") is None
            with pytest.raises(Problem, match="safe to send it again"):
                await store.adopt([Seed(SITE, f"/{n:0>500}", "like", 1) for n in range(99)], [])
            assert not store._cache.get((SITE, f"/{7:0>500}"))
        assert (await store.totals(SITE)).pages == 1
        assert (await like(store, f"/{7:0>500}", BORIS))[:3] == (1, True, {"like": 1})
        assert (await like(store, "/a", BORIS))[:3] == (1, False, {"like": 2})

    run(tmp_path / NAME, scenario)
    assert_sound(tmp_path / NAME)


@on_store
async def test_it_is_ready_again_when_a_commit_succeeds_again(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    with no_room_to_grow(store):
        assert await store.is_ready()  # nobody has found out yet
        assert codes([await submit(store, wish("/a", BORIS))]) == {"storage_unavailable"}
        assert not await store.is_ready()
    assert await store.is_ready()


@on_store
async def test_a_rollback_that_fails_leaves_nobody_waiting(store: SqliteStore) -> None:
    def broken(_transaction: Transaction) -> None:
        raise LookupError("ours")

    refused = 0

    def refuse_rollback(_cursor: object, sql: str, _bindings: object) -> bool:
        nonlocal refused
        refused += sql == "ROLLBACK"
        return not (sql == "ROLLBACK" and refused == 1)

    store._write_connection.exec_trace = refuse_rollback
    with pytest.raises(LookupError, match="ours"):
        await store.write(broken)
    assert refused == 1
    assert (await like(store, "/a", ANNA))[:3] == (1, True, {"like": 1})


@on_store
async def test_a_disk_that_stalls_holds_so_many_likes_and_no_more(store: SqliteStore) -> None:
    futures = [submit(store, wish("/a", voter(number))) for number in range(MAX_QUEUE + 3)]
    outcomes = await all_of(futures)
    assert codes(outcomes[-3:]) == {"storage_unavailable"}
    assert not any(isinstance(outcome, Problem) for outcome in outcomes[:-3])
    assert store.counts(SITE, "/a") == {"like": MAX_QUEUE}


@on_store
async def test_a_kind_of_a_commit_that_failed_is_made_again(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    with no_room_to_grow(store):
        assert codes([await submit(store, wish("/a", ANNA, kind="🎉"))]) == {"storage_unavailable"}
    assert (await like(store, "/a", ANNA, kind="🎉")).counts == {"like": 1, "🎉": 1}


@on_store
async def test_an_answer_that_raises_reaches_its_sender_alone(store: SqliteStore) -> None:
    def refuse(_outcome: Outcome) -> Outcome:
        raise Problem("too_many", "Not you.")

    refused = store.like(wish("/a", ANNA), refuse)
    other = submit(store, wish("/a", BORIS))
    assert codes([await other]) == {"done"}
    with pytest.raises(Problem, match="Not you"):
        await refused
    assert store.counts(SITE, "/a") == {"like": 2}


@on_store
async def test_a_sender_who_leaves_stops_nobody_and_his_like_stands(store: SqliteStore) -> None:
    seen: list[Outcome] = []

    def note(outcome: Outcome) -> None:
        seen.append(outcome)
        raise Problem("too_many", "Nobody hears this.")

    left = in_loop(store.like(wish("/a", ANNA), note))
    await asyncio.sleep(0)
    stayed = submit(store, wish("/a", BORIS))
    left.cancel()
    assert codes([await stayed]) == {"done"}
    assert seen == [Standing(1, is_new_page=True, counts={"like": 1})]
    assert store.counts(SITE, "/a") == {"like": 2}


def test_closing_answers_what_waits_and_takes_nothing_more(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = open_store(str(tmp_path / NAME), None, create=True)
        waiting = [submit(store, wish("/a", who)) for who in MANY]
        closing = in_loop(store.close())
        assert codes(await all_of(waiting)) == {"done"}
        late = submit(store, wish("/a", voter(1_000)))
        await closing
        assert codes([await late]) == {"storage_unavailable"}

    asyncio.run(scenario())
    assert_sound(tmp_path / NAME)
    assert value(tmp_path / NAME, "SELECT count(*) FROM likes") == 100


@on_store
async def test_whoever_gives_up_waiting_for_the_end_does_not_end_the_writer(
    store: SqliteStore,
) -> None:
    with held_thread(store):
        waiting = submit(store, wish("/a", ANNA))
        await asyncio.sleep(0)
        closing = in_loop(store._writer.finish())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.sleep(0)
    assert codes([await waiting]) == {"done"}


@on_store
async def test_a_cancelled_writer_finishes_what_it_has_begun(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    with held_thread(store):
        waiting = submit(store, wish("/a", BORIS))
        await asyncio.sleep(0)
        assert store._writer._running is not None
        for _ in range(3):
            store._writer._running.cancel()
            await asyncio.sleep(0)
        assert store.counts(SITE, "/a") == {"like": 1}
    assert codes([await waiting]) == {"done"}
    assert store.counts(SITE, "/a") == {"like": 2}


@on_store
async def test_who_cannot_take_note_of_a_commit_does_not_undo_it(store: SqliteStore) -> None:
    def fail(*_told: object) -> None:
        raise RuntimeError("no room for figures")

    store.on_likes = store.on_batch = fail
    outcomes = await all_of(submit(store, wish("/a", who)) for who in (ANNA, BORIS))
    assert [getattr(outcome, "change", None) for outcome in outcomes] == [1, 1]
    assert store.counts(SITE, "/a") == {"like": 2}
