"""Upgrades from every schema that there has been: a copy first, whole or not at all, nothing lost;
and an older program that meets a newer database leaves it alone.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

import pytest

from likewise.errors import StartError
from likewise.store import Known, ReasonQuery, Reasons, migrate, opening
from likewise.store.audience import Period
from likewise.store.migrate import Migration, migrations
from likewise.store.sqlite import SqliteStore
from tests.files import backup_path, restore, secret_path
from tests.service import Service, voter
from tests.store.database import (
    ANNA,
    BORIS,
    CLARA,
    NAME,
    SITE,
    assert_sound,
    files_up_to,
    like,
    refusal,
    rows,
    run,
    stranger,
    value,
)
from tests.store.disk import ERRORS, Error, Fault, Platter, disk, everything, nothing, some, torn
from tests.store.old_schemas import (
    HOUR,
    KEY_DIGEST,
    OWNER,
    SECRET,
    contents_of,
    dumped,
    old_database,
    schema_file,
    schemas_kept,
    tables_of,
)

NEWEST = migrations()[-1].number
OLDER = [number for number in schemas_kept() if number < NEWEST]
REASONS = next(step.number for step in migrations() if "TABLE reasons" in step.sql)
VIEWS = next(step.number for step in migrations() if "TABLE referrers" in step.sql)
LATER = Migration(NEWEST + 1, "CREATE TABLE later (n INTEGER) STRICT;")
every_schema = pytest.mark.parametrize("number", schemas_kept())
every_older_schema = pytest.mark.parametrize("number", OLDER)


def held(store: SqliteStore) -> dict[str, object]:
    """Return what was there in schema 1 already, and must be for ever."""
    return {
        "/hello": {kind: store.counts(SITE, "/hello").get(kind) for kind in ("like", "🎉")},
        "its old id": store.known(SITE, "/hello.html"),
        "a note": store.counts("notes", "a note"),
        "/café": store.counts(SITE, "/café").get("like", 0),
        "claps": store.n_of(SITE, "/hello", "🎉", ANNA),
        "who": [store.n_of(SITE, "/hello", "like", who) for who in (ANNA, BORIS, CLARA, voter(9))],
        "took back": store.n_of(SITE, "/café", "like", BORIS),
        "key": store.admin_key_digest(),
    }


def holds_likes(store: SqliteStore, number: int) -> None:
    # From schema 2 on the story goes on, and merges a page that has 7 into it.
    assert held(store) == {
        "/hello": {"like": 43 if number == 1 else 50, "🎉": 3},
        "its old id": Known("/hello", is_blocked=False),
        "a note": {"❤️": 1},
        "/café": 0,
        "claps": 3,
        "who": [1, 1, 1, 0],
        "took back": 0,
        "key": KEY_DIGEST,
    }
    assert store.counts(SITE, "/old") == (
        {"like": 7} if number == 1 else store.counts(SITE, "/hello")
    )


async def holds_corrections(store: SqliteStore, number: int) -> None:
    assert store.known(SITE, "/spam") == Known("/spam", is_blocked=True)
    assert store.counts(SITE, "/spam") == {"like": 1}
    assert store.counts(SITE, "/set") == {"like": 100}
    assert store.known(SITE, "/made-up") is None
    surges = await store.surges.last(SITE, 9)
    assert {(surge.page, surge.first_hour) for surge in surges} == {("/spam", HOUR), (None, HOUR)}
    audit = await store.ledger.audit(SITE, 50, None)
    actions = [line.action for line in reversed(audit)]
    since = ["reason"] * (number >= REASONS) + ["delete"] * (number >= VIEWS)
    assert actions == ["merge", "block", "delete", "set", "purge", "rename", "undo", *since]
    assert await store.ledger.undo(5, OWNER) == 3
    assert store.counts(SITE, "/spam") == {"like": 4}


async def holds_reasons(store: SqliteStore) -> None:
    kept = ["The second link is broken", "Too long"]
    assert [row.reason for row in (await listed(store)).rows] == kept
    assert store.counts(SITE, "/hello")["no"] == 3
    lines = await store.ledger.audit(SITE, 50, None)
    await store.ledger.undo(next(one.number for one in lines if one.action == "reason"), OWNER)
    assert [row.reason for row in (await listed(store)).rows] == ["Spam", *kept]


async def holds_views(store: SqliteStore) -> None:
    assert store.counts(SITE, "/hello")["views"] == 2
    period = Period(SITE, "/hello", 1, 9)
    assert await store.views.referrers(period) == (2, [("news.example", 1)])
    gone = [one for one in await store.ledger.audit(SITE, 50, None) if one.action == "delete"]
    await store.ledger.undo(gone[0].number, OWNER)
    assert store.counts(SITE, "/gone") == {"views": 1}
    found = await store.views.referrers(Period(SITE, "/gone", 1, 9))
    assert found == (1, [("search.example", 1)])


def listed(store: SqliteStore) -> Awaitable[Reasons]:
    return store.reasons(ReasonQuery(SITE, None, None, 9))


async def goes_on(store: SqliteStore) -> None:
    """Likes can be taken back by those who gave them, and new ones come."""
    before = store.counts(SITE, "/hello")["like"]
    assert (await like(store, "/hello", ANNA)).counts["like"] == before
    assert (await like(store, "/hello.html", ANNA, 0)).counts["like"] == before - 1
    assert (await like(store, "/hello", voter(9))).counts["like"] == before


def as_new(folder: Path) -> Path:
    folder.mkdir()
    run(folder / NAME, lambda store: like(store, "/a", ANNA))
    return folder / NAME


# Every schema


def test_a_database_of_every_schema_is_kept() -> None:
    told = "python -m tests.store.old_schemas writes one, with the newest migrations in place"
    assert schemas_kept() == [step.number for step in migrations()], told


@every_schema
def test_a_kept_database_has_the_tables_that_the_migrations_make(
    tmp_path: Path, number: int
) -> None:
    with stranger(tmp_path / "made.db") as connection:
        for step in migrations()[:number]:
            connection.execute(step.sql)
    kept = old_database(tmp_path, number)
    assert tables_of(kept) == tables_of(tmp_path / "made.db")
    assert value(kept, "PRAGMA user_version") == number
    assert_sound(kept)


@every_schema
def test_a_kept_database_is_what_its_dump_makes(tmp_path: Path, number: int) -> None:
    text = schema_file(number).read_text(encoding="utf-8")
    assert dumped(old_database(tmp_path, number)) == text


@every_schema
def test_every_schema_becomes_the_newest_with_all_that_was_in_it(
    tmp_path: Path, number: int
) -> None:
    path = old_database(tmp_path, number)

    async def scenario(store: SqliteStore) -> None:
        holds_likes(store, number)
        if number >= 2:
            await holds_corrections(store, number)
        if number >= REASONS:
            await holds_reasons(store)
        if number >= VIEWS:
            await holds_views(store)
        await goes_on(store)

    run(path, scenario)
    assert_sound(path)
    assert value(path, "PRAGMA user_version") == NEWEST
    assert tables_of(path) == tables_of(as_new(tmp_path / "new"))


@every_older_schema
def test_what_was_there_is_copied_first_and_can_be_put_back(tmp_path: Path, number: int) -> None:
    path, backup = old_database(tmp_path, number), backup_path(tmp_path / NAME, NEWEST)
    before = contents_of(path)
    for _ in range(2):
        run(path, lambda store: like(store, "/later", ANNA))
    assert [one.name for one in sorted(tmp_path.glob("*before*"))] == [
        backup.name,
        secret_path(backup).name,
    ]
    assert contents_of(backup) == before
    assert value(backup, "PRAGMA user_version") == number
    assert {one.stat().st_mode & 0o777 for one in (backup, secret_path(backup))} == {0o600}
    restore(backup, None, path)
    assert contents_of(path) == before
    run(path, goes_on)


@every_older_schema
def test_a_secret_that_was_kept_off_the_disk_stays_off_it(tmp_path: Path, number: int) -> None:
    path, backup = old_database(tmp_path, number), backup_path(tmp_path / NAME, NEWEST)
    secret_path(path).unlink()
    run(path, goes_on, secret=SECRET)
    assert [one.name for one in tmp_path.glob("*.key*")] == []
    restore(backup, SECRET, path)
    assert value(path, "PRAGMA user_version") == number


# Cut short


def upgrade(path: Path) -> None:
    """Open the database as a service does, and go."""

    async def nothing_more(_store: SqliteStore) -> None:
        pass

    run(path, nothing_more)


def is_old_or_new(path: Path, number: int, before: dict[str, list[tuple[object, ...]]]) -> int:
    """Check that there is no third state; return which it is."""
    schema = int(value(path, "PRAGMA user_version"))
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    if schema == number:
        assert contents_of(path) == before
    else:
        assert schema == NEWEST
    return schema


@every_older_schema
def test_the_power_may_fail_at_any_moment_of_an_upgrade(tmp_path: Path, number: int) -> None:
    folder, rebooted = tmp_path / "recorded", tmp_path / "rebooted"
    folder.mkdir()
    before = contents_of(old_database(folder, number))
    with disk(folder) as recording:
        upgrade(folder / NAME)
    platter, seen = Platter(recording.at_first), set()
    for moment, call in enumerate(recording.calls):
        platter.play(call)
        for keep in (nothing, everything, torn, some(moment)):
            platter.leave(rebooted, keep, folder_is_synced=keep is not nothing)
            found = is_old_or_new(rebooted / NAME, number, before)
            run(rebooted / NAME, goes_on)
            # The next upgrade clears away what the first has left of its copy.
            assert found == NEWEST or not list(rebooted.glob(".*"))
            seen.add(found)
            shutil.rmtree(rebooted)
    assert seen == {number, NEWEST}


@every_older_schema
@pytest.mark.parametrize("error", ERRORS, ids=str)
def test_a_disk_that_fails_at_any_moment_of_an_upgrade_leaves_the_old_tables(
    tmp_path: Path, number: int, error: Error
) -> None:
    stops = 0
    for spared in count():
        folder = tmp_path / str(spared)
        folder.mkdir()
        before = contents_of(old_database(folder, number))
        fault = Fault(error, spared)
        with disk(folder, fault):
            told = ""
            try:
                upgrade(folder / NAME)
            except StartError as refused:
                told = str(refused)
            except SystemError:  # of apsw, where a VFS in Python fails while a copy is given up
                told = str(folder / NAME)
        if fault.failed is None:
            break
        assert not told or f"{folder / NAME}" in told
        if is_old_or_new(folder / NAME, number, before) == number:
            stops += 1
            assert told
        run(folder / NAME, goes_on)
        assert not list(folder.glob(".*"))
    assert stops >= 2  # in the copy, and in the migration


KILLED = """
import os, signal, sys
from pathlib import Path
import apsw
from likewise import cli
from likewise.store import copy, migrate
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
where, steps = sys.argv[1], migrate.migrations()
if where == "copy":
    copy.PAGES_PER_STEP = 1
    from likewise.commands import migrate as command
    command._show = die
