"""Around an upgrade: the copy that is made before it, and what to do about a newer database.

Knows files and one line of `meta`; must not know what the other tables mean.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress

import apsw

from likewise.errors import StartError
from likewise.store.copy import copy, remove_unfinished
from likewise.store.file import remove, secret_path, write_private

_BEFORE = ".before-schema-"
_HEADER_BYTES, _USER_VERSION = 100, slice(60, 64)  # sqlite.org/fileformat2.html#the_database_header
_VERSION = re.compile(rb"[0-9][0-9a-z.+-]{0,31}")


def backup_path(database: str, schema: int) -> str:
    """Return how the copy is called that is made before a database gets this schema."""
    return f"{database}{_BEFORE}{schema}"


def back_up_before(
    database: str,
    schema: int,
    secret: bytes | None,
    progress: Callable[[float], None] = lambda _share: None,
) -> None:
    """Copy a database, and its secret where that is kept in a file: `restore` takes them.

    The caller holds the file's lock. Where an upgrade is tried again, the copy of the first try is
    written over, by another one of the old tables. Raises `StartError`, `OSError`.
    """
    to = backup_path(database, schema)
    remove_unfinished(to)
    if secret is not None:
        write_private(secret_path(to), secret.decode() + "\n")
    try:
        copy(database, to, progress)
    except BaseException:
        if not os.path.exists(to):
            remove(secret_path(to))
        raise


def too_new(connection: apsw.Connection, path: str, schema: int, newest: int) -> StartError:
    """Return what to say of a database that a newer version has written."""
    return StartError(
        f"{path} was written by a newer version of Likewise (schema {schema}, this one knows up to"
        f" {newest}). Use Likewise {_needed(connection)}, or go back without what came since:"
        f" likewise restore {_readable(path, newest) or 'with a backup that was made before'}"
    )


def _needed(connection: apsw.Connection) -> str:
    """Return which version can read it, as far as that can be known."""
    with suppress(apsw.Error):  # nobody knows what later versions do with their tables
        found = connection.execute("SELECT value FROM meta WHERE name = 'version'").get
        if isinstance(found, bytes) and _VERSION.fullmatch(found):
            return f"{found.decode()} or newer"
    return "that version"


def _readable(database: str, newest: int) -> str | None:
    """Return the last copy that was made before an upgrade and that this version can read."""
    folder, name = os.path.split(database)
    found: list[tuple[int, str]] = []
    with suppress(OSError), os.scandir(folder) as entries:
        copies = [entry for entry in entries if entry.name.startswith(f"{name}{_BEFORE}")]
        # Files alone: whoever opens a pipe waits for somebody at its other end.
        files = [entry for entry in copies if entry.is_file()]
        paths = [entry.path for entry in files if not entry.name.endswith(".key")]
        found = [(_schema_in_header(path), path) for path in paths]
    return max((one for one in found if 0 < one[0] <= newest), default=(0, None))[1]


def _schema_in_header(path: str) -> int:
    with suppress(OSError), open(path, "rb") as file:
        return int.from_bytes(file.read(_HEADER_BYTES)[_USER_VERSION], "big")
    return 0
