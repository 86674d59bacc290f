"""Schema steps: all of them for a new file, a backup first for an old one, whole or not at all."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw
import pytest

from likewise.errors import StartError
from likewise.store import opening
from likewise.store.file import APPLICATION_ID, connect
from likewise.store.migrate import Migration, migrate, migrations
from likewise.store.sqlite import SqliteStore
from likewise.store.upgrade import back_up_before
from tests.store.database import (
    ANNA,
    NAME,
    SITE,
    assert_sound,
    files_up_to,
    like,
    rows,
    run,
    stranger,
    value,
)

FIRST = Migration(1, "CREATE TABLE meta (name TEXT, value TEXT); CREATE TABLE one (n);")
SECOND = Migration(2, "ALTER TABLE one ADD COLUMN word TEXT; CREATE TABLE two (n);")
BROKEN = Migration(2, "CREATE TABLE two (n); ALTER TABLE one ADD COLUMN word; SELECT nonsense;")


def step(path: Path, *steps: Migration) -> None:
    with closing(connect(str(path), create=True)) as connection:
        connection.pragma("journal_mode", "WAL")
        migrate(
            connection, str(path), steps, lambda schema: back_up_before(str(path), schema, None)
        )


def schema(path: Path) -> list[str]:
    return [sql for (sql,) in rows(path, "SELECT sql FROM sqlite_schema ORDER BY name")]


def test_the_steps_of_this_version_are_numbered_without_gaps() -> None:
    numbers = [step.number for step in migrations()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_new_database_gets_every_step_and_no_backup(tmp_path: Path) -> None:
    step(tmp_path / NAME, FIRST, SECOND)
    assert value(tmp_path / NAME, "PRAGMA user_version") == 2
    assert value(tmp_path / NAME, "PRAGMA application_id") == APPLICATION_ID
    assert not list(tmp_path.glob("*before*"))


def test_an_old_database_is_backed_up_before_its_next_step(tmp_path: Path) -> None:
    step(tmp_path / NAME, FIRST)
    with stranger(tmp_path / NAME) as connection:
        connection.execute("INSERT INTO one VALUES (42)")
    before = schema(tmp_path / NAME)
    step(tmp_path / NAME, FIRST, SECOND)
    backup = tmp_path / f"{NAME}.before-schema-2"
    assert schema(backup) == before != schema(tmp_path / NAME)
    assert value(backup, "PRAGMA user_version") == 1
    for path in (backup, tmp_path / NAME):
        assert value(path, "SELECT n FROM one") == 42
    assert backup.stat().st_mode & 0o777 == 0o600


def test_a_step_is_taken_once(tmp_path: Path) -> None:
    for _ in range(3):
        step(tmp_path / NAME, FIRST, SECOND)
    assert not list(tmp_path.glob("*before*"))


def test_a_step_that_fails_leaves_the_old_schema_whole(tmp_path: Path) -> None:
    step(tmp_path / NAME, FIRST)
    before = schema(tmp_path / NAME)
    for _ in range(2):
        with pytest.raises(apsw.SQLError, match="nonsense"):
            step(tmp_path / NAME, FIRST, BROKEN)
        assert schema(tmp_path / NAME) == before
        assert value(tmp_path / NAME, "PRAGMA user_version") == 1
    step(tmp_path / NAME, FIRST, SECOND)
    assert value(tmp_path / NAME, "PRAGMA user_version") == 2


def test_a_full_disk_in_a_step_leaves_the_old_schema_whole(tmp_path: Path) -> None:
    step(tmp_path / NAME, FIRST)
    large = Migration(2, "CREATE TABLE two AS SELECT zeroblob(100000) AS n;")
    with closing(connect(str(tmp_path / NAME))) as connection:
        connection.pragma("max_page_count", 8)
        with pytest.raises(apsw.FullError):
            migrate(connection, str(tmp_path / NAME), [FIRST, large], lambda _schema: None)
    assert value(tmp_path / NAME, "PRAGMA user_version") == 1
    assert rows(tmp_path / NAME, "SELECT name FROM sqlite_schema WHERE name = 'two'") == []


def test_a_step_that_cannot_be_committed_leaves_the_old_schema_whole(tmp_path: Path) -> None:
    step(tmp_path / NAME, FIRST)
    with closing(connect(str(tmp_path / NAME))) as connection:
        size = (tmp_path / f"{NAME}-wal").stat().st_size
        with files_up_to(size + 1), pytest.raises(apsw.IOError):
            migrate(connection, str(tmp_path / NAME), [FIRST, SECOND], lambda _schema: None)
    assert value(tmp_path / NAME, "PRAGMA user_version") == 1


def test_nothing_is_changed_where_no_backup_could_be_made(tmp_path: Path) -> None:
    step(tmp_path / NAME, FIRST)
    (tmp_path / f"{NAME}.before-schema-2").mkdir()
    with pytest.raises(StartError, match=r"before-schema-2 cannot be used: Is a directory"):
        step(tmp_path / NAME, FIRST, SECOND)
    assert value(tmp_path / NAME, "PRAGMA user_version") == 1


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    step(tmp_path / NAME, FIRST, SECOND)
    with pytest.raises(StartError, match=r"schema 2, this one knows up to 1"):
        step(tmp_path / NAME, FIRST)


def test_a_service_goes_through_the_same_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path / NAME, lambda store: like(store, "/a", ANNA))
    later = Migration(len(migrations()) + 1, "ALTER TABLE pages ADD COLUMN blocked INTEGER;")
    steps = [*migrations(), later]
    monkeypatch.setattr(opening, "migrations", lambda: steps)
    assert run(tmp_path / NAME, lambda store: like(store, "/a", ANNA)).counts == {"like": 1}
    backup = tmp_path / f"{NAME}.before-schema-{later.number}"
    assert value(backup, "SELECT count(*) FROM likes") == 1
    assert_sound(tmp_path / NAME)
    monkeypatch.undo()
    with pytest.raises(StartError, match="newer version of Likewise"):
        run(tmp_path / NAME, lambda store: like(store, "/a", ANNA))


def test_a_failed_step_of_a_service_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path / NAME, lambda store: like(store, "/a", ANNA))
    broken = Migration(len(migrations()) + 1, "CREATE TABLE later (n); SELECT nonsense;")
    steps = [*migrations(), broken]
    with monkeypatch.context() as patch:
        patch.setattr(opening, "migrations", lambda: steps)
        with pytest.raises(StartError, match=f"{NAME} cannot be used: .*nonsense"):
            run(tmp_path / NAME, lambda store: like(store, "/a", ANNA))

    async def counts(store: SqliteStore) -> object:
        return store.counts(SITE, "/a")

    assert run(tmp_path / NAME, counts) == {"like": 1}
