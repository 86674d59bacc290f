"""Far more likes than usual: all count, the owner is told once, and can take exactly them away."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.abuse.clocked import DAY_SECONDS, START, ClockedService
from tests.abuse.conftest import StartClocked
from tests.abuse.crowd import Sender, fresh_address, fresh_number, like, sender
from tests.abuse.damage import damage
from tests.service import KEY
from tests.store.database import assert_sound, rows

PAGE, OTHER = "/post", "/other"
HOUR_SECONDS, WINDOW_SECONDS = 3_600, 600
NEXT_HOUR = START - START % HOUR_SECONDS + HOUR_SECONDS
SURGE = 400
WAIT_SECONDS = 10


def liked(running: Sender, times: int, page: str = PAGE) -> list[int]:
    """Let so many readers, each in a network of his own, like a page."""
    readers = [
        f"2001:db8:{fresh_number() & 0xFFFF:x}:1::1" if number % 4 == 0 else fresh_address()
        for number in range(times)
    ]
    return running.send([like(page, None, at) for at in readers])


def within_a_minute(service: ClockedService, running: Sender) -> list[int]:
    """Let 400 readers like the page within a minute."""
    statuses = []
    for _ in range(20):
        statuses += liked(running, SURGE // 20)
        service.clock.go_on(3)
    return statuses


def surges(service: ClockedService, page: str | None = PAGE) -> list[Any]:
    found = service.owner("/api/summary").json["surges"]
    return [surge for surge in found if surge["page"] == page]


def marked(service: ClockedService, page: str | None = PAGE) -> Any:
    """Return the page's one surge; it is looked for beside the likes."""
    return eventually(lambda: surges(service, page))[0]


def eventually(look: Callable[[], list[Any]]) -> list[Any]:
    """Wait until there is something."""
    end = time.monotonic() + WAIT_SECONDS
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def asked(service: ClockedService, target: str, **fields: Any) -> Any:
    reply = service.owner(target, "POST", json.dumps(fields).encode())
    assert reply.status == 200, reply
    return reply.json


def counter(service: ClockedService, of: str) -> int:
    """Return how many surges /metrics knows."""
    text = service.get("/metrics", x_api_key=KEY).body.decode()
    found = re.search(rf'^likewise_surges_total{{of="{of}"}} ([0-9]+)$', text, re.MULTILINE)
    return int(found[1]) if found else 0


def lines(service: ClockedService, page: str = PAGE) -> list[str]:
    return [one for one in service.log.splitlines() if "A surge" in one and f"page {page} " in one]


def test_a_surge_is_counted_whole_and_marked_once(start_clocked: StartClocked) -> None:
    service = start_clocked()
    with damage(service, f"a surge of {SURGE} within a minute") as done:
        with sender(service.port) as running:
            done.honest = within_a_minute(service, running)
        marked(service)
    assert (done.refused, done.gained, service.count(PAGE)) == (0, 0, SURGE)
    assert len(surges(service)) == counter(service, "page") == len(lines(service)) == 1
    assert counter(service, "site") == len(surges(service, None)) == 1


def test_a_purge_by_a_surges_number_takes_exactly_its_likes(start_clocked: StartClocked) -> None:
    service = start_clocked()
    with sender(service.port) as running:
        before = liked(running, 20) + liked(running, 20, OTHER)
        service.clock.go_on(2 * HOUR_SECONDS)
        within_a_minute(service, running)
        number = marked(service)["number"]
        service.clock.go_on(2 * HOUR_SECONDS)
        after = liked(running, 20) + liked(running, 20, OTHER)
    assert set(before + after) == {200}
    held = rows(service.database, "SELECT * FROM likes ORDER BY page, voter")
    told = asked(service, "/api/likes/purge", surge=number, dry_run=True)
    done = asked(service, "/api/likes/purge", surge=number)
    assert told["removed"] == done["removed"] == SURGE
    assert (service.count(PAGE), service.count(OTHER)) == (40, 40)
    assert asked(service, "/api/undo", correction=done["correction"])["restored"] == SURGE
    assert rows(service.database, "SELECT * FROM likes ORDER BY page, voter") == held
    assert_sound(service.database)


@pytest.mark.parametrize("before_the_hour", [1, 30, 58])
def test_a_surge_over_the_turn_of_an_hour_is_purged_whole(
    start_clocked: StartClocked, before_the_hour: int
) -> None:
    service = start_clocked()
    with sender(service.port) as running:
        service.clock.go_on_until(NEXT_HOUR - before_the_hour)
        within_a_minute(service, running)
        number = marked(service)["number"]
        # The last look may still be on its way.
        told = eventually(
            lambda: [
                told
                for told in [asked(service, "/api/likes/purge", surge=number, dry_run=True)]
                if told["removed"] == SURGE
            ]
        )
    assert told[0]["kept"] == 0
    assert len(surges(service)) == counter(service, "page") == 1


def test_a_slow_usual_day_marks_nothing(start_clocked: StartClocked) -> None:
    service = start_clocked()
    with damage(service, "a usual day, 4,176 likes") as done, sender(service.port) as running:
        for _ in range(DAY_SECONDS // WINDOW_SECONDS):
            done.honest += liked(running, 29)
            service.clock.go_on(WINDOW_SECONDS)
    assert (done.refused, len(done.honest)) == (0, 29 * 144)
    assert surges(service) == surges(service, None) == lines(service) == []
    assert counter(service, "page") == counter(service, "site") == 0


def test_a_popular_page_has_a_surge_only_by_its_own_measure(start_clocked: StartClocked) -> None:
    service = start_clocked()
    with sender(service.port) as running:
        liked(running, 1)
        # 60 an hour in the last week: a surge is 100 in ten minutes here.
        rows(
            service.database, "INSERT INTO hourly SELECT page, kind, hour - 9, 10080, 0 FROM hourly"
        )
        liked(running, 90)
        time.sleep(0.5)  # what is looked at beside the likes is told a little later
        assert surges(service) == []
        liked(running, 300)
        assert marked(service)["likes"] >= 90
