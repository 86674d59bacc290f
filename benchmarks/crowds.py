"""Readers and attackers over the real limits, with a clock that is moved by hand.

Whatever an honest reader asks is asked of a second limiter too, which nobody else uses: what the
first refuses and the second would have granted was refused because of the others.
"""

from __future__ import annotations

import heapq
import random
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from likewise.addresses import prefix_of
from likewise.errors import Problem
from likewise.limiter import Limiter
from likewise.limits import Limits

ENTRIES = 65_536  # what the service has
DAY_SECONDS = 86_400
NEVER = 1 << 40
NOON = 1_700_049_600  # of a UTC day
LATE_SECONDS = 120  # at the end of a scene, by which a day is judged
LONGEST_WAIT_SECONDS = 30  # which the widget waits out without a word

_WHAT = re.compile(r"At most [0-9]+ (.+) are taken")
_SHARED = re.compile(
    r"^\S+ \S+ \S+ \S+ ([0-9]+) +/dev/zero.*\n(?:\w+:.*\n)*?Rss: +([0-9]+)", re.MULTILINE
)


@dataclass
class Tally:
    """What came of it. `gained` is by page, the others count requests or readers."""

    attempts: int = 0
    gained: Counter[bytes] = field(default_factory=Counter)
    ranks: Counter[int] = field(default_factory=Counter)
    seconds: int = 0
    late: int = 0  # likes gained in the last minutes
    honest: int = 0
    liked: Counter[bytes] = field(default_factory=Counter)  # by network
    by_pressure: int = 0
    by_prefix: int = 0  # because of an attacker in the same IPv6 /48
    forgotten: int = 0  # granted, though the limits had refused it had they not forgotten
    waited: Counter[str] = field(default_factory=Counter)
    gave_up: Counter[str] = field(default_factory=Counter)
    longest_wait: int = 0

    @property
    def likes_gained(self) -> int:
        """The attackers' likes, of all pages."""
        return self.gained.total()

    @property
    def gained_a_day(self) -> int:
        """What attackers gain in a day that goes on like the last minutes."""
        rest = max(0, DAY_SECONDS - self.seconds)
        return self.likes_gained + self.late * rest // LATE_SECONDS


class World:
    """One service's limits, the likes that stand, and what became of all requests."""

    def __init__(self, entries: int = ENTRIES, *, start: int = NOON, seed: int = 1) -> None:
        self.random = random.Random(seed)  # noqa: S311 (a simulation shall repeat itself)
        self.tally = Tally()
        self.standing: Counter[bytes] = Counter()
        self._start, self._now = start, 0
        others = _shared_memory()
        self._limiter = self._limits(entries)
        self._tables = _shared_memory().keys() - others.keys()
        self._undisturbed = self._limits(4 * ENTRIES)
        self._attacked: set[bytes | None] = set()

    def _limits(self, entries: int) -> Limiter:
        def monotonic() -> float:
            return 1_000 + self._now

        def wall() -> float:
            return self._start + self._now

        return Limiter(Limits(), monotonic=monotonic, wall=wall, entries=entries)

    def go_on(self) -> None:
        """Let a second pass."""
        self._now += 1

    def tables_mib(self) -> float:
        """Return how much of the limiter's tables is in memory."""
        sizes = _shared_memory()
        return sum(sizes[table] for table in self._tables) / 1024

    def attack(self, network: bytes, page: bytes, *, stands: bool = False) -> Problem | None:
        """Send an attacker's like of a new voter, or one that stands already."""
        tally = self.tally
        tally.attempts += 1
        try:
            grant = self._limiter.like(network, page, lambda: self.standing[page], new_page=False)
        except Problem as problem:
            return problem
        if stands:
            self._limiter.give_back(grant)
        else:
            tally.gained[page] += 1
            tally.ranks[grant.rank] += 1
            self.standing[page] += 1
        return None

    def shares_a_prefix(self, network: bytes) -> None:
        """Say that an attacker is in this network's /48."""
        self._attacked.add(prefix_of(network))

    def ask(self, network: bytes, what: str, page: bytes) -> Problem | None:
        """Send an honest reader's `like`, the same `again`, or a taking `back`."""
        refusal = self._sent(self._limiter, network, what, page)
        undisturbed = self._sent(self._undisturbed, network, what, page)
        self.tally.honest += 1
        self.tally.forgotten += refusal is None and undisturbed is not None
        if refusal is not None and undisturbed is None:
            prefix = prefix_of(network)
            is_shared = prefix is not None and prefix in self._attacked
            self.tally.by_prefix += is_shared
            self.tally.by_pressure += not is_shared
            if what == "like":
                self._undisturbed.took_back(network, page)
        if refusal is None:
            self.standing[page] += {"like": 1, "again": 0, "back": -1}[what]
        return None if what == "again" else refusal  # what stands already is answered as it is

    def _sent(self, limiter: Limiter, network: bytes, what: str, page: bytes) -> Problem | None:
        try:
            if what == "back":
                limiter.write(network)
                limiter.took_back(network, page)
                return None
            grant = limiter.like(network, page, lambda: self.standing[page], new_page=False)
        except Problem as problem:
            return problem
        if what == "again":
            limiter.give_back(grant)
        return None


