"""Opening the store: checks the file, its secret and its tables, and makes what is missing.

Whoever opens holds the file's lock; must not know what is asked of the store then.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import apsw

from likewise.errors import StartError
from likewise.store import file
from likewise.store.mark import SECRET_MARK, mark_of
from likewise.store.migrate import check_current, check_schema, migrate, migrations
from likewise.store.recovery import write_wal_again
from likewise.store.sqlite import SqliteStore
from likewise.voters import secret_mark

_log = logging.getLogger("likewise")


def open_store(
    path: str,
    configured_secret: str | None,
    *,
    create: bool,
    wall: Callable[[], float] = time.time,
) -> SqliteStore:
    """Open the database, made or migrated where needed if `create`. Raises `StartError`.

    The caller holds the file's lock.
    """
    file.check_sqlite()
    connection = file.connect(path, create=create)
    try:
        # Before anything is written: a newer version's database is none of our business.
        (check_schema if create else check_current)(connection, path, migrations()[-1].number)
        secret = prepare(connection, path, configured_secret)
        return SqliteStore(path, secret, connection, wall)
    except (apsw.Error, OSError) as error:
        connection.close()
        raise file.unusable(path, error) from None
    except StartError:
        connection.close()
        raise


def prepare(
    connection: apsw.Connection,
    path: str,
    configured_secret: str | None,
    progress: Callable[[float], None] = lambda _share: None,
) -> bytes:
    """Make the database ready to be served; return its secret.

    The caller holds the file's lock. Raises `StartError`, `apsw.Error`, `OSError`.
    """
    secret = _secret(connection, path, configured_secret)
    if connection.pragma("journal_mode", "WAL") != "wal":
        raise StartError(
            f"{path} lies where programs cannot share memory, as on a network. Put it on a disk"
            " of this machine."
        )
    write_wal_again(connection)

    def back_up(schema: int) -> None:
        from likewise.store.upgrade import back_up_before  # noqa: PLC0415 (rarely needed)

        _log.info("The tables of %s are changed for this version, after a copy.", path)
        # A secret that was kept off this disk stays off it.
        back_up_before(path, schema, None if configured_secret else secret, progress)

    migrate(connection, path, migrations(), back_up)
    # Changed pages stay in memory until the commit, which has a thread: statements run on the
    # event loop, which may not wait for a disk.
    connection.execute("PRAGMA cache_spill=OFF")
    connection.execute(
        "/* mark */ INSERT OR IGNORE INTO meta VALUES (?, ?)", (SECRET_MARK, secret_mark(secret))
    )
    return secret


def _secret(connection: apsw.Connection, path: str, configured: str | None) -> bytes:
    """Return the secret that belongs to the database; a new database gets a new one."""
    secret = file.read_secret(path, configured)
    kept = mark_of(connection)
    if kept is None:
        return secret or file.make_secret(path)
    if secret is None:
        raise StartError(
            f"The secret of {path} is missing: {file.secret_path(path)}. Without it no reader could"
            " take a like back. Restore it from a backup, or set LIKEWISE_SECRET."
        )
    if secret_mark(secret) != kept:
        raise StartError(
            f"This secret does not belong to {path}. Restore database and secret from one backup,"
            f" or set LIKEWISE_SECRET to the one it was made with."
        )
    return secret
