"""A like is a member of a set: sent, sent again, taken back, clapped, by kind."""

from __future__ import annotations

import asyncio
from pathlib import Path

from likewise.store import Standing
from likewise.store.sqlite import SqliteStore
from tests.store.database import (
    ANNA,
    BORIS,
    CLARA,
    NAME,
    NOON,
    SITE,
    all_of,
    assert_sound,
    like,
    on_store,
    opened,
    rows,
    submit,
    value,
    wish,
)


@on_store
async def test_first_like_makes_the_page_and_counts(store: SqliteStore) -> None:
    assert (await like(store, "/a", ANNA))[:3] == (1, True, {"like": 1})
    assert store.counts(SITE, "/a") == {"like": 1}


@on_store
async def test_second_like_from_same_voter_keeps_count(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    assert (await like(store, "/a", ANNA))[:3] == (0, False, {"like": 1})


@on_store
async def test_likes_of_several_voters_add_up(store: SqliteStore) -> None:
    for who in (ANNA, BORIS, CLARA):
        standing = await like(store, "/a", who)
    assert standing.counts == {"like": 3}


@on_store
async def test_taking_back_leaves_the_others_likes(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    await like(store, "/a", BORIS)
    assert (await like(store, "/a", ANNA, 0))[:3] == (-1, False, {"like": 1})
    assert (await like(store, "/a", ANNA, 0))[:3] == (0, False, {"like": 1})
    assert store.n_of(SITE, "/a", "like", ANNA) == 0
    assert store.n_of(SITE, "/a", "like", BORIS) == 1


@on_store
async def test_a_like_can_be_given_again_after_it_was_taken_back(store: SqliteStore) -> None:
    for n in (1, 0, 1):
        standing = await like(store, "/a", ANNA, n)
    assert standing == Standing(1, is_new_page=False, counts={"like": 1})


@on_store
async def test_taking_back_from_an_unknown_page_stores_nothing(store: SqliteStore) -> None:
    assert (await like(store, "/unknown", ANNA, 0))[:3] == (0, False, {})
    assert store.known(SITE, "/unknown") is None
    for table in ("pages", "kinds", "likes", "counts", "hourly"):
        assert value(store.path, f"SELECT count(*) FROM {table}") == 0


@on_store
async def test_claps_go_up_and_down_to_the_voters_own_total(store: SqliteStore) -> None:
    await like(store, "/a", BORIS, 2)
    for n, change, count in ((3, 3, 5), (5, 2, 7), (5, 0, 7), (1, -4, 3), (0, -1, 2)):
        assert (await like(store, "/a", ANNA, n))[:3] == (change, False, {"like": count})
        assert store.n_of(SITE, "/a", "like", ANNA) == n


@on_store
async def test_kinds_of_a_page_are_counted_apart(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    await like(store, "/a", ANNA, kind="❤")
    await like(store, "/a", BORIS, kind="❤")
    assert store.counts(SITE, "/a") == {"like": 1, "❤": 2}
    await like(store, "/a", ANNA, 0, kind="❤")
    assert store.counts(SITE, "/a") == {"like": 1, "❤": 1}
    assert store.n_of(SITE, "/a", "like", ANNA) == 1


@on_store
async def test_a_page_of_one_name_on_two_sites_is_two_pages(store: SqliteStore) -> None:
    await like(store, "/a", ANNA, site="blog")
    await like(store, "/a", ANNA, site="shop")
    await like(store, "/a", BORIS, site="shop")
    assert store.counts("blog", "/a") == {"like": 1}
    assert store.counts("shop", "/a") == {"like": 2}
    assert store.counts(SITE, "/a") == {}


@on_store
async def test_every_answer_of_a_batch_tells_its_own_count(store: SqliteStore) -> None:
    wishes = [wish("/a", ANNA), wish("/a", BORIS), wish("/a", ANNA), wish("/a", ANNA, 0)]
    outcomes = await all_of(submit(store, wanted) for wanted in wishes)
    assert outcomes == [
        Standing(1, is_new_page=True, counts={"like": 1}),
        Standing(1, is_new_page=False, counts={"like": 2}),
        Standing(0, is_new_page=False, counts={"like": 2}, before=1),
        Standing(-1, is_new_page=False, counts={"like": 1}, before=1),
    ]


@on_store
async def test_what_was_answered_does_not_change_afterwards(store: SqliteStore) -> None:
    first = await like(store, "/a", ANNA)
    await like(store, "/a", BORIS)
    assert first.counts == {"like": 1}


@on_store
async def test_like_and_take_back_in_one_batch_leave_both_moves_in_the_hour(
    store: SqliteStore,
) -> None:
    await all_of(submit(store, wish("/a", ANNA, n)) for n in (1, 0))
    assert rows(store.path, "SELECT ups, downs FROM hourly") == [(1, 1)]
    assert store.counts(SITE, "/a") == {"like": 0}


def test_likes_survive_closing_and_opening(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path / NAME) as store:
            await like(store, "/a", ANNA)
            await like(store, "/a", BORIS, 3, kind="🎉")
        async with opened(tmp_path / NAME) as store:
            assert store.counts(SITE, "/a") == {"like": 1, "🎉": 3}
            assert (await like(store, "/a", ANNA))[:3] == (0, False, {"like": 1, "🎉": 3})
            back = await like(store, "/a", BORIS, 0, kind="🎉")
            assert back[:3] == (-3, False, {"like": 1, "🎉": 0})

    asyncio.run(scenario())
    assert_sound(tmp_path / NAME)


def test_likes_of_today_leave_out_yesterday_and_what_was_taken_back(tmp_path: Path) -> None:
    now = NOON

    async def scenario() -> None:
        nonlocal now
        async with opened(tmp_path / NAME, wall=lambda: now) as store:
            await like(store, "/a", ANNA)
            now += 13 * 3_600  # past midnight, UTC
            assert store.likes_today(SITE, "/a", "like") == 0
            await like(store, "/a", BORIS, 3)
            await like(store, "/a", BORIS, 1)
            await like(store, "/a", CLARA)
            await like(store, "/a", CLARA, 0)
            assert store.likes_today(SITE, "/a", "like") == 1
            assert store.likes_today(SITE, "/a", "🎉") == 0
            assert store.likes_today(SITE, "/unknown", "like") == 0
            totals = await store.totals(SITE)
            assert totals == (1, {"like": 2}, {"like": 1})

    asyncio.run(scenario())
    assert_sound(tmp_path / NAME)


@on_store
async def test_a_row_keeps_its_hour_and_rank_and_nothing_finer(store: SqliteStore) -> None:
    await submit(store, wish("/a", ANNA)._replace(rank=2))
    assert rows(store.path, "SELECT n, hour, rank FROM likes") == [(1, int(NOON) // 3_600, 2)]


@on_store
async def test_the_owners_key_is_kept_as_it_was_last_set(store: SqliteStore) -> None:
    assert store.admin_key_digest() is None
    for digest in (b"1" * 32, b"2" * 32):
        await store.set_admin_key_digest(digest)
        assert store.admin_key_digest() == digest


@on_store
async def test_a_rival_is_left_in_the_same_commit(store: SqliteStore) -> None:
    of_joy = wish("/a", ANNA, kind="🎉")._replace(rivals=("🚀", "👀"))
    assert (await like(store, "/a", ANNA, kind="🚀")).counts == {"🚀": 1}
    outcome = await submit(store, of_joy)
    assert outcome == Standing(1, False, {"🚀": 0, "🎉": 1}, left=("🚀",))
    assert store.n_of(SITE, "/a", "🚀", ANNA) == 0
    again = await submit(store, of_joy)
    assert again == Standing(0, False, {"🚀": 0, "🎉": 1}, before=1)
    assert_sound(Path(store.path))


@on_store
async def test_what_is_taken_back_leaves_its_rivals_alone(store: SqliteStore) -> None:
    await like(store, "/a", ANNA, kind="🚀")
    outcome = await submit(store, wish("/a", ANNA, 0, kind="🎉")._replace(rivals=("🚀",)))
    assert outcome == Standing(0, False, {"🚀": 1})


@on_store
async def test_rivals_of_others_stay(store: SqliteStore) -> None:
    await like(store, "/a", ANNA, kind="🚀")
    await submit(store, wish("/a", BORIS, kind="🎉")._replace(rivals=("🚀",)))
    assert store.counts(SITE, "/a") == {"🚀": 1, "🎉": 1}


@on_store
async def test_who_claps_on_tells_what_he_had(store: SqliteStore) -> None:
    first = await like(store, "/a", ANNA, 3, kind="👏")
    more = await like(store, "/a", ANNA, 7, kind="👏")
    less = await like(store, "/a", ANNA, 2, kind="👏")
    none = await like(store, "/a", ANNA, 0, kind="👏")
    standings = [first, more, less, none]
    assert [(one.before, one.change) for one in standings] == [(0, 3), (3, 4), (7, -5), (2, -2)]
    assert [one.is_given for one in standings] == [True, False, False, False]
    assert [one.is_taken_back for one in standings] == [False, False, False, True]
