"""The database as files: opening, locking, and the secret that lies beside it.

Knows SQLite's settings and file modes; must not know what the tables mean.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
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


def connect(path: Path, *, create: bool = False, read_only: bool = False) -> apsw.Connection:
    """Open one connection with the settings that durability rests on.

    `synchronous=FULL`: what is committed is on the disk. Nothing checkpoints on its own: a
    checkpoint that truncates behind Litestream's back would cost it its place.
    Raises `StartError` for what is no Likewise database.
    """
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE
    try:
        _check_file(path, create=create)
        connection = apsw.Connection(os.fspath(path), flags=flags)
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


def identity(path: Path) -> tuple[int, int] | None:
    """Return which file a name leads to, None for none. Looks only: see `_check_file`."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def unusable(path: Path, error: apsw.Error | OSError) -> StartError:
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


def _check_file(path: Path, *, create: bool) -> None:
    """Refuse what cannot be a database; make an empty file where one shall be made.

    An existing file is never opened here: closing it would drop every lock that this process
    holds on it (fcntl(2)), and the next program to close the database would delete its WAL.
    """
    _check_place(path)
    if path.exists():
        if 0 < path.stat().st_size < _HEADER_BYTES:
            raise _no_database(path)
        return
    if path.with_name(path.name + ".restoring").exists():
        raise StartError(f"A restore of {path} was interrupted. Run `likewise restore` again.")
    if not create:
        raise StartError(f"There is no database {path}. `likewise serve` makes one.")
    # SQLite would let everyone on the machine read it.
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _check_place(path: Path) -> None:
    if path.is_dir():
        raise StartError(f"{path} is a folder. Name a file with LIKEWISE_DATABASE.")
    if not path.parent.is_dir():
        raise StartError(f"There is no folder for {path}. Make {path.parent} first.")


def _no_database(path: Path) -> StartError:
    return StartError(f"{path} is not a database. Name another file with LIKEWISE_DATABASE.")


def _check_application(connection: apsw.Connection, path: Path) -> None:
    if connection.pragma("application_id") == APPLICATION_ID:
        return
    if connection.execute("SELECT count(*) FROM sqlite_schema").get:
        raise StartError(
            f"{path} is a database of another program. Name another file with LIKEWISE_DATABASE."
            " To adopt the article's database, run `likewise import article FILE`."
        )


class Lock:
    """Held by the one process that writes; its file tells others where that process listens."""

    def __init__(self, database: Path) -> None:
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


def holder_of(database: Path) -> dict[str, Any] | None:
    """Return what the running server tells of itself; None when none runs."""
    try:
        with _lock_path(database).open("rb") as file:
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


def _lock_path(database: Path) -> Path:
    """Return the one lock of a database, by whichever link it is reached."""
    return Path(os.path.realpath(database) + ".lock")


def _lock(descriptor: int) -> None:
    """Lock at once or raise `BlockingIOError`; who only looks (`holder_of`) is soon gone."""
    for _ in range(_LOCK_TRIES):
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOCK_TRY_SECONDS)
    return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def secret_path(database: Path) -> Path:
    """Return where the secret of a database lies."""
    return database.with_name(database.name + ".key")


def read_secret(database: Path, configured: str | None) -> bytes | None:
    """Return the database's secret: the configured one, else that of its key file, else None.

    Raises `StartError` for what cannot be a secret.
    """
    path = secret_path(database)
    if configured is None:
        try:
            if path.exists() and not path.is_file():  # a pipe would have us wait for ever
                raise StartError(f"The secret {path} is not a file.")
            text = path.read_text(encoding="utf-8")
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


def make_secret(database: Path) -> bytes:
    """Make the secret of a new database, on the disk before anything depends on it."""
    text = new_secret().hex()
    write_private(secret_path(database), text + "\n")
    return text.encode()


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, whole or not at all. Raises `OSError`."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
