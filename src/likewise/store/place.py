"""Whether a database is still where it was opened: likes to a lost file nobody would find again.

Knows a path and what it leads to; must not know what is in the file.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import apsw

from likewise.store import file

LOOK_SECONDS = 1.0  # between two looks, for as long as all is well

_log = logging.getLogger("likewise")


class Place:
    """Remembers which file a path led to."""

    def __init__(self, path: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._file = file.identity(path)
        self._monotonic = monotonic
        self._next_look = 0.0
        self._is_missed = False

    def is_held(self) -> bool:
        """Tell whether the path leads to the file still."""
        return file.identity(self._path) == self._file

    def check(self) -> None:
        """Refuse to go on where the file was removed or replaced. Raises `apsw.CantOpenError`."""
        if self._monotonic() < self._next_look:
            return
        if self.is_held():
            self._next_look, self._is_missed = self._monotonic() + LOOK_SECONDS, False
            return
        if not self._is_missed:
            self._is_missed = True
            _log.error(
                "%s was removed or replaced while it is served. No like is taken until it is back;"
                " or restart, to serve what is there now.",
                self._path,
            )
        raise apsw.CantOpenError
