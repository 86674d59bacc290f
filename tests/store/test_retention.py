"""What is kept for a time only is gone after it; and surges, which are noted while they go on."""

from __future__ import annotations

from pathlib import Path

from likewise.store import Sight
from likewise.store.corrections import UNDO_SECONDS
from likewise.store.orders import Order, Purge
from likewise.store.retention import HOURLY_DAYS, PIECE_ROWS
from likewise.store.sqlite import SqliteStore
from tests.service import voter
from tests.store.database import (
    ANNA,
    BORIS,
    NAME,
    NOON,
    SITE,
    like,
    on_store,
    rows,
    run,
    stranger,
)

OWNER = "key 00000000"
HOUR, DAY = 3_600, 86_400
MIDNIGHT = NOON - NOON % DAY


def test_hours_fold_into_days_and_totals_stay(tmp_path: Path) -> None:
    now = MIDNIGHT

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        for hour in range(48):
            now = MIDNIGHT + hour * HOUR
            await like(store, "/a", voter(hour))
            if hour % 12 == 5:
                await like(store, "/a", voter(hour), 0)
        now = MIDNIGHT + DAY * (HOURLY_DAYS + 1)
        await store.retain()
        first = int(MIDNIGHT) // HOUR
        days = rows(store.path, "SELECT hour, ups, downs FROM hourly ORDER BY hour")
        assert days[0] == (first, 24, 2)
        assert [hour for hour, *_ in days[1:]] == [first + hour for hour in range(24, 48)]
        await store.retain()
        assert rows(store.path, "SELECT hour, ups, downs FROM hourly ORDER BY hour") == days

    run(tmp_path / NAME, scenario, wall=lambda: now)


