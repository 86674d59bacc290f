"""A socket without waiting: what leaves late, who pauses, and how either side ends it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import cast

import pytest
import uvloop

from likewise.http.connection import Connection
from likewise.http.stream import Stream, Streams

LARGE = bytes(range(256)) * 8_192  # more than a system takes at once


class Told:
    """What a stream tells its connection, in order."""

    def __init__(self, buffer: memoryview) -> None:
        self.words: list[str | bytes] = []
        self.stays_half_closed = True
        self._buffer = buffer

    def connection_made(self, _stream: Stream) -> None:
        self.words.append("made")

    def buffer_updated(self, size_bytes: int) -> None:
        if (heard := bytes(self._buffer[:size_bytes])) == b"broken":
            raise ValueError("broken")
        self.words.append(heard)

    def eof_received(self) -> bool:
        self.words.append("eof")
        return self.stays_half_closed

    def pause_writing(self) -> None:
        self.words.append("pause")

    def resume_writing(self) -> None:
        self.words.append("resume")

    def connection_lost(self) -> None:
        self.words.append("lost")


class Pair:
    """A stream, what it tells, and the peer's socket."""

    def __init__(self, streams: Streams) -> None:
        self.peer, ours = socket.socketpair()
        self.peer.settimeout(0)
        self.told = Told(streams.buffer)
        self.stream = Stream(streams, ours, cast("Connection", self.told))

    async def hear(self, size_bytes: int) -> bytes:
        """Read so much as the peer, or up to the end."""
        heard = b""
        while len(heard) < size_bytes:
            await asyncio.sleep(0)
            try:
                piece = self.peer.recv(size_bytes - len(heard))
            except BlockingIOError:
                continue
            if not piece:
                break
            heard += piece
        return heard


Scenario = Callable[[Streams], Awaitable[None]]


@contextmanager
def streams() -> Iterator[Streams]:
    running = Streams(memoryview(bytearray(2_048)))
    try:
        yield running
    finally:
        running.close()
        running.close()  # changes nothing


async def turns(count: int = 8) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def play(request: pytest.FixtureRequest) -> Callable[[Scenario], None]:
    """Return what plays a scenario in a loop of each kind."""

    def run(scenario: Scenario) -> None:
        async def with_streams() -> None:
            with streams() as running:
                await asyncio.wait_for(scenario(running), 30)
                await turns()

        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(with_streams())

    return run


def test_what_comes_is_told_and_what_is_written_leaves(play: Callable[[Scenario], None]) -> None:
    async def scenario(running: Streams) -> None:
        pair = Pair(running)
        with pair.peer:
            pair.peer.send(b"asked")
            await turns()
            pair.stream.write(b"answer")
            assert pair.peer.recv(100) == b"answer"
            assert pair.told.words == ["made", b"asked"]
            pair.stream.close()
            await turns()
            assert pair.told.words[2:] == ["lost"]
            assert pair.peer.recv(100) == b""

    play(scenario)


def test_what_does_not_leave_at_once_leaves_when_it_is_read(
    play: Callable[[Scenario], None],
) -> None:
    async def scenario(running: Streams) -> None:
        pair = Pair(running)
        with pair.peer:
            pair.stream.write(LARGE)
            assert pair.told.words == ["made", "pause"]
            assert 0 < pair.stream.unsent_bytes() < len(LARGE)
            pair.stream.write(b"and more")
            assert await pair.hear(len(LARGE) + 8) == LARGE + b"and more"
            await turns()
            assert pair.told.words == ["made", "pause", "resume"]
            assert pair.stream.unsent_bytes() == 0
            pair.stream.abort()

    play(scenario)


@pytest.mark.parametrize("end", ["close", "write_eof"])
def test_an_end_waits_for_what_has_not_left(play: Callable[[Scenario], None], end: str) -> None:
    async def scenario(running: Streams) -> None:
        pair = Pair(running)
        with pair.peer:
            pair.stream.write(LARGE)
            getattr(pair.stream, end)()
            assert await pair.hear(len(LARGE) + 1) == LARGE
            pair.stream.abort()

    play(scenario)


