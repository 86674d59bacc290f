"""`kill -9` in the middle of everything: what was acknowledged is there, and nothing twice."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from typing import NamedTuple

import pytest

from tests.conftest import StartService
from tests.service import ORIGIN, Service, address, voter
from tests.store.database import assert_sound, rows

KILLS = 20
CLIENTS = 12
PAGES = [f"/posts/{number}" for number in range(5)]


class Sent(NamedTuple):
    """One wish of one reader; each reader has a page and an address of his own."""

    reader: int
    on: bool

    @property
    def page(self) -> str:
        return PAGES[self.reader % len(PAGES)]


class Crowd:
    """Readers who like at the same time, and remember what they were told."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.readers = count()
        self.lock = threading.Lock()
        self.standing: dict[int, bool] = {}  # by reader: what was acknowledged last
        self.unknown: list[Sent] = []
        self.missing = 0  # acknowledgements until the kill
        self.enough = threading.Event()

    def like_until(self, end: Callable[[], object], after: int) -> None:
        """Send likes and take some back; end the service after so many acknowledgements."""
        clients = [threading.Thread(target=self._client) for _ in range(CLIENTS)]
        self.enough.clear()
        self.missing = after
        for client in clients:
            client.start()
        self.enough.wait()
        end()
        for client in clients:
            client.join()

    def send_unknown_again(self) -> None:
        """Send what may or may not have been stored."""
        connection = self._connection()
        for sent in self.unknown:
            self._send(connection, sent)
        connection.close()
        self.unknown.clear()

    def counts(self) -> dict[str, int]:
        """Return what every page must count."""
        liked = Counter(PAGES[reader % len(PAGES)] for reader, on in self.standing.items() if on)
        return {page: liked[page] for page in PAGES}

    def _client(self) -> None:
        connection = self._connection()
        try:
            for sent in self._wishes():
                try:
                    self._send(connection, sent)
                except (OSError, http.client.HTTPException):
                    with self.lock:
                        self.unknown.append(sent)
                    break
        finally:
            self.enough.set()
            connection.close()

    def _wishes(self) -> Iterator[Sent]:
        while True:
            with self.lock:
                reader = next(self.readers)
            yield Sent(reader, on=True)
            if reader % 4 == 0:
                yield Sent(reader, on=False)

    def _send(self, connection: http.client.HTTPConnection, sent: Sent) -> None:
        wish = {"page": sent.page, "voter": voter(sent.reader), "on": sent.on}
        headers = {"Origin": ORIGIN, "X-Forwarded-For": address(sent.reader)}
        connection.request("POST", "/v1/like", json.dumps(wish), headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        assert response.status == 200, answer
        with self.lock:
            self.standing[sent.reader] = sent.on
            self.missing -= 1
            if self.missing <= 0:
                self.enough.set()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=20)


@pytest.mark.timeout(300)
def test_nothing_acknowledged_is_lost_and_nothing_counts_twice(start_service: StartService) -> None:
    service = start_service()
    crowd = Crowd(service)
    for kill in range(KILLS):
        crowd.like_until(service.kill, after=7 + 23 * kill)
        service.start()
        crowd.send_unknown_again()
        assert {page: service.count(page) for page in PAGES} == crowd.counts()
    for _ in range(3):
        crowd.like_until(service.stop, after=100)
        service.start()
        crowd.send_unknown_again()
    service.kill()
    assert_sound(service.database)
    stored = rows(
        service.database,
        "SELECT path, sum(n), count(*) FROM likes JOIN pages ON pages.id = page GROUP BY path",
    )
    assert {path: n for path, n, _ in stored} == crowd.counts()
    assert all(n == voters for _, n, voters in stored)
