"""A folder of backups: the oldest go, the last good one never, and nobody else's file at all."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from likewise.errors import StartError
from likewise.transfer.folder import (
    backup_name,
    clear,
    drop_oldest,
    free_name,
    newest_in,
    own_backups,
    working_in,
)
from likewise.transfer.scheduled import Job, carry_out
from tests.files import back_up, checksum_path, secret_path, verify
from tests.service import voter
from tests.store.database import ANNA, BORIS, NAME, likes_in, served

DATABASE = "/srv/likewise.db"
SECRET, OTHER = b"a" * 32, b"b" * 32
DAY = 86_400
NOON = 1_769_860_800  # 2026-01-31T12:00:00Z


def pair(folder: Path, moment: float, secret: bytes = SECRET, database: str = DATABASE) -> Path:
    """Put there what is a backup by its names."""
    path = folder / backup_name(database, moment)
    path.write_bytes(b"")
    secret_path(path).write_bytes(secret + b"\n")
    checksum_path(path).write_bytes(b"")
    return path


def names_in(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()}


def parts(path: Path) -> set[str]:
    return {path.name, secret_path(path).name, checksum_path(path).name}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("likes.db", "likes-19700101T000000Z.db"),
        ("a.b.sqlite", "a.b-19700101T000000Z.sqlite"),
        ("likes", "likes-19700101T000000Z.db"),
        (".likes", ".likes-19700101T000000Z.db"),
        ("likes.", "likes.-19700101T000000Z.db"),
    ],
)
def test_a_backup_has_the_name_and_the_ending_of_its_database(name: str, expected: str) -> None:
    assert backup_name(f"/srv/v1.0/{name}", 0) == expected


@settings(deadline=None)
@given(
    days=some.sets(some.integers(-20, 20), max_size=12),
    others=some.sets(some.integers(-20, 20), max_size=3),
    kept=some.integers(1, 9),
)
def test_the_newest_are_kept_with_the_one_just_made(
    days: set[int], others: set[int], kept: int
) -> None:
    """Days after today are those of a clock that was wrong: they go first."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        strangers = {pair(folder, NOON + day * DAY + 1, OTHER) for day in others}
        paths = {day: pair(folder, NOON + day * DAY) for day in days | {0}}
        drop_oldest(str(folder), DATABASE, SECRET, kept=kept, new=str(paths[0]))
        left = {day for day, path in paths.items() if path.exists()}
        worth = sorted(days - {0}, key=lambda day: (day <= 0, day))
        assert left == {0, *worth[max(0, len(worth) + 1 - kept) :]}
        expected = [*strangers, *(paths[day] for day in left)]
        assert names_in(folder) == set().union(*map(parts, expected))


STRANGE = [
    "likewise.db",
    "likewise-20260101T120000Z",
    "likewise-20260101T120000Z.db-wal",
    "likewise-20260101T120000Z.sqlite",
    "likewise-20261301T120000Z.db",
    "likewise-2026010\u0661T120000Z.db",
    "likewise-20260101T120000Z.db.part",
    "likewise-20260101T120000Z-2.db",
    "likewise-old-20260101T120000Z.db",
    "Likewise-20260101T120000Z.db",
    "likewise-20260101T120000Z.db\n",
    ".likewise-20260101T120000Z.db",
    ".likewise-20260101T120000Z.db.key",
    ".likewise-20260101T120000Z.db.1a",
    ".other-20260101T120000Z.db.12",
    "-rf",
    "$(reboot)",
    "\udcff.db",
]


def test_what_is_not_ours_by_its_name_is_left_alone(tmp_path: Path) -> None:
    for name in STRANGE:
        (tmp_path / name).write_bytes(b"mine")
        (tmp_path / f"{name}.key").write_bytes(SECRET)
    new = pair(tmp_path, NOON)
    before = names_in(tmp_path)
    clear(str(tmp_path), DATABASE)
    drop_oldest(str(tmp_path), DATABASE, SECRET, kept=1, new=str(new))
    assert names_in(tmp_path) == before
    assert [one.path for one in own_backups(str(tmp_path), DATABASE, SECRET)] == [str(new)]