def test_a_peer_that_has_ended_is_still_answered(play: Callable[[Scenario], None]) -> None:
    async def scenario(running: Streams) -> None:
        pair = Pair(running)
        with pair.peer:
            pair.peer.shutdown(socket.SHUT_WR)
            await turns()
            assert pair.told.words == ["made", "eof"]
            pair.stream.write(b"answer")
            assert pair.peer.recv(100) == b"answer"
            pair.stream.close()

    play(scenario)


def test_a_peer_that_has_ended_for_nothing_is_let_go(play: Callable[[Scenario], None]) -> None:
    async def scenario(running: Streams) -> None:
        pair = Pair(running)
        pair.told.stays_half_closed = False
        pair.peer.close()
        await turns()
        assert pair.told.words == ["made", "eof", "lost"]

    play(scenario)


def test_who_reads_no_longer_hears_nothing(play: Callable[[Scenario], None]) -> None:
    async def scenario(running: Streams) -> None:
        pair = Pair(running)
        with pair.peer:
            pair.stream.pause_reading()
            pair.stream.pause_reading()
            pair.peer.send(b"asked")
            await turns()
            assert pair.told.words == ["made"]
            pair.stream.resume_reading()
            await turns()
            assert pair.told.words == ["made", b"asked"]
            pair.stream.abort()
            pair.stream.resume_reading()

    play(scenario)


def test_one_that_the_system_watches_over_no_more_still_ends(
    play: Callable[[Scenario], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("too many are watched")

    async def scenario(running: Streams) -> None:
        pair = Pair(running)
        with pair.peer:
            pair.stream.pause_reading()
            monkeypatch.setattr(running.selector, "register", refuse)
            with pytest.raises(OSError, match="watched"):
                pair.stream.resume_reading()
            pair.stream.abort()
            await turns()
            assert pair.told.words == ["made", "lost"]

    play(scenario)


@pytest.mark.parametrize("write", ["at once", "later"])
def test_a_peer_that_has_left_is_noticed_once(play: Callable[[Scenario], None], write: str) -> None:
    async def scenario(running: Streams) -> None:
        pair = Pair(running)
        if write == "later":
            pair.stream.write(LARGE)
        pair.stream.pause_reading()
        pair.peer.close()
        pair.stream.write(b"answer")
        await turns()
        pair.stream.write(b"more")
        pair.stream.abort()
        pair.stream.close()
        pair.stream.write_eof()
        await turns()
        assert pair.told.words.count("lost") == 1
        assert pair.stream.unsent_bytes() == 0

    play(scenario)


def test_one_that_fails_costs_the_others_nothing(play: Callable[[Scenario], None]) -> None:
    async def scenario(running: Streams) -> None:
        noise: list[dict[str, object]] = []
        running.loop.set_exception_handler(lambda _, context: noise.append(context))
        pairs = [Pair(running) for _ in range(3)]
        for pair, words in zip(pairs, [b"first", b"broken", b"third"], strict=True):
            pair.peer.send(words)
        await turns()
        assert [pair.told.words for pair in pairs] == [
            ["made", b"first"],
            ["made", "lost"],
            ["made", b"third"],
        ]
        assert [str(context["exception"]) for context in noise] == ["broken"]
        for pair in pairs:
            pair.peer.close()
            pair.stream.abort()

    play(scenario)


def test_one_that_another_ends_in_the_same_turn_hears_nothing(
    play: Callable[[Scenario], None],
) -> None:
    async def scenario(running: Streams) -> None:
        pairs = [Pair(running) for _ in range(2)]
        first, second = (pair.stream for pair in pairs)
        pairs[0].told.buffer_updated = lambda _: second.abort()  # type: ignore[method-assign,assignment]
        pairs[1].told.buffer_updated = lambda _: first.abort()  # type: ignore[method-assign,assignment]
        for pair in pairs:
            pair.peer.send(b"asked")
        await turns()
        assert sorted(pair.told.words.count("lost") for pair in pairs) == [0, 1]
        for pair in pairs:
            pair.peer.close()
            pair.stream.abort()

    play(scenario)
