"""However the bytes are cut, and whatever they are, the connection holds."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from likewise.http.connection import Connection
from likewise.http.server import Server
from tests.http.door import WAIT_SECONDS, Echo, chunked, get, post

STREAM = b"".join(
    [
        get("/now?first"),
        post(b"second", "Cookie: a=b", "cookie: c=d", "Origin:  https://example.org "),
        get("/soon/3?third", method="HEAD"),
        chunked(b"four", b"th", b"\r\n\r\n", trailers=b"Host: evil\r\n"),
        b"\r\n",
        get("http://door/soon?fifth#part"),
        post(b"s" * 300),
        get("/refused-soon"),
        get("/empty", "Connection: close"),
    ]
)
FRAGMENTS = [
    *[b"GET ", b"POST ", b"HEAD ", b"/", b"/soon", b"?", b"*", b"http://a/", b" "],
    *[b" HTTP/1.1", b" HTTP/1.0", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b":", b"Host: a\r\n", b"\0"],
    *[b"Transfer-Encoding: chunked\r\n", b"Content-Length: 3\r\n", b"Content-Length: 9999\r\n"],
    *[b"3\r\nabc\r\n", b"0\r\n\r\n", b"Expect: 100-continue\r\n", b"Connection: close\r\n"],
    *[b"Connection: upgrade\r\nUpgrade: h2c\r\n", b"x" * 5_000, b"\xff", get("/"), post(b"abc")],
]


async def conversation(pieces: list[bytes], *, turns: int = 3) -> tuple[bytes, list[str]]:
    """Return what the door says to these pieces, and what the loop complains about."""
    complaints: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(repr(context)))
    server = Server(Echo(), lambda _: True)
    ours, theirs = socket.socketpair()
    with ours:
        ours.setblocking(False)
        connection = Connection(server)
        server.begin(connection, theirs)
        answers = asyncio.ensure_future(_read_all(ours))
        with contextlib.suppress(OSError):  # the door may have closed
            for piece in pieces:
                await loop.sock_sendall(ours, piece)
                for _ in range(turns):
                    await asyncio.sleep(0)
            ours.shutdown(socket.SHUT_WR)
        said = await asyncio.wait_for(answers, WAIT_SECONDS)
        connection.abort()  # where our end has not been noticed yet
        await asyncio.sleep(0)
    server.close()
    return said, complaints


async def _read_all(sock: socket.socket) -> bytes:
    loop, said = asyncio.get_running_loop(), b""
    with contextlib.suppress(OSError):
        while piece := await loop.sock_recv(sock, 65_536):
            said += piece
    return said


def undated(said: bytes) -> bytes:
    return re.sub(rb"date: [^\r]*", b"date", said)


WHOLE = undated(asyncio.run(conversation([STREAM]))[0])


def test_the_stream_is_answered_as_it_was_meant() -> None:
    assert re.findall(rb"HTTP/1\.1 (\d+)", WHOLE) == [b"200"] * 6 + [b"404", b"204"]
    assert re.findall(rb'"query": "(.*?)"', WHOLE) == [b"first", b"", b"", b"fifth", b""]
    bodies = [b"", b"second", rb"fourth\r\n\r\n", b"", b"s" * 300]
    assert re.findall(rb'"body": "(.*?)"', WHOLE) == bodies
    assert b"evil" not in WHOLE


@settings(max_examples=400, deadline=None)
@given(st.sets(st.integers(1, len(STREAM) - 1), max_size=40))
def test_any_split_gives_the_same_answers(cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[start:end] for start, end in pairwise(edges)]
    said, complaints = asyncio.run(conversation(pieces))
    assert undated(said) == WHOLE
    assert complaints == []


def test_byte_by_byte_gives_the_same_answers() -> None:
    pieces = [bytes([octet]) for octet in STREAM]
    assert undated(asyncio.run(conversation(pieces))[0]) == WHOLE


def assert_survived(pieces: list[bytes]) -> None:
    said, complaints = asyncio.run(conversation(pieces, turns=1))
    assert complaints == []
    assert said == b"" or said.startswith(b"HTTP/1.1 ")
    assert b"HTTP/1.1 500" not in said


@settings(max_examples=400, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=10))
def test_random_bytes_never_break_the_connection(pieces: list[bytes]) -> None:
    assert_survived(pieces)


@settings(max_examples=1_000, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS)))
def test_shuffled_http_never_breaks_the_connection(pieces: list[bytes]) -> None:
    assert_survived(pieces)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_flipped_byte_never_breaks_the_connection(data: st.DataObject) -> None:
    spoilt = bytearray(STREAM)
    for _ in range(data.draw(st.integers(1, 3))):
        spoilt[data.draw(st.integers(0, len(STREAM) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(STREAM)))
    assert_survived([bytes(spoilt[:cut]), bytes(spoilt[cut:])])
