"""The article's burst: 400 likes from 40 clients at once, which its own server mostly lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.service import ORIGIN, Reply, Service
from tests.web.doors import fresh_address, fresh_page, fresh_voter

LIKES, CLIENTS = 400, 40


def burst(send: Callable[[str], Reply]) -> list[Reply]:
    addresses = [fresh_address() for _ in range(LIKES)]
    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(send, addresses))


def test_no_like_of_a_burst_is_lost_or_counted_twice(door: Service) -> None:
    page = fresh_page()
    voters = {}

    def like(address: str) -> Reply:
        voters[address] = fresh_voter()
        return door.like(page, voters[address], address=address)

    replies = burst(like)
    assert [reply.status for reply in replies] == [200] * LIKES
    assert max(reply.json["count"] for reply in replies) == LIKES
    assert door.count(page) == LIKES
    # A retry of all of them, as after a lost connection, changes nothing.
    again = burst(lambda _: door.like(page, voters.popitem()[1], address=fresh_address()))
    assert {reply.json["count"] for reply in again} == {LIKES}
    assert door.count(page) == LIKES


def test_no_like_of_a_burst_of_the_articles_kind_is_lost(door: Service) -> None:
    post_id = fresh_page().replace("/", "-")

    def like(address: str) -> Reply:
        headers = {"Origin": ORIGIN, "X-Forwarded-For": address}
        return door.request("POST", f"/likes/{post_id}", None, headers)

    replies = burst(like)
    assert [reply.status for reply in replies] == [200] * LIKES
    assert max(reply.json["likes"] for reply in replies) == LIKES
    assert door.get(f"/likes/{post_id}").json["likes"] == LIKES


def test_the_first_likes_of_many_new_pages_at_once_all_count(door: Service) -> None:
    pages = [fresh_page() for _ in range(40)]

    def like(address: str) -> Reply:
        page = pages[int(address.rpartition(".")[2]) % len(pages)]
        return door.like(page, fresh_voter(), address=address)

    replies = burst(like)
    assert [reply.status for reply in replies] == [200] * LIKES
    assert sum(door.count(page) for page in pages) == LIKES


def test_one_voter_from_everywhere_at_once_counts_once(door: Service) -> None:
    page, voter = fresh_page(), fresh_voter()
    replies = burst(lambda address: door.like(page, voter, address=address))
    assert {(reply.status, reply.json["count"]) for reply in replies} == {(200, 1)}
    assert door.count(page) == 1
