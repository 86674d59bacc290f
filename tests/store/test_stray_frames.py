"""What a killed process has written to the WAL and nobody counts: it must not pass for likes.

SQLite counts frames in memory that all processes share, which outlives a killed one for as long as
another, such as Litestream, has the database open. That one reads the file itself.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from likewise.store.sqlite import SqliteStore
from tests.service import voter
from tests.store.database import ANNA, BORIS, NAME, assert_sound, like, likes_in, run, stranger

FRAME_BYTES = 24 + 4_096
MORE = (
    "BEGIN; UPDATE likes SET n = n + 50; UPDATE counts SET likes = likes + 100;"
    " UPDATE hourly SET ups = ups + 100; COMMIT"
)
# Ends where a commit waits for the disk: its frames are written, and not counted yet.
DIE = """
import os, sys, apsw
syncs = int(sys.argv[2])

class File(apsw.VFSFile):
    def __init__(self, name, flags):
        super().__init__("", name, flags)
        self.is_wal = flags[0] & apsw.SQLITE_OPEN_WAL

    def xSync(self, flags):
        global syncs
        syncs -= bool(self.is_wal)
        if syncs == 0:
            os._exit(9)
        super().xSync(flags)

class Disk(apsw.VFS):
    def __init__(self):
        super().__init__("dying", "")

    def xOpen(self, name, flags):
        return File(name, flags)

disk = Disk()
connection = apsw.Connection(sys.argv[1], vfs="dying")
connection.set_busy_timeout(5_000)
connection.wal_autocheckpoint(0)
connection.pragma("synchronous", 2)
connection.execute(sys.argv[3])
"""


def wal_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def die_in_commit(database: Path, sql: str, *, syncs: int = 1) -> None:
    """Have a process killed in the middle of a commit."""
    command = [sys.executable, "-c", DIE, str(database), str(syncs), sql]
    assert subprocess.run(command, check=False).returncode == 9


async def two(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    await like(store, "/a", BORIS)


@pytest.mark.parametrize("is_begun_anew", [False, True])
def test_stray_frames_are_blotted_out(tmp_path: Path, *, is_begun_anew: bool) -> None:
    database = tmp_path / NAME
    run(database, two)
    with stranger(database) as other:
        assert other.execute("SELECT sum(likes) FROM counts").get == 2
        start = wal_of(database).stat().st_size
        syncs = 1
        if is_begun_anew:  # all is moved, so the next commit begins at the start of the file
            other.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_FULL)
            start, syncs = 32, 2  # the header is synced by itself
        before = wal_of(database).read_bytes()
        die_in_commit(database, MORE, syncs=syncs)
        strays = wal_of(database).read_bytes()
        assert other.execute("SELECT sum(likes) FROM counts").get == 2
        assert likes_in(database) == 2
        after = wal_of(database).read_bytes()
        if not is_begun_anew:
            assert after[:start] == before
        numbers = range(3)
        for number in numbers:
            at = slice(start + number * FRAME_BYTES, start + (number + 1) * FRAME_BYTES)
            assert len(strays[at]) == FRAME_BYTES
            assert strays[at].strip(b"\0")
            assert not after[at].strip(b"\0")

        async def scenario(store: SqliteStore) -> None:
            for number in range(50):
                await like(store, "/a", voter(10 + number))

        run(database, scenario)
        assert other.execute("SELECT sum(likes) FROM counts").get == 52
    assert_sound(database)


def test_frames_stay_where_the_next_start_counts_them(tmp_path: Path) -> None:
    """Nobody else is there, so SQLite finds out anew what is valid."""
    database = tmp_path / NAME
    run(database, two)
    die_in_commit(database, MORE)
    left = wal_of(database).read_bytes()
    assert likes_in(database) == 102
    assert wal_of(database).read_bytes() == left
    assert_sound(database)
