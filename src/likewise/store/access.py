"""What parts of the SQLite store share: a way to write, a way to read long, and the clock.

Values only; knows no SQL.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import apsw

from likewise.store.transaction import Transaction

T = TypeVar("T")


class Access(Protocol):
    """The store as its own parts see it."""

    wall: Callable[[], float]

    def write(self, do: Callable[[Transaction], T]) -> Awaitable[T]:
        """Do work in the next transaction; its result is there when it is on the disk."""

    def in_reports(self, read: Callable[[apsw.Connection], T]) -> Awaitable[T]:
        """Read in a thread of its own, in one transaction, as long as it takes."""
