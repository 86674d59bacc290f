"""What is asked and told of readers: values, and the protocol that a store of views answers.

Apart from the rest of the store's, since most services count none. It must not know how anything
is kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import NamedTuple, Protocol

from likewise.store import Counts


class View(NamedTuple):
    """A reader of a page, and the host that led there, if one did.

    `may_create` is True where the page is not known and may be made for this.
    """

    site: str
    page: str
    host: str | None
    may_create: bool = False


class Viewed(NamedTuple):
    """What came of a view, and every count of the page."""

    is_counted: bool
    is_new_page: bool
    counts: Counts


class Period(NamedTuple):
    """The last days, today among them, of a page, or of a site (None); `limit` is how many rows of
    a list are wanted.
    """

    site: str
    page: str | None
    days: int
    limit: int = 0


class Day(NamedTuple):
    """A day since 1970, UTC, and what it brought by kind, what was taken back left out."""

    number: int
    counts: Counts


class Referrer(NamedTuple):
    """A host, and how many readers it led here; `other` stands for those that are not listed."""

    host: str
    views: int


class Referrers(NamedTuple):
    """The hosts that led most readers here, and how many there were in all."""

    views: int
    hosts: list[Referrer]


class Views(Protocol):
    """Where readers are counted."""

    def count(self, view: View) -> Awaitable[Viewed]:
        """Count a view; it is answered when it is on the disk. Raises `storage_unavailable`."""

    def days(self, period: Period) -> Awaitable[list[Day]]:
        """Return every day of a period, the first one first."""

    def referrers(self, period: Period) -> Awaitable[Referrers]:
        """Return where readers came from, the most first and `other` last."""

    def lately(self, site: str, pages: Sequence[str | None]) -> Awaitable[list[Counts]]:
        """Return what each page, or the site (None), got in the last 30 days, from the first view
        of these on: so likes stand beside the views of the same time. Nothing without a view.
        """
