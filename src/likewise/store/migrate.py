"""Numbered migrations, forward only: all that a database lacks, in one transaction.

Knows SQL files, `user_version` and one line of `meta`; must not know what the other tables mean.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

import apsw

from likewise import __version__
from likewise.errors import StartError
from likewise.store.file import APPLICATION_ID

_FOLDER = os.path.join(os.path.dirname(__file__), "migrations")


class Migration(NamedTuple):
    """The step to schema `number`."""

    number: int
    sql: str


def migrations() -> list[Migration]:
    """Return every migration of this version, in order."""
    names = sorted(name for name in os.listdir(_FOLDER) if name.endswith(".sql"))
    return [Migration(int(name[:4]), _sql(name)) for name in names]


def _sql(name: str) -> str:
    with open(os.path.join(_FOLDER, name), encoding="utf-8") as file:
        return file.read()


def migrate(
    connection: apsw.Connection,
    path: str,
    steps: Sequence[Migration],
    back_up: Callable[[int], None],
) -> None:
    """Bring a database to the newest schema; `back_up` an existing one first, for that schema.

    Raises `StartError` for a database that a newer version has written.
    """
    newest = steps[-1].number
    schema = check_schema(connection, path, newest)
    if schema == newest:
        return
    if schema:
        back_up(newest)
    _take(connection, [step for step in steps if step.number > schema])


def check_schema(connection: apsw.Connection, path: str, newest: int) -> int:
    """Return the schema's number. Raises `StartError` when it is newer than `newest`."""
    schema = int(connection.pragma("user_version"))
    if schema > newest:
        from likewise.store.upgrade import too_new  # noqa: PLC0415 (rarely needed)

        raise too_new(connection, path, schema, newest)
    return schema


def check_current(connection: apsw.Connection, path: str, newest: int) -> None:
    """Raise `StartError` unless the schema is the newest: commands do not change it unasked."""
    schema = check_schema(connection, path, newest)
    if not schema:
        raise StartError(f"{path} is empty. `likewise serve` makes its tables.")
    if schema < newest:
        raise StartError(
            f"{path} has the tables of an older version (schema {schema}, this one has {newest})."
            " `likewise migrate` changes them, and so does `likewise serve`; both make a backup"
            " first."
        )


def _take(connection: apsw.Connection, steps: Sequence[Migration]) -> None:
    """Take all steps or none: there is no backup of what would be in between."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in steps:
            connection.execute(step.sql)
        # For those who go back to an older version: it can say which one is needed.
        connection.execute(
            "/* version */ INSERT OR REPLACE INTO meta VALUES ('version', ?)",
            (__version__.encode(),),
        )
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={steps[-1].number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")
        raise
