"""`likewise backup`: database and secret together, while the service runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from likewise.cli import DONE
from likewise.options import add_settings
from likewise.settings import Settings
from likewise.transfer.backup import back_up


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Take where to."""
    add_settings(sub, "LIKEWISE_DATABASE")
    sub.add_argument(
        "to",
        nargs="?",
        type=Path,
        help="a folder, or a file that does not exist yet (default: LIKEWISE_BACKUPS, or beside"
        " the database)",
    )


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Back up, and say what was written."""
    database = settings.database_path
    named = Path(options.to or settings.backups_path or Path(database).parent)
    to = str(named.expanduser().absolute())
    progress = _show if sys.stderr.isatty() else lambda _share: None
    written = back_up(database, settings.secret, to, progress)
    for path in written:
        sys.stdout.write(f"{path}\n")
    return DONE


def _show(share: float) -> None:
    sys.stderr.write(f"\r{share:4.0%}" + ("\n" if share >= 1 else ""))
