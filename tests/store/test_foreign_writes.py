"""Other programs at the same file: their locks hold up no reader, their writes are seen at once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import apsw
import pytest

from likewise.errors import Problem
from likewise.later import Later
from likewise.store import Alias, Seed, Standing, writer
from likewise.store.sqlite import SqliteStore
from tests.store.database import (
    ANNA,
    BORIS,
    CLARA,
    NAME,
    SITE,
    Outcome,
    after_crash,
    assert_sound,
    in_loop,
    like,
    on_store,
    opened,
    rows,
    stranger,
    submit,
    wish,
)


@contextmanager
def locked(path: Path, how: str = "IMMEDIATE") -> Iterator[apsw.Connection]:
    """Hold the write lock as another program."""
    with stranger(path) as connection:
        connection.execute(f"BEGIN {how}")
        yield connection
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def set_seed(connection: apsw.Connection, page: str, n: int) -> None:
    connection.execute(
        "UPDATE counts SET seed = ? WHERE page = (SELECT id FROM pages WHERE path = ?)", (n, page)
    )


async def waits_for_lock(store: SqliteStore) -> Later[Outcome]:
    """Send a like that must wait for a lock, and return when it does."""
    waiting = submit(store, wish("/a", CLARA))
    await asyncio.sleep(0)
    assert store._writer.is_busy
    return waiting


@on_store
async def test_a_strangers_write_is_in_the_next_answer(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    assert store.counts(SITE, "/a") == {"like": 1}
    with stranger(store.path) as connection:
        for n in (10, 20, 30):
            set_seed(connection, "/a", n)
            await asyncio.sleep(0)
            assert store.counts(SITE, "/a") == {"like": 1 + n}


@on_store
async def test_a_strangers_merge_is_seen_by_reads_and_writes(store: SqliteStore) -> None:
    for page in ("/old", "/new"):
        await like(store, page, ANNA)
    with stranger(store.path) as connection:
        connection.execute(
            "UPDATE pages SET target = (SELECT id FROM pages WHERE path = '/new')"
            " WHERE path = '/old'"
        )
    assert (await like(store, "/old", BORIS)).counts == {"like": 3}
    assert store.counts(SITE, "/new") == {"like": 3}


@on_store
async def test_a_strangers_new_kind_gets_no_second_number(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    with stranger(store.path) as connection:
        connection.execute("INSERT INTO kinds (name) VALUES ('🎉')")
    await like(store, "/a", ANNA, kind="🎉")
    assert rows(store.path, "SELECT name FROM kinds ORDER BY id") == [("like",), ("🎉",)]


@on_store
async def test_a_write_counts_on_top_of_what_a_stranger_has_written(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    with stranger(store.path) as connection:
        set_seed(connection, "/a", 10)
    assert (await like(store, "/a", BORIS)).counts == {"like": 12}


@pytest.mark.parametrize("how", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_strangers_lock_delays_writes_and_no_read(tmp_path: Path, how: str) -> None:
    async def scenario() -> None:
        async with opened(tmp_path / NAME) as store:
            await store.adopt([Seed(SITE, "/cold", "like", 7)], [Alias(SITE, "cold", "/cold")])
            await like(store, "/a", ANNA)
            store._cache.clear()
            with locked(Path(store.path), how):
                waiting = await waits_for_lock(store)
                assert store.counts(SITE, "/cold") == {"like": 7}
                assert store.counts(SITE, "cold") == {"like": 7}
                assert store.counts(SITE, "/a") == {"like": 1}
                assert store.n_of(SITE, "/a", "like", ANNA) == 1
                assert store.likes_today(SITE, "/a", "like") == 1
                assert (await store.totals(SITE)).counts == {"like": 8}
                assert not waiting.done()
            assert (await waiting) == Standing(1, is_new_page=False, counts={"like": 2})

    asyncio.run(scenario())
    assert_sound(tmp_path / NAME)


@on_store
async def test_a_write_made_while_ours_waits_is_in_the_next_answer(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    with locked(Path(store.path)) as connection:
        waiting = await waits_for_lock(store)
        assert store.counts(SITE, "/a") == {"like": 1}
        set_seed(connection, "/a", 10)
        connection.execute("COMMIT")
        await asyncio.sleep(0)
        assert store.counts(SITE, "/a")["like"] in {11, 12}
    assert (await waiting) == Standing(1, is_new_page=False, counts={"like": 12})
    assert store.counts(SITE, "/a") == {"like": 12}


@on_store
async def test_a_write_made_right_after_our_commit_is_in_the_next_answer(
    store: SqliteStore,
) -> None:
    """Our commit is done in its thread, but the loop has not heard of it yet."""
    await like(store, "/a", ANNA)
    committed, go = Event(), Event()
    execute = store._writer._in_thread

    async def slow_to_tell(call: Callable[[], object]) -> None:
        def told_late() -> None:
            call()
            committed.set()
            go.wait()

        await execute(told_late)

    store._writer._in_thread = slow_to_tell  # type: ignore[method-assign]
    waiting = submit(store, wish("/a", BORIS))
    await asyncio.sleep(0)
    committed.wait()
    assert store.counts(SITE, "/a") == {"like": 2}
    with stranger(store.path) as connection:
        set_seed(connection, "/a", 10)
    await asyncio.sleep(0)
    assert store.counts(SITE, "/a") == {"like": 12}
    go.set()
    await waiting
    assert store.counts(SITE, "/a") == {"like": 12}


@on_store
async def test_a_lock_that_lasts_is_told_and_then_forgotten(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "LOCK_MILLISECONDS", 50)
        with locked(Path(store.path)):
            outcome = await submit(store, wish("/a", BORIS))
            assert isinstance(outcome, Problem)
            assert (outcome.code, outcome.retry_after_seconds) == ("storage_unavailable", 2)
            assert store.counts(SITE, "/a") == {"like": 1}
            assert not await store.is_ready()
    assert (await like(store, "/a", BORIS)).counts == {"like": 2}
    assert await store.is_ready()


@on_store
async def test_likes_are_stored_while_a_stranger_reads_for_long(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    with stranger(store.path) as connection:
        connection.execute("BEGIN")
        assert connection.execute("SELECT sum(likes) FROM counts").get == 1
        assert (await like(store, "/a", BORIS)).counts == {"like": 2}
        assert connection.execute("SELECT sum(likes) FROM counts").get == 1


@on_store
async def test_reads_and_likes_meet_from_all_sides_without_harm(store: SqliteStore) -> None:
    """The writer's connection is never used beside its thread: apsw would raise."""

    async def read() -> None:
        for number in range(300):
            store.counts(SITE, f"/{number % 7}")
            await asyncio.sleep(0)

    async def write(who: str) -> None:
        for number in range(40):
            await like(store, f"/{number % 7}", who, number % 3)

    def meddle() -> None:
        for n in range(20):
            with stranger(store.path) as connection:
                set_seed(connection, "/1", n)

    async def report() -> None:
        for _ in range(20):
            await store.totals(SITE)

    meddling = asyncio.to_thread(meddle)
    work = [read(), read(), write(ANNA), write(BORIS), write(CLARA), meddling, report()]
    await asyncio.gather(*map(in_loop, work))


