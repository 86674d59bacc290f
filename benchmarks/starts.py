"""How long a server takes from its start to its first answer, on databases of two sizes."""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import time
from pathlib import Path

from benchmarks import servers
from benchmarks.process import Memory, memory, pinned
from benchmarks.servers import FIRST_PAGE, Contender, Server

TIMES = 5


def measured(options: argparse.Namespace, folder: Path) -> dict[str, tuple[float, Memory]]:
    """Return the median seconds to the first answer, and the memory then, by what was started."""
    core, pages = options.cores.servers, options.start_pages
    service = servers.likewise(options.service)
    found = {
        "Likewise, empty": _starts(service, folder / "empty", 0, core),
        f"Likewise, {pages:,} pages": _starts(service, folder / "full", pages, core),
    }
    if options.article is not None:
        its = servers.article(options.article_python, options.article)
        found["the article, empty"] = _starts(its, folder / "article-empty", 0, core)
    return found


def _starts(
    contender: Contender, folder: Path, pages: int, core: int | None
) -> tuple[float, Memory]:
    folder.mkdir()
    if pages:
        fill(Server(contender, folder), pages, 1)
    seconds, used = [], []
    with pinned(core):
        for time in range(TIMES):
            # A first start makes tables and keys, and is wanted only where there are none.
            own = folder if pages else folder / str(time)
            own.mkdir(exist_ok=True)
            server = Server(contender, own)
            seconds.append(server.start())
            used.append(memory(server.pid))
            server.stop()
    return statistics.median(seconds), sorted(used)[TIMES // 2]


def fill(server: Server, pages: int, likes_each: int) -> None:
    """Let a service make its database, and put so many pages with so many likes each into it."""
    with server:
        pass
    database = sqlite3.connect(server.folder / server.contender.database)
    try:
        database.execute("PRAGMA synchronous=OFF")
        hour = int(time.time()) // 3_600  # an old one would be folded into its day meanwhile
        for statement in _FILL:
            numbers = {"first": FIRST_PAGE, "pages": pages, "likes": likes_each, "hour": hour}
            database.execute(statement, numbers)
        database.commit()
    finally:
        database.close()


# numbers: 0, 1, 2 … as many as are needed.
_FILL = (
    "CREATE TEMP TABLE numbers (n INTEGER PRIMARY KEY)",
    """
    WITH RECURSIVE more (n) AS (
        VALUES (0) UNION ALL SELECT n + 1 FROM more LIMIT max(:pages, :likes)
    )
    INSERT INTO numbers SELECT n FROM more
    """,
    "INSERT OR IGNORE INTO kinds (id, name) VALUES (1, 'like')",
    """
    INSERT INTO pages (site, path, salt, hour)
    SELECT 'default', '/posts/' || (:first + n), randomblob(16), :hour FROM numbers
    WHERE n < :pages
    """,
    """
    INSERT INTO likes (page, kind, voter, n, hour, rank)
    SELECT id, 1, randomblob(16), 1, :hour, 1 FROM pages CROSS JOIN numbers
    WHERE numbers.n < :likes
    """,
    "INSERT INTO counts (page, kind, likes) SELECT id, 1, :likes FROM pages",
    "INSERT INTO hourly (page, kind, hour, ups) SELECT id, 1, :hour, :likes FROM pages",
)
