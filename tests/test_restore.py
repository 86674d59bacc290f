"""Restoring: a backup comes into place whole, and what was there is kept whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from likewise.errors import StartError
from likewise.store.file import Lock, connect
from likewise.store.migrate import migrations
from likewise.store.sqlite import SqliteStore
from likewise.transfer.folder import backup_name
from tests.conftest import StartService
from tests.files import back_up, checksum_path, restore, secret_path, verify
from tests.service import address, voter
from tests.store.database import (
    ANNA,
    BORIS,
    CLARA,
    NAME,
    assert_sound,
    damage,
    files_up_to,
    killed,
    like,
    likes_in,
    run,
    served,
    stranger,
    value,
)

SECRET = "a configured secret of some length"


def backed_up(to: Path, *voters: str) -> Path:
    """Make a backup of a database in which these voters like a page; return it."""
    source = served(to.parent / "source" / NAME, *voters)
    back_up(source, None, to)
    shutil.rmtree(source.parent)
    return to


def contents_of(folder: Path) -> dict[str, bytes]:
    """Everything there that a restore could destroy."""
    return {
        one.name: one.read_bytes()
        for one in folder.iterdir()
        if one.suffix != ".lock" and not one.name.endswith("-shm")
    }


def test_a_restored_backup_is_served_and_what_was_there_is_kept_whole(tmp_path: Path) -> None:
    database = killed(tmp_path / "live" / NAME, ANNA, BORIS, CLARA)
    backup = backed_up(tmp_path / "backup.db", ANNA)
    kept = restore(backup, None, database)
    assert kept == database.with_name(f"{NAME}.before-restore-1")
    assert likes_in(database) == 1
    assert likes_in(kept) == 3
    assert database.stat().st_mode & 0o777 == 0o600
    assert secret_path(database).read_bytes() == secret_path(backup).read_bytes()
    assert likes_in(backup) == 1


def test_voters_are_known_again_after_a_restore(tmp_path: Path) -> None:
    database = served(tmp_path / NAME, ANNA, BORIS)
    to, *_ = back_up(database, None, tmp_path / "copy.db")
    restore(to, None, tmp_path / "new.db")

    async def scenario(store: SqliteStore) -> None:
        assert (await like(store, "/a", ANNA)).change == 0
        assert (await like(store, "/a", BORIS, 0)).change == -1

    run(tmp_path / "new.db", scenario)


def test_restoring_twice_keeps_both_that_were_there(tmp_path: Path) -> None:
    database = served(tmp_path / NAME, ANNA)
    backup = backed_up(tmp_path / "backup.db", ANNA, BORIS, CLARA)
    second = backed_up(tmp_path / "second.db", ANNA, BORIS)
    kept = [restore(one, None, database) for one in (backup, second)]
    assert [likes_in(one) for one in kept if one] == [1, 3]
    assert likes_in(database) == 2


def test_a_backup_is_restored_where_there_was_nothing(tmp_path: Path) -> None:
    backup = backed_up(tmp_path / "backup.db", ANNA)
    (tmp_path / "new").mkdir()
    assert restore(backup, None, tmp_path / "new" / NAME) is None
    assert likes_in(tmp_path / "new" / NAME) == 1


def test_a_key_whose_database_is_gone_is_kept(tmp_path: Path) -> None:
    database = served(tmp_path / NAME, ANNA)
    key = secret_path(database).read_bytes()
    database.unlink()
    backup = backed_up(tmp_path / "backup.db", ANNA, BORIS)
    for number in (1, 2):
        restore(backup, None, database)
        database.unlink()
        kept = tmp_path / f"{NAME}.before-restore-{number}.key"
        assert kept.read_bytes() == (key if number == 1 else secret_path(backup).read_bytes())


def test_a_database_can_be_restored_from_itself(tmp_path: Path) -> None:
    database = served(tmp_path / NAME, ANNA)
    restore(database, None, database)
    assert likes_in(database) == 1


@pytest.mark.parametrize("secret", [SECRET, "x" * 32, "x" * 64])
def test_a_configured_secret_is_in_the_backup_and_works_either_way(
    tmp_path: Path, secret: str
) -> None:
    database = served(tmp_path / NAME, ANNA, BORIS, secret=secret)
    to, *_ = back_up(database, secret, tmp_path / "copy.db")
    restore(to, secret, tmp_path / "configured.db")
    assert not secret_path(tmp_path / "configured.db").exists()
    assert likes_in(tmp_path / "configured.db", secret=secret) == 2
    restore(to, None, tmp_path / "beside.db")
    assert likes_in(tmp_path / "beside.db") == 2


def cut(path: Path) -> None:
    path.with_name(path.name + "-wal").unlink(missing_ok=True)
    os.truncate(path, 30_000)


def empty(path: Path) -> None:
    path.with_name(path.name + "-wal").unlink(missing_ok=True)
    os.truncate(path, 0)


def make_newer(path: Path) -> None:
    with stranger(path) as connection:
        connection.pragma("user_version", migrations()[-1].number + 1)


def make_foreign(path: Path) -> None:
    with stranger(path) as connection:
        connection.pragma("application_id", 1)


def lose_secret(path: Path) -> None:
    secret_path(path).unlink()


def swap_secret(path: Path) -> None:
    secret_path(path).write_text("0123456789abcdef" * 4)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (damage, "is damaged"),
        (cut, "is damaged"),
        (empty, "is empty"),
        (Path.unlink, "There is no backup"),
        (make_newer, "written by a newer version"),
        (make_foreign, "is a database of another program"),
        (lose_secret, "The secret of .* is missing"),
        (swap_secret, "The secret does not belong"),
    ],
)
def test_a_backup_that_is_not_right_is_refused_and_nothing_changes(
    tmp_path: Path, spoil: Callable[[Path], object], told: str
) -> None:
    database = killed(tmp_path / "live" / NAME, ANNA, BORIS)
    backup = backed_up(tmp_path / "backup.db", *[voter(number) for number in range(2_000)])
    spoil(backup)
    before = contents_of(database.parent)
    for check in (lambda: verify(backup, None), lambda: restore(backup, None, database)):
        with pytest.raises(StartError, match=told):
            check()
    assert contents_of(database.parent) == before
    assert likes_in(database) == 2


def test_a_configured_secret_that_is_not_the_backups_is_refused(tmp_path: Path) -> None:
    database = served(tmp_path / NAME, ANNA)
    backup = backed_up(tmp_path / "backup.db", ANNA, BORIS)
    with pytest.raises(StartError, match="The secret does not belong"):
        restore(backup, SECRET, database)
    assert likes_in(database) == 1


def test_a_restore_that_finds_no_room_changes_nothing(tmp_path: Path) -> None:
    database = killed(tmp_path / "live" / NAME, ANNA, BORIS)
    backup = backed_up(tmp_path / "backup.db", ANNA)
    before = contents_of(database.parent)
    with files_up_to(20_000), pytest.raises(StartError, match=f"{NAME}.restoring cannot be used"):
        restore(backup, None, database)
    assert contents_of(database.parent) == before


def test_nothing_is_restored_under_a_running_server(tmp_path: Path) -> None:
    database = served(tmp_path / NAME, ANNA)
    backup = backed_up(tmp_path / "backup.db", ANNA, BORIS)
    lock = Lock(str(database))
    lock.tell(address="http://127.0.0.1:8000")
    with pytest.raises(StartError, match=r"already served by process \d+ at http://127.0.0.1:8000"):
        restore(backup, None, database)
    lock.release()
    assert likes_in(database) == 1


CUT_OFF = """
import os, sys
from likewise.transfer.backup import restore
steps = int(sys.argv[1])
def counted(step):
    def take(*arguments):
        global steps
        steps -= 1
        if steps == 0:
            os._exit(9)
        return step(*arguments)
    return take
