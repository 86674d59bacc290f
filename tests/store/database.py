"""A database of the store under test, as its own process and as strangers see it."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import apsw
import pytest

from likewise.errors import Problem, StartError
from likewise.later import Later
from likewise.store import Standing, Wish
from likewise.store.file import Lock
from likewise.store.opening import open_store
from likewise.store.pages import load_page
from likewise.store.sqlite import SqliteStore
from tests.service import voter

T = TypeVar("T")

NAME = "likewise.db"
SITE = "default"
ANNA, BORIS, CLARA = voter(1), voter(2), voter(3)
NOBODY = 65_534  # the user without rights, on every system
NOON = (41_666 * 24 + 12) * 3_600.0  # UTC, of a day long gone; the clock stands still there

Outcome = Standing | Problem


@asynccontextmanager
async def opened(
    path: Path, *, secret: str | None = None, wall: Callable[[], float] = lambda: NOON
) -> AsyncIterator[SqliteStore]:
    """Open a store, and close it at the end, when its memory must be what the file holds."""
    store = open_store(str(path), secret, create=True, wall=wall)
    try:
        yield store
        for name in list(store._cache._entries):
            store.counts(*name)  # notices what strangers have written
            page, held = store._cache.get(name), load_page(store._reader, name)
            if page is not None and store._version == store._cached_version:
                assert held is not None
                assert page.name == held.name
                assert (page.members, page.counts) == (held.members, held.counts)
    finally:
        await store.close()


def on_store(test: Callable[[SqliteStore], Awaitable[None]]) -> Callable[[Path], None]:
    """Turn a coroutine into a test on a new store, whose file must be sound afterwards."""

    def on_new_store(tmp_path: Path) -> None:
        async def play() -> None:
            async with opened(tmp_path / NAME) as store:
                await test(store)

        asyncio.run(play())
        assert_sound(tmp_path / NAME)

    on_new_store.__name__ = test.__name__
    on_new_store.__doc__ = test.__doc__
    return on_new_store


def run(path: Path, scenario: Callable[[SqliteStore], Awaitable[T]], **options: Any) -> T:
    """Play a scenario on a store that is opened for it."""

    async def play() -> T:
        async with opened(path, **options) as store:
            return await scenario(store)

    return asyncio.run(play())


def wish(page: str, who: str, n: int = 1, *, kind: str = "like", site: str = SITE) -> Wish:
    """Return a wish as the web would send it."""
    return Wish(site, page, kind, who, n)


def submit(store: SqliteStore, wanted: Wish) -> Later[Outcome]:
    """Send a wish without waiting."""
    return store.like(wanted, lambda outcome: outcome)


async def like(store: SqliteStore, page: str, who: str, n: int = 1, **fields: str) -> Standing:
    """Send a wish and return what stands."""
    outcome = await submit(store, wish(page, who, n, **fields))
    assert isinstance(outcome, Standing)
    return outcome


def known_as(store: SqliteStore, page: str, *, site: str = SITE) -> str | None:
    """Return the page that an id counts for."""
    known = store.known(site, page)
    return None if known is None else known.page


async def all_of(futures: Iterable[Awaitable[Outcome]]) -> list[Outcome]:
    """Wait for several at once."""
    return list(await asyncio.gather(*futures))


def in_loop(work: Awaitable[Any]) -> asyncio.Future[Any]:
    """Start work, or wait for it, beside the test."""
    return asyncio.ensure_future(work)


def connections_of(store: SqliteStore) -> list[apsw.Connection]:
    """Return all that a store has open; the reports' only if there was one."""
    connections = [
        store._write_connection,
        store._read_connection,
        store._reports,
        store._checkpoints._connection,
    ]
    return [connection for connection in connections if connection is not None]


def after_crash(path: Path, folder: Path) -> Path:
    """Copy what `kill -9` would leave of an open database to a new folder; return the copy."""
    folder.mkdir()
    for ending in ("", "-wal", ".key"):
        shutil.copy2(path.with_name(path.name + ending), folder)
    return folder / path.name


@contextmanager
def stranger(path: Path | str) -> Iterator[apsw.Connection]:
    """Connect as another program would, which knows nothing of the cache."""
    with closing(apsw.Connection(str(path))) as connection:
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        connection.set_busy_timeout(5_000)
        yield connection


