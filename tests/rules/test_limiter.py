"""How much one network may write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likewise.addresses import network_of, parse_address
from likewise.errors import Problem
from likewise.limiter import Grant, Limiter
from likewise.limits import Limits, parse_limits
from tests.rules.clock import MIDNIGHT, Clock

PAGE = b"default\0/x\0like"
BURST_SECONDS = 10


def network(text: str) -> bytes:
    address = parse_address(text)
    assert address is not None
    return network_of(address)


READER = network("203.0.113.9")
OTHER = network("203.0.113.10")


class Readers:
    """Somebody's requests to a limiter, with a clock."""

    def __init__(self, limits: str = "on", likes_today: int = 0, entries: int = 1_024) -> None:
        self.clock = Clock()
        self.likes_today = likes_today
        self.limiter = Limiter(
            parse_limits(limits),
            monotonic=self.clock.monotonic,
            wall=self.clock.wall,
            entries=entries,
        )

    def like(
        self, who: bytes | None = READER, page: bytes = PAGE, *, new_page: bool = False
    ) -> Grant:
        return self.limiter.like(who, page, lambda: self.likes_today, new_page=new_page)

    def likes(self, times: int, who: bytes = READER, page: bytes = PAGE) -> None:
        """Like so often, slowly enough for the burst."""
        for _ in range(times):
            self.like(who, page)
            self.clock.go_on(BURST_SECONDS)


@pytest.fixture
def readers() -> Readers:
    return Readers()


@contextmanager
def refused(what: str, retry_after_seconds: int | None = None) -> Iterator[None]:
    with pytest.raises(Problem, match=what) as refusal:
        yield
    assert refusal.value.code == "too_many"
    assert (refusal.value.retry_after_seconds or 0) >= 1
    if retry_after_seconds is not None:
        assert refusal.value.retry_after_seconds == retry_after_seconds


def test_a_third_new_like_of_a_page_in_ten_seconds_is_refused(readers: Readers) -> None:
    readers.like()
    readers.clock.go_on(4)
    readers.like()
    with refused("2 new likes of one page at once", retry_after_seconds=6):
        readers.like()
    readers.clock.go_on(5)
    with refused("at once", retry_after_seconds=1):
        readers.like()
    readers.clock.go_on(1)
    readers.like()


def test_a_burst_is_counted_by_network_page_and_kind(readers: Readers) -> None:
    readers.like()
    readers.like()
    readers.like(OTHER)
    readers.like(page=b"default\0/y\0like")
    readers.like(page=b"default\0/x\0smile")
    with refused("at once"):
        readers.like()


def test_like_and_undo_in_turn_is_not_refused(readers: Readers) -> None:
    for _ in range(3):
        readers.like()
        readers.clock.go_on(1)
        readers.limiter.took_back(READER, PAGE)


def test_a_like_that_stood_already_or_was_not_stored_is_given_back(readers: Readers) -> None:
    for _ in range(20):
        readers.limiter.give_back(readers.like(new_page=True))
    readers.like(new_page=True)
    readers.like(new_page=True)
    with refused("at once"):
        readers.like()


def test_twenty_likes_of_a_page_a_day_are_taken_from_one_network(readers: Readers) -> None:
    readers.likes(20)
    with refused("20 likes of one page a day", retry_after_seconds=43_000):
        readers.like()
    readers.like(OTHER)
    readers.like(page=b"default\0/y\0like")
    readers.clock.go_on(43_000)
    readers.like()


def test_a_take_back_gives_one_of_the_day_back(readers: Readers) -> None:
    readers.likes(20)
    readers.limiter.took_back(READER, PAGE)
    readers.likes(1)
    with refused("a day"):
        readers.like()


def test_a_take_back_of_nothing_gains_nothing(readers: Readers) -> None:
    for _ in range(9):
        readers.limiter.took_back(READER, PAGE)
    readers.likes(20)
    with refused("a day"):
        readers.like()


