"""`likewise stats`: pages and their likes, most liked first."""

from __future__ import annotations

import argparse
import json
import sys

from likewise.cli import DONE, add_settings
from likewise.settings import Settings
from likewise.sites import DEFAULT, LIKE
from likewise.store import Query
from likewise.store.file import connect
from likewise.store.reports import report


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Take the site, how many pages, and the form."""
    add_settings(sub, "LIKEWISE_DATABASE")
    sub.add_argument("--site", default=DEFAULT, help="the site, by its name")
    sub.add_argument("--kind", default=LIKE, help="what was counted")
    sub.add_argument("--limit", type=int, default=1_000, help="how many pages at most")
    sub.add_argument("--json", action="store_true", help="print JSON, as /api/stats answers it")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print them. Reads the file itself, beside a server that may be running."""
    connection = connect(settings.database_path, read_only=True)
    try:
        found = report(connection, Query(options.site, options.kind, max(0, options.limit)))
    finally:
        connection.close()
    rows = [(row.page, row.counts.get(options.kind, 0)) for row in found.rows]
    if options.json:
        print(json.dumps([{"post_id": page, "likes": likes} for page, likes in rows]))  # noqa: T201
        return DONE
    width = max((len(str(likes)) for _, likes in rows), default=1)
    for page, likes in rows:
        sys.stdout.write(f"{likes:>{width}}  {page}\n")
    if not rows:
        sys.stderr.write(f"The site {options.site} has no likes yet.\n")
    return DONE
