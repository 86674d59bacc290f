"""Bytes meant to confuse or to exhaust, sent to the service as its owner runs it."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from likewise.http.server import MAX_SPARE_READERS
from tests.conftest import StartService
from tests.http.attackers import MIB, Attacker, close_all, withstood
from tests.http.door import Client, Door, chunked, get, post, until
from tests.service import ORIGIN, Service, voter

pytestmark = pytest.mark.alone  # how long others wait is measured

ROUNDS = 20
HEALTH = get("/healthz")
CHUNKED = get("/v1/like", "Transfer-Encoding: chunked", method="POST")
SIZED = get("/v1/like", "Content-Length: 3", method="POST")
WEBSOCKET = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 2
FRAMES_OF_HTTP_2 = b"\0\0\0\4\0\0\0\0\0"


class Attack(NamedTuple):
    """Bytes, and the statuses of all that is answered to them."""

    sent: bytes
    statuses: list[int]
    ends: bool = True


ATTACKS = {
    "a header of 300 KB": Attack(get("/", "X: " + "y" * 300_000), [431]),
    "headers of 300 KB": Attack(get("/", *[f"X-{n}: {'y' * 1_000}" for n in range(300)]), [431]),
    "100,000 header lines": Attack(get("/", *["X: y"] * 100_000), [431]),
    "a target of 300 KB": Attack(get("/" + "x" * 300_000), [414]),
    "a chunk of 2^64 - 1": Attack(CHUNKED + b"f" * 16 + b"\r\n" + b"x" * 100_000, [413]),
    "a chunk of 2^68 - 1": Attack(CHUNKED + b"f" * 17 + b"\r\nabc", [400]),
    "a chunk of -1": Attack(CHUNKED + b"-1\r\nabc", [400]),
    "a chunk of 0x3": Attack(CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n", [400]),
    "a chunk of zz": Attack(CHUNKED + b"zz\r\nabc", [400]),
    "a chunk longer than it says": Attack(CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n", [400]),
    "an endless extension": Attack(CHUNKED + b"3;" + b"x" * 300_000, [413]),
    "endless extensions": Attack(CHUNKED + b"1;x=y\r\na\r\n" * 100_000, [413]),
    "endless trailers": Attack(chunked(b"abc", trailers=b"X: y\r\n" * 100_000), [413]),
    "length and chunks": Attack(CHUNKED[:-2] + b"Content-Length: 3\r\n\r\nabc", [400]),
    "chunks and length": Attack(SIZED[:-2] + b"Transfer-Encoding: chunked\r\n\r\nabc", [400]),
    "two lengths that differ": Attack(SIZED[:-2] + b"Content-Length: 4\r\n\r\nabcd", [400]),
    "two lengths that agree": Attack(SIZED[:-2] + b"Content-Length: 3\r\n\r\nabc", [400]),
    "a negative length": Attack(get("/", "Content-Length: -1", method="POST"), [400]),
    "a length of 400 digits": Attack(
        get("/", f"Content-Length: {'9' * 400}", method="POST"), [400]
    ),
    "bare LF": Attack(b"GET /healthz HTTP/1.1\nHost: likes\n\n", [400]),
    "a folded line": Attack(get("/healthz", "X: a\r\n b"), [400]),
    "authority-form": Attack(b"CONNECT likes:443 HTTP/1.1\r\nHost: likes:443\r\n\r\n", [400]),
    "absolute-form": Attack(get("http://evil.example/healthz"), [200], ends=False),
    "asterisk-form": Attack(get("*", method="OPTIONS"), [404], ends=False),
    "HTTP/0.9": Attack(b"GET /healthz\r\n\r\n", [505]),
    "the preface of HTTP/2": Attack(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + FRAMES_OF_HTTP_2, [400]),
    "an upgrade to a websocket": Attack(get("/healthz", *WEBSOCKET) + b"\x81\x85junk!", [200]),
    "an upgrade to h2c": Attack(
        get("/healthz", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"), [200]
    ),
    "TLS": Attack(TLS_HELLO, [400]),
    "garbage behind requests": Attack(HEALTH * 3 + b"\0\xff\xfe" * 10_000, [200, 200, 200, 400]),
    "more behind the last request": Attack(get("/healthz", "Connection: close") + HEALTH, [200]),
}


def statuses(said: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", said)]


def test_what_is_not_plain_http_is_refused_and_harms_nobody(service: Service) -> None:
    with withstood(service):
        for _ in range(ROUNDS):
            for name, attack in ATTACKS.items():
                with Attacker(service) as attacker:
                    attacker.send(attack.sent)
                    if not attack.ends:
                        attacker.hang_up()
                    said = attacker.rest()
                assert statuses(said) == attack.statuses, name
                assert (b"connection: close" in said) == attack.ends, name


def test_trailers_do_not_change_who_asks(service: Service) -> None:
    body = b'{"page":"/trailers","voter":"%s"}' % voter(1).encode()
    trailers = f"Origin: {ORIGIN}\r\nX-Forwarded-For: 192.0.2.1\r\n".encode()
    with Attacker(service) as attacker:
        attacker.send(chunked(body, target="/v1/like", trailers=trailers))
        assert attacker.answer().code == "origin_refused"
    assert service.count("/trailers") == 0


def test_what_has_read_trailers_reads_for_no_other_connection(door: Door) -> None:
    first = door.server.reader
    for asked, is_kept in ((HEALTH, True), (chunked(b"{}", trailers=b"X:\r\n"), False)):
        assert door.ask(asked).status == 200
        assert door.run(lambda: door.server.reader is first) == is_kept
    assert door.run(lambda: door.server.spare_readers) == []


def begun(door: Door) -> int:
    return sum(connection._has_begun() for connection in door.server._connections)


def test_readers_of_requests_in_pieces_are_kept_up_to_a_bound(door: Door) -> None:
    clients = [door.connect() for _ in range(MAX_SPARE_READERS + 8)]
    for client in clients:
        client.send(HEALTH[:-4])
    until(lambda: door.run(lambda: begun(door)) == len(clients))
    for client in clients:
        client.send(HEALTH[-4:])
        assert client.answer().status == 200
    assert door.run(lambda: len(door.server.spare_readers)) == MAX_SPARE_READERS
    assert [door.ask(HEALTH).status for _ in range(2)] == [200, 200]


def test_a_body_of_1_gib_is_refused_while_it_is_sent(service: Service) -> None:
    head = get("/v1/like", f"Content-Length: {1 << 30}", method="POST")
    piece = b"x" * MIB
    with withstood(service), Attacker(service) as attacker:
        attacker.send(head)
        sent_mib = 0
        try:
            while sent_mib < 1_024:
                attacker.send(piece)
                sent_mib += 1
        except (ConnectionError, TimeoutError):
            assert sent_mib  # the answer had its time, and then the connection ended
        else:
            assert (attacker.answer().status, attacker.rest()) == (413, b"")


@pytest.mark.parametrize("asked", ["/likes.js", "/v1/counts?page=/x", "/v1/like"])
def test_who_asks_thousands_of_times_and_reads_nothing_is_not_served_on(
    service: Service, asked: str
) -> None:
    request = post(b"{}", target=asked) if asked == "/v1/like" else get(asked)
    with withstood(service):
        attackers = [Attacker(service, receive_bytes=4_096) for _ in range(16)]
        for attacker in attackers:
            attacker.send_while_taken(request * 5_000, seconds=0.1)
        close_all(attackers)


def test_who_asks_thousands_of_times_and_reads_is_served_in_turn(service: Service) -> None:
    with withstood(service):
        attackers = [Attacker(service) for _ in range(16)]
        for attacker in attackers:
            attacker.send(HEALTH * 2_000)
        for attacker in attackers:
            assert {reply.status for reply in attacker.answers(2_000)} == {200}
        close_all(attackers)


def test_a_half_closed_client_gets_its_answers(service: Service) -> None:
    large = get("/likes.js")
    with withstood(service):
        for asked in ([HEALTH], [HEALTH, HEALTH], [large] * 30, [get("/readyz")]):
            with Attacker(service, receive_bytes=4_096) as attacker:
                attacker.send(b"".join(asked))
                attacker.hang_up()
                assert [reply.status for reply in attacker.answers(len(asked))] == [200] * len(
                    asked
                )
                assert attacker.rest() == b""
        with Attacker(service) as silent:
            silent.hang_up()
            assert silent.rest() == b""


def test_resets_in_every_place_leave_nothing_behind(service: Service) -> None:
    like = b'{"page":"/reset","voter":"%s"}' % voter(1).encode()
    complete = post(like, f"Origin: {ORIGIN}", target="/v1/like")
    places = [0, 1, 20, len(complete) - len(like), len(complete) - 1, len(complete)]
    with withstood(service):
        for _ in range(50):
            for place in places:
                attacker = Attacker(service)
                attacker.send(complete[:place])
                attacker.reset()
            attacker = Attacker(service, receive_bytes=4_096)
            attacker.send_until_closed(get("/likes.js") * 200)
            attacker.reset()
            attacker = Attacker(service)
            attacker.send(get("/readyz", "Connection: close"))
            attacker.reset()
    until(lambda: service.count("/reset") == 1)


def test_who_leaves_before_a_503_leaves_no_line_in_the_log(start_service: StartService) -> None:
    import sqlite3  # noqa: PLC0415 (a program that holds the database)

    service = start_service()
    foreign = sqlite3.connect(service.database, isolation_level=None)
    like = post(
        b'{"page":"/left","voter":"%s"}' % voter(1).encode(),
        f"Origin: {ORIGIN}",
        target="/v1/like",
    )
    foreign.execute("BEGIN IMMEDIATE")
    leaving = [Attacker(service) for _ in range(20)]
    for number, attacker in enumerate(leaving):
        attacker.send(like)
        (Client.close, Client.reset, Client.hang_up)[number % 3](attacker)
    with Attacker(service) as waiting:
        waiting.send(like)
        assert waiting.answer().status == 503
    foreign.execute("ROLLBACK")
    foreign.close()
    close_all(leaving)
    until(lambda: service.get("/readyz").status == 200)
    assert service.stop() == 0
    assert "never retrieved" not in service.log
    assert "Traceback" not in service.log