def test_two_per_cent_of_a_busy_pages_day_are_taken_instead() -> None:
    readers = Readers("likes=5000,writes=9999/s", likes_today=1_499)
    readers.likes(29)
    with refused("29 likes of one page a day"):
        readers.like()
    readers.likes_today = 1_500
    readers.like()


def test_the_pages_day_is_asked_only_where_it_can_matter(readers: Readers) -> None:
    def never() -> int:
        raise AssertionError

    for _ in range(20):
        readers.limiter.like(READER, PAGE, never, new_page=False)
        readers.clock.go_on(BURST_SECONDS)


def test_sixty_writes_a_minute_are_taken_from_one_network(readers: Readers) -> None:
    for number in range(60):
        readers.like(page=b"default\0/%d\0like" % number)
    with refused("60 writes", retry_after_seconds=60):
        readers.like(page=b"default\0/another\0like")
    with refused("60 writes"):
        readers.limiter.write(READER)
    readers.limiter.write(OTHER)
    readers.clock.go_on(60)
    readers.limiter.write(READER)


def test_three_hundred_new_likes_a_day_are_taken_from_one_network(readers: Readers) -> None:
    for number in range(300):
        readers.likes(1, page=b"default\0/%d\0like" % number)
    with refused("300 new likes a day"):
        readers.like(page=b"default\0/another\0like")
    readers.like(OTHER)
    readers.limiter.write(READER)


def test_thirty_new_pages_a_day_are_taken_from_one_network(readers: Readers) -> None:
    for number in range(30):
        readers.like(page=b"default\0/%d\0like" % number, new_page=True)
        readers.clock.go_on(BURST_SECONDS)
    with refused("30 new pages a day"):
        readers.like(page=b"default\0/another\0like", new_page=True)
    readers.like(page=b"default\0/known\0like")
    readers.like(OTHER, b"default\0/another\0like", new_page=True)


def test_a_page_that_was_not_made_is_given_back(readers: Readers) -> None:
    for _ in range(40):
        readers.limiter.give_back(readers.like(new_page=True))
        readers.clock.go_on(BURST_SECONDS)
    readers.like(new_page=True)


def test_six_hundred_reads_a_minute_are_taken_from_one_network(readers: Readers) -> None:
    for _ in range(600):
        readers.limiter.read(READER)
    with refused("600 reads", retry_after_seconds=60):
        readers.limiter.read(READER)
    readers.limiter.read(OTHER)
    readers.like()
    readers.clock.go_on(60)
    readers.limiter.read(READER)


def test_wrong_keys_are_counted_even_where_limits_are_off() -> None:
    readers = Readers("off")
    for _ in range(20):
        readers.limiter.wrong_key(READER)
    with refused("20 wrong keys", retry_after_seconds=60):
        readers.limiter.wrong_key(READER)
    readers.limiter.wrong_key(OTHER)


def test_an_ipv6_reader_cannot_gain_by_moving_inside_its_64(readers: Readers) -> None:
    readers.like(network("2001:db8:1:2::1"))
    readers.like(network("2001:db8:1:2:ffff::2"))
    with refused("at once"):
        readers.like(network("2001:db8:1:2:3:4:5:6"))
    readers.like(network("2001:db8:1:3::1"))


def test_two_hundred_likes_of_a_page_a_day_are_taken_from_one_48(readers: Readers) -> None:
    for number in range(200):
        readers.like(network(f"2001:db8:1:{number:x}::1"))
    with refused("200 likes of one page a day"):
        readers.like(network("2001:db8:1:ffff::1"))
    readers.like(network("2001:db8:2::1"))
    readers.limiter.took_back(network("2001:db8:1:0::1"), PAGE)
    readers.like(network("2001:db8:1:ffff::1"))


def test_twelve_hundred_writes_a_minute_are_taken_from_one_48(readers: Readers) -> None:
    for number in range(1_200):
        readers.limiter.write(network(f"2001:db8:1:{number // 60:x}::1"))
    with refused("1200 writes"):
        readers.limiter.write(network("2001:db8:1:ffff::1"))
    readers.limiter.write(network("2001:db8:2::1"))