for name in ("rename", "replace", "unlink"):
    setattr(os, name, counted(getattr(os, name)))
restore(sys.argv[2], None, sys.argv[3])
"""


def test_a_restore_cut_off_at_any_step_can_be_done_again(tmp_path: Path) -> None:
    """The old database, with what is in its WAL alone, must never be mixed with the new one."""
    states = []
    for steps in range(1, 100):
        folder = tmp_path / str(steps)
        database = killed(folder / NAME, ANNA, BORIS, CLARA)
        backup = backed_up(folder / "backup.db", voter(9))
        cut_off = [sys.executable, "-c", CUT_OFF, str(steps), str(backup), str(database)]
        done = subprocess.run(cut_off, check=False)
        if done.returncode == 0:
            break
        states.append(state_of(database))
        kept = restore(backup, None, database)
        assert kept == database.with_name(f"{NAME}.before-restore-1")
        assert (likes_in(database), likes_in(kept)) == (1, 3)
        assert_sound(database)
        assert_sound(kept)
    assert list(dict.fromkeys(states)) == ["untouched", "guarded"]


def state_of(database: Path) -> str:
    """Tell what a server would do now."""
    if not database.exists():
        with pytest.raises(StartError, match="was interrupted"):
            connect(str(database), read_only=True)
        return "guarded"
    assert value(database, "SELECT count(*) FROM likes") == 3
    return "untouched"


def test_a_server_does_not_start_in_the_middle_of_a_restore(start_service: StartService) -> None:
    service = start_service()
    service.stop()
    service.database.rename(service.database.with_name(f"{NAME}.restoring"))
    done = service.run("serve")
    assert done.returncode == 1
    assert f"A restore of {service.database} was interrupted." in done.stderr
    assert not service.database.exists()


def test_the_commands_go_round(start_service: StartService) -> None:
    service = start_service()
    service.like("/a", voter(1), address=address(1))
    backup = service.run("backup", "copy.db")
    assert backup.returncode == 0, backup.stderr
    service.like("/a", voter(2), address=address(2))
    checked = service.run("restore", "--verify", "copy.db")
    assert checked.returncode == 0
    assert checked.stdout == (
        f"{service.directory}/copy.db is whole, and its secret belongs to it.\n"
    )
    refused = service.run("restore", "copy.db")
    assert refused.returncode == 1
    assert f"is already served by process {service.pid} at {service.url}." in refused.stderr
    service.stop()
    done = service.run("restore", "copy.db")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        f"{service.database} is restored from {service.directory}/copy.db.\n"
        f"What was there before is kept as {service.database}.before-restore-1.\n"
    )
    service.start()
    assert service.count("/a") == 1
    assert service.like("/a", voter(1), address=address(1)).json["count"] == 1


def test_verifying_changes_nothing_and_tells_what_is_wrong(start_service: StartService) -> None:
    service = start_service()
    assert service.run("backup", "copy.db").returncode == 0
    before = (service.directory / "copy.db").read_bytes()
    assert service.run("restore", "--verify", "copy.db").returncode == 0
    assert (service.directory / "copy.db").read_bytes() == before
    assert not (service.directory / "copy.db-wal").exists()
    (service.directory / "copy.db").write_text("no database at all")
    done = service.run("restore", "--verify", "copy.db")
    assert done.returncode == 1
    assert "copy.db is not a database" in done.stderr


def test_a_backup_that_is_not_what_its_checksums_say_is_refused(tmp_path: Path) -> None:
    database = killed(tmp_path / "live" / NAME, ANNA, BORIS)
    backup = backed_up(tmp_path / "backup.db", ANNA)
    with stranger(backup) as connection:
        connection.execute("UPDATE counts SET likes = likes + 100")
    before = contents_of(database.parent)
    for check in (lambda: verify(backup, None), lambda: restore(backup, None, database)):
        with pytest.raises(StartError, match=f"{backup} is not what it was .* remove .*sha256"):
            check()
    assert contents_of(database.parent) == before
    checksum_path(backup).unlink()
    restore(backup, None, database)


@pytest.mark.parametrize(
    "text",
    [b"", b"hello", b"\xff\n\xff\n", b"0" * 64 + b"  backup.db\n", b"0" * 70_000, b"\n" * 70_000],
)
def test_checksums_that_are_none_are_refused(tmp_path: Path, text: bytes) -> None:
    backup = backed_up(tmp_path / "backup.db", ANNA)
    checksum_path(backup).write_bytes(text)
    with pytest.raises(StartError, match="holds no checksums of a backup"):
        verify(backup, None)


def test_a_key_that_was_swapped_for_another_form_of_itself_is_told(tmp_path: Path) -> None:
    backup = backed_up(tmp_path / "backup.db", ANNA)
    with secret_path(backup).open("a") as key:
        key.write("\n")
    with pytest.raises(StartError, match=f"{secret_path(backup)} is not what it was"):
        verify(backup, None)


@pytest.mark.parametrize("name", ["ä b.db", "a\\b.db", "a\nb.db", "-a.db", "*a.db", "a\u2028b.db"])
def test_checksums_are_those_of_sha256sum_under_any_name(tmp_path: Path, name: str) -> None:
    backup = backed_up(tmp_path / name, ANNA)
    lines = [f"./{checksum_path(backup).name}"]
    checked = subprocess.run(["sha256sum", "-c", *lines], cwd=tmp_path, check=False)
    assert checked.returncode == 0
    verify(backup, None)
    for part in ("", ".key", ".sha256"):
        (tmp_path / f"{name}{part}").rename(tmp_path / f"other.db{part}")
    verify(tmp_path / "other.db", None)


def folder_of(tmp_path: Path, *numbers: int) -> list[Path]:
    """Make backups of one database, with so many likes in them, a day after each other."""
    folder = tmp_path / "backups"
    folder.mkdir()
    paths = []
    for day, number in enumerate(numbers):
        source = served(tmp_path / "source" / NAME, *[voter(one) for one in range(number)])
        paths.append(folder / backup_name(str(source), day * 86_400))
        back_up(source, None, paths[-1])
    return paths


def test_a_folder_stands_for_its_newest_backup(start_service: StartService, tmp_path: Path) -> None:
    paths = folder_of(tmp_path, 1, 2, 3)
    for newest in (paths[2], paths[1]):
        service = start_service()
        service.kill()
        done = service.run("restore", str(tmp_path / "backups"))
        assert done.returncode == 0, done.stderr
        assert f"is restored from {newest}.\n" in done.stdout
        service.start()
        assert service.count("/a") == 1 + paths.index(newest)
        newest.unlink()


def test_verifying_a_folder_tells_of_every_backup(
    start_service: StartService, tmp_path: Path
) -> None:
    paths = folder_of(tmp_path, 1, 2, 3)
    service = start_service()
    whole = "is whole, and its secret belongs to it"
    checksum_path(paths[0]).unlink()
    done = service.run("restore", "--verify", str(tmp_path / "backups"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"{paths[2]} {whole}.\n{paths[1]} {whole}.\n"
        f"{paths[0]} {whole} (no checksums lie beside it, so they were not compared).\n"
    )
    paths[1].write_text("no database at all, and longer than the header of one would be" * 9)
    secret_path(paths[2]).unlink()
    done = service.run("restore", "--verify", str(tmp_path / "backups"))
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
    assert f"The secret of {paths[2]} is missing" in done.stderr
    assert f"{paths[1]} is not a database" in done.stderr


def test_a_folder_without_a_backup_is_told(start_service: StartService) -> None:
    service = start_service()
    for options in ([], ["--verify"]):
        done = service.run("restore", *options, ".")
        assert done.returncode == 1
        assert f"There is no backup in {service.directory}. Name the .db file" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can restore for another user")
def test_what_root_restores_belongs_to_the_user_of_the_folder(tmp_path: Path) -> None:
    backed_up = tmp_path / "backups"
    backed_up.mkdir()
    source = tmp_path / NAME
    run(source, lambda store: like(store, "/a", ANNA))
    backup, *_ = back_up(source, None, backed_up)
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 12_345, 12_345)
    restore(backup, None, home / NAME)
    owners = {one.name: (one.stat().st_uid, one.stat().st_gid) for one in home.iterdir()}
    assert owners == dict.fromkeys((NAME, f"{NAME}.key", f"{NAME}.lock"), (12_345, 12_345))
