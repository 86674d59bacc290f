"""Honest readers who share an address: all of them count, if they wait as they are told."""

from __future__ import annotations

import heapq

import pytest

from tests.abuse.clocked import ClockedService
from tests.abuse.conftest import StartClocked
from tests.abuse.crowd import fresh_voter
from tests.abuse.damage import damage

PAGE, OFFICE = "/post", "198.51.100.7"
LONGEST_WAIT_SECONDS = 10


def wait_all(service: ClockedService, readers: int, at: str = OFFICE) -> tuple[list[int], float]:
    """Let readers like the page at the same moment, and again when they are told to; return the
    statuses that each of them saw last, and how long the last one waited.
    """
    begin = service.clock.wall()
    due = [(begin, number, fresh_voter()) for number in range(readers)]
    statuses = []
    while due:
        moment, number, who = heapq.heappop(due)
        if moment > service.clock.wall():
            service.clock.go_on_until(moment)
        reply = service.like(PAGE, who, address=at)
        if reply.status == 429 and (wait := int(reply.headers["retry-after"])) <= 10:
            heapq.heappush(due, (moment + wait, number, who))
        else:
            statuses.append(reply.status)
    return statuses, service.clock.wall() - begin


@pytest.mark.parametrize("at", [OFFICE, "2001:db8:1:2::7"])
def test_fifteen_readers_behind_one_address_are_all_counted(
    start_clocked: StartClocked, at: str
) -> None:
    service = start_clocked()
    with damage(service, "15 readers behind one address") as done:
        done.honest, waited_seconds = wait_all(service, 15, at)
    assert done.honest == [200] * 15
    assert service.count(PAGE) == 15
    assert waited_seconds <= 8 * LONGEST_WAIT_SECONDS


def test_a_class_of_thirty_finds_room_for_twenty_on_a_quiet_page(
    start_clocked: StartClocked,
) -> None:
    service = start_clocked(LIKEWISE_LIMITS="writes=600/min")
    with damage(service, "30 readers behind one address, quiet page") as done:
        done.honest, _ = wait_all(service, 30)
    assert (done.honest.count(200), done.refused) == (20, 10)


@pytest.mark.parametrize("times", [2, 6])
def test_a_reader_whose_storage_was_cleared_is_told_of_no_error(
    start_clocked: StartClocked, times: int
) -> None:
    service = start_clocked()
    with damage(service, f"one reader, storage cleared {times - 1} times") as done:
        for _ in range(times):
            reply = service.like(PAGE, fresh_voter(), address=OFFICE)
            done.honest.append(reply.status)
            service.clock.go_on(LONGEST_WAIT_SECONDS / 2)
    assert done.honest == [200] * times


def test_a_reader_who_clicks_twice_and_reloads_is_one_like_and_no_error(
    start_clocked: StartClocked,
) -> None:
    service, who = start_clocked(), fresh_voter()
    wishes = [True, True, False, True, False, True, True]
    replies = [service.like(PAGE, who, address=OFFICE, on=on) for on in wishes]
    assert {reply.status for reply in replies} == {200}
    assert service.count(PAGE) == 1
