"""Joins what the parts measure to its metrics: the store, the door, the routes, the process.

Knows who counts what; must not know how figures are told.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import apsw

from likewise import __version__, metrics
from likewise.metrics import Metrics
from likewise.store.cache import Name
from likewise.store.sqlite import SqliteStore
from likewise.store.writer import Batch
from likewise.watch import Watch
from likewise.web.routes import Router

_PROCESS = "/proc/self"


def of_store(figures: Metrics, store: SqliteStore, watch: Watch) -> None:
    """Count likes, writes and pages; the watch is told of the likes too."""
    store.on_likes = _told_of_likes(figures, watch)
    store.on_batch = _told_of_batches(figures)
    figures.ask(metrics.STORABLE, lambda: int(store.is_storable))
    figures.ask(metrics.LOADED, lambda: store.loaded_pages)
    figures.ask(metrics.IN_MEMORY, lambda: store.pages_in_memory)
    figures.ask(metrics.DATABASE, lambda: _size_bytes(store.path))
    figures.ask(metrics.WAL, lambda: _size_bytes(f"{store.path}-wal") or 0)


def of_routes(figures: Metrics, router: Router) -> None:
    """Count requests by method and route."""
    figures.ask(metrics.REQUESTS, router.requests)


def of_process(figures: Metrics) -> None:
    """Tell what the system knows of this process; where it is not Linux, only its time."""
    started = time.time()
    versions = (__version__, apsw.sqlite_lib_version(), ".".join(map(str, sys.version_info[:3])))
    figures.ask(metrics.BUILD, lambda: {versions: 1})
    figures.ask(metrics.STARTED, lambda: started)
    figures.ask(metrics.CPU, _cpu_seconds)
    figures.ask(metrics.RESIDENT, _resident_bytes)
    figures.ask(metrics.FILES, _open_files)
    figures.ask(metrics.MAX_FILES, lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _told_of_likes(figures: Metrics, watch: Watch) -> Callable[[Mapping[Name, int], int], None]:
    def tell(new_likes: Mapping[Name, int], taken_back: int) -> None:
        for change, likes in (("given", sum(new_likes.values())), ("taken back", taken_back)):
            if likes:
                figures.add(metrics.LIKES, change, likes)
        watch.saw(new_likes)

    return tell


def _told_of_batches(figures: Metrics) -> Callable[[Batch], None]:
    commit, writes = figures.histogram(metrics.COMMIT), figures.histogram(metrics.BATCH)
    like = figures.histogram(metrics.LIKE)

    def tell(batch: Batch) -> None:
        commit.observe(batch.seconds)
        writes.observe(len(batch.waited_seconds))
        like.observe_all(batch.waited_seconds)

    return tell


def _size_bytes(path: str) -> int | None:
    with suppress(OSError):
        return os.path.getsize(path)
    return None


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _resident_bytes() -> int | None:
    with suppress(OSError), open(f"{_PROCESS}/statm", "rb") as file:
        return int(file.read().split()[1]) * resource.getpagesize()
    return None


def _open_files() -> int | None:
    with suppress(OSError):
        return len(os.listdir(f"{_PROCESS}/fd")) - 1  # less the one that lists them
    return None
