"""The database as files: opening, locking, and the secret that lies beside it.

Knows SQLite's settings and file modes; must not know what the tables mean.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import time
from contextlib import suppress
from typing import Any

import apsw

from likewise.errors import StartError
from likewise.voters import new_secret

APPLICATION_ID = 0x4C696B65  # "Like", in the file's header
BUSY_MILLISECONDS = 5_000
CACHE_KIB = 128  # of each connection: more took memory, and the system caches the file anyway
# From here on two connections cannot corrupt a WAL (sqlite.org/wal.html), and a checkpoint that
# does nothing tells how long the WAL is.
_SOUND_VERSION = (3, 51, 3)
_HEADER_BYTES = 100
_SECRET_SIZES = range(32, 65)  # bytes; BLAKE2b takes no longer key
_NOTHING_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
_LOCK_TRIES, _LOCK_TRY_SECONDS = 10, 0.02


def check_sqlite() -> None:
    """Refuse an SQLite in which a WAL can be corrupted. Raises `StartError`."""
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split(".")[:3])
    if version >= _SOUND_VERSION:
        return
    raise StartError(
        f"SQLite {apsw.sqlite_lib_version()} can corrupt a database that is written and"
        " checkpointed at once. Install a newer apsw: python -m pip install --upgrade apsw"
    )


def connect(path: str, *, create: bool = False, read_only: bool = False) -> apsw.Connection:
    """Open one connection with the settings that durability rests on.

    `synchronous=FULL`: what is committed is on the disk. Nothing checkpoints on its own: a
    checkpoint that truncates behind Litestream's back would cost it its place.
    Raises `StartError` for what is no Likewise database.
    """
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE
    try:
        _check_file(path, create=create)
        connection = apsw.Connection(path, flags=flags)
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        connection.set_busy_timeout(BUSY_MILLISECONDS)
        connection.wal_autocheckpoint(0)
        for pragma in ("synchronous=FULL", "temp_store=MEMORY", f"cache_size=-{CACHE_KIB}"):
            connection.execute(f"PRAGMA {pragma}")
        _check_application(connection, path)
    except (apsw.Error, OSError) as error:
        raise unusable(path, error) from None
    return connection


def file_type(path: str) -> int:
    """Return what a path leads to, as `stat.S_IFMT` tells it; 0 where nothing is there.

    Raises `OSError` where this user may not look: `os.path.exists` would say that nothing is there.
    """
    try:
        return stat.S_IFMT(os.stat(path).st_mode)
    except OSError as error:
        if error.errno in _NOTHING_THERE:
            return 0
        raise


def identity(path: str) -> tuple[int, int] | None:
    """Return which file a name leads to, None for none. Looks only: see `_check_file`."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def unusable(path: str, error: apsw.Error | OSError) -> StartError:
    """Return what to tell the operator when a file cannot be used."""
    if isinstance(error, apsw.NotADBError):
        return _no_database(path)
    if isinstance(error, apsw.CorruptError):
        return StartError(f"{path} is damaged: {error}. Restore a backup.")
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return StartError(f"{path} is locked by another program. End that one, or wait for it.")
    if isinstance(error, apsw.ReadOnlyError | apsw.CantOpenError | PermissionError):
        return StartError(
            f"{path} cannot be written by this user. Check its owner and its folder's."
        )
    reason = error.strerror if isinstance(error, OSError) else error
    return StartError(f"{path} cannot be used: {reason}.")


def _check_file(path: str, *, create: bool) -> None:
    """Refuse what cannot be a database; make an empty file where one shall be made.

    An existing file is never opened here: closing it would drop every lock that this process
    holds on it (fcntl(2)), and the next program to close the database would delete its WAL.
    """
    _check_place(path)
    if file_type(path):
        if 0 < os.path.getsize(path) < _HEADER_BYTES:
            raise _no_database(path)
        return
    if file_type(f"{path}.restoring"):
        raise StartError(f"A restore of {path} was interrupted. Run `likewise restore` again.")
    if not create:
        raise StartError(f"There is no database {path}. `likewise serve` makes one.")
    # SQLite would let everyone on the machine read it.
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _check_place(path: str) -> None:
    if file_type(path) == stat.S_IFDIR:
        raise StartError(f"{path} is a folder. Name a file with LIKEWISE_DATABASE.")
    folder = os.path.dirname(path)
    if file_type(folder) != stat.S_IFDIR:
        raise StartError(f"There is no folder for {path}. Make {folder} first.")


