"""Backups: one moment, whole, with its secret, or nothing at all."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from likewise.errors import StartError
from likewise.store import copy
from likewise.transfer.folder import backup_name
from tests.conftest import StartService
from tests.files import back_up, checksum_path, secret_path
from tests.service import address, voter
from tests.store.database import (
    ANNA,
    BORIS,
    NAME,
    all_of,
    assert_sound,
    damage,
    files_up_to,
    killed,
    like,
    likes_in,
    opened,
    served,
    stranger,
    submit,
    wish,
)

SECRET = "a configured secret of some length"


def names_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_a_backup_is_a_pair_of_private_files_with_everything_in_it(tmp_path: Path) -> None:
    database = killed(tmp_path / NAME, ANNA, BORIS)
    to = tmp_path / "copy.db"
    before = os.umask(0)
    try:
        parts = [tmp_path / f"copy.db{end}" for end in ("", ".key", ".sha256")]
        assert back_up(database, None, to) == parts
    finally:
        os.umask(before)
    for one in parts:
        assert one.stat().st_mode & 0o777 == 0o600
    assert secret_path(to).read_bytes() == secret_path(database).read_bytes()
    assert not [name for name in names_in(tmp_path) if name.startswith((".", "copy.db-"))]
    assert_sound(to)
    assert likes_in(to) == 2


def test_a_backup_into_a_folder_is_named_by_time(tmp_path: Path) -> None:
    database = served(tmp_path / NAME, ANNA)
    (tmp_path / "backups").mkdir()
    to, *others = back_up(database, None, tmp_path / "backups")
    assert to.parent == tmp_path / "backups"
    assert others == [secret_path(to), checksum_path(to)]
    assert backup_name(str(database), 0) == "likewise-19700101T000000Z.db"
    assert backup_name(str(database), 1e9) < backup_name(str(database), 1.1e9)


def test_a_backup_shows_one_moment_though_likes_keep_coming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy, "PAGES_PER_STEP", 1)
    likes = 0

    async def scenario() -> None:
        nonlocal likes
        async with opened(tmp_path / NAME) as store:
            await all_of([submit(store, wish(f"/{n}", ANNA)) for n in range(200)])
            loop = asyncio.get_running_loop()

            async def more() -> None:
                nonlocal likes
                likes += 1
                await like(store, "/a", voter(1_000 + likes))

            def progress(_share: float) -> None:
                asyncio.run_coroutine_threadsafe(more(), loop).result()

            to = tmp_path / "copy.db"
            await asyncio.to_thread(back_up, tmp_path / NAME, None, to, progress)

    asyncio.run(scenario())
    assert likes > 5
    assert_sound(tmp_path / "copy.db")
    assert likes_in(tmp_path / "copy.db") == 200
    assert likes_in(tmp_path / NAME) == 200 + likes


def test_the_command_backs_up_a_running_service(start_service: StartService) -> None:
    service = start_service()
    stop, sent = threading.Event(), 0

    def keep_liking() -> None:
        nonlocal sent
        while not stop.is_set():
            assert service.like("/a", voter(sent), address=address(sent)).status == 200
            sent += 1

    liking = threading.Thread(target=keep_liking)
    liking.start()
    try:
        counts = []
        for number in range(3):
            before = sent
            done = service.run("backup", f"copy-{number}.db")
            assert done.returncode == 0, done.stderr
            to = service.directory / f"copy-{number}.db"
            assert done.stdout == f"{to}\n{to}.key\n{to}.sha256\n"
            assert_sound(to)
            counts.append(likes_in(to))
            assert before <= counts[-1] <= sent + 1
    finally:
        stop.set()
        liking.join()
    assert counts == sorted(counts)


@pytest.mark.parametrize("taken", ["copy.db", "copy.db.key", "copy.db.sha256"])
def test_a_backup_is_never_written_over(tmp_path: Path, taken: str) -> None:
    database = served(tmp_path / NAME, ANNA)
    (tmp_path / taken).write_text("mine")
    with pytest.raises(StartError, match="is there already"):
        back_up(database, None, tmp_path / "copy.db")
    assert (tmp_path / taken).read_text() == "mine"
    assert len([name for name in names_in(tmp_path) if name.startswith("copy")]) == 1


@pytest.mark.parametrize("size", [0, 100, 20_000])
def test_a_backup_that_finds_no_room_leaves_nothing(tmp_path: Path, size: int) -> None:
    database = served(tmp_path / NAME, ANNA)
    backups = tmp_path / "backups"
    backups.mkdir()
    no_room = pytest.raises(StartError, match=f"{backups}/.* cannot be used")
    with stranger(database) as service:
        service.execute("BEGIN; SELECT * FROM meta")
        with files_up_to(size), no_room:
            back_up(database, None, backups)
    assert names_in(backups) == []


def test_a_damaged_database_is_told_rather_than_backed_up(tmp_path: Path) -> None:
    database = served(tmp_path / NAME, *[voter(number) for number in range(2_000)])
    damage(database)
    backups = tmp_path / "backups"
    backups.mkdir()
    with pytest.raises(StartError, match=f"{database} is damaged"):
        back_up(database, None, backups)
    assert names_in(backups) == []


def test_a_backup_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    database = served(tmp_path / NAME, ANNA)
    backups = tmp_path / "backups"
    backups.mkdir()

    def interrupt(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(database, None, backups, interrupt)
    assert names_in(backups) == []


def test_no_backup_is_made_without_the_secret_that_belongs_to_it(tmp_path: Path) -> None:
    database = served(tmp_path / NAME, ANNA)
    before = names_in(tmp_path)
    with pytest.raises(StartError, match="The secret does not belong"):
        back_up(database, SECRET, tmp_path / "copy.db")
    secret_path(database).rename(tmp_path / "elsewhere")
    with pytest.raises(StartError, match=r"The secret of .* is missing"):
        back_up(database, None, tmp_path / "copy.db")
    (tmp_path / "elsewhere").rename(secret_path(database))
    assert names_in(tmp_path) == before


def test_places_where_no_backup_can_be_are_told(tmp_path: Path) -> None:
    database = served(tmp_path / NAME, ANNA)
    with pytest.raises(StartError, match="missing does not exist"):
        back_up(database, None, tmp_path / "missing" / "copy.db")
    with pytest.raises(StartError, match=r"There is no database .*other\.db"):
        back_up(tmp_path / "other.db", None, tmp_path / "copy.db")
    with pytest.raises(StartError, match=f"{database} does not exist"):
        back_up(database, None, database / "copy.db")
