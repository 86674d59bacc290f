"""Figures for those who watch: counters and gauges, in the form that Prometheus reads.

Knows names and numbers; must not know who counts what. No label ever holds an address or a page.
"""

from __future__ import annotations

# Name, label, what it says.
LIKES = "likewise_likes_total"
REFUSALS = "likewise_refusals_total"
SURGES = "likewise_surges_total"
REFRESHES = "likewise_sitemap_refreshes_total"
BACKUPS = "likewise_backups_total"

METRICS: dict[str, tuple[str, str]] = {
    LIKES: ("change", "Likes that were given or taken back."),
    REFUSALS: ("code", "Requests that were refused, by the code of their error."),
    SURGES: ("of", "Surges that began: of a page, or of a site."),
    REFRESHES: ("outcome", "Sitemaps that were read, or could not be."),
    BACKUPS: ("outcome", "Backups on schedule that were made, or could not be."),
}

LAST_BACKUP = "likewise_backup_last_success_timestamp_seconds"

# Name, what it says. They have no label, and are there once they are set.
GAUGES: dict[str, str] = {
    LAST_BACKUP: "When the last backup on schedule was made; 0 for never.",
}


class Metrics:
    """Counters by name and the value of their one label; gauges by name."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._gauges: dict[str, float] = {}

    def add(self, name: str, label: str) -> None:
        """Count one more. Labels are words of ours: there are few."""
        key = (name, label)
        self._counts[key] = self._counts.get(key, 0) + 1

    def set(self, name: str, value: float) -> None:
        """Set a gauge."""
        self._gauges[name] = value

    def text(self) -> str:
        """Return all of them (Prometheus text format 0.0.4)."""
        lines: list[str] = []
        for name, (label, help_) in METRICS.items():
            lines += [f"# HELP {name} {help_}", f"# TYPE {name} counter"]
            lines += [
                f'{name}{{{label}="{value}"}} {count}'
                for (counted, value), count in sorted(self._counts.items())
                if counted == name
            ]
        for name, value in self._gauges.items():
            lines += [
                f"# HELP {name} {GAUGES[name]}",
                f"# TYPE {name} gauge",
                f"{name} {value:.0f}",
            ]
        return "\n".join([*lines, ""])
