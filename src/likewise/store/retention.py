"""What is kept for a time only: hours that become days, and what undoing needed.

Small transactions beside the likes; what is due is found on the reports' connection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import apsw

from likewise.store import HOURS_PER_DAY, SECONDS_PER_HOUR
from likewise.store.access import Access
from likewise.store.corrections import UNDO_SECONDS
from likewise.store.pages import DELETED
from likewise.store.transaction import Transaction

HOURLY_DAYS = 400
PIECE_ROWS = 200

Rows = Sequence[Any]

# From the last one on: days that are folded already stay, and each piece would pass them all again.
_OLD_HOURS = """/* old hours */
SELECT page, kind, hour FROM hourly WHERE (page, kind, hour) > (:page, :kind, :after)
AND hour < :hour AND hour % 24 <> 0 ORDER BY page, kind, hour LIMIT :rows"""
_OLD_SURGES = "/* old surges */ SELECT id FROM surges WHERE last_hour < :hour LIMIT :rows"
_LATE_CORRECTIONS = """/* late corrections */
SELECT id FROM corrections WHERE second < :second AND inverse IS NOT NULL LIMIT :rows"""
_LATE_LIKES = """/* late likes */
SELECT r.correction, r.page, r.kind, r.voter FROM removed AS r JOIN corrections AS c
ON c.id = r.correction WHERE c.inverse IS NULL LIMIT :rows"""
_LATE_REASONS = """/* late reasons */
SELECT r.id FROM reasons AS r JOIN corrections AS c ON c.id = r.correction
WHERE r.correction <> 0 AND c.inverse IS NULL LIMIT :rows"""
_LATE_VIEWS = """/* late views */
SELECT r.correction, r.page, r.hour, r.host FROM removed_views AS r JOIN corrections AS c
ON c.id = r.correction WHERE c.inverse IS NULL LIMIT :rows"""
_OLD_REFERRERS = """/* old referrers */
SELECT page, day, host FROM referrers WHERE day < :day LIMIT :rows"""
# A name that somebody may have made up to offend: its row goes with all that hangs on it.
_LATE_PAGES = """/* late pages */
SELECT p.id FROM pages AS p NOT INDEXED WHERE p.state = :deleted
AND NOT EXISTS (SELECT 1 FROM likes WHERE page = p.id)
AND NOT EXISTS (SELECT 1 FROM removed WHERE page = p.id)
AND NOT EXISTS (SELECT 1 FROM reasons WHERE page = p.id)
AND NOT EXISTS (SELECT 1 FROM removed_views WHERE page = p.id)
AND NOT EXISTS (SELECT 1 FROM pages WHERE target = p.id)
AND NOT EXISTS (SELECT 1 FROM corrections AS c WHERE c.action = 'delete' AND c.site = p.site
    AND (c.inverse ->> '$.page' = p.id
        OR EXISTS (SELECT 1 FROM json_each(c.inverse, '$.others') WHERE value = p.id)))
LIMIT :rows"""


class Retention:
    """Does what is due."""

    def __init__(self, access: Access) -> None:
        self._write = access.write
        self._in_reports = access.in_reports
        self._wall = access.wall

    async def run(self) -> None:
        """Fold old hours into days; forget what cannot be undone any more, and deleted pages."""
        now = int(self._wall())
        # Whole days, or a day would be folded in two parts.
        first_day = now // SECONDS_PER_HOUR // HOURS_PER_DAY - HOURLY_DAYS
        values = {
            "hour": first_day * HOURS_PER_DAY,
            "day": first_day,
            "second": now - UNDO_SECONDS,
            "deleted": DELETED,
            "rows": PIECE_ROWS,
        }
        for sql, do in (
            # First what was promised to readers: nothing before it shall keep it.
            (_LATE_CORRECTIONS, _forget_inverse),
            (_LATE_LIKES, _forget_likes),
            (_LATE_REASONS, _forget_reasons),
            (_LATE_VIEWS, _forget_views),
            (_LATE_PAGES, _forget_pages),
            (_OLD_REFERRERS, _forget_referrers),
            (_OLD_SURGES, _forget_surges),
        ):
            while rows := await self._in_reports(_reading(sql, values)):
                await self._write(_doing(do, rows))
        await self._fold_hours(values)

    async def _fold_hours(self, values: dict[str, int]) -> None:
        last = {"page": 0, "kind": 0, "after": 0}
        while rows := await self._in_reports(_reading(_OLD_HOURS, values | last)):
            await self._write(_doing(_fold, rows))
            last = dict(zip(last, rows[-1], strict=True))


def _reading(sql: str, values: dict[str, int]) -> Callable[[apsw.Connection], Rows]:
    return lambda connection: connection.execute(sql, values).fetchall()


def _doing(do: Callable[[Transaction, Rows], None], rows: Rows) -> Callable[[Transaction], None]:
    return lambda transaction: do(transaction, rows)


def _fold(transaction: Transaction, rows: Rows) -> None:
    for page, kind, hour in rows:
        # As they are now: a purge may have moved them since they were found.
        figures = transaction.cursor.execute(
            "/* folded */ DELETE FROM hourly WHERE page = ? AND kind = ? AND hour = ?"
            " RETURNING ups, downs",
            (page, kind, hour),
        ).fetchall()
        transaction.cursor.executemany(
            "/* fold */ INSERT INTO hourly VALUES (?1, ?2, ?3, ?4, ?5)"
            " ON CONFLICT DO UPDATE SET ups = ups + ?4, downs = downs + ?5",
            [(page, kind, hour - hour % HOURS_PER_DAY, *moved) for moved in figures],
        )


def _forget_inverse(transaction: Transaction, rows: Rows) -> None:
    """Keep who did what and when; what a deleted page was called goes with it."""
    transaction.cursor.executemany(
        "/* forget inverse */ UPDATE corrections SET inverse = NULL,"
        " asked = iif(action = 'delete', '{}', asked), done = iif(action = 'delete', '{}', done)"
        " WHERE id = ?",
        rows,
    )


def _forget_likes(transaction: Transaction, rows: Rows) -> None:
    transaction.cursor.executemany(
        "/* forget likes */ DELETE FROM removed"
        " WHERE correction = ? AND page = ? AND kind = ? AND voter = ?",
        rows,
    )


def _forget_reasons(transaction: Transaction, rows: Rows) -> None:
    transaction.cursor.executemany(
        "/* forget reasons */ DELETE FROM reasons WHERE id = ? AND correction <> 0", rows
    )


def _forget_views(transaction: Transaction, rows: Rows) -> None:
    transaction.cursor.executemany(
        "/* forget views */ DELETE FROM removed_views"
        " WHERE correction = ? AND page = ? AND hour = ? AND host = ?",
        rows,
    )


def _forget_referrers(transaction: Transaction, rows: Rows) -> None:
    transaction.cursor.executemany(
        "/* forget referrers */ DELETE FROM referrers WHERE page = ? AND day = ? AND host = ?",
        rows,
    )


def _forget_pages(transaction: Transaction, rows: Rows) -> None:
    tables = ("counts", "hourly", "referrers", "surges")
    for rows_of_page in (*(f"{table} WHERE page" for table in tables), "pages WHERE id"):
        transaction.cursor.executemany(f"/* forget page */ DELETE FROM {rows_of_page} = ?", rows)  # noqa: S608
    transaction.forget()


def _forget_surges(transaction: Transaction, rows: Rows) -> None:
    transaction.cursor.executemany("/* forget surge */ DELETE FROM surges WHERE id = ?", rows)
