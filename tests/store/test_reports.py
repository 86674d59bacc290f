"""What the owner sees: pages sorted, searched and paged, and the totals of a site."""

from __future__ import annotations

import asyncio
from threading import Event

from likewise.store import Alias, Query, Report, Seed
from likewise.store.sqlite import SqliteStore
from tests.store.database import ANNA, BORIS, CLARA, SITE, in_loop, like, on_store

ALL = Query(SITE, "like", 50)


async def some_pages(store: SqliteStore) -> None:
    for page, voters in (("/b", [ANNA]), ("/a", [ANNA]), ("/c", [ANNA, BORIS]), ("/d", [])):
        for who in voters:
            await like(store, page, who)
        if not voters:
            await like(store, page, ANNA, kind="🎉")
    await like(store, "/b", BORIS, kind="🎉")
    await like(store, "/elsewhere", ANNA, site="shop")


def pages(report: Report) -> list[str]:
    return [row.page for row in report.rows]


@on_store
async def test_pages_come_most_liked_first_and_by_name_where_equal(store: SqliteStore) -> None:
    await some_pages(store)
    report = await store.report(ALL)
    assert report == (
        4,
        [
            ("/c", {"like": 2}, False),
            ("/a", {"like": 1}, False),
            ("/b", {"like": 1, "🎉": 1}, False),
            ("/d", {"🎉": 1}, False),
        ],
    )


@on_store
async def test_pages_can_be_sorted_by_another_kind_or_by_name(store: SqliteStore) -> None:
    await some_pages(store)
    assert pages(await store.report(ALL._replace(kind="🎉"))) == ["/b", "/d", "/a", "/c"]
    assert pages(await store.report(ALL._replace(kind="unknown"))) == ["/a", "/b", "/c", "/d"]
    assert pages(await store.report(ALL._replace(by_page=True))) == ["/a", "/b", "/c", "/d"]


@on_store
async def test_parts_of_a_report_make_up_the_whole(store: SqliteStore) -> None:
    await some_pages(store)
    parts = [await store.report(ALL._replace(limit=1, offset=n)) for n in range(5)]
    assert [part.total for part in parts] == [4] * 5
    assert [pages(part) for part in parts] == [["/c"], ["/a"], ["/b"], ["/d"], []]


@on_store
async def test_a_search_finds_the_text_as_it_stands(store: SqliteStore) -> None:
    for page in ("/100%", "/100 percent", "/under_score", "/underXscore", "/café"):
        await like(store, page, ANNA)
    for search, found in (
        ("100%", ["/100%"]),
        ("_", ["/under_score"]),
        ("é", ["/café"]),
        ("'; DROP TABLE likes; --", []),
    ):
        report = await store.report(ALL._replace(search=search))
        assert (report.total, pages(report)) == (len(found), found)


@on_store
async def test_a_merged_page_is_not_listed_and_its_page_has_the_sum(store: SqliteStore) -> None:
    await some_pages(store)
    await store.adopt([Seed(SITE, "/b", "like", 10)], [Alias(SITE, "/a", "/b")])
    report = await store.report(ALL)
    assert report.total == 3
    assert report.rows[0] == ("/b", {"like": 12, "🎉": 1}, False)
    assert pages(report) == ["/b", "/c", "/d"]
    assert await store.totals(SITE) == (3, {"like": 14, "🎉": 2}, {"like": 4, "🎉": 2})


@on_store
async def test_a_site_without_pages_has_an_empty_report(store: SqliteStore) -> None:
    await some_pages(store)
    assert await store.report(ALL._replace(site="unknown")) == (0, [])
    assert await store.totals("unknown") == (0, {}, {})


@on_store
async def test_a_report_counts_what_was_answered_before_it(store: SqliteStore) -> None:
    for count, who in enumerate((ANNA, BORIS, CLARA), 1):
        await like(store, "/a", who)
        assert (await store.report(ALL)).rows == [("/a", {"like": count}, False)]


@on_store
async def test_readers_and_likes_are_answered_while_a_report_is_made(store: SqliteStore) -> None:
    await some_pages(store)
    await store.totals(SITE)  # opens their connection
    begun, go, was_let_go = asyncio.Event(), Event(), Event()
    loop = asyncio.get_running_loop()

    def slowly(*_: object) -> bool:
        loop.call_soon_threadsafe(begun.set)
        if go.wait(3):
            was_let_go.set()
        return True

    assert store._reports is not None
    store._reports.exec_trace = slowly
    report, totals = in_loop(store.report(ALL)), in_loop(store.totals(SITE))
    await begun.wait()
    store._cache.clear()
    assert store.counts(SITE, "/c") == {"like": 2}
    assert (await like(store, "/c", CLARA))[:3] == (1, False, {"like": 3})
    assert not report.done()
    go.set()
    assert (await report).rows[0] == ("/c", {"like": 3}, False)
    assert (await totals).counts == {"like": 5, "🎉": 2}
    assert was_let_go.is_set()  # not the time that was up


@on_store
async def test_what_a_report_sorts_is_in_a_file_when_it_is_large(store: SqliteStore) -> None:
    await store.totals(SITE)
    assert store._reports is not None
    assert store._reports.pragma("temp_store") == 1  # FILE
