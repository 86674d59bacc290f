"""The owner's corrections, carried out beside the likes that come meanwhile.

Puts single transactions together to what an order means; their SQL is in its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import apsw

from likewise.errors import Problem
from likewise.store import FIRST_HOUR, LAST_HOUR, Correction, Effect, Order, Purge
from likewise.store.access import Access
from likewise.store.cache import Page
from likewise.store.corrections import UNDO_SECONDS, Corrections
from likewise.store.pages import load_page
from likewise.store.purges import pieces, remove, restore, share
from likewise.store.transaction import Key, Transaction

_AUDIT = """/* audit */
SELECT id, second, actor, action, asked, done, undone,
    undone IS NULL AND inverse IS NOT NULL AND second >= :since
FROM corrections WHERE site = :site AND id < :before ORDER BY id DESC LIMIT :limit"""
_NEWEST = 2**62


class SqliteLedger:
    """Answers the protocol `Ledger`."""

    def __init__(self, access: Access) -> None:
        self._write = access.write
        self._in_reports = access.in_reports
        self._wall = access.wall

    async def correct(self, order: Order, actor: str, *, dry_run: bool) -> Effect:
        effect = await self._write(
            lambda transaction: self._corrections(transaction).carry_out(
                order, actor, dry_run=dry_run
            )
        )
        if order.action != "delete":
            return effect
        # What is to be deleted may have more likes than one transaction should touch.
        everything = Purge(order.site, order.page, None, FIRST_HOUR, LAST_HOUR, keep=0)
        page = await self._page(everything)
        goes, _ = await self._in_reports(lambda reports: share(reports, everything, page))
        if effect.correction is not None and page is not None:
            await self._remove(effect.correction, everything, page)
            await self._close(effect.correction, everything, page)
        return effect._replace(removed=goes)

    async def purge(self, purge: Purge, actor: str, *, dry_run: bool) -> Effect:
        page = await self._page(purge)
        if page is None and purge.page is not None:
            raise Problem("unknown_page", f"There is no page {purge.page}.")
        goes, stays = await self._in_reports(lambda reports: share(reports, purge, page))
        before = page.counts if page else {}
        if dry_run:
            return Effect(None, purge.page, before, {}, goes, stays)
        number = await self._write(
            lambda transaction: self._corrections(transaction).note(
                purge.site, actor, "purge", _asked(purge), {"kept": stays}, {}
            )
        )
        removed = await self._remove(number, purge, page)
        after = await self._page(purge)
        return Effect(number, purge.page, before, after.counts if after else {}, removed, stays)

    async def undo(self, number: int, actor: str) -> Effect:
        # The likes first: where that is cut short, the correction stands and can be undone again.
        await self._write(lambda transaction: self._corrections(transaction).check(number))
        restored = 0
        while (
            piece := await self._write(lambda transaction: restore(transaction, number))
        ) is not None:
            restored += piece
        await self._write(lambda transaction: self._corrections(transaction).undo(number, actor))
        return Effect(number, None, {}, {}, removed=-restored)

    async def audit(self, site: str, limit: int, before: int | None) -> list[Correction]:
        values = {
            "site": site,
            "limit": limit,
            "before": _NEWEST if before is None else before,
            "since": int(self._wall()) - UNDO_SECONDS,
        }
        rows = await self._in_reports(
            lambda connection: connection.execute(_AUDIT, values).fetchall()
        )
        return [Correction._make((*row[:-1], bool(row[-1]))) for row in rows]

    def _corrections(self, transaction: Transaction) -> Corrections:
        return Corrections(transaction, int(self._wall()))

    async def _page(self, purge: Purge) -> Page | None:
        path = purge.page
        if path is None:
            return None
        return await self._in_reports(
            lambda connection: load_page(connection.cursor(), (purge.site, path))
        )

    async def _remove(self, number: int, purge: Purge, page: Page | None) -> int:
        """Take the likes away piece by piece, each in a transaction of its own."""
        removed = 0
        found: Iterator[list[Key]] | None = None

        def next_piece(connection: apsw.Connection) -> list[Key] | None:
            nonlocal found
            if found is None:
                found = pieces(connection, purge, page)
            return next(found, None)

        while (piece := await self._in_reports(next_piece)) is not None:
            removed += await self._write(_removing(number, purge, piece))
        return removed

    async def _close(self, number: int, purge: Purge, page: Page) -> None:
        """End a deletion: with the likes that came meanwhile the page goes."""

        def close(transaction: Transaction) -> None:
            for piece in list(pieces(transaction.cursor.connection, purge, page)):
                remove(transaction, number, purge, piece)
            self._corrections(transaction).close(page.ids)

        await self._write(close)


def _removing(number: int, purge: Purge, piece: list[Key]) -> Callable[[Transaction], int]:
    return lambda transaction: remove(transaction, number, purge, piece)


def _asked(purge: Purge) -> dict[str, object]:
    """Return what a purge asks for, as the audit log keeps it: without the bounds that are none."""
    asked: dict[str, object] = {"page": purge.page, "kind": purge.kind, "keep": purge.keep}
    if purge.first_hour > FIRST_HOUR:
        asked["first_hour"] = purge.first_hour
    if purge.last_hour < LAST_HOUR:
        asked["last_hour"] = purge.last_hour
    return {name: value for name, value in asked.items() if value is not None}
