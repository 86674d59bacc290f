"""Counts what each network does, and refuses what is more than its limits.

Pure rules over a clock that is passed in; knows nothing of HTTP, pages' rows or storage.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from likewise.addresses import prefix_of
from likewise.counters import MAX_COUNT, Counters
from likewise.errors import Problem
from likewise.limits import Limits, Rate


class Grant(NamedTuple):
    """Leave to write, as it was given, so that what was not used can be given back.

    `rank` tells which like of its network on this page today it is: 1, 2 (the 2nd to 5th), 3 (a
    later one, or one after the 10th of its /48), or 0 where that is not known.
    """

    network: bytes | None
    subject: bytes
    rank: int
    new_page: bool


UNLIMITED = Grant(None, b"", 0, new_page=False)
_NOBODY = b"\0\0\0\0"  # no reader has this address
_SECOND_RANK_LAST = 5
_PREFIX_RANK_LAST = 10  # of a /48: whoever has one has 65,536 networks


class Limiter:
    """Counts and refuses. `monotonic` and `wall` give seconds and can be replaced in tests.

    A list of rows has the network's own, then its /48's where it has one.
    """

    def __init__(
        self,
        limits: Limits | None,
        *,
        monotonic: Callable[[], float],
        wall: Callable[[], float],
        entries: int = 65_536,
    ) -> None:
        self._limits = limits
        # Reads have a table of their own: a flood of them must not wash away who has liked.
        self._writers = Counters(entries, monotonic=monotonic, wall=wall)
        self._readers = Counters(entries // 4, monotonic=monotonic, wall=wall)
        # Where nobody views it takes no memory.
        self._view_prefixes = Counters(entries // 4, monotonic=monotonic, wall=wall)

    def read(self, network: bytes | None) -> None:
        """Count a read. Raises `too_many`."""
        if self._limits is not None and network is not None:
            row = self._room(self._readers, b"r" + network, self._limits.reads, "reads")
            self._readers.count[row] += 1

    def write(self, network: bytes | None) -> None:
        """Count a write of any kind. Raises `too_many`."""
        if self._limits is not None and network is not None:
            self._write(network, self._limits)

    def reads(self, network: bytes | None) -> int | None:
        """Return how many reads of a network count at present; None where none are counted."""
        if self._limits is None or network is None:
            return None
        # Looked at only: to be asked about is no reading, and `networks` counts those that read.
        row = self._readers.peek(b"r" + network)
        if row is None or self._readers.window_left(row, self._limits.reads.seconds) <= 0:
            return 0
        return self._readers.count[row]

    def networks(self) -> int | None:
        """Return how many networks have read since the start, as far as the table has room for
        them. Who guesses keys counts as one more. None where that tells nothing: where none are
        counted, or some have written and none has read.
        """
        if self._limits is None:
            return None
        return self._readers.taken() or (None if self._writers.taken() else 0)

    def may_view(self, network: bytes | None) -> bool:
        """Tell whether a view of a network would count. To ask spends nothing."""
        return all(table.first[row] < most for table, row, most in self._viewers(network))

    def viewed(self, network: bytes | None) -> None:
        """Count a view."""
        for table, row, _ in self._viewers(network):
            _add_one(table.first, row)

    def new_page(self, network: bytes | None) -> Grant | None:
        """Grant a new page without a like, None where no more are left today.

        Those whose network is not known share what one network has.
        """
        limits = self._limits
        if limits is None:
            return UNLIMITED
        network = network or _NOBODY
        writers = self._writers_of(network, limits)
        if self._limit_of_pages(writers, limits) is not None:
            return None
        for row in writers:
            _add_one(self._writers.second, row)
        return Grant(network, b"", 0, new_page=True)

    def wrong_key(self, network: bytes) -> None:
        """Count a wrong admin key. Raises `too_many`."""
        # By /48, and apart from who has liked: guessing shall not wash that away.
        guesser = b"k" + (prefix_of(network) or network)
        row = self._room(self._readers, guesser, (self._limits or Limits()).logins, "wrong keys")
        self._readers.count[row] += 1

    def like(
        self,
        network: bytes | None,
        subject: bytes,
        likes_today: Callable[[], int],
        *,
        new_page: bool,
    ) -> Grant:
        """Count a write, and grant one new like of `subject` (a page and kind).

        `likes_today` gives the page's own day; it is asked only where it can matter.
        Raises `too_many`.
        """
        limits, table = self._limits, self._writers
        if limits is None or network is None:
            return UNLIMITED
        writers = self._write(network, limits)
        if table.first[writers[0]] >= limits.likes:
            raise self._too_many_today("new likes", limits.likes)
        if new_page and (most := self._limit_of_pages(writers, limits)) is not None:
            raise self._too_many_today("new pages", most)
        rows = self._rows(network, subject, limits)
        if table.count[rows[0]] >= limits.burst.number:
            self._refund_write(writers)
            wait_seconds = table.window_left(rows[0], limits.burst.seconds)
            raise _too_many("new likes of one page at once", limits.burst.number, wait_seconds)
        if table.first[rows[0]] >= limits.day:
            self._check_share(rows[0], limits, likes_today)
        if len(rows) > 1 and table.first[rows[1]] >= limits.prefix_day:
            raise self._too_many_today("likes of one page", limits.prefix_day)
        rank = self._spend(writers, rows, new_page=new_page)
        return Grant(network, subject, rank, new_page)

    def give_back(self, grant: Grant) -> None:
        """Undo a grant: the like stood already, or could not be stored."""
        limits, network = self._limits, grant.network
        if limits is not None and network is not None:
            writers = self._writers_of(network, limits)
            rows = self._rows(network, grant.subject, limits)
            self._release(writers, rows, new_page=grant.new_page)
            for row in rows:
                _take_one(self._writers.second, row)

    def give_back_page(self, grant: Grant) -> None:
        """Undo a grant's new page: another like, sent at the same time, has made it."""
        limits, network = self._limits, grant.network
        if limits is not None and network is not None:
            for writer in self._writers_of(network, limits):
                _take_one(self._writers.second, writer)

    def took_back(self, network: bytes | None, subject: bytes) -> None:
        """Give one like back that a reader of this network has withdrawn."""
        limits = self._limits
        if limits is not None and network is not None:
            writers = self._writers_of(network, limits)
            self._release(writers, self._rows(network, subject, limits), new_page=False)

    def _write(self, network: bytes, limits: Limits) -> list[int]:
        """Count a write; return the row of the network, and that of its /48."""
        table, prefix = self._writers, prefix_of(network)
        if prefix is None:
            row = self._room(table, b"w" + network, limits.writes, "writes")
            table.count[row] += 1
            return [row]
        # The /48 is asked first: once it may write no more, its /64s cost nobody a row of the
        # table. Both are counted last: what a /64 is refused, its neighbours have left.
        of_prefix = self._room(table, b"w" + prefix, limits.prefix_writes, "writes")
        row = self._room(table, b"w" + network, limits.writes, "writes")
        table.count[row] += 1
        table.count[of_prefix] += 1
        return [row, of_prefix]

    def _writers_of(self, network: bytes, limits: Limits) -> list[int]:
        """Return where writes, new likes and new pages are counted, without counting any."""
        rows = [self._writers.find(b"w" + network, limits.writes.seconds)]
        prefix = prefix_of(network)
        if prefix:
            rows.append(self._writers.find(b"w" + prefix, limits.prefix_writes.seconds))
        return rows

    def _viewers(self, network: bytes | None) -> list[tuple[Counters, int, int]]:
        """Return where views are counted, and up to how many: for the network beside its reads, as
        a view is one; for its /48 apart, since the rows of those that read are counted.
        """
        limits = self._limits
        if limits is None or network is None:
            return []
        reader = self._readers.find(b"r" + network, limits.reads.seconds)
        viewers, prefix = [(self._readers, reader, limits.views)], prefix_of(network)
        if prefix:
            table = self._view_prefixes
            viewers.append((table, table.find(prefix, 1), limits.prefix_views))
        return viewers

    def _room(self, table: Counters, subject: bytes, rate: Rate, what: str) -> int:
        """Return a subject's row where there is room for one more. Raises `too_many`."""
        row = table.find(subject, rate.seconds)
        if table.count[row] >= rate.number:
            raise _too_many(what, rate.number, table.window_left(row, rate.seconds))
        return row

    def _rows(self, network: bytes, subject: bytes, limits: Limits) -> list[int]:
        """Return where the likes of a page are counted: for the network, and for its /48."""
        prefix, seconds = prefix_of(network), limits.burst.seconds
        # With the length in front: a network's last bytes are never read as a site's first.
        rows = [self._writers.find(b"%c%b%b" % (len(network), network, subject), seconds)]
        if prefix:
            rows.append(self._writers.find(b"%c%b%b" % (len(prefix), prefix, subject), seconds))
        return rows

    def _limit_of_pages(self, writers: list[int], limits: Limits) -> int | None:
        """Return how many new pages are taken a day, where so many have been; None where fewer."""
        for row, most in zip(writers, (limits.pages, limits.prefix_pages), strict=False):
            if self._writers.second[row] >= most:
                return most
        return None

    def _check_share(self, row: int, limits: Limits, likes_today: Callable[[], int]) -> None:
        """Refuse what is more than a network's share of a page's day."""
        allowed = min(max(limits.day, likes_today() * limits.share // 100), MAX_COUNT)
        if self._writers.first[row] >= allowed:
            raise self._too_many_today("likes of one page", allowed)

    def _refund_write(self, writers: list[int]) -> None:
        """Give back a write: readers of an office who wait for their turn shall not run out of
        them. No other refusal may be free: this one alone has taken no new row of the table.
        """
        for writer in writers:
            _take_one(self._writers.count, writer)

    def _spend(self, writers: list[int], rows: list[int], *, new_page: bool) -> int:
        """Count a like by every limit that it moves; return its rank.

        For ranks those count too that were taken back: or else one could be given in exchange for
        another, and each be the first. A /48 has its share of first ones, not one for each of its
        networks.
        """
        count, first, second = self._writers.count, self._writers.first, self._writers.second
        for row in writers:
            _add_one(first, row)
            if new_page:
                _add_one(second, row)
        for row in rows:
            _add_one(count, row)
            _add_one(first, row)
            _add_one(second, row)
        nth = second[rows[0]]
        if nth > _SECOND_RANK_LAST or (len(rows) > 1 and second[rows[1]] > _PREFIX_RANK_LAST):
            return 3
        return min(nth, 2)

    def _release(self, writers: list[int], rows: list[int], *, new_page: bool) -> None:
        """Take a like off again, all but what ranks are made from."""
        table = self._writers
        for row in writers:
            _take_one(table.first, row)
            if new_page:
                _take_one(table.second, row)
        for row in rows:
            _take_one(table.count, row)
            _take_one(table.first, row)

    def _too_many_today(self, what: str, allowed: int) -> Problem:
        return _too_many(f"{what} a day", allowed, self._writers.day_left())


def _add_one(column: memoryview[int], row: int) -> None:
    if (number := column[row]) < MAX_COUNT:
        column[row] = number + 1


def _take_one(column: memoryview[int], row: int) -> None:
    if number := column[row]:
        column[row] = number - 1


def _too_many(what: str, allowed: int, wait_seconds: int) -> Problem:
    wait_seconds = max(1, wait_seconds)
    return Problem(
        "too_many",
        f"At most {allowed} {what} are taken from one network;"
        f" try again in {wait_seconds} seconds.",
        retry_after_seconds=wait_seconds,
    )
