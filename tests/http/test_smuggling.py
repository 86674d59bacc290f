"""Behind real proxies no request hides in another, and every reader gets his own answer."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path

import pytest

from tests.http.attacks import ATTACKS, head, like
from tests.http.proxies import OVERWRITING, PROXIES, Line, Relay, program_of, proxy
from tests.service import Service

SILENCE_SECONDS = 0.4  # after which nobody waits for an answer: the proxy waits for more
WAIT_SECONDS = 20
LAST = head("GET /healthz HTTP/1.1", b"Connection: close")

_numbers = count(1)


class Stage:
    """A service, what listens to it, and a proxy in front."""

    def __init__(self, service: Service, relay: Relay, port: int) -> None:
        self.service, self.relay, self.port = service, relay, port
        self.forbidden: list[str] = []  # pages that were in bodies only

    def attack(self, data: bytes) -> bytes:
        """Send bytes, and the last request of their connection; return what comes of them."""
        heard = b""
        with socket.create_connection(("127.0.0.1", self.port), WAIT_SECONDS) as attacker:
            with suppress(ConnectionError):  # refused before it was sent
                attacker.sendall(data + LAST)
            attacker.settimeout(SILENCE_SECONDS)
            with suppress(TimeoutError, ConnectionError):
                while piece := attacker.recv(65_536):
                    heard += piece
        return heard

    def assert_honest_reader_gets_his_own(self) -> None:
        """Ask for a page that nobody has asked for."""
        page = f"/honest/{next(_numbers)}"
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, WAIT_SECONDS)) as reader:
            reader.request("GET", f"/v1/counts?page={page}")
            response = reader.getresponse()
            assert response.status == 200
            assert json.loads(response.read()) == {"counts": {page: {"like": 0}}}

    def forwarded(self, page: str) -> int:
        """How often the proxy has sent on a like of the page as a request."""
        return sum(
            request.target.endswith(b"/v1/like") and _page_in(request.body) == page
            for line in self.relay.lines
            for request in line.requests
        )


def _page_in(body: bytes) -> object:
    try:
        return json.loads(body).get("page")
    except (ValueError, AttributeError):
        return None


@contextmanager
def stage_of(name: str, directory: Path, **settings: str) -> Iterator[Stage]:
    if program_of(name) is None:
        pytest.skip(f"{name} is missing: apt-get install {PROXIES[name].package}")
    with Service(directory, **settings) as service, closing(Relay(service.port)) as relay:
        place = directory / "proxy"
        place.mkdir()
        with proxy(name, place, relay.port) as port:
            yield Stage(service, relay, port)


@pytest.fixture(scope="module", params=[name for name in PROXIES if name != OVERWRITING])
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """Return a stage for all attacks, and look at its end whether anything came late."""
    directory = tmp_path_factory.mktemp("stage")
    with stage_of(request.param, directory, LIKEWISE_LIMITS="off") as running:
        yield running
        assert [page for page in running.forbidden if running.service.count(page)] == []
        for line in running.relay.lines:
            assert_answered_as_asked(line)


def assert_answered_as_asked(line: Line) -> None:
    """Check that the service took no more for requests than h11 does, but to refuse it."""
    answers, requests = line.statuses, line.requests
    assert len(answers) <= len(requests) + 1
    if len(answers) > len(requests):
        assert answers[-1] >= 400


def test_a_request_of_its_own_is_counted(stage: Stage) -> None:
    page = f"/own/{next(_numbers)}"
    assert stage.attack(like(page)).count(b"HTTP/1.1 200") == 2
    assert (stage.service.count(page), stage.forwarded(page)) == (1, 1)
    assert len(stage.relay.lines) <= 3  # kept for one reader after another


@pytest.mark.parametrize("name", ATTACKS)
def test_no_request_hides_in_another(stage: Stage, name: str) -> None:
    page = f"/smuggled/{next(_numbers)}"
    attack = ATTACKS[name]
    if attack.is_in_body:
        stage.forbidden.append(page)
    stage.attack(attack.build(like(page)))
    for _ in range(2):
        stage.assert_honest_reader_gets_his_own()
    counted = stage.service.count(page)
    assert counted == min(1, stage.forwarded(page))
    assert not (counted and attack.is_in_body)
