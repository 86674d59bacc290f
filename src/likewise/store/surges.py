"""Surges as rows: hours in which far more likes than usual came to a page, or to a site.

Knows SQL; must not know what is usual, nor who is told.
"""

from __future__ import annotations

import apsw

from likewise.store import SECONDS_PER_HOUR, Sight, Surge
from likewise.store.access import Access
from likewise.store.cache import Page
from likewise.store.pages import load_page
from likewise.store.transaction import Transaction

HOURS_PER_WEEK = 168

_OF_PAGE = """/* usual of page */
SELECT total(ups) FROM hourly WHERE page IN (SELECT value FROM json_each(:members))
AND hour >= :since AND hour < :hour
AND kind IS NOT (SELECT id FROM kinds WHERE name = 'views')"""
_OF_SITE = """/* usual of site */
SELECT total(h.ups) FROM hourly AS h CROSS JOIN pages AS p ON p.id = h.page
WHERE p.site = :site AND h.hour >= :since AND h.hour < :hour
AND h.kind IS NOT (SELECT id FROM kinds WHERE name = 'views')"""
_OPEN = """/* open surge */
SELECT id FROM surges WHERE site = ?1 AND page IS ?2 AND last_hour >= ?3 - 1 AND first_hour <= ?3
ORDER BY id DESC LIMIT 1"""
_SURGES = """/* surges */
SELECT s.id, coalesce(t.path, p.path), s.first_hour, s.last_hour, s.likes
FROM surges AS s LEFT JOIN pages AS p ON p.id = s.page LEFT JOIN pages AS t ON t.id = p.target
WHERE s.site = ? AND """
_LAST = _SURGES + "TRUE ORDER BY s.last_hour DESC, s.id DESC LIMIT ?"
_NUMBERED = _SURGES + "s.id = ?"


class SqliteSurges:
    """Answers the protocol `Surges`."""

    def __init__(self, access: Access) -> None:
        self._write = access.write
        self._in_reports = access.in_reports
        self._wall = access.wall

    async def usual(self, site: str, page: str | None) -> float:
        hour = self._hour()
        values = {"site": site, "hour": hour, "since": hour - HOURS_PER_WEEK}

        def read(connection: apsw.Connection) -> float:
            if page is None:
                return float(connection.execute(_OF_SITE, values).get)
            found = load_page(connection.cursor(), (site, page))
            members = str(found.ids if found else [])
            return float(connection.execute(_OF_PAGE, {**values, "members": members}).get)

        return await self._in_reports(read) / HOURS_PER_WEEK

    async def mark(self, sight: Sight) -> bool:
        hour, page = self._hour(), sight.page

        def mark(transaction: Transaction) -> bool:
            found = None if page is None else transaction.page((sight.site, page))
            if found is None and page is not None:
                return False  # deleted meanwhile; it shall not pass for the whole site
            return _mark(transaction.cursor, sight, found, hour)

        return await self._write(mark)

    async def last(self, site: str, limit: int) -> list[Surge]:
        rows = await self._in_reports(
            lambda connection: connection.execute(_LAST, (site, limit)).fetchall()
        )
        return [Surge._make(row) for row in rows]

    async def numbered(self, site: str, number: int) -> Surge | None:
        rows = await self._in_reports(
            lambda connection: connection.execute(_NUMBERED, (site, number)).fetchall()
        )
        return Surge._make(rows[0]) if rows else None

    def _hour(self) -> int:
        return int(self._wall()) // SECONDS_PER_HOUR


def _mark(cursor: apsw.Cursor, sight: Sight, page: Page | None, hour: int) -> bool:
    """Let a surge of this hour or the last go on, or begin one; tell whether it is new."""
    number = page.ids[0] if page else None
    surge = cursor.execute(_OPEN, (sight.site, number, hour)).get
    if surge is None:
        cursor.execute(
            "/* new surge */ INSERT INTO surges (site, page, first_hour, last_hour, likes)"
            " VALUES (?, ?, ?, ?, ?)",
            (sight.site, number, min(sight.first_hour, hour), hour, sight.likes),
        )
        return True
    cursor.execute(
        "/* surge goes on */ UPDATE surges SET last_hour = ?, likes = likes + ? WHERE id = ?",
        (hour, sight.more, surge),
    )
    return False
