"""Figures over days: what each brought, where readers came from, likes beside views.

Reads only, on the connection of reports; must not know who asks.
"""

from __future__ import annotations

import json
from typing import Any

import apsw

from likewise.sites import VIEWS
from likewise.store import Counts
from likewise.store.audience import Day, Period, Referrer, Referrers
from likewise.store.pages import load_page

OTHER = "other"  # what hosts are called that are too many; no host is: they have a dot

# CROSS: figures lie in the order of their pages, and each page is looked up once.
_OF_SITE = "{table} AS f CROSS JOIN pages AS p ON p.id = f.page WHERE p.site = :site"
_OF_PAGE = "{table} AS f WHERE f.page IN (SELECT value FROM json_each(:members))"
_DAYS = """/* days */
SELECT f.hour / 24, (SELECT name FROM kinds WHERE id = f.kind), sum(f.ups - f.downs)
FROM {figures} AND f.hour BETWEEN :first * 24 AND :last * 24 + 23 GROUP BY 1, 2"""
_HOSTS = """/* hosts that led here */
SELECT f.host, sum(f.views) FROM {figures} AND f.day BETWEEN :first AND :last AND f.host <> :other
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT :most"""
_REFERRED = """/* views that hosts led to */
SELECT total(f.views) FROM {figures} AND f.day BETWEEN :first AND :last"""
_VIEWS = """/* views of days */
SELECT total(f.ups) FROM {figures} AND f.hour BETWEEN :first * 24 AND :last * 24 + 23
AND f.kind = (SELECT id FROM kinds WHERE name = :views)"""
_LATELY = """/* lately */
WITH since (hour) AS (SELECT min(f.hour) FROM {figures} AND f.hour >= :since
    AND f.kind = (SELECT id FROM kinds WHERE name = :views))
SELECT (SELECT name FROM kinds WHERE id = f.kind), sum(f.ups - f.downs)
FROM {figures} AND f.hour >= (SELECT hour FROM since) GROUP BY 1"""


def days(connection: apsw.Connection, period: Period, today: int) -> list[Day]:
    """Return what each day of a period brought, also where that is nothing."""
    first = today - period.days + 1
    scope, values = _scope(connection, period.site, period.page)
    sql = _DAYS.format(figures=scope.format(table="hourly"))
    found: dict[int, dict[str, int]] = {}
    for day, kind, n in list[Any](
        connection.execute(sql, {**values, "first": first, "last": today})
    ):
        found.setdefault(day, {})[kind] = n
    return [Day(day, found.get(day, {})) for day in range(first, today + 1)]


def referrers(connection: apsw.Connection, period: Period, today: int) -> Referrers:
    """Return the hosts that led most readers here in a period, the rest of them together as
    `other`, and the views of it in all.
    """
    scope, values = _scope(connection, period.site, period.page)
    values |= {"first": today - period.days + 1, "last": today, "other": OTHER, "views": VIEWS}
    values["most"] = period.limit
    of_hosts, of_hours = [scope.format(table=table) for table in ("referrers", "hourly")]
    views = int(connection.execute(_VIEWS.format(figures=of_hours), values).get)
    referred = int(connection.execute(_REFERRED.format(figures=of_hosts), values).get)
    rows = list[Any](connection.execute(_HOSTS.format(figures=of_hosts), values))
    hosts = [Referrer(host, n) for host, n in rows]
    rest = referred - sum(host.views for host in hosts)
    return Referrers(views, [*hosts, Referrer(OTHER, rest)] if rest else hosts)


def lately(connection: apsw.Connection, site: str, page: str | None, since_hour: int) -> Counts:
    """Return what a page, or the site (None), got since an hour: from the first view on, so that
    likes and views are of one time; nothing where there was none.
    """
    scope, values = _scope(connection, site, page)
    sql = _LATELY.format(figures=scope.format(table="hourly"))
    return dict(list[Any](connection.execute(sql, {**values, "since": since_hour, "views": VIEWS})))


def _scope(
    connection: apsw.Connection, site: str, page: str | None
) -> tuple[str, dict[str, apsw.SQLiteValue]]:
    """Return which figures are meant, and the values that say so."""
    if page is None:
        return _OF_SITE, {"site": site}
    found = load_page(connection.cursor(), (site, page))
    return _OF_PAGE, {"members": json.dumps(found.ids if found else [])}
