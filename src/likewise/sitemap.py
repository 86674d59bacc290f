"""The pages that a site's sitemap names: read by another process, kept in the store.

That process speaks TLS and XML, which this one does not load. Must not know who asks.
"""

from __future__ import annotations

import asyncio
import json
import logging
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress

from likewise.child import reason_of, start
from likewise.metrics import REFRESHES, Metrics
from likewise.pages import BadPage
from likewise.sites import Site
from likewise.store import Store

PAUSE_SECONDS = 60  # between two readings, whoever asks
TIMEOUT_SECONDS = 20  # the reader gives up after 10 itself
_PIECE_PAGES = 200

_log = logging.getLogger("likewise")


class Sitemap:
    """Reads one site's sitemap when it is asked to, and makes the pages known for good."""

    def __init__(
        self, site: Site, store: Store, metrics: Metrics, monotonic: Callable[[], float]
    ) -> None:
        self._site = site
        self._store = store
        self._metrics = metrics
        self._monotonic = monotonic
        self._next = 0.0
        self._reading: asyncio.Task[None] | None = None

    def refresh(self) -> bool:
        """Tell whether the sitemap is being read; begin, unless that was done a moment ago."""
        if self._reading is None and self._monotonic() >= self._next:
            self._next = self._monotonic() + PAUSE_SECONDS
            self._reading = asyncio.get_running_loop().create_task(self._read())
        return self._reading is not None

    async def close(self) -> None:
        """Read no further."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})

    async def _read(self) -> None:
        try:
            reason = await self._outcome()
        except Exception as error:  # noqa: BLE001 (a sitemap is no reason to stop serving)
            reason = str(error) or type(error).__name__
        finally:
            self._reading = None
        self._metrics.add(REFRESHES, "failed" if reason else "done")
        if reason:
            _log.warning(
                "The sitemap of the site %s was not read; its known pages stay. %s",
                self._site.name,
                reason,
            )

    async def _outcome(self) -> str | None:
        """Make known what the sitemap names; return why that was not possible, else None."""
        process = await start("likewise.transfer.sitemap", self._site.sitemap or "")
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                known, reason = await asyncio.gather(self._know(process), reason_of(process))
                failed = await process.wait() != 0
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if failed:
            return reason or "Its reader failed."
        _log.info("The sitemap of the site %s: %d new pages.", self._site.name, known)
        return None

    async def _know(self, process: Process) -> int:
        """Store the pages in small pieces: there may be 50,000."""
        assert process.stdout is not None  # noqa: S101 (it was asked for)
        known, piece = 0, []
        async for line in process.stdout:
            with suppress(BadPage):
                piece.append(self._site.page(json.loads(line)))
            if len(piece) >= _PIECE_PAGES:
                known += await self._store.know(self._site.name, piece)
                piece = []
        return known + await self._store.know(self._site.name, piece)
