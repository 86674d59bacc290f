"""Backups: a database and its secret as a pair of files, checked before they count.

Knows files; what is in the tables it leaves to the store.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from likewise.errors import StartError
from likewise.store.copy import copy, integrity_problem
from likewise.store.file import (
    Lock,
    connect,
    read_secret,
    secret_path,
    sync_folder,
    write_private,
)
from likewise.store.migrate import check_version, migrations
from likewise.store.sqlite import mark_of
from likewise.voters import secret_mark

Progress = Callable[[float], None]


def backup_name(database: Path, now: float | None = None) -> str:
    """Return a name that sorts by time: `likewise-20260131T120000Z.db`."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    return f"{database.stem}-{moment}{database.suffix or '.db'}"


def back_up(
    database: Path, configured: str | None, to: Path, progress: Progress = lambda _share: None
) -> list[Path]:
    """Write a checked copy of database and secret; return both paths. Raises `StartError`.

    The secret comes first: where there is a database, there is what belongs to it.
    """
    if to.exists() or secret_path(to).exists():
        raise StartError(f"{to} is there already. Backups are never written over.")
    if not to.parent.is_dir():
        raise StartError(f"The folder {to.parent} does not exist. Make it first.")
    secret = _belonging_secret(database, configured)
    try:
        write_private(secret_path(to), secret.decode() + "\n")
        copy(database, to, progress)
    except OSError as error:
        raise StartError(f"{to} cannot be written: {error.strerror}.") from None
    finally:
        if not to.exists():
            secret_path(to).unlink(missing_ok=True)
    return [to, secret_path(to)]


def verify(backup: Path, configured: str | None) -> bytes:
    """Check that a backup is whole, not too new, and has its secret; return that.

    Raises `StartError` that names what is wrong.
    """
    connection = connect(backup, read_only=True)
    try:
        check_version(connection, backup, migrations()[-1].number)
    finally:
        connection.close()
    problem = integrity_problem(backup)
    if problem:
        raise StartError(f"{backup} is damaged: {problem}. Take an older backup.")
    return _belonging_secret(backup, configured)


def restore(backup: Path, configured: str | None, database: Path) -> Path | None:
    """Put a backup in the place of a database; return what was there before, renamed.

    No server may be running on it. Raises `StartError`, and then nothing has changed.
    """
    secret = verify(backup, configured)
    lock = Lock(database)
    try:
        restoring = database.with_name(database.name + ".restoring")
        copy(backup, restoring)
        kept = _set_aside(database)
        if configured is None:
            write_private(secret_path(database), secret.decode() + "\n")
        restoring.replace(database)
        sync_folder(database.parent)
    except OSError as error:
        raise StartError(f"{database} cannot be restored: {error}.") from None
    finally:
        lock.release()
    return kept


def _set_aside(database: Path) -> Path | None:
    """Rename a database and all that is its own; meanwhile `.restoring` guards its name."""
    if not database.exists():
        return None
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    kept = database.with_name(f"{database.name}.before-restore-{moment}")
    for ending in ("", "-wal", ".key"):
        part = database.with_name(database.name + ending)
        if part.exists():
            part.rename(kept.with_name(kept.name + ending))
    database.with_name(database.name + "-shm").unlink(missing_ok=True)
    return kept


def _belonging_secret(database: Path, configured: str | None) -> bytes:
    connection = connect(database, read_only=True)
    try:
        mark = mark_of(connection)
    finally:
        connection.close()
    secret = read_secret(database, configured)
    if secret is None:
        raise StartError(f"The secret of {database} is missing: {secret_path(database)}.")
    if mark != secret_mark(secret):
        raise StartError(f"The secret does not belong to {database}. Take both from one backup.")
    return secret
