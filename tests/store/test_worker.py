"""The thread beside the loop: calls in order, outcomes told in the loop, an end without a word."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable

import pytest

from likewise.store.worker import Worker, until_done

AN_END_WITHOUT_CLOSE = """
import asyncio
from threading import Event
from likewise.store.worker import Worker

async def main():
    Worker("left").do(Event().wait)

asyncio.run(main())
"""


def with_worker(test: Callable[[Worker], Awaitable[None]]) -> None:
    """Run a test on a worker of a loop of its own."""

    async def run() -> None:
        worker = Worker("tested")
        try:
            await test(worker)
        finally:
            worker.close()

    asyncio.run(run())


def test_calls_are_made_one_after_the_other_beside_the_loop() -> None:
    async def test(worker: Worker) -> None:
        made: list[tuple[int, str]] = []

        def note(number: int) -> None:
            made.append((number, threading.current_thread().name))

        calls = [worker.do(lambda number=number: note(number)) for number in range(9)]  # type: ignore[misc]
        for call in calls:
            await until_done(call)
        assert made == [(number, "tested") for number in range(9)]

    with_worker(test)


def test_the_outcome_is_told_in_the_loop() -> None:
    async def test(worker: Worker) -> None:
        told: list[str] = []
        call = worker.do(lambda: None)
        call.add_done_callback(lambda _: told.append(threading.current_thread().name))
        await call
        assert told == [threading.main_thread().name]

    with_worker(test)


def test_what_a_call_raises_is_raised_for_whoever_asks_and_ends_nothing() -> None:
    async def test(worker: Worker) -> None:
        def fail() -> None:
            raise OSError("the disk is gone")

        failed = worker.do(fail)
        await until_done(failed)  # which is not whoever asks
        with pytest.raises(OSError, match="the disk is gone"):
            failed.result()
        await worker.do(lambda: None)

    with_worker(test)


def test_whoever_is_cancelled_waits_to_the_end_all_the_same() -> None:
    async def test(worker: Worker) -> None:
        go = threading.Event()
        call = worker.do(go.wait)
        waiting = asyncio.ensure_future(until_done(call))
        for _ in range(3):
            await asyncio.sleep(0.01)
            waiting.cancel()
        await asyncio.sleep(0.01)
        assert not waiting.done()
        go.set()
        await waiting
        assert call.done()

    with_worker(test)


def test_close_makes_the_calls_that_are_left() -> None:
    made: list[int] = []

    async def run() -> None:
        worker = Worker("closed")
        for number in range(100):
            worker.do(lambda number=number: made.append(number))  # type: ignore[misc]
        worker.close()

    asyncio.run(run())
    assert made == list(range(100))


def test_no_thread_begins_before_a_call() -> None:
    async def test(worker: Worker) -> None:
        def names() -> set[str]:
            return {thread.name for thread in threading.enumerate()}

        assert "tested" not in names()
        await worker.do(lambda: None)
        assert "tested" in names()

    with_worker(test)


def test_a_call_after_the_end_is_refused() -> None:
    async def run() -> None:
        worker = Worker("closed")
        await worker.do(lambda: None)
        worker.close()
        worker.close()
        with pytest.raises(RuntimeError):
            worker.do(lambda: None)

    asyncio.run(run())


def test_calls_are_made_even_where_the_loop_has_ended() -> None:
    go, made = threading.Event(), list[int]()

    async def begin() -> Worker:
        worker = Worker("left")
        worker.do(go.wait)
        worker.do(lambda: made.append(1))
        return worker

    worker = asyncio.run(begin())
    go.set()
    worker.close()
    assert made == [1]


def test_an_end_without_close_waits_for_no_call() -> None:
    subprocess.run([sys.executable, "-c", AN_END_WITHOUT_CLOSE], check=True, timeout=20)
