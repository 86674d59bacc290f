"""How much one network may write, seen from outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from likewise.addresses import LOOPBACK, Proxies
from likewise.errors import Problem
from likewise.http.message import Request, headers_of
from likewise.limiter import Limiter
from likewise.limits import parse_limits
from likewise.sites import site
from likewise.store import Wish
from likewise.web.gate import Gate
from likewise.web.likes import Likes
from likewise.web.visitors import Visitors
from tests.conftest import StartService
from tests.rules.clock import Clock
from tests.service import ORIGIN, Reply, Service, address, voter
from tests.web.doors import fresh_address, fresh_page, fresh_voter
from tests.web.nginx import PROGRAM, Proxy, nginx

# Nothing but the limit of the day is met by a test that does not wait.
DAY_ALONE = "burst=1000/1s,writes=60000/min,likes=60000,pages=60000,reads=60000/min"
# All that programs on the way write, and so all that a client may pretend one has written.
FORWARDING = [
    "X-Forwarded-For",
    "CF-Connecting-IP",
    "X-Real-IP",
    "Forwarded",
    "X-Forwarded-Host",
    "True-Client-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
]


def forged() -> dict[str, str]:
    """Return headers that name another reader each time, in every way there is."""
    address = fresh_address()
    return dict.fromkeys(FORWARDING, address) | {"Forwarded": f"for={address}"}


def too_many(reply: Reply) -> int:
    """Check that a reply is a refusal for being too many, and return how long to wait."""
    assert (reply.status, reply.code) == (429, "too_many")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "retry-after" in reply.headers["access-control-expose-headers"]
    assert reply.headers["cache-control"] == "no-store"
    seconds = int(reply.headers["retry-after"])
    assert seconds >= 1
    assert f"{seconds} seconds" in reply.json["detail"]
    return seconds


def like(service: Service, page: str, address: str, **fields: Any) -> Reply:
    return service.like(page, fresh_voter(), address=address, **fields)


# As it comes


def test_a_third_new_like_in_ten_seconds_waits(door: Service) -> None:
    page, address = fresh_page(), fresh_address()
    assert [like(door, page, address).status for _ in range(2)] == [200, 200]
    assert too_many(like(door, page, address)) <= 10
    assert like(door, fresh_page(), address).status == 200
    assert like(door, page, fresh_address()).status == 200
    assert door.count(page) == 3


def test_the_articles_calls_are_limited_alike(door: Service) -> None:
    post_id = fresh_page().replace("/", "-")
    headers = {"Origin": ORIGIN, "X-Forwarded-For": fresh_address()}
    replies = [door.request("POST", f"/likes/{post_id}", None, headers) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    too_many(replies[2])
    assert door.get(f"/likes/{post_id}").json["likes"] == 2


def test_liking_and_taking_back_in_turn_is_not_refused(door: Service) -> None:
    page, voter, address = fresh_page(), fresh_voter(), fresh_address()
    replies = [door.like(page, voter, address=address, on=on) for on in (True, False) * 3]
    assert [reply.status for reply in replies] == [200] * 6
    assert door.count(page) == 0


def test_a_like_that_stands_already_is_never_refused(door: Service) -> None:
    page, voter, address = fresh_page(), fresh_voter(), fresh_address()
    replies = [door.like(page, voter, address=address) for _ in range(70)]
    assert {(reply.status, reply.json["count"]) for reply in replies} == {(200, 1)}
    too_many(like(door, page, address))  # 60 writes a minute were too many long ago
    assert door.like(page, voter, address=address).json["count"] == 1
    gone = door.like(page, fresh_voter(), address=address, on=False)
    assert (gone.status, gone.json["on"]) == (200, False)


def test_an_alias_is_limited_with_its_page(door: Service) -> None:
    page, old, address = fresh_page(), fresh_page(), fresh_address()
    line = json.dumps({"page": page, "alias": old}).encode()
    assert door.owner("/api/import", "POST", line).status == 200
    replies = [like(door, name, address) for name in (page, old, page)]
    assert [reply.status for reply in replies] == [200, 200, 429]


def test_what_was_refused_uses_nothing_up(door: Service) -> None:
    page, address = fresh_page(), fresh_address()
    for _ in range(5):
        assert like(door, page, address, kind="love").code == "unknown_kind"
        assert door.like(page, "short", address=address).code == "bad_voter"
        refused = like(door, page, address, origin="https://evil.example")
        assert refused.code == "origin_refused"
    assert [like(door, page, address).status for _ in range(2)] == [200, 200]


def test_where_no_address_is_known_nobody_pays_for_others(door: Service) -> None:
    page = fresh_page()
    replies = [door.like(page, fresh_voter()) for _ in range(100)]
    assert {reply.status for reply in replies} == {200}
    assert door.count(page) == 100


def test_ipv6_readers_are_counted_by_their_64(door: Service) -> None:
    page, number = fresh_page(), int(fresh_page().rpartition("/")[2])
    prefix = f"2001:db8:{number:x}"
    for reader in (f"{prefix}:1::1", f"{prefix}:1:ffff::2"):
        assert like(door, page, reader).status == 200
    too_many(like(door, page, f"[{prefix}:1::3]:443"))
    assert like(door, page, f"{prefix}:2::1").status == 200


# With limits of one's own


def test_sixty_writes_a_minute(start_service: StartService) -> None:
    service, address = start_service(LIKEWISE_LIMITS="pages=60000"), fresh_address()
    assert {like(service, fresh_page(), address).status for _ in range(60)} == {200}
    assert too_many(like(service, fresh_page(), address)) <= 60
    assert like(service, fresh_page(), fresh_address()).status == 200


def test_reads_a_minute(start_service: StartService) -> None:
    service, address = start_service(LIKEWISE_LIMITS="reads=3/min"), fresh_address()
    targets = ["/v1/counts?page=/a", "/likes/a", "/v1/counts?page=/b", "/likes/b", "/v1/counts"]
    replies = [service.get(target, x_forwarded_for=address) for target in targets]
    assert [reply.status for reply in replies] == [200, 200, 200, 429, 429]
    too_many(replies[3])
    assert service.get("/likes.js", x_forwarded_for=address).status == 200
    assert like(service, "/a", address).status == 200


def test_new_likes_and_new_pages_a_day(start_service: StartService) -> None:
    service = start_service(LIKEWISE_LIMITS="likes=4,pages=2")
    address, other = fresh_address(), fresh_address()
    known = [fresh_page() for _ in range(9)]
    for page in known:
        assert like(service, page, fresh_address()).status == 200
    assert [like(service, fresh_page(), address).status for _ in range(3)] == [200, 200, 429]
    replies = [like(service, page, address) for page in known[:3]]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert "4 new likes a day" in replies[2].json["detail"]
    assert too_many(replies[2]) <= 86_400
    assert like(service, known[0], other).status == 200


def test_a_48_of_ipv6_has_limits_too(start_service: StartService) -> None:
    service = start_service(LIKEWISE_LIMITS="prefix_day=3,prefix_writes=5/min")
    page = fresh_page()
    readers = [f"2001:db8:1:{number:x}::1" for number in range(9)]
    assert [like(service, page, reader).status for reader in readers[:4]] == [200, 200, 200, 429]
    assert like(service, page, "2001:db8:2::1").status == 200
    replies = [like(service, fresh_page(), reader) for reader in readers[4:6]]
    assert [reply.status for reply in replies] == [200, 429]
    assert "5 writes" in replies[1].json["detail"]


def test_a_busy_page_takes_a_share_of_its_day_from_one_network(start_service: StartService) -> None:
    service = start_service(LIKEWISE_LIMITS=f"{DAY_ALONE},day=2,share=50")
    page, address = fresh_page(), fresh_address()
    for _ in range(4):
        like(service, page, fresh_address())
    # The third is one of 6 and 1; the fourth would be more than a half of 7, and is not of 8.
    assert [like(service, page, address).status for _ in range(4)] == [200, 200, 200, 429]
    like(service, page, fresh_address())
    assert [like(service, page, address).status for _ in range(2)] == [200, 429]


def test_a_take_back_makes_room_in_the_day(start_service: StartService) -> None:
    service = start_service(LIKEWISE_LIMITS=f"{DAY_ALONE},day=2")
    page, address, voter = fresh_page(), fresh_address(), fresh_voter()
    assert service.like(page, voter, address=address).status == 200
    assert [like(service, page, address).status for _ in range(2)] == [200, 429]
    assert service.like(page, voter, address=address, on=False).status == 200
    assert [like(service, page, address).status for _ in range(2)] == [200, 429]


def test_limits_are_gone_after_a_restart_and_counts_are_not(start_service: StartService) -> None:
    service, page, address = start_service(), fresh_page(), fresh_address()
    assert [like(service, page, address).status for _ in range(3)] == [200, 200, 429]
    service.restart()
    assert [like(service, page, address).status for _ in range(3)] == [200, 200, 429]
    assert service.count(page) == 4


def test_limits_can_be_turned_off(start_service: StartService) -> None:
    service, page, address = start_service(LIKEWISE_LIMITS="off"), fresh_page(), fresh_address()
    assert {like(service, page, address).status for _ in range(100)} == {200}


# Whatever a client writes


def test_all_lines_of_a_forwarding_header_are_read_and_the_last_name_counts(door: Service) -> None:
    page, reader = fresh_page(), fresh_address()

    def send() -> int:
        lines = {"X-Forwarded-For": fresh_address(), "x-forwarded-for": f"{reader}, 127.0.0.1"}
        body = json.dumps({"page": page, "voter": fresh_voter()})
        return door.request("POST", "/v1/like", body, {"Origin": ORIGIN} | lines).status

    assert [send() for _ in range(3)] == [200, 200, 429]


@pytest.fixture(scope="module")
def exposed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a service that readers reach without a proxy."""
    settings = {"LIKEWISE_TRUSTED_PROXIES": "none", "LIKEWISE_LIMITS": DAY_ALONE}
    with Service(tmp_path_factory.mktemp("exposed"), **settings) as service:
        yield service


