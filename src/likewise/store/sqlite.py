"""The store on one SQLite file: one writer, readers that never wait for it, a cache.

Puts the parts together and answers the protocol; the tables' SQL is in its neighbours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeVar

import apsw

from likewise.errors import Problem
from likewise.later import Later
from likewise.store import (
    HOURS_PER_DAY,
    SECONDS_PER_HOUR,
    Alias,
    Condition,
    Counts,
    Known,
    Popularity,
    Query,
    ReasonQuery,
    Reasons,
    Report,
    Seed,
    Standing,
    Surges,
    Totals,
    Wish,
    file,
)
from likewise.store.cache import Cache, Name, Page
from likewise.store.checkpoint import Checkpoints
from likewise.store.pages import load_page, unknown_pages
from likewise.store.place import Place
from likewise.store.reasons import listed
from likewise.store.reports import connect_for_reports, report, totals
from likewise.store.transaction import Kinds, Transaction
from likewise.store.worker import Worker
from likewise.store.writer import Batch, Writer, tell
from likewise.voters import row_key

if TYPE_CHECKING:
    from likewise.store.audience import Views
    from likewise.store.condition import Examination
    from likewise.store.orders import Ledger

T = TypeVar("T")

PROBE_BYTES = 40_960
PIECE_PAGES = 200  # so many become known at once: about 3 ms of the event loop's time
_ADMIN_KEY = "admin_key"
_NO_COUNTS: Counts = {}


class SqliteStore:
    """Answers the protocol `Store`. Built by `open_store` on a running event loop."""

    def __init__(
        self, path: str, secret: bytes, writer: apsw.Connection, wall: Callable[[], float]
    ) -> None:
        self.path = path
        self.wall = wall
        self._secret = secret
        self._write_connection = writer
        self._read_connection = file.connect(path, read_only=True)
        self._reader = self._read_connection.cursor()
        self._reports: apsw.Connection | None = None
        self._examination: Examination | None = None
        committer, checkpointer = self._workers = Worker("commit"), Worker("checkpoint")
        self._report_thread = ThreadPoolExecutor(1, "report")  # drops at the end what waits there
        self._place = Place(path)
        self._cache = Cache()
        self._kinds = Kinds(writer)
        self._foreign_version = 0
        self._version = 0  # of the file, in this turn of the loop
        self._cached_version = 0
        self._is_checked = False  # whether this turn has looked
        self._loop = asyncio.get_running_loop()
        self._writer = Writer(writer, committer, self._transaction, self._committed)
        self._checkpoints = Checkpoints(writer, path, checkpointer)
        self._writer.pause = self._checkpoints.due
        self.loaded_pages = 0  # since the start, for not being in memory
        self.on_likes: Callable[[Mapping[Name, int], int], None] = lambda _given, _taken_back: None

    # Parts that are loaded when they are needed: together they take half a MiB

    @cached_property
    def ledger(self) -> Ledger:
        from likewise.store.ledger import SqliteLedger  # noqa: PLC0415 (see above)

        return SqliteLedger(self)

    @cached_property
    def surges(self) -> Surges:
        from likewise.store.surges import SqliteSurges  # noqa: PLC0415 (see above)

        return SqliteSurges(self)

    @cached_property
    def views(self) -> Views:
        from likewise.store.views import SqliteViews  # noqa: PLC0415 (see above)

        return SqliteViews(self)

    async def condition(self) -> Condition:
        if self._examination is None:
            from likewise.store.condition import Examination  # noqa: PLC0415 (see above)

            self._examination = Examination(self.path, self.wall)
        return await self._examination.condition()

    async def retain(self) -> None:
        from likewise.store.retention import Retention  # noqa: PLC0415 (see above)

        await Retention(self).run()

    # Reads

    def counts(self, site: str, page: str) -> Counts:
        found = self._page(site, page)
        return _NO_COUNTS if found is None else found.counts

    def version(self) -> int:
        if not self._is_checked:
            self._check_version()
        return self._version

    def known(self, site: str, page: str) -> Known | None:
        # A page that is in memory is known, even where a commit has moved its counts since.
        found = self._cache.get((site, page)) or self._page(site, page)
        return None if found is None else Known(found.name[1], found.is_blocked)

    def n_of(self, site: str, page: str, kind: str, voter: str) -> int:
        found = self._page(site, page)
        return sum(
            self._reader.execute(
                "/* n_of */ SELECT coalesce(sum(n), 0) FROM likes WHERE page = ? AND voter = ?"
                " AND kind = (SELECT id FROM kinds WHERE name = ?)",
                (member, row_key(self._secret, salt, kind, voter), kind),
            ).get
            for member, salt in (found.members if found else ())
        )

    def likes_today(self, site: str, page: str, kind: str) -> int:
        found = self._page(site, page)
        return sum(
            self._reader.execute(
                "/* likes_today */ SELECT coalesce(sum(ups - downs), 0) FROM hourly WHERE page = ?"
                " AND hour BETWEEN ? AND ? AND kind = (SELECT id FROM kinds WHERE name = ?)",
                (member, *self._hours_of_today(), kind),
            ).get
            for member, _ in (found.members if found else ())
        )

    async def report(self, query: Query) -> Report:
        return await self.in_reports(lambda connection: report(connection, query))

    async def totals(self, site: str) -> Totals:
        hours = self._hours_of_today()
        return await self.in_reports(lambda connection: totals(connection, site, hours))

    async def popular(self, site: str, kind: str, days: int | None) -> list[Popularity]:
        from likewise.store.popular import popular  # noqa: PLC0415 (see above)

        hour = int(self.wall()) // SECONDS_PER_HOUR
        since = None if days is None else hour - days * HOURS_PER_DAY + 1
        return await self.in_reports(lambda connection: popular(connection, site, kind, since))

    async def reasons(self, query: ReasonQuery) -> Reasons:
        return await self.in_reports(lambda connection: listed(connection, query))

    def admin_key_digest(self) -> bytes | None:
        return self._meta(_ADMIN_KEY)

    # Writes

    def like(self, wish: Wish, answer: Callable[[Standing | Problem], T]) -> Later[T]:
        return self._writer.submit(lambda transaction: transaction.like(wish), answer)

    def explain(self, wish: Wish, answer: Callable[[Standing | Problem], T]) -> Later[T]:
        return self._writer.submit(lambda transaction: transaction.explain(wish), answer)

    def adopt(self, seeds: Sequence[Seed], aliases: Sequence[Alias]) -> Later[list[Alias]]:
        return self.write(lambda transaction: transaction.adopt(seeds, aliases))

    async def know(self, site: str, pages: Sequence[str]) -> int:
        new = 0
        for start in range(0, len(pages), PIECE_PAGES):
            piece = pages[start : start + PIECE_PAGES]
            unknown = await self.in_reports(partial(unknown_pages, site=site, pages=piece))
            # A sitemap that is read again names what is known already, and writes nothing.
            if unknown:
                new += await self.write(partial(Transaction.know, site=site, pages=unknown))
        return new

    def set_admin_key_digest(self, digest: bytes) -> Later[None]:
        return self.write(lambda transaction: transaction.set_meta(_ADMIN_KEY, digest))

    async def is_ready(self) -> bool:
        """Believe the last commit; where it failed, try one as large as a new page can make it."""
        if self._writer.failed or not self._place.is_held():
            try:
                for size_bytes in (PROBE_BYTES, 0):
                    probe = bytes(size_bytes)
                    await self.write(partial(Transaction.set_meta, name="probe", value=probe))
            except Problem:
                return False
        return True

    @property
    def on_batch(self) -> Callable[[Batch], None]:
        """Told of every transaction that reached the disk."""
        return self._writer.on_batch

    @on_batch.setter
    def on_batch(self, tell: Callable[[Batch], None]) -> None:
        self._writer.on_batch = tell

    @property
    def is_storable(self) -> bool:
        """Whether the last transaction reached the disk."""
        return not self._writer.failed

    @property
    def pages_in_memory(self) -> int:
        return len(self._cache)

    async def close(self) -> None:
        await self._writer.finish()
        await self._checkpoints.close()
        if self._reports is not None:
            self._reports.interrupt()  # nobody waits for a report any more
        if self._examination is not None:
            self._examination.close()
        self._report_thread.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()
        for connection in (self._reports, self._read_connection, self._write_connection):
            if connection is not None:
                connection.close()

    # Inside

    def _page(self, site: str, page: str) -> Page | None:
        name = (site, page)
        is_fresh = self.version() == self._cached_version
        found = self._cache.get(name) if is_fresh else None
        if found is None:
            self.loaded_pages += 1
            found = load_page(self._reader, name)
            if found is not None:
                self._cache.put(name, found)
        return found

    def _check_version(self) -> None:
        """Find out whether the cache is what the file holds; once in a turn of the loop.

        While the writer is busy, another commit may be ours or a stranger's: until it is known
        which, the file is asked.
        """
        self._is_checked = True
        self._loop.call_soon(self._uncheck)
        if self._writer.is_busy:
            self._version = _data_version(self._read_connection)
        else:
            self._forget_if_foreign()
            self._version = self._cached_version

    def _uncheck(self) -> None:
        self._is_checked = False

    def _forget_if_foreign(self) -> None:
        """Forget the cache when another process has written.

        The writer's connection alone can tell, since its own commits do not count for it.
        """
        self._cached_version = _data_version(self._read_connection)
        foreign_version = _data_version(self._write_connection)
        if foreign_version != self._foreign_version:
            self._foreign_version = foreign_version
            self._cache.clear()
            self._kinds = Kinds(self._write_connection)

    def _transaction(self) -> Transaction:
        self._place.check()
        self._forget_if_foreign()
        hour = int(self.wall()) // SECONDS_PER_HOUR
        return Transaction(self._write_connection, self._secret, self._kinds, self._cache, hour)

    def _committed(self, transaction: Transaction) -> None:
        if transaction.forgets:
            self._cache.clear()
        self._kinds.numbers |= transaction.new_kinds
        for name, page in transaction.pages.items():
            self._cache.put(name, page)
        if transaction.new_likes or transaction.taken_back:
            tell(self.on_likes, transaction.new_likes, transaction.taken_back)

    def write(self, do: Callable[[Transaction], T]) -> Later[T]:
        return self._writer.submit(do, _raised)

    def _meta(self, name: str) -> bytes | None:
        row = self._reader.execute("/* meta */ SELECT value FROM meta WHERE name = ?", (name,))
        value: bytes | None = row.get
        return value

    async def in_reports(self, read: Callable[[apsw.Connection], T]) -> T:
        return await self._loop.run_in_executor(self._report_thread, self._read_report, read)

    def _read_report(self, read: Callable[[apsw.Connection], T]) -> T:
        if self._reports is None:
            self._reports = connect_for_reports(self.path)
        # One transaction, so that all parts of a report tell of one moment.
        self._reports.execute("BEGIN")
        try:
            return read(self._reports)
        finally:
            self._reports.execute("ROLLBACK")

    def _hours_of_today(self) -> tuple[int, int]:
        """Return the first and the last: a clock that was wrong may have left hours to come."""
        hour = int(self.wall()) // SECONDS_PER_HOUR
        first = hour - hour % HOURS_PER_DAY
        return first, first + HOURS_PER_DAY - 1


def _data_version(connection: apsw.Connection) -> int:
    """Return a number that changes when another connection commits."""
    return int(connection.execute("PRAGMA data_version").get)


def _raised(outcome: T | Problem) -> T:
    if isinstance(outcome, Problem):
        raise outcome
    return outcome
