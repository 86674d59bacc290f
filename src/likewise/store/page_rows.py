"""Rows of pages, as corrections move them: made and unmade, named, joined, closed, seeded.

Single statements; must not know what they are put together to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from likewise.store.pages import DELETED
from likewise.store.transaction import Transaction

Inverse = dict[str, Any]  # what undoing needs, as JSON can hold it


class PageRows:
    """The rows of pages within a transaction, by number."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._execute = transaction.cursor.execute

    def row(self, site: str, path: str) -> Any:  # noqa: ANN401 (a number, or None)
        """Return the number of a name's row, also of a deleted one."""
        return self._execute(
            "/* row of path */ SELECT id FROM pages WHERE site = ? AND path = ?", (site, path)
        ).get

    def make(self, site: str, path: str) -> Inverse:
        """Make a page that an order needs; return how to be rid of it."""
        was_deleted = self.row(site, path) is not None
        return {"made": self._transaction.create((site, path)).ids[0], "was_deleted": was_deleted}

    def unmake(self, inverse: Inverse) -> None:
        """Be rid of what `make` made, unless somebody has come to use it."""
        number = inverse.get("made")
        if number is None or self._is_used(number, is_new=not inverse["was_deleted"]):
            return
        if inverse["was_deleted"]:
            self.set_state([number], DELETED)
            self.point([number], None)
            return
        for sql in (
            "counts WHERE page",
            "hourly WHERE page",
            "referrers WHERE page",
            "pages WHERE id",
        ):
            self._execute(f"/* unmake */ DELETE FROM {sql} = ?", (number,))  # noqa: S608

    def _is_used(self, number: int, *, is_new: bool) -> bool:
        return bool(
            self._execute(
                "/* used */ SELECT EXISTS (SELECT 1 FROM likes WHERE page = ?1)"
                " OR ?2 AND EXISTS (SELECT 1 FROM removed WHERE page = ?1)"
                " OR ?2 AND EXISTS (SELECT 1 FROM reasons WHERE page = ?1)"
                " OR ?2 AND EXISTS (SELECT 1 FROM removed_views WHERE page = ?1)"
                " OR EXISTS (SELECT 1 FROM surges WHERE page = ?1)"
                " OR EXISTS (SELECT 1 FROM counts WHERE page = ?1 AND (seed <> 0 OR likes > 0))"
                " OR EXISTS (SELECT 1 FROM pages WHERE target = ?1)",
                (number, is_new),
            ).get
        )

    def name(self, number: int) -> str | None:
        """Return what a row is called."""
        name: str | None = self._execute(
            "/* name */ SELECT path FROM pages WHERE id = ?", (number,)
        ).get
        return name

    def target(self, number: int) -> int | None:
        """Return the row that this one counts for, None where that is itself."""
        target: int | None = self._execute(
            "/* target of row */ SELECT target FROM pages WHERE id = ?", (number,)
        ).get
        return target

    def state(self, number: int) -> int | None:
        """Return a row's state."""
        state: int | None = self._execute(
            "/* state of row */ SELECT state FROM pages WHERE id = ?", (number,)
        ).get
        return state

    def merged_into(self, numbers: Sequence[int]) -> list[int]:
        """Return the rows that count for these."""
        return [
            int(str(row))
            for number in numbers
            for (row,) in self._execute(
                "/* merged into */ SELECT id FROM pages WHERE target = ?", (number,)
            ).fetchall()
        ]

    def would_come_back_deleted(self, correction: int, action: str) -> bool:
        """Tell whether likes that a purge took away belong to a page that is deleted now."""
        return action == "purge" and bool(
            self._execute(
                "/* of deleted */ SELECT 1 FROM removed AS r JOIN pages AS p ON p.id = r.page"
                " WHERE r.correction = ? AND p.state = ? LIMIT 1",
                (correction, DELETED),
            ).get
        )

    def set_state(self, numbers: Sequence[int], state: int) -> None:
        """Open, block or delete rows."""
        for number in numbers:
            self._execute("/* state */ UPDATE pages SET state = ? WHERE id = ?", (state, number))

    def point(self, numbers: Sequence[int], target: int | None) -> None:
        """Let rows count for another one, or for themselves."""
        for number in numbers:
            self._execute("/* point */ UPDATE pages SET target = ? WHERE id = ?", (target, number))

    def swap(self, one: int, other: int) -> None:
        """Exchange two names, which are different at every moment. The one in between is none that
        a reader could have a page made of.
        """
        first, second = self.name(one), self.name(other)
        for path, number in ((f"\x1f{one}", one), (first, other), (second, one)):
            self._execute("/* rename */ UPDATE pages SET path = ? WHERE id = ?", (path, number))

    def move_seed(self, number: int, kind: int, change: int) -> None:
        """Add to what a row counts beside its likes."""
        self._execute(
            "/* move seed */ INSERT INTO counts (page, kind, seed) VALUES (?1, ?2, ?3)"
            " ON CONFLICT DO UPDATE SET seed = seed + ?3",
            (number, kind, change),
        )
