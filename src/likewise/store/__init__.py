"""The store: what a like, a page and a count are to those who ask for them.

The values and the protocol that every database answers to; knows no SQL.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from likewise.errors import Problem

T = TypeVar("T")

Counts = Mapping[str, int]  # by kind; a kind that is not there counts 0


class Wish(NamedTuple):
    """What a voter wants to stand: `n` likes of a kind on a page; 0 takes them back.

    `rank` says which like of its network it is on this page today: 1, 2 (2nd to 5th), 3, or 0.
    """

    site: str
    page: str
    kind: str
    voter: str
    n: int
    rank: int = 0


class Standing(NamedTuple):
    """What stands after a wish: `change` in the count, and every count of the page."""

    change: int
    is_new_page: bool
    counts: Counts


class Row(NamedTuple):
    """A page in a report, with its counts."""

    page: str
    counts: Counts


class Report(NamedTuple):
    """A part of a report, and of how many rows it is a part."""

    total: int
    rows: list[Row]


class Query(NamedTuple):
    """Which pages a report lists. `kind` is what it is sorted by."""

    site: str
    kind: str
    limit: int
    offset: int = 0
    search: str = ""
    by_page: bool = False


class Totals(NamedTuple):
    """What a site has in all: pages, counts by kind, and what today added to them."""

    pages: int
    counts: Counts
    today: Counts


class Seed(NamedTuple):
    """A count brought along from elsewhere. It is set, not added: twice is once.

    It belongs to the page, under all its names: seeds of several of them add up.
    """

    site: str
    page: str
    kind: str
    n: int


class Alias(NamedTuple):
    """An old id that counts for a page."""

    site: str
    old: str
    page: str


class Store(Protocol):
    """What handlers and commands may ask. Reads of one page are at hand, those of many are
    awaited, and writes are answered when they are on the disk.
    """

    def counts(self, site: str, page: str) -> Counts:
        """Return a page's counts; nothing is stored for a page that is not known."""

    def version(self) -> int:
        """Return a number that is another one as soon as anybody has written anything."""

    def known_as(self, site: str, page: str) -> str | None:
        """Return the page for which an id counts, itself as a rule; None when it is not stored."""

    def n_of(self, site: str, page: str, kind: str, voter: str) -> int:
        """Return the voter's own total on a page."""

    def likes_today(self, site: str, page: str, kind: str) -> int:
        """Return how many likes the page got in the present UTC day, those taken back left out."""

    def like(self, wish: Wish, answer: Callable[[Standing | Problem], T]) -> Awaitable[T]:
        """Make a wish stand, then give what stands to `answer` and return its result.

        `answer` is given the problem `storage_unavailable` where nothing can be promised.
        """

    def adopt(self, seeds: Sequence[Seed], aliases: Sequence[Alias]) -> Awaitable[list[Alias]]:
        """Set aliases and seeds; return the aliases that count for another page already."""

    def report(self, query: Query) -> Awaitable[Report]:
        """Return a part of the pages with their counts."""

    def totals(self, site: str) -> Awaitable[Totals]:
        """Return a site's totals."""

    def is_ready(self) -> Awaitable[bool]:
        """Tell whether a like could be stored now."""

    def admin_key_digest(self) -> bytes | None:
        """Return the digest of the owner's key, None before there is one."""

    def set_admin_key_digest(self, digest: bytes) -> Awaitable[None]:
        """Replace the owner's key."""

    def close(self) -> Awaitable[None]:
        """Write what waits, and let go of the database."""