def test_three_hundred_new_pages_a_day_are_taken_from_one_48(readers: Readers) -> None:
    def make_page(prefix: str, number: int) -> Grant:
        readers.clock.go_on(1)
        return readers.like(network(f"{prefix}:{number:x}::1"), b"%d" % number, new_page=True)

    for number in range(299):
        make_page("2001:db8:1", number)
    readers.limiter.give_back(make_page("2001:db8:1", 300))
    readers.limiter.give_back_page(make_page("2001:db8:1", 301))
    make_page("2001:db8:1", 302)
    with refused("300 new pages a day"):
        make_page("2001:db8:1", 303)
    make_page("2001:db8:2", 303)
    readers.like(network("2001:db8:1:303::1"), b"known")


def test_one_64_that_is_refused_uses_nothing_up_of_its_48(readers: Readers) -> None:
    for number in range(2_000):
        if number < 60:
            readers.limiter.write(network("2001:db8:1:2::1"))
        else:
            with refused("60 writes"):
                readers.limiter.write(network("2001:db8:1:2::1"))
    readers.limiter.write(network("2001:db8:1:3::1"))


def test_those_who_wait_for_the_burst_use_no_writes_up(readers: Readers) -> None:
    for who in (READER, network("2001:db8:1:2::1")):
        readers.likes(1, who)
        readers.likes(1, who)
        readers.like(who)
        readers.like(who)
        for _ in range(2_000):
            with refused("at once", retry_after_seconds=10):
                readers.like(who)
    readers.like(network("2001:db8:1:3::1"))


def test_a_48_that_is_refused_a_page_uses_its_writes_up(readers: Readers) -> None:
    for number in range(1_200):
        who = network(f"2001:db8:1:{number:x}::1")
        if number < 200:
            readers.like(who)
        else:
            with refused("200 likes of one page a day"):
                readers.like(who)
    with refused("1200 writes"):
        readers.like(network("2001:db8:1:ffff::1"))


def test_a_48_that_may_write_no_more_washes_nobody_out_of_the_table() -> None:
    readers = Readers(entries=8_192)
    for _ in range(2):
        readers.like(READER)
    for number in range(1_200):
        readers.limiter.write(network(f"2001:db8:1:{number:x}::1"))
    for number in range(100_000):
        with refused("1200 writes"):
            readers.limiter.write(network(f"2001:db8:1:{number % 65_536:x}::1"))
    with refused("at once"):
        readers.like(READER)


def test_a_48_has_one_budget_of_wrong_keys(readers: Readers) -> None:
    for number in range(20):
        readers.limiter.wrong_key(network(f"2001:db8:1:{number:x}::1"))
    with refused("20 wrong keys"):
        readers.limiter.wrong_key(network("2001:db8:1:ffff::1"))


@pytest.mark.parametrize(("who", "limits"), [(None, "on"), (READER, "off")])
def test_without_an_address_or_with_limits_off_nothing_is_refused(
    who: bytes | None, limits: str
) -> None:
    readers = Readers(limits)
    for _ in range(1_000):
        grant = readers.like(who, new_page=True)
        readers.limiter.write(who)
        readers.limiter.read(who)
        readers.limiter.took_back(who, PAGE)
    assert grant.rank == 0
    readers.limiter.give_back(grant)


def test_a_like_knows_whether_it_was_its_networks_first_or_a_later_one_that_day(
    readers: Readers,
) -> None:
    ranks = []
    for _ in range(7):
        ranks.append(readers.like().rank)
        readers.clock.go_on(BURST_SECONDS)
    assert ranks == [1, 2, 2, 2, 2, 3, 3]
    assert readers.like(OTHER).rank == 1
    readers.clock.go_on(MIDNIGHT + 86_400 - readers.clock.wall())
    assert readers.like().rank == 1