@contextmanager
def files_up_to(size_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: for it the disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def rows(path: Path | str, sql: str, *values: apsw.SQLiteValue) -> list[tuple[Any, ...]]:
    """Ask the file itself."""
    with stranger(path) as connection:
        return list(connection.execute(sql, values))


def value(path: Path | str, sql: str, *values: apsw.SQLiteValue) -> Any:
    """Ask the file for one value."""
    (row,) = rows(path, sql, *values)
    return row[0]


# Every figure that is kept beside the likes, and what it must be by the likes themselves. Views
# have none: their hours are all there is.
_DRIFT = """
WITH truth AS (SELECT page, kind, sum(n) AS n FROM likes GROUP BY page, kind UNION ALL
          SELECT page, kind, sum(ups) FROM hourly
          WHERE kind = (SELECT id FROM kinds WHERE name = 'views') GROUP BY page, kind),
moved AS (SELECT page, kind, sum(ups - downs) AS n FROM hourly GROUP BY page, kind),
known AS (SELECT page, kind FROM truth UNION SELECT page, kind FROM counts
          UNION SELECT page, kind FROM hourly)
SELECT known.page, known.kind, truth.n, counts.likes, moved.n FROM known
LEFT JOIN truth USING (page, kind) LEFT JOIN moved USING (page, kind)
LEFT JOIN counts USING (page, kind)
WHERE coalesce(truth.n, 0) <> coalesce(counts.likes, 0)
OR coalesce(truth.n, 0) <> coalesce(moved.n, 0)"""
_STRAY_REASONS = """
SELECT r.id FROM reasons AS r LEFT JOIN likes USING (page, kind, voter)
WHERE r.correction = 0 AND likes.n IS NULL"""
_CHAINS = "SELECT id FROM pages WHERE target IN (SELECT id FROM pages WHERE target IS NOT NULL)"


def assert_sound(path: Path) -> None:
    """Check the file: whole, no orphans, no aliases of aliases, and counts that follow likes."""
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(path, "PRAGMA foreign_key_check") == []
    assert rows(path, _CHAINS) == []
    assert rows(path, _DRIFT) == []
    if rows(path, "SELECT 1 FROM sqlite_schema WHERE name = 'reasons'"):  # an old one has none
        assert rows(path, _STRAY_REASONS) == []


def refusal(path: Path, *, create: bool = True, secret: str | None = None) -> str:
    """Try to open a store; return what the operator is told."""

    async def start() -> str:
        with pytest.raises(StartError) as caught:
            open_store(str(path), secret, create=create)
        return str(caught.value)

    return asyncio.run(start())


def lock_refusal(path: Path) -> str:
    with pytest.raises(StartError) as caught:
        Lock(str(path))
    return str(caught.value)


@contextmanager
def as_plain_user() -> Iterator[None]:
    """Drop root's rights, which no file mode can bind."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def served(path: Path, *voters: str, secret: str | None = None) -> Path:
    """Make a database in which these voters like a page; return it."""
    path.parent.mkdir(exist_ok=True)

    async def scenario(store: SqliteStore) -> None:
        await all_of([submit(store, wish("/a", who)) for who in voters])

    run(path, scenario, secret=secret)
    return path


def killed(path: Path, *voters: str) -> Path:
    """Make one as `kill -9` leaves it: with likes that are in the WAL alone; return it."""

    async def scenario() -> Path:
        async with opened(path) as store:
            for who in voters:
                await like(store, "/a", who)
            return after_crash(path, path.parent / "crashed")

    path.parent.mkdir(exist_ok=True)
    return asyncio.run(scenario())


def likes_in(path: Path, *, secret: str | None = None) -> int:
    """Open a database as a service does; return how many likes there are."""

    async def scenario(store: SqliteStore) -> int:
        return (await store.totals(SITE)).counts.get("like", 0)

    return run(path, scenario, secret=secret)


def damage(path: Path) -> None:
    """Spoil the database beyond its first page."""
    with path.open("r+b") as content:
        content.seek(8 * 4_096)
        content.write(b"\xff" * 20 * 4_096)
    path.with_name(path.name + "-wal").unlink(missing_ok=True)
