"""Counters in constant memory: a fixed table of tagged entries that forgets under pressure.

Knows hashes, windows of time and UTC days; it must not know what is counted, or what a limit is.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from mmap import mmap
from struct import Struct, calcsize
from typing import Literal

MAX_COUNT = 65_535  # what a counter of 16 bits holds
SECONDS_PER_DAY = 86_400
WAYS = 8  # rows of a set
KEPT = 3  # used last, and never forgotten: a caller may have as many rows in its hands
_MOST_CALLS = 0xFFFF_FFFF
_set_at = Struct(f"{WAYS}I").unpack_from  # in half the time of a slice of the column
_ROW_BYTES = calcsize("I")


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

    def __init__(
        self, entries: int, *, monotonic: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self._sets = entries // WAYS
        self._monotonic = monotonic
        self._wall = wall
        self._key = os.urandom(16)  # in front of all: the interpreter's own key may be set to 0
        self._calls = 0
        self._rows = self._sets * WAYS
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
        quotient, number = divmod(hash(self._key + subject), self._sets)
        start, tag, now = number * WAYS, quotient & 0xFFFF_FFFF or 1, self._monotonic()
        tags = _set_at(self._tag, start * _ROW_BYTES)
        if tag in tags:
            row = start + tags.index(tag)
            since = self._start[row]
            is_over = not since <= now < since + window_seconds
        else:
            row, is_over = self._give_room(start, tag), True
        if is_over:
            self._start[row], self.count[row] = int(now), 0
        if self._calls == _MOST_CALLS:  # ages begin anew, or the newest would seem the oldest
            self._used, self._calls = _column("I", self._rows), 0
        self._calls = self._used[row] = self._calls + 1
        return row

    def peek(self, subject: bytes) -> int | None:
        """Return a subject's row as it stands; None where it has none. To look takes no room."""
        quotient, number = divmod(hash(self._key + subject), self._sets)
        start, tag = number * WAYS, quotient & 0xFFFF_FFFF or 1
        tags = _set_at(self._tag, start * _ROW_BYTES)
        return start + tags.index(tag) if tag in tags else None

    def _give_room(self, start: int, tag: int) -> int:
        """Let the least row of a set be another subject's; return it."""
        used = _set_at(self._used, start * _ROW_BYTES)
        row = start + used.index(min(used))
        # Who has spent nothing today goes at once, without a look at the others.
        if self.first[row]:
            today = self.first[start : start + WAYS].tolist()
            if today[row - start] > min(today):
                by_age = sorted(range(WAYS), key=used.__getitem__)
                row = start + min(by_age[:-KEPT], key=today.__getitem__)
            self.first[row] = 0
        self._tag[row], self.second[row] = tag, 0
        return row

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