A_PROGRAM = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0.1, isolation_level=None)
try:
    connection.execute(sys.argv[2]).fetchall()
except sqlite3.OperationalError:
    print("refused")
connection.close()
"""


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM likes",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "PRAGMA journal_mode = DELETE",
        "VACUUM",
        "ANALYZE",
    ],
)
def test_a_program_that_opens_and_closes_the_database_costs_no_like(
    tmp_path: Path, statement: str
) -> None:
    """Who closes the last connection deletes the WAL: ours must not be taken for closed."""

    def use() -> None:
        program = [sys.executable, "-c", A_PROGRAM, str(tmp_path / NAME), statement]
        told = subprocess.run(program, check=True, capture_output=True, text=True).stdout
        assert told == ("refused\n" if "journal_mode" in statement else "")

    async def scenario() -> None:
        async with opened(tmp_path / NAME) as store:
            await like(store, "/a", ANNA)
            await store.totals(SITE)  # opens one more connection
            await asyncio.to_thread(use)
            await like(store, "/a", BORIS)
            crashed = after_crash(Path(store.path), tmp_path / "crashed")
        async with opened(crashed) as store:
            assert store.counts(SITE, "/a") == {"like": 2}

    asyncio.run(scenario())
    assert_sound(tmp_path / NAME)


def taken_away(store: SqliteStore) -> Path:
    """Rename a store's file; return what it is called now."""
    path = Path(store.path)
    return path.rename(path.with_name("elsewhere"))


def put_an_empty_file(store: SqliteStore) -> None:
    Path(store.path).write_bytes(b"")


@on_store
async def test_nothing_is_confirmed_to_a_file_that_was_taken_away(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    elsewhere = taken_away(store)
    store._place._next_look = 0
    outcome = await submit(store, wish("/a", BORIS))
    assert isinstance(outcome, Problem)
    assert outcome.code == "storage_unavailable"
    assert not await store.is_ready()
    put_an_empty_file(store)
    assert not await store.is_ready()
    elsewhere.replace(store.path)
    assert await store.is_ready()
    assert (await like(store, "/a", BORIS)).counts == {"like": 2}


@on_store
async def test_who_asks_whether_it_is_ready_learns_that_the_file_is_gone(
    store: SqliteStore,
) -> None:
    elsewhere = taken_away(store)
    store._place._next_look = 0
    assert not await store.is_ready()
    elsewhere.replace(store.path)
    assert await store.is_ready()
