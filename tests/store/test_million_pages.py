"""A million pages: the owner's reports hold up no reader, and a start is as quick as ever."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from likewise.store.sqlite import SqliteStore
from tests.service import Service
from tests.store.database import NAME, run

PAGES = 1_000_000
READ_EVERY_SECONDS = 0.005
# Gross limits, for any machine; the figures that are printed say more.
HELD_UP_SECONDS = 0.5
PEAK_MIB = 40
START_SECONDS = 3
REPORTS = [
    "/api/summary",
    "/api/stats",
    "/api/stats?limit=1000&offset=900000",
    "/api/pages",
    "/api/pages?offset=900000",
    "/api/pages?sort=page",
    "/api/pages?sort=page&offset=900000",
    "/api/pages?search=0000123",
    "/api/doctor",
]

_FILL = """
INSERT INTO kinds (name) VALUES ('like');
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {pages})
INSERT INTO pages (site, path, salt, hour)
SELECT 'default', printf('/posts/%07d/a-title', n * 7919 % 1000003), randomblob(16), 480000
FROM numbers;
INSERT INTO counts (page, kind, likes) SELECT id, 1, id * 7919 % 1009 FROM pages;
INSERT INTO hourly SELECT page, 1, 480000, likes, 0 FROM counts;
"""


@pytest.fixture(scope="module")
def large_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database of a million pages, quicker than by liking them."""
    path = tmp_path_factory.mktemp("large") / NAME

    async def nothing(_store: SqliteStore) -> None:
        pass

    run(path, nothing)
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        connection.execute("BEGIN;" + _FILL.format(pages=PAGES) + "COMMIT")
    return path


class Reader:
    """Asks for one count every few milliseconds, and notes how long each answer takes."""

    def __init__(self, service: Service) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
        self._end = threading.Event()
        self.seconds: list[float] = []

    def _read(self) -> None:
        while not self._end.is_set():
            start = time.perf_counter()
            # Not one page: the file is asked, beside what memory holds.
            number = len(self.seconds) % 5_000
            self._connection.request("GET", f"/v1/counts?page=/posts/{number:07d}/a-title")
            self._connection.getresponse().read()
            self.seconds.append(time.perf_counter() - start)
            time.sleep(READ_EVERY_SECONDS)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        thread = threading.Thread(target=self._read)
        self.seconds.clear()
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()
            self._end.clear()

    def close(self) -> None:
        self._connection.close()

    def figures(self) -> str:
        ordered = sorted(self.seconds)
        p99 = ordered[len(ordered) * 99 // 100]
        return f"{len(ordered)} reads, p99 {p99 * 1e3:.1f} ms, slowest {ordered[-1] * 1e3:.1f} ms"


def peak_mib(service: Service) -> float:
    for line in Path(f"/proc/{service.pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1_024
    raise AssertionError


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_no_report_over_a_million_pages_holds_up_a_reader(large_database: Path) -> None:
    settings = {"LIKEWISE_DATABASE": str(large_database), "LIKEWISE_LIMITS": "off"}
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(Service(large_database.parent, **settings))
        reader = stack.enter_context(contextlib.closing(Reader(service)))
        with reader.reading():
            time.sleep(5)
        told = [f"no report: {reader.figures()}, peak {peak_mib(service):.1f} MiB"]
        for target in REPORTS:
            with reader.reading():
                start = time.perf_counter()
                assert service.owner(target).status == 200
                seconds = time.perf_counter() - start
            peak = peak_mib(service)
            told.append(f"{target}: {seconds:.2f} s, {reader.figures()}, peak {peak:.1f} MiB")
            assert max(reader.seconds) < HELD_UP_SECONDS
    print("", *told, sep="\n")  # noqa: T201
    assert peak < PEAK_MIB


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_a_million_pages_do_not_delay_the_start(tmp_path: Path, large_database: Path) -> None:
    for name, database in (("no", tmp_path / NAME), ("a million", large_database)):
        service = Service(tmp_path, LIKEWISE_DATABASE=str(database))
        starts = []
        for _ in range(9):
            start = time.perf_counter()
            with service:
                starts.append(time.perf_counter() - start)
        print(f"\nready with {name} pages: {min(starts):.3f} to {max(starts):.3f} s")  # noqa: T201
        assert min(starts) < START_SECONDS
