"""The store: what a like, a page and a count are to those who ask for them.

The values and the protocol that every database answers to; knows no SQL.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from likewise.errors import Problem

if TYPE_CHECKING:
    from likewise.store.audience import Views
    from likewise.store.orders import Ledger

T = TypeVar("T")

# The store's unit of time: hours since 1970, UTC.
SECONDS_PER_HOUR, HOURS_PER_DAY = 3_600, 24
SECONDS_PER_DAY = SECONDS_PER_HOUR * HOURS_PER_DAY
FIRST_HOUR, LAST_HOUR = -(2**40), 2**40  # before and after all that is kept

Counts = Mapping[str, int]  # by kind; a kind that is not there counts 0


class Wish(NamedTuple):
    """What a voter wants to stand: `n` likes of a kind on a page; 0 takes them back. Where some
    stand, so do none of the kinds that are its `rivals`.

    `reason` is what the voter says about it, empty for nothing any more; None leaves it as it is.
    `rank` says which like of its network it is on this page today: 1, 2 (2nd to 5th), 3, or 0.
    `may_create` is False where the page was proven by being known: it may be gone by then.
    """

    site: str
    page: str
    kind: str
    voter: str
    n: int
    rank: int = 0
    may_create: bool = True
    rivals: tuple[str, ...] = ()
    reason: str | None = None

    def granted(self, rank: int, *, may_create: bool) -> Wish:
        """Return the wish as the limits let it through."""
        # Not `_replace`, which takes twice as long.
        site, page, kind, voter, n, _, _, rivals, reason = self
        return Wish(site, page, kind, voter, n, rank, may_create, rivals, reason)


class Standing(NamedTuple):
    """What stands after a wish: `change` in the count, and every count of the page. `before` is
    what the voter had of the kind, `left` names the rivals that went, and `has_reason` says whether
    the reason is kept, None where there was none to keep.
    """

    change: int
    is_new_page: bool
    counts: Counts
    before: int = 0
    left: tuple[str, ...] = ()
    has_reason: bool | None = None

    @property
    def is_given(self) -> bool:
        """Whether the voter had none of the kind, and has some now."""
        return not self.before and self.change > 0

    @property
    def is_taken_back(self) -> bool:
        """Whether the voter had some of the kind, and has none now."""
        return self.before > 0 and self.before + self.change == 0


class Row(NamedTuple):
    """A page in a report, with its counts."""

    page: str
    counts: Counts
    is_blocked: bool = False


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


class Popularity(NamedTuple):
    """A page, and what readers gave it in some time."""

    page: str
    likes: int


class ReasonQuery(NamedTuple):
    """Which reasons are listed: of a page and a kind, or of all (None)."""

    site: str
    page: str | None
    kind: str | None
    limit: int
    offset: int = 0


class Reason(NamedTuple):
    """What a reader wrote beside a like of a private kind, in which hour since 1970."""

    number: int
    page: str
    kind: str
    reason: str
    hour: int


class Reasons(NamedTuple):
    """A part of the reasons, and of how many it is a part."""

    total: int
    rows: list[Reason]


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


class Known(NamedTuple):
    """The page that an id counts for, and whether it takes no more likes."""

    page: str
    is_blocked: bool


class Surge(NamedTuple):
    """Hours in which far more likes than usual came to a page, or all over the site (None)."""

    number: int
    page: str | None
    first_hour: int
    last_hour: int
    likes: int


class Sight(NamedTuple):
    """What is seen of a surge on a page, or all over a site (None): `likes` since `first_hour`, of
    which `more` were not seen before.
    """

    site: str
    page: str | None
    first_hour: int
    likes: int
    more: int


class Condition(NamedTuple):
    """How the database is: its sizes and its disk's, and the damage found in it, None where it is
    whole. `looked` is when that was looked for, in seconds since 1970; None before the first time.
    """

    sqlite_version: str
    database_bytes: int
    wal_bytes: int
    free_bytes: int
    disk_bytes: int
    damage: str | None
    looked: int | None


class Surges(Protocol):
    """Where it is written down that far more likes than usual come."""

    def usual(self, site: str, page: str | None) -> Awaitable[float]:
        """Return how many likes a page, or the site, got in an hour of the last week."""

    def mark(self, sight: Sight) -> Awaitable[bool]:
        """Note that a surge goes on in this hour; tell whether it is a new one."""

    def last(self, site: str, limit: int) -> Awaitable[list[Surge]]:
        """Return a site's surges, the last ones first."""

    def numbered(self, site: str, number: int) -> Awaitable[Surge | None]:
        """Return a site's surge by its number."""


class Store(Protocol):
    """What handlers and commands may ask. Reads of one page are at hand, those of many are
    awaited, and writes are answered when they are on the disk.
    """

    @property
    def ledger(self) -> Ledger:
        """The owner's corrections."""

    @property
    def surges(self) -> Surges:
        """The surges that were seen."""

    @property
    def views(self) -> Views:
        """The readers that were counted."""

    def counts(self, site: str, page: str) -> Counts:
        """Return a page's counts; nothing is stored for a page that is not known."""

    def version(self) -> int:
        """Return a number that is another one as soon as anybody has written anything."""

    def known(self, site: str, page: str) -> Known | None:
        """Return the page for which an id counts, itself as a rule; None when it is not stored."""

    def n_of(self, site: str, page: str, kind: str, voter: str) -> int:
        """Return the voter's own total on a page."""

    def likes_today(self, site: str, page: str, kind: str) -> int:
        """Return how many likes the page got in the present UTC day, those taken back left out."""

    def like(self, wish: Wish, answer: Callable[[Standing | Problem], T]) -> Awaitable[T]:
        """Make a wish stand, then give what stands to `answer` and return its result.

        `answer` is given the problem `storage_unavailable` where nothing can be promised.
        """

    def explain(self, wish: Wish, answer: Callable[[Standing | Problem], T]) -> Awaitable[T]:
        """Keep the reason of a wish that stands; where it does not, keep nothing."""

    def adopt(self, seeds: Sequence[Seed], aliases: Sequence[Alias]) -> Awaitable[list[Alias]]:
        """Set aliases and seeds; return the aliases that count for another page already."""

    def know(self, site: str, pages: Sequence[str]) -> Awaitable[int]:
        """Store pages that are known without a like; return how many were not known before."""

    def report(self, query: Query) -> Awaitable[Report]:
        """Return a part of the pages with their counts."""

    def totals(self, site: str) -> Awaitable[Totals]:
        """Return a site's totals."""

    def popular(self, site: str, kind: str, days: int | None) -> Awaitable[list[Popularity]]:
        """Return the 100 pages that got most in so many days up to this hour, or ever (None).

        Only paths, and no page that is blocked.
        """

    def reasons(self, query: ReasonQuery) -> Awaitable[Reasons]:
        """Return a part of a site's reasons, the latest first."""

    def is_ready(self) -> Awaitable[bool]:
        """Tell whether a like could be stored now."""

    def condition(self) -> Awaitable[Condition]:
        """Return how the database is."""

    def admin_key_digest(self) -> bytes | None:
        """Return the digest of the owner's key, None before there is one."""

    def set_admin_key_digest(self, digest: bytes) -> Awaitable[None]:
        """Replace the owner's key."""

    def retain(self) -> Awaitable[None]:
        """Forget what is kept for a time only, and fold old hours into days."""

    def close(self) -> Awaitable[None]:
        """Write what waits, and let go of the database."""
