"""What systemd is told of the service: that it is ready, alive, and stopping.

By sd_notify(3), over the socket that systemd names; where it names none, nothing is said. Knows
the event loop, and must not know what the service does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator, Mapping

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"


class Supervisor:
    """Who has started this process and wants to hear of it, if anybody."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        place = environment.get("NOTIFY_SOCKET", "")
        self._place = "\0" + place[1:] if place.startswith("@") else place
        self._watchdog_seconds = _watchdog_seconds(environment)

    def tell(self, state: str) -> None:
        """Say it. Who does not listen is no reason to stop serving."""
        if not self._place:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            one.settimeout(0)
            one.sendto(state.encode(), self._place)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Say that we are ready, then that we are alive as long as the loop turns, then the end."""
        loop = asyncio.get_running_loop()
        self.tell(READY)
        timer: asyncio.TimerHandle | None = None

        def alive() -> None:
            nonlocal timer
            self.tell(ALIVE)
            # Twice in the time that systemd waits, as it asks for.
            timer = loop.call_later(self._watchdog_seconds / 2, alive)

        if self._watchdog_seconds:
            alive()
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()
            self.tell(STOPPING)


def _watchdog_seconds(environment: Mapping[str, str]) -> float:
    """Return how long systemd waits for a sign of life, 0 where it does not wait for ours."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    try:
        return max(0, int(environment.get("WATCHDOG_USEC", "0"))) / 1_000_000
    except ValueError:
        return 0.0
