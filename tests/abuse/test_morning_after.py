"""The morning after a night of spam: the owner takes it away, and honest likes stay."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from likewise.store.file import read_secret
from likewise.voters import row_key
from tests.abuse.clocked import START, ClockedService
from tests.abuse.conftest import StartClocked
from tests.abuse.crowd import Sender, fresh_address, fresh_voter, like, sender
from tests.service import address
from tests.store.database import assert_sound, rows

PAGE, OTHER = "/post", "/other"
HOUR_SECONDS = 3_600
MIDNIGHT = START - START % 86_400 + 86_400  # the one after the day on which the clock starts
DAYS, HOMES, OFFICES, OFFICE_READERS, HONEST = 5, 40, 2, 8, 300
NIGHT_HOURS = (21, 22, 23, 24, 25)
LATE_OFFICE = "198.51.100.9"
SPAM_ADDRESSES = [address(number) for number in range(40)]
SPAM_PREFIX = "2001:db8:bad"
FROM, TO = "2023-11-20T21:00", "2023-11-21T02:00"  # as the chart shows it
ROUNDS_AN_HOUR = 5


class Night(NamedTuple):
    """Who liked the page."""

    honest: list[str]
    spam: list[str]


class Page(NamedTuple):
    """The page's own row, and what hides its readers."""

    path: Path
    number: int
    salt: bytes
    secret: bytes

    def standing(self, voters: list[str]) -> int:
        """Return how many of these stand."""
        stored = {key for (key,) in rows(self.path, "SELECT voter FROM likes")}
        keys = {row_key(self.secret, self.salt, "like", who) for who in voters}
        return len(keys & stored)


def played(service: ClockedService, *, exchanging: bool) -> Night:
    """Play some usual days, and a night on which somebody wants the page to be famous."""
    night = Night([], [])
    with sender(service.port) as running:
        for day in range(DAYS):
            service.clock.go_on_until(MIDNIGHT + day * 86_400 + 8 * HOUR_SECONDS)
            offices = OFFICES if day < DAYS - 1 else OFFICES - 1
            _usual_day(service, running, night.honest, offices)
        spam = _exchanged if exchanging else _at_the_limit
        for hour in NIGHT_HOURS:
            service.clock.go_on_until(MIDNIGHT + ((DAYS - 1) * 24 + hour) * HOUR_SECONDS)
            spam(service, running, night.spam)
            _usual_night(running, night.honest, hour)
        running.send([like(OTHER, None, at) for at in SPAM_ADDRESSES])
    return night


