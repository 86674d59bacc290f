"""Many networks, or one that looks like many: what they gain, and whom they hurt."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.abuse.clocked import ClockedService
from tests.abuse.conftest import StartClocked
from tests.abuse.crowd import (
    HonestReaders,
    fresh_address,
    fresh_number,
    fresh_voter,
    like,
    sender,
    sent,
)
from tests.abuse.damage import KILOBYTE, damage
from tests.service import voter

PAGE = "/post"
DAY_LIMIT, PREFIX_DAY_LIMIT, PREFIX_PAGES = 20, 200, 300
FEW_BYTES, SOME_BYTES = 10 * KILOBYTE, 200 * KILOBYTE
ATTACKER = "203.0.113.68"


def hosts_of(prefix: str) -> Iterator[str]:
    """Return addresses that differ in their last 64 bits."""
    while True:
        number = fresh_number()
        yield f"{prefix}:{number >> 16:x}:{number & 0xFFFF:x}:0:1"


def networks_of(prefix: str) -> Iterator[str]:
    """Return addresses in the /64s of a /48, from one to the next."""
    while True:
        for number in range(65_536):
            yield f"{prefix}:{number:x}::{fresh_number() & 0xFFFF:x}"


def flooded(service: ClockedService, readers: Iterator[str], rounds: int, times: int) -> list[int]:
    """Like the page from one address after another, over some time; honest readers do so too."""
    honest = []
    with sender(service.port) as running:
        for _ in range(rounds):
            running.send([like(PAGE, None, next(readers)) for _ in range(times)])
            honest.append(service.like(PAGE, fresh_voter(), address=fresh_address()).status)
            service.clock.go_on(10)
    return honest


def test_rotation_inside_a_64_gains_what_one_network_may_have(
    start_clocked: StartClocked,
) -> None:
    service = start_clocked()
    with damage(service, "IPv6, rotation inside a /64") as done:
        done.honest = flooded(service, hosts_of("2001:db8:1:2"), rounds=24, times=20)
    assert (done.gained, done.refused) == (DAY_LIMIT, 0)
    assert done.size_bytes <= FEW_BYTES


def test_rotation_inside_a_48_gains_what_ten_networks_may_have(
    start_clocked: StartClocked,
) -> None:
    service = start_clocked()
    with damage(service, "IPv6, rotation inside a /48") as done:
        done.honest = flooded(service, networks_of("2001:db8:1"), rounds=24, times=100)
        # A neighbour's /48 is another one.
        done.honest.append(service.like(PAGE, fresh_voter(), address="2001:db8:2::1").status)
    assert (done.gained, done.refused) == (PREFIX_DAY_LIMIT, 0)
    assert done.size_bytes <= SOME_BYTES


def test_made_up_pages_from_all_over_a_48_are_three_hundred(start_clocked: StartClocked) -> None:
    service, networks = start_clocked(), networks_of("2001:db8:1")
    with damage(service, "IPv6, made-up pages from a /48") as done:
        for _ in range(3):
            requests = [like(f"/{fresh_number()}", None, next(networks)) for _ in range(1_200)]
            sent(service.port, requests)
            service.clock.go_on(60)
        done.honest.append(service.like(PAGE, fresh_voter(), address=fresh_address()).status)
    assert (done.gained, done.pages, done.refused) == (PREFIX_PAGES, PREFIX_PAGES + 1, 0)
    assert done.size_bytes <= SOME_BYTES


@pytest.mark.parametrize("at", [ATTACKER, None])
def test_taking_back_what_others_gave_needs_their_tokens(
    start_clocked: StartClocked, at: str | None
) -> None:
    service = start_clocked()
    with damage(service, "a flood of take-backs") as done:
        for number in range(20):
            reply = service.like(PAGE, voter(number), address=fresh_address())
            done.honest.append(reply.status)
        sent(service.port, [like(PAGE, None, at, on=False) for _ in range(2_000)])
        done.honest.append(service.like(PAGE, fresh_voter(), address=fresh_address()).status)
    assert (done.gained, done.refused) == (0, 0)
    assert service.count(PAGE) == 21
    assert done.size_bytes <= FEW_BYTES


def test_toggling_a_thousand_times_moves_a_count_by_one_and_fills_nothing(
    start_clocked: StartClocked,
) -> None:
    service, who = start_clocked(), fresh_voter()
    with damage(service, "one like, toggled 1,000 times") as done:
        toggles = [like(PAGE, who, ATTACKER, on=number % 2 == 0) for number in range(1_000)]
        for first in range(0, len(toggles), 50):
            assert set(sent(service.port, toggles[first : first + 50], at_once=1)) == {200}
            service.clock.go_on(60)
        done.honest = [service.like(PAGE, fresh_voter(), address=fresh_address()).status]
    assert (done.gained, done.refused, service.count(PAGE)) == (0, 0, 1)
    assert done.rows <= 6
    assert done.size_bytes <= FEW_BYTES


def test_toggling_at_full_speed_is_slowed_and_the_last_wish_can_still_be_told(
    start_clocked: StartClocked,
) -> None:
    service, who = start_clocked(), fresh_voter()
    toggles = [like(PAGE, who, ATTACKER, on=number % 2 == 0) for number in range(1_000)]
    statuses = sent(service.port, toggles, at_once=1)
    assert statuses[:60] == [200] * 60
    assert service.count(PAGE) == 0
    service.clock.go_on(60)
    assert service.like(PAGE, who, address=ATTACKER).json["count"] == 1


@pytest.mark.parametrize("crowd", [1_500, pytest.param(200_000, marks=pytest.mark.soak)])
def test_a_crowd_of_networks_locks_no_honest_reader_out(
    start_clocked: StartClocked, crowd: int
) -> None:
    service, office = start_clocked(), "198.51.100.1"
    with damage(service, f"a crowd of {crowd} networks") as done:
        with HonestReaders(service, PAGE) as readers:
            requests = (like(PAGE, None, fresh_address()) for _ in range(crowd))
            sent(service.port, list(requests))
        done.honest = readers.statuses
        for _ in range(10):
            neighbours = [service.like(PAGE, fresh_voter(), address=office) for _ in range(2)]
            done.honest += [reply.status for reply in neighbours]
            service.clock.go_on(10)
    assert done.refused == 0
    assert done.gained == crowd


def test_a_crowd_that_fills_its_own_limits_fills_no_others(start_clocked: StartClocked) -> None:
    service = start_clocked()
    crowd = [fresh_address() for _ in range(100)]
    readers = [fresh_address() for _ in range(20)]
    with damage(service, "100 networks at all their limits") as done, sender(service.port) as all_:
        for _ in range(3):
            statuses = all_.send([like(PAGE, None, at) for at in crowd for _ in range(25)])
            assert 429 in statuses
            done.honest += all_.send([like(PAGE, None, at) for at in readers])
            service.clock.go_on(10)
    assert (done.gained, done.refused) == (100 * 3 * 2, 0)
