"""A clock that jumps, as on a small computer without one of its own: no like, reader or deadline
is lost in another year.
"""

from __future__ import annotations

import http.client
import json
import time
from pathlib import Path

import pytest

from likewise.store import Query
from likewise.store.sqlite import SqliteStore
from tests.service import KEY, Service, address, voter
from tests.store.database import (
    ANNA,
    BORIS,
    NAME,
    NOON,
    SITE,
    assert_sound,
    like,
    rows,
    run,
)

DAY_SECONDS = 86_400
TEN_YEARS_SECONDS = 3_652 * DAY_SECONDS
JUMPS_SECONDS = [0, DAY_SECONDS, TEN_YEARS_SECONDS, 0, -DAY_SECONDS, -TEN_YEARS_SECONDS, 0]

# The program as it is, with a wall clock that goes wrong by what a file says.
_PROGRAM = """
import sys, time
right, path = time.time, sys.argv.pop(1)
def wrong():
    with open(path) as file:
        return right() + float(file.read())
time.time = wrong
from likewise.cli import main
raise SystemExit(main())
"""


class ServiceWithClock(Service):
    """The service on a machine whose clock can be set."""

    def _arguments(self) -> tuple[str, ...]:
        return ("-c", _PROGRAM, str(self._clock), "serve")

    @property
    def _clock(self) -> Path:
        return self.directory / "clock"

    def jump(self, seconds: int) -> None:
        """Let the clock go wrong by so many seconds."""
        new = self.directory / "clock.new"
        new.write_text(str(seconds), encoding="ascii")
        new.replace(self._clock)


def hour_now() -> int:
    return int(time.time()) // 3_600


def test_likes_are_stored_once_through_every_jump(tmp_path: Path) -> None:
    service = ServiceWithClock(tmp_path)
    service.jump(0)
    hours = set()
    with service:
        waiting = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
        for count, jump in enumerate(JUMPS_SECONDS, 1):
            service.jump(jump)
            for _ in range(2):
                reply = service.like("/a", voter(count), address=address(count))
                assert (reply.status, reply.json["count"]) == (200, count)
            back = service.like("/a", voter(1), address=address(count), on=False)
            assert back.json["count"] == count - 1
            assert service.like("/a", voter(1), address=address(count)).json["count"] == count
            hours |= {hour_now() + jump // 3_600 + late for late in (-1, 0)}
            # A connection that was there before the jump has its deadlines as before.
            waiting.request("GET", "/v1/counts?page=/a")
            assert json.loads(waiting.getresponse().read())["counts"]["/a"]["like"] == count
            assert service.get("/readyz").status == 200
            assert service.owner("/api/summary").json["counts"]["like"] == count
        waiting.close()
        assert service.stop() == 0
    assert_sound(service.database)
    assert {hour for (hour,) in rows(service.database, "SELECT hour FROM hourly")} <= hours
    assert rows(service.database, "SELECT count(*) FROM likes") == [(len(JUMPS_SECONDS),)]


@pytest.mark.parametrize("jump", [TEN_YEARS_SECONDS, -TEN_YEARS_SECONDS])
def test_no_jump_locks_a_reader_out(tmp_path: Path, jump: int) -> None:
    service = ServiceWithClock(tmp_path, LIKEWISE_LIMITS="likes=2,burst=99/10s")
    service.jump(0)
    readers = iter(range(1, 100))
    with service:
        for seconds in (0, jump, 0):
            service.jump(seconds)
            replies = [service.like("/a", voter(next(readers)), address=address(1)) for _ in "123"]
            assert [reply.status for reply in replies] == [200, 200, 429]
            assert 0 < int(replies[2].headers["retry-after"]) <= DAY_SECONDS


def test_a_session_lasts_through_a_jump(tmp_path: Path) -> None:
    service = ServiceWithClock(tmp_path)
    service.jump(0)
    with service:
        headers = {"Origin": service.url, "Content-Type": "application/json"}
        reply = service.request("POST", "/api/login", json.dumps({"key": KEY}), headers)
        cookie = reply.headers["set-cookie"].partition(";")[0]
        for jump in JUMPS_SECONDS:
            service.jump(jump)
            assert service.get("/api/summary", Cookie=cookie).status == 200


def test_what_was_liked_in_the_future_is_not_of_today(tmp_path: Path) -> None:
    clock = NOON + TEN_YEARS_SECONDS

    async def scenario(store: SqliteStore) -> None:
        nonlocal clock
        await like(store, "/a", ANNA)
        assert store.likes_today(SITE, "/a", "like") == 1
        clock = NOON
        await like(store, "/a", BORIS)
        assert store.likes_today(SITE, "/a", "like") == 1
        assert await store.totals(SITE) == (1, {"like": 2}, {"like": 1})
        assert (await store.report(Query(SITE, "like", 5))).rows == [("/a", {"like": 2}, False)]

    run(tmp_path / NAME, scenario, wall=lambda: clock)
    assert_sound(tmp_path / NAME)
