"""Thousands of connections at once: idle, half-sent, unread; the door sums what they all hold."""

from __future__ import annotations

import contextlib
import gc
import resource
import time
from collections.abc import Iterator

import pytest

from likewise.http import server
from likewise.http.connection import Connection
from likewise.http.server import AT_ONCE, MAX_PER_PEER
from likewise.http.stream import Stream
from tests.conftest import StartService
from tests.http.attackers import (
    Attacker,
    close_all,
    cpu_seconds,
    open_files,
    raise_file_limit,
    source,
    withstood,
)
from tests.http.door import Client, Door, get, until
from tests.service import Service

pytestmark = pytest.mark.alone  # how long others wait is measured

CROWD = 10_000
HALVES = 3_000  # of 16 KiB, which cost 40 KiB each: three times the sum that is allowed
UNREAD = 1_500
# As much as one unfinished head may be, in as many lines: what costs most memory.
HEALTH = get("/healthz")
HALF_HEAD = get("/healthz", *[f"X-{number}: {'y' * 140}" for number in range(98)])[:-2]


@pytest.fixture(autouse=True)
def many_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    raise_file_limit()
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def crowd() -> int:
    """Return how many connections this machine lets a test hold."""
    return min(CROWD, raise_file_limit() - 500)


def served(attacker: Client) -> bool:
    attacker.send(HEALTH)
    return attacker.answer().status == 200


def newcomer(service: Service, number: int) -> Attacker:
    """Return a connection that is idle after a quick request."""
    attacker = Attacker(service, source(number))
    assert served(attacker)
    return attacker


def test_a_crowd_of_idle_connections_is_held(service: Service) -> None:
    with withstood(service):
        attackers = [newcomer(service, number) for number in range(crowd())]
        assert service.get("/healthz").status == 200
        assert open_files(service) > len(attackers)
        close_all(attackers)


