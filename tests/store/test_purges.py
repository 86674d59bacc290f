"""Taking spam away the morning after: by page, kind, hours and rank; told first, undone after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from likewise.errors import Problem
from likewise.store import Alias, Seed, Standing, Wish
from likewise.store.orders import Effect, Purge
from likewise.store.purges import PIECE_ROWS
from likewise.store.sqlite import SqliteStore
from tests.service import voter
from tests.store.database import ANNA, NAME, NOON, SITE, all_of, like, on_store, rows, run, submit

OWNER = "key 00000000"
EVER = (-(2**40), 2**40)
SECONDS_PER_HOUR = 3_600


async def purge(
    store: SqliteStore,
    page: str | None = "/a",
    *,
    kind: str | None = None,
    hours: tuple[int, int] = EVER,
    keep: int = 0,
    dry_run: bool = False,
) -> Effect:
    return await store.ledger.purge(Purge(SITE, page, kind, *hours, keep), OWNER, dry_run=dry_run)


async def ranked(store: SqliteStore, ranks: str, page: str = "/a", **fields: Any) -> None:
    """Let as many new readers like a page, each with the rank that its digit says."""
    first = 1_000 + len(rows(store.path, "SELECT 1 FROM likes UNION ALL SELECT 1 FROM removed"))
    wishes = [
        Wish(fields.get("site", SITE), page, fields.get("kind", "like"), voter(n), 1, int(rank))
        for n, rank in enumerate(ranks, first)
    ]
    outcomes = await all_of(submit(store, wish) for wish in wishes)
    assert all(isinstance(outcome, Standing) for outcome in outcomes)


def ranks(store: SqliteStore) -> str:
    return "".join(sorted(str(rank) for (rank,) in rows(store.path, "SELECT rank FROM likes")))


@on_store
async def test_a_purge_is_told_before_it_is_done_and_undone_after(store: SqliteStore) -> None:
    await ranked(store, "1112223330")
    before = rows(store.path, "SELECT * FROM likes")
    told = await purge(store, keep=1, dry_run=True)
    assert (told.correction, told.removed, told.kept) == (None, 7, 3)
    assert rows(store.path, "SELECT * FROM likes") == before
    done = await purge(store, keep=1)
    assert (done.removed, done.kept) == (7, 3)
    assert store.counts(SITE, "/a") == {"like": 3}
    assert done.correction is not None
    await store.ledger.undo(done.correction, OWNER)
    assert rows(store.path, "SELECT * FROM likes") == before
    assert rows(store.path, "SELECT * FROM removed") == []
    assert store.counts(SITE, "/a") == {"like": 10}


@pytest.mark.parametrize(("keep", "left"), [(0, ""), (1, "11"), (5, "1122")])
def test_what_stays_is_the_first_likes_of_each_network(
    tmp_path: Path, keep: int, left: str
) -> None:
    async def scenario(store: SqliteStore) -> None:
        await ranked(store, "00112233")
        await purge(store, keep=keep)
        assert ranks(store) == left

    run(tmp_path / NAME, scenario)


def test_a_purge_takes_its_hours_and_no_others(tmp_path: Path) -> None:
    now = NOON

    async def scenario(store: SqliteStore) -> None:
        nonlocal now
        for _ in range(4):
            await ranked(store, "33")
            now += SECONDS_PER_HOUR
        first = int(NOON) // SECONDS_PER_HOUR + 1
        assert (await purge(store, hours=(first, first + 1))).removed == 4
        hours = rows(store.path, "SELECT DISTINCT hour FROM likes ORDER BY hour")
        assert hours == [(first - 1,), (first + 2,)]
        moved = rows(store.path, "SELECT hour, ups, downs FROM hourly WHERE ups <> 0 ORDER BY hour")
        assert moved == [(first - 1, 2, 0), (first + 2, 2, 0)]

    run(tmp_path / NAME, scenario, wall=lambda: now)


@on_store
async def test_a_purge_takes_its_kind_and_page_and_leaves_all_else(store: SqliteStore) -> None:
    await ranked(store, "33")
    await ranked(store, "33", kind="🎉")
    await ranked(store, "33", "/b")
    await ranked(store, "33", site="shop")
    assert (await purge(store, kind="🎉")).removed == 2
    assert store.counts(SITE, "/a") == {"like": 2, "🎉": 0}
    assert (await purge(store, None)).removed == 4
    assert (store.counts(SITE, "/b"), store.counts("shop", "/a")) == ({"like": 0}, {"like": 2})


@on_store
async def test_a_purge_of_a_merged_page_takes_all_that_count_for_it(store: SqliteStore) -> None:
    await ranked(store, "33")
    await ranked(store, "13", "/b")
    await store.adopt([Seed(SITE, "/b", "like", 5)], [Alias(SITE, "/a", "/b")])
    done = await purge(store, "/a", keep=1)
    assert (done.removed, done.before, done.after) == (3, {"like": 9}, {"like": 6})
    await store.ledger.undo(done.correction or 0, OWNER)
    assert store.counts(SITE, "/b") == {"like": 9}


@on_store
async def test_more_than_goes_at_once_goes_in_pieces(store: SqliteStore) -> None:
    count = 2 * PIECE_ROWS + 7
    await ranked(store, "3" * count)
    for number in range(PIECE_ROWS + 3):
        await ranked(store, "3", f"/page/{number}")
    done = await purge(store, None)
    assert done.removed == count + PIECE_ROWS + 3
    assert rows(store.path, "SELECT count(*) FROM likes") == [(0,)]
    assert rows(store.path, "SELECT done ->> '$.removed' FROM corrections") == [(done.removed,)]
    await store.ledger.undo(done.correction or 0, OWNER)
    assert rows(store.path, "SELECT count(*) FROM likes") == [(done.removed,)]


@on_store
async def test_readers_whose_like_went_may_like_again_and_undoing_keeps_that(
    store: SqliteStore,
) -> None:
    await like(store, "/a", ANNA)
    done = await purge(store)
    assert store.n_of(SITE, "/a", "like", ANNA) == 0
    assert (await like(store, "/a", ANNA)).change == 1
    await store.ledger.undo(done.correction or 0, OWNER)
    assert store.counts(SITE, "/a") == {"like": 1}


@on_store
async def test_claps_that_grew_later_leave_sound_figures(store: SqliteStore) -> None:
    await like(store, "/a", ANNA, 1)
    await like(store, "/a", ANNA, 9)
    done = await purge(store)
    assert store.counts(SITE, "/a") == {"like": 0}
    await store.ledger.undo(done.correction or 0, OWNER)
    assert store.counts(SITE, "/a") == {"like": 9}


@on_store
async def test_likes_go_on_while_a_purge_runs(store: SqliteStore) -> None:
    await ranked(store, "3" * 5 * PIECE_ROWS)
    await all_of([purge(store, keep=1), *(_liked(store, n) for n in range(50))])  # type: ignore[list-item]
    assert store.counts(SITE, "/a") == {"like": 50}


async def _liked(store: SqliteStore, number: int) -> None:
    outcome = await submit(store, Wish(SITE, "/a", "like", voter(50_000 + number), 1, 1))
    assert isinstance(outcome, Standing)


@on_store
async def test_an_unknown_page_is_no_reason_to_purge_everything(store: SqliteStore) -> None:
    await ranked(store, "33")
    with pytest.raises(Problem) as caught:
        await purge(store, "/x")
    assert caught.value.code == "unknown_page"
    assert store.counts(SITE, "/a") == {"like": 2}
