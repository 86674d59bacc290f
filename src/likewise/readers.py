"""Who has opened which page today, so that each reader counts once; and who is no reader at all.

Constant memory, keyed hashes that are forgotten at midnight UTC. It must not know what is done
with a view, and keeps no address.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from mmap import mmap

ENTRIES = 131_072  # of 4 bytes
WAYS = 8
SECONDS_PER_DAY = 86_400
_KEY_BYTES = 16
_TAG_BITS = 32
MAX_AGENT_BYTES = 512  # what is behind tells nobody apart

_PREFETCHED = re.compile(rb"prefetch|prerender|preview", re.IGNORECASE)
_PREFETCH_HEADERS = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
_REFERRER = re.compile(
    r"https?://(?:[^/?#@\\]*@)?([^/?#:@\\]{1,253})(?::[0-9]*)?(?:[/?#]|$)", re.IGNORECASE
)
_PUBLIC_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)+[a-z][a-z0-9-]{1,62}")

Headers = dict[bytes, bytes]


class Readers:
    """A fixed table of those who were seen today, found by hash; in a full set, who was not seen
    for longest is forgotten: he counts once more when he comes again.

    The key is random and lives until midnight UTC: from then on nothing can be recognised, by
    whoever has the memory either. A stranger passes for somebody else once in 500 million times.
    """

    def __init__(
        self,
        *,
        wall: Callable[[], float],
        call_later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._wall = wall
        self._call_later = call_later
        self._day = -1
        self._forget()

    def is_new(self, network: bytes, agent: bytes, page: bytes) -> bool:
        """Note that a reader has opened a page; tell whether he had not yet today."""
        self._begin_day()
        start, tag = self._place(b"%c%b%b\0%b" % (len(network), network, page, agent))
        tags = self._tags[start : start + WAYS].tolist()
        is_new = tag not in tags
        before = WAYS - 1 if is_new else tags.index(tag)
        # The one seen last comes first.
        self._tags[start + 1 : start + before + 1] = self._tags[start : start + before]
        self._tags[start] = tag
        return is_new

    def _begin_day(self) -> None:
        now = self._wall()
        day = int(now) // SECONDS_PER_DAY
        if day != self._day:
            if self._day >= 0:
                self._forget()
            self._day = day
            self._end_at_midnight(day, now)

    def _end_at_midnight(self, day: int, now: float) -> None:
        """End a day also where nobody comes after midnight."""
        self._call_later(SECONDS_PER_DAY - now % SECONDS_PER_DAY, lambda: self._end(day))

    def _end(self, day: int) -> None:
        if day != self._day:
            return  # a reader of the next day was faster
        now = self._wall()
        if int(now) // SECONDS_PER_DAY == day:
            # The loop's clock and the wall's drift apart: in a day, by seconds.
            self._end_at_midnight(day, now)
            return
        self._day = -1
        self._forget()

    def _forget(self) -> None:
        self._key = os.urandom(_KEY_BYTES)
        # Where nothing is written it takes no memory.
        self._tags = memoryview(mmap(-1, ENTRIES * _TAG_BITS // 8)).cast("I")

    def _place(self, reader: bytes) -> tuple[int, int]:
        """Return where a reader's set begins, and his tag there."""
        hashed = int.from_bytes(blake2b(reader, key=self._key, digest_size=8).digest())
        number, tag = hashed >> _TAG_BITS, hashed & (1 << _TAG_BITS) - 1
        return number % (ENTRIES // WAYS) * WAYS, tag or 1


def agent_of(headers: Headers) -> bytes:
    """Return what a client calls itself, as far as it tells readers apart."""
    return headers.get(b"user-agent", b"")[:MAX_AGENT_BYTES]


def why_not(headers: Headers) -> str | None:
    """Return why a view with these headers is none, as a word; None where a reader sent it.

    `Sec-GPC: 1` asks to be left alone (Global Privacy Control); a page that is fetched ahead
    (`Sec-Purpose`, WHATWG Fetch) may never be seen.
    """
    if headers.get(b"sec-gpc") == b"1":
        return "private"
    if any(_PREFETCHED.search(headers.get(name, b"")) for name in _PREFETCH_HEADERS):
        return "prefetched"
    agent = agent_of(headers)
    # Every browser says what it is.
    return "bot" if not agent or _bots().search(agent.lower()) else None


def referrer_host(text: str | None) -> str | None:
    """Return the public name in the address that a reader came from, in lower case without `www.`;
    None where there is none. Nothing else of the address is kept, and no name that is an address.
    """
    match = _REFERRER.match(text) if text else None
    if match is None:
        return None
    host = match[1].lower().removesuffix(".").removeprefix("www.")
    return host if _PUBLIC_NAME.fullmatch(host) else None


@cache
def _bots() -> re.Pattern[bytes]:
    with open(os.path.join(os.path.dirname(__file__), "bots.txt"), "rb") as file:
        lines = [line.strip() for line in file]
    words = [line for line in lines if line and not line.startswith(b"#")]
    # Not IGNORECASE, which takes three times as long.
    return re.compile(b"|".join(words))
