"""Figures for those who watch: counters, gauges and histograms, in the form that Prometheus reads.

Knows names and numbers; must not know who counts what. No label ever holds an address or a page.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

LIKES = "likewise_likes_total"
VIEWS = "likewise_views_total"
REQUESTS = "likewise_requests_total"
REFUSALS = "likewise_refusals_total"
TURN = "likewise_turn_seconds"
LIKE = "likewise_like_seconds"
COMMIT = "likewise_commit_seconds"
BATCH = "likewise_batch_writes"
STORABLE = "likewise_storable"
DATABASE = "likewise_database_bytes"
WAL = "likewise_wal_bytes"
LOADED = "likewise_pages_loaded_total"
IN_MEMORY = "likewise_pages_in_memory"
CONNECTIONS = "likewise_connections"
HELD = "likewise_held_bytes"
SURGES = "likewise_surges_total"
REFRESHES = "likewise_sitemap_refreshes_total"
BACKUPS = "likewise_backups_total"
LAST_BACKUP = "likewise_backup_last_success_timestamp_seconds"
BUILD = "likewise_build_info"
RESIDENT = "process_resident_memory_bytes"
CPU = "process_cpu_seconds_total"
FILES = "process_open_fds"
MAX_FILES = "process_max_fds"
STARTED = "process_start_time_seconds"

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_WRITES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metric(NamedTuple):
    """What a name stands for: `counter`, `gauge` or `histogram`, its labels, what it says."""

    kind: str
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


METRICS: dict[str, Metric] = {
    LIKES: Metric("counter", "Likes that were given or taken back.", ("change",)),
    VIEWS: Metric("counter", "Views, counted or why not.", ("outcome",)),
    REQUESTS: Metric("counter", "Requests that found their address.", ("method", "route")),
    REFUSALS: Metric("counter", "Requests that were refused, by the code of the error.", ("code",)),
    TURN: Metric("histogram", "From a turn's first request to its answers.", bounds=_SECONDS),
    LIKE: Metric("histogram", "From taking a like up until it is on disk.", bounds=_SECONDS),
    COMMIT: Metric("histogram", "How long a transaction took.", bounds=_SECONDS),
    BATCH: Metric("histogram", "Writes that one transaction held.", bounds=_WRITES),
    STORABLE: Metric("gauge", "Whether the last transaction reached the disk: 1, else 0."),
    DATABASE: Metric("gauge", "Size of the database."),
    WAL: Metric("gauge", "Size of its write-ahead log."),
    LOADED: Metric("counter", "Pages that were read since they were not in memory."),
    IN_MEMORY: Metric("gauge", "Pages that are in memory."),
    CONNECTIONS: Metric("gauge", "Open connections."),
    HELD: Metric("gauge", "Memory held for unfinished requests and unread answers."),
    SURGES: Metric("counter", "Surges that began: of a page, or of a site.", ("of",)),
    REFRESHES: Metric("counter", "Sitemaps that were read, or could not be.", ("outcome",)),
    BACKUPS: Metric("counter", "Backups on schedule, made or not to be made.", ("outcome",)),
    LAST_BACKUP: Metric("gauge", "When the last one was made, since 1970; 0 for never."),
    BUILD: Metric("gauge", "Always 1; the labels tell what runs.", ("version", "sqlite", "python")),
    RESIDENT: Metric("gauge", "Resident memory."),
    CPU: Metric("counter", "User and system time spent."),
    FILES: Metric("gauge", "Open files and connections."),
    MAX_FILES: Metric("gauge", "As many may be open."),
    STARTED: Metric("gauge", "When the process started, since 1970."),
}

Values = Mapping[tuple[str, ...], float]  # by the values of the labels


class Histogram:
    """How often values were at most each bound."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """Count a value, or so many of it."""
        self.counts[bisect_left(self.bounds, value)] += times
        self.total += value * times

    def observe_all(self, values: Sequence[float]) -> None:
        """Count each of these values."""
        counts, bounds = self.counts, self.bounds
        for value in values:
            counts[bisect_left(bounds, value)] += 1
        self.total += sum(values)


class Metrics:
    """All figures, by name: those counted here, and those that are asked for when they are read."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[tuple[str, ...], float]] = {}
        self._histograms: dict[str, Histogram] = {}
        self._sources: dict[str, Callable[[], Values | float | None]] = {}

    def add(self, name: str, label: str, more: int = 1) -> None:
        """Count so many more. Labels are words of ours: there are few."""
        counts = self._counts.setdefault(name, {})
        counts[label,] = counts.get((label,), 0) + more

    def set(self, name: str, value: float) -> None:
        """Set a gauge."""
        self._counts[name] = {(): value}

    def histogram(self, name: str) -> Histogram:
        """Return the histogram of a name, for those who observe often."""
        return self._histograms.setdefault(name, Histogram(METRICS[name].bounds))

    def ask(self, name: str, source: Callable[[], Values | float | None]) -> None:
        """Ask for a figure whenever it is read. None leaves it out: here it is not known."""
        self._sources[name] = source

    def count(self, name: str, label: str) -> int:
        """Return how many were counted."""
        return int(self._counts.get(name, {}).get((label,), 0))

    def text(self) -> str:
        """Return all figures (Prometheus text format 0.0.4)."""
        lines: list[str] = []
        for name, metric in METRICS.items():
            samples = self._samples(name, metric)
            if samples or metric.labels:
                lines += [f"# HELP {name} {metric.help}", f"# TYPE {name} {metric.kind}", *samples]
        return "\n".join([*lines, ""])

    def _samples(self, name: str, metric: Metric) -> list[str]:
        if metric.kind == "histogram":
            return _of_histogram(name, self._histograms.get(name))
        source = self._sources.get(name)
        values = self._counts.get(name, {}) if source is None else source()
        if values is None:
            return []
        if isinstance(values, float | int):
            values = {(): values}
        return [
            f"{name}{_braced(metric.labels, labels)} {_number(value)}"
            for labels, value in sorted(values.items())
        ]


def _of_histogram(name: str, histogram: Histogram | None) -> list[str]:
    if histogram is None:
        return []
    lines, count = [], 0
    for bound, more in zip((*histogram.bounds, "+Inf"), histogram.counts, strict=True):
        count += more
        lines.append(f'{name}_bucket{{le="{bound}"}} {count}')
    return [*lines, f"{name}_sum {_number(histogram.total)}", f"{name}_count {count}"]


def _braced(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    if not names:
        return ""
    return "{" + ",".join(f'{n}="{v}"' for n, v in zip(names, values, strict=True)) + "}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
