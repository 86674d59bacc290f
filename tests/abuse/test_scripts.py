"""A script that likes in a loop gains what one network may have, whatever it changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.abuse.clocked import ClockedService
from tests.abuse.conftest import StartClocked
from tests.abuse.crowd import fresh_address, fresh_number, fresh_voter, like, post, sender
from tests.abuse.damage import Damage, damage
from tests.http.proxies import PROXIES, program_of, proxy
from tests.service import ORIGIN, voter

Script = Callable[[int], bytes]

PAGE = "/post"
SCRIPT_AT = "203.0.113.66"
DAY_LIMIT = 20
ROUNDS, PER_ROUND = 24, 12  # as often as the burst lets one like, until long after the day is full
LITTLE_BYTES = 10_000

# All that programs on the way write, and so all that a script may pretend one has written.
FORWARDING = (
    *("X-Forwarded-For", "CF-Connecting-IP", "X-Real-IP", "Forwarded", "True-Client-IP"),
    *("X-Client-IP", "X-Cluster-Client-IP", "X-Forwarded", "Via", "X-Forwarded-Host"),
)
AGENTS = ("curl/8.5", "Mozilla/5.0 (X11; Linux)", "Mozilla/5.0 (iPhone)", "Googlebot/2.1", "")
PAGES = ("/post", "/post/", "/post/index.html", "//post", "https://h/post?utm=1", "/x/../post#top")
LOOKALIKES = (
    *(f"{ORIGIN}.evil.example", "https://localhost:1313", "http://localhost.evil.example:1313"),
    *(f"{ORIGIN}/post", f"{ORIGIN}, {ORIGIN}", "http://LOCALHOST:1313@evil.example", "*"),
)
TYPES = ("text/plain", "application/json", "text/plain;charset=UTF-8")


def forged() -> dict[str, str]:
    """Return headers that name another reader each time, in every way there is."""
    at = fresh_address()
    return dict.fromkeys(FORWARDING, at) | {"Forwarded": f"for={at};proto=https"}


def _article(number: int) -> bytes:
    body = json.dumps({"voter": voter(number)}) if number % 2 else ""
    return post("/likes/%2Fpost", body, {"Origin": ORIGIN, "X-Forwarded-For": SCRIPT_AT})


def _altered(number: int) -> bytes:
    headers = {"Content-Type": TYPES[number % len(TYPES)]}
    page = PAGES[number % len(PAGES)]
    more = {f"more{number}": number, "n": 1, "on": True, "count": 9_999}
    return like(page, None, SCRIPT_AT, headers=headers, **more)


def _posted_by(**headers: str) -> bytes:
    lines = {"Content-Type": "text/plain", "X-Forwarded-For": SCRIPT_AT, **headers}
    return post("/v1/like", json.dumps({"page": PAGE, "voter": fresh_voter()}), lines)


SCRIPTS: dict[str, tuple[Script, int]] = {
    "another token each time": (lambda _: like(PAGE, None, SCRIPT_AT), DAY_LIMIT),
    "another browser each time": (
        lambda n: like(PAGE, None, SCRIPT_AT, headers={"User-Agent": AGENTS[n % len(AGENTS)]}),
        DAY_LIMIT,
    ),
    "five tokens in turn": (lambda n: like(PAGE, voter(n % 5), SCRIPT_AT), 5),
    "one body again and again": (lambda _: like(PAGE, voter(1), SCRIPT_AT), 1),
    "bodies altered": (_altered, DAY_LIMIT),
    "the article's calls": (_article, DAY_LIMIT),
    "more than one at a time": (lambda _: like(PAGE, None, SCRIPT_AT, n=1_000), 0),
    "another site's page": (lambda _: _posted_by(Origin="https://evil.example"), 0),
    "a name like the site's": (lambda n: _posted_by(Origin=LOOKALIKES[n % len(LOOKALIKES)]), 0),
    "a sandboxed page": (lambda _: _posted_by(Origin="null"), 0),
    "no page at all": (lambda _: _posted_by(), 0),
    "a page that names another as its referrer": (lambda _: _posted_by(Referer=f"{ORIGIN}/"), 0),
}


def run_for_a_day(
    service: ClockedService, script: Script, done: Damage, port: int = 0, source: str = "127.0.0.1"
) -> None:
    """Let a script run, and a reader like the page from time to time."""
    with sender(port or service.port, source) as running:
        for turn in range(ROUNDS):
            running.send([script(turn * PER_ROUND + number) for number in range(PER_ROUND)])
            done.honest.append(service.like(PAGE, fresh_voter(), address=fresh_address()).status)
            service.clock.go_on(10)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_gains_in_a_day_what_one_network_may_have(
    start_clocked: StartClocked, name: str
) -> None:
    service = start_clocked()
    script, most = SCRIPTS[name]
    with damage(service, name) as done:
        run_for_a_day(service, script, done)
    assert done.gained == most
    assert (done.pages, done.refused) == (1, 0)
    assert done.rows <= most + len(done.honest) + 5  # the page, its kind, count, hour, and a surge
    assert done.size_bytes <= LITTLE_BYTES


def test_what_another_site_posts_in_a_readers_name_costs_that_reader_nothing(
    start_clocked: StartClocked,
) -> None:
    service = start_clocked()
    with damage(service, "another site's page, in a reader's browser") as done:
        with sender(service.port) as running:
            statuses = running.send([_posted_by(Origin="https://evil.example")] * 2_000)
        done.honest += [service.like(PAGE, voter(n), address=SCRIPT_AT).status for n in range(2)]
    assert set(statuses) == {403}
    assert (done.gained, done.refused) == (0, 0)


def test_reached_directly_a_script_gains_nothing_by_headers(start_clocked: StartClocked) -> None:
    service = start_clocked(LIKEWISE_TRUSTED_PROXIES="127.0.0.1")
    with damage(service, "forged headers, reached directly") as done:
        run_for_a_day(service, lambda _: like(PAGE, headers=forged()), done, source="127.0.0.2")
    assert (done.gained, done.refused) == (DAY_LIMIT, 0)
    assert done.size_bytes <= LITTLE_BYTES


@pytest.mark.parametrize("name", ["nginx", "caddy"])
def test_behind_a_proxy_a_script_gains_nothing_by_headers(
    start_clocked: StartClocked, tmp_path: Path, name: str
) -> None:
    if program_of(name) is None:
        pytest.skip(f"{name} is missing: apt-get install {PROXIES[name].package}")
    service = start_clocked(LIKEWISE_TRUSTED_PROXIES="127.0.0.1")
    directory = tmp_path / f"proxy-{fresh_number()}"
    directory.mkdir()
    with (
        damage(service, f"forged headers, behind {name}") as done,
        proxy(name, directory, service.port) as port,
    ):
        script = lambda _: like(PAGE, headers=forged())  # noqa: E731
        run_for_a_day(service, script, done, port, source="127.0.0.2")
        with sender(port, "127.0.0.3") as neighbour:
            done.honest += neighbour.send([like(PAGE, headers=forged())])
    assert (done.gained, done.refused) == (DAY_LIMIT, 0)
