"""The figures of a comparison as bars, in an SVG that follows the reader's light or dark."""

from __future__ import annotations

import statistics
from html import escape
from typing import NamedTuple

from benchmarks.load import WORKLOADS
from benchmarks.table import ARTICLE, TIMES, Comparison, Key

WIDTH, NAME_WIDTH, BAR_WIDTH = 780, 190, 390
ROW, THICK, TITLE, FOOT = 24, 16, 34, 28

_STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 } .note { fill: #57606a; font-size: 12px }
.own { fill: #cf2e5b } .other { fill: #8c959f }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .note { fill: #9198a1 } .own { fill: #f0638a } .other { fill: #6e7681 }
}"""


def svg(comparison: Comparison) -> str:
    """Return the picture: throughput at the least number of clients, and peak memory."""
    groups = comparison.groups()
    clients = min(clients for _, clients in groups)
    parts: list[str] = []
    y = 0
    for (workload, number), names in groups.items():
        if number == clients:
            bars = [_throughput(comparison, Key(workload, clients, name)) for name in names]
            parts += _panel(y, f"{WORKLOADS[workload].name}, per second", bars)
            y += TITLE + ROW * len(bars)
    peaks = comparison.peak.items()
    bars = [Bar(name, peak.peak_rss, f"{peak.peak_rss:.1f}") for name, peak in peaks]
    parts += _panel(y, "Peak memory, MiB", bars)
    y += TITLE + ROW * len(bars) + FOOT
    note = f"{clients} clients. {comparison.facts['Machine']}. {comparison.cores}"
    parts.append(f'<text class="note" x="0" y="{y - 8}">{escape(note)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}"'
        f' height="{y}" role="img">\n<style>{_STYLE}</style>\n' + "\n".join(parts) + "\n</svg>\n"
    )


class Bar(NamedTuple):
    """One bar, and what is written at its end."""

    name: str
    value: float
    label: str


def _throughput(comparison: Comparison, key: Key) -> Bar:
    value = comparison.median(key, "per_second")
    ratios = comparison.ratios(key, ARTICLE)
    times = f" ({statistics.median(ratios):.0f} {TIMES} the article's)" if ratios else ""
    return Bar(key.server, value, f"{value:,.0f}" + (times if _is_own(key.server) else ""))


def _is_own(name: str) -> bool:
    return name.startswith("Likewise")


def _panel(top: int, title: str, bars: list[Bar]) -> list[str]:
    most = max(bar.value for bar in bars) or 1
    parts = [f'<text class="title" x="0" y="{top + 24}">{escape(title)}</text>']
    for number, bar in enumerate(bars):
        y = top + TITLE + number * ROW
        width = max(1, BAR_WIDTH * bar.value / most)
        kind = "own" if _is_own(bar.name) else "other"
        parts += [
            f'<text x="{NAME_WIDTH - 10}" y="{y + 13}" text-anchor="end">{escape(bar.name)}</text>',
            f'<rect class="{kind}" x="{NAME_WIDTH}" y="{y}" width="{width:.1f}" height="{THICK}"/>',
            f'<text x="{NAME_WIDTH + width + 8:.1f}" y="{y + 13}">{escape(bar.label)}</text>',
        ]
    return parts
