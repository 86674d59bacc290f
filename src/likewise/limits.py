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

SECONDS_PER_DAY = 86_400

_UNITS = {"s": 1, "min": 60, "h": 3_600}
_RATE = re.compile(r"(\d{1,5})/(\d{0,4})(s|min|h)")
_NUMBER = re.compile(r"\d{1,5}")


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
    logins: Rate = Rate(20, 60)  # wrong admin keys
    prefix_day: int = 200  # IPv6 /48: net likes of one page and kind a day
    prefix_writes: Rate = Rate(1_200, 60)


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
    """Leave to write, as it was given, so that what was not used can be given back."""

    network: bytes | None
    subject: bytes
    rank: (
        int  # of this like among its network's on this page today: 1, 2 (2nd to 5th), 3; 0 unknown
    )
    new_page: bool


UNLIMITED = Grant(None, b"", 0, new_page=False)
_SECOND_RANK_LAST = 5


class Limiter:
    """Counts and refuses. `monotonic` and `wall` give seconds and can be replaced in tests."""

    def __init__(
        self,
        limits: Limits | None,
        *,
        monotonic: Callable[[], float],
        wall: Callable[[], float],
        entries: int = 32_768,
    ) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._wall = wall
        # Reads have a table of their own: a flood of them must not wash away who has liked.
        self._writers = Counters(entries * 2)
        self._readers = Counters(entries // 2)

    def read(self, network: bytes | None) -> None:
        """Count a read. Raises `too_many`."""
        if self._limits is None or network is None:
            return
        self._pass(self._readers, b"r" + network, self._limits.reads, "reads")

    def write(self, network: bytes | None) -> None:
        """Count a write of any kind. Raises `too_many`."""
        if self._limits is None or network is None:
            return
        self._pass(self._writers, b"w" + network, self._limits.writes, "writes")
        prefix = prefix_of(network)
        if prefix:
            self._pass(self._writers, b"w" + prefix, self._limits.prefix_writes, "writes")

    def wrong_key(self, network: bytes | None) -> None:
        """Count a wrong admin key. Raises `too_many`."""
        if network is not None:
            rate = (self._limits or Limits()).logins
            self._pass(self._writers, b"k" + network, rate, "wrong keys")

    def like(
        self,
        network: bytes | None,
        subject: bytes,
        likes_today: Callable[[], int],
        *,
        new_page: bool,
    ) -> Grant:
        """Grant one new like of `subject` (a page and kind), or raise `too_many`.

        `likes_today` gives the page's own day; it is asked only where it can matter.
        """
        limits = self._limits
        if limits is None or network is None:
            return UNLIMITED
        now, day = self._now()
        of_network = self._writers.entry(b"w" + network)
        of_network.roll(now, limits.writes.seconds, day)
        if of_network.first >= limits.likes:
            raise self._too_many("new likes a day", limits.likes, self._seconds_to_midnight())
        if new_page and of_network.second >= limits.pages:
            raise self._too_many("new pages a day", limits.pages, self._seconds_to_midnight())
        self._check_page(network, subject, likes_today, now, day)
        rank = self._take(network, subject, 1, new_page=new_page)
        return Grant(network, subject, rank, new_page)

    def give_back(self, grant: Grant, *, new_page: bool = True) -> None:
        """Undo a grant: the like was taken back, stood already, or could not be stored."""
        if grant.network is not None and self._limits is not None:
            self._take(grant.network, grant.subject, -1, new_page=grant.new_page and new_page)

    def took_back(self, network: bytes | None, subject: bytes) -> None:
        """Give one like back that a reader of this network has withdrawn."""
        self.give_back(Grant(network, subject, 0, new_page=False))

    def _check_page(
        self, network: bytes, subject: bytes, likes_today: Callable[[], int], now: int, day: int
    ) -> None:
        limits = self._limits or Limits()
        of_page = self._writers.entry(network + subject)
        of_page.roll(now, limits.burst.seconds, day)
        if of_page.count >= limits.burst.number:
            wait = of_page.start + limits.burst.seconds - now
            raise self._too_many("new likes of one page at once", limits.burst.number, wait)
        if of_page.first >= limits.day:
            allowed = max(limits.day, likes_today() * limits.share // 100)
            if of_page.first >= min(allowed, MAX_COUNT):
                wait = self._seconds_to_midnight()
                raise self._too_many("likes of one page a day", allowed, wait)
        prefix = prefix_of(network)
        if prefix is None:
            return
        of_prefix = self._writers.entry(prefix + subject)
        of_prefix.roll(now, limits.burst.seconds, day)
        if of_prefix.first >= limits.prefix_day:
            wait = self._seconds_to_midnight()
            raise self._too_many("likes of one page a day", limits.prefix_day, wait)

    def _take(self, network: bytes, subject: bytes, step: int, *, new_page: bool) -> int:
        """Move every counter that a like moves; return the like's rank."""
        limits = self._limits or Limits()
        now, day = self._now()
        of_network = self._writers.entry(b"w" + network)
        of_network.roll(now, limits.writes.seconds, day)
        of_network.first = _moved(of_network.first, step)
        of_network.second = _moved(of_network.second, step if new_page else 0)
        of_network.save()
        prefix = prefix_of(network)
        rank = 0
        for owner in (network,) if prefix is None else (prefix, network):
            counter = self._writers.entry(owner + subject)
            counter.roll(now, limits.burst.seconds, day)
            counter.count = _moved(counter.count, step)
            counter.first = _moved(counter.first, step)
            counter.save()
            rank = counter.first
        return min(rank, 2) if rank <= _SECOND_RANK_LAST else 3

    def _pass(self, counters: Counters, subject: bytes, rate: Rate, what: str) -> None:
        now, day = self._now()
        counter = counters.entry(subject)
        counter.roll(now, rate.seconds, day)
        if counter.count >= rate.number:
            raise self._too_many(what, rate.number, counter.start + rate.seconds - now)
        counter.count += 1
        counter.save()

    def _now(self) -> tuple[int, int]:
        return int(self._monotonic()), int(self._wall() // SECONDS_PER_DAY) & MAX_COUNT

    def _seconds_to_midnight(self) -> int:
        return SECONDS_PER_DAY - int(self._wall()) % SECONDS_PER_DAY

    def _too_many(self, what: str, allowed: int, wait_seconds: int) -> Problem:
        return Problem(
            "too_many",
            f"At most {allowed} {what} are taken from one network;"
            f" try again in {wait_seconds} seconds.",
            retry_after_seconds=max(1, wait_seconds),
        )


def _moved(count: int, step: int) -> int:
    return min(max(count + step, 0), MAX_COUNT)
