"""`likewise restore`: puts a backup in the place of the database."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from likewise.cli import DONE, FAILED
from likewise.errors import StartError
from likewise.logs import escaped
from likewise.options import add_settings
from likewise.settings import Settings
from likewise.transfer.backup import restore, verify
from likewise.transfer.checksum import checksum_path
from likewise.transfer.folder import all_in, newest_in


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Take the backup."""
    add_settings(sub, "LIKEWISE_DATABASE")
    sub.add_argument(
        "backup",
        type=Path,
        help="the backup's .db file, its .key beside it; or a folder: the newest one there",
    )
    sub.add_argument(
        "--verify", action="store_true", help="only check the backup, or all in the folder"
    )


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Check the backup, and put it in place unless only asked to check."""
    path: Path = options.backup.expanduser().absolute()
    named, is_folder = str(path), path.is_dir()
    if options.verify:
        backups = [one.path for one in reversed(all_in(named))] if is_folder else [named]
        return max(_verify(backup, settings.secret) for backup in backups)
    backup = newest_in(named) if is_folder else named
    kept = restore(backup, settings.secret, settings.database_path)
    sys.stdout.write(f"{settings.database_path} is restored from {backup}{_remark(backup)}.\n")
    if kept:
        sys.stdout.write(f"What was there before is kept as {kept}.\n")
    return DONE


def _verify(backup: str, secret: str | None) -> int:
    """Say how a backup is; return the exit code."""
    try:
        verify(backup, secret)
    except StartError as error:
        sys.stderr.write(f"likewise restore: {escaped(str(error))}\n")
        return FAILED
    sys.stdout.write(f"{backup} is whole, and its secret belongs to it{_remark(backup)}.\n")
    sys.stdout.flush()
    return DONE


def _remark(backup: str) -> str:
    has_checksums = Path(checksum_path(backup)).is_file()
    return "" if has_checksums else " (no checksums lie beside it, so they were not compared)"
