"""The WAL: bounded under a writer who never rests, and never cut behind Litestream's back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import apsw
import pytest

from likewise.store import Alias, Query, Seed, checkpoint
from likewise.store.sqlite import SqliteStore
from likewise.voters import new_voter
from tests.service import voter
from tests.store.database import (
    NAME,
    SITE,
    all_of,
    assert_sound,
    like,
    on_store,
    opened,
    rows,
    run,
    stranger,
    submit,
    value,
    wish,
)

WAL_PAGES, MAX_WAL_PAGES = 60, 240  # more than a new database is made of
PAGE_BYTES = 4_096 + 24
BATCH_PAGES = 60  # more than a batch of this file's tests writes


@pytest.fixture(autouse=True)
def small_wal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "WAL_PAGES", WAL_PAGES)
    monkeypatch.setattr(checkpoint, "MAX_WAL_PAGES", MAX_WAL_PAGES)


def wal_pages(store: SqliteStore) -> int:
    return Path(f"{store.path}-wal").stat().st_size // PAGE_BYTES


async def write_without_rest(store: SqliteStore, batches: int) -> int:
    """Keep the queue full all the time; return the largest WAL seen."""
    largest, waiting = 0, submit(store, wish("/0", voter(0)))
    for batch in range(batches):
        likes = [submit(store, wish(f"/{n}", new_voter())) for n in range(20)]
        await waiting
        waiting = likes[batch % 20]
        largest = max(largest, wal_pages(store))
    await all_of([waiting, *likes])
    return largest


@on_store
async def test_a_writer_who_never_rests_keeps_the_wal_bounded(store: SqliteStore) -> None:
    largest = await write_without_rest(store, 120)
    assert WAL_PAGES < largest <= MAX_WAL_PAGES + 2 * BATCH_PAGES
    assert value(store.path, "SELECT sum(likes) FROM counts") == 2_401


@on_store
async def test_what_readers_asked_last_does_not_hold_the_wal(store: SqliteStore) -> None:
    """A statement that was not read to its end would hold its moment for ever."""
    await store.adopt([Seed(SITE, "/old", "like", 1)], [Alias(SITE, "/old", "/new")])
    await like(store, "/new", voter(1))
    for ask in (
        lambda: store.n_of(SITE, "/old", "like", voter(1)),
        lambda: store.likes_today(SITE, "/new", "like"),
        lambda: store.counts(SITE, "/old"),
        lambda: store.known(SITE, "/unknown"),
        store.admin_key_digest,
    ):
        store._cache.clear()
        ask()
        assert not store._read_connection.in_transaction
        await write_without_rest(store, 1)
        assert nothing_is_left(store)


def nothing_is_left(store: SqliteStore) -> bool:
    """Tell whether a checkpoint can move all of the WAL, as it cannot beside an open reader."""
    with stranger(store.path) as connection:
        connection.pragma("user_version")  # before its first read it knows of no WAL
        in_wal, moved = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
    assert in_wal > 0
    return in_wal == moved


@on_store
async def test_a_retry_at_the_end_of_a_batch_does_not_hold_the_wal(store: SqliteStore) -> None:
    for _ in range(2):
        await like(store, "/a", voter(1))
    assert nothing_is_left(store)


@on_store
async def test_a_report_leaves_the_wal_free(store: SqliteStore) -> None:
    await write_without_rest(store, 2)
    await store.report(Query(SITE, "like", 5))
    await store.totals(SITE)
    await write_without_rest(store, 2)
    assert nothing_is_left(store)


@on_store
async def test_a_strangers_long_read_delays_checkpoints_and_no_like(store: SqliteStore) -> None:
    await write_without_rest(store, 5)
    with stranger(store.path) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT sum(likes) FROM counts").get == 101
        await write_without_rest(store, 60)
        assert wal_pages(store) > MAX_WAL_PAGES
        assert reader.execute("SELECT sum(likes) FROM counts").get == 101
    await write_without_rest(store, 30)
    size = wal_pages(store)
    await write_without_rest(store, 60)
    # It is used again from its start.
    assert wal_pages(store) <= max(size, MAX_WAL_PAGES + 2 * BATCH_PAGES)


def noted_checkpoints(store: SqliteStore) -> list[int]:
    """Return the modes of all checkpoints from now on."""
    modes: list[int] = []

    class Spy(apsw.Connection):
        def wal_checkpoint(self, dbname: str | None = None, mode: int = 0) -> tuple[int, int]:
            modes.append(mode)
            return super().wal_checkpoint(dbname, mode)

    store._checkpoints._connection.close()
    store._checkpoints._connection = Spy(str(store.path))
    return modes


@on_store
async def test_checkpoints_are_passive_alone(store: SqliteStore) -> None:
    modes = noted_checkpoints(store)
    await write_without_rest(store, 30)
    assert set(modes) == {apsw.SQLITE_CHECKPOINT_PASSIVE}


@on_store
async def test_a_checkpoint_waits_until_there_is_as_much_to_move_again(store: SqliteStore) -> None:
    modes = noted_checkpoints(store)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(checkpoint, "WAL_PAGES", 10 * BATCH_PAGES)
        patched.setattr(checkpoint, "MAX_WAL_PAGES", 40 * BATCH_PAGES)
        await write_without_rest(store, 200)
    # One that ends while the next commit runs leaves the WAL as long as it was.
    assert 1 <= len(modes) <= 200 / 10


@on_store
async def test_a_wal_that_has_begun_anew_is_moved_as_early_as_the_first(store: SqliteStore) -> None:
    checkpoints = store._checkpoints
    for _ in range(4):
        while checkpoints._wal_pages < WAL_PAGES:
            await submit(store, wish("/0", new_voter()))
        while checkpoints._wal_pages >= WAL_PAGES:
            assert checkpoints._wal_pages < 2 * WAL_PAGES
            if checkpoints._running is not None:
                await checkpoints._running
            await submit(store, wish("/0", new_voter()))


@on_store
async def test_a_wal_at_its_bound_is_moved_whatever_came_before(store: SqliteStore) -> None:
    modes = noted_checkpoints(store)
    store._checkpoints._due_at_pages = 100 * MAX_WAL_PAGES  # as after one huge transaction
    await write_without_rest(store, 60)
    assert modes


def test_closing_moves_all_and_leaves_the_wal_in_its_place(tmp_path: Path) -> None:
    sizes: list[int] = []

    async def scenario(store: SqliteStore) -> None:
        await write_without_rest(store, 20)
        sizes.append(wal_pages(store))

    run(tmp_path / NAME, scenario)
    wal = tmp_path / f"{NAME}-wal"
    assert wal.stat().st_size // PAGE_BYTES == sizes[0]
    wal.unlink()
    assert value(tmp_path / NAME, "SELECT sum(likes) FROM counts") == 401
    assert_sound(tmp_path / NAME)


def test_no_connection_of_ours_checkpoints_by_itself(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path / NAME) as store:
            await store.totals(SITE)
            assert store._reports is not None
            connections = [
                store._write_connection,
                store._read_connection,
                store._reports,
                store._checkpoints._connection,
            ]
            for connection in connections[1:]:
                assert connection.pragma("wal_autocheckpoint") == 0
            for connection in connections:
                assert connection.pragma("synchronous") == 2  # FULL
                assert connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, -1)

    asyncio.run(scenario())


@on_store
async def test_our_own_commits_and_checkpoints_do_not_empty_the_cache(store: SqliteStore) -> None:
    await like(store, "/quiet", voter(1))
    quiet = store._cache.get((SITE, "/quiet"))
    await write_without_rest(store, 60)
    store.counts(SITE, "/quiet")
    assert store._cache.get((SITE, "/quiet")) is quiet is not None


@on_store
async def test_a_checkpoint_that_fails_stops_no_like(store: SqliteStore) -> None:
    store._checkpoints._connection.close()
    await write_without_rest(store, 30)
    assert rows(store.path, "SELECT sum(likes) FROM counts") == [(601,)]
    store._checkpoints._connection = apsw.Connection(str(store.path))
