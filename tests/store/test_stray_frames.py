"""What a killed process has written to the WAL and nobody counts: it must not pass for likes.

SQLite counts frames in memory that all processes share, which outlives a killed one for as long as
another, such as Litestream, has the database open. That one reads the file itself.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import pytest

from likewise.store.sqlite import SqliteStore
from tests.service import voter
from tests.store.database import ANNA, BORIS, NAME, assert_sound, like, likes_in, run, stranger

FRAME_BYTES, HEADER_BYTES = 24 + 4_096, 32


def wal_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def stray(database: Path, sql: str, *, checkpoint: bool = False) -> int:
    """Leave in the WAL what a process wrote that was killed before it could count it.

    It is done to a copy, of which the WAL comes back; returns its size.
    """
    folder = database.parent / "killed"
    folder.mkdir()
    for path in (database, wal_of(database)):
        shutil.copy2(path, folder)
    with stranger(folder / database.name) as connection:
        connection.wal_autocheckpoint(0)
        if checkpoint:
            connection.pragma("user_version")  # it checkpoints what it has read
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_FULL)
        connection.execute(sql)
        content = wal_of(folder / database.name).read_bytes()
    with wal_of(database).open("r+b") as wal:
        wal.write(content)
    shutil.rmtree(folder)
    return len(content)


MORE = (
    "BEGIN; UPDATE likes SET n = n + 50; UPDATE counts SET likes = likes + 100;"
    " UPDATE hourly SET ups = ups + 100; COMMIT"
)


async def two(store: SqliteStore) -> None:
    await like(store, "/a", ANNA)
    await like(store, "/a", BORIS)


@pytest.mark.parametrize("checkpoint", [False, True])
def test_stray_frames_are_blotted_out_and_nothing_else(tmp_path: Path, *, checkpoint: bool) -> None:
    database = tmp_path / NAME
    run(database, two)
    with stranger(database) as other:
        assert other.execute("SELECT sum(likes) FROM counts").get == 2
        if checkpoint:
            other.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_FULL)
        before = wal_of(database).read_bytes()
        size = stray(database, MORE, checkpoint=checkpoint)
        assert likes_in(database) == 2
        after = wal_of(database).read_bytes()
        if checkpoint:
            first_salts = after[HEADER_BYTES + 8 : HEADER_BYTES + 16]
            assert first_salts != after[16:24]
        else:
            assert after[: len(before)] == before
            assert not any(after[len(before) : size])

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
    before = wal_of(database).read_bytes()
    stray(database, MORE)
    after = wal_of(database).read_bytes()
    assert likes_in(database) == 102
    assert wal_of(database).read_bytes() == after != before
    assert_sound(database)