class Step(NamedTuple):
    """What a reader does next, so many seconds after what came before."""

    pause_seconds: int
    what: str
    page: bytes


class Reader:
    """Somebody with the widget: a refusal is waited out for up to 30 s, and else believed."""

    def __init__(self, network: bytes, steps: Iterable[Step]) -> None:
        self._network = network
        self._steps = iter(steps)
        self._first_asked = 0
        self._step: Step | None = None
        self.due = self._next(0)

    def _next(self, now: int) -> int:
        self._step = next(self._steps, None)
        if self._step is None:
            return NEVER
        self._first_asked = now + self._step.pause_seconds
        return self._first_asked

    def act(self, world: World, now: int) -> None:
        """Ask once, and set `due` to when to ask again."""
        assert self._step is not None  # noqa: S101 (only readers that are due act)
        tally = world.tally
        refusal = world.ask(self._network, self._step.what, self._step.page)
        if refusal is None:
            tally.longest_wait = max(tally.longest_wait, now - self._first_asked)
            tally.liked[self._network] += self._step.what == "like"
            self.due = self._next(now)
            return
        wait_seconds = refusal.retry_after_seconds or 0
        reason = what_of(refusal)
        if wait_seconds <= LONGEST_WAIT_SECONDS:
            tally.waited[reason] += 1
            self.due = now + wait_seconds
        else:
            tally.gave_up[reason] += 1
            self.due = self._next(now)


def what_of(refusal: Problem) -> str:
    """Return which limit refused."""
    match = _WHAT.match(refusal.detail)
    return match[1] if match else refusal.detail


# Sends the requests of a second, and yields after each.
Attack = Callable[[World, int], Iterator[None]]


def steadily(requests: Iterator[tuple[bytes, bytes]], per_second: int) -> Attack:
    """Return an attack of so many requests (network and page) a second."""

    def attack(world: World, _second: int) -> Iterator[None]:
        for network, page in islice(requests, per_second):
            world.attack(network, page)
            yield

    return attack


def together(*attacks: Attack) -> Attack:
    """Return an attack of several."""

    def attack(world: World, second: int) -> Iterator[None]:
        for one in attacks:
            yield from one(world, second)

    return attack


@dataclass
class Spender:
    """An attacker who spends what the limits allow on one page, then floods until it is forgotten.

    `networks` are used in turn, `flood` gives the pages of the flood. `at_once` likes are spent
    before each flood: all that there are, or few, so that little is to be forgotten. `stands`
    floods with likes that stand, which use nothing up.
    """

    networks: Iterator[bytes]
    per_second: int
    at_once: int
    flood_seconds: int
    page: bytes
    flood: Iterator[bytes]
    stands: bool = False
    _spent: int = 0
    _resumes: int = 0

    def __call__(self, world: World, second: int) -> Iterator[None]:
        """Send the requests of a second."""
        for network in islice(self.networks, self.per_second):
            if second >= self._resumes:
                self._spend(world, network, second)
            else:
                world.attack(network, next(self.flood), stands=self.stands)
            yield

    def _spend(self, world: World, network: bytes, second: int) -> None:
        refusal = world.attack(network, self.page)
        self._spent += refusal is None
        is_over = refusal is not None and what_of(refusal).endswith("a day")
        if is_over or self._spent >= self.at_once:
            self._spent, self._resumes = 0, second + self.flood_seconds


def run(
    world: World, seconds: int, attack: Attack | None = None, readers: Iterable[Reader] = ()
) -> Tally:
    """Let so many seconds pass, in which readers come at any moment between the attackers."""
    queue = [(reader.due, number, reader) for number, reader in enumerate(readers)]
    heapq.heapify(queue)
    tally = world.tally
    for second in range(seconds):
        if second == seconds - LATE_SECONDS:
            tally.late = -tally.likes_gained
        requests = attack(world, second) if attack else iter(())
        while queue and queue[0][0] <= second:
            _, number, reader = heapq.heappop(queue)
            _send(requests, world.random.randrange(40))
            reader.act(world, second)
            if reader.due < NEVER:
                heapq.heappush(queue, (reader.due, number, reader))
        _send(requests, None)
        world.go_on()
    tally.seconds = seconds
    tally.late += tally.likes_gained
    return tally


def _send(requests: Iterator[None], number: int | None) -> None:
    deque(islice(requests, number), maxlen=0)


def _shared_memory() -> dict[str, int]:
    """Return how much (KiB) of each anonymous shared mapping is in memory, as tables are."""
    text = Path("/proc/self/smaps").read_text(encoding="utf-8")
    return {mapping: int(kib) for mapping, kib in _SHARED.findall(text)}