@pytest.mark.parametrize("header", [*FORWARDING, "all of them", "none"])
def test_reached_directly_no_header_makes_a_network_another_one(
    exposed: Service, header: str
) -> None:
    page = fresh_page()

    def send() -> int:
        headers = {"Origin": ORIGIN} | (forged() if header == "all of them" else {})
        if header in FORWARDING:
            headers[header] = forged()[header]
        body = json.dumps({"page": page, "voter": fresh_voter()})
        return exposed.request("POST", "/v1/like", body, headers).status

    assert [send() for _ in range(23)] == [200] * 20 + [429] * 3
    assert exposed.count(page) == 20


def test_a_header_that_is_not_believed_is_logged_once_with_the_line_to_set(
    start_service: StartService,
) -> None:
    service = start_service(LIKEWISE_TRUSTED_PROXIES="10.0.0.0/8")
    for _ in range(3):
        service.get("/v1/counts?page=/a", x_forwarded_for="203.0.113.9")
        service.like("/a", fresh_voter(), address="203.0.113.9")
    lines = [line for line in service.log.splitlines() if "not believed" in line]
    assert len(lines) == 1
    assert "LIKEWISE_TRUSTED_PROXIES=127.0.0.1" in lines[0]
    assert "203.0.113.9" not in service.log


