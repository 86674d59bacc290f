"""The figures of a comparison, and their table in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.load import WORKLOADS, Outcome
from benchmarks.process import Cores, Memory

RESULTS = Path(__file__).with_name("results")
ARTICLE, NGINX = "the article", "nginx, constant answer"
TIMES, NONE = "\N{MULTIPLICATION SIGN}", "\N{EN DASH}"


class Key(NamedTuple):
    """Which figures: a workload's name, the number of clients, the server."""

    workload: str
    clients: int
    server: str


class Comparison:
    """All figures of a run. A key's outcomes are in the order of the rounds."""

    def __init__(self, facts: dict[str, str], cores: Cores) -> None:
        self.facts = facts
        self.cores = cores
        self.idle: dict[str, Memory] = {}
        self.peak: dict[str, Memory] = {}
        self.starts: dict[str, tuple[float, Memory]] = {}
        self._outcomes: dict[Key, list[Outcome]] = {}

    def add(self, key: Key, outcome: Outcome) -> None:
        """Add a round's outcome."""
        self._outcomes.setdefault(key, []).append(outcome)

    def note_memory(self, server: str, seen: Memory) -> None:
        """Keep the most that was seen of each size."""
        before = self.peak.get(server, seen)
        self.peak[server] = Memory(*map(max, zip(before, seen, strict=True)))

    def all(self) -> Iterator[tuple[Key, Outcome]]:
        """Yield every outcome with its key."""
        for key, outcomes in self._outcomes.items():
            for outcome in outcomes:
                yield key, outcome

    @property
    def rounds(self) -> int:
        """How often everything was measured."""
        return max(len(outcomes) for outcomes in self._outcomes.values())

    def groups(self) -> dict[tuple[str, int], list[str]]:
        """Return the servers of each workload and number of clients, in order."""
        found: dict[tuple[str, int], list[str]] = {}
        for server in self.idle:
            for workload, clients, name in self._outcomes:
                if name == server:
                    found.setdefault((workload, clients), []).append(server)
        return found

    def median(self, key: Key, name: str) -> float:
        """Return the median over the rounds of one of an outcome's figures."""
        values = [float(getattr(outcome, name)) for outcome in self._outcomes[key]]
        return statistics.median(values)

    def total(self, key: Key, name: str) -> int:
        """Return the sum over the rounds of one of an outcome's figures."""
        return sum(int(getattr(outcome, name)) for outcome in self._outcomes[key])

    def ratios(self, key: Key, other: str) -> list[float]:
        """Return, round by round, a server's throughput as a multiple of another's."""
        beside = self._outcomes.get(key._replace(server=other), [])
        pairs = zip(self._outcomes[key], beside, strict=False)
        return [one.per_second / two.per_second for one, two in pairs if two.per_second]


def markdown(comparison: Comparison) -> str:
    """Return the whole report."""
    lines = ["# Comparison", "", *summary(comparison), "", *_preface(comparison)]
    for (workload, clients), names in comparison.groups().items():
        lines += ["", f"## {WORKLOADS[workload].name}, {clients} clients", "", *_HEAD]
        lines += [_row(comparison, Key(workload, clients, name)) for name in names]
    lines += ["", "## Memory, MiB", "", *_MEMORY_HEAD]
    lines += [_memory_row(comparison, name) for name in comparison.idle]
    if comparison.starts:
        lines += ["", "## From start to the first answer", "", *_START_HEAD]
        lines += [
            f"| {name} | {seconds:.3f} | {used.rss:.1f} |"
            for name, (seconds, used) in comparison.starts.items()
        ]
    return "\n".join([*lines, ""])


def summary(comparison: Comparison) -> list[str]:
    """Return the lines that matter: Likewise beside the others, from the fewest clients."""
    groups, own = comparison.groups(), next(iter(comparison.idle))
    fewest = min(clients for _, clients in groups)
    lines = []
    for workload, clients in groups:
        key = Key(workload, clients, own)
        if clients == fewest:
            parts = [f"{WORKLOADS[workload].name}: {comparison.median(key, 'per_second'):,.0f}/s"]
            if by_article := comparison.ratios(key, ARTICLE):
                parts.append(f"{statistics.median(by_article):.0f} {TIMES} the article's server")
            if of_nginx := comparison.ratios(key, NGINX):
                parts.append(f"{statistics.median(of_nginx):.2f} of nginx's constant answer")
            lines.append(f"- {', '.join(parts)}")
    memory = f"- Peak memory: {comparison.peak[own].peak_rss:.1f} MiB"
    if ARTICLE in comparison.peak:
        memory += f", the article's server {comparison.peak[ARTICLE].peak_rss:.1f} MiB"
    return [*lines, memory]


_COLUMNS = (
    *("server", "answers/s", f"{TIMES} the article's", "of nginx", "p50 ms", "p99 ms"),
    *("CPU µs/answer", "errors", "acknowledged", "stored"),
)
_HEAD = (
    f"| {' | '.join(_COLUMNS)} |",
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
)
_MEMORY_HEAD = (
    "| server | idle RSS | peak RSS | peak PSS | peak USS |",
    "|---|--:|--:|--:|--:|",
)
_START_HEAD = ("| server | seconds | RSS then, MiB |", "|---|--:|--:|")


def _preface(comparison: Comparison) -> list[str]:
    text = (
        f"All servers are up at once and are loaded one after the other, {comparison.rounds} rounds"
        f" in turning order. {comparison.cores} Figures are medians over the rounds; ratios are"
        " taken within a round: median (least to most).\n\n"
        "Likes have distinct voters and distinct networks, and all protections are on."
        " Errors are requests that were not answered, or not with 200. After each load"
        " nothing is sent for a while, so that what was acknowledged can be compared with what is"
        " stored to the last like."
    )
    if ARTICLE not in comparison.idle:
        text += "\n\nThe article's server did not take part: no folder was given (`ARTICLE=`)."
    facts = [f"- {name}: {fact}" for name, fact in comparison.facts.items()]
    return [*facts, "", text]


def _row(comparison: Comparison, key: Key) -> str:
    median, total = comparison.median, comparison.total
    is_like = total(key, "likes_sent") > 0
    cells = [
        key.server,
        f"{median(key, 'per_second'):,.0f}",
        spread(comparison.ratios(key, ARTICLE), ".1f"),
        spread(comparison.ratios(key, NGINX), ".2f"),
        f"{median(key, 'p50_ms'):.1f}",
        f"{median(key, 'p99_ms'):.1f}",
        f"{median(key, 'cpu_microseconds'):,.0f}",
        f"{total(key, 'errors'):,}",
        f"{total(key, 'acknowledged'):,}" if is_like else NONE,
        f"{total(key, 'stored'):,}" if is_like else NONE,
    ]
    return f"| {' | '.join(cells)} |"


def spread(ratios: list[float], form: str) -> str:
    """Return ratios as their median, and the least and most of them."""
    if not ratios:
        return NONE
    median, least, most = statistics.median(ratios), min(ratios), max(ratios)
    return f"{median:{form}} ({least:{form}} to {most:{form}})"


def _memory_row(comparison: Comparison, name: str) -> str:
    idle, peak = comparison.idle[name], comparison.peak[name]
    sizes = (idle.rss, peak.peak_rss, peak.pss, peak.uss)
    return f"| {name} | {' | '.join(f'{size:.1f}' for size in sizes)} |"
