"""Sees surges: far more likes than usual in a short time. Marks and tells; refuses nothing.

Counts in constant memory, asks the store what is usual; must not know who liked.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping

from likewise.counters import MAX_COUNT, Counters
from likewise.metrics import SURGES, Metrics
from likewise.store import HOURS_PER_DAY, SECONDS_PER_HOUR, Sight, Store

WINDOW_SECONDS = 600
PAGE_LIKES, SITE_LIKES = 30, 300  # in a window: with fewer nothing is looked at
TIMES_USUAL = 10
MAX_LOOKS = 16  # at the same time
_WINDOWS_PER_HOUR = SECONDS_PER_HOUR / WINDOW_SECONDS
_ENTRIES = 4_096

_log = logging.getLogger("likewise")


class Watch:
    """Told of the new likes of every commit. Looks when a window has 30 likes of a page, or 300 of
    a site, then when it has twice as many as at the last look, and when it goes on in another hour:
    likes are kept by the hour, and a surge is purged by it.
    """

    def __init__(
        self,
        store: Store,
        metrics: Metrics,
        *,
        monotonic: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._store = store
        self._metrics = metrics
        self._wall = wall
        self._table = Counters(_ENTRIES, monotonic=monotonic, wall=wall)
        self._looks: set[asyncio.Task[None]] = set()

    def saw(self, likes: Mapping[tuple[str, str], int]) -> None:
        """Count new likes, by site and page."""
        of_site: Counter[str] = Counter()
        for (site, page), new in likes.items():
            self._count(site, page, f"{site}\0{page}".encode(), new, PAGE_LIKES)
            of_site[site] += new
        for site, new in of_site.items():
            self._count(site, None, site.encode(), new, SITE_LIKES)

    async def close(self) -> None:
        """Look no further."""
        for look in self._looks:
            look.cancel()
        if self._looks:
            await asyncio.wait(self._looks)

    def _count(self, site: str, page: str | None, subject: bytes, new: int, least: int) -> None:
        table = self._table
        row = table.find(subject, WINDOW_SECONDS)
        before = table.count[row]
        table.count[row] = count = min(before + new, MAX_COUNT)
        is_hour_new = self._is_hour_new(row)
        seen = _looked_at(count, least)
        more = seen - _looked_at(before, least)  # those before are marked already
        if not (more or (seen and is_hour_new)):
            return
        passed_seconds = WINDOW_SECONDS - table.window_left(row, WINDOW_SECONDS)
        first_hour = int(self._wall() - passed_seconds) // SECONDS_PER_HOUR
        self._begin(Sight(site, page, first_hour, seen, more))

    def _is_hour_new(self, row: int) -> bool:
        """Tell whether the last like came in another hour. A new day forgets it: then it did."""
        hour_of_day = int(self._wall()) // SECONDS_PER_HOUR % HOURS_PER_DAY + 1
        # Not `first`: rows with little there are looked for when one has to make room.
        of_last_like = self._table.second
        before, of_last_like[row] = of_last_like[row], hour_of_day
        return before != hour_of_day

    def _begin(self, sight: Sight) -> None:
        if len(self._looks) < MAX_LOOKS:
            look = asyncio.get_running_loop().create_task(self._look(sight))
            self._looks.add(look)
            look.add_done_callback(self._looks.discard)

    async def _look(self, sight: Sight) -> None:
        site, page, _, count, _ = sight
        try:
            usual = await self._store.surges.usual(site, page) / _WINDOWS_PER_HOUR
            if count < TIMES_USUAL * usual:
                return
            is_new = await self._store.surges.mark(sight)
        except Exception:  # noqa: BLE001 (a look that fails is no reason to stop serving)
            _log.warning("A surge could not be noted.", exc_info=True)
            return
        if is_new:
            self._metrics.add(SURGES, "site" if page is None else "page")
            where = f"site {site}" if page is None else f"page {page} of site {site}"
            _log.warning(
                "A surge: %d likes in %d minutes on the %s, where %.1f are usual. Nothing is"
                " refused; the dashboard shows it, and `likewise purge` can take it back.",
                count,
                WINDOW_SECONDS // 60,
                where,
                usual,
            )


def _looked_at(count: int, least: int) -> int:
    """Return how many of so many likes the last look saw: none, `least`, twice that, and so on."""
    return least << (count // least).bit_length() - 1 if count >= least else 0