def test_another_header_names_the_reader_where_the_owner_says_so(
    start_service: StartService,
) -> None:
    service = start_service(LIKEWISE_CLIENT_HEADER="CF-Connecting-IP")
    page, reader = fresh_page(), fresh_address()

    def send(**changed: str) -> int:
        headers = {"Origin": ORIGIN, **forged(), "CF-Connecting-IP": reader} | changed
        body = json.dumps({"page": page, "voter": fresh_voter()})
        return service.request("POST", "/v1/like", body, headers).status

    assert [send() for _ in range(3)] == [200, 200, 429]
    assert send(**{"CF-Connecting-IP": fresh_address()}) == 200


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Proxy]]:
    """Return a service and the nginx before it, which alone is trusted: readers come from
    other addresses of this machine.
    """
    if not Path(PROGRAM).exists():
        pytest.skip("nginx is missing: apt-get install nginx-light")
    settings = {"LIKEWISE_TRUSTED_PROXIES": "127.0.0.1", "LIKEWISE_LIMITS": DAY_ALONE}
    with (
        Service(tmp_path_factory.mktemp("proxied"), **settings) as service,
        nginx(tmp_path_factory.mktemp("nginx"), service) as proxy,
    ):
        yield service, proxy


@pytest.mark.parametrize("header", [*FORWARDING, "all of them", "none"])
def test_behind_nginx_no_header_makes_a_network_another_one(
    proxied: tuple[Service, Proxy], header: str
) -> None:
    service, proxy = proxied
    page = fresh_page()

    def send(reader: str) -> int:
        headers = {"Origin": ORIGIN} | (forged() if header == "all of them" else {})
        if header in FORWARDING:
            headers[header] = forged()[header]
        body = json.dumps({"page": page, "voter": fresh_voter()})
        return proxy.request("POST", "/v1/like", body, headers, reader).status

    assert [send("127.0.0.2") for _ in range(23)] == [200] * 20 + [429] * 3
    assert send("127.0.0.3") == 200
    assert service.count(page) == 21


