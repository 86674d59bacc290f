"""Origins whose writes were refused, for the owner to see: it may be a page of his own.

Bounded, in memory only; the texts are strangers' and may say anything.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_ORIGINS = 32
MAX_CHARACTERS = 200


class RefusedOrigin(NamedTuple):
    """An origin, the site that it wanted to write to, and how often it did."""

    site: str
    origin: str
    times: int


class RefusedOrigins:
    """Keeps those that came most often; what a flood makes up came once."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], int] = {}

    def note(self, site: str, origin: str) -> None:
        """Count a refusal."""
        key = (site, origin[:MAX_CHARACTERS])
        if key not in self._times and len(self._times) >= MAX_ORIGINS:
            del self._times[min(self._times, key=lambda known: self._times[known])]
        self._times[key] = self._times.get(key, 0) + 1

    def of(self, site: str) -> list[RefusedOrigin]:
        """Return a site's, the most frequent first."""
        found = [RefusedOrigin(*key, times) for key, times in self._times.items() if key[0] == site]
        return sorted(found, key=lambda refused: -refused.times)
