"""Old ids that count for a page, and counts that were brought along: one page, one count."""

from __future__ import annotations

import asyncio
from itertools import permutations
from pathlib import Path

import pytest

from likewise.store import Alias, Seed
from likewise.store.cache import Cache
from likewise.store.sqlite import SqliteStore
from tests.store.database import (
    ANNA,
    BORIS,
    CLARA,
    NAME,
    SITE,
    all_of,
    assert_sound,
    known_as,
    like,
    on_store,
    opened,
    rows,
    submit,
    value,
    wish,
)


def seed(page: str, n: int, kind: str = "like") -> Seed:
    return Seed(SITE, page, kind, n)


def alias(old: str, page: str) -> Alias:
    return Alias(SITE, old, page)


@on_store
async def test_a_seed_stands_beside_the_likes(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    await store.adopt([seed("/a", 41)], [])
    assert store.counts(SITE, "/a") == {"like": 42}
    assert (await like(store, "/a", ANNA, 0)).counts == {"like": 41}


@on_store
async def test_a_seed_set_twice_is_set_once(store: SqliteStore) -> None:
    for n in (41, 41, 12, 0):
        await store.adopt([seed("/a", n)], [])
        assert store.counts(SITE, "/a") == {"like": n}


@on_store
async def test_the_last_of_two_seeds_for_one_id_stands(store: SqliteStore) -> None:
    await store.adopt([seed("/a", 5), seed("/a", 7)], [])
    assert store.counts(SITE, "/a") == {"like": 7}


@on_store
async def test_seeds_of_two_kinds_do_not_touch_each_other(store: SqliteStore) -> None:
    await store.adopt([seed("/a", 5), seed("/a", 7, "🎉")], [])
    await store.adopt([seed("/a", 6)], [])
    assert store.counts(SITE, "/a") == {"like": 6, "🎉": 7}


@on_store
async def test_an_import_done_twice_is_done_once(store: SqliteStore) -> None:
    for _ in range(2):
        refused = await store.adopt([seed("/a", 5), seed("hello", 3)], [alias("hello", "/a")])
        assert refused == []
        assert store.counts(SITE, "/a") == store.counts(SITE, "hello") == {"like": 8}


@on_store
async def test_a_later_import_by_old_ids_replaces_what_an_earlier_one_set(
    store: SqliteStore,
) -> None:
    await store.adopt([seed("/a", 8)], [alias("hello", "/a"), alias("Hello", "/a")])
    await store.adopt([seed("hello", 6), seed("Hello", 4)], [])
    assert store.counts(SITE, "/a") == {"like": 10}


@on_store
async def test_an_import_that_finds_the_page_takes_over_what_lay_under_the_old_id(
    store: SqliteStore,
) -> None:
    await store.adopt([seed("hello", 7)], [])
    await store.adopt([seed("hello", 0), seed("/a", 7)], [alias("hello", "/a")])
    assert store.counts(SITE, "/a") == {"like": 7}


@on_store
async def test_an_alias_brings_its_likes_and_its_seed_to_its_page(store: SqliteStore) -> None:
    await like(store, "/old", ANNA)
    await like(store, "/new", BORIS)
    await store.adopt([seed("/old", 10)], [])
    assert await store.adopt([], [alias("/old", "/new")]) == []
    assert store.counts(SITE, "/old") == store.counts(SITE, "/new") == {"like": 12}
    assert known_as(store, "/old") == "/new"


@on_store
async def test_an_alias_moves_no_rows(store: SqliteStore) -> None:
    await like(store, "/old", ANNA)
    before = rows(store.path, "SELECT * FROM likes")
    await store.adopt([], [alias("/old", "/new")])
    assert rows(store.path, "SELECT * FROM likes") == before


@on_store
async def test_a_voter_who_liked_the_old_id_is_found_again(store: SqliteStore) -> None:
    await like(store, "/old", ANNA)
    await store.adopt([], [alias("/old", "/new")])
    assert store.n_of(SITE, "/new", "like", ANNA) == 1
    assert (await like(store, "/new", ANNA))[:3] == (0, False, {"like": 1})
    assert (await like(store, "/new", ANNA, 0))[:3] == (-1, False, {"like": 0})
    assert store.n_of(SITE, "/old", "like", ANNA) == 0


@on_store
async def test_a_new_like_is_a_row_of_the_page_itself(store: SqliteStore) -> None:
    await like(store, "/old", ANNA)
    await store.adopt([], [alias("/old", "/new")])
    await like(store, "/old", BORIS)
    of_page = "SELECT path FROM likes JOIN pages ON pages.id = page ORDER BY pages.id"
    assert rows(store.path, of_page) == [("/old",), ("/new",)]


@on_store
async def test_a_voter_who_liked_both_pages_before_is_counted_once_when_seen_again(
    store: SqliteStore,
) -> None:
    for page in ("/old", "/new"):
        await like(store, page, ANNA)
        await like(store, page, BORIS)
    await store.adopt([], [alias("/old", "/new")])
    assert store.n_of(SITE, "/new", "like", ANNA) == 2
    assert (await like(store, "/new", ANNA))[:3] == (-1, False, {"like": 3})
    assert (await like(store, "/old", ANNA))[:3] == (0, False, {"like": 3})


@on_store
async def test_taking_back_after_a_merge_takes_back_all_that_the_voter_has(
    store: SqliteStore,
) -> None:
    for page in ("/old", "/new"):
        await like(store, page, ANNA)
    await store.adopt([], [alias("/old", "/new")])
    assert (await like(store, "/new", ANNA, 0))[:3] == (-2, False, {"like": 0})
    assert store.n_of(SITE, "/new", "like", ANNA) == 0
    assert value(store.path, "SELECT count(*) FROM likes") == 0


@on_store
async def test_claps_on_merged_pages_become_the_wished_total(store: SqliteStore) -> None:
    await like(store, "/old", ANNA, 4)
    await like(store, "/new", ANNA, 3)
    await store.adopt([], [alias("/old", "/new")])
    for n in (9, 2, 7):
        assert (await like(store, "/new", ANNA, n)).counts == {"like": n}
        assert store.n_of(SITE, "/old", "like", ANNA) == n


@on_store
async def test_a_like_and_the_alias_of_its_page_may_share_a_batch(store: SqliteStore) -> None:
    await like(store, "/old", ANNA)
    first = submit(store, wish("/old", BORIS))
    made = store.adopt([], [alias("/old", "/new")])
    later = [submit(store, wish(page, CLARA)) for page in ("/new", "/old")]
    assert await made == []
    assert [outcome.counts for outcome in await all_of([first, *later])] == [  # type: ignore[union-attr]
        {"like": 2},
        {"like": 3},
        {"like": 3},
    ]
    assert store.likes_today(SITE, "/old", "like") == 3


@on_store
async def test_an_alias_given_again_changes_nothing(store: SqliteStore) -> None:
    await like(store, "/old", ANNA)
    for _ in range(2):
        assert await store.adopt([], [alias("/old", "/new")]) == []
    assert store.counts(SITE, "/new") == {"like": 1}


@on_store
async def test_a_page_is_its_own_alias_already(store: SqliteStore) -> None:
    assert await store.adopt([], [alias("/a", "/a")]) == []
    assert known_as(store, "/a") == "/a"


@on_store
async def test_an_alias_of_an_alias_counts_for_the_page_itself(store: SqliteStore) -> None:
    assert await store.adopt([], [alias("/older", "/old")]) == []
    assert await store.adopt([], [alias("/oldest", "/older")]) == []
    await like(store, "/oldest", ANNA)
    assert store.counts(SITE, "/old") == {"like": 1}
    assert known_as(store, "/oldest") == "/old"


@on_store
async def test_two_aliases_in_a_circle_are_one_page(store: SqliteStore) -> None:
    assert await store.adopt([], [alias("/a", "/b"), alias("/b", "/a")]) == []
    await like(store, "/a", ANNA)
    assert store.counts(SITE, "/a") == store.counts(SITE, "/b") == {"like": 1}


@on_store
async def test_an_alias_that_counts_for_another_page_stays_there(store: SqliteStore) -> None:
    await store.adopt([], [alias("/old", "/a")])
    assert await store.adopt([], [alias("/old", "/b")]) == [alias("/old", "/b")]
    assert known_as(store, "/old") == "/a"


@on_store
async def test_a_page_that_has_aliases_does_not_become_one(store: SqliteStore) -> None:
    await store.adopt([], [alias("/old", "/a")])
    assert await store.adopt([], [alias("/a", "/b")]) == [alias("/a", "/b")]
    assert known_as(store, "/a") == "/a"


@on_store
async def test_aliases_of_one_site_say_nothing_about_another(store: SqliteStore) -> None:
    await store.adopt([], [Alias("blog", "/old", "/new")])
    await like(store, "/old", ANNA, site="shop")
    assert known_as(store, "/old", site="shop") == "/old"
    assert store.counts("blog", "/new") == {}


NAMES = ("/new", "/old", "/older")


@pytest.mark.parametrize("max_pages", [1, 2, 3_000])
@pytest.mark.parametrize("order", list(permutations(NAMES)), ids=" ".join)
def test_a_page_has_one_count_whichever_name_is_read_or_written_first(
    tmp_path: Path, order: tuple[str, ...], max_pages: int
) -> None:
    async def scenario() -> None:
        async with opened(tmp_path / NAME) as store:
            for name in NAMES:
                await like(store, name, ANNA)
            await store.adopt([], [alias("/old", "/new"), alias("/older", "/new")])
        async with opened(tmp_path / NAME) as store:
            store._cache = Cache(max_pages)
            for count, name in enumerate(order, 4):
                store.counts(SITE, name)
                store.counts(SITE, f"/evicts{name}")
                await like(store, f"/evicts{name}", ANNA)
                standing = await like(store, name, f"{BORIS}-{count}")
                assert standing.counts == {"like": count}
                assert [store.counts(SITE, other) for other in order] == [{"like": count}] * 3

    asyncio.run(scenario())
    assert_sound(tmp_path / NAME)
