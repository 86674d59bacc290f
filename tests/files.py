"""A database's secret, its backups and their checksums, for tests, which hold paths as objects.

The product holds them as text: each function here is the product's own of that name.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from likewise.store import file, upgrade
from likewise.transfer import backup as backups
from likewise.transfer import checksum


def secret_path(database: Path) -> Path:
    return Path(file.secret_path(str(database)))


def checksum_path(backup: Path) -> Path:
    return Path(checksum.checksum_path(str(backup)))


def back_up(
    database: Path,
    configured: str | None,
    to: Path,
    progress: Callable[[float], None] = lambda _share: None,
) -> list[Path]:
    return [Path(part) for part in backups.back_up(str(database), configured, str(to), progress)]


def verify(backup: Path, configured: str | None) -> bytes:
    return backups.verify(str(backup), configured)


def restore(backup: Path, configured: str | None, database: Path) -> Path | None:
    kept = backups.restore(str(backup), configured, str(database))
    return None if kept is None else Path(kept)


def backup_path(database: Path, schema: int) -> Path:
    return Path(upgrade.backup_path(str(database), schema))
