"""How long a connection lives, and what every answer says of it."""

from __future__ import annotations

import pytest

from tests.http.door import GET, Client, Door, get, post


def test_a_connection_takes_one_request_after_the_other(client: Client) -> None:
    for number in range(5):
        client.send(get(f"/{number}"))
        reply = client.answer()
        assert (reply.status, reply.json["path"]) == (200, f"/{number}")
        assert "connection" not in reply.headers


def test_an_answer_has_a_length_and_a_date(client: Client) -> None:
    client.send(GET)
    reply = client.answer()
    assert int(reply.headers["content-length"]) == len(reply.body)
    assert reply.headers["date"].endswith(" GMT")


def test_connection_close_is_answered_and_closed(client: Client) -> None:
    client.send(get("/", "Connection: close"))
    assert client.answer().headers["connection"] == "close"
    assert client.rest() == b""


def test_nothing_is_answered_after_connection_close(door: Door, client: Client) -> None:
    client.send(get("/last", "Connection: close") + GET + GET)
    assert client.answer().json["path"] == "/last"
    assert client.rest() == b""
    assert len(door.app.requests) == 1


def test_http_1_0_is_answered_and_closed(client: Client) -> None:
    client.send(b"GET /old HTTP/1.0\r\n\r\n")
    reply = client.answer()
    assert (reply.json["path"], reply.headers["connection"]) == ("/old", "close")
    assert client.rest() == b""


def test_http_1_0_keeps_the_connection_where_asked_to(client: Client) -> None:
    for _ in range(3):
        client.send(b"GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert client.answer().headers["connection"] == "keep-alive"


def test_head_has_the_length_and_no_body(client: Client) -> None:
    client.send(GET + get("/", method="HEAD") + get("/empty", method="HEAD") + GET)
    length = client.answer().headers["content-length"]
    head = client.answer(is_head=True)
    assert (head.status, int(head.headers["content-length"])) == (200, int(length) + 1)
    assert client.answer(is_head=True).status == 204
    assert client.answer().status == 200


@pytest.mark.parametrize(("path", "status"), [("/empty", 204), ("/same", 304)])
def test_answers_that_have_no_body_send_none(client: Client, path: str, status: int) -> None:
    client.send(get(path) + GET)
    reply = client.answer()
    assert reply.status == status
    assert "content-length" not in reply.headers
    assert client.answer().status == 200


def test_empty_lines_between_requests_are_skipped(client: Client) -> None:
    client.send(b"\r\n\r\n" + post(b"one") + b"\r\n" + post(b"two"))
    assert [reply.json["body"] for reply in client.answers(2)] == ["one", "two"]


def test_a_thousand_empty_lines_are_skipped(client: Client) -> None:
    client.send(b"\r\n" * 1_000 + GET)
    assert client.answer().status == 200


@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
def test_an_upgrade_is_answered_in_http_1_1_and_closed(
    door: Door, client: Client, protocol: str
) -> None:
    client.send(get("/", "Connection: Upgrade", f"Upgrade: {protocol}") + b"\0" * 100_000)
    reply = client.answer()
    assert (reply.status, reply.headers["connection"]) == (200, "close")
    assert client.rest() == b""
    assert len(door.app.requests) == 1


def test_an_upgrade_with_a_body_is_refused_since_the_body_would_be_lost(door: Door) -> None:
    upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c")
    assert door.ask(post(b"like", *upgrade)).code == "bad_request"
    assert door.ask(get("/", "Transfer-Encoding: chunked", *upgrade)).code == "bad_request"
    assert door.ask(post(b"", *upgrade)).status == 200


def test_an_offer_to_upgrade_alone_changes_nothing(client: Client) -> None:
    client.send(get("/", "Upgrade: h2c") * 2)
    assert [reply.status for reply in client.answers(2)] == [200, 200]


def test_what_handlers_raise_becomes_an_answer(door: Door, client: Client) -> None:
    for path, code in [("broken", "server_error"), ("refused", "not_found")]:
        for moment in ("", "-soon"):
            client.send(get(f"/{path}{moment}"))
            assert client.answer().code == code
            assert door.app.failures[-1][1] == f"/{path}{moment}".encode()
    client.send(GET)
    assert client.answer().status == 200


def test_an_error_of_the_app_while_it_reads_a_head_is_its_own(door: Door, client: Client) -> None:
    client.send(get("/broken-limit", "Content-Length: 0"))
    assert client.answer().code == "server_error"
    assert isinstance(door.app.failures[-1][0], ValueError)