else:
    apsw.connection_hooks.append(lambda one: one.create_scalar_function("die", die))
    last = steps[-1]
    steps[-1] = last._replace(sql=last.sql + "; SELECT die()")
    from likewise.store import opening
    opening.migrations = lambda: steps
raise SystemExit(cli.main(["migrate"]))
"""


@every_older_schema
@pytest.mark.parametrize("where", ["copy", "migration"])
def test_an_upgrade_that_is_killed_is_taken_up_again(
    tmp_path: Path, number: int, where: str
) -> None:
    path, backup = old_database(tmp_path, number), backup_path(tmp_path / NAME, NEWEST)
    before = contents_of(path)
    service = Service(tmp_path)
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, where],
            cwd=tmp_path,
            env=service.environment(),
            check=False,
        )
        assert done.returncode == -signal.SIGKILL
        assert contents_of(path) == before
        assert backup.exists() == (where == "migration")
        # What was cut short does not pile up.
        assert len(list(tmp_path.glob(f".{backup.name}.*"))) <= (2 if where == "copy" else 0)
    upgrade(path)
    assert contents_of(backup) == before
    assert not list(tmp_path.glob(f".{backup.name}*"))
    run(path, goes_on)


@every_older_schema
def test_steps_are_taken_together_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """There is one copy, of what was before the first step."""
    path = old_database(tmp_path, number)
    before = contents_of(path)
    broken = LATER._replace(sql=LATER.sql + "SELECT nonsense;")
    monkeypatch.setattr(opening, "migrations", lambda: [*migrations(), broken])
    assert "nonsense" in refusal(path)
    assert contents_of(path) == before
    monkeypatch.setattr(opening, "migrations", lambda: [*migrations(), LATER])
    upgrade(path)
    assert contents_of(backup_path(path, LATER.number)) == before


@every_older_schema
def test_no_room_for_the_copy_leaves_nothing_behind(tmp_path: Path, number: int) -> None:
    path = old_database(tmp_path, number)
    before = contents_of(path)
    backup = backup_path(path, NEWEST)
    with files_up_to(40_000):
        assert refusal(path).startswith(f"{backup} cannot be used: ")
    assert contents_of(path) == before
    assert not [*tmp_path.glob("*before*"), *tmp_path.glob(".*")]


# Back to an older version


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database that version 9.1 has served, after an upgrade from the present one."""
    path = old_database(tmp_path, NEWEST)
    with monkeypatch.context() as future:
        future.setattr(opening, "migrations", lambda: [*migrations(), LATER])
        future.setattr(migrate, "__version__", "9.1.0")
        run(path, lambda store: like(store, "/later", ANNA))
    return path


