"""`likewise reasons`: what readers wrote beside likes that the owner alone sees, as a file."""

from __future__ import annotations

import argparse
import csv
import json
import sys
import unicodedata
from collections.abc import Callable

import apsw

from likewise.cli import DONE
from likewise.options import add_settings
from likewise.settings import Settings
from likewise.sites import DEFAULT
from likewise.store import Reason
from likewise.store.file import connect, unusable
from likewise.store.migrate import check_current, migrations
from likewise.store.reasons import all_of
from likewise.web.hours import day_text

COLUMNS = ("number", "day", "page", "kind", "reason")
_FORMULA = ("=", "+", "-", "@")  # what a spreadsheet would calculate, and send somewhere


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the site and the form."""
    add_settings(parser, "LIKEWISE_DATABASE")
    parser.add_argument("--site", default=DEFAULT, help="the site, by its name")
    parser.add_argument("--json", action="store_true", help="print a JSON object a line, as NDJSON")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print them, the oldest first. Reads the file itself, beside a server that may be running."""
    settings.site(options.site)
    path = settings.database_path
    connection = connect(path, read_only=True)
    try:
        check_current(connection, path, migrations()[-1].number)
        write = _json_line if options.json else _csv_line()
        for reason in all_of(connection, options.site):
            write(reason)
    except apsw.Error as error:
        raise unusable(path, error) from None
    finally:
        connection.close()
    return DONE


def _csv_line() -> Callable[[Reason], object]:
    # RFC 4180 ends its lines so, also on a terminal.
    writer = csv.writer(sys.stdout, lineterminator="\r\n")
    writer.writerow(COLUMNS)

    def write(reason: Reason) -> None:
        number, day, *texts = _values(reason)
        writer.writerow([number, day, *(_as_text(str(text)) for text in texts)])

    return write


def _json_line(reason: Reason) -> None:
    line = dict(zip(COLUMNS, _values(reason), strict=True))
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


def _values(reason: Reason) -> tuple[object, ...]:
    return reason.number, day_text(reason.hour), reason.page, reason.kind, reason.reason


def _as_text(text: str) -> str:
    """Return text that a spreadsheet takes for text."""
    # Some take the wide forms of these signs for the same.
    first = unicodedata.normalize("NFKC", text[:1])
    return f"'{text}" if first in _FORMULA else text