def test_more_old_hours_than_go_at_once_fold_too(tmp_path: Path) -> None:
    now = MIDNIGHT + HOUR

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        for number in range(PIECE_ROWS + 5):
            await like(store, f"/{number}", ANNA)
        now += DAY * (HOURLY_DAYS + 1)
        await store.retain()
        hours = rows(store.path, "SELECT DISTINCT hour FROM hourly")
        assert hours == [(int(MIDNIGHT) // HOUR,)]

    run(tmp_path / NAME, scenario, wall=lambda: now)


def test_to_fold_twice_as_many_hours_is_twice_the_work(tmp_path: Path) -> None:
    """Not four times, for passing with every piece what was folded before it."""
    pages = 10 * PIECE_ROWS
    once, twice = (steps_to_fold(tmp_path / str(many), many) for many in (pages, 2 * pages))
    assert twice < 3 * once


def steps_to_fold(path: Path, pages: int) -> int:
    """Return how many steps SQLite makes to find and fold an old hour of so many pages."""
    now, steps, hour = NOON, 0, int(MIDNIGHT) // HOUR + 1

    def count() -> bool:
        nonlocal steps
        steps += 1
        return False

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        await store.know(SITE, [f"/{number}" for number in range(pages)])
        await like(store, "/0", ANNA)  # makes the kind
        with stranger(store.path) as connection:
            connection.execute(
                "INSERT OR IGNORE INTO hourly SELECT id, 1, ?, 1, 0 FROM pages", (hour,)
            )
        now += DAY * (HOURLY_DAYS + 1)
        await store.totals(SITE)  # opens the connection that looks
        assert store._reports is not None
        store._reports.set_progress_handler(count, 100)
        await store.retain()
        assert rows(store.path, "SELECT count(*) FROM hourly WHERE hour % 24 <> 0") == [(0,)]

    path.mkdir()
    run(path / NAME, scenario, wall=lambda: now)
    return steps


def test_what_undoing_needed_goes_when_nothing_can_be_undone(tmp_path: Path) -> None:
    now = NOON

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        for page in ("/a", "/b"):
            await like(store, page, ANNA)
        await store.ledger.purge(Purge(SITE, "/a", None, 0, 2**40, 0), OWNER, dry_run=False)
        await store.ledger.correct(Order("delete", SITE, "/b"), OWNER, dry_run=False)
        await like(store, "/c", BORIS)
        now += UNDO_SECONDS
        await store.retain()
        assert rows(store.path, "SELECT count(*) FROM removed") == [(2,)]
        now += 1
        await store.retain()
        assert rows(store.path, "SELECT count(*) FROM removed") == [(0,)]
        assert rows(store.path, "SELECT count(*) FROM corrections WHERE inverse <> ''") == [(0,)]
        assert rows(store.path, "SELECT path FROM pages ORDER BY path") == [("/a",), ("/c",)]
        asked = "SELECT action, asked ->> '$.page' FROM corrections ORDER BY id"
        assert rows(store.path, asked) == [("purge", "/a"), ("delete", None)]
        assert store.counts(SITE, "/c") == {"like": 1}

    run(tmp_path / NAME, scenario, wall=lambda: now)


def test_a_deleted_page_without_likes_stays_while_it_can_come_back(tmp_path: Path) -> None:
    now = NOON

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        await store.ledger.correct(
            Order("set", SITE, "/a", kind="like", total=5), OWNER, dry_run=False
        )
        await store.ledger.correct(Order("alias", SITE, "/old", "/a"), OWNER, dry_run=False)
        deleted = await store.ledger.correct(Order("delete", SITE, "/a"), OWNER, dry_run=False)
        await store.retain()
        await store.ledger.undo(deleted.correction or 0, OWNER)
        assert store.counts(SITE, "/old") == {"like": 5}
        await store.ledger.correct(Order("delete", SITE, "/a"), OWNER, dry_run=False)
        now += UNDO_SECONDS + 1
        await store.retain()
        assert rows(store.path, "SELECT path FROM pages") == []

    run(tmp_path / NAME, scenario, wall=lambda: now)


def test_a_surge_is_one_while_it_goes_on(tmp_path: Path) -> None:
    now = NOON

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        await like(store, "/a", ANNA)
        first = int(NOON) // HOUR
        assert await store.surges.mark(Sight(SITE, "/a", first - 1, 30, 30))
        assert not await store.surges.mark(Sight(SITE, "/a", first - 1, 40, 10))
        now += HOUR
        assert not await store.surges.mark(Sight(SITE, "/a", first + 1, 5, 5))
        assert await store.surges.mark(Sight(SITE, None, first + 1, 300, 150))
        now += 2 * HOUR
        assert await store.surges.mark(Sight(SITE, "/a", first + 3, 7, 0))
        found = [surge[1:] for surge in await store.surges.last(SITE, 9)]
        assert found == [
            ("/a", first + 3, first + 3, 7),
            (None, first + 1, first + 1, 300),
            ("/a", first - 1, first + 1, 45),
        ]
        assert await store.surges.last("shop", 9) == []

    run(tmp_path / NAME, scenario, wall=lambda: now)


def test_a_clock_that_was_ahead_hinders_no_surge(tmp_path: Path) -> None:
    now = NOON + 72 * HOUR

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        await like(store, "/a", ANNA)
        for first in (int(now) // HOUR, int(NOON) // HOUR):
            now = first * HOUR + 1_200
            assert await store.surges.mark(Sight(SITE, "/a", first, 30, 30))

    run(tmp_path / NAME, scenario, wall=lambda: now)


@on_store
async def test_a_surge_of_a_page_that_is_gone_is_none_of_the_site(store: SqliteStore) -> None:
    assert not await store.surges.mark(Sight(SITE, "/gone", 0, 30, 30))
    assert await store.surges.last(SITE, 9) == []


def test_what_is_usual_is_the_week_before(tmp_path: Path) -> None:
    now = MIDNIGHT

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        for number in range(168):
            now = MIDNIGHT + number * HOUR
            await like(store, "/a", voter(number))
            await like(store, "/b", voter(number))
        now += HOUR
        await like(store, "/a", voter(999))
        assert await store.surges.usual(SITE, "/a") == 1
        assert await store.surges.usual(SITE, None) == 2
        assert await store.surges.usual(SITE, "/x") == 0

    run(tmp_path / NAME, scenario, wall=lambda: now)


@on_store
async def test_pages_become_known_without_a_like_and_once(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    pages = ["/a", *(f"/{number}" for number in range(450)), "/0"]
    assert await store.know(SITE, pages) == 450
    assert await store.know(SITE, pages) == 0
    assert store.known(SITE, "/449") == ("/449", False)
    assert store.counts(SITE, "/a") == {"like": 1}
