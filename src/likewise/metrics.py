"""Figures for those who watch: counters that only grow, in the form that Prometheus reads.

Knows names and numbers; must not know who counts what. No label ever holds an address or a page.
"""

from __future__ import annotations

# Name, label, what it says.
LIKES = "likewise_likes_total"
REFUSALS = "likewise_refusals_total"
SURGES = "likewise_surges_total"
REFRESHES = "likewise_sitemap_refreshes_total"

METRICS: dict[str, tuple[str, str]] = {
    LIKES: ("change", "Likes that were given or taken back."),
    REFUSALS: ("code", "Requests that were refused, by the code of their error."),
    SURGES: ("of", "Surges that began: of a page, or of a site."),
    REFRESHES: ("outcome", "Sitemaps that were read, or could not be."),
}


class Metrics:
    """Counters by name and the value of their one label."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, name: str, label: str) -> None:
        """Count one more. Labels are words of ours: there are few."""
        key = (name, label)
        self._counts[key] = self._counts.get(key, 0) + 1

    def count(self, name: str, label: str) -> int:
        """Return how many were counted."""
        return self._counts.get((name, label), 0)

    def text(self) -> str:
        """Return all counters (Prometheus text format 0.0.4)."""
        lines: list[str] = []
        for name, (label, help_) in METRICS.items():
            lines += [f"# HELP {name} {help_}", f"# TYPE {name} counter"]
            lines += [
                f'{name}{{{label}="{value}"}} {count}'
                for (counted, value), count in sorted(self._counts.items())
                if counted == name
            ]
        return "\n".join([*lines, ""])
