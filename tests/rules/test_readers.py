"""Who has opened which page today, in constant memory, and who is no reader."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import likewise.readers
from likewise.readers import (
    ENTRIES,
    MAX_AGENT_BYTES,
    WAYS,
    Readers,
    agent_of,
    referrer_host,
    why_not,
)
from tests.rules.clock import MIDNIGHT, Clock

NETWORK = bytes([203, 0, 113, 9])
FIREFOX = b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PAGE = b"default\0/a"


class Timer:
    """What `call_later` of a loop would do, when the test lets it."""

    def __init__(self) -> None:
        self.calls: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, seconds: float, call: Callable[[], None]) -> None:
        self.calls.append((seconds, call))


def readers(clock: Clock | None = None, timer: Timer | None = None) -> Readers:
    return Readers(wall=(clock or Clock()).wall, call_later=(timer or Timer()).call_later)


# The table

NAMES = st.tuples(st.binary(max_size=8), st.binary(max_size=3), st.binary(max_size=3))


@given(st.lists(NAMES, max_size=40))
def test_each_reader_is_new_once_a_page(seen: list[tuple[bytes, bytes, bytes]]) -> None:
    # NUL is what stands between a page and an agent, and is in neither.
    seen = [(network, agent, page.replace(b"\0", b"-")) for network, agent, page in seen]
    table = readers()
    assert [table.is_new(*one) for one in seen] == [
        one not in seen[:number] for number, one in enumerate(seen)
    ]


def test_network_agent_and_page_tell_readers_apart() -> None:
    table = readers()
    for network, agent, page in (
        (NETWORK, FIREFOX, PAGE),
        (b"\0\0\0\0", FIREFOX, PAGE),
        (NETWORK, b"Opera/9.80", PAGE),
        (NETWORK, FIREFOX, b"default\0/b"),
        (NETWORK, FIREFOX, b"notes\0/a"),
    ):
        assert table.is_new(network, agent, page)
        assert not table.is_new(network, agent, page)


def test_a_day_ends_at_midnight_utc() -> None:
    clock = Clock(MIDNIGHT - 2)
    table = readers(clock)
    assert table.is_new(NETWORK, FIREFOX, PAGE)
    clock.go_on(1)
    assert not table.is_new(NETWORK, FIREFOX, PAGE)
    clock.go_on(1)
    assert table.is_new(NETWORK, FIREFOX, PAGE)


def test_a_timer_that_is_early_comes_again_at_midnight() -> None:
    clock, timer = Clock(MIDNIGHT - 100), Timer()
    table = readers(clock, timer)
    table.is_new(NETWORK, FIREFOX, PAGE)
    clock.go_on(99)
    timer.calls.pop()[1]()
    ((seconds, call),) = timer.calls
    assert seconds == 1
    key = table._key
    clock.go_on(1)
    call()
    assert table._key != key


def test_at_midnight_all_is_forgotten_though_nobody_comes() -> None:
    clock, timer = Clock(MIDNIGHT - 100), Timer()
    table = readers(clock, timer)
    table.is_new(NETWORK, FIREFOX, PAGE)
    key, tags = table._key, table._tags
    assert any(tags)
    ((seconds, call),) = timer.calls
    assert seconds == 100
    clock.go_on(100)
    call()
    assert table._key != key
    assert table._tags is not tags
    assert not any(table._tags)


def test_a_timer_that_is_early_forgets_nothing() -> None:
    clock, timer = Clock(MIDNIGHT - 100), Timer()
    table = readers(clock, timer)
    table.is_new(NETWORK, FIREFOX, PAGE)
    clock.go_on(99)
    timer.calls[0][1]()
    assert not table.is_new(NETWORK, FIREFOX, PAGE)


def test_each_table_has_a_key_of_its_own() -> None:
    places = set()
    for _ in range(5):
        table = readers()
        table.is_new(NETWORK, FIREFOX, PAGE)
        places.add(bytes(table._tags))
    assert len(places) == 5


def test_millions_of_agents_take_no_memory() -> None:
    table = readers()
    for number in range(2 * ENTRIES):
        table.is_new(NETWORK, b"%d" % number, PAGE)
    size = table._tags.nbytes
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(2 * ENTRIES, 3 * ENTRIES):
            table.is_new(NETWORK, b"%d" % number, PAGE)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 4_096
    assert table._tags.nbytes == size == 4 * ENTRIES


def test_pressure_forgets_who_was_not_seen_for_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likewise.readers, "ENTRIES", WAYS)  # one set: they all meet
    table = readers()
    for number in range(WAYS):
        assert table.is_new(NETWORK, b"%d" % number, PAGE)
    assert not table.is_new(NETWORK, b"0", PAGE)  # seen again: 1 is the oldest now
    assert table.is_new(NETWORK, b"new", PAGE)
    assert not table.is_new(NETWORK, b"0", PAGE)
    assert table.is_new(NETWORK, b"1", PAGE)


def test_a_flood_forgets_readers_and_invents_none() -> None:
    """Whoever is forgotten may count once more; who has not come is never taken for one who has."""
    table = readers()
    new = sum(table.is_new(NETWORK, b"%d" % number, PAGE) for number in range(3 * ENTRIES))
    assert new >= 3 * ENTRIES - 1  # which two hashes of 2 ** 35 may spoil


def test_an_agent_is_cut_where_it_tells_nobody_apart() -> None:
    assert agent_of({b"user-agent": b"x" * 16_000}) == b"x" * MAX_AGENT_BYTES


# Who is no reader

BROWSERS = [
    FIREFOX,
    (
        b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
        b" Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"
    ),
    (
        b"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
        b" (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
    ),
    (
        b"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
        b" (KHTML, like Gecko) GSA/360.1.737798518 Mobile/15E148 Safari/604.1"
    ),
    (
        b"Mozilla/5.0 (Linux; Android 9; CUBOT_P20) AppleWebKit/537.36 (KHTML, like Gecko)"
        b" Chrome/138.0.0.0 Mobile Safari/537.36"
    ),
    (
        b"Mozilla/5.0 (Linux; Android 15; SM-S931B; wv) AppleWebKit/537.36 (KHTML, like Gecko)"
        b" Version/4.0 Chrome/138.0.0.0 Mobile Safari/537.36 Instagram 390.0.0.43.81 Android"
    ),
    (
        b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
        b" SamsungBrowser/28.0 Chrome/130.0.0.0 Safari/537.36"
    ),
    b"Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)",
    b"Opera/9.80 (Android; Opera Mini/36.2/119.132; U; en) Presto/2.12.423 Version/12.16",
]
ROBOTS = [
    b"",
    b"Mozilla/5.0",
    b"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    (
        b"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like"
        b" Gecko) Chrome/W.X.Y.Z Mobile Safari/537.36 (compatible; GoogleOther)"
    ),
    (
        b"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.3;"
        b" +https://openai.com/gptbot)"
    ),
    (
        b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
        b" HeadlessChrome/138.0.0.0 Safari/537.36"
    ),
    (
        b"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
        b" Chrome/138.0.0.0 Safari/537.36 Chrome-Lighthouse"
    ),
    b"Mozilla/5.0 (compatible; archive.org_bot +http://archive.org/details/archive.org_bot)",
    b"facebookexternalhit/1.1",
    b"WhatsApp/2.23.20.0",
    b"curl/8.7.1",
    b"python-requests/2.32.3",
    b"Go-http-client/2.0",
    b"FreshRSS/1.26.3 (Linux; https://freshrss.org)",
    b"Mozilla/5.0 (compatible; Uptime-Kuma/1.23)",
]


@pytest.mark.parametrize("agent", BROWSERS)
def test_browsers_are_readers(agent: bytes) -> None:
    assert why_not({b"user-agent": agent}) is None


@pytest.mark.parametrize("agent", ROBOTS)
def test_robots_are_none(agent: bytes) -> None:
    assert why_not({b"user-agent": agent}) == "bot"


def test_who_says_nothing_is_none() -> None:
    assert why_not({}) == "bot"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        (b"sec-gpc", b"1", "private"),
        (b"sec-gpc", b"0", None),
        (b"sec-purpose", b"prefetch", "prefetched"),
        (b"sec-purpose", b"prefetch;prerender", "prefetched"),
        (b"sec-purpose", b"prefetch;anonymous-client-ip", "prefetched"),
        (b"purpose", b"prefetch", "prefetched"),
        (b"x-purpose", b"preview", "prefetched"),
        (b"x-moz", b"prefetch", "prefetched"),
        (b"sec-fetch-dest", b"empty", None),
    ],
)
def test_a_browser_may_say_that_a_view_is_none(
    name: bytes, value: bytes, reason: str | None
) -> None:
    assert why_not({b"user-agent": FIREFOX, name: value}) == reason


def test_every_line_of_the_list_is_of_use() -> None:
    """Upper case would match nothing, and a line that matches everything all."""
    path = Path(likewise.readers.__file__).with_name("bots.txt")
    lines = [line for line in path.read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert len(lines) == len(set(lines)) > 40
    for line in lines:
        assert line == line.strip()
        assert re.sub(r"\\.", "", line) == re.sub(r"\\.", "", line).lower()
        assert not re.search(line.encode(), FIREFOX.lower())


def test_the_list_is_no_trap_for_the_service() -> None:
    """The longest agents are looked through in no time, whatever is in them."""
    for piece in (b"a", b"compatible;", b"google-", b"www", b"@", b"mozilla/5.0 "):
        assert why_not({b"user-agent": b"Mozilla/5.0 " + piece * 4_000}) in {None, "bot"}


# Referrers


@pytest.mark.parametrize(
    ("referrer", "host"),
    [
        ("https://news.example/item?id=1#c", "news.example"),
        ("http://www.Example.COM", "example.com"),
        ("https://news.example:8443/", "news.example"),
        ("HTTPS://NEWS.EXAMPLE./", "news.example"),
        ("https://user:password@news.example/", "news.example"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("https://a_b.example/", "a_b.example"),
        ("android-app://com.google.android.gm/", None),
        ("https://localhost/", None),
        ("https://other/", None),
        ("https://192.168.0.9/", None),
        ("https://[2001:db8::1]/", None),
        ("https://bücher.example/", None),
        ("https://<script>.example/", None),
        ("https://news.example\\@evil.example/", None),
        ("https://" + "a" * 64 + ".example/", None),
        ("https://" + "a." * 150 + "example/", None),
        ("javascript:alert(1)", None),
        ("news.example", None),
        ("about:blank", None),
        ("", None),
        (None, None),
    ],
)
def test_of_a_referrer_the_public_name_is_kept(referrer: str | None, host: str | None) -> None:
    assert referrer_host(referrer) == host


@given(st.text())
def test_a_host_is_plain_text_whatever_was_sent(text: str) -> None:
    for referrer in (text, f"https://{text}", f"https://{text}.example/{text}"):
        host = referrer_host(referrer)
        assert host is None or re.fullmatch(r"[a-z0-9_.-]{3,253}", host)
