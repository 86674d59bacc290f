"""The one writer: work that arrives while a commit runs is the next transaction.

Knows BEGIN, COMMIT and threads; must not know what the work is about.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from typing import Any, NamedTuple, TypeVar

import apsw

from likewise.errors import Problem
from likewise.later import Later
from likewise.store.transaction import Transaction
from likewise.store.worker import Worker, until_done

T = TypeVar("T")

_log = logging.getLogger("likewise")

MAX_BATCH = 256
MAX_QUEUE = 8_192  # of a disk that stalls: more would be held in memory without a bound
LOCK_MILLISECONDS = 4_000


class Work(Later[T]):
    """What is to be done in a transaction, and what to make of its outcome."""

    __slots__ = ("answer", "do", "since")

    def __init__(self, do: Callable[[Transaction], Any], answer: Callable[[Any], T]) -> None:
        super().__init__()
        self.do = do
        self.answer = answer
        self.since = perf_counter()  # the clock of uvloop moves once a turn


class Batch(NamedTuple):
    """What a transaction that reached the disk took, and what each of its writes had waited."""

    seconds: float
    waited_seconds: list[float]


class Writer:
    """Group commit. Statements run on the event loop, where they cost microseconds; what can
    wait for a disk or a lock, BEGIN and COMMIT, is done by `worker`.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        worker: Worker,
        new_transaction: Callable[[], Transaction],
        committed: Callable[[Transaction], None],
    ) -> None:
        self._connection = connection
        self._worker = worker
        self._new_transaction = new_transaction
        self._committed = committed
        self._queue: deque[Work[Any]] = deque()
        self._running: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._is_finished = False
        self.is_busy = False  # the connection belongs to the thread, or to a transaction
        self.failed = False  # the last commit did not succeed
        self.on_batch: Callable[[Batch], None] = lambda _batch: None
        self.pause: Callable[[], Later[None] | None] = lambda: None

    def submit(self, do: Callable[[Transaction], Any], answer: Callable[[Any], T]) -> Later[T]:
        """Queue work, and return what `answer` makes of its result, once it is on the disk.

        `answer` gets `storage_unavailable` instead where the work may not be on the disk, or where
        too much waits already. It is called even when nobody waits any longer: others may rely on
        what it does.
        """
        work = Work(do, answer)
        if self._is_finished or len(self._queue) >= MAX_QUEUE:
            _resolve(work, _unavailable())
            return work
        self._queue.append(work)
        if self._running is None:
            self._running = self._loop.create_task(self._run())
        return work

    async def finish(self) -> None:
        """Wait until everything queued is answered; take nothing more."""
        self._is_finished = True
        if self._running is not None:
            await asyncio.wait({self._running})

    async def _run(self) -> None:
        try:
            while self._queue:
                count = min(len(self._queue), MAX_BATCH)
                await self._write([self._queue.popleft() for _ in range(count)])
                pause = self.pause()
                if pause is not None:
                    await until_done(pause)
        finally:
            self._running = None

    async def _write(self, batch: list[Work[Any]]) -> None:
        self.is_busy, began = True, perf_counter()
        try:
            outcomes = await self._commit(batch)
            now = perf_counter()
            tell(self.on_batch, Batch(now - began, [now - work.since for work in batch]))
        except Exception as error:  # noqa: BLE001 (a fault of ours may not end the writer)
            self._roll_back()
            self.failed = _is_storage(error)
            if len(batch) > 1 and not self.failed:
                # One of them is at fault: the others shall not pay for it.
                for work in batch:
                    await self._write([work])
                return
            outcomes = [_unavailable() if self.failed else error] * len(batch)
        finally:
            self.is_busy = False
        for work, outcome in zip(batch, outcomes, strict=True):
            _resolve(work, outcome)

    async def _commit(self, batch: list[Work[Any]]) -> list[Any]:
        await self._begin()
        transaction = self._new_transaction()
        outcomes = [_done(work, transaction) for work in batch]
        transaction.flush()
        await self._in_thread(lambda: self._connection.execute("COMMIT"))
        self._committed(transaction)
        self.failed = False
        return outcomes

    async def _begin(self) -> None:
        """Take the write lock: at once, or in the thread, where waiting hurts nobody."""
        self._roll_back()
        self._connection.set_busy_timeout(0)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except apsw.BusyError:
            await self._in_thread(self._begin_patiently)

    def _begin_patiently(self) -> None:
        self._connection.set_busy_timeout(LOCK_MILLISECONDS)
        self._connection.execute("BEGIN IMMEDIATE")

    async def _in_thread(self, call: Callable[[], object]) -> None:
        made = self._worker.do(call)
        await until_done(made)
        made.result()

    def _roll_back(self) -> None:
        # Where even that fails it is tried again before the next BEGIN: who waits is answered now.
        with suppress(apsw.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def tell(hook: Callable[..., None], *told: object) -> None:
    """Tell of what is on the disk. Who fails to take note of it does not undo it."""
    try:
        hook(*told)
    except Exception:  # noqa: BLE001 (whatever it was)
        _log.exception("What was stored could not be counted in the figures.")


def _done(work: Work[Any], transaction: Transaction) -> Any:  # noqa: ANN401 (as many types as there is work)
    """Return the outcome of one piece of work; a refusal is one, raised before it has written."""
    try:
        return work.do(transaction)
    except Problem as refusal:
        return refusal


def _is_storage(error: Exception) -> bool:
    return isinstance(
        error,
        apsw.BusyError
        | apsw.LockedError
        | apsw.FullError
        | apsw.IOError
        | apsw.ReadOnlyError
        | apsw.CantOpenError
        | apsw.CorruptError
        | apsw.NotADBError
        | apsw.NoMemError
        | apsw.ProtocolError,
    )


def _unavailable() -> Problem:
    return Problem(
        "storage_unavailable",
        "The like could not be confirmed; it is safe to send it again.",
        retry_after_seconds=2,
    )


def _resolve(work: Work[Any], outcome: Any) -> None:  # noqa: ANN401 (as many types as there is work)
    try:
        if isinstance(outcome, BaseException) and not isinstance(outcome, Problem):
            raise outcome  # noqa: TRY301
        answer = work.answer(outcome)
    except Exception as error:  # noqa: BLE001 (it belongs to the one who waits)
        work.fail(error)
    else:
        work.succeed(answer)
