"""What the tests of the doors may ask for."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest
import uvloop

from likewise.http import server
from tests.http.door import Client, Door


@pytest.fixture(autouse=True)
def fast_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the door look at its deadlines often: tests say how time passes."""
    monkeypatch.setattr(server, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(server, "DRAIN_GRACE_SECONDS", 0.01)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    """Return the door to a proxy that is trusted; it has nothing to log at the end."""
    with Door(new_loop=request.param) as door:
        yield door
    gc.collect(1)  # what nobody took is told when it is collected
    assert door.noise == []


@pytest.fixture
def client(door: Door) -> Client:
    """Return a connection."""
    return door.connect()
