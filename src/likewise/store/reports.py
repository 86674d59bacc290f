"""Reports over many pages, on a connection and thread of their own.

Reads only; a report never makes a reader or a like wait.
"""

from __future__ import annotations

import apsw

from likewise.store import Query, Report, Row, Totals

# A page merged into another one counts there and is not listed itself. The count of each page
# is looked up: joined to a table of sums, SQLite would search all of it for every page.
_ROWS = """/* report */
SELECT p.id, p.path FROM pages AS p
WHERE p.site = :site AND p.target IS NULL {where}
ORDER BY {order} LIMIT :limit OFFSET :offset"""
_BY_COUNT = """
    coalesce((SELECT c.seed + c.likes FROM counts AS c WHERE c.page = p.id AND c.kind = :number), 0)
    + coalesce((SELECT sum(c.seed + c.likes) FROM pages AS m JOIN counts AS c ON c.page = m.id
        WHERE m.target = p.id AND c.kind = :number), 0)
    DESC, p.path"""
_KIND = "/* kind */ SELECT id FROM kinds WHERE name = ?"
_TOTAL = """/* report total */
SELECT count(*) FROM pages AS p WHERE p.site = :site AND p.target IS NULL {where}"""
_SEARCH = "AND instr(p.path, :search)"
_COUNTS = """/* counts of page and merged */
SELECT kinds.name, sum(c.seed + c.likes)
FROM pages AS p JOIN counts AS c ON c.page = p.id JOIN kinds ON kinds.id = c.kind
WHERE p.id = ?1 OR p.target = ?1 GROUP BY 1"""
_TOTALS = """/* totals */
SELECT kinds.name, sum(c.seed + c.likes)
FROM counts AS c JOIN pages AS p ON p.id = c.page JOIN kinds ON kinds.id = c.kind
WHERE p.site = ? GROUP BY 1"""
_TODAY = """/* today */
SELECT kinds.name, sum(h.ups - h.downs)
FROM hourly AS h JOIN pages AS p ON p.id = h.page JOIN kinds ON kinds.id = h.kind
WHERE p.site = ? AND h.hour >= ? GROUP BY 1"""


def report(connection: apsw.Connection, query: Query) -> Report:
    """Return a part of a site's pages, most liked first, or by name."""
    where = _SEARCH if query.search else ""
    order = "p.path" if query.by_page else _BY_COUNT
    values = query._asdict() | {"number": connection.execute(_KIND, (query.kind,)).get}
    total = connection.execute(_TOTAL.format(where=where), values).get
    pages = connection.execute(_ROWS.format(where=where, order=order), values).fetchall()
    rows = [Row(str(path), dict(connection.execute(_COUNTS, (number,)))) for number, path in pages]
    return Report(int(total), rows)


def totals(connection: apsw.Connection, site: str, today_hour: int) -> Totals:
    """Return what a site has in all, and since the hour in which today began."""
    pages = connection.execute(_TOTAL.format(where=""), {"site": site}).get
    counts = dict(connection.execute(_TOTALS, (site,)))
    today = dict(connection.execute(_TODAY, (site, today_hour)))
    return Totals(int(pages), counts, today)
