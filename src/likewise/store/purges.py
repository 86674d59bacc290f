"""Taking likes away and bringing them back, in pieces that hold nobody up.

What is to go is found on the reports' connection, any time it takes; it goes in small
transactions of the writer's. Must not know who asks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import apsw

from likewise.store import reasons
from likewise.store.orders import Purge
from likewise.store.reasons import Key
from likewise.store.transaction import Transaction

PIECE_ROWS = 200  # at least, and less than twice as many: some 5 ms of the event loop's time
# By how many of a network's likes of a page and day stay: the ranks that do (see the schema).
_LAST_RANK_KEPT = {0: 0, 1: 1, 5: 2}

_GOES = (
    "l.hour BETWEEN :first_hour AND :last_hour AND NOT (l.rank BETWEEN 1 AND :last_rank_kept)"
    " AND (:kind IS NULL OR l.kind = (SELECT id FROM kinds WHERE name = :kind))"
)
_SHARE = """/* share to purge */
SELECT total({goes}), count(*) FROM pages AS p NOT INDEXED CROSS JOIN likes AS l ON l.page = p.id
WHERE {scope}"""
_PAGES = """/* pages to purge */
SELECT p.id FROM pages AS p NOT INDEXED
WHERE {scope} AND p.id > :after AND EXISTS (SELECT 1 FROM likes AS l WHERE l.page = p.id AND {goes})
ORDER BY p.id LIMIT {rows}"""
_KEYS = """/* likes to purge */
SELECT l.page, l.kind, l.voter FROM likes AS l
WHERE l.page = :page AND (l.kind, l.voter) > (:after_kind, :after_voter) AND {goes}
ORDER BY l.kind, l.voter LIMIT {rows}"""
_REMOVE = """/* remove like */
DELETE FROM likes AS l WHERE l.page = :page AND l.kind = :of_kind AND l.voter = :voter AND {goes}
RETURNING page, kind, voter, n, hour, rank"""


class Row(NamedTuple):
    """A like as it is stored."""

    page: int
    kind: int
    voter: bytes
    n: int
    hour: int
    rank: int


def share(connection: apsw.Connection, purge: Purge, rows: Sequence[int] | None) -> tuple[int, int]:
    """Return how many likes of the page, or of the site, would go and how many would stay."""
    sql = _SHARE.format(goes=_GOES, scope=_scope(rows))
    goes, of = connection.execute(sql, _values(purge, rows)).get
    return int(goes), int(of - goes)


def pieces(
    connection: apsw.Connection, purge: Purge, rows: Sequence[int] | None
) -> Iterator[list[Key]]:
    """Return the keys of what shall go, a few at a time. Between two of them nothing is held."""
    piece: list[Key] = []
    sql = _KEYS.format(goes=_GOES, rows=PIECE_ROWS)
    for number in _pages(connection, purge, rows):
        values = {**_values(purge, rows), "page": number, "after_kind": 0, "after_voter": b""}
        while found := list[Any](connection.execute(sql, values)):
            piece += found
            values |= {"after_kind": found[-1][1], "after_voter": found[-1][2]}
            if len(piece) >= PIECE_ROWS:
                yield piece
                piece = []
    if piece:
        yield piece


def _pages(connection: apsw.Connection, purge: Purge, rows: Sequence[int] | None) -> Iterator[int]:
    """Return the numbers of the rows that likes will go from."""
    sql = _PAGES.format(goes=_GOES, scope=_scope(rows), rows=PIECE_ROWS)
    after = 0
    values = _values(purge, rows)
    while found := list[Any](connection.execute(sql, {**values, "after": after})):
        yield from (number for (number,) in found)
        after = found[-1][0]


def remove(transaction: Transaction, correction: int, purge: Purge, keys: Iterable[Key]) -> int:
    """Take likes away, but for what has changed since it was found; return how many went.

    Who has liked again after his like was taken away may lose that one too: one is kept of him.
    """
    transaction.forget()
    removed: list[Row] = []
    sql = _REMOVE.format(goes=_GOES)
    for page, kind, voter in keys:
        values = {**_values(purge, None), "page": page, "of_kind": kind, "voter": voter}
        removed += map(Row._make, transaction.cursor.execute(sql, values).fetchall())
    transaction.cursor.executemany(
        "/* keep removed */ INSERT INTO removed VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [(correction, *row) for row in removed],
    )
    reasons.take(transaction.cursor, [row[:3] for row in removed], correction)
    _move_figures(transaction, removed, -1)
    transaction.cursor.execute(
        "/* removed so far */ UPDATE corrections SET done = json_set(done, '$.removed',"
        " coalesce(done ->> '$.removed', 0) + ?) WHERE id = ?",
        (len(removed), correction),
    )
    transaction.forget()
    return len(removed)


def restore(transaction: Transaction, correction: int) -> int | None:
    """Bring some of the likes back that a correction took away; return how many, None at the end.

    A voter who has liked again since keeps what stands now.
    """
    transaction.forget()
    rows = [
        Row._make(row)
        for row in transaction.cursor.execute(
            "/* removed */ SELECT page, kind, voter, n, hour, rank FROM removed"
            " WHERE correction = ? LIMIT ?",
            (correction, PIECE_ROWS),
        ).fetchall()
    ]
    if not rows:
        return None
    restored = [row for row in rows if _inserted(transaction.cursor, row)]
    reasons.bring_back(transaction.cursor, [row[:3] for row in restored], correction)
    _move_figures(transaction, restored, 1)
    transaction.cursor.executemany(
        "/* restored */ DELETE FROM removed"
        " WHERE correction = ? AND page = ? AND kind = ? AND voter = ?",
        [(correction, *row[:3]) for row in rows],
    )
    transaction.forget()
    return len(restored)


def _inserted(cursor: apsw.Cursor, row: Row) -> bool:
    cursor.execute(
        "/* restore like */ INSERT INTO likes VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row
    )
    return bool(cursor.connection.changes())


def _move_figures(transaction: Transaction, rows: Iterable[Row], sign: int) -> None:
    """Move counts, and the hours in which the likes came: a chart shall not show them any more."""
    counts: dict[tuple[int, int], int] = {}
    hours: dict[tuple[int, int, int], int] = {}
    for row in rows:
        key, hour = (row.page, row.kind), (row.page, row.kind, row.hour)
        counts[key] = counts.get(key, 0) + row.n
        hours[hour] = hours.get(hour, 0) + row.n
    transaction.cursor.executemany(
        "/* move counts */ UPDATE counts SET likes = likes + ?3 WHERE page = ?1 AND kind = ?2",
        [(*key, sign * n) for key, n in counts.items()],
    )
    # An hour may lack some of the ups, where a total grew later: they count as downs then.
    transaction.cursor.executemany(
        "/* move hours */ INSERT INTO hourly VALUES (?1, ?2, ?3, max(?4, 0), max(-?4, 0))"
        " ON CONFLICT DO UPDATE SET ups = max(ups + ?4, 0), downs = downs + max(-(ups + ?4), 0)",
        [(*key, sign * n) for key, n in hours.items()],
    )


def _scope(rows: Sequence[int] | None) -> str:
    return "p.site = :site" if rows is None else "p.id IN (SELECT value FROM json_each(:members))"


def _values(purge: Purge, rows: Sequence[int] | None) -> dict[str, object]:
    return {
        "site": purge.site,
        "members": json.dumps([*(rows or ())]),
        "kind": purge.kind,
        "first_hour": purge.first_hour,
        "last_hour": purge.last_hour,
        "last_rank_kept": _LAST_RANK_KEPT[purge.keep],
    }
