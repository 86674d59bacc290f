"""The door to other servers: the same answers, whoever carries them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from likewise.errors import StartError
from likewise.http.asgi import Asgi
from likewise.http.message import App
from tests.http.door import BODY_LIMIT, Client, Echo, chunked, get, post
from tests.service import ORIGIN, AsgiService, Reply, voter

HOST = """
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount
from likewise import asgi

app = FastAPI(lifespan=asgi.lifespan)
app.mount("/my/likes", asgi.app)
app.mount("/deeper", Starlette(routes=[Mount("/likes", asgi.app)]))
app.get("/readyz")(lambda: "ready")
"""
PREFIXES = ["/my/likes", "/deeper/likes"]


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsgiService]:
    """Return the service as uvicorn runs it; it has no error to tell at the end."""
    with AsgiService(tmp_path_factory.mktemp("guest"), LIKEWISE_ORIGINS=ORIGIN) as service:
        yield service
    assert "ERROR" not in service.log
    assert "Traceback" not in service.log


class Mounted(AsgiService):
    """The service as a part of somebody else's application."""

    application = "host:app"


@pytest.fixture(scope="module")
def mounted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mounted]:
    directory = tmp_path_factory.mktemp("mounted")
    (directory / "host.py").write_text(HOST)
    with Mounted(directory, LIKEWISE_ORIGINS=ORIGIN) as service:
        yield service
    assert "Traceback" not in service.log


def ask(service: AsgiService, data: bytes) -> Reply:
    with Client(service.url) as client:
        client.send(data)
        return client.answer()


def test_a_like_is_counted(guest: AsgiService) -> None:
    assert guest.like("/asgi", voter(1)).json["count"] == 1
    assert guest.count("/asgi") == 1


def test_head_has_the_length_and_no_body(guest: AsgiService) -> None:
    target = "/v1/counts?page=/head"
    with Client(guest.url) as client:
        client.send(get(target, method="HEAD") + get(target))
        head, whole = client.answer(is_head=True), client.answer()
    assert head.status == 200
    assert int(head.headers["content-length"]) == len(whole.body)


@pytest.mark.parametrize("prefix", ["", *PREFIXES])
def test_an_encoded_slash_stays_in_its_segment(
    guest: AsgiService, mounted: Mounted, prefix: str
) -> None:
    service = mounted if prefix else guest
    reply = service.get(f"{prefix}/likes/a%2Fb%20%C3%A9")
    assert (reply.status, reply.json["post_id"]) == (200, "a/b é")
    assert service.get(f"{prefix}/likes/a/b").status == 404


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_mounted_service_is_whole(mounted: Mounted, prefix: str) -> None:
    assert mounted.get(f"{prefix}/readyz").body == b"ready\n"
    assert mounted.get(f"{prefix}/likes.js").status == 200
    assert mounted.get(f"{prefix}/v1/counts?page=/x").json["counts"]["/x"] == {"like": 0}
    assert mounted.get(f"{prefix}/nothing").code == "not_found"
    headers = {"Origin": ORIGIN, "Content-Type": "text/plain"}
    body = f'{{"page":"{prefix}","voter":"{voter(1)}"}}'
    assert mounted.request("POST", f"{prefix}/v1/like", body, headers).json["count"] == 1
    assert mounted.owner(f"{prefix}/api/summary").status == 200


@pytest.mark.parametrize(
    "request_",
    [
        post(b"b" * (BODY_LIMIT + 1), target="/v1/like"),
        chunked(b"b" * BODY_LIMIT, b"b", target="/v1/like"),
        get("/v1/like", "Content-Length: 999999999", method="POST"),
    ],
    ids=["sized", "chunked", "declared only"],
)
def test_a_body_over_the_limit_is_refused(guest: AsgiService, request_: bytes) -> None:
    reply = ask(guest, request_)
    assert (reply.status, reply.code) == (413, "too_large")


def test_a_body_at_the_limit_is_read(guest: AsgiService) -> None:
    for request_ in (
        post(b"b" * BODY_LIMIT, target="/v1/like"),
        chunked(b"b" * BODY_LIMIT, target="/v1/like"),
        get("/v1/like", "Content-Length: " + "0" * 5_000, method="POST"),
    ):
        assert ask(guest, request_).status in {400, 403}