def test_what_only_looks_like_a_backup_is_left_alone(tmp_path: Path) -> None:
    folder = pair(tmp_path, NOON - 9 * DAY)
    folder.unlink()
    folder.mkdir()
    link = pair(tmp_path, NOON - 8 * DAY)
    link.rename(tmp_path / "elsewhere")
    link.symlink_to(tmp_path / "elsewhere")
    keyless = pair(tmp_path, NOON - 7 * DAY)
    secret_path(keyless).unlink()
    piped = pair(tmp_path, NOON - 6 * DAY)
    secret_path(piped).unlink()
    os.mkfifo(secret_path(piped))
    put_to_use = pair(tmp_path, NOON - 5 * DAY)
    put_to_use.with_name(put_to_use.name + "-wal").write_bytes(b"")
    (tmp_path / f".{backup_name(DATABASE, NOON)}.7").mkdir()
    new = pair(tmp_path, NOON)
    before = names_in(tmp_path)
    clear(str(tmp_path), DATABASE)
    drop_oldest(str(tmp_path), DATABASE, SECRET, kept=1, new=str(new))
    assert names_in(tmp_path) == before


def test_a_key_that_is_kept_without_its_database_is_left_alone(tmp_path: Path) -> None:
    moved = pair(tmp_path, NOON)
    moved.unlink()
    clear(str(tmp_path), DATABASE)
    assert secret_path(moved).exists()
    later = tmp_path / backup_name(DATABASE, NOON + 1)
    assert free_name(str(tmp_path), DATABASE, NOON) == str(later)


CUT_OFF = """
import os, sys, time
from likewise.store import copy, file
from likewise.transfer import folder
from likewise.transfer.scheduled import Job, carry_out
steps = int(sys.argv[1])
def counted(step):
    def take(*arguments, **options):
        global steps
        steps -= 1
        if steps == 0:
            os._exit(9)
        return step(*arguments, **options)
    return take
for name in ("rename", "replace", "unlink", "fsync", "open", "close"):
    setattr(os, name, counted(getattr(os, name)))
copy.integrity_problem = counted(copy.integrity_problem)
carry_out(Job(sys.argv[2], None, sys.argv[3], 2, float(sys.argv[4])))
"""


def test_a_backup_killed_at_any_step_leaves_no_half_and_nothing_that_stays(tmp_path: Path) -> None:
    database = served(tmp_path / NAME, ANNA, BORIS)
    for steps in range(1, 200):
        folder = tmp_path / str(steps)
        folder.mkdir()
        for day in (1, 2):
            carry_out(Job(str(database), None, str(folder), 2, NOON + day * DAY))
        cut_off = [sys.executable, "-c", CUT_OFF, str(steps), str(database), str(folder)]
        done = subprocess.run([*cut_off, str(NOON + 3 * DAY)], check=False, capture_output=True)
        whole = [one for one in folder.iterdir() if one.name.endswith(".db") and one.name[0] != "."]
        assert len(whole) >= 2
        for backup in whole:
            verify(backup, None)
            assert checksum_path(backup).exists()
        if done.returncode == 0:
            break
        assert done.returncode == 9
        carry_out(Job(str(database), None, str(folder), 2, NOON + 4 * DAY))
        left = own_paths(folder, database)
        assert len(left) == 2
        assert left[-1].name == backup_name(str(database), NOON + 4 * DAY)
        assert names_in(folder) == parts(left[0]) | parts(left[1])
    assert steps > 20


def own_paths(folder: Path, database: Path) -> list[Path]:
    key = secret_path(database).read_bytes().strip()
    return [Path(one.path) for one in own_backups(str(folder), str(database), key)]


def test_two_databases_of_one_name_share_a_folder_and_a_second(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    databases = [
        served(tmp_path / site / NAME, *map(voter, range(n))) for n, site in ((2, "a"), (5, "b"))
    ]
    for day in range(4):
        making = [
            threading.Thread(
                target=carry_out, args=[Job(str(one), None, str(folder), 2, NOON + day * DAY)]
            )
            for one in databases
        ]
        for thread in making:
            thread.start()
        for thread in making:
            thread.join()
    for database, likes in zip(databases, (2, 5), strict=True):
        own = own_paths(folder, database)
        assert len(own) == 2
        for backup in own:
            verify(backup, None)
            assert likes_in(backup) == likes
    with pytest.raises(StartError, match="holds backups of several databases"):
        newest_in(str(folder))


def test_who_backs_up_by_hand_waits_for_the_folder(tmp_path: Path) -> None:
    database = served(tmp_path / NAME, ANNA)
    folder = tmp_path / "backups"
    folder.mkdir()
    written: list[Path] = []
    by_hand = threading.Thread(target=lambda: written.extend(back_up(database, None, folder)))
    with working_in(str(folder)):
        by_hand.start()
        by_hand.join(0.3)
        assert names_in(folder) == set()
    by_hand.join()
    assert names_in(folder) == parts(written[0])
