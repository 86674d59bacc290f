"""`likewise stats`: pages and their likes, most liked first."""

from __future__ import annotations

import argparse
import json
import sys

import apsw

from likewise.cli import DONE
from likewise.logs import escaped
from likewise.options import add_settings, number
from likewise.settings import Settings
from likewise.sites import DEFAULT, DEMO, LIKE, normal_kind
from likewise.store import Query, Report
from likewise.store.file import connect, unusable
from likewise.store.migrate import check_current, migrations
from likewise.store.reports import report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the site, how many pages, and the form."""
    add_settings(parser, "LIKEWISE_DATABASE")
    parser.add_argument("--site", default=DEFAULT, help="the site, by its name")
    parser.add_argument("--kind", help="what was counted; the site's first kind by default")
    parser.add_argument("--limit", type=number, default=1_000, help="how many pages at most")
    parser.add_argument("--json", action="store_true", help="print JSON, as /api/stats answers it")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print them. Reads the file itself, beside a server that may be running."""
    kinds = (LIKE,) if options.site == DEMO else settings.site(options.site).kinds
    kind = kinds[0] if options.kind is None else normal_kind(options.kind)
    found = _report(settings, Query(options.site, kind, options.limit))
    rows = [(row.page, row.counts.get(kind, 0)) for row in found.rows]
    if options.json:
        listed = [{"post_id": page, "likes": likes} for page, likes in rows]
        sys.stdout.write(json.dumps(listed) + "\n")
    else:
        width = max((len(str(likes)) for _, likes in rows), default=1)
        sys.stdout.writelines(f"{likes:>{width}}  {escaped(page)}\n" for page, likes in rows)
    sys.stderr.write(_remark(options.site, found))
    return DONE


def _report(settings: Settings, query: Query) -> Report:
    path = settings.database_path
    connection = connect(path, read_only=True)
    try:
        check_current(connection, path, migrations()[-1].number)
        return report(connection, query)
    except apsw.Error as error:
        raise unusable(path, error) from None
    finally:
        connection.close()


def _remark(site: str, found: Report) -> str:
    if not found.total:
        return f"The site {site} has no likes yet.\n"
    left_out = found.total - len(found.rows)
    return f"{left_out} more pages; --limit shows them.\n" if left_out else ""
