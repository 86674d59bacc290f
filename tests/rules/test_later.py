"""What is told at once to those who wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import pytest

from likewise.later import Later


def in_a_loop(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    @wraps(test)
    def play() -> None:
        async def scenario() -> None:
            await test()

        asyncio.run(scenario())

    return play


def test_who_waits_is_called_in_the_moment_it_is_there() -> None:
    told: list[object] = []
    later: Later[str] = Later()
    later.add_done_callback(lambda done: told.append(("first", done.result())))
    later.add_done_callback(lambda done: told.append(("second", done.result())))
    assert (later.done(), told) == (False, [])
    later.succeed("here")
    assert (later.done(), told) == (True, [("first", "here"), ("second", "here")])


def test_who_comes_after_it_is_called_at_once() -> None:
    told: list[str] = []
    later: Later[str] = Later()
    later.succeed("here")
    later.add_done_callback(lambda done: told.append(done.result()))
    assert told == ["here"]


@in_a_loop
async def test_it_can_be_awaited_before_and_after() -> None:
    later: Later[str] = Later()
    asyncio.get_running_loop().call_soon(later.succeed, "here")
    assert [await later, await later] == ["here", "here"]


@in_a_loop
async def test_an_error_is_raised_where_it_is_awaited() -> None:
    later: Later[str] = Later()
    asyncio.get_running_loop().call_soon(later.fail, ValueError("not today"))
    for _ in range(2):
        with pytest.raises(ValueError, match="not today"):
            await later


@in_a_loop
async def test_who_waits_no_longer_takes_nothing_from_the_others() -> None:
    later: Later[str] = Later()

    async def wait() -> str:
        return await later

    leaving, staying = asyncio.create_task(wait()), asyncio.create_task(wait())
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    later.succeed("here")
    assert await staying == "here"
    assert leaving.cancelled()


@in_a_loop
async def test_who_fails_when_told_stops_nobody() -> None:
    reported: list[dict[str, Any]] = []
    told: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: reported.append(context))
    later: Later[str] = Later()
    later.add_done_callback(lambda _: 1 / 0)
    later.add_done_callback(lambda done: told.append(done.result()))
    later.succeed("here")
    assert told == ["here"]
    assert [type(context["exception"]) for context in reported] == [ZeroDivisionError]
