"""The owner's corrections of pages as SQL: each with its inverse, and a line in the audit log.

Works within one transaction; must not know who may ask, nor how the answer is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from likewise.errors import Problem, unknown_page
from likewise.store import SECONDS_PER_DAY, Counts, reasons, views
from likewise.store.cache import Page
from likewise.store.orders import Effect, Order
from likewise.store.page_rows import Inverse, PageRows
from likewise.store.pages import BLOCKED, DELETED, OPEN
from likewise.store.transaction import Transaction

UNDO_SECONDS = 7 * SECONDS_PER_DAY
_JOINING = {"alias", "merge"}


class Plan(NamedTuple):
    """What an order means: the page's counts before and after, and how to do it."""

    page: str
    before: Counts
    after: Counts
    do: Callable[[], Inverse]
    rows: Sequence[int] = ()  # whose likes are to go


class Corrections:
    """Carries orders out in a transaction. `second` is the present one."""

    def __init__(self, transaction: Transaction, second: int) -> None:
        self._transaction = transaction
        self._execute = transaction.cursor.execute
        self._second = second
        self._rows = PageRows(transaction)
        self.rows: Sequence[int] = ()  # of the last order: those whose likes are to go
        self._plans: dict[str, Callable[[Order], Plan]] = {
            "alias": self._alias,
            "block": self._block,
            "delete": self._delete,
            "merge": self._merge,
            "rename": self._rename,
            "set": self._set,
            "unblock": self._block,
        }
        self._undos: dict[str, Callable[[Inverse], None]] = {
            "alias": self._undo_merge,
            "block": self._undo_block,
            "delete": self._undo_delete,
            "merge": self._undo_merge,
            "purge": lambda _inverse: None,  # its likes are all there is
            "reason": self._undo_reason,
            "rename": self._undo_rename,
            "set": self._undo_set,
            "unblock": self._undo_block,
        }

    def carry_out(self, order: Order, actor: str, *, dry_run: bool) -> Effect:
        """Do what an order says, or tell what it would do. Raises `Problem` before it writes."""
        self._transaction.forget()
        plan = self._plans[order.action](order)
        number = None
        if not dry_run:
            done = {"page": plan.page, "before": plan.before, "after": plan.after}
            number = self.note(order.site, actor, order.action, _asked(order), done, plan.do())
        self._transaction.forget()
        self.rows = plan.rows
        return Effect(number, plan.page, plan.before, plan.after)

    def note(  # noqa: PLR0913 (the columns of a row)
        self,
        site: str,
        actor: str,
        action: str,
        asked: Mapping[str, Any],
        done: Mapping[str, Any],
        inverse: Inverse | None,
    ) -> int:
        """Write a line of the audit log; return its number."""
        self._execute(
            "/* note correction */ INSERT INTO corrections"
            " (second, actor, site, action, asked, done, inverse) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(self._second, actor, site, action, _json(asked), _json(done)),
                None if inverse is None else _json(inverse),
            ),
        )
        return self._transaction.cursor.connection.last_insert_rowid()

    def check(self, number: int) -> None:
        """Raise `Problem` where a correction cannot be undone."""
        self._undoable(number)

    def undo(self, number: int, actor: str) -> None:
        """Undo a correction but for the likes that it took away. Raises `Problem`."""
        self._transaction.forget()
        site, action, inverse = self._undoable(number)
        self._undos[action](inverse)
        views.bring_back(self._transaction, number)  # of a deletion; no other took any
        self._execute(
            "/* undone */ UPDATE corrections SET undone = ?, inverse = NULL WHERE id = ?",
            (self._second, number),
        )
        self.note(site, actor, "undo", {"correction": number}, {"action": action}, None)
        self._transaction.forget()

    def stands(self, number: int) -> bool:
        """Tell whether a correction is not undone: what still carries it out has to end then."""
        return bool(
            self._execute(
                "/* stands */ SELECT 1 FROM corrections WHERE id = ? AND undone IS NULL", (number,)
            ).get
        )

    def mark_deleted(self, number: int, pages: Sequence[int]) -> None:
        """End a deletion, when the likes are gone: the page is known no more, nor are those that
        were merged into it. Their views go with them.
        """
        self._transaction.forget()
        views.set_aside(self._transaction, number, pages)
        self._rows.set_state(pages, DELETED)
        # What was merged into it meanwhile is a page of its own again.
        self._rows.point([*pages[1:], *self._rows.merged_into(pages)], None)
        self._transaction.forget()

    def _undoable(self, number: int) -> tuple[str, str, Inverse]:
        row = self._execute(
            "/* correction */ SELECT site, action, inverse, second, undone FROM corrections"
            " WHERE id = ?",
            (number,),
        ).get
        if row is None:
            raise Problem("unknown_correction", f"There is no correction {number}.")
        site, action, inverse, second, undone = row
        if undone is not None:
            raise Problem("cannot_undo", f"The correction {number} is undone already.")
        if inverse is None or second < self._second - UNDO_SECONDS:
            days = UNDO_SECONDS // SECONDS_PER_DAY
            raise Problem(
                "cannot_undo",
                f"The correction {number} can be undone no more: after {days} days,"
                " and where it was an undo itself.",
            )
        if self._rows.would_come_back_deleted(number, action):
            raise Problem("cannot_undo", "The page was deleted since. Undo that first.")
        self._check_later(number, site, action, json.loads(inverse))
        return site, action, json.loads(inverse)

    def _check_later(self, number: int, site: str, action: str, inverse: Inverse) -> None:
        """Refuse where a later correction, which stands, is about a row of this one.

        Merges alone come apart in any order. Raises `cannot_undo`.
        """
        later = self._execute(
            "/* later corrections */ SELECT id, action, inverse FROM corrections"
            " WHERE site = ? AND id > ? AND inverse IS NOT NULL ORDER BY id DESC",
            (site, number),
        ).fetchall()
        for other, its_action, its_inverse in later:
            if {action, its_action} <= _JOINING:
                continue
            if not rows_of(inverse).isdisjoint(rows_of(json.loads(str(its_inverse)))):
                raise Problem(
                    "cannot_undo",
                    f"The correction {other} has changed the page since. Undo it first.",
                )

    # What each order means, and its inverse

    def _block(self, order: Order) -> Plan:
        page = self._transaction.page((order.site, order.page))
        if page is None and order.action == "unblock":
            raise unknown_page(order.page)

        def do() -> Inverse:
            made = {} if page else self._rows.make(order.site, order.page)
            number = page.ids[0] if page else made["made"]
            self._rows.set_state([number], BLOCKED if order.action == "block" else OPEN)
            state = BLOCKED if page and page.is_blocked else OPEN
            return {"page": number, "state": state, **made}

        counts = page.counts if page else {}
        return Plan(page.name[1] if page else order.page, counts, counts, do)

    def _undo_block(self, inverse: Inverse) -> None:
        self._rows.set_state([inverse["page"]], inverse["state"])
        self._rows.unmake(inverse)

    def _set(self, order: Order) -> Plan:
        page = self._transaction.page((order.site, order.page))
        before = page.counts if page else {}
        change = order.total - before.get(order.kind, 0)

        def do() -> Inverse:
            made = {} if page else self._rows.make(order.site, order.page)
            number = page.ids[0] if page else made["made"]
            kind = self._transaction.kind(order.kind)
            self._rows.move_seed(number, kind, change)
            return {"page": number, "kind": kind, "change": change, **made}

        after = {**before, order.kind: order.total}
        return Plan(page.name[1] if page else order.page, before, after, do)

    def _undo_set(self, inverse: Inverse) -> None:
        self._rows.move_seed(inverse["page"], inverse["kind"], -inverse["change"])
        self._rows.unmake(inverse)

    def _rename(self, order: Order) -> Plan:
        page = self._page(order.site, order.page)
        taken = self._transaction.page((order.site, order.to))
        if taken is not None and (taken.name != page.name or order.to == page.name[1]):
            raise Problem("page_exists", f"{order.to} is a page already. Merge the two instead.")

        def do() -> Inverse:
            # The old address goes on counting, as an alias.
            made = {} if taken else self._rows.make(order.site, order.to)
            other = made.get("made") or self._rows.row(order.site, order.to)
            self._rows.point([other], page.ids[0])
            self._rows.swap(page.ids[0], other)
            return {"page": page.ids[0], "other": other, **made}

        return Plan(order.to, page.counts, page.counts, do)

    def _undo_reason(self, inverse: Inverse) -> None:
        reasons.bring_one_back(self._transaction.cursor, inverse["reason"])

    def _undo_rename(self, inverse: Inverse) -> None:
        self._rows.swap(inverse["page"], inverse["other"])
        self._rows.unmake(inverse)

    def _merge(self, order: Order) -> Plan:
        page, into = self._page(order.site, order.page), self._page(order.site, order.to)
        if page.name == into.name:
            raise Problem("page_exists", f"{order.page} and {order.to} are one page already.")
        return self._joined(page, into)

    def _alias(self, order: Order) -> Plan:
        """Let an address that has been, or never was, count for a page."""
        into = self._page(order.site, order.to)
        page = self._transaction.page((order.site, order.page))
        if page is not None and page.name != (order.site, order.page):
            raise Problem("page_exists", f"{order.page} counts for {page.name[1]} already.")
        if page is not None and page.name == into.name:
            raise Problem("page_exists", f"{order.page} is that page itself.")
        return self._joined(page or Page((order.site, order.page), (), {}), into)

    def _joined(self, page: Page, into: Page) -> Plan:
        def do() -> Inverse:
            made = {} if page.ids else self._rows.make(*page.name)
            ids = page.ids or [made["made"]]
            self._rows.point(ids, into.ids[0])
            return {"page": ids[0], "others": ids[1:], "into": into.ids[0], **made}

        kinds = {**into.counts, **page.counts}
        after = {kind: into.counts.get(kind, 0) + page.counts.get(kind, 0) for kind in kinds}
        return Plan(into.name[1], into.counts, after, do)

    def _undo_merge(self, inverse: Inverse) -> None:
        page, target = inverse["page"], self._rows.target(inverse["page"])
        if target is None:
            raise _changed_since()
        # Those that were set apart since stay apart.
        others = [number for number in inverse["others"] if self._rows.target(number) == target]
        self._rows.point([page], None)
        self._rows.point(others, page)
        self._rows.unmake(inverse)

    def _delete(self, order: Order) -> Plan:
        page = self._page(order.site, order.page)

        def do() -> Inverse:
            seeds: list[Any] = []
            for number in page.ids:
                seeds += self._execute(
                    "/* seeds */ SELECT page, kind, seed FROM counts WHERE page = ? AND seed <> 0",
                    (number,),
                ).fetchall()
            for number, kind, seed in seeds:
                self._rows.move_seed(number, kind, -seed)
            state = BLOCKED if page.is_blocked else OPEN
            return {"page": page.ids[0], "others": page.ids[1:], "seeds": seeds, "state": state}

        return Plan(page.name[1], page.counts, dict.fromkeys(page.counts, 0), do, page.ids)

    def _undo_delete(self, inverse: Inverse) -> None:
        self._rows.set_state([inverse["page"]], inverse["state"])
        # Those that somebody has liked since are pages of their own.
        others = [number for number in inverse["others"] if self._rows.state(number) == DELETED]
        self._rows.set_state(others, OPEN)
        self._rows.point(others, inverse["page"])
        for number, kind, seed in inverse["seeds"]:
            self._rows.move_seed(number, kind, seed)

    def _page(self, site: str, path: str) -> Page:
        page = self._transaction.page((site, path))
        if page is None:
            raise unknown_page(path)
        return page


def rows_of(inverse: Inverse) -> set[int]:
    """Return the numbers of the rows that a correction is about."""
    named = [inverse[name] for name in ("page", "other", "into", "made") if name in inverse]
    return {*named, *inverse.get("others", ())}


def _changed_since() -> Problem:
    return Problem("cannot_undo", "The page has been changed since. Undo the later one first.")


def _asked(order: Order) -> dict[str, Any]:
    asked: dict[str, Any] = {"page": order.page}
    if order.to:
        asked["to"] = order.to
    if order.action == "set":
        asked |= {"kind": order.kind, "count": order.total}
    return asked


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
