"""A thread beside the event loop, for calls that may have to wait for a disk or a lock.

Knows threads and the loop; must not know what is called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Thread

from likewise.later import Later

Call = Callable[[], object]


class Worker:
    """Makes one call after the other. To go there and back takes 30 µs; with `run_in_executor`,
    whose future has to be kept from being cancelled, it takes 49.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._calls: SimpleQueue[tuple[Call, Later[None]] | None] = SimpleQueue()
        # A daemon, so that an end without `close` waits for nothing: what is half-written is
        # undone when the file is opened again.
        self._thread = Thread(target=self._work, name=name, daemon=True)

    def do(self, call: Call) -> Later[None]:
        """Have something called; what it raises is raised for whoever waits. Raises `RuntimeError`
        where there can be no thread, or where it has ended.
        """
        if not self._thread.is_alive():
            self._thread.start()  # which a thread that has ended refuses
        made: Later[None] = Later()
        self._calls.put((call, made))
        return made

    def close(self) -> None:
        """Make the calls that are left, and end."""
        if self._thread.is_alive():
            self._calls.put(None)
            self._thread.join()

    def _work(self) -> None:
        while order := self._calls.get():
            call, made = order
            try:
                call()
            except Exception as error:  # noqa: BLE001 (it belongs to the one who waits)
                self._tell(partial(made.fail, error))
            else:
                self._tell(partial(made.succeed, None))

    def _tell(self, outcome: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(outcome)


async def until_done(made: Later[None]) -> None:
    """Wait even when cancelled: what a thread uses must not be used beside it.

    Raises nothing: `result` tells how it went.
    """
    while not made.done():
        with suppress(Exception, asyncio.CancelledError):
            await made