def _no_database(path: str) -> StartError:
    return StartError(f"{path} is not a database. Name another file with LIKEWISE_DATABASE.")


def _check_application(connection: apsw.Connection, path: str) -> None:
    if connection.pragma("application_id") == APPLICATION_ID:
        return
    if connection.execute("SELECT count(*) FROM sqlite_schema").get:
        raise StartError(
            f"{path} is a database of another program. Name another file with LIKEWISE_DATABASE."
            " To adopt the article's database, run `likewise import article FILE`."
        )


class Lock:
    """Held by the one process that writes; its file tells others where that process listens."""

    def __init__(self, database: str) -> None:
        """Take the lock. Raises `StartError` that names who holds it."""
        self.path = _lock_path(database)
        try:
            _check_place(database)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unusable(self.path, error) from None
        try:
            _lock(self._file)
        except OSError as error:
            os.close(self._file)
            if not isinstance(error, BlockingIOError):
                raise unusable(self.path, error) from None
            holder = holder_of(database) or {}
            raise StartError(
                f"{database} is already served by process {holder.get('pid', '?')}"
                f" at {holder.get('address', 'an unknown address')}. Stop that one first."
            ) from None

    def tell(self, **facts: object) -> None:
        """Write down who serves the database, for commands of the same user."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, json.dumps(facts | {"pid": os.getpid()}).encode(), 0)

    def release(self) -> None:
        """Let go. The file stays: removing it would let two processes lock two files."""
        os.ftruncate(self._file, 0)
        os.close(self._file)


def holder_of(database: str) -> dict[str, Any] | None:
    """Return what the running server tells of itself; None when none runs."""
    try:
        with open(_lock_path(database), "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _facts(file.read())
    except OSError:
        pass  # never served, or by another user
    return None


def _facts(text: bytes) -> dict[str, Any]:
    try:
        facts = json.loads(text)
    except ValueError:
        return {}  # it has just started
    return facts if isinstance(facts, dict) else {}


def _lock_path(database: str) -> str:
    """Return the one lock of a database, by whichever link it is reached."""
    return os.path.realpath(database) + ".lock"


def _lock(descriptor: int) -> None:
    """Lock at once or raise `BlockingIOError`; who only looks (`holder_of`) is soon gone."""
    for _ in range(_LOCK_TRIES):
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOCK_TRY_SECONDS)
    return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def secret_path(database: str) -> str:
    """Return where the secret of a database lies."""
    return f"{database}.key"


def read_secret(database: str, configured: str | None) -> bytes | None:
    """Return the database's secret: the configured one, else that of its key file, else None.

    Raises `StartError` for what cannot be a secret.
    """
    path = secret_path(database)
    if configured is None:
        try:
            if os.path.exists(path) and not os.path.isfile(path):  # a pipe: we would wait for ever
                raise StartError(f"The secret {path} is not a file.")
            with open(path, encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise StartError(f"The secret {path} cannot be read: {error}.") from None
    else:
        text = configured
    secret = text.strip().encode()
    if len(secret) in _SECRET_SIZES:
        return secret
    if configured is None:
        raise StartError(f"{path} does not hold a secret. Restore it from a backup.")
    raise StartError(
        f"LIKEWISE_SECRET has {len(secret)} bytes; expected {_SECRET_SIZES[0]} to"
        f" {_SECRET_SIZES[-1]} random ones."
    )


def make_secret(database: str) -> bytes:
    """Make the secret of a new database, on the disk before anything depends on it."""
    text = new_secret().hex()
    write_private(secret_path(database), text + "\n")
    return text.encode()


def write_private(path: str, text: str) -> None:
    """Write a file that only this user can read, whole or not at all. Raises `OSError`."""
    temporary = unfinished_path(path)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    finally:
        remove(temporary)
    sync_folder(os.path.dirname(path))


def unfinished_path(path: str) -> str:
    """Return how this process calls a file until it is whole: hidden, beside its own name."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.{os.getpid()}")


def remove(path: str) -> None:
    """Remove a file, or find it gone. Raises `OSError`."""
    with suppress(FileNotFoundError):
        os.unlink(path)


def sync_folder(folder: str) -> None:
    """Make renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
