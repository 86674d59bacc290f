"""The other door: the same app as an ASGI 3 callable, a guest in somebody else's server.

Translates messages and the lifespan; deadlines and connections are its host's business.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from string import ascii_letters, digits
from typing import Any

from likewise.errors import Problem
from likewise.http.message import (
    App,
    Headers,
    Request,
    Response,
    header_pairs,
    split_target,
)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Gone(Exception):  # noqa: N818 (it is no error of ours)
    """The client went away before its request was complete."""


class Asgi:
    """An ASGI callable around the app that `running` builds and, at the end, takes down."""

    def __init__(self, running: Callable[[], AbstractAsyncContextManager[App]]) -> None:
        self._running = running
        self._app: App | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one scope (ASGI 3): `http` or `lifespan`. Anything else is refused."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def lifespan(self, _host: object = None) -> AsyncIterator[None]:
        """Run the app for as long as a mounting application runs."""
        async with self._running() as app:
            self._app = app
            try:
                yield
            finally:
                self._app = None

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        life = self.lifespan()
        try:
            await anext(life)
        except Exception as error:  # noqa: BLE001 (the host prints it and stops)
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await anext(life, None)
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            msg = "Likewise is not running: give `likewise.asgi.lifespan` to the host application."
            raise RuntimeError(msg)
        request = None
        try:
            request = _request(scope)
            response = await _answer(self._app, request, receive)
        except Gone:
            return
        except Exception as error:  # noqa: BLE001 (no request may end the server)
            response = self._app.failure(error, request)
        await _send(response, is_head=scope["method"] == "HEAD", send=send)


async def _answer(app: App, request: Request, receive: Receive) -> Response:
    limit = app.body_limit(request)
    declared = request.headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    request.body = await _body(receive, limit)
    answer = app.handle(request)
    return answer if isinstance(answer, Response) else await answer


def _request(scope: Scope) -> Request:
    raw: bytes = scope.get("raw_path") or _escaped(scope["path"])
    path, _ = split_target(raw.partition(b"?")[0])
    query: bytes = scope["query_string"]
    split_target(path + b"?" + query)
    # A host that mounts us keeps its own prefix in the path.
    root = _escaped(scope.get("root_path", "")).rstrip(b"/")
    if root and path.startswith(root + b"/"):
        path = path[len(root) :]
    client = scope.get("client")
    headers = Headers(scope["headers"])
    return Request(scope["method"], path, query, headers, peer=client[0] if client else "")


def _escaped(path: str) -> bytes:
    """Return a decoded path in wire form again; what a host has decoded, `%2F`, is lost."""
    return b"".join(
        bytes((octet,)) if octet in _PLAIN else b"%%%02X" % octet
        for octet in path.encode("utf-8", "surrogatepass")
    )


_PLAIN = frozenset(b"/-._~!$&'()*+,;=:@" + f"{ascii_letters}{digits}".encode())


async def _body(receive: Receive, limit: int) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        piece: bytes = message.get("body", b"")
        body += piece
        if len(body) > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            return body


def _too_large(limit: int) -> Problem:
    return Problem("too_large", f"Bodies of at most {limit} bytes are taken here.")


async def _send(response: Response, *, is_head: bool, send: Send) -> None:
    headers = header_pairs(response.headers)
    if response.status not in {204, 304}:
        headers.append((b"content-length", b"%d" % len(response.body)))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_head else response.body})
