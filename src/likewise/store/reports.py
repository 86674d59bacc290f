"""Reports over many pages, on a connection and thread of their own.

Reads only; a report never makes a reader or a like wait.
"""

from __future__ import annotations

import apsw

from likewise.store import Query, Report, Row, Totals
from likewise.store.file import connect
from likewise.store.pages import BLOCKED

# A page merged into another one counts there and is not listed itself, nor is a deleted one. The
# count of each page is looked up: joined to a table of sums, SQLite would search all of it for
# every page.
# NOT INDEXED, CROSS JOIN: pages in the order of their ids have their counts side by side. By
# the index over sites and paths each would be anywhere, which took 20 times as long.
_ROWS = """/* report */
SELECT p.id, p.path, p.state FROM pages AS p {access}
WHERE p.site = :site AND p.target IS NULL AND p.state <> 2 {where}
ORDER BY {order} LIMIT :limit OFFSET :offset"""
_BY_COUNT = """
    coalesce((SELECT c.seed + c.likes FROM counts AS c WHERE c.page = p.id AND c.kind = :number), 0)
    + coalesce((SELECT sum(c.seed + c.likes) FROM pages AS m JOIN counts AS c ON c.page = m.id
        WHERE m.target = p.id AND c.kind = :number), 0)
    DESC, p.path"""
_KIND = "/* kind */ SELECT id FROM kinds WHERE name = ?"
_TOTAL = """/* report total */
SELECT count(*) FROM pages AS p NOT INDEXED
WHERE p.site = :site AND p.target IS NULL AND p.state <> 2 {where}"""
_SEARCH = "AND instr(p.path, :search)"
_COUNTS = """/* counts of page and merged */
SELECT kinds.name, sum(c.seed + c.likes)
FROM pages AS p JOIN counts AS c ON c.page = p.id JOIN kinds ON kinds.id = c.kind
WHERE p.id = ?1 OR p.target = ?1 GROUP BY 1"""
# Kind by kind: one sum over all would sort them first.
_TOTALS = """/* totals */
SELECT kinds.name, (SELECT sum(c.seed + c.likes)
    FROM pages AS p NOT INDEXED CROSS JOIN counts AS c ON c.page = p.id AND c.kind = kinds.id
    WHERE p.site = ?) FROM kinds"""
_TODAY = """/* today */
SELECT kinds.name, sum(h.ups - h.downs)
FROM hourly AS h CROSS JOIN pages AS p ON p.id = h.page JOIN kinds ON kinds.id = h.kind
WHERE p.site = ? AND h.hour BETWEEN ? AND ? GROUP BY 1"""


def connect_for_reports(path: str) -> apsw.Connection:
    """Open a connection that sorts large results in a file: memory is for those who like."""
    connection = connect(path, read_only=True)
    connection.execute("PRAGMA temp_store=FILE")
    return connection


def report(connection: apsw.Connection, query: Query) -> Report:
    """Return a part of a site's pages, most liked first, or by name."""
    where = _SEARCH if query.search else ""
    order, access = ("p.path", "") if query.by_page else (_BY_COUNT, "NOT INDEXED")
    values = query._asdict() | {"number": connection.execute(_KIND, (query.kind,)).get}
    total = connection.execute(_TOTAL.format(where=where), values).get
    listed = _ROWS.format(where=where, order=order, access=access)
    pages = connection.execute(listed, values).fetchall()
    rows = [
        Row(str(path), dict(connection.execute(_COUNTS, (number,))), is_blocked=state == BLOCKED)
        for number, path, state in pages
    ]
    return Report(int(total), rows)


def totals(connection: apsw.Connection, site: str, hours_of_today: tuple[int, int]) -> Totals:
    """Return what a site has in all, and from the first to the last hour of today."""
    pages = connection.execute(_TOTAL.format(where=""), {"site": site}).get
    sums = connection.execute(_TOTALS, (site,))
    counts = {str(kind): int(n) for kind, n in sums if n is not None}
    today = dict(connection.execute(_TODAY, (site, *hours_of_today)))
    return Totals(int(pages), counts, today)
