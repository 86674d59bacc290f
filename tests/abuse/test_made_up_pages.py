"""Pages that nobody has written fill neither the disk nor the reports."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Iterator
from itertools import islice

import pytest

from tests.abuse.clocked import DAY_SECONDS
from tests.abuse.conftest import StartClocked
from tests.abuse.crowd import (
    HonestReaders,
    fresh_address,
    fresh_number,
    fresh_voter,
    like,
    post,
    sender,
    sent,
)
from tests.abuse.damage import KILOBYTE, damage
from tests.conftest import StartService
from tests.service import ORIGIN, Service, voter

PAGE = "/post"
FLOODER = "203.0.113.67"
SHORT_SECONDS, LONG_SECONDS = 5, 60
MOST_PAGES = 30  # that one network makes a day
MOST_BYTES = 100 * KILOBYTE
LONGEST_PAGE = 512 - len("/made-up/0000000/")
OLD_KEY, NEW_KEY = "old-page-key-0123456789abcdef", "new-page-key-0123456789abcdef"


def made_up() -> str:
    """Return a page that nobody has written, as long as pages may be."""
    return f"/made-up/{fresh_number()}/{'x' * LONGEST_PAGE}"


def flood(service: Service, seconds: float, at: str = FLOODER) -> list[int]:
    """Like made-up pages from one address, as fast as it goes."""
    end, statuses = time.monotonic() + seconds, list[int]()
    with sender(service.port) as running:
        while time.monotonic() < end:
            statuses += running.send([like(made_up(), None, at) for _ in range(64)])
    return statuses


@pytest.mark.parametrize(
    "seconds", [SHORT_SECONDS, pytest.param(LONG_SECONDS, marks=pytest.mark.soak)]
)
def test_one_address_makes_thirty_pages_however_fast_it_is(
    start_service: StartService, seconds: float
) -> None:
    service = start_service()
    with damage(service, f"made-up pages, one address, {seconds} s") as done:
        with HonestReaders(service, PAGE) as readers:
            statuses = flood(service, seconds)
        done.honest += readers.statuses
    assert set(statuses) == {200, 429}
    assert (done.gained, done.pages) == (MOST_PAGES, MOST_PAGES + 1)
    assert done.size_bytes < MOST_BYTES
    assert done.refused == 0


def test_many_addresses_make_thirty_pages_each_and_no_more(start_service: StartService) -> None:
    service, addresses = start_service(), 50
    with damage(service, f"made-up pages, {addresses} addresses") as done:
        for at in [fresh_address() for _ in range(addresses)]:
            sent(service.port, [like(made_up(), None, at) for _ in range(40)])
        done.honest.append(service.like(PAGE, fresh_voter(), address=fresh_address()).status)
    assert done.pages == addresses * MOST_PAGES + 1
    assert done.size_bytes < addresses * MOST_BYTES
    assert done.refused == 0


def test_the_articles_calls_make_thirty_pages_too(start_clocked: StartClocked) -> None:
    service = start_clocked()
    headers = {"Origin": ORIGIN, "X-Forwarded-For": FLOODER}
    with damage(service, "made-up pages, the article's calls") as done:
        sent(service.port, [post(f"/likes/{fresh_number()}", "", headers) for _ in range(60)])
    assert (done.gained, done.pages) == (MOST_PAGES, MOST_PAGES)


def test_a_page_that_is_liked_and_let_go_again_was_made_all_the_same(
    start_clocked: StartClocked,
) -> None:
    service = start_clocked()

    def pairs() -> Iterator[bytes]:
        while True:
            page, who = made_up(), fresh_voter()
            yield like(page, who, FLOODER)
            yield like(page, who, FLOODER, on=False)

    with damage(service, "made-up pages, liked and let go") as done:
        for requests in [pairs()] * 4:
            sent(service.port, list(islice(requests, 60)))
            service.clock.go_on(60)
    assert (done.gained, done.pages) == (0, MOST_PAGES)
    assert done.size_bytes < MOST_BYTES


def test_letting_go_of_what_was_never_liked_makes_nothing(start_clocked: StartClocked) -> None:
    service = start_clocked()
    with damage(service, "made-up pages, let go only") as done:
        sent(service.port, [like(made_up(), None, FLOODER, on=False) for _ in range(1_000)])
        sent(service.port, [like(made_up(), None, on=False) for _ in range(1_000)])
    assert (done.rows, done.size_bytes) == (0, 0)


# Signed pages


def signature(page: str, key: str = NEW_KEY, site: str = "default") -> str:
    """Return what a site's generator would make."""
    return hmac.new(key.encode(), f"{site}\n{page}".encode(), "sha256").hexdigest()


