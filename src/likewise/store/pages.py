"""Reading one page: its row, those merged into it, and the counts of all.

Plain functions over a cursor of any connection; nothing here writes.
"""

from __future__ import annotations

import apsw

from likewise.store.cache import Name, Page

OPEN, BLOCKED, DELETED = 0, 1, 2  # the states of a page

_ROW = "/* page */ SELECT id, salt, target, path, state FROM pages WHERE site = ? AND path = ?"
_TARGET = "/* target */ SELECT id, salt, target, path, state FROM pages WHERE id = ?"
_MEMBERS = "/* members */ SELECT id, salt FROM pages WHERE target = ?"
# A join would take twice as long.
_COUNTS = (
    "/* counts */ SELECT (SELECT name FROM kinds WHERE id = kind), seed + likes FROM counts"
    " WHERE page = ?"
)


def load_page(cursor: apsw.Cursor, name: Name) -> Page | None:
    """Return a page by any of its names; None when nothing is stored for it, or no longer."""
    # `get` reads to the end: a statement left open would hold what the connection sees.
    row = cursor.execute(_ROW, name).get
    if row is None:
        return None
    if row[2] is not None:
        row = cursor.execute(_TARGET, (row[2],)).get
        assert row is not None  # noqa: S101 (a page goes after those merged into it)
    number, salt, _, path, state = row
    if state == DELETED:
        return None
    members = ((number, salt), *cursor.execute(_MEMBERS, (number,)))
    counts: dict[str, int] = {}
    for member, _ in members:
        for kind, count in cursor.execute(_COUNTS, (member,)):
            counts[kind] = counts.get(kind, 0) + count
    return Page((name[0], path), members, counts, is_blocked=state == BLOCKED)
