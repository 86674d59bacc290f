"""A clock that stands still until it is told to move."""

from __future__ import annotations

MIDNIGHT = 1_700_006_400  # a UTC midnight


class Clock:
    """Seconds since some start, and since 1970 in UTC."""

    def __init__(self, wall: float = MIDNIGHT + 43_200) -> None:
        self._monotonic = 1_000.0
        self._wall = wall

    def monotonic(self) -> float:
        """Return what `time.monotonic` would."""
        return self._monotonic

    def wall(self) -> float:
        """Return what `time.time` would."""
        return self._wall

    def go_on(self, seconds: float) -> None:
        """Let time pass."""
        self._monotonic += seconds
        self._wall += seconds

    def set_wall(self, wall: float) -> None:
        """Set the date, as somebody who corrects the machine's would."""
        self._wall = wall
