"""Numbered migrations, forward only, each in one transaction with its number.

Knows SQL files and `user_version`; must not know what the tables mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import apsw

from likewise.errors import StartError
from likewise.store.file import APPLICATION_ID


class Migration(NamedTuple):
    """The step to schema `number`."""

    number: int
    sql: str


def migrations() -> list[Migration]:
    """Return every migration of this version, in order."""
    files = sorted(Path(__file__).with_name("migrations").glob("*.sql"))
    return [Migration(int(file.name[:4]), file.read_text(encoding="utf-8")) for file in files]


def migrate(
    connection: apsw.Connection,
    path: Path,
    steps: Sequence[Migration],
    back_up: Callable[[Path], None],
) -> None:
    """Bring a database to the newest schema; an existing one is backed up first.

    Raises `StartError` for a database that a newer version has written.
    """
    newest = steps[-1].number
    version = check_version(connection, path, newest)
    if version == newest:
        return
    if version:
        back_up(path.with_name(f"{path.name}.before-schema-{newest}"))
    for step in steps:
        if step.number > version:
            _apply(connection, step)


def check_version(connection: apsw.Connection, path: Path, newest: int) -> int:
    """Return the schema's number. Raises `StartError` when it is newer than `newest`."""
    version = int(connection.pragma("user_version"))
    if version > newest:
        raise StartError(
            f"{path} was written by a newer version of Likewise (schema {version}, this one knows"
            f" up to {newest}). Upgrade Likewise, or restore a backup made before."
        )
    return version


def _apply(connection: apsw.Connection, step: Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(step.sql)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={step.number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")
        raise
