"""The limits hold when crowds and attackers press: short forms of `benchmarks.pressure`."""

from __future__ import annotations

import subprocess
import sys
from itertools import cycle
from pathlib import Path

import pytest

from benchmarks.crowds import Reader, Spender, Step, World, run, steadily, together
from benchmarks.scenes import (
    MANY,
    OFFICE,
    PAGES,
    PREFIX,
    SCENES,
    TARGET,
    floods,
    households,
    ipv4,
    ipv6,
    office,
    singles,
)
from likewise.limits import Limits

ENTRIES = 1_024  # the fewer there are, the sooner they forget
SECONDS = 120


@pytest.fixture
def world() -> World:
    return World(ENTRIES)


def test_nobody_is_refused_because_ten_thousand_others_write(world: World) -> None:
    attack = steadily(zip(ipv4(11), cycle(PAGES), strict=False), 100)
    tally = run(world, SECONDS, attack, households(world, 30, SECONDS, PAGES))
    assert tally.attempts == tally.likes_gained == 12_000
    assert tally.honest > 100
    assert tally.by_pressure == 0
    assert not tally.gave_up


def test_all_get_their_like_while_everyone_attacks(world: World) -> None:
    attack = together(
        steadily(zip(ipv4(11), cycle(PAGES), strict=False), 100),
        steadily(zip(ipv6(), cycle([TARGET, *PAGES]), strict=False), 100),
        steadily(zip(ipv4(10, 30), cycle([TARGET, *PAGES]), strict=False), 100),
    )
    tally = run(world, SECONDS, attack, office(15, 9) + singles(world, 50, SECONDS, TARGET))
    assert tally.liked[OFFICE] == 15
    assert tally.liked.total() == 65
    assert tally.by_pressure == 0


def test_an_office_of_fifteen_waits_a_few_seconds_at_a_time_and_gets_its_likes(
    world: World,
) -> None:
    tally = run(world, SECONDS, None, office(15, 9))
    assert tally.liked[OFFICE] == 15
    assert set(tally.waited) == {"new likes of one page at once"}  # at most 10 s each
    assert tally.longest_wait <= 70


def test_an_office_of_thirty_gets_as_many_as_the_day_allows(world: World) -> None:
    tally = run(world, SECONDS, None, office(30, 9))
    assert tally.liked[OFFICE] == Limits().day
    assert tally.gave_up == {"likes of one page a day": 10}


def test_neighbours_in_an_attacked_48_are_told_so_and_others_are_not(world: World) -> None:
    inside, outside = PREFIX + b"\xff\xff", PREFIX[:-1] + b"\2\0\0"
    world.shares_a_prefix(inside)
    readers = [Reader(who, [Step(30, "like", PAGES[0])]) for who in (inside, outside)]
    attack = steadily(zip(ipv6(), cycle(PAGES), strict=False), 1_300)
    tally = run(world, 31, attack, readers)
    assert (tally.by_prefix, tally.by_pressure) == (1, 0)
    assert tally.liked == {outside: 1}


@pytest.mark.parametrize("at_once", [200, 1])
def test_a_48_gains_no_second_day_by_a_flood(world: World, at_once: int) -> None:
    attack = Spender(ipv6(), 20, at_once, 60, TARGET, cycle(MANY))
    tally = run(world, 1_200, attack)
    assert tally.attempts == 24_000  # each takes two or three of the table's 1,024 rows
    assert tally.gained[TARGET] == (200 if at_once == 200 else 20)


@pytest.mark.parametrize("at_once", [600, 30])
def test_thirty_addresses_gain_no_second_day_by_a_flood(world: World, at_once: int) -> None:
    attack = Spender(ipv4(10, 30), 30, at_once, 60, TARGET, cycle(MANY), stands=True)
    tally = run(world, 1_200, attack)
    assert tally.attempts == 36_000
    assert 600 <= tally.gained[TARGET] < 700  # where five of them meet in a set, one is forgotten


def test_a_crowd_takes_no_more_memory_than_the_tables_have() -> None:
    world = World()
    before = world.tables_mib()
    attack = steadily(zip(ipv4(11), cycle(PAGES), strict=False), 10_000)
    run(world, 5, attack)
    full = world.tables_mib()
    run(world, 5, attack)
    assert before < full
    assert world.tables_mib() == full < 1.5


def test_the_report_has_a_row_for_each_scene(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "benchmarks.pressure",
        "--scenes",
        "e",
        "--results",
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    text = (tmp_path / "pressure.md").read_text(encoding="utf-8")
    assert text == done.stdout.rstrip("\n") + "\n"
    assert "| e: an office of 15 | 0 | 0 | 0 | 0 | 64 | 15 | 0 | 0 | 49 | 0 | 70 |" in text
    assert "15 of 15 |" in text


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("scene", SCENES)
def test_nobody_is_refused_by_pressure_at_full_size(scene: str) -> None:
    for one in SCENES[scene](1):
        assert one.tally.by_pressure == 0, one.name
        assert one.after < 1.5, one.name


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_forgetting_gives_attackers_next_to_nothing_at_full_size() -> None:
    assert [(one.who, one.extra) for one in floods(1) if one.extra_per_million > 50] == []
