"""Views as rows: counted beside the likes, with the hosts that led to them.

Knows SQL; must not know who a reader is, nor what he has opened before.
"""

from __future__ import annotations

from collections.abc import Sequence

from likewise.sites import VIEWS
from likewise.store import HOURS_PER_DAY, SECONDS_PER_DAY, Counts
from likewise.store.access import Access
from likewise.store.audience import Day, Period, Referrers, View, Viewed
from likewise.store.figures import OTHER, days, lately, referrers
from likewise.store.transaction import Transaction

MAX_HOSTS = 50  # of a page and day
LATELY_DAYS = 30

_NUMBER = "(SELECT id FROM kinds WHERE name = 'views')"
_SET_ASIDE = (
    f"""/* set views aside */ INSERT INTO removed_views
    SELECT :correction, page, hour, '', ups FROM hourly
    WHERE page = :page AND kind = {_NUMBER} AND ups > 0""",  # noqa: S608
    """/* set referrers aside */ INSERT INTO removed_views
    SELECT :correction, page, day * 24, host, views FROM referrers WHERE page = :page""",
    f"/* no views */ UPDATE counts SET likes = 0 WHERE page = :page AND kind = {_NUMBER}",  # noqa: S608
    f"/* no hours */ DELETE FROM hourly WHERE page = :page AND kind = {_NUMBER}",  # noqa: S608
    "/* no referrers */ DELETE FROM referrers WHERE page = :page",
)
_BRING_BACK = (
    f"""/* views again */ INSERT INTO counts (page, kind, likes)
    SELECT page, {_NUMBER}, sum(views) FROM removed_views
    WHERE correction = :correction AND host = '' GROUP BY page
    ON CONFLICT DO UPDATE SET likes = likes + excluded.likes""",  # noqa: S608
    f"""/* hours again */ INSERT INTO hourly
    SELECT page, {_NUMBER}, hour, views, 0 FROM removed_views
    WHERE correction = :correction AND host = ''
    ON CONFLICT DO UPDATE SET ups = ups + excluded.ups""",  # noqa: S608
    """/* referrers again */ INSERT INTO referrers
    SELECT page, hour / 24, host, views FROM removed_views
    WHERE correction = :correction AND host <> ''
    ON CONFLICT DO UPDATE SET views = views + excluded.views""",
    "/* not aside */ DELETE FROM removed_views WHERE correction = :correction",
)


class SqliteViews:
    """Answers the protocol `Views`."""

    def __init__(self, access: Access) -> None:
        self._write = access.write
        self._in_reports = access.in_reports
        self._wall = access.wall

    async def count(self, view: View) -> Viewed:
        return await self._write(lambda transaction: count(transaction, view))

    async def days(self, period: Period) -> list[Day]:
        return await self._in_reports(lambda reports: days(reports, period, self._today()))

    async def referrers(self, period: Period) -> Referrers:
        return await self._in_reports(lambda reports: referrers(reports, period, self._today()))

    async def lately(self, site: str, pages: Sequence[str | None]) -> list[Counts]:
        since = (self._today() - LATELY_DAYS + 1) * HOURS_PER_DAY
        return await self._in_reports(
            lambda reports: [lately(reports, site, page, since) for page in pages]
        )

    def _today(self) -> int:
        return int(self._wall()) // SECONDS_PER_DAY


def count(transaction: Transaction, view: View) -> Viewed:
    """Count a reader of a page, and the host that led there.

    Nothing is counted where the owner was faster: on a page that he has deleted or blocked.
    """
    name = (view.site, view.page)
    page, is_new = transaction.page(name), False
    if page is None and view.may_create:
        page, is_new = transaction.create(name), True
    if page is None or page.is_blocked:
        return Viewed(is_counted=False, is_new_page=False, counts=dict(page.counts) if page else {})
    transaction.add(page, VIEWS, 1)
    if view.host is not None:
        _note_host(transaction, page.members[0][0], view.host)
    return Viewed(is_counted=True, is_new_page=is_new, counts=dict(page.counts))


def _note_host(transaction: Transaction, page: int, host: str) -> None:
    execute, day = transaction.cursor.execute, transaction.hour // HOURS_PER_DAY
    execute(
        "/* referrer again */ UPDATE referrers SET views = views + 1"
        " WHERE page = ? AND day = ? AND host = ?",
        (page, day, host),
    )
    if transaction.cursor.connection.changes():
        return
    hosts = execute(
        "/* hosts */ SELECT count(*) FROM referrers WHERE page = ? AND day = ?", (page, day)
    ).get
    execute(
        "/* referrer */ INSERT INTO referrers VALUES (?, ?, ?, 1)"
        " ON CONFLICT DO UPDATE SET views = views + 1",
        (page, day, host if hosts < MAX_HOSTS else OTHER),
    )


def set_aside(transaction: Transaction, correction: int, pages: Sequence[int]) -> None:
    """Take the views of pages that are deleted, so that they can be brought back."""
    transaction.flush()
    for page in pages:
        for sql in _SET_ASIDE:
            transaction.cursor.execute(sql, {"correction": correction, "page": page})


def bring_back(transaction: Transaction, correction: int) -> None:
    """Bring back the views that a deletion took."""
    transaction.flush()
    for sql in _BRING_BACK:
        transaction.cursor.execute(sql, {"correction": correction})