def test_who_asks_before_sending_too_large_a_body_is_refused_at_once(guest: AsgiService) -> None:
    lines = ("Content-Length: 999999", "Expect: 100-continue")
    assert ask(guest, get("/v1/like", *lines, method="POST")).code == "too_large"


def test_long_targets_and_headers_are_refused(guest: AsgiService) -> None:
    assert guest.get("/v1/counts?page=" + "x" * 16_384).code == "target_too_long"
    assert guest.get("/healthz", X="y" * 16_384).code == "headers_too_large"


def test_a_doubled_origin_is_refused(guest: AsgiService) -> None:
    body = f'{{"page":"/twice","voter":"{voter(1)}"}}'.encode()
    lines = (f"Origin: {ORIGIN}", "Origin: https://evil.example")
    assert ask(guest, post(body, *lines, target="/v1/like")).code == "bad_request"


def test_who_leaves_in_a_body_is_forgotten_without_a_word(guest: AsgiService) -> None:
    with Client(guest.url) as client:
        client.send(post(b"b" * 100, target="/v1/like")[:-50])
    assert guest.get("/healthz").status == 200


def test_who_resets_the_connection_at_once_is_forgotten_without_a_word(guest: AsgiService) -> None:
    for _ in range(200):
        client = Client(guest.url)
        client.send(get("/healthz"))
        client.reset()
    assert guest.get("/healthz").status == 200


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    service = AsgiService(tmp_path, LIKEWISE_ADMIN_KEY="short")
    done = subprocess.run(
        [sys.executable, *service._arguments()],
        cwd=tmp_path,
        env=service.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "LIKEWISE_ADMIN_KEY" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stop_ends_well(tmp_path: Path) -> None:
    service = AsgiService(tmp_path).start()
    client = Client(service.url)
    client.send(get("/healthz"))
    assert client.answer().status == 200
    assert service.stop() in {0, -15}  # uvicorn ends by the signal that it was sent
    client.close()
    assert "Traceback" not in service.log


# What no server that we have does, and others may


class Host:
    """An ASGI server by hand."""

    def __init__(self, app: Echo, fault: Exception | None = None) -> None:
        @asynccontextmanager
        async def running() -> AsyncIterator[App]:
            if fault is not None:
                raise fault
            yield app

        self.asgi = Asgi(running)
        self.sent: list[dict[str, Any]] = []

    async def call(self, scope: dict[str, Any], *received: dict[str, Any]) -> None:
        messages = iter(received)

        async def receive() -> dict[str, Any]:
            return next(messages)

        async def send(message: Any) -> None:
            self.sent.append(message)

        await self.asgi(scope, receive, send)

    def ask(self, *received: dict[str, Any], **scope: Any) -> list[dict[str, Any]]:
        """Return what is sent for one request in a running application."""
        given = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "headers": [(b"host", b"door")],
            "client": ("192.0.2.1", 5),
            "server": ("127.0.0.1", 80),
        }

        async def run() -> None:
            async with asynccontextmanager(self.asgi.lifespan)():
                await self.call({**given, **scope}, *(received or ({"type": "http.request"},)))

        asyncio.run(run())
        return self.sent


def path_of(**scope: Any) -> bytes:
    app = Echo()
    Host(app).ask(**scope)
    return app.requests[0].path


def test_the_raw_path_is_preferred_and_else_made() -> None:
    assert path_of(path="/a/b", raw_path=b"/a%2Fb") == b"/a%2Fb"
    assert path_of(path="/a/b", raw_path=b"/a%2Fb?query") == b"/a%2Fb"
    assert path_of(path="/a b/é?%/~x") == b"/a%20b/%C3%A9%3F%25/~x"
    assert path_of(path="/a b", raw_path=None) == b"/a%20b"


def test_the_host_of_a_raw_path_takes_the_place_of_the_header() -> None:
    app = Echo()
    Host(app).ask(raw_path=b"http://other/x#z", query_string=b"y")
    assert (app.requests[0].path, app.requests[0].query) == (b"/x", b"")
    Host(app).ask(raw_path=b"http://other/x", query_string=b"y")
    assert (app.requests[1].path, app.requests[1].query) == (b"/x", b"y")
    assert [request.header(b"host") for request in app.requests] == ["other", "other"]