def _usual_day(service: ClockedService, running: Sender, honest: list[str], offices: int) -> None:
    """Let readers like the page: each at home, and at offices eight of them behind one address."""
    at_offices = [fresh_address() for _ in range(offices)] * 2
    for turn in range(OFFICE_READERS // 2):
        homes = [fresh_address() for _ in range(HOMES // 4)]
        _give(running, honest, homes + at_offices)
        service.clock.go_on(10 if turn % 2 else 2 * HOUR_SECONDS)


def _usual_night(running: Sender, honest: list[str], hour: int) -> None:
    """Let a few readers like the page at home, and in one office that works late."""
    homes = [f"2001:db8:{hour}:1::1", *(fresh_address() for _ in range(3))]
    _give(running, honest, homes + [LATE_OFFICE] * (2 if hour <= 24 else 0))
    running.send([like(OTHER, None, fresh_address())])


def _give(running: Sender, voters: list[str], readers: list[str]) -> None:
    new = [(fresh_voter(), at) for at in readers]
    assert set(running.send([like(PAGE, who, at) for who, at in new])) == {200}
    voters += [who for who, _ in new]


def _at_the_limit(service: ClockedService, running: Sender, spam: list[str]) -> None:
    """Like from every address as often as it is let, and from all over a /48."""
    for _ in range(ROUNDS_AN_HOUR):
        readers = [*SPAM_ADDRESSES, *SPAM_ADDRESSES]
        readers += [f"{SPAM_PREFIX}:{len(spam) + number:x}::1" for number in range(20)]
        new = [(fresh_voter(), at) for at in readers]
        statuses = running.send([like(PAGE, who, at) for who, at in new])
        spam += [who for (who, _), status in zip(new, statuses, strict=True) if status == 200]
        service.clock.go_on(10)


def _exchanged(service: ClockedService, running: Sender, spam: list[str]) -> None:
    """Like from half of the addresses, then exchange that for likes of the others, which took
    something back and so have given nothing yet, by the count of the day.
    """
    half = len(SPAM_ADDRESSES) // 2
    givers, takers = SPAM_ADDRESSES[:half] * 2, SPAM_ADDRESSES[half:] * 2
    for _ in range(ROUNDS_AN_HOUR):
        gone, new = ([fresh_voter() for _ in givers] for _ in range(2))
        running.send([like(PAGE, who, at) for who, at in zip(gone, givers, strict=True)])
        running.send([like(PAGE, who, at, on=False) for who, at in zip(gone, takers, strict=True)])
        running.send([like(PAGE, who, at) for who, at in zip(new, takers, strict=True)])
        spam += [*gone, *new]
        service.clock.go_on(10)


@pytest.fixture
def service(start_clocked: StartClocked) -> ClockedService:
    return start_clocked()


def page_of(service: ClockedService) -> Page:
    number, salt = rows(service.database, "SELECT id, salt FROM pages WHERE path = ?", PAGE)[0]
    secret = read_secret(str(service.database), None)
    assert secret is not None
    return Page(service.database, number, salt, secret)


def asked(service: ClockedService, target: str, **fields: Any) -> Any:
    reply = service.owner(target, "POST", json.dumps(fields).encode())
    assert reply.status == 200, reply
    return reply.json


def held(path: Path) -> Iterator[list[Any]]:
    """Return all that is held of likes, and what is made of them."""
    for sql in (
        "SELECT * FROM likes ORDER BY page, kind, voter",
        "SELECT * FROM counts ORDER BY page, kind",
        "SELECT page, kind, hour, ups - downs FROM hourly ORDER BY page, kind, hour",
    ):
        yield rows(path, sql)


def others(path: Path, page: int) -> list[Any]:
    return rows(path, "SELECT * FROM likes WHERE page <> ? ORDER BY page, kind, voter", page)


def test_a_night_of_spam_goes_and_honest_likes_stay(service: ClockedService) -> None:
    night = played(service, exchanging=False)
    page, path = page_of(service), service.database
    assert page.standing(night.honest) == HONEST
    assert page.standing(night.spam) == len(night.spam) >= 2 * (40 * 20 + 200)
    before, elsewhere = list(held(path)), others(path, page.number)

    order = {"page": PAGE, "from": FROM, "to": TO, "keep": "first"}
    told = asked(service, "/api/likes/purge", **order, dry_run=True)
    assert list(held(path)) == before
    done = asked(service, "/api/likes/purge", **order)
    assert (done["removed"], done["kept"]) == (told["removed"], told["kept"])

    honest, spam = page.standing(night.honest), page.standing(night.spam)
    _tell("a night of spam", night, honest, spam)
    assert honest >= 290
    assert spam <= 0.05 * len(night.spam)
    assert service.count(PAGE) == honest + spam == told["kept"]
    assert others(path, page.number) == elsewhere

    undone = asked(service, "/api/undo", correction=done["correction"])
    assert undone["restored"] == done["removed"]
    assert list(held(path)) == before
    assert_sound(path)


def test_who_knows_what_a_purge_keeps_cannot_make_more_of_it(service: ClockedService) -> None:
    night = played(service, exchanging=True)
    page = page_of(service)
    standing = page.standing(night.spam)
    asked(service, "/api/likes/purge", page=PAGE, **{"from": FROM, "to": TO}, keep="first")
    honest, spam = page.standing(night.honest), page.standing(night.spam)
    _tell("a night of spam, exchanged", night, honest, spam, of=standing)
    assert spam <= 2 * len(SPAM_ADDRESSES)  # one for each address and day
    assert honest >= 290


def _tell(name: str, night: Night, honest: int, spam: int, of: int | None = None) -> None:
    given = len(night.spam) if of is None else of
    sys.stdout.write(
        f"\n{name}: honest {honest} of {len(night.honest)} stay, {given - spam} of {given} spam go"
    )
