"""Views are counted beside likes, with the hosts that led to them, through every correction and
back; nothing of them tells of a reader.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import apsw
import pytest

from likewise.errors import Problem
from likewise.store import FIRST_HOUR, LAST_HOUR, Query, Seed
from likewise.store import views as table
from likewise.store.audience import Period, Referrer, View, Viewed
from likewise.store.corrections import UNDO_SECONDS
from likewise.store.figures import OTHER
from likewise.store.orders import Order, Purge
from likewise.store.retention import HOURLY_DAYS
from likewise.store.sqlite import SqliteStore
from tests.store.database import (
    ANNA,
    BORIS,
    NAME,
    NOON,
    SITE,
    after_crash,
    assert_sound,
    files_up_to,
    like,
    on_store,
    rows,
    run,
    value,
)
from tests.store.test_statements import plan, traced

OWNER = "key 00000000"
HOUR, DAY = 3_600, 86_400
TODAY = int(NOON) // DAY


async def view(store: SqliteStore, page: str, times: int = 1, host: str | None = None) -> Viewed:
    """Count so many readers; return what came of the last."""
    wanted = View(SITE, page, host, may_create=True)
    return list(await asyncio.gather(*(store.views.count(wanted) for _ in range(times))))[-1]


async def hosts(store: SqliteStore, page: str | None = None, days: int = 30) -> list[Referrer]:
    return (await store.views.referrers(Period(SITE, page, days, 100))).hosts


async def correct(store: SqliteStore, action: str, page: str, to: str = "") -> int:
    effect = await store.ledger.correct(Order(action, SITE, page, to), OWNER, dry_run=False)
    return effect.correction or 0


def views_of(store: SqliteStore, page: str) -> int:
    return store.counts(SITE, page).get("views", 0)


# Counting


@on_store
async def test_a_view_is_counted_beside_the_likes(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    assert await view(store, "/a") == Viewed(True, False, {"like": 1, "views": 1})
    assert (await view(store, "/a", 2)).counts == {"like": 1, "views": 3}
    assert store.counts(SITE, "/a") == {"like": 1, "views": 3}
    assert rows(store.path, "SELECT count(*) FROM likes") == [(1,)]


@on_store
async def test_a_page_is_made_by_a_view_that_may(store: SqliteStore) -> None:
    refused = await store.views.count(View(SITE, "/a", None))
    assert (refused.is_counted, refused.counts) == (False, {})
    assert store.known(SITE, "/a") is None
    assert (await view(store, "/a")).is_new_page
    assert not (await view(store, "/a")).is_new_page


@on_store
async def test_a_blocked_page_counts_no_views_and_keeps_what_it_has(store: SqliteStore) -> None:
    await view(store, "/a", 3)
    await correct(store, "block", "/a")
    assert await view(store, "/a") == Viewed(False, False, {"views": 3})
    await correct(store, "unblock", "/a")
    assert views_of(store, "/a") == 3
    assert (await view(store, "/a")).counts == {"views": 4}


@on_store
async def test_views_that_come_at_once_are_one_commit(store: SqliteStore) -> None:
    await view(store, "/a", host="news.example")
    with traced(store._write_connection) as seen:
        await view(store, "/a", 100, "news.example")
    names = [statement.name for statement in seen]
    assert names.count("flush counts") == names.count("flush hourly") <= 2
    assert views_of(store, "/a") == 101


def test_a_view_that_was_answered_survives_a_crash(tmp_path: Path) -> None:
    async def scenario(store: SqliteStore) -> None:
        await view(store, "/a", 5, "news.example")
        copy = after_crash(Path(store.path), tmp_path / "crashed")
        assert value(copy, "SELECT likes FROM counts") == 5
        assert rows(copy, "SELECT host, views FROM referrers") == [("news.example", 5)]
        assert_sound(copy)

    run(tmp_path / NAME, scenario)


def test_a_full_disk_loses_a_view_and_no_count(tmp_path: Path) -> None:
    async def scenario(store: SqliteStore) -> None:
        await view(store, "/a")
        with files_up_to(1), pytest.raises(Problem, match="could not be confirmed"):
            await view(store, "/a")
        assert views_of(store, "/a") == 1
        await view(store, "/a")
        assert views_of(store, "/a") == 2

    run(tmp_path / NAME, scenario)
    assert_sound(tmp_path / NAME)


@on_store
async def test_the_statements_of_a_view_are_found_by_index(store: SqliteStore) -> None:
    with traced(store._write_connection) as seen:
        await view(store, "/a", 2, "news.example")
        await view(store, "/a", 1, "search.example")
        await view(store, "/a")
    named = {one.name: one for one in seen if one.name in {"referrer again", "hosts", "referrer"}}
    assert len(named) == 3
    for statement in named.values():
        assert not [step for step in plan(store, statement) if step.startswith("SCAN")]


@on_store
async def test_a_view_is_no_like(store: SqliteStore) -> None:
    seen: list[object] = []
    store.on_likes = lambda given, taken_back: seen.append((given, taken_back))
    await view(store, "/a", 50)
    assert seen == []
    assert store.likes_today(SITE, "/a", "like") == 0
    assert (await store.popular(SITE, "like", 30)) == []
    await like(store, "/a", ANNA)
    assert seen == [({(SITE, "/a"): 1}, 0)]


def test_views_are_no_part_of_what_is_usual(tmp_path: Path) -> None:
    now = NOON

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        await view(store, "/a", 500)
        await like(store, "/a", ANNA)
        now += HOUR
        of_page, of_site = [await store.surges.usual(SITE, page) for page in ("/a", None)]
        assert 0 < of_page == of_site <= 1

    run(tmp_path / NAME, scenario, wall=lambda: now)


# Referrers


@on_store
async def test_hosts_are_listed_the_most_first(store: SqliteStore) -> None:
    await view(store, "/a", 2, "search.example")
    await view(store, "/a", 5, "news.example")
    await view(store, "/b", 4, "search.example")
    await view(store, "/b", 7)
    assert await hosts(store, "/a") == [("news.example", 5), ("search.example", 2)]
    found = await store.views.referrers(Period(SITE, None, 30, 1))
    assert found == (18, [("search.example", 6), (OTHER, 5)])
    assert (await store.views.referrers(Period("notes", None, 30, 9))) == (0, [])


@on_store
async def test_hosts_beyond_fifty_of_a_page_and_day_are_other(store: SqliteStore) -> None:
    for number in range(table.MAX_HOSTS + 20):
        await view(store, "/a", host=f"host{number}.example")
    await view(store, "/a", 2, "host3.example")
    await view(store, "/b", host="late.example")
    assert value(store.path, "SELECT count(*) FROM referrers WHERE page = 1") == 51
    listed = await hosts(store, "/a")
    assert listed[0] == ("host3.example", 3)
    assert listed[-1] == (OTHER, 20)
    assert await hosts(store, "/b") == [("late.example", 1)]


def test_each_day_has_its_own_hosts(tmp_path: Path) -> None:
    now = NOON

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        for day in range(3):
            now = NOON + day * DAY
            for number in range(table.MAX_HOSTS):
                await view(store, "/a", host=f"host{number}.day{day}.example")
        assert value(store.path, "SELECT count(*) FROM referrers") == 3 * table.MAX_HOSTS
        assert len(await hosts(store, "/a", 1)) == table.MAX_HOSTS
        assert len(await hosts(store, "/a", 2)) == 2 * table.MAX_HOSTS

    run(tmp_path / NAME, scenario, wall=lambda: now)


# Figures over days


def test_days_tell_what_each_brought(tmp_path: Path) -> None:
    now = NOON

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        await view(store, "/a", 3)
        await like(store, "/a", ANNA)
        now = NOON + 2 * DAY
        await like(store, "/a", ANNA, 0)
        await view(store, "/b", 2)
        of_site = [
            (TODAY, {"views": 3, "like": 1}),
            (TODAY + 1, {}),
            (TODAY + 2, {"like": -1, "views": 2}),
        ]
        assert await store.views.days(Period(SITE, None, 3)) == of_site
        assert (await store.views.days(Period(SITE, "/a", 1))) == [(TODAY + 2, {"like": -1})]
        assert (await store.views.days(Period(SITE, "/never", 2))) == [
            (TODAY + 1, {}),
            (TODAY + 2, {}),
        ]

    run(tmp_path / NAME, scenario, wall=lambda: now)


def test_lately_likes_and_views_are_of_one_time(tmp_path: Path) -> None:
    now = NOON

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        await like(store, "/a", ANNA)
        now += DAY
        await view(store, "/a", 4)
        await like(store, "/a", BORIS)
        await like(store, "/b", BORIS)
        lately = await store.views.lately(SITE, ["/a", "/b", None])
        # What was liked before views were counted would make each view worth too much.
        assert lately == [{"like": 1, "views": 4}, {}, {"like": 2, "views": 4}]
        now += 29 * DAY
        assert (await store.views.lately(SITE, ["/a"])) == [{"like": 1, "views": 4}]
        now += DAY
        assert (await store.views.lately(SITE, ["/a"])) == [{}]

    run(tmp_path / NAME, scenario, wall=lambda: now)


# Corrections


@on_store
async def test_merged_pages_have_one_count_and_come_apart_again(store: SqliteStore) -> None:
    await view(store, "/a", 2, "news.example")
    await view(store, "/b", 3, "news.example")
    number = await correct(store, "merge", "/b", "/a")
    assert views_of(store, "/a") == views_of(store, "/b") == 5
    assert await hosts(store, "/a") == await hosts(store, "/b") == [("news.example", 5)]
    await view(store, "/b", 1, "search.example")
    assert await hosts(store, "/a") == [("news.example", 5), ("search.example", 1)]
    await store.ledger.undo(number, OWNER)
    assert (views_of(store, "/a"), views_of(store, "/b")) == (3, 3)
    assert await hosts(store, "/b") == [("news.example", 3)]


@on_store
async def test_a_renamed_page_keeps_its_views(store: SqliteStore) -> None:
    await view(store, "/a", 2, "news.example")
    number = await correct(store, "rename", "/a", "/b")
    assert views_of(store, "/b") == views_of(store, "/a") == 2
    assert await hosts(store, "/b") == [("news.example", 2)]
    await view(store, "/a")
    await store.ledger.undo(number, OWNER)
    assert views_of(store, "/a") == 3
    assert store.known(SITE, "/b") is None


@on_store
async def test_a_deleted_page_comes_back_with_its_views(store: SqliteStore) -> None:
    await view(store, "/a", 2, "news.example")
    await view(store, "/b", 4)
    await store.adopt([Seed(SITE, "/a", "views", 100)], [])
    await correct(store, "merge", "/b", "/a")
    number = await correct(store, "delete", "/a")
    assert store.known(SITE, "/a") is None
    assert await hosts(store) == []
    assert (await store.totals(SITE)).counts.get("views", 0) == 0
    await view(store, "/a", 1, "news.example")  # somebody opens it meanwhile
    assert views_of(store, "/a") == 1
    await store.ledger.undo(number, OWNER)
    assert views_of(store, "/a") == views_of(store, "/b") == 107
    assert await hosts(store, "/a") == [("news.example", 3)]
    assert rows(store.path, "SELECT * FROM removed_views") == []


@on_store
async def test_a_page_that_was_deleted_twice_comes_back_twice(store: SqliteStore) -> None:
    await view(store, "/a", 2, "news.example")
    first = await correct(store, "delete", "/a")
    await view(store, "/a", 3, "news.example")
    second = await correct(store, "delete", "/a")
    await store.ledger.undo(second, OWNER)
    assert views_of(store, "/a") == 3
    await store.ledger.undo(first, OWNER)
    assert views_of(store, "/a") == 5
    assert await hosts(store, "/a") == [("news.example", 5)]


@on_store
async def test_a_trial_deletion_takes_nothing(store: SqliteStore) -> None:
    await view(store, "/a", 2, "news.example")
    effect = await store.ledger.correct(Order("delete", SITE, "/a"), OWNER, dry_run=True)
    assert (effect.before, effect.after) == ({"views": 2}, {"views": 0})
    assert views_of(store, "/a") == 2
    assert await hosts(store, "/a") == [("news.example", 2)]


@on_store
async def test_a_purge_takes_likes_and_leaves_views(store: SqliteStore) -> None:
    await view(store, "/a", 2, "news.example")
    await like(store, "/a", ANNA)
    order = Purge(SITE, "/a", None, FIRST_HOUR, LAST_HOUR, 0)
    await store.ledger.purge(order, OWNER, dry_run=False)
    assert store.counts(SITE, "/a") == {"views": 2, "like": 0}


@on_store
async def test_views_can_be_set_imported_and_reported(store: SqliteStore) -> None:
    await view(store, "/a", 2)
    await store.adopt([Seed(SITE, "/b", "views", 1_000)], [])
    order = Order("set", SITE, "/a", kind="views", total=50)
    number = (await store.ledger.correct(order, OWNER, dry_run=False)).correction
    assert (views_of(store, "/a"), views_of(store, "/b")) == (50, 1_000)
    report = await store.report(Query(SITE, "views", 10, 0, "", by_page=False))
    assert [row.page for row in report.rows] == ["/b", "/a"]
    assert (await store.totals(SITE)).counts["views"] == 1_050
    assert (await store.totals(SITE)).today["views"] == 2
    await store.ledger.undo(number or 0, OWNER)
    assert views_of(store, "/a") == 2


@on_store
async def test_a_page_that_an_order_made_stays_where_somebody_has_read_it(
    store: SqliteStore,
) -> None:
    number = await correct(store, "block", "/a")
    await correct(store, "unblock", "/a")
    await view(store, "/a")
    with pytest.raises(Problem):  # the later order is about the page
        await store.ledger.undo(number, OWNER)
    await store.ledger.undo(number + 1, OWNER)
    await store.ledger.undo(number, OWNER)
    assert views_of(store, "/a") == 1


# What is kept for a time


def test_what_a_deletion_took_goes_when_it_cannot_be_undone(tmp_path: Path) -> None:
    now = NOON

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        await view(store, "/secret-name", 3, "news.example")
        await correct(store, "delete", "/secret-name")
        await store.retain()
        assert value(store.path, "SELECT sum(views) FROM removed_views WHERE host = ''") == 3
        now += UNDO_SECONDS + 1
        await store.retain()
        assert rows(store.path, "SELECT * FROM removed_views") == []
        assert rows(store.path, "SELECT path FROM pages") == []

    run(tmp_path / NAME, scenario, wall=lambda: now)
    assert_sound(tmp_path / NAME)


def test_old_hosts_go_and_totals_stay(tmp_path: Path) -> None:
    now = NOON

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        await view(store, "/a", 3, "news.example")
        now += HOURLY_DAYS * DAY
        await view(store, "/a", 1, "news.example")
        await store.retain()
        assert value(store.path, "SELECT sum(views) FROM referrers") == 4
        now += DAY
        await store.retain()
        assert rows(store.path, "SELECT views FROM referrers") == [(1,)]
        assert views_of(store, "/a") == 4
        days = await store.views.days(Period(SITE, "/a", HOURLY_DAYS + 2))
        assert (days[0].counts, days[1].counts) == ({"views": 3}, {})

    run(tmp_path / NAME, scenario, wall=lambda: now)
    assert_sound(tmp_path / NAME)


def test_hosts_that_are_no_names_are_refused_by_the_table(tmp_path: Path) -> None:
    async def scenario(store: SqliteStore) -> None:
        await view(store, "/a")
        insert = "INSERT INTO referrers VALUES (1, 1, ?, ?)"
        for host, views in (("", 1), ("x" * 254, 1), ("a.example", 0)):
            with pytest.raises(apsw.ConstraintError):
                rows(store.path, insert, host, views)

    run(tmp_path / NAME, scenario)
