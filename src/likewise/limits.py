"""How much one network may write, and what happens when it wants more.

Pure rules over a clock that is passed in; knows nothing of HTTP, pages' rows or storage.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from likewise.addresses import prefix_of
from likewise.counters import MAX_COUNT, Counters
from likewise.errors import Problem

_UNITS = {"s": 1, "min": 60, "h": 3_600}
_RATE = re.compile(r"([0-9]{1,5})/([0-9]{0,4})(s|min|h)")
_NUMBER = re.compile(r"[0-9]{1,5}")


class Rate(NamedTuple):
    """So many in so many seconds, counted from the first."""

    number: int
    seconds: int


class Limits(NamedTuple):
    """The numbers. Per network unless the name says otherwise; a day is a UTC day."""

    burst: Rate = Rate(2, 10)  # new likes of one page and kind
    day: int = 20  # net likes of one page and kind …
    share: int = 2  # … or this many per cent of the page's day, whichever is more
    writes: Rate = Rate(60, 60)
    likes: int = 300  # new likes a day
    pages: int = 30  # new pages a day
    reads: Rate = Rate(600, 60)
    views: int = 500  # counted views a day
    logins: Rate = Rate(20, 60)  # wrong admin keys
    prefix_day: int = 200  # IPv6 /48: net likes of one page and kind a day
    prefix_writes: Rate = Rate(1_200, 60)
    prefix_pages: int = 300  # IPv6 /48: new pages a day
    prefix_views: int = 5_000  # IPv6 /48: counted views a day


def parse_limits(text: str) -> Limits | None:
    """Read `on`, `off` (None), or changes such as `burst=2/10s,day=20,writes=60/min`.

    Raises `ValueError` that names the part.
    """
    text = text.strip()
    if text == "off":
        return None
    changes: dict[str, Rate | int] = {}
    for part in [] if text == "on" else text.split(","):
        name, _, value = part.strip().partition("=")
        changes[name] = _parse_limit(name, value)
    return Limits()._replace(**changes)  # type: ignore[arg-type]


def _parse_limit(name: str, value: str) -> Rate | int:
    default = Limits._field_defaults.get(name)
    if default is None:
        msg = f"{name!r} is no limit; there are: {', '.join(Limits._fields)}"
        raise ValueError(msg)
    if isinstance(default, Rate):
        match = _RATE.fullmatch(value)
        seconds = match and int(match[2] or 1) * _UNITS[match[3]]
        if match and seconds and int(match[1]) <= MAX_COUNT:
            return Rate(int(match[1]), seconds)
        msg = f"{name}={value} is no rate; write it like {name}=2/10s or {name}=60/min"
    elif _NUMBER.fullmatch(value) and int(value) <= MAX_COUNT:
        return int(value)
    else:
        msg = f"{name}={value} is no number from 0 to {MAX_COUNT}"
    raise ValueError(msg)


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
    """Counts and refuses. `monotonic` and `wall` give seconds and can be replaced in tests."""

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
            self._pass(self._readers, b"r" + network, self._limits.reads, "reads")

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
            table.first[row] = _moved(table.first[row], 1)

    def new_page(self, network: bytes | None) -> Grant | None:
        """Grant a new page without a like, None where no more are left today.

        Those whose network is not known share what one network has.
        """
        limits = self._limits
        if limits is None:
            return UNLIMITED
        network = network or _NOBODY
        writers = self._writers_of(network, limits)
        pages = self._writers.second
        if any(
            pages[row] >= most
            for row, most in zip(writers, (limits.pages, limits.prefix_pages), strict=False)
        ):
            return None
        for row in writers:
            pages[row] = _moved(pages[row], 1)
        return Grant(network, b"", 0, new_page=True)

    def wrong_key(self, network: bytes) -> None:
        """Count a wrong admin key. Raises `too_many`."""
        # By /48, and apart from who has liked: guessing shall not wash that away.
        guesser = b"k" + (prefix_of(network) or network)
        self._pass(self._readers, guesser, (self._limits or Limits()).logins, "wrong keys")

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
        for writer, most in zip(writers, (limits.pages, limits.prefix_pages), strict=False):
            if new_page and table.second[writer] >= most:
                raise self._too_many_today("new pages", most)
        rows = self._rows(network, subject, limits)
        self._check_burst(rows[0], writers, limits.burst)
        self._check_day(rows, limits, likes_today)
        self._move(writers, rows, 1, new_page=new_page)
        return Grant(network, subject, self._rank(rows, 1), new_page)

    def give_back(self, grant: Grant) -> None:
        """Undo a grant: the like stood already, or could not be stored."""
        limits, network = self._limits, grant.network
        if limits is not None and network is not None:
            writers = self._writers_of(network, limits)
            rows = self._rows(network, grant.subject, limits)
            self._move(writers, rows, -1, new_page=grant.new_page)
            self._rank(rows, -1)

    def give_back_page(self, grant: Grant) -> None:
        """Undo a grant's new page: another like, sent at the same time, has made it."""
        limits, network = self._limits, grant.network
        if limits is not None and network is not None:
            pages = self._writers.second
            for writer in self._writers_of(network, limits):
                pages[writer] = _moved(pages[writer], -1)

    def took_back(self, network: bytes | None, subject: bytes) -> None:
        """Give one like back that a reader of this network has withdrawn."""
        limits = self._limits
        if limits is not None and network is not None:
            writers = self._writers_of(network, limits)
            self._move(writers, self._rows(network, subject, limits), -1, new_page=False)

    def _write(self, network: bytes, limits: Limits) -> list[int]:
        """Count a write; return the row of the network, and that of its /48."""
        prefix = prefix_of(network)
        if prefix is None:
            return [self._pass(self._writers, b"w" + network, limits.writes, "writes")]
        # The /48 is asked first: once it may write no more, its /64s cost nobody a row of the
        # table. It is counted last: what a /64 is refused, its neighbours have left.
        of_prefix = self._room(self._writers, b"w" + prefix, limits.prefix_writes, "writes")
        row = self._pass(self._writers, b"w" + network, limits.writes, "writes")
        self._writers.count[of_prefix] += 1
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

    def _pass(self, table: Counters, subject: bytes, rate: Rate, what: str) -> int:
        """Count one more of a subject, and return its row. Raises `too_many`."""
        row = self._room(table, subject, rate, what)
        table.count[row] += 1
        return row

    def _room(self, table: Counters, subject: bytes, rate: Rate, what: str) -> int:
        """Return a subject's row where there is room for one more. Raises `too_many`."""
        row = table.find(subject, rate.seconds)
        if table.count[row] >= rate.number:
            raise _too_many(what, rate.number, table.window_left(row, rate.seconds))
        return row

    def _rows(self, network: bytes, subject: bytes, limits: Limits) -> list[int]:
        """Return where the likes of a page are counted: for the network, and for its /48."""
        prefix = prefix_of(network)
        # With the length in front: a network's last bytes are never read as a site's first.
        return [
            self._writers.find(b"%c%b%b" % (len(one), one, subject), limits.burst.seconds)
            for one in ((network, prefix) if prefix else (network,))
        ]

    def _check_burst(self, of_page: int, writers: list[int], burst: Rate) -> None:
        table = self._writers
        if table.count[of_page] >= burst.number:
            # Readers of an office who wait for their turn shall not run out of writes. No other
            # refusal may be free: this one alone has taken no new row of the table.
            for row in writers:
                table.count[row] = _moved(table.count[row], -1)
            wait_seconds = table.window_left(of_page, burst.seconds)
            raise _too_many("new likes of one page at once", burst.number, wait_seconds)

    def _check_day(self, rows: list[int], limits: Limits, likes_today: Callable[[], int]) -> None:
        table, of_page = self._writers, rows[0]
        if table.first[of_page] >= limits.day:
            allowed = min(max(limits.day, likes_today() * limits.share // 100), MAX_COUNT)
            if table.first[of_page] >= allowed:
                raise self._too_many_today("likes of one page", allowed)
        for of_prefix in rows[1:]:
            if table.first[of_prefix] >= limits.prefix_day:
                raise self._too_many_today("likes of one page", limits.prefix_day)

    def _move(self, writers: list[int], rows: list[int], step: int, *, new_page: bool) -> None:
        """Move every counter of a limit that a like moves."""
        table = self._writers
        for writer in writers:
            table.first[writer] = _moved(table.first[writer], step)
            if new_page:
                table.second[writer] = _moved(table.second[writer], step)
        for row in rows:
            table.count[row] = _moved(table.count[row], step)
            table.first[row] = _moved(table.first[row], step)

    def _rank(self, rows: list[int], step: int) -> int:
        """Move what ranks are made from; return the rank.

        Likes that were taken back count here: or else one could be given in exchange for another,
        and each be the first. A /48 has its share of first ones, not one for each of its networks.
        """
        given = self._writers.second
        for row in rows:
            given[row] = _moved(given[row], step)
        nth, *nth_of_prefix = [given[row] for row in rows]
        if nth > _SECOND_RANK_LAST or any(n > _PREFIX_RANK_LAST for n in nth_of_prefix):
            return 3
        return min(nth, 2)

    def _too_many_today(self, what: str, allowed: int) -> Problem:
        return _too_many(f"{what} a day", allowed, self._writers.day_left())


def _moved(count: int, step: int) -> int:
    count += step
    if 0 <= count <= MAX_COUNT:
        return count
    return 0 if count < 0 else MAX_COUNT


def _too_many(what: str, allowed: int, wait_seconds: int) -> Problem:
    wait_seconds = max(1, wait_seconds)
    return Problem(
        "too_many",
        f"At most {allowed} {what} are taken from one network;"
        f" try again in {wait_seconds} seconds.",
        retry_after_seconds=wait_seconds,
    )
