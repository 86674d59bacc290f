"""Many requests at once on one connection: answered in order, and never held without a bound."""

from __future__ import annotations

import gc

import pytest

from likewise.http import server
from likewise.http.connection import MAX_PIPELINE
from likewise.http.message import Request, Response
from tests.http.door import GET, Client, Door, get, post, until

REQUESTS_IN_A_PIECE = 200  # at most: no request is shorter than 20 bytes


def paths(client: Client, count: int) -> list[str]:
    return [reply.json["path"] for reply in client.answers(count)]


def test_answers_come_in_the_order_of_the_requests(door: Door, client: Client) -> None:
    client.send(get("/later") * 4)
    for number in (3, 1, 2, 0):
        door.finish(number)
    assert [reply.body for reply in client.answers(4)] == [b"0", b"1", b"2", b"3"]


def test_an_answer_goes_out_while_later_ones_are_still_made(door: Door, client: Client) -> None:
    client.send(get("/later") * 2)
    door.finish(0)
    assert client.answer().body == b"0"
    door.finish(1)
    assert client.answer().body == b"1"


def test_quick_and_slow_answers_keep_their_order(client: Client) -> None:
    asked = [f"/soon/{number % 5}" if number % 3 else f"/now/{number}" for number in range(300)]
    client.send(b"".join(map(get, asked)))
    assert paths(client, 300) == asked


@pytest.mark.parametrize("size_bytes", [64 << 10, 256 << 10, 1 << 20])
def test_a_huge_pipeline_in_one_write_is_answered_whole(client: Client, size_bytes: int) -> None:
    count = size_bytes // len(get("/large/10"))
    client.send(get("/large/10") * count + get("/end"))
    assert {reply.body for reply in client.answers(count)} == {b"x" * 10}
    assert client.answer().json["path"] == "/end"


def test_a_huge_pipeline_for_a_slow_app_is_answered_whole(client: Client) -> None:
    asked = [f"/soon/{number % 7}?{number}" for number in range(4_000)]
    client.send(b"".join(map(get, asked)))
    numbers = [int(reply.json["query"]) for reply in client.answers(4_000)]
    assert numbers == list(range(4_000))


def test_only_a_few_requests_wait_for_a_slow_app(door: Door, client: Client) -> None:
    client.send(get("/later") * 2_000)
    until(lambda: len(door.app.pending) >= MAX_PIPELINE)
    for number in range(2_000):
        assert len(door.app.pending) - number <= MAX_PIPELINE + REQUESTS_IN_A_PIECE
        door.finish(number)
    assert [int(reply.body) for reply in client.answers(2_000)] == list(range(2_000))


def test_requests_that_the_app_knows_are_not_kept_behind_one_that_waits(
    door: Door, client: Client
) -> None:
    def held() -> int:
        things = gc.get_objects()
        return sum(isinstance(thing, Request) and thing.path == b"/known" for thing in things)

    client.send(get("/later") + get("/known") * 20)
    until(lambda: len(door.app.requests) == 21)
    door.app.requests.clear()
    until(lambda: held() == 0)
    door.finish(0)
    assert {reply.status for reply in client.answers(21)} == {200}


def test_bodies_in_a_pipeline_stay_with_their_requests(client: Client) -> None:
    bodies = [b"%d" % number * (number % 700) for number in range(300)]
    client.send(b"".join(map(post, bodies)))
    assert [reply.json["body"].encode() for reply in client.answers(300)] == bodies


def test_a_client_that_has_sent_all_gets_every_answer(door: Door, client: Client) -> None:
    client.send(get("/later") + GET * 2_000)
    client.hang_up()
    door.finish(0)
    assert len(client.answers(2_001)) == 2_001
    assert client.rest() == b""


def test_a_client_that_hangs_up_in_a_request_gets_the_answers_before_it(
    door: Door, client: Client
) -> None:
    client.send(get("/later") + GET[:20])
    client.hang_up()
    door.finish(0)
    assert client.answer().body == b"0"
    assert client.rest() == b""
    until(lambda: door.connections == 0)


def test_the_bad_request_in_a_pipeline_is_refused_in_its_turn(door: Door, client: Client) -> None:
    client.send(get("/later") + get("/soon/3") + b"\0\0\0\0" + GET)
    door.finish(0)
    assert client.answer().body == b"0"
    assert client.answer().json["path"] == "/soon/3"
    assert client.answer().code == "bad_request"
    assert client.rest() == b""


def test_a_client_that_is_gone_leaves_neither_noise_nor_connection(
    door: Door, client: Client
) -> None:
    client.send(get("/later") * 20)
    until(lambda: len(door.app.pending) == 20)
    client.reset()
    until(lambda: door.connections == 0)
    for number in range(20):
        door.finish(number, ValueError("broken") if number % 2 else None)
    assert door.ask(GET).status == 200


def test_a_client_that_is_gone_while_we_do_not_read_is_noticed(door: Door, client: Client) -> None:
    client.send(get("/later") * 2_000)
    until(lambda: len(door.app.pending) >= MAX_PIPELINE)
    client.reset()

    def finish_all() -> None:
        for answer in door.app.pending:
            answer.set_result(Response(200, b"", b"x" * 50_000))

    door.run(finish_all)
    until(lambda: door.connections == 0)


def test_a_client_that_is_gone_while_its_last_answer_is_made_is_noticed(
    door: Door, client: Client
) -> None:
    client.send(GET + get("/later"))
    client.answer()
    until(lambda: len(door.app.pending) == 1)
    client.reset()
    until(lambda: door.connections == 0)


def test_what_fails_after_the_client_is_gone_is_still_told(door: Door, client: Client) -> None:
    client.send(get("/later"))
    until(lambda: len(door.app.pending) == 1)
    client.reset()
    until(lambda: door.connections == 0)
    door.finish(0, ValueError("broken"))
    until(lambda: len(door.app.failures) == 1)


def test_a_client_that_is_gone_in_an_answer_leaves_neither_noise_nor_connection(
    door: Door,
) -> None:
    client = door.connect(receive_bytes=4_096)
    client.send(get("/large/1000000") * 20)
    client.socket.recv(1_000)
    client.reset()
    until(lambda: door.connections == 0)


def test_a_cancelled_answer_is_an_error_of_ours(door: Door, client: Client) -> None:
    client.send(get("/later") + GET)
    until(lambda: len(door.app.pending) == 1)
    door.run(door.app.pending[0].cancel)
    assert client.answer().code == "server_error"
    assert client.answer().status == 200


def test_an_answer_of_its_own_status_comes_through(door: Door, client: Client) -> None:
    client.send(get("/later"))
    door.finish(0, Response(409, b"", b"taken already"))
    assert client.answer().status == 409


def test_pipelines_that_wait_are_held_within_the_bound_of_all(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_HELD_BYTES", 300_000)
    crowd = [door.connect() for _ in range(40)]
    for client in crowd:
        client.send(get("/later") * 60)
    until(lambda: door.connections < len(crowd))
    until(lambda: door.run(lambda: door.server._held_bytes) <= 300_000)
    assert door.ask(get("/now")).status == 200
