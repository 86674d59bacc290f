"""What stops the start, each refusal by name; and what a first start leaves on the disk."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import apsw
import pytest

from likewise.errors import StartError
from likewise.store import file, sqlite
from likewise.store.file import Lock
from tests.files import secret_path
from tests.store.database import (
    ANNA,
    NAME,
    SITE,
    as_plain_user,
    like,
    lock_refusal,
    opened,
    refusal,
    run,
    stranger,
)

# What a first start makes


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_only_the_owner_can_read_what_is_made(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        Lock(str(tmp_path / NAME)).release()
        run(tmp_path / NAME, lambda store: like(store, "/a", ANNA))
    finally:
        os.umask(before)
    modes = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()}
    names = [NAME, NAME + "-shm", NAME + "-wal", NAME + ".key", NAME + ".lock"]
    assert modes == dict.fromkeys(names, 0o600)


def test_a_key_file_that_is_there_already_is_used(tmp_path: Path) -> None:
    secret_path(tmp_path / NAME).write_text("0123456789abcdef" * 4 + "\n")
    run(tmp_path / NAME, lambda store: like(store, "/a", ANNA))
    assert secret_path(tmp_path / NAME).read_text() == "0123456789abcdef" * 4 + "\n"


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    (tmp_path / NAME).touch()
    run(tmp_path / NAME, lambda store: like(store, "/a", ANNA))


def test_a_database_is_reached_through_a_link_too(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(path)
    secret_path(link).symlink_to(secret_path(path))

    async def scenario() -> None:
        async with opened(link) as store:
            assert store.counts(SITE, "/a") == {"like": 1}

    asyncio.run(scenario())


# Files that are no database of ours


@pytest.mark.parametrize("size", [1, 15, 16, 99, 100, 511, 512, 4_096, 20_000])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, size: int) -> None:
    content = (b"Dear diary, " * size)[:size]
    (tmp_path / NAME).write_bytes(content)
    assert refusal(tmp_path / NAME).startswith(f"{tmp_path / NAME} is not a database.")
    assert (tmp_path / NAME).read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == [NAME]


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    with stranger(tmp_path / NAME) as connection:
        connection.execute("CREATE TABLE likes (post_id TEXT PRIMARY KEY, count INTEGER)")
    before = (tmp_path / NAME).read_bytes()
    told = refusal(tmp_path / NAME)
    assert "is a database of another program" in told
    assert "likewise import article" in told
    assert (tmp_path / NAME).read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [NAME]


def test_a_database_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    with stranger(path) as connection:
        connection.pragma("user_version", 999)
    told = refusal(path)
    assert "written by a newer version of Likewise (schema 999" in told
    with stranger(path) as connection:
        assert connection.pragma("user_version") == 999


def test_a_damaged_header_is_told(path: Path) -> None:
    with path.open("r+b") as content:
        content.write(b"\0" * 16)
    path.with_name(NAME + "-wal").unlink()
    assert "is not a database" in refusal(path)


def test_a_damaged_database_is_told(path: Path) -> None:
    with path.open("r+b") as content:
        content.seek(100)
        content.write(b"\xff" * 2_000)
    path.with_name(NAME + "-wal").unlink()
    told = refusal(path)
    assert "is damaged" in told
    assert "Restore a backup" in told


def test_a_database_cut_short_is_told(path: Path) -> None:
    path.with_name(NAME + "-wal").unlink()
    os.truncate(path, 5_000)
    assert "is damaged" in refusal(path)


def test_an_sqlite_that_can_corrupt_a_wal_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("3.40.1", "3.44.6", "3.45.0", "3.50.7", "3.51.2"):
        monkeypatch.setattr(apsw, "sqlite_lib_version", lambda version=version: version)
        with pytest.raises(StartError, match=f"SQLite {version} can corrupt"):
            file.check_sqlite()
    for version in ("3.51.3", "3.52.0", "3.54.1", "4.0.0"):
        monkeypatch.setattr(apsw, "sqlite_lib_version", lambda version=version: version)
        file.check_sqlite()


# Places


def test_a_missing_database_is_named_whole(tmp_path: Path) -> None:
    told = refusal(tmp_path / NAME, create=False)
    assert told == f"There is no database {tmp_path / NAME}. `likewise serve` makes one."
    assert not list(tmp_path.iterdir())


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    for start in (refusal, lock_refusal):
        assert start(tmp_path) == f"{tmp_path} is a folder. Name a file with LIKEWISE_DATABASE."
    assert "is a folder" in lock_refusal(Path("/"))
    assert not tmp_path.with_name(tmp_path.name + ".lock").exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing" / NAME
    for start in (refusal, lock_refusal):
        told = start(path)
        assert told == f"There is no folder for {path}. Make {path.parent} first."


def test_a_folder_that_may_not_be_written_is_told(public_folder: Path) -> None:
    public_folder.chmod(0o555)
    with as_plain_user():
        for start in (refusal, lock_refusal):
            assert "cannot be written by this user" in start(public_folder / NAME)
    assert not list(public_folder.iterdir())


def test_a_folder_that_may_not_be_entered_is_told(public_folder: Path) -> None:
    public_folder.chmod(0o000)
    with as_plain_user():
        for start in (refusal, lock_refusal):
            assert "cannot be written by this user" in start(public_folder / NAME)


@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_a_file_that_may_not_be_written_is_told(public_folder: Path, mode: int) -> None:
    path = public_folder / NAME
    run(path, lambda store: like(store, "/a", ANNA))
    secret_path(path).chmod(0o644)
    path.chmod(mode)
    with as_plain_user():
        assert "cannot be written by this user" in refusal(path)


def test_a_place_without_shared_memory_is_told(tmp_path: Path) -> None:
    apsw.set_default_vfs("unix-none")
    try:
        assert "programs cannot share memory" in refusal(tmp_path / NAME)
    finally:
        apsw.set_default_vfs("unix")


def test_a_database_that_another_program_keeps_locked_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "BUSY_MILLISECONDS", 20)
    with stranger(path) as connection:
        connection.pragma("locking_mode", "EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        assert "is locked by another program" in refusal(path)


def test_a_refused_start_holds_nothing(path: Path) -> None:
    """Whoever is refused can be started again in the same process, and is not in the way."""
    kept = secret_path(path).read_text()
    secret_path(path).write_text("0123456789abcdef" * 4)
    refusal(path)
    with stranger(path) as connection:
        connection.set_busy_timeout(0)
        connection.pragma("journal_mode", "DELETE")  # asks for the file alone
    secret_path(path).write_text(kept)
    run(path, lambda store: like(store, "/a", ANNA))


def test_a_start_that_fails_late_leaves_no_thread(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise apsw.CantOpenError("no more files")

    monkeypatch.setattr(sqlite, "Checkpoints", fail)
    before = threading.active_count()
    with pytest.raises(StartError):
        run(path, lambda store: like(store, "/a", ANNA))
    assert threading.active_count() == before