def test_a_crowd_of_strangers_is_held_but_none_holds_more_than_his_share(
    start_service: StartService,
) -> None:
    service = start_service(LIKEWISE_TRUSTED_PROXIES="none", LIKEWISE_LIMITS="off")
    with withstood(service):
        addresses = range(crowd() // (MAX_PER_PEER + 1))
        attackers = [newcomer(service, number) for _ in range(MAX_PER_PEER) for number in addresses]
        for number in addresses:
            with Attacker(service, source(number)) as one_more:
                assert one_more.rest() == b""
        assert service.get("/healthz").status == 200
        close_all(attackers)


def test_a_crowd_that_comes_and_goes_leaves_nothing_behind(service: Service) -> None:
    with withstood(service):
        for number in range(3_000):
            with Attacker(service, source(number)) as attacker:
                attacker.send((HEALTH, HEALTH[:10], b"", b"\0")[number % 4])


def test_thousands_of_half_sent_heads_are_bounded_in_sum(service: Service) -> None:
    with withstood(service):
        attackers = [Attacker(service, source(number)) for number in range(HALVES)]
        for attacker in attackers:
            attacker.send_until_closed(HALF_HEAD)
        assert attackers[0].answer().status == 408
        assert attackers[0].rest() == b""
        attackers[-1].send(b"\r\n")
        assert attackers[-1].answer().status == 200
        close_all(attackers)


def test_thousands_who_do_not_read_are_bounded_in_sum(service: Service) -> None:
    with withstood(service):
        attackers = [
            Attacker(service, source(number), receive_bytes=4_096) for number in range(UNREAD)
        ]
        flood = get("/v1/counts?page=/" + "x" * 400) * 8
        for _ in range(12):
            for attacker in attackers:
                attacker.socket.setblocking(False)
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    attacker.socket.send(flood)
        close_all(attackers)


def held_in_memory() -> int:
    return sum(isinstance(thing, Stream | Connection) for thing in gc.get_objects())


def test_a_crowd_leaves_nothing_behind_that_must_be_collected(door: Door) -> None:
    gc.collect()
    gc.disable()  # it must not depend on others to come
    before = held_in_memory()
    try:
        clients = [door.connect() for _ in range(20)]
        for client in clients:
            client.send(get("/"))
            assert client.answer().status == 200
        close_all(clients)
        until(lambda: door.connections == 0)
        # The reader knows the connection that it served last, and that its stream.
        until(lambda: held_in_memory() <= before + 2)
    finally:
        gc.enable()


def test_one_large_answer_is_no_crowd(door: Door) -> None:
    with door.connect(receive_bytes=4_096) as client:
        client.send(get("/large/20000000"))
        half = door.connect()
        half.send(HALF_HEAD)
        until(lambda: door.run(lambda: len(door.server.held)) == 2)
        assert len(client.answer().body) == 20_000_000
        half.send(b"\r\n")
        assert half.answer().status == 200


def test_a_new_half_request_is_kept_while_the_oldest_makes_way(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_HELD_BYTES", 100_000)
    clients = [door.connect() for _ in range(6)]
    for number, client in enumerate(clients):
        client.send(HALF_HEAD)
        until(lambda number=number: len(door.server.held) == min(number + 1, 2))  # type: ignore[misc]
    for client in clients[:4]:
        assert client.answer().code == "too_slow"
    for client in clients[4:]:
        client.send(b"\r\n")
        assert client.answer().status == 200
    assert door.run(lambda: (door.server.held, door.server._held_bytes)) == ({}, 0)


def test_what_is_held_is_let_go_with_its_connection(door: Door) -> None:
    for end in (Client.close, Client.reset):
        half, unread = door.connect(), door.connect(receive_bytes=4_096)
        half.send(HALF_HEAD)
        unread.send(get("/large/5000000") * 2)
        until(lambda: door.run(lambda: door.server._held_bytes) > 200_000)
        end(half)
        end(unread)
        until(lambda: door.connections == 0)
        assert door.run(lambda: (door.server.held, door.server._held_bytes)) == ({}, 0)


def test_who_does_not_read_longest_makes_way(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_HELD_BYTES", 400_000)
    first, second = (door.connect(receive_bytes=4_096) for _ in range(2))
    for client in (first, second):
        client.send(get("/large/12000000"))
        until(lambda: door.run(lambda: door.server._held_bytes) > 200_000)
    until(lambda: door.connections == 1)
    assert len(second.answer().body) == 12_000_000


def test_a_service_without_files_neither_spins_nor_fills_the_log(service: Service) -> None:
    with Attacker(service) as old:
        assert served(old)
        few = open_files(service) + 20
        resource.prlimit(service.pid, resource.RLIMIT_NOFILE, (few, few))
        attackers = [Attacker(service) for _ in range(100)]
        for attacker in attackers:
            attacker.send(HEALTH)
        until(lambda: "Connections have to wait: Too many open files." in service.log)
        before = cpu_seconds(service)
        time.sleep(2)  # the time in which it may compute, not one that it needs
        assert cpu_seconds(service) - before < 1
        assert {attacker.answer().status for attacker in attackers[:10]} == {200}
        close_all(attackers)
    until(lambda: service.get("/healthz").status == 200)
    assert service.log.count("have to wait") == 1
    assert "Traceback" not in service.log


def test_thousands_whose_time_is_over_leave_a_turn_to_others(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = [0]
    expire = Connection.expire

    def count(connection: Connection) -> None:
        at_once[-1] += 1
        expire(connection)

    tick = server.Server._tick
    clients = [door.connect() for _ in range(3 * AT_ONCE)]
    until(lambda: door.connections == len(clients))

    def count_turn(self: server.Server) -> None:
        at_once.append(0)
        tick(self)

    monkeypatch.setattr(Connection, "expire", count)
    monkeypatch.setattr(server.Server, "_tick", count_turn)
    door.pass_time(1_000)
    until(lambda: door.connections == 0)
    assert sum(at_once) == len(clients)
    assert max(at_once) == AT_ONCE
