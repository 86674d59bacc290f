"""Backups: a database and its secret as a pair of files, checked before they count.

Knows files; what is in the tables it leaves to the store.
"""

from __future__ import annotations

import itertools
import os
import stat
import time
from collections.abc import Callable
from contextlib import closing

import apsw

from likewise.errors import StartError
from likewise.store.copy import copy, integrity_problem
from likewise.store.file import (
    Lock,
    connect,
    file_type,
    read_secret,
    remove,
    secret_path,
    sync_folder,
    unusable,
    write_private,
)
from likewise.store.mark import mark_of
from likewise.store.migrate import check_schema, migrations
from likewise.transfer import checksum
from likewise.transfer.checksum import checksum_path
from likewise.transfer.folder import free_name, is_taken, working_in
from likewise.voters import secret_mark

Progress = Callable[[float], None]

_KEPT = ".before-restore-"
_PARTS = ("", "-wal", ".key")  # of a database: the file itself and what belongs to it alone


def back_up(
    database: str, configured: str | None, to: str, progress: Progress = lambda _share: None
) -> list[str]:
    """Write a checked copy of database and secret, and their checksums; return all three paths.

    `to` is a folder, or a name that is not there yet. The copy gets its name last: where there is
    a database, there is what belongs to it. Raises `StartError`.
    """
    try:
        is_folder = file_type(to) == stat.S_IFDIR
        folder = to if is_folder else os.path.dirname(to)
        if file_type(folder) != stat.S_IFDIR:
            raise StartError(f"The folder {folder} does not exist. Make it first.")
        with working_in(folder):
            named = free_name(folder, database, time.time()) if is_folder else to
            if is_taken(named):
                raise StartError(f"{named} is there already. Backups are never written over.")
            write_backup(database, configured, named, progress)
    except OSError as error:
        raise unusable(to, error) from None
    return [named, secret_path(named), checksum_path(named)]


def write_backup(
    database: str, configured: str | None, to: str, progress: Progress = lambda _share: None
) -> bytes:
    """Write a backup under a free name, in a folder that is held; return the secret in it.

    Raises `StartError`, and then there is nothing of it.
    """
    secret = _belonging_secret(database, configured)
    try:
        copy(database, to, progress, lambda whole: _complete(whole, to, secret))
    except BaseException:
        for part in (secret_path(to), checksum_path(to)):
            remove(part)
        raise
    return secret


def _complete(copied: str, to: str, secret: bytes) -> None:
    """Put the secret beside a copy that has no name yet, and the checksums of both."""
    _check_mark(copied, secret)
    key = secret_path(to)
    write_private(key, secret.decode() + "\n")
    files = {os.path.basename(to): copied, os.path.basename(key): key}
    write_private(checksum_path(to), checksum.lines_for(files))


def verify(backup: str, configured: str | None) -> bytes:
    """Check that a backup is whole, not too new, has its secret, and is what its checksums say,
    where it has some; return the secret.

    Raises `StartError` that names what is wrong.
    """
    if file_type(backup) != stat.S_IFREG:
        raise StartError(f"There is no backup {backup}. Name the .db file of one.")
    problem = integrity_problem(backup)
    if problem:
        raise StartError(f"{backup} is damaged: {problem}. Take an older backup.")
    secret = _belonging_secret(backup, configured)
    if os.path.isfile(checksum_path(backup)):
        checksum.check(checksum_path(backup), backup, secret_path(backup))
    return secret


def restore(backup: str, configured: str | None, database: str) -> str | None:
    """Put a backup in the place of a database; return what was there before, renamed.

    No server may be running on it. Raises `StartError`, and then nothing has changed, or no
    server starts before `restore` has been run again.
    """
    secret = verify(backup, configured)
    lock = Lock(database)
    try:
        restoring = f"{database}.restoring"
        is_resumed = os.path.exists(restoring) and not os.path.exists(database)
        kept = _kept_name(database, is_resumed=is_resumed)
        copy(backup, restoring)
        was_there = _set_aside(database, kept)
        if configured is None:
            write_private(secret_path(database), secret.decode() + "\n")
        _give(restoring, secret_path(database), lock.path)
        os.replace(restoring, database)
        sync_folder(os.path.dirname(database))
    except OSError as error:
        raise unusable(database, error) from None
    finally:
        lock.release()
    return kept if was_there else None


def _give(*files: str) -> None:
    """Let the user of the folder have what root has put there: the service runs as that one."""
    if os.geteuid() != 0:
        return
    for path in files:
        folder = os.stat(os.path.dirname(path))
        if os.path.exists(path):
            os.chown(path, folder.st_uid, folder.st_gid)


def _kept_name(database: str, *, is_resumed: bool) -> str:
    """Return a free name; that of the interrupted restore again, so that a WAL stays with its own.

    Beside another database SQLite would take the WAL for that one's, and destroy it.
    """
    free = next(
        number
        for number in itertools.count(1)
        if not any(os.path.exists(f"{database}{_KEPT}{number}{part}") for part in _PARTS)
    )
    return f"{database}{_KEPT}{free - 1 if is_resumed and free > 1 else free}"


def _set_aside(database: str, kept: str) -> bool:
    """Rename a database and all that is its own; meanwhile `.restoring` guards its name."""
    for part in _PARTS:
        its, kept_part = database + part, kept + part
        if os.path.exists(kept_part):
            remove(its)  # an interrupted restore has put it there
        elif os.path.exists(its):
            os.rename(its, kept_part)
    remove(f"{database}-shm")
    # On the disk before another database takes the name: it must never meet the old WAL.
    sync_folder(os.path.dirname(database))
    return os.path.exists(kept)


def _belonging_secret(database: str, configured: str | None) -> bytes:
    mark = _mark(database)
    secret = read_secret(database, configured)
    if secret is None:
        raise StartError(f"The secret of {database} is missing: {secret_path(database)}.")
    if mark != secret_mark(secret):
        raise _stranger_to(database)
    return secret


def _check_mark(copied: str, secret: bytes) -> None:
    """Check the copy too: another database may have come in the place of ours meanwhile."""
    if _mark(copied) != secret_mark(secret):
        raise _stranger_to(copied)


def _stranger_to(database: str) -> StartError:
    return StartError(f"The secret does not belong to {database}. Take both from one backup.")


def _mark(database: str) -> bytes:
    with closing(connect(database, read_only=True)) as connection:
        try:
            check_schema(connection, database, migrations()[-1].number)
            mark = mark_of(connection)
        except apsw.Error as error:
            raise unusable(database, error) from None
    if mark is None:
        raise StartError(f"{database} is empty: there is nothing in it to keep.")
    return mark