COMMANDS: dict[str, tuple[str, ...]] = {
    "serve": (),
    "demo": (),
    "stats": (),
    "backup": ("copy.db",),
    "restore": ("--verify", NAME),
    "purge": ("--page", "/hello"),
    "key": (),
    "import": ("article", "likes.db"),
    "migrate": (),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_an_older_program_refuses_a_newer_database_and_leaves_it_alone(
    newer: Path, command: str
) -> None:
    with stranger(newer.with_name("likes.db")) as article:
        article.execute("CREATE TABLE likes (post_id TEXT PRIMARY KEY, count INTEGER)")
        article.execute("INSERT INTO likes VALUES ('hello', 12)")
    before = {one.name: one.read_bytes() for one in newer.parent.glob(f"{NAME}*")}
    service = Service(newer.parent)
    del service.settings["LIKEWISE_ADMIN_KEY"]
    done = service.run(command, *COMMANDS[command])
    assert done.returncode == 1
    backup = backup_path(newer, LATER.number)
    assert done.stderr.splitlines()[-1] == (
        f"likewise {command}: {newer} was written by a newer version of Likewise"
        f" (schema {LATER.number}, this one knows up to {NEWEST}). Use Likewise 9.1.0 or newer,"
        f" or go back without what came since: likewise restore {backup}"
    )
    after = {one.name: one.read_bytes() for one in newer.parent.glob(f"{NAME}*")}
    kept = {name for name in before if not name.endswith(("-shm", ".lock"))}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert not newer.with_name("copy.db").exists()


def test_the_command_that_is_named_goes_back(newer: Path) -> None:
    service = Service(newer.parent)
    command = service.run("stats").stderr.rpartition("likewise restore ")[2].strip()
    done = service.run("restore", command)
    assert done.returncode == 0, done.stderr
    with service:
        assert service.count("/hello") == 50
        assert service.count("/later") == 0
    kept = newer.with_name(f"{NAME}.before-restore-1")
    assert value(kept, "PRAGMA user_version") == LATER.number


def test_without_such_a_copy_any_backup_from_before_is_named(newer: Path) -> None:
    for one in newer.parent.glob("*before*"):
        one.unlink()
    assert refusal(newer).endswith("likewise restore with a backup that was made before")


@pytest.mark.parametrize(
    "spoil",
    [
        "DROP TABLE meta",
        "DELETE FROM meta WHERE name = 'version'",
        "UPDATE meta SET value = x'1b5b324a' WHERE name = 'version'",
        "UPDATE meta SET value = zeroblob(100000) WHERE name = 'version'",
    ],
)
def test_a_newer_database_is_refused_though_it_does_not_say_what_it_needs(
    newer: Path, spoil: str
) -> None:
    with stranger(newer) as future:
        future.execute(spoil)
    assert " Use Likewise that version, or go back " in refusal(newer)


# Files beside the copy that are none


def a_folder(path: Path) -> None:
    path.mkdir()


def a_stranger(path: Path) -> None:
    path.write_bytes(b"\xff" * 200)


def an_empty_file(path: Path) -> None:
    path.touch()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [a_folder, a_stranger, an_empty_file, a_pipe])
def test_only_what_this_version_can_read_is_named(
    newer: Path, make: Callable[[Path], None]
) -> None:
    make(newer.with_name(f"{NAME}.before-schema-77"))
    assert refusal(newer).endswith(f"likewise restore {backup_path(newer, LATER.number)}")