@pytest.mark.parametrize(
    "written", ["127.0.0.1", "127.0.0.1, 127.0.0.1", "", ",", "unknown", "\xff"]
)
def test_behind_nginx_a_client_cannot_pass_for_a_proxy(
    proxied: tuple[Service, Proxy], written: str
) -> None:
    _, proxy = proxied
    page = fresh_page()

    def send() -> int:
        headers = {"Origin": ORIGIN, "X-Forwarded-For": written}
        body = json.dumps({"page": page, "voter": fresh_voter()})
        return proxy.request("POST", "/v1/like", body, headers, "127.0.0.2").status

    assert [send() for _ in range(21)] == [200] * 20 + [429]


# What was granted and not used


class FullDisk:
    """A store that cannot write: all that `Likes` asks of one that a like meets."""

    def known(self, _site: str, _page: str) -> None:
        """Know no page."""

    def n_of(self, *_wish: str) -> int:
        """Know no voter."""
        return 0

    def like(self, _wish: Wish, answer: object) -> object:
        """Store nothing."""
        assert callable(answer)
        return answer(Problem("storage_unavailable", "The disk is full."))


def test_a_like_that_could_not_be_stored_is_given_back() -> None:
    clock = Clock()
    limiter = Limiter(
        parse_limits("pages=1"), monotonic=clock.monotonic, wall=clock.wall, entries=64
    )
    sites = {"default": site("default", None, ())}
    unused: Any = None
    likes = Likes(
        FullDisk(),  # type: ignore[arg-type]
        sites,
        Visitors(limiter, Proxies(LOOPBACK)),
        Gate([], {}),
        refused_origins=unused,
    )
    headers = headers_of([(b"origin", ORIGIN.encode()), (b"x-forwarded-for", b"203.0.113.9")])
    for _ in range(5):
        body = json.dumps({"page": "/a", "voter": fresh_voter()}).encode()
        request = Request("POST", b"/v1/like", b"", headers, body, "127.0.0.1")
        with pytest.raises(Problem, match="The disk is full"):
            likes.like(request)


def test_two_first_likes_at_once_use_up_one_new_page(start_service: StartService) -> None:
    service = start_service(LIKEWISE_LIMITS="pages=2")
    with ThreadPoolExecutor(2) as both:
        first = [
            both.submit(service.like, "/a", voter(number), address=address(1))
            for number in range(2)
        ]
        assert [reply.result().status for reply in first] == [200, 200]
    assert service.like("/b", voter(1), address=address(1)).status == 200
    assert service.like("/c", voter(1), address=address(1)).code == "too_many"
