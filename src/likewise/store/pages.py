"""Reading one page: its row, those merged into it, and the counts of all.

Plain functions over a cursor of any connection; nothing here writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import apsw

from likewise.store.cache import Name, Page

OPEN, BLOCKED, DELETED = 0, 1, 2  # the states of a page

# One statement costs less than three quarters of what three did; a join would take twice as long.
_PAGE = (
    "SELECT id, salt, target, path, state,"
    " EXISTS (SELECT 1 FROM pages AS member WHERE member.target = pages.id),"
    " (SELECT json_group_object((SELECT name FROM kinds WHERE id = kind), seed + likes)"
    " FROM counts WHERE page = pages.id)"
    " FROM pages"
)
_BY_NAME = f"/* page */ {_PAGE} WHERE site = ? AND path = ?"
_BY_NUMBER = f"/* target */ {_PAGE} WHERE id = ?"
_MEMBERS = "/* members */ SELECT id, salt FROM pages WHERE target = ?"
_UNKNOWN = (
    "/* unknown pages */ SELECT value FROM json_each(?) WHERE NOT EXISTS"
    " (SELECT 1 FROM pages WHERE site = ? AND path = value AND state <> ?)"
)
_COUNTS = (
    "/* counts */ SELECT (SELECT name FROM kinds WHERE id = kind), seed + likes FROM counts"
    " WHERE page = ?"
)


def unknown_pages(connection: apsw.Connection, site: str, pages: Sequence[str]) -> list[str]:
    """Return those of the pages that are not stored, each once."""
    names = json.dumps([*dict.fromkeys(pages)])
    return [str(page) for (page,) in connection.execute(_UNKNOWN, (names, site, DELETED))]


def load_page(cursor: apsw.Cursor, name: Name) -> Page | None:
    """Return a page by any of its names; None when nothing is stored for it, or no longer."""
    # `get` reads to the end: a statement left open would hold what the connection sees.
    row = cursor.execute(_BY_NAME, name).get
    if row is None:
        return None
    if row[2] is not None:
        row = cursor.execute(_BY_NUMBER, (row[2],)).get
        assert row is not None  # noqa: S101 (a page goes after those merged into it)
    number, salt, _, path, state, has_members, own_counts = row
    if state == DELETED:
        return None
    members = ((number, salt),)
    counts: dict[str, int] = json.loads(own_counts)
    if has_members:
        members = (*members, *cursor.execute(_MEMBERS, (number,)))
        _add_counts(cursor, members[1:], counts)
    return Page((name[0], path), members, counts, is_blocked=state == BLOCKED)


def _add_counts(
    cursor: apsw.Cursor, members: Iterable[tuple[int, bytes]], counts: dict[str, int]
) -> None:
    for number, _ in members:
        for kind, count in cursor.execute(_COUNTS, (number,)):
            counts[kind] = counts.get(kind, 0) + count
