"""Counters in constant memory: a fixed table of tagged entries that forgets under pressure.

Knows hashes, windows of time and UTC days; it must not know what is counted, or what a limit is.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from mmap import mmap
from struct import calcsize
from typing import Literal

MAX_COUNT = 65_535  # what a counter of 16 bits holds
SECONDS_PER_DAY = 86_400
_MOST_CALLS = 0xFFFF_FFFF


class Counters:
    """A fixed table of counters, found by hash; in a full set, the least that is old makes room.

    That is the one with the smallest `first` today, and of several the one used longest ago: what
    costs nothing, however much of it, forgets nobody who has spent something.

    It may forget somebody under pressure, but a stranger never meets another's count: tags have
    32 bits beside those that choose the set (where hashes have 32 in all, tags have the rest).
    A counter is a row of the columns below, and `find` tells which: `count` of a window of time,
    `first` and `second` of a day. These two are new columns each day: take them after `find`.

    Rows are found by SipHash, which is made for tables that attackers fill (PEP 456).
    """

    WAYS = 8
    KEPT = 3  # used last, and never forgotten: a caller may have as many rows in its hands

    def __init__(
        self, entries: int, *, monotonic: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self._sets = entries // self.WAYS
        self._monotonic = monotonic
        self._wall = wall
        self._key = os.urandom(16)  # in front of all: the interpreter's own key may be set to 0
        self._calls = 0
        self._rows = self._sets * self.WAYS
        self._tag = _column("I", self._rows)
        self._used = _column("I", self._rows)  # when last: the number of the call
        self._start = _column("I", self._rows)  # in seconds of the monotonic clock
        self.count = _column("H", self._rows)
        self._begin_day()

    def find(self, subject: bytes, window_seconds: int) -> int:
        """Return a subject's row, where a window and a day that are over count 0 again.

        It is the subject's for as long as nobody else needs the room.
        """
        if not self._day_start <= self._wall() < self._day_end:
            self._begin_day()
        hashed = hash(self._key + subject)
        start = hashed % self._sets * self.WAYS
        tag = hashed // self._sets & 0xFFFF_FFFF or 1
        tags = self._tag[start : start + self.WAYS].tolist()
        row = start + tags.index(tag) if tag in tags else self._give_room(start, tag)
        if self._calls == _MOST_CALLS:  # ages begin anew, or the newest would seem the oldest
            self._used, self._calls = _column("I", self._rows), 0
        self._calls = self._used[row] = self._calls + 1
        now, since = self._monotonic(), self._start[row]
        if not since <= now < since + window_seconds:
            self._start[row], self.count[row] = int(now), 0
        return row

    def peek(self, subject: bytes) -> int | None:
        """Return a subject's row as it stands; None where it has none. To look takes no room."""
        hashed = hash(self._key + subject)
        start = hashed % self._sets * self.WAYS
        tags = self._tag[start : start + self.WAYS].tolist()
        tag = hashed // self._sets & 0xFFFF_FFFF or 1
        return start + tags.index(tag) if tag in tags else None

    def _give_room(self, start: int, tag: int) -> int:
        """Let the least row of a set be another subject's; return it."""
        row = self._least(start)
        self._tag[row] = tag
        self._start[row] = self.count[row] = self.first[row] = self.second[row] = 0
        return row

    def _least(self, start: int) -> int:
        """Return which row of a set makes room."""
        end = start + self.WAYS
        used = self._used[start:end].tolist()
        oldest = used.index(min(used))
        # Who has spent nothing today goes at once, without a look at the others.
        if self.first[start + oldest]:
            today = self.first[start:end].tolist()
            if today[oldest] > min(today):
                by_age = sorted(range(self.WAYS), key=used.__getitem__)
                oldest = min(by_age[: -self.KEPT], key=today.__getitem__)
        return start + oldest

    def _begin_day(self) -> None:
        """Count from 0 what is counted by the day; also where the date was set back."""
        day = int(self._wall() // SECONDS_PER_DAY)
        self._day_start = day * SECONDS_PER_DAY
        self._day_end = self._day_start + SECONDS_PER_DAY
        self.first = _column("H", self._rows)
        self.second = _column("H", self._rows)

    def taken(self) -> int:
        """Return how many rows have a subject: as many subjects, until rows are taken anew."""
        return sum(map(bool, self._tag.tolist()))

    def window_left(self, row: int, window_seconds: int) -> int:
        """Return how many seconds a row's window still lasts."""
        return self._start[row] + window_seconds - int(self._monotonic())

    def day_left(self) -> int:
        """Return how many seconds the day still lasts."""
        return SECONDS_PER_DAY - int(self._wall()) % SECONDS_PER_DAY


def _column(form: Literal["H", "I"], rows: int) -> memoryview[int]:
    """Return numbers of a form of `struct`, all 0; where nothing is written they take no memory."""
    return memoryview(mmap(-1, rows * calcsize(form))).cast(form)