def test_the_rank_is_the_networks_own_until_its_48_has_had_ten(readers: Readers) -> None:
    ranks = [readers.like(network(f"2001:db8:1:{number:x}::1")).rank for number in range(12)]
    assert ranks == [1] * 10 + [3] * 2
    assert readers.like(network("2001:db8:2::1")).rank == 1


def test_a_like_in_exchange_for_another_is_not_the_first_once_more(readers: Readers) -> None:
    ranks = []
    for _ in range(7):  # the likes that go were given elsewhere
        ranks.append(readers.like().rank)
        readers.limiter.took_back(READER, PAGE)
    assert ranks == [1, 2, 2, 2, 2, 3, 3]


def test_a_like_that_stood_already_makes_no_other_one_a_later_one(readers: Readers) -> None:
    for _ in range(9):
        readers.limiter.give_back(readers.like())
    assert readers.like().rank == 1


def test_no_name_of_a_site_makes_one_network_another(readers: Readers) -> None:
    of_ipv4, of_ipv6, prefix = b"\x20\1\r\xb8", b"\x20\1\r\xb8site", b"\x20\1\r\xb8si"
    for who, page in [(of_ipv4, b"site-a"), (of_ipv6, b"-a"), (prefix + b"x-", b"te-a")]:
        readers.likes(20, who, page + b"\0/x\0like")


def test_under_the_pressure_of_a_million_nobody_new_is_refused() -> None:
    readers = Readers(entries=65_536)
    for number in range(200_000):  # two counters each
        readers.like(number.to_bytes(4), new_page=True)
    for number in range(600_000):
        readers.limiter.read(number.to_bytes(4))


def test_reads_do_not_wash_away_who_has_liked() -> None:
    readers = Readers(entries=64)
    readers.like()
    readers.like()
    for number in range(5_000):
        readers.limiter.read(number.to_bytes(4))
    with refused("at once"):
        readers.like()


steps = st.lists(
    st.tuples(st.sampled_from(["like", "back", "lost", "wait"]), st.integers(0, 2)), max_size=80
)


@settings(max_examples=60)
@given(steps)
def test_a_day_takes_no_more_than_its_limit_net_in_any_order(did: list[tuple[str, int]]) -> None:
    readers = Readers("burst=99/s,day=5,likes=9,writes=9999/s")
    subjects = [b"default\0/%d\0like" % number for number in range(3)]
    standing = [0, 0, 0]
    for what, page in did:
        if what == "wait":
            readers.clock.go_on(1)
        elif what == "back":
            if standing[page]:
                readers.limiter.took_back(READER, subjects[page])
                standing[page] -= 1
        else:
            grant = granted(readers, subjects[page])
            assert (grant is not None) == (standing[page] < 5 and sum(standing) < 9)
            if grant is not None and what == "lost":
                readers.limiter.give_back(grant)
            elif grant is not None:
                standing[page] += 1


def granted(readers: Readers, page: bytes) -> Grant | None:
    with suppress(Problem):
        return readers.like(page=page)
    return None


@pytest.mark.parametrize(
    "refuse",
    [
        lambda readers: readers.likes(1),
        lambda readers: readers.limiter.write(READER),
        lambda readers: readers.limiter.read(READER),
    ],
)
def test_a_limit_of_nothing_takes_nothing(refuse: Callable[[Readers], None]) -> None:
    readers = Readers("burst=0/s,writes=0/s,reads=0/s")
    with refused("At most 0"):
        refuse(readers)


def test_likes_that_make_one_page_together_count_as_one_new_page(readers: Readers) -> None:
    for number in range(59):
        grant = readers.like(OTHER, page=b"%d" % number, new_page=True)
        if number % 2:
            readers.limiter.give_back_page(grant)
        readers.clock.go_on(BURST_SECONDS)
    with refused("30 new pages"):
        readers.like(OTHER, page=b"one more", new_page=True)


