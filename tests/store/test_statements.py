"""The statements that every read and like is made of: found by index, and few."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import apsw

from likewise.store import Alias, Query, Seed
from likewise.store.sqlite import SqliteStore
from tests.store.database import (
    ANNA,
    BORIS,
    CLARA,
    SITE,
    all_of,
    known_as,
    like,
    on_store,
    stranger,
    submit,
    wish,
)


class Statement(NamedTuple):
    """What was executed, and with which values."""

    sql: str
    values: apsw.Bindings | None

    @property
    def name(self) -> str:
        """Its name, which stands before it in the code."""
        return self.sql.removeprefix("/* ").partition(" */")[0]


@contextmanager
def traced(*connections: apsw.Connection) -> Iterator[list[Statement]]:
    """Note the statements that are executed."""
    seen: list[Statement] = []

    def note(_cursor: apsw.Cursor, sql: str, values: apsw.Bindings | None) -> bool:
        seen.append(Statement(sql, values))
        return True

    for connection in connections:
        connection.exec_trace = note
    yield seen
    for connection in connections:
        connection.exec_trace = None


def plan(store: SqliteStore, statement: Statement) -> list[str]:
    """Return how SQLite finds the rows of a statement."""
    with stranger(store.path) as connection:
        sql, values = statement
        return [detail for *_, detail in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


async def fill(store: SqliteStore) -> None:
    pages = [f"/{number}" for number in range(20)]
    await all_of(submit(store, wish(page, who)) for page in pages for who in (ANNA, BORIS))
    await store.adopt([Seed(SITE, "/1", "like", 5)], [Alias(SITE, "/2", "/1")])


@on_store
async def test_every_hot_statement_is_found_by_index(store: SqliteStore) -> None:
    await fill(store)
    store._cache.clear()
    with traced(store._read_connection, store._write_connection) as seen:
        await like(store, "/1", CLARA)
        await like(store, "/2", ANNA, 0)
        await like(store, "/new", ANNA)
        await store.adopt([Seed(SITE, "/3", "like", 5)], [Alias(SITE, "/4", "/3")])
        store._cache.clear()
        store.counts(SITE, "/2")
        store.n_of(SITE, "/1", "like", ANNA)
        store.likes_today(SITE, "/1", "like")
        store.admin_key_digest()
    named = {one.name: one for one in seen if one.sql.startswith("/*")}
    assert len(named) >= 15
    for statement in named.values():
        for detail in plan(store, statement):
            assert "SCAN" not in detail, (statement, detail)
            assert "TEMP B-TREE" not in detail, (statement, detail)


@on_store
async def test_a_count_that_is_in_memory_needs_no_row(store: SqliteStore) -> None:
    await fill(store)
    with traced(store._read_connection, store._write_connection) as seen:
        for _ in range(50):
            for number in range(20):
                store.counts(SITE, f"/{number}")
    # Once in a turn of the loop, however many are asked for.
    assert [one.sql for one in seen] == ["PRAGMA data_version"] * 2


@on_store
async def test_a_page_in_memory_is_known_without_asking_the_file(store: SqliteStore) -> None:
    await fill(store)
    written = submit(store, wish("/7", CLARA))
    with traced(store._read_connection, store._write_connection) as seen:
        await asyncio.sleep(0)
        assert store._writer.is_busy
        seen.clear()
        assert known_as(store, "/7") == "/7"
        assert seen == []
    await written


@on_store
async def test_a_page_is_loaded_by_one_statement(store: SqliteStore) -> None:
    await fill(store)
    store._cache.clear()
    with traced(store._read_connection) as seen:
        store.counts(SITE, "/7")
    assert [one.name for one in seen if one.sql.startswith("/*")] == ["page"]


@on_store
async def test_a_hot_page_moves_its_figures_once_a_batch(store: SqliteStore) -> None:
    await fill(store)
    with traced(store._write_connection) as seen:
        await all_of(submit(store, wish("/7", f"{ANNA}-{number}")) for number in range(50))
    times = Counter(one.name for one in seen)
    assert (times["like"], times["n of voter"]) == (50, 0)
    assert (times["flush counts"], times["flush hourly"]) == (1, 1)


def wal_bytes(store: SqliteStore) -> int:
    return Path(f"{store.path}-wal").stat().st_size


@on_store
async def test_a_retry_writes_nothing(store: SqliteStore) -> None:
    await fill(store)
    before = wal_bytes(store), store._write_connection.total_changes()
    await like(store, "/7", ANNA)
    assert (wal_bytes(store), store._write_connection.total_changes()) == before


@on_store
async def test_a_report_finds_each_pages_counts_by_index(store: SqliteStore) -> None:
    await fill(store)
    await store.totals(SITE)
    assert store._reports is not None
    with traced(store._reports) as seen:
        await store.report(Query(SITE, "like", 10))
        await store.report(Query(SITE, "like", 10, search="1", by_page=True))
    of_page = next(one for one in seen if one.name == "counts of page and merged")
    assert not [detail for detail in plan(store, of_page) if "SCAN" in detail]
    by_name = next(one for one in seen if "ORDER BY p.path LIMIT" in one.sql)
    assert not [detail for detail in plan(store, by_name) if "ORDER BY" in detail]


@on_store
async def test_a_report_looks_up_each_page_instead_of_searching_all_for_it(
    store: SqliteStore,
) -> None:
    await fill(store)
    await store.report(Query(SITE, "like", 10))
    assert store._reports is not None
    with traced(store._reports) as seen:
        await store.report(Query(SITE, "like", 10))
    details = [detail for one in seen if one.name == "report" for detail in plan(store, one)]
    assert "SCAN p" in details  # by id: their counts lie side by side
    assert not any("SCAN" in detail and "p" not in detail for detail in details), details
    assert not any("MATERIALIZE" in detail for detail in details), details