def test_the_target_of_a_whole_server_is_taken() -> None:
    assert path_of(method="OPTIONS", path="*", raw_path=b"*") == b"*"


def test_a_prefix_is_cut_where_the_path_has_it() -> None:
    assert path_of(path="/in/x", root_path="/in") == b"/x"
    assert path_of(path="/in/x", raw_path=b"/in/x%2Fy", root_path="/in/") == b"/x%2Fy"
    assert path_of(path="/x", root_path="/in") == b"/x"
    assert path_of(path="/inner/x", root_path="/in") == b"/inner/x"
    assert path_of(path="/a b/x", raw_path=b"/a%20b/x", root_path="/a b") == b"/x"


def test_a_body_comes_in_pieces() -> None:
    app = Echo()
    pieces = [{"type": "http.request", "body": octet, "more_body": True} for octet in (b"a", b"b")]
    Host(app).ask(*pieces, {"type": "http.request"}, method="POST")
    assert app.requests[0].body == b"ab"


def test_a_client_that_leaves_in_its_body_gets_no_answer() -> None:
    app = Echo()
    piece = {"type": "http.request", "body": b"a", "more_body": True}
    assert Host(app).ask(piece, {"type": "http.disconnect"}) == []
    assert (app.requests, app.failures) == ([], [])


@pytest.mark.parametrize(
    ("client", "server", "peer"),
    [
        (("192.0.2.1", 5), ("127.0.0.1", 80), "192.0.2.1"),
        (None, ("/run/likes.sock", None), ""),
        (None, None, ""),
    ],
)
def test_the_peer_is_the_client_or_a_unix_socket(client: object, server: object, peer: str) -> None:
    app = Echo()
    Host(app).ask(client=client, server=server)
    assert app.requests[0].peer == peer


def test_a_client_without_address_on_a_port_is_refused() -> None:
    app = Echo()
    sent = Host(app).ask(client=None, server=("127.0.0.1", 80))
    assert (sent[0]["status"], app.requests) == (400, [])


@pytest.mark.parametrize("path", ["broken", "broken-soon", "refused", "refused-soon"])
def test_what_handlers_raise_becomes_an_answer(path: str) -> None:
    app = Echo()
    sent = Host(app).ask(path=f"/{path}")
    assert sent[0]["status"] == (500 if "broken" in path else 404)
    assert app.failures[0][1] == app.requests[0].path


@pytest.mark.parametrize("path", ["/empty", "/same"])
def test_answers_that_have_no_body_have_no_length(path: str) -> None:
    start, body = Host(Echo()).ask(path=path)
    assert b"content-length" not in dict(start["headers"])
    assert body["body"] == b""


def test_a_websocket_is_refused() -> None:
    host = Host(Echo())
    asyncio.run(host.call({"type": "websocket"}, {"type": "websocket.connect"}))
    assert [message["type"] for message in host.sent] == ["websocket.close"]


def test_a_host_that_does_not_run_our_lifespan_is_told() -> None:
    with pytest.raises(RuntimeError, match=r"give `likewise\.asgi\.lifespan` to the host"):
        asyncio.run(Host(Echo()).call({"type": "http"}))


LIFE = ({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})


def test_the_lifespan_starts_and_stops() -> None:
    host = Host(Echo())
    asyncio.run(host.call({"type": "lifespan"}, *LIFE))
    assert [message["type"] for message in host.sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


@pytest.mark.parametrize(
    ("fault", "message"), [(StartError("Set it."), "Set it."), (ValueError("oh"), "Traceback")]
)
def test_a_start_that_fails_tells_the_host(fault: Exception, message: str) -> None:
    host = Host(Echo(), fault)
    asyncio.run(host.call({"type": "lifespan"}, *LIFE))
    assert [sent["type"] for sent in host.sent] == ["lifespan.startup.failed"]
    assert host.sent[0]["message"].startswith(message)


def test_a_stop_that_fails_tells_the_host() -> None:
    @asynccontextmanager
    async def running() -> AsyncIterator[App]:
        yield Echo()
        raise ValueError("the disk is gone")

    host = Host(Echo())
    host.asgi = Asgi(running)
    asyncio.run(host.call({"type": "lifespan"}, *LIFE))
    assert host.sent[-1]["type"] == "lifespan.shutdown.failed"
    assert "the disk is gone" in host.sent[-1]["message"]
