"""What the owner corrects: pages joined, renamed, set, closed and deleted; and all of it undone."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likewise.errors import Problem
from likewise.store import (
    FIRST_HOUR,
    LAST_HOUR,
    Alias,
    Known,
    Query,
    Seed,
    Standing,
    Wish,
)
from likewise.store.corrections import UNDO_SECONDS
from likewise.store.orders import Effect, Order, Purge
from likewise.store.sqlite import SqliteStore
from tests.service import voter
from tests.store.database import (
    ANNA,
    BORIS,
    CLARA,
    NAME,
    NOON,
    SITE,
    all_of,
    assert_sound,
    in_loop,
    known_as,
    like,
    on_store,
    opened,
    rows,
    run,
    submit,
    wish,
)

OWNER = "key 00000000"
PAGES = ["/a", "/b", "/c", "/d", "/e"]


async def correct(
    store: SqliteStore, action: str, page: str, to: str = "", *, dry_run: bool = False, **set_: Any
) -> Effect:
    return await store.ledger.correct(Order(action, SITE, page, to, **set_), OWNER, dry_run=dry_run)


async def purge(store: SqliteStore, page: str) -> Effect:
    return await store.ledger.purge(
        Purge(SITE, page, None, FIRST_HOUR, LAST_HOUR, keep=0), OWNER, dry_run=False
    )


async def undo(store: SqliteStore, effect: Effect) -> int:
    assert effect.correction is not None
    return await store.ledger.undo(effect.correction, OWNER)


async def refused(store: SqliteStore, *order: Any, **set_: Any) -> str:
    with pytest.raises(Problem) as caught:
        await correct(store, *order, **set_)
    return caught.value.code


def counts(store: SqliteStore, page: str) -> dict[str, int]:
    return {kind: n for kind, n in store.counts(SITE, page).items() if n}


@on_store
async def test_merged_pages_count_together_and_apart_again(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    await like(store, "/b", BORIS)
    effect = await correct(store, "merge", "/a", "/b")
    assert (effect.page, effect.before, effect.after) == ("/b", {"like": 1}, {"like": 2})
    assert counts(store, "/a") == counts(store, "/b") == {"like": 2}
    assert known_as(store, "/a") == "/b"
    await undo(store, effect)
    assert counts(store, "/a") == counts(store, "/b") == {"like": 1}
    assert known_as(store, "/a") == "/a"


@on_store
async def test_who_liked_both_is_joined_when_next_heard_from(store: SqliteStore) -> None:
    for page in ("/a", "/b"):
        await like(store, page, ANNA)
    await correct(store, "merge", "/a", "/b")
    assert counts(store, "/b") == {"like": 2}
    assert (await like(store, "/b", ANNA)).counts == {"like": 1}


@on_store
async def test_a_page_that_others_were_merged_into_takes_them_along(store: SqliteStore) -> None:
    for page, who in zip(PAGES, map(voter, range(5)), strict=True):
        await like(store, page, who)
    first = await correct(store, "merge", "/a", "/b")
    second = await correct(store, "merge", "/b", "/c")
    assert counts(store, "/a") == {"like": 3}
    await undo(store, first)
    assert (counts(store, "/a"), counts(store, "/c")) == ({"like": 1}, {"like": 2})
    await undo(store, second)
    assert {page: counts(store, page) for page in PAGES} == {page: {"like": 1} for page in PAGES}


@on_store
async def test_an_alias_may_name_what_was_never_a_page(store: SqliteStore) -> None:
    await like(store, "/new", ANNA)
    effect = await correct(store, "alias", "/old", "/new")
    assert counts(store, "/old") == {"like": 1}
    assert (await like(store, "/old", BORIS)).counts == {"like": 2}
    await undo(store, effect)
    assert known_as(store, "/old") is None
    assert counts(store, "/new") == {"like": 2}


@on_store
async def test_a_renamed_page_keeps_its_voters_and_its_old_address(store: SqliteStore) -> None:
    await like(store, "/old", ANNA)
    effect = await correct(store, "rename", "/old", "/new")
    assert (known_as(store, "/new"), known_as(store, "/old")) == ("/new", "/new")
    assert store.n_of(SITE, "/new", "like", ANNA) == 1
    assert (await like(store, "/old", ANNA)).change == 0
    assert (await store.report(Query(SITE, "like", 9))).rows == [("/new", {"like": 1}, False)]
    await undo(store, effect)
    assert (known_as(store, "/old"), known_as(store, "/new")) == ("/old", None)


@on_store
async def test_a_page_can_take_its_old_name_again(store: SqliteStore) -> None:
    await like(store, "/old", ANNA)
    first = await correct(store, "rename", "/old", "/new")
    second = await correct(store, "rename", "/new", "/old")
    assert (known_as(store, "/new"), counts(store, "/old")) == ("/old", {"like": 1})
    with pytest.raises(Problem, match="has changed the page since"):
        await undo(store, first)
    await undo(store, second)
    await undo(store, first)
    assert (known_as(store, "/old"), known_as(store, "/new")) == ("/old", None)


@on_store
async def test_a_count_is_set_by_what_is_not_a_like(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    effect = await correct(store, "set", "/a", kind="like", total=40)
    assert (effect.before, effect.after) == ({"like": 1}, {"like": 40})
    assert (await like(store, "/a", BORIS)).counts == {"like": 41}
    assert counts(store, "/a") == {"like": 41}
    await undo(store, effect)
    assert counts(store, "/a") == {"like": 2}


@on_store
async def test_a_count_can_be_set_below_its_likes(store: SqliteStore) -> None:
    for who in (ANNA, BORIS, CLARA):
        await like(store, "/a", who)
    await correct(store, "set", "/a", kind="like", total=0)
    assert counts(store, "/a") == {}
    assert (await like(store, "/a", voter(9))).counts == {"like": 1}


@on_store
async def test_setting_makes_a_page_known(store: SqliteStore) -> None:
    await correct(store, "set", "/new", kind="like", total=7)
    assert (known_as(store, "/new"), counts(store, "/new")) == ("/new", {"like": 7})


@on_store
async def test_a_blocked_page_says_so_and_opens_again(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    for action, is_blocked in (("block", True), ("block", True), ("unblock", False)):
        effect = await correct(store, action, "/a")
        known = store.known(SITE, "/a")
        assert known is not None
        assert known.is_blocked == is_blocked
        assert (await store.report(Query(SITE, "like", 9))).rows == [
            ("/a", {"like": 1}, is_blocked)
        ]
    await undo(store, effect)
    assert store.known(SITE, "/a") == ("/a", True)
    await correct(store, "block", "/never-seen")
    assert store.known(SITE, "/never-seen") == ("/never-seen", True)


@on_store
async def test_a_deleted_page_is_gone_until_somebody_likes_it_again(store: SqliteStore) -> None:
    for number in range(450):  # more than go at once
        await like(store, "/a", voter(number))
    await store.adopt([Seed(SITE, "/a", "like", 5)], [Alias(SITE, "/old", "/a")])
    effect = await correct(store, "delete", "/a")
    assert effect.removed == 450
    for page in ("/a", "/old"):
        assert (store.known(SITE, page), counts(store, page)) == (None, {})
    assert (await store.report(Query(SITE, "like", 9))).total == 0
    assert (await like(store, "/a", ANNA)).counts["like"] == 1
    await undo(store, effect)
    assert counts(store, "/old") == counts(store, "/a") == {"like": 455}


@on_store
async def test_who_looks_at_a_deleted_page_still_sees_what_others_like(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    await correct(store, "delete", "/a")
    before = counts(store, "/a"), store.version()
    await like(store, "/b", ANNA)
    assert store.version() != before[1]
    assert counts(store, "/b") == {"like": 1}


@on_store
async def test_an_alias_of_a_deleted_page_can_become_a_page_of_its_own(store: SqliteStore) -> None:
    await store.adopt([Seed(SITE, "/a", "like", 5)], [Alias(SITE, "/old", "/a")])
    effect = await correct(store, "delete", "/a")
    await like(store, "/old", ANNA)
    await undo(store, effect)
    assert (counts(store, "/old"), counts(store, "/a")) == ({"like": 1}, {"like": 5})


@on_store
async def test_old_addresses_of_a_deleted_page_stay_away_when_it_comes_back(
    store: SqliteStore,
) -> None:
    await like(store, "/a", ANNA)
    await correct(store, "alias", "/old", "/a")
    deleted = await correct(store, "delete", "/a")
    await like(store, "/a", BORIS)
    assert known_as(store, "/old") is None
    await undo(store, deleted)
    assert counts(store, "/old") == {"like": 2}


@on_store
async def test_who_likes_again_while_a_page_is_deleted_hinders_nothing(store: SqliteStore) -> None:
    for number in range(450):
        await like(store, "/a", voter(number))
    again = [like(store, "/a", voter(number)) for number in range(450)]
    deleting = in_loop(correct(store, "delete", "/a"))
    await asyncio.gather(*again)
    assert await undo(store, await deleting) > 0
    assert counts(store, "/a") == {"like": 450}


@on_store
async def test_an_undo_ends_what_is_still_being_carried_out(store: SqliteStore) -> None:
    for number in range(900):
        await like(store, "/a", voter(number))
    for order in (correct(store, "delete", "/a"), purge(store, "/a")):
        running = in_loop(order)
        for _ in range(10_000):
            if rows(store.path, "SELECT 1 FROM removed LIMIT 1"):
                break
            await asyncio.sleep(0)
        number = rows(store.path, "SELECT max(id) FROM corrections")[0][0]
        await store.ledger.undo(number, OWNER)
        await running
        assert counts(store, "/a") == {"like": 900}
        assert rows(store.path, "SELECT count(*) FROM removed") == [(0,)]


@on_store
async def test_what_is_merged_into_a_page_while_it_is_deleted_stays_a_page(
    store: SqliteStore,
) -> None:
    for number in range(900):
        await like(store, "/a", voter(number))
    await like(store, "/b", ANNA)
    deleting = in_loop(correct(store, "delete", "/a"))
    await asyncio.sleep(0)
    await correct(store, "merge", "/b", "/a")
    await deleting
    assert (known_as(store, "/a"), known_as(store, "/b")) == (None, "/b")
    assert counts(store, "/b") == {"like": 1}


@on_store
async def test_likes_do_not_come_back_to_a_page_that_is_deleted(store: SqliteStore) -> None:
    for number in range(20):
        await like(store, "/a", voter(number))
    purged = await purge(store, "/a")
    deleted = await correct(store, "delete", "/a")
    with pytest.raises(Problem, match="deleted since"):
        await undo(store, purged)
    await undo(store, deleted)
    await undo(store, purged)
    assert counts(store, "/a") == {"like": 20}


@on_store
async def test_a_like_on_its_way_brings_no_proven_page_back(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    await correct(store, "delete", "/a")
    late = Wish(SITE, "/a", "like", BORIS, 1, may_create=False)
    outcome = await submit(store, late)
    assert isinstance(outcome, Problem)
    assert outcome.code == "unknown_page"
    assert known_as(store, "/a") is None


@on_store
async def test_a_like_on_its_way_to_a_page_that_is_blocked_comes_too_late(
    store: SqliteStore,
) -> None:
    await like(store, "/a", ANNA)
    blocking = in_loop(correct(store, "block", "/a"))
    await asyncio.sleep(0)  # it is in the queue now
    outcome, again, back = await all_of(
        submit(store, wish("/a", who, n)) for who, n in ((BORIS, 1), (ANNA, 1), (ANNA, 0))
    )
    await blocking
    assert isinstance(outcome, Problem)
    assert outcome.code == "page_blocked"
    assert again == Standing(0, is_new_page=False, counts={"like": 1}, before=1)
    assert back == Standing(-1, is_new_page=False, counts={"like": 0}, before=1)


@on_store
async def test_no_name_that_a_reader_can_make_hinders_a_renaming(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    for number in range(5):
        await like(store, f"renaming {number}", BORIS)
    await correct(store, "rename", "/a", "/b")
    assert known_as(store, "/a") == "/b"


@pytest.mark.parametrize("action", ["merge", "alias", "rename", "set", "delete", "block"])
def test_a_trial_tells_and_changes_nothing(tmp_path: Path, action: str) -> None:
    async def scenario(store: SqliteStore) -> None:
        await like(store, "/a", ANNA)
        await like(store, "/b", BORIS)
        to = {"merge": "/b", "alias": "/b", "rename": "/c"}.get(action, "")
        before = _files(store)
        told = await correct(store, action, "/a", to, dry_run=True, kind="like", total=3)
        assert told.correction is None
        assert _files(store) == before
        done = await correct(store, action, "/a", to, kind="like", total=3)
        assert told == done._replace(correction=None)

    run(tmp_path / NAME, scenario)


@on_store
async def test_what_cannot_be_is_refused_by_name(store: SqliteStore) -> None:
    for page in ("/a", "/b"):
        await like(store, page, ANNA)
    await store.adopt([], [Alias(SITE, "/old", "/a")])
    unknown = [("merge", "/x", "/a"), ("merge", "/a", "/x"), ("alias", "/x", "/y")]
    unknown += [("rename", "/x", "/y"), ("delete", "/x", ""), ("unblock", "/x", "")]
    for order in unknown:
        assert await refused(store, *order) == "unknown_page"
    taken = [("merge", "/a", "/old"), ("rename", "/a", "/b"), ("rename", "/a", "/a")]
    taken += [("alias", "/old", "/b"), ("alias", "/a", "/a")]
    for order in taken:
        assert await refused(store, *order) == "page_exists"


@on_store
async def test_what_is_refused_harms_no_like_beside_it(store: SqliteStore) -> None:
    outcomes = await asyncio.gather(
        like(store, "/a", ANNA),
        correct(store, "delete", "/x"),
        like(store, "/b", ANNA),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], Problem)
    assert (counts(store, "/a"), counts(store, "/b")) == ({"like": 1}, {"like": 1})


@on_store
async def test_likes_in_the_same_transaction_as_corrections_count(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    await asyncio.gather(
        like(store, "/a", BORIS),
        correct(store, "rename", "/a", "/b"),
        like(store, "/a", CLARA),
        correct(store, "set", "/b", kind="like", total=10),
        like(store, "/b", voter(9)),
    )
    assert counts(store, "/a") == counts(store, "/b") == {"like": 11}


@on_store
async def test_nothing_is_undone_twice(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    effect = await correct(store, "set", "/a", kind="like", total=9)
    await undo(store, effect)
    for number, expected in ((effect.correction, "cannot_undo"), (99, "unknown_correction")):
        with pytest.raises(Problem) as caught:
            await store.ledger.undo(number or 0, OWNER)
        assert caught.value.code == expected
    assert counts(store, "/a") == {"like": 1}


def test_what_is_too_old_stays_done(tmp_path: Path) -> None:
    now = NOON

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        effect = await correct(store, "set", "/a", kind="like", total=9)
        now += UNDO_SECONDS
        assert (await store.ledger.audit(SITE, 9, None))[0].can_be_undone
        now += 1
        assert not (await store.ledger.audit(SITE, 9, None))[0].can_be_undone
        with pytest.raises(Problem, match="can be undone no more"):
            await undo(store, effect)

    run(tmp_path / NAME, scenario, wall=lambda: now)


@on_store
async def test_the_audit_log_tells_who_did_what_and_when(store: SqliteStore) -> None:
    effect = await correct(store, "set", "/a", kind="like", total=9)
    await undo(store, effect)
    undone, done = await store.ledger.audit(SITE, 9, None)
    assert (done.number, done.second, done.actor) == (effect.correction, int(NOON), OWNER)
    assert (done.action, done.undone, done.can_be_undone) == ("set", int(NOON), False)
    assert json.loads(done.asked)["page"] == "/a"
    assert json.loads(done.done) == {"page": "/a", "before": {}, "after": {"like": 9}}
    assert (undone.action, json.loads(undone.asked)) == ("undo", {"correction": done.number})
    assert await store.ledger.audit(SITE, 1, undone.number) == [done]
    assert await store.ledger.audit("shop", 9, None) == []


orders = st.one_of(
    st.builds(
        Order,
        st.sampled_from(["merge", "alias", "rename"]),
        st.just(SITE),
        st.sampled_from(PAGES),
        st.sampled_from(PAGES),
    ),
    st.builds(
        Order,
        st.sampled_from(["set", "block", "unblock", "delete"]),
        st.just(SITE),
        st.sampled_from(PAGES),
        kind=st.sampled_from(["like", "🎉"]),
        total=st.integers(0, 99),
    ),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(PAGES[:3]), st.integers(0, 3))),
    st.lists(orders, max_size=12),
    st.randoms(use_true_random=False),
)
def test_all_of_it_undone_is_as_if_it_had_not_been(
    likes: list[tuple[str, int]], todo: list[Order], random: Random
) -> None:
    async def scenario(path: Path) -> None:
        async with opened(path) as store:
            for page, who in likes:
                await like(store, page, voter(who))
            before = _told(store)
            done = [effect for order in todo if (effect := await _tried(store, order))]
            assert_sound(path)
            # What is refused in this order is what a later one hinders.
            for effect in random.sample(done, len(done)):
                if await _undone(store, effect):
                    done.remove(effect)
                    assert_sound(path)
            for effect in reversed(done):
                await undo(store, effect)
            assert _told(store) == before
        assert_sound(path)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(scenario(Path(folder) / NAME))


async def _undone(store: SqliteStore, effect: Effect) -> bool:
    try:
        await undo(store, effect)
    except Problem as problem:
        if problem.code != "cannot_undo":
            raise
        return False
    return True


async def _tried(store: SqliteStore, order: Order) -> Effect | None:
    try:
        return await store.ledger.correct(order, OWNER, dry_run=False)
    except Problem:
        return None


def _told(store: SqliteStore) -> object:
    """Return what readers see: an open page without likes is like none."""
    seen = {page: (store.known(SITE, page), counts(store, page)) for page in PAGES}
    return {page: what for page, what in seen.items() if what not in _nothing(page)}


def _nothing(page: str) -> list[object]:
    return [(None, {}), (Known(page, is_blocked=False), {})]


def _files(store: SqliteStore) -> object:
    tables = ("pages", "likes", "counts", "hourly", "corrections", "removed")
    return [rows(store.path, f"SELECT * FROM {table}") for table in tables]
