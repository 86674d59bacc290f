"""A folder of backups: what they are called, which are a database's own, how many are kept.

Knows names and files; must not know what is in a database.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import NamedTuple

from likewise.errors import StartError
from likewise.store.file import remove, secret_path, sync_folder, unfinished_path
from likewise.transfer.checksum import checksum_path

_FORM = "%Y%m%dT%H%M%SZ"
_MOMENT = r"(?P<moment>[0-9]{8}T[0-9]{6}Z)"
_ANY = re.compile(rf".+-{_MOMENT}\.[^.]+", re.DOTALL)
_MAX_KEY_BYTES = 200


class Dated(NamedTuple):
    """A backup's database file, and the second since 1970 that its name tells."""

    path: str
    moment: float


@contextmanager
def working_in(folder: str) -> Iterator[None]:
    """Let nobody else on this machine make or remove a backup there meanwhile. Raises `OSError`.

    The folder itself is locked: no file is left over, and it works on a network's disk too.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def backup_name(database: str, now: float | None = None) -> str:
    """Return a name that sorts by time: `likewise-20260131T120000Z.db`."""
    stem, suffix = _stem_and_suffix(database)
    return f"{stem}-{time.strftime(_FORM, time.gmtime(now))}{suffix}"


def free_name(folder: str, database: str, now: float) -> str:
    """Return the name of the first second from now on that is free."""
    return next(
        path
        for second in itertools.count(int(now))
        if not is_taken(path := os.path.join(folder, backup_name(database, second)))
    )


def is_taken(backup: str) -> bool:
    """Tell whether a backup, or what would belong to it, is there already."""
    return any(map(os.path.lexists, (backup, secret_path(backup), checksum_path(backup))))


def own_backups(folder: str, database: str, secret: bytes) -> list[Dated]:
    """Return those of this database, the oldest first: they have its name and its secret.

    Another database of the same name may keep its backups there too. Raises `OSError`.
    """
    return [one for one in named_as(folder, database) if key_of(one.path) == secret]


def named_as(folder: str, database: str) -> list[Dated]:
    """Return those of any database of this name, the oldest first. Raises `OSError`."""
    return _dated(folder, re.compile(_form_of(database)))


def key_of(backup: str) -> bytes | None:
    """Return the secret that lies beside a backup; None where none can be read."""
    key = secret_path(backup)
    with suppress(OSError):
        if os.path.isfile(key):  # a pipe would have us wait for ever
            with open(key, "rb") as file:
                return file.read(_MAX_KEY_BYTES).strip()
    return None


def all_in(folder: str) -> list[Dated]:
    """Return all that are backups by their names, the oldest first. Raises `StartError`."""
    try:
        found = _dated(folder, _ANY)
    except OSError as error:
        raise StartError(f"{folder} cannot be read: {error.strerror}.") from None
    if not found:
        raise StartError(f"There is no backup in {folder}. Name the .db file of one.")
    return found


def newest_in(folder: str) -> str:
    """Return the newest backup there, where all are one database's. Raises `StartError`."""
    found = all_in(folder)
    if len({key_of(one.path) for one in found} - {None}) > 1:
        raise StartError(f"{folder} holds backups of several databases. Name the .db file of one.")
    return found[-1].path


def clear(folder: str, database: str) -> None:
    """Remove what a killed backup of a database of this name has left. Raises `OSError`.

    Its unfinished copy is made first and goes last, so it tells of all the rest. A key without one
    is none of ours: somebody may keep keys and databases apart.
    """
    name = _form_of(database)
    form = re.compile(rf"\.(?P<of>{name})(?P<part>\.key|\.sha256)?\.[0-9]+(?P<side>-journal)?")
    with os.scandir(folder) as entries:
        left = [
            match
            for entry in entries
            if (match := form.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False)
        ]
    for match in sorted(left, key=lambda one: (one["of"], not one["part"], not one["side"])):
        backup = os.path.join(folder, match["of"])
        if not os.path.lexists(backup):
            _remove_parts(backup)
        os.unlink(os.path.join(folder, match[0]))


def drop_oldest(folder: str, database: str, secret: bytes, *, kept: int, new: str) -> None:
    """Remove the oldest backups of a database beyond so many, but never the new one.

    Those that are dated after it were made while the clock was wrong, and go first. Raises
    `OSError`.
    """
    own = own_backups(folder, database, secret)
    made = next((one.moment for one in own if one.path == new), time.time())
    others = [one for one in own if one.path != new and not _is_served(one.path)]
    others.sort(key=lambda one: (one.moment <= made, one.moment))
    for old in others[: max(0, len(others) - (kept - 1))]:
        # Under this name `clear` finds it, should we be killed before all of it is gone.
        going = unfinished_path(old.path)
        os.rename(old.path, going)
        _remove_parts(old.path)
        os.unlink(going)
    sync_folder(folder)


def _dated(folder: str, form: re.Pattern[str]) -> list[Dated]:
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            match = form.fullmatch(entry.name)
            if match and entry.is_file(follow_symlinks=False):
                with suppress(ValueError):  # such as a 13th month
                    moment = datetime.fromisoformat(match["moment"]).timestamp()
                    found.append(Dated(entry.path, moment))
    return sorted(found, key=lambda one: (one.moment, one.path))


def _remove_parts(backup: str) -> None:
    for part in (secret_path(backup), checksum_path(backup)):
        remove(part)


def _is_served(path: str) -> bool:
    """Tell whether somebody has put a backup to use where it lies."""
    return any(os.path.exists(path + end) for end in ("-wal", ".lock"))


def _form_of(database: str) -> str:
    stem, suffix = _stem_and_suffix(database)
    return re.escape(stem) + "-" + _MOMENT + re.escape(suffix)


def _stem_and_suffix(database: str) -> tuple[str, str]:
    name = os.path.basename(database)
    stem, _, ending = name.rpartition(".")
    return (stem, f".{ending}") if stem and ending else (name, ".db")
