"""Whoever invents readers fills neither memory nor disk, and bends no figure beyond its bound."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.abuse.clocked import DAY_SECONDS
from tests.abuse.conftest import StartClocked
from tests.abuse.crowd import fresh_address, fresh_number, sent, view
from tests.abuse.damage import KILOBYTE, damage, rows_in
from tests.conftest import StartService
from tests.service import Service

PAGE = "/post"
FLOODER = "203.0.113.67"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox"
MOST_VIEWS = 500  # of one network that count a day
MOST_PAGES = 30  # that one network makes a day
MOST_HOSTS = 50  # of a page and day, beside `other`
MEBIBYTE = 1 << 20


def agent() -> str:
    """Return a browser that nobody has used yet."""
    return f"{BROWSER}/{fresh_number()}"


def memory_bytes(service: Service) -> int:
    status = Path(f"/proc/{service.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1_024


def views(service: Service, page: str = PAGE) -> int:
    return int(service.get(f"/v1/counts?page={page}").json["counts"][page]["views"])


def flood(service: Service, requests: Iterable[bytes]) -> None:
    """Send requests as fast as it goes: nobody is refused."""
    assert set(sent(service.port, list(requests))) == {200}


@pytest.mark.parametrize(
    "many", [20_000, pytest.param(1_000_000, marks=[pytest.mark.soak, pytest.mark.timeout(900)])]
)
def test_invented_agents_and_addresses_do_not_grow_memory(
    start_service: StartService, many: int
) -> None:
    service = start_service(LIKEWISE_VIEWS="on")
    # What is used once is loaded, and the tables of a fixed size are written all over.
    flood(service, [view(PAGE, fresh_address(), agent()) for _ in range(20_000)])
    before = memory_bytes(service)
    for _ in range(many // 20_000):
        flood(service, [view(PAGE, fresh_address(), agent()) for _ in range(20_000)])
    assert memory_bytes(service) - before < 3 * MEBIBYTE
    assert views(service) == 20_000 + many


def test_one_network_counts_five_hundred_times_a_day_whatever_it_calls_itself(
    start_clocked: StartClocked,
) -> None:
    service = start_clocked(LIKEWISE_VIEWS="on")
    for day in (1, 2):
        flood(service, [view(PAGE, FLOODER, agent()) for _ in range(2_000)])
        assert views(service) == day * MOST_VIEWS
        service.clock.go_on(DAY_SECONDS)


def test_a_48_of_networks_has_its_bound(start_service: StartService) -> None:
    service = start_service(LIKEWISE_VIEWS="on", LIKEWISE_LIMITS="prefix_views=100")
    flood(service, [view(PAGE, f"2001:db8:7:{n:x}::1", agent()) for n in range(500)])
    assert views(service) == 100


def test_made_up_pages_are_as_few_as_by_likes(start_service: StartService) -> None:
    service = start_service(LIKEWISE_VIEWS="on")
    with damage(service, "made-up pages, opened from one address") as done:
        made_up = [f"/made-up/{fresh_number()}/{'x' * 400}" for _ in range(1_000)]
        flood(service, [view(page, FLOODER, agent(), ref="https://a.example") for page in made_up])
    assert done.pages == MOST_PAGES
    assert done.size_bytes < 100 * KILOBYTE
    with damage(service, "made-up pages, opened from 20 addresses") as done:
        for at in [fresh_address() for _ in range(20)]:
            flood(service, [view(f"/made-up/{fresh_number()}", at, agent()) for _ in range(40)])
    assert done.pages == 20 * MOST_PAGES


def test_robots_make_no_pages_at_all(start_service: StartService) -> None:
    service = start_service(LIKEWISE_VIEWS="on")
    with damage(service, "made-up pages, opened by robots") as done:
        robot = "Mozilla/5.0 (compatible; Somebot/1.0)"
        flood(service, [view(f"/{fresh_number()}", fresh_address(), robot) for _ in range(500)])
    assert (done.pages, done.rows) == (0, 0)


def test_made_up_referrers_are_fifty_rows_and_one_a_day(start_clocked: StartClocked) -> None:
    service = start_clocked(LIKEWISE_VIEWS="on")
    for day in (1, 2):
        flood(
            service,
            [
                view(PAGE, fresh_address(), BROWSER, ref=f"https://{fresh_number()}.example")
                for _ in range(1_000)
            ],
        )
        assert rows_in(service.database)["referrers"] == day * (MOST_HOSTS + 1)
        service.clock.go_on(DAY_SECONDS)


def test_a_flood_of_views_is_no_surge_and_leaves_likes_alone(start_clocked: StartClocked) -> None:
    service = start_clocked(LIKEWISE_VIEWS="on")
    flood(service, [view(PAGE, fresh_address(), agent()) for _ in range(3_000)])
    service.clock.go_on(3_600)
    flood(service, [view(PAGE, fresh_address(), agent()) for _ in range(3_000)])
    summary = service.owner("/api/summary").json
    assert summary["surges"] == []
    assert summary["counts"] == {"like": 0}
    # Who has opened pages has his likes left.
    at = fresh_address()
    flood(service, [view(PAGE, at, agent()) for _ in range(600)])
    body = json.dumps({"page": PAGE, "voter": "v" * 20})
    headers = {"Origin": "http://localhost:1313", "X-Forwarded-For": at}
    assert service.request("POST", "/v1/like", body, headers).status == 200
