"""Reasons hang on likes: they come, change and go with them, through every correction and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from likewise.errors import Problem
from likewise.store import FIRST_HOUR, LAST_HOUR, ReasonQuery, Standing, Wish
from likewise.store import reasons as table
from likewise.store.corrections import UNDO_SECONDS
from likewise.store.orders import Order, Purge
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
    on_store,
    rows,
    run,
    submit,
)
from tests.store.test_statements import plan, traced

OWNER = "key 00000000"


def said(page: str, who: str, reason: str | None, n: int = 1, *, kind: str = "no") -> Wish:
    return Wish(SITE, page, kind, who, n, 1, reason=reason)


async def say(store: SqliteStore, page: str, who: str, reason: str | None, n: int = 1) -> Standing:
    outcome = await submit(store, said(page, who, reason, n))
    assert isinstance(outcome, Standing)
    return outcome


async def shown(store: SqliteStore, page: str | None = None) -> list[tuple[str, str]]:
    found = await store.reasons(ReasonQuery(SITE, page, None, 1_000))
    assert found.total == len(found.rows)
    return [(row.page, row.reason) for row in found.rows]


async def correct(store: SqliteStore, action: str, page: str, to: str = "") -> int:
    effect = await store.ledger.correct(Order(action, SITE, page, to), OWNER, dry_run=False)
    return effect.correction or 0


async def purge(store: SqliteStore, page: str, keep: int = 0) -> int:
    order = Purge(SITE, page, None, FIRST_HOUR, LAST_HOUR, keep)
    return (await store.ledger.purge(order, OWNER, dry_run=False)).correction or 0


async def remove(store: SqliteStore, reason: str) -> int:
    found = await store.reasons(ReasonQuery(SITE, None, None, 1_000))
    number = next(row.number for row in found.rows if row.reason == reason)
    effect = await store.ledger.remove_reason(SITE, number, OWNER, dry_run=False)
    return effect.correction or 0


@on_store
async def test_a_reason_is_kept_replaced_and_removed(store: SqliteStore) -> None:
    assert (await say(store, "/a", ANNA, "Too long")).has_reason is True
    assert (await say(store, "/a", ANNA, None)).has_reason is None
    assert await shown(store) == [("/a", "Too long")]
    await say(store, "/a", ANNA, "Too short")
    assert await shown(store) == [("/a", "Too short")]
    assert (await say(store, "/a", ANNA, "")).has_reason is True
    assert await shown(store) == []
    assert store.counts(SITE, "/a") == {"no": 1}


@on_store
async def test_a_reason_sent_again_writes_nothing(store: SqliteStore) -> None:
    await say(store, "/a", ANNA, "Too long")
    before = store._write_connection.total_changes()
    await say(store, "/a", ANNA, "Too long")
    assert store._write_connection.total_changes() == before


@on_store
async def test_a_reason_goes_with_its_like(store: SqliteStore) -> None:
    await say(store, "/a", ANNA, "Too long")
    await say(store, "/a", BORIS, "Wrong")
    await say(store, "/a", ANNA, None, 0)
    assert await shown(store) == [("/a", "Wrong")]
    await say(store, "/a", ANNA, None)
    assert await shown(store) == [("/a", "Wrong")]
    rival = Wish(SITE, "/a", "yes", BORIS, 1, rivals=("no",))
    await submit(store, rival)
    assert await shown(store) == []
    assert rows(store.path, "SELECT count(*) FROM reasons") == [(0,)]


@on_store
async def test_what_a_reader_takes_back_is_gone_even_where_the_owner_removed_it(
    store: SqliteStore,
) -> None:
    await say(store, "/a", ANNA, "Too long")
    await remove(store, "Too long")
    await say(store, "/a", ANNA, None, 0)
    assert rows(store.path, "SELECT count(*) FROM reasons") == [(0,)]


@on_store
async def test_a_like_that_was_taken_back_meanwhile_gets_no_reason(store: SqliteStore) -> None:
    for page in ("/a", "/never"):
        outcome = await store.explain(said(page, ANNA, "Too long"), lambda outcome: outcome)
        assert isinstance(outcome, Standing)
        assert outcome.has_reason is False
    assert await shown(store) == []
    assert store.counts(SITE, "/a") == {}


@on_store
async def test_a_closed_page_takes_no_reason_but_lets_go_of_one(store: SqliteStore) -> None:
    await say(store, "/a", ANNA, "Too long")
    await correct(store, "block", "/a")
    outcome = await store.explain(said("/a", ANNA, "Too short"), lambda outcome: outcome)
    assert isinstance(outcome, Standing)
    assert outcome.has_reason is False
    assert await shown(store) == [("/a", "Too long")]
    await store.explain(said("/a", ANNA, ""), lambda outcome: outcome)
    assert await shown(store) == []


@on_store
async def test_merged_pages_show_their_reasons_together(store: SqliteStore) -> None:
    await say(store, "/a", ANNA, "Too long")
    await say(store, "/b", ANNA, "Wrong")
    await say(store, "/b", BORIS, "Spam")
    number = await correct(store, "merge", "/b", "/a")
    found = {("/a", "Too long"), ("/a", "Wrong"), ("/a", "Spam")}
    assert set(await shown(store)) == set(await shown(store, "/b")) == found
    await store.ledger.undo(number, OWNER)
    assert set(await shown(store, "/b")) == {("/b", "Wrong"), ("/b", "Spam")}
    await correct(store, "merge", "/b", "/a")
    await store.explain(said("/a", ANNA, "Now I know why", 2), lambda outcome: outcome)
    assert set(await shown(store)) == {("/a", "Now I know why"), ("/a", "Spam")}
    await say(store, "/b", ANNA, None, 0)
    assert await shown(store) == [("/a", "Spam")]


@on_store
async def test_a_renamed_page_keeps_its_reasons(store: SqliteStore) -> None:
    await say(store, "/a", ANNA, "Too long")
    await correct(store, "rename", "/a", "/b")
    assert await shown(store) == [("/b", "Too long")]
    assert await shown(store, "/a") == [("/b", "Too long")]
    await say(store, "/b", ANNA, "Too short")
    assert await shown(store) == [("/b", "Too short")]


@pytest.mark.parametrize("action", ["purge", "delete"])
def test_what_the_owner_takes_away_goes_and_comes_back_with_its_reasons(
    tmp_path: Path, action: str
) -> None:
    async def scenario(store: SqliteStore) -> None:
        for who, reason in ((ANNA, "Too long"), (BORIS, "Wrong"), (CLARA, None)):
            await say(store, "/a", who, reason)
        take = purge if action == "purge" else lambda at, page: correct(at, "delete", page)
        number = await take(store, "/a")
        assert await shown(store) == []
        await say(store, "/a", BORIS, "Still wrong")
        if action == "delete":  # the page is there again: it goes once more, and comes back
            await store.ledger.undo(await take(store, "/a"), OWNER)
        assert await shown(store) == [("/a", "Still wrong")]
        await store.ledger.undo(number, OWNER)
        assert set(await shown(store)) == {("/a", "Still wrong"), ("/a", "Too long")}

    run(tmp_path / NAME, scenario)
    assert_sound(tmp_path / NAME)


@on_store
async def test_a_purge_takes_the_reasons_of_those_likes_alone_that_it_takes(
    store: SqliteStore,
) -> None:
    await submit(store, said("/a", ANNA, "The first of a network")._replace(rank=1))
    await submit(store, said("/a", BORIS, "The seventh")._replace(rank=3))
    await purge(store, "/a", keep=5)
    assert await shown(store) == [("/a", "The first of a network")]


@on_store
async def test_one_reason_is_removed_and_its_like_stays(store: SqliteStore) -> None:
    await say(store, "/a", ANNA, "Too long")
    await say(store, "/a", BORIS, "Insult")
    number = await remove(store, "Insult")
    assert await shown(store) == [("/a", "Too long")]
    assert store.counts(SITE, "/a") == {"no": 2}
    (line,) = await store.ledger.audit(SITE, 9, None)
    assert (line.action, line.asked, line.done) == ("reason", '{"page":"/a","kind":"no"}', "{}")
    await store.ledger.undo(number, OWNER)
    assert await shown(store) == [("/a", "Insult"), ("/a", "Too long")]


@on_store
async def test_a_reason_does_not_come_back_over_a_newer_one(store: SqliteStore) -> None:
    await say(store, "/a", ANNA, "Insult")
    number = await remove(store, "Insult")
    await say(store, "/a", ANNA, "Sorry")
    await store.ledger.undo(number, OWNER)
    assert await shown(store) == [("/a", "Sorry")]


@on_store
async def test_a_reason_does_not_come_back_without_its_like(store: SqliteStore) -> None:
    await say(store, "/a", ANNA, "Insult")
    number = await remove(store, "Insult")
    await purge(store, "/a")
    await store.ledger.undo(number, OWNER)
    assert await shown(store) == []


@on_store
async def test_a_reason_that_is_not_there_cannot_be_removed(store: SqliteStore) -> None:
    await say(store, "/a", ANNA, "Too long")
    (number,) = (row.number for row in (await store.reasons(ReasonQuery(SITE, None, None, 9))).rows)
    for site, wanted in ((SITE, number + 1), ("shop", number)):
        with pytest.raises(Problem, match=f"The site {site} has no reason {wanted}"):
            await store.ledger.remove_reason(site, wanted, OWNER, dry_run=False)
    trial = await store.ledger.remove_reason(SITE, number, OWNER, dry_run=True)
    assert (trial.correction, trial.page) == (None, "/a")
    assert await shown(store) == [("/a", "Too long")]
    await remove(store, "Too long")
    with pytest.raises(Problem, match="has no reason"):
        await store.ledger.remove_reason(SITE, number, OWNER, dry_run=False)


def test_what_was_taken_away_is_gone_when_it_can_come_back_no_more(tmp_path: Path) -> None:
    now = NOON

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        await say(store, "/a", ANNA, "Purged")
        await say(store, "/b", ANNA, "Removed")
        await say(store, "/c", ANNA, "Deleted")
        await say(store, "/d", ANNA, "Kept")
        await purge(store, "/a")
        await remove(store, "Removed")
        await correct(store, "delete", "/c")
        now += UNDO_SECONDS
        await store.retain()
        assert rows(store.path, "SELECT count(*) FROM reasons") == [(4,)]
        now += 1
        await store.retain()
        assert rows(store.path, "SELECT reason FROM reasons") == [("Kept",)]
        assert rows(store.path, "SELECT path FROM pages WHERE path = '/c'") == []

    run(tmp_path / NAME, scenario, wall=lambda: now)
    assert_sound(tmp_path / NAME)


def test_a_page_and_a_day_have_room_for_so_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "MAX_OF_PAGE_AND_DAY", 3)
    monkeypatch.setattr(table, "MAX_OF_DAY", 5)
    now = NOON

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        full = [await say(store, "/a", voter(number), f"{number}") for number in range(4)]
        assert [one.has_reason for one in full] == [True, True, True, False]
        assert store.counts(SITE, "/a") == {"no": 4}
        assert (await say(store, "/a", voter(0), "another")).has_reason is True
        await say(store, "/a", voter(1), "", 1)
        assert (await say(store, "/a", voter(3), "there is room")).has_reason is True
        full = [await say(store, "/b", voter(number), f"{number}") for number in range(3)]
        assert [one.has_reason for one in full] == [True, True, False]
        now += 86_400
        assert (await say(store, "/b", voter(9), "tomorrow")).has_reason is True

    run(tmp_path / NAME, scenario, wall=lambda: now)


@on_store
async def test_reasons_are_listed_by_page_kind_and_part_the_latest_first(
    store: SqliteStore,
) -> None:
    wishes = [said(f"/{n % 3}", voter(n), f"{n}", kind="no" if n % 2 else "why") for n in range(6)]
    for one in wishes:
        await submit(store, one)
    await submit(store, said("/0", ANNA, "elsewhere")._replace(site="shop"))

    async def numbers(page: str | None = None, kind: str | None = None, *part: int) -> list[str]:
        found = await store.reasons(ReasonQuery(SITE, page, kind, *(part or (9,))))
        return [row.reason for row in found.rows]

    assert await numbers() == ["5", "4", "3", "2", "1", "0"]
    assert await numbers("/0") == ["3", "0"]
    assert await numbers(None, "why") == ["4", "2", "0"]
    assert await numbers("/1", "no") == ["1"]
    assert await numbers(None, None, 2, 1) == ["4", "3"]
    assert await numbers("/never") == []


@on_store
async def test_statements_about_reasons_are_found_by_index(store: SqliteStore) -> None:
    await all_of(submit(store, said("/a", voter(n), f"{n}")) for n in range(20))
    with traced(store._write_connection) as seen:
        await say(store, "/a", ANNA, "Too long")
        await say(store, "/a", ANNA, "Too short")
        await store.explain(said("/a", ANNA, ""), lambda outcome: outcome)
        await store.ledger.undo(await remove(store, "3"), OWNER)
        await store.ledger.undo(await purge(store, "/a"), OWNER)
        await store.retain()
    named = {one.name: one for one in seen if "reason" in one.name}
    assert len(named) >= 8
    for statement in named.values():
        details = plan(store, statement)
        assert not [one for one in details if "SCAN" in one], (statement, details)


@on_store
async def test_a_list_of_reasons_is_read_in_its_order(store: SqliteStore) -> None:
    await all_of(submit(store, said("/a", voter(n), f"{n}")) for n in range(20))
    await shown(store)
    assert store._reports is not None
    with traced(store._reports) as seen:
        await shown(store)
    (listed,) = (one for one in seen if one.name == "reasons")
    assert "SCAN r USING INDEX reasons_hour" in plan(store, listed)
