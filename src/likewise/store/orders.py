"""The owner's orders: what he can have done to pages and likes, and what came of it.

Values and the protocol of whoever carries them out; knows no SQL.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import NamedTuple, Protocol

from likewise.store import Counts


class Order(NamedTuple):
    """A correction of one page: `merge`, `alias`, `rename`, `set`, `delete`, `block`, `unblock`.

    `to` is the page that `page` is merged into, counts for from now on, or shall be called;
    `kind` and `total` say what is set.
    """

    action: str
    site: str
    page: str
    to: str = ""
    kind: str = ""
    total: int = 0


class Purge(NamedTuple):
    """Likes to take away: of a page, of a kind (None: of any), of hours since 1970, both counted.

    `keep` is how many likes of each network on a page and day stay: 0, 1 or 5. What came from no
    known network does not stay.
    """

    site: str
    page: str | None
    kind: str | None
    first_hour: int
    last_hour: int
    keep: int


class Effect(NamedTuple):
    """What a correction did, or would do: its number, None where it was not done; the page that
    it is about, that page's counts before and after, and how many likes went and stayed.
    """

    correction: int | None
    page: str | None
    before: Counts
    after: Counts
    removed: int = 0
    kept: int = 0


class Correction(NamedTuple):
    """A line of the audit log. Seconds are since 1970, UTC; `asked` and `done` are JSON."""

    number: int
    second: int
    actor: str
    action: str
    asked: str
    done: str
    undone: int | None
    can_be_undone: bool


class Ledger(Protocol):
    """Where the owner's corrections are carried out, written down and undone."""

    def correct(self, order: Order, actor: str, *, dry_run: bool) -> Awaitable[Effect]:
        """Carry out a correction, or tell what it would do.

        Raises `unknown_page` and `page_exists`.
        """

    def purge(self, purge: Purge, actor: str, *, dry_run: bool) -> Awaitable[Effect]:
        """Take likes away, or tell how many that would be. Raises `unknown_page`."""

    def remove_reason(
        self, site: str, number: int, actor: str, *, dry_run: bool
    ) -> Awaitable[Effect]:
        """Take a reason away and leave its like. Raises `unknown_reason`."""

    def undo(self, number: int, actor: str) -> Awaitable[int]:
        """Undo a correction; return how many likes came back.

        Raises `unknown_correction` and `cannot_undo`.
        """

    def audit(self, site: str, limit: int, before: int | None) -> Awaitable[list[Correction]]:
        """Return a site's corrections, the last ones first, of those before a number."""
