"""`likewise migrate`: changes the tables to those of this version, without serving."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path

import apsw

from likewise.cli import DONE
from likewise.errors import StartError
from likewise.options import add_settings
from likewise.settings import Settings
from likewise.store.file import Lock, check_sqlite, connect, unusable
from likewise.store.migrate import check_schema, migrations
from likewise.store.opening import prepare
from likewise.store.upgrade import backup_path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the database, and whether to do it."""
    add_settings(parser, "LIKEWISE_DATABASE")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Change the tables after a backup; or only tell. Raises `StartError` beside a server."""
    path, newest = settings.database_path, migrations()[-1].number
    schema = _schema(path, newest)
    backup = backup_path(path, newest)
    if schema == newest:
        sys.stdout.write(f"{path} has the tables of this version already (schema {newest}).\n")
        return DONE
    if options.dry_run:
        sys.stdout.write(
            f"{path} would go from schema {schema} to {newest}. Nothing is done yet.\n"
            f"A copy would be made first, of {_mebibytes(path)} MiB at most: {backup}\n"
        )
        return DONE
    _migrate(settings, path)
    sys.stdout.write(
        f"{path} has gone from schema {schema} to {newest}.\n"
        f"What it was is kept, until you remove it: {backup}\n"
    )
    return DONE


def _schema(path: str, newest: int) -> int:
    with closing(connect(path, read_only=True)) as connection:
        try:
            schema = check_schema(connection, path, newest)
        except apsw.Error as error:
            raise unusable(path, error) from None
    if not schema:
        raise StartError(f"{path} is empty. `likewise serve` makes its tables.")
    return schema


def _migrate(settings: Settings, path: str) -> None:
    check_sqlite()
    lock = Lock(path)
    try:
        with closing(connect(path)) as connection:
            prepare(connection, path, settings.secret, _show)
    except (apsw.Error, OSError) as error:
        raise unusable(path, error) from None
    finally:
        lock.release()


def _mebibytes(path: str) -> int:
    parts = (Path(path), Path(f"{path}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists()) // 2**20 + 1


def _show(share: float) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{share:4.0%}" + ("\n" if share >= 1 else ""))
