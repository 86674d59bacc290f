"""`likewise restore`: puts a backup in the place of the database."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from likewise.cli import DONE
from likewise.options import add_settings
from likewise.settings import Settings
from likewise.transfer.backup import restore, verify


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Take the backup."""
    add_settings(sub, "LIKEWISE_DATABASE")
    sub.add_argument("backup", type=Path, help="the backup's .db file; its .key lies beside it")
    sub.add_argument("--verify", action="store_true", help="only check the backup")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Check the backup, and put it in place unless only asked to check."""
    backup: Path = options.backup.expanduser().absolute()
    if options.verify:
        verify(backup, settings.secret)
        sys.stdout.write(f"{backup} is whole, and its secret belongs to it.\n")
        return DONE
    kept = restore(backup, settings.secret, settings.database_path)
    sys.stdout.write(f"{settings.database_path} is restored.\n")
    if kept:
        sys.stdout.write(f"What was there before is kept as {kept}.\n")
    return DONE
