"""What the limits have to hold against, and whom they must let in: scenes for `pressure`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import count, cycle
from typing import NamedTuple

from benchmarks.crowds import (
    NOON,
    Attack,
    Reader,
    Spender,
    Step,
    Tally,
    World,
    run,
    steadily,
    together,
)
from likewise.limits import Limits

FULL_SPEED = 8_000  # requests a second: about what the service answers on one core
MINUTES = 720  # ten, and two by which a day is judged
DAY = 86_400
MIDNIGHT = NOON - DAY // 2
HOUR = 3_600
ROWS = 100_000  # so many new ones put nearly every other row out of a table of 65,536

PAGES = [b"default\0/%d\0like" % number for number in range(997)]
MANY = [b"default\0/many/%d\0like" % number for number in range(9_973)]
TARGET = b"default\0/front-page\0like"
OFFICE = bytes((203, 0, 113, 9))
CARRIER = bytes((203, 0, 113, 10))
PREFIX = bytes.fromhex("20010db80001")


class Outcome(NamedTuple):
    """What came of a scene.

    `before`, `after` are MiB of the limits' tables in memory; `most` is how many likes the
    attackers' networks may have in a day, where they are few.
    """

    name: str
    tally: Tally
    before: float
    after: float
    note: str = ""
    most: int | None = None

    @property
    def gained_a_day(self) -> int:
        """What attackers gain in a day: more than `most` only where they have it already."""
        tally = self.tally
        if self.most is None:
            return tally.gained_a_day
        return min(tally.gained_a_day, max(self.most, tally.likes_gained))


class Flood(NamedTuple):
    """What forgetting gave to an attacker: likes of one page, beside what the limits state."""

    who: str
    how: str
    tally: Tally
    stated: int

    @property
    def extra(self) -> int:
        """Likes of the page beyond what the limits state."""
        return max(0, self.tally.gained[TARGET] - self.stated)

    @property
    def extra_per_million(self) -> float:
        """Such likes for each million requests."""
        return self.extra * 1_000_000 / self.tally.attempts


# Who is there


def ipv4(first: int, number: int | None = None) -> Iterator[bytes]:
    """Return so many addresses in turn, for ever; without a number each is another."""
    if number is None:
        return (place.to_bytes(4) for place in count(first << 24))
    return cycle([(place + (first << 24)).to_bytes(4) for place in range(number)])


def ipv6(prefix: bytes = PREFIX) -> Iterator[bytes]:
    """Return all networks of a /48 in turn, for ever."""
    return cycle([prefix + number.to_bytes(2) for number in range(65_536)])


def households(world: World, number: int, seconds: int, pages: list[bytes]) -> list[Reader]:
    """Return honest networks that like, send a like again, take back and like again."""

    def steps() -> Iterator[Step]:
        for what in cycle(("like", "again", "back", "like", "again")):
            if what == "like":
                page = world.random.choice(pages)
            yield Step(world.random.randrange(5, max(6, seconds // 6)), what, page)

    return [Reader((place + (198 << 24)).to_bytes(4), steps()) for place in range(number)]


def singles(world: World, number: int, seconds: int, page: bytes) -> list[Reader]:
    """Return readers with a network each, who like a page at any time."""
    whens = (world.random.randrange(seconds) for _ in range(number))
    return [
        Reader((place + (199 << 24)).to_bytes(4), [Step(when, "like", page)])
        for place, when in enumerate(whens)
    ]


def office(number: int, at: int, page: bytes = TARGET, network: bytes = OFFICE) -> list[Reader]:
    """Return readers behind one address who like a page in the same second."""
    return [Reader(network, [Step(at, "like", page)]) for _ in range(number)]


def front_page_day(world: World, networks: Iterable[bytes]) -> list[Reader]:
    """Return readers who come when a page is new, and fewer from hour to hour."""
    whens = (int(world.random.expovariate(1 / (4 * HOUR))) % DAY for _ in iter(int, 1))
    return [
        Reader(network, [Step(when, "like", TARGET)])
        for network, when in zip(networks, whens, strict=False)
    ]


# Attacks


def crowd(page_of: list[bytes]) -> Attack:
    """Return an attack by ever other addresses, a like each."""
    return steadily(zip(ipv4(11), cycle(page_of), strict=False), FULL_SPEED)


def rotating(page_of: list[bytes], per_second: int = FULL_SPEED) -> Attack:
    """Return an attack by all networks of one IPv6 /48."""
    return steadily(zip(ipv6(), cycle(page_of), strict=False), per_second)


def few(page_of: list[bytes], number: int = 30, per_second: int = FULL_SPEED) -> Attack:
    """Return an attack by a few IPv4 addresses."""
    return steadily(zip(ipv4(10, number), cycle(page_of), strict=False), per_second)


# Scenes


def scene_a(seed: int) -> Iterator[Outcome]:
    """Let ten million addresses send a like each."""
    seconds = 10_000_000 // FULL_SPEED
    world = World(seed=seed)
    readers = households(world, 300, seconds, PAGES)
    name = "a: 10 million addresses, a like each; 300 honest networks"
    yield _outcome(name, world, seconds, crowd(PAGES), readers)


def scene_b(seed: int) -> Iterator[Outcome]:
    """Let an IPv6 /48 use all its networks in turn."""
    for where, pages in (("one page", [TARGET]), ("997 pages", PAGES)):
        world = World(seed=seed)
        readers = households(world, 300, MINUTES, pages)
        name = f"b: a rotating /48 on {where}; 300 honest networks"
        yield _outcome(name, world, MINUTES, rotating(pages), readers)
    world = World(seed=seed)
    inside = [PREFIX + bytes((255, place)) for place in range(20)]
    world.shares_a_prefix(inside[0])
    whens = (world.random.randrange(MINUTES - 60) for _ in inside)
    steps = ([Step(when, "like", PAGES[0])] for when in whens)
    neighbours = [Reader(each, step) for each, step in zip(inside, steps, strict=True)]
    name = "b: a rotating /48 on 997 pages; 20 honest networks inside it"
    one = _outcome(name, world, MINUTES, rotating(PAGES), neighbours)
    yield one._replace(note=f"{one.tally.liked.total()} of 20")


def scene_c(seed: int) -> Iterator[Outcome]:
    """Let a few IPv4 addresses send likes."""
    for where, pages in (("one page", [TARGET]), ("997 pages", PAGES)):
        world = World(seed=seed)
        readers = households(world, 300, MINUTES, pages)
        name = f"c: 30 IPv4 addresses on {where}; 300 honest networks"
        one = _outcome(name, world, MINUTES, few(pages), readers)
        yield one._replace(most=30 * Limits().likes)
    for number in (30, 60):  # more than 50 raise their own share
        name = f"c: {number} IPv4 addresses on one page for a day, at the pace of the limits"
        world = World(start=MIDNIGHT, seed=seed)
        yield _outcome(name, world, DAY, few([TARGET], number, number // 5), [])


def scene_d(seed: int) -> Iterator[Outcome]:
    """Let a carrier's customers like a page on its day on the front page."""
    for number in (20_000, 5_000):
        world = World(start=MIDNIGHT, seed=seed)
        elsewhere = ((place + (16 << 24)).to_bytes(4) for place in range(number))
        readers = front_page_day(world, [*[CARRIER] * 2_000, *elsewhere])
        name = f"d: 2,000 readers behind one IPv4 address, {number:,} elsewhere, a day"
        one = _outcome(name, world, DAY, None, readers)
        yield one._replace(note=f"{one.tally.liked[CARRIER]:,} of 2,000")


