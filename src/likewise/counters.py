"""Counters in constant memory: a fixed table of tagged entries that forgets under pressure.

Knows hashes and windows of time; it must not know what is counted, or what a limit is.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from struct import Struct

MAX_COUNT = 65_535  # what a counter of 16 bits holds


class Counters:
    """A fixed table of counters, keyed by hash; the entry of a set used longest ago makes room.

    It may forget somebody under pressure, but a stranger never meets another's count: tags have
    32 bits beside those that choose the set. An entry is a window (start, count) and a day with
    two counts.
    """

    WAYS = 8
    ENTRY = Struct("<IIHHHH")  # tag, window start in s, count in window, day, two counts of the day

    def __init__(self, entries: int) -> None:
        self._sets = entries // self.WAYS
        self._set_bytes = self.WAYS * self.ENTRY.size
        self._table = bytearray(self._sets * self._set_bytes)
        self._key = os.urandom(32)

    def entry(self, subject: bytes) -> Counter:
        """Return the counter of a subject, now the most recent of its set."""
        hashed = int.from_bytes(blake2b(subject, key=self._key, digest_size=8).digest())
        start = (hashed >> 32) % self._sets * self._set_bytes
        tag = (hashed & 0xFFFF_FFFF) or 1
        table, size = self._table, self.ENTRY.size
        tag_bytes = tag.to_bytes(4, "little")
        for at in range(start, start + self._set_bytes, size):
            if table[at : at + 4] == tag_bytes:
                break
        else:
            at = start + self._set_bytes - size
            table[at : at + size] = self.ENTRY.pack(tag, 0, 0, 0, 0, 0)
        if at != start:
            # Recent ones stand first, so that the last of a set is the one to forget.
            found = table[at : at + size]
            table[start + size : at + size] = table[start:at]
            table[start : start + size] = found
        return Counter(table, start)


class Counter:
    """One entry, for as long as no other is asked for."""

    __slots__ = ("_at", "_table", "count", "day", "first", "second", "start", "tag")

    def __init__(self, table: bytearray, at: int) -> None:
        self._table = table
        self._at = at
        values = Counters.ENTRY.unpack_from(table, at)
        self.tag, self.start, self.count, self.day, self.first, self.second = values

    def roll(self, now_seconds: int, window_seconds: int, day: int) -> None:
        """Forget a window and a day that are over."""
        if not self.start <= now_seconds < self.start + window_seconds:
            self.start, self.count = now_seconds, 0
        if self.day != day:
            self.day, self.first, self.second = day, 0, 0

    def save(self) -> None:
        """Write the entry back."""
        counts = (self.count, self.day, self.first, self.second)
        Counters.ENTRY.pack_into(self._table, self._at, self.tag, self.start, *counts)