@pytest.fixture
def signing(start_clocked: StartClocked) -> Service:
    """Return a service that takes signed pages, by a new key and by the one before it."""
    keys = f"{NEW_KEY},{OLD_KEY}"
    return start_clocked(LIKEWISE_PAGES="signed", LIKEWISE_PAGE_KEY=keys)


def test_where_pages_are_signed_made_up_ones_leave_nothing(signing: Service) -> None:
    with damage(signing, "made-up pages, where pages are signed") as done:
        one = sent(signing.port, [like(made_up(), None, FLOODER) for _ in range(1_000)])
        many = sent(signing.port, [like(made_up(), None, fresh_address()) for _ in range(1_000)])
        guessed = sent(
            signing.port,
            [like(made_up(), None, fresh_address(), sig=f"{n:064x}") for n in range(500)],
        )
    assert one == [404] * 60 + [429] * 940
    assert set(many + guessed) == {404}
    assert (done.rows, done.size_bytes) == (0, 0)
    assert signing.like(made_up(), fresh_voter(), address=fresh_address()).code == "unknown_page"


@pytest.mark.parametrize("key", [NEW_KEY, OLD_KEY])
def test_a_signed_page_is_liked_by_its_signature_then_by_its_name(
    signing: Service, key: str
) -> None:
    sig = signature("/café", key)
    first = "https://example.com/caf%C3%A9/index.html?utm=1"
    with damage(signing, "signed pages") as done:
        replies = [
            signing.like(first, voter(1), address="203.0.113.1", sig=sig),
            signing.like("/café", voter(2), address="203.0.113.2"),
        ]
        done.honest += [reply.status for reply in replies]
    assert (done.refused, done.gained, done.pages) == (0, 0, 1)
    assert replies[1].json["count"] == 2


WRONG_SIGNATURES = [
    signature("/other"),
    signature(PAGE, site="shop"),
    signature(PAGE, "another-key-0123456789abcdef"),
    signature(PAGE).upper(),
    signature(PAGE)[:-1],
    signature(PAGE) + "0",
    signature(PAGE + "/"),
    "",
    "\ud800",
]


def test_a_signature_of_anything_else_opens_nothing(signing: Service) -> None:
    with damage(signing, "wrong signatures") as done:
        for sig in WRONG_SIGNATURES:
            reply = signing.like(PAGE, voter(1), address="203.0.113.1", sig=sig)
            assert (reply.status, reply.code) == (404, "unknown_page"), sig
    assert (done.rows, done.size_bytes) == (0, 0)


def test_signed_pages_are_not_counted_among_those_that_one_network_makes(
    signing: Service,
) -> None:
    pages = [f"/archive/{number}" for number in range(40)]
    requests = [like(page, None, FLOODER, sig=signature(page)) for page in pages]
    assert sent(signing.port, requests) == [200] * 40


def test_a_signature_of_one_site_is_none_of_another(
    start_clocked: StartClocked, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("sites") / "likewise.toml"
    shop = json.dumps(ORIGIN)
    path.write_text(
        f'[sites.shop]\norigins = [{shop}]\npages = "signed"\n'
        f'[sites.default]\norigins = [{shop}]\npages = "signed"\n',
        encoding="utf-8",
    )
    service = start_clocked(LIKEWISE_CONFIG=str(path), LIKEWISE_PAGE_KEY=NEW_KEY)
    for mine, other in (("shop", "default"), ("default", "shop")):
        sig = signature(PAGE, site=mine)
        wrong = service.like(PAGE, voter(1), address="203.0.113.1", site=other, sig=sig)
        assert (wrong.status, wrong.code) == (404, "unknown_page")
    for site in ("shop", "default"):
        sig = signature(PAGE, site=site)
        right = service.like(PAGE, voter(1), address="203.0.113.1", site=site, sig=sig)
        assert (right.status, right.json["count"]) == (200, 1)


def test_a_days_end_gives_a_network_its_thirty_pages_anew(start_clocked: StartClocked) -> None:
    service = start_clocked()
    with damage(service, "made-up pages, one address, two days") as done:
        for _ in range(2):
            sent(service.port, [like(made_up(), None, FLOODER) for _ in range(60)])
            service.clock.go_on(DAY_SECONDS)
    assert done.pages == 2 * MOST_PAGES
