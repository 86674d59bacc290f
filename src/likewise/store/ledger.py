"""The owner's corrections, carried out beside the likes that come meanwhile.

Puts single transactions together to what an order means; their SQL is in its neighbours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence

import apsw

from likewise.errors import Problem, unknown_page
from likewise.store import FIRST_HOUR, LAST_HOUR, reasons
from likewise.store.access import Access
from likewise.store.cache import Page
from likewise.store.corrections import UNDO_SECONDS, Corrections
from likewise.store.orders import Correction, Effect, Order, Purge
from likewise.store.pages import load_page
from likewise.store.purges import pieces, remove, restore, share
from likewise.store.reasons import Key
from likewise.store.transaction import Transaction

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
        def carry_out(transaction: Transaction) -> tuple[Effect, Sequence[int]]:
            corrections = self._corrections(transaction)
            return corrections.carry_out(order, actor, dry_run=dry_run), corrections.rows

        effect, rows = await self._write(carry_out)
        if not rows:
            return effect
        # What is to be deleted may have more likes than one transaction should touch.
        everything = Purge(order.site, order.page, None, FIRST_HOUR, LAST_HOUR, keep=0)
        goes, _ = await self._in_reports(lambda reports: share(reports, everything, rows))
        if effect.correction is not None:
            await self._remove(effect.correction, everything, rows)
            await self._mark_deleted(effect.correction, everything, rows)
        return effect._replace(removed=goes)

    async def purge(self, purge: Purge, actor: str, *, dry_run: bool) -> Effect:
        page = await self._page(purge)
        if page is None and purge.page is not None:
            raise unknown_page(purge.page)
        rows = None if page is None else page.ids
        goes, stays = await self._in_reports(lambda reports: share(reports, purge, rows))
        before = page.counts if page else {}
        if dry_run:
            return Effect(None, purge.page, before, {}, goes, stays)
        number = await self._write(
            lambda transaction: self._corrections(transaction).note(
                purge.site, actor, "purge", _asked(purge), {"kept": stays}, {}
            )
        )
        removed = await self._remove(number, purge, rows)
        after = await self._page(purge)
        return Effect(number, purge.page, before, after.counts if after else {}, removed, stays)

    def remove_reason(
        self, site: str, number: int, actor: str, *, dry_run: bool
    ) -> Awaitable[Effect]:
        def take(transaction: Transaction) -> Effect:
            found = reasons.found(transaction.cursor, site, number)
            if found is None:
                raise Problem("unknown_reason", f"The site {site} has no reason {number}.")
            page, kind = found
            if dry_run:
                return Effect(None, page, {}, {})
            # The words themselves are not in the log, which is kept for ever.
            asked, inverse = {"page": page, "kind": kind}, {"reason": number}
            corrections = self._corrections(transaction)
            correction = corrections.note(site, actor, "reason", asked, {}, inverse)
            reasons.take_one(transaction.cursor, number, correction)
            return Effect(correction, page, {}, {})

        return self._write(take)

    async def undo(self, number: int, actor: str) -> int:
        def undo_some(transaction: Transaction) -> int | None:
            """Restore some likes; when there are none left, undo all else in the same moment."""
            corrections = self._corrections(transaction)
            corrections.check(number)
            restored = restore(transaction, number)
            if restored is None:
                corrections.undo(number, actor)
            return restored

        restored = 0
        while (piece := await self._write(undo_some)) is not None:
            restored += piece
        return restored

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

    async def _remove(self, number: int, purge: Purge, rows: Sequence[int] | None) -> int:
        """Take the likes away piece by piece, each in a transaction of its own, for as long as
        nobody undoes it.
        """
        removed = 0
        found: Iterator[list[Key]] | None = None

        def next_piece(connection: apsw.Connection) -> list[Key] | None:
            nonlocal found
            if found is None:
                found = pieces(connection, purge, rows)
            return next(found, None)

        while (piece := await self._in_reports(next_piece)) is not None:
            gone = await self._write(self._removing(number, purge, piece))
            if gone is None:
                break
            removed += gone
        return removed

    def _removing(
        self, number: int, purge: Purge, piece: list[Key]
    ) -> Callable[[Transaction], int | None]:
        def remove_piece(transaction: Transaction) -> int | None:
            if not self._corrections(transaction).stands(number):
                return None
            return remove(transaction, number, purge, piece)

        return remove_piece

    async def _mark_deleted(self, number: int, purge: Purge, rows: Sequence[int]) -> None:
        """End a deletion: with the likes that came meanwhile the page goes."""

        def mark(transaction: Transaction) -> None:
            corrections = self._corrections(transaction)
            if not corrections.stands(number):
                return
            for piece in list(pieces(transaction.cursor.connection, purge, rows)):
                remove(transaction, number, purge, piece)
            corrections.mark_deleted(number, rows)

        await self._write(mark)


def _asked(purge: Purge) -> dict[str, object]:
    """Return what a purge asks for, as the audit log keeps it: without the bounds that are none."""
    asked: dict[str, object] = {"page": purge.page, "kind": purge.kind, "keep": purge.keep}
    if purge.first_hour > FIRST_HOUR:
        asked["first_hour"] = purge.first_hour
    if purge.last_hour < LAST_HOUR:
        asked["last_hour"] = purge.last_hour
    return {name: value for name, value in asked.items() if value is not None}