def test_networks_are_told_by_those_that_read() -> None:
    clock = Clock()
    limiter = Limiter(Limits(), monotonic=clock.monotonic, wall=clock.wall, entries=64)
    assert limiter.networks() == 0
    limiter.write(network_of(parse_address("203.0.113.1") or b""))
    assert limiter.networks() is None  # a cache may answer those who read
    for last in (1, 2, 2):
        limiter.read(network_of(parse_address(f"203.0.113.{last}") or b""))
    assert limiter.networks() == 2


def test_to_be_asked_for_its_reads_makes_nobody_a_reader() -> None:
    clock = Clock()
    limiter = Limiter(Limits(), monotonic=clock.monotonic, wall=clock.wall, entries=64)
    network = network_of(parse_address("203.0.113.1") or b"")
    assert (limiter.reads(network), limiter.networks()) == (0, 0)
    limiter.read(network)
    limiter.read(network)
    assert (limiter.reads(network), limiter.networks()) == (2, 1)
    clock.go_on(60)
    assert limiter.reads(network) == 0


def test_without_limits_no_networks_are_told() -> None:
    clock = Clock()
    assert Limiter(None, monotonic=clock.monotonic, wall=clock.wall).networks() is None


# Views


def viewed(limiter: Limiter, who: bytes | None) -> bool:
    """Count a view if it may count; return whether it did."""
    may = limiter.may_view(who)
    if may:
        limiter.viewed(who)
    return may


def test_so_many_views_of_a_network_count_a_day() -> None:
    readers = Readers("views=3")
    assert [viewed(readers.limiter, READER) for _ in range(4)] == [True] * 3 + [False]
    assert viewed(readers.limiter, OTHER)
    readers.clock.go_on(86_400)
    assert viewed(readers.limiter, READER)


def test_to_ask_whether_a_view_would_count_spends_nothing() -> None:
    limiter = Readers("views=1").limiter
    assert all(limiter.may_view(READER) for _ in range(9))


def test_views_of_a_prefix_count_together() -> None:
    limiter = Readers("prefix_views=5").limiter
    networks = [network(f"2001:db8:1:{number:x}::1") for number in range(9)]
    assert [viewed(limiter, one) for one in networks] == [True] * 5 + [False] * 4
    assert viewed(limiter, network("2001:db8:2::1"))


def test_a_view_is_a_reading_network_and_its_prefix_is_none() -> None:
    limiter = Readers().limiter
    viewed(limiter, network("2001:db8::1"))
    assert limiter.networks() == 1


def test_views_and_likes_have_limits_of_their_own() -> None:
    readers = Readers("views=2,likes=2,burst=9/1s")
    for _ in range(3):
        viewed(readers.limiter, READER)
    readers.likes(2)
    with refused("new likes a day"):
        readers.like()
    assert readers.limiter.reads(READER) == 0


def test_views_without_a_network_or_limits_always_count() -> None:
    assert all(viewed(Readers("views=1").limiter, None) for _ in range(3))
    assert all(viewed(Readers("off").limiter, READER) for _ in range(3))


def test_views_make_no_more_pages_than_likes_do() -> None:
    readers = Readers("pages=3,burst=99/1s,likes=999")
    grants = [readers.limiter.new_page(READER) for _ in range(2)]
    readers.like(new_page=True)
    assert readers.limiter.new_page(READER) is None
    with refused("new pages a day"):
        readers.like(new_page=True)
    assert grants[0] is not None
    readers.limiter.give_back_page(grants[0])
    assert readers.limiter.new_page(READER) is not None
    assert readers.limiter.new_page(OTHER) is not None


def test_pages_of_unknown_networks_share_one_budget() -> None:
    limiter = Readers("pages=2").limiter
    assert [limiter.new_page(None) is None for _ in range(3)] == [False, False, True]
    assert all(Readers("off").limiter.new_page(None) for _ in range(3))


def test_pages_of_a_prefix_are_bounded_together() -> None:
    limiter = Readers("prefix_pages=2").limiter
    networks = [network(f"2001:db8:1:{number:x}::1") for number in range(3)]
    assert [limiter.new_page(one) is None for one in networks] == [False, False, True]
