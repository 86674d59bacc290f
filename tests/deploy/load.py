"""Many readers at once who like, each from a network of its own: bounded, and to loopback only."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator

from tests.service import ORIGIN, address, voter

CONNECTIONS = 64


def like_in_turns(port: int, likes: int, go_on: Callable[[], bool] = lambda: True) -> int:
    """Send likes of one page over 64 connections; return how many were acknowledged.

    Ends before that when the service closes the connections, or `go_on` says no.
    """
    return asyncio.run(_all(port, likes, go_on))


async def _all(port: int, likes: int, go_on: Callable[[], bool]) -> int:
    numbers = iter(range(likes))
    return sum(await asyncio.gather(*(_reader(port, numbers, go_on) for _ in range(CONNECTIONS))))


async def _reader(port: int, numbers: Iterator[int], go_on: Callable[[], bool]) -> int:
    acknowledged = 0
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return 0
    try:
        for number in numbers:
            if not go_on():
                break
            writer.write(_like(number))
            status = await _status(reader)
            if status is None:
                break
            acknowledged += status == 200
    except OSError:
        pass
    finally:
        writer.close()
    return acknowledged


def _like(number: int) -> bytes:
    body = json.dumps({"page": "/load", "voter": voter(number)})
    head = (
        f"POST /v1/like HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: {ORIGIN}\r\n"
        f"X-Forwarded-For: {address(number)}\r\nContent-Type: text/plain\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


async def _status(reader: asyncio.StreamReader) -> int | None:
    """Read one answer; None where the service has closed instead."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        length = next(line for line in lines if line.lower().startswith("content-length:"))
        await reader.readexactly(int(length.partition(":")[2]))
    except asyncio.IncompleteReadError:
        return None
    return int(lines[0].split()[1])
