"""Reasons as SQL: what readers wrote beside likes of private kinds.

Single statements within a transaction, and the list for the owner; must not know who may ask.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import apsw

from likewise.store import HOURS_PER_DAY, Reason, ReasonQuery, Reasons
from likewise.store.pages import load_page

Key = tuple[int, int, bytes]  # of a like: page, kind, voter

# What a flood can fill in a day: some 2 MB. Beyond it likes still count, and say nothing.
MAX_OF_PAGE_AND_DAY = 200
MAX_OF_DAY = 2_000
PART_ROWS = 500

_ROOM = """/* room for reasons */
SELECT count(*), count(*) FILTER (WHERE page = ?) FROM reasons WHERE hour BETWEEN ? AND ?"""
_SHOWN = """
FROM reasons AS r CROSS JOIN pages AS p ON p.id = r.page
LEFT JOIN pages AS t ON t.id = p.target JOIN kinds AS k ON k.id = r.kind
WHERE p.site = :site AND r.correction = 0"""
_OF_PAGE = " AND r.page IN (SELECT value FROM json_each(:members))"
_OF_KIND = " AND k.name = :kind"
_TOTAL = "/* reasons in all */ SELECT count(*) {shown}"
_ROWS = """/* reasons */
SELECT r.id, coalesce(t.path, p.path), k.name, r.reason, r.hour {shown}
ORDER BY r.hour DESC, r.id DESC LIMIT :limit OFFSET :offset"""
_PART = f"""/* part of reasons */
SELECT r.id, coalesce(t.path, p.path), k.name, r.reason, r.hour {_SHOWN} AND r.id > :after
ORDER BY r.id LIMIT :rows"""


def keep(cursor: apsw.Cursor, key: Key, reason: str, hour: int) -> bool:
    """Let a like that stands have this reason, in place of any before; an empty one is none.

    Return whether it has: False, and nothing done, where the day's room is used up.
    """
    before = cursor.execute(
        "/* reason of like */ SELECT reason FROM reasons"
        " WHERE page = ? AND kind = ? AND voter = ? AND correction = 0",
        key,
    ).get
    if reason == (before or ""):
        return True
    if not reason:
        forget(cursor, key)
        return True
    if before is None and not _has_room(cursor, key[0], hour):
        return False
    cursor.execute(
        "/* keep reason */ INSERT OR REPLACE INTO reasons (page, kind, voter, reason, hour)"
        " VALUES (?, ?, ?, ?, ?)",
        (*key, reason, hour),
    )
    return True


def forget(cursor: apsw.Cursor, key: Key) -> None:
    """Forget all that was written beside a like: its reader has taken it back."""
    cursor.execute(
        "/* forget reason */ DELETE FROM reasons WHERE page = ? AND kind = ? AND voter = ?", key
    )


def take(cursor: apsw.Cursor, keys: Iterable[Key], correction: int) -> None:
    """Take away what is shown beside likes that a correction takes away."""
    cursor.executemany(
        "/* take reasons */ UPDATE OR REPLACE reasons SET correction = ?4"
        " WHERE page = ?1 AND kind = ?2 AND voter = ?3 AND correction = 0",
        [(*key, correction) for key in keys],
    )


def bring_back(cursor: apsw.Cursor, keys: Iterable[Key], correction: int) -> None:
    """Show again what a correction took away, beside likes that came back."""
    cursor.executemany(
        "/* bring reasons back */ UPDATE OR IGNORE reasons SET correction = 0"
        " WHERE page = ?1 AND kind = ?2 AND voter = ?3 AND correction = ?4",
        [(*key, correction) for key in keys],
    )


def found(cursor: apsw.Cursor, site: str, number: int) -> tuple[str, str] | None:
    """Return page and kind of a reason that is shown; None where there is none of this number."""
    row: tuple[str, str] | None = cursor.execute(
        f"/* reason */ SELECT coalesce(t.path, p.path), k.name {_SHOWN} AND r.id = :number",
        {"site": site, "number": number},
    ).get
    return row


def take_one(cursor: apsw.Cursor, number: int, correction: int) -> None:
    """Take a reason away, and leave its like."""
    cursor.execute(
        "/* take reason */ UPDATE reasons SET correction = ? WHERE id = ?", (correction, number)
    )


def bring_one_back(cursor: apsw.Cursor, number: int) -> None:
    """Show a reason again, where its like stands and its reader has written no other since."""
    cursor.execute(
        "/* bring reason back */ UPDATE OR IGNORE reasons AS r SET correction = 0 WHERE r.id = ?"
        " AND EXISTS (SELECT 1 FROM likes AS l"
        " WHERE l.page = r.page AND l.kind = r.kind AND l.voter = r.voter)",
        (number,),
    )


def listed(connection: apsw.Connection, query: ReasonQuery) -> Reasons:
    """Return a part of a site's reasons, the latest first."""
    page = query.page
    members: list[int] = []
    if page is not None:
        known = load_page(connection.cursor(), (query.site, page))
        members = [*known.ids] if known else []
    shown = _SHOWN + (_OF_PAGE if page is not None else "") + (_OF_KIND if query.kind else "")
    values = query._asdict() | {"members": json.dumps(members)}
    total = connection.execute(_TOTAL.format(shown=shown), values).get
    rows = connection.execute(_ROWS.format(shown=shown), values)
    return Reasons(int(total), [Reason._make(row) for row in rows])


def all_of(connection: apsw.Connection, site: str) -> Iterator[Reason]:
    """Return every reason of a site, the oldest first. Between two parts nothing is held."""
    after = 0
    values = {"site": site, "rows": PART_ROWS}
    while part := connection.execute(_PART, {**values, "after": after}).fetchall():
        rows = [Reason._make(row) for row in part]
        yield from rows
        after = rows[-1].number


def _has_room(cursor: apsw.Cursor, page: int, hour: int) -> bool:
    first = hour - hour % HOURS_PER_DAY
    of_day, of_page = cursor.execute(_ROOM, (page, first, first + HOURS_PER_DAY - 1)).get
    return bool(of_day < MAX_OF_DAY and of_page < MAX_OF_PAGE_AND_DAY)
