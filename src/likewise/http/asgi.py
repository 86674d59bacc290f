"""The other door: the same app as an ASGI 3 callable, a guest in somebody else's server.

Translates messages and the lifespan; deadlines and connections are its host's business.
"""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from string import ascii_letters, digits
from typing import Any

from likewise.errors import Problem, StartError
from likewise.http.message import (
    WITHOUT_BODY,
    App,
    Request,
    Response,
    check_size,
    content_length,
    header_pairs,
    headers_of,
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
        """Serve one scope (ASGI 3): `http` or `lifespan`; a websocket is refused."""
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
        life = self.lifespan()
        for moment in ("startup", "shutdown"):
            await receive()
            try:
                await anext(life, None)
            except Exception as error:  # noqa: BLE001 (the host prints it)
                told = str(error) if isinstance(error, StartError) else traceback.format_exc()
                await send({"type": f"lifespan.{moment}.failed", "message": told})
                return
            await send({"type": f"lifespan.{moment}.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            msg = "Likewise is not running: give `likewise.asgi.lifespan` to the host application."
            raise RuntimeError(msg)
        path = None
        try:
            request = _request(scope)
            path = request.path
            response = await _answer(self._app, request, receive)
        except Gone:
            return
        except Exception as error:  # noqa: BLE001 (no request may end the server)
            response = self._app.failure(error, path)
        await _send(response, is_head=scope["method"] == "HEAD", send=send)


async def _answer(app: App, request: Request, receive: Receive) -> Response:
    limit = app.body_limit(request)
    if content_length(request.headers) > limit:
        raise _too_large(limit)
    request.body = await _body(receive, limit)
    answer = app.handle(request)
    return answer if isinstance(answer, Response) else await answer


def _request(scope: Scope) -> Request:
    raw: bytes = scope.get("raw_path") or _escaped(scope["path"])
    query: bytes = scope["query_string"]
    lines = list(scope["headers"])
    check_size(lines)
    headers = headers_of(lines)
    # Some hosts leave the query in the path as well.
    target = raw.partition(b"?")[0]
    path, query = split_target(target + b"?" + query if query else target, headers)
    # A host that mounts us keeps its own prefix in the path.
    root = _escaped(scope.get("root_path", "")).rstrip(b"/")
    if root and path.startswith(root + b"/"):
        path = path[len(root) :]
    return Request(scope["method"], path, query, headers, peer=_peer(scope))


def _peer(scope: Scope) -> str:
    """Return the client's address, `""` on a unix socket, whose server has no port."""
    client, server = scope.get("client"), scope.get("server")
    if client:
        return str(client[0])
    if server and server[1] is not None:
        # Who resets the connection at once has none, and shall not pass for a trusted unix socket.
        raise Problem("bad_request", "The server does not know the client's address.")
    return ""


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
    headers, body = header_pairs(response.headers), response.body
    if response.status in WITHOUT_BODY:
        body = b""
    else:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_head else body})