def scene_e(seed: int) -> Iterator[Outcome]:
    """Let an office behind one address like a page in the same second."""
    for number in (15, 30, 60):
        world = World(seed=seed)
        one = _outcome(f"e: an office of {number}", world, MINUTES, None, office(number, 5))
        yield one._replace(note=f"{one.tally.liked[OFFICE]} of {number}")


def scene_f(seed: int) -> Iterator[Outcome]:
    """Let all attacks happen at once."""
    world = World(seed=seed)
    attack = together(
        steadily(zip(ipv4(11), cycle(PAGES), strict=False), 6_000),
        rotating([TARGET, *PAGES], 1_000),
        few([TARGET, *PAGES], 30, 1_000),
    )
    readers = office(15, 120) + singles(world, 1_000, MINUTES - 60, TARGET)
    name = "f: a, b and c at once; an office of 15 and 1,000 honest networks"
    one = _outcome(name, world, MINUTES, attack, readers)
    singly = one.tally.liked.total() - one.tally.liked[OFFICE]
    yield one._replace(note=f"{one.tally.liked[OFFICE]} of 15, {singly:,} of 1,000")


def _outcome(
    name: str, world: World, seconds: int, attack: Attack | None, readers: list[Reader]
) -> Outcome:
    print(name, file=sys.stderr)
    before = world.tables_mib()
    return Outcome(name, run(world, seconds, attack, readers), before, world.tables_mib())


# What forgetting gives


def floods(seed: int) -> Iterator[Flood]:
    """Let attackers make the limits forget what they spent, all at once or little by little."""
    for how, is_greedy in (("all, then a flood", True), ("one each, then a flood", False)):
        for who, attack, stated, seconds in _floods(is_greedy=is_greedy):
            print(f"g: {who}, {how}", file=sys.stderr)
            world = World(start=MIDNIGHT, seed=seed)
            yield Flood(who, how, run(world, seconds, attack), stated)


def _floods(*, is_greedy: bool) -> Iterator[tuple[str, Attack, int, int]]:
    """Return who floods and how, what the limits state for them, and for how many seconds."""
    own = Spender(ipv6(), 20, 200 if is_greedy else 1, ROWS // 60, TARGET, cycle(MANY))
    yield "a /48, with likes of other pages", own, 200, DAY
    # More than 50 addresses raise their own share, up to 300 likes a day each.
    for number, each, seconds in ((30, 20, DAY), (1_000, 300, 3_600)):
        at_once = number * (each if is_greedy else 1)
        own = Spender(ipv4(10, number), number, at_once, ROWS // number, TARGET, cycle(MANY))
        own.stands = True
        who = f"{number:,} IPv4 addresses, with likes that stand"
        yield who, own, number * each, seconds
    own = Spender(ipv4(10, 30), 30, 600 if is_greedy else 30, 8, TARGET, cycle(MANY))
    own.stands = True
    yield "30 IPv4 addresses, beside 8,000 others a second", together(own, crowd(PAGES)), 600, 125


SCENES = {
    "a": scene_a,
    "b": scene_b,
    "c": scene_c,
    "d": scene_d,
    "e": scene_e,
    "f": scene_f,
}
