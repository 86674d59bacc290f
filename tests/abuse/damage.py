"""What an attack has done: likes gained, rows and bytes made, honest readers refused."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.service import Service
from tests.store.database import rows, value

KILOBYTE = 1_000
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"


@dataclass
class Damage:
    """Figures of an attack; all but those of honest readers are known when it is over."""

    honest: list[int] = field(default_factory=list)  # the statuses that they were answered
    gained: int = 0
    pages: int = 0
    rows: int = 0
    size_bytes: int = 0

    @property
    def refused(self) -> int:
        """How many honest readers were not counted."""
        return len(self.honest) - self.honest.count(200)


@contextmanager
def damage(service: Service, name: str) -> Iterator[Damage]:
    """Measure what is done to a service; print it at the end, for `pytest -s`."""
    before = _figures(service)
    done = Damage()
    yield done
    likes, done.pages, done.rows, done.size_bytes = (
        after - was for after, was in zip(_figures(service), before, strict=True)
    )
    done.gained = likes - done.honest.count(200)
    sys.stdout.write(
        f"\n{name:<48} gained {done.gained:>6}  pages {done.pages:>6}  rows {done.rows:>7}"
        f"  {done.size_bytes / KILOBYTE:>8.1f} KB"
        f"  honest refused {done.refused} of {len(done.honest)}"
    )


def _figures(service: Service) -> tuple[int, int, int, int]:
    """Return likes, pages, rows and bytes."""
    path = service.database
    _move_all_into(path)
    return (
        value(path, "SELECT CAST(total(n) AS INT) FROM likes"),
        value(path, "SELECT count(*) FROM pages"),
        sum(rows_in(path).values()),
        size_of(path),
    )


def _move_all_into(path: Path) -> None:
    """Move what waits beside the file into it, as will be done some day; the service may be at it
    itself.
    """
    for _ in range(100):
        ((is_busy, _, _),) = rows(path, "PRAGMA wal_checkpoint(TRUNCATE)")
        if not is_busy:
            return
        time.sleep(0.05)
    raise AssertionError("the WAL could not be emptied")


def rows_in(path: Path) -> dict[str, int]:
    """Return how many rows each table has."""
    tables = [name for (name,) in rows(path, _TABLES)]
    return {name: value(path, f"SELECT count(*) FROM {name}") for name in tables}


def size_of(path: Path) -> int:
    """Return how many bytes a database takes, with what waits beside it."""
    parts = (path.with_name(path.name + ending) for ending in ("", "-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())
