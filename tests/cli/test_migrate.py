"""`likewise migrate`, and what other commands say to a database that wants it."""

from __future__ import annotations

from pathlib import Path

import pytest

from likewise.store.migrate import migrations
from tests.cli.test_usage import article_database
from tests.service import Service
from tests.store.database import NAME, rows, value
from tests.store.old_schemas import SECRET, contents_of, old_database

NEWEST = migrations()[-1].number


@pytest.fixture
def old(likewise: Service) -> Path:
    """A database of schema 1, where the service looks for its own."""
    return old_database(likewise.directory, 1)


def files_in(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()} - {f"{NAME}-wal", f"{NAME}-shm", f"{NAME}.lock"}


def test_tables_are_changed_after_a_copy_and_then_served(likewise: Service, old: Path) -> None:
    done = likewise.run("migrate")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"{old} has gone from schema 1 to {NEWEST}.\n"
        f"What it was is kept, until you remove it: {old}.before-schema-{NEWEST}\n"
    )
    assert value(old, "PRAGMA user_version") == NEWEST
    again = likewise.run("migrate")
    assert again.returncode == 0
    assert again.stdout == f"{old} has the tables of this version already (schema {NEWEST}).\n"
    assert likewise.start().count("/hello") == 43
    assert "are changed" not in likewise.log


def test_a_dry_run_tells_and_changes_nothing(likewise: Service, old: Path) -> None:
    before, there = old.read_bytes(), files_in(old.parent)
    done = likewise.run("migrate", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"{old} would go from schema 1 to {NEWEST}. Nothing is done yet.\n"
        f"A copy would be made first, of 1 MiB at most: {old}.before-schema-{NEWEST}\n"
    )
    assert (old.read_bytes(), files_in(old.parent)) == (before, there)


def test_a_running_server_is_named_and_left_alone(likewise: Service) -> None:
    likewise.start()
    assert "already" in likewise.run("migrate").stdout  # there is nothing to do
    with_old_tables = f"PRAGMA user_version = {NEWEST - 1}"
    rows(likewise.directory / NAME, with_old_tables)
    done = likewise.run("migrate")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"likewise migrate: {likewise.directory / NAME} is already served by process"
        f" {likewise.pid} at {likewise.url}. Stop that one first.\n"
    )
    assert value(likewise.directory / NAME, "PRAGMA user_version") == NEWEST - 1


def test_an_empty_file_is_left_to_those_who_serve(likewise: Service) -> None:
    (likewise.directory / NAME).touch()
    for command in (("migrate",), ("stats",), ("key",), ("purge", "--page", "/a")):
        done = likewise.run(*command)
        assert done.returncode == 1
        assert done.stderr.endswith(f"/{NAME} is empty. `likewise serve` makes its tables.\n")
    assert (likewise.directory / NAME).stat().st_size == 0


def test_a_missing_secret_stops_it_before_anything_is_changed(likewise: Service, old: Path) -> None:
    key = old.with_name(f"{NAME}.key")
    key.unlink()
    before = contents_of(old)
    done = likewise.run("migrate")
    assert done.returncode == 1
    assert f"The secret of {old} is missing" in done.stderr
    assert contents_of(old) == before
    done = likewise.run("migrate", LIKEWISE_SECRET=SECRET)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "command",
    [
        ("stats",),
        ("key",),
        ("purge", "--page", "/hello"),
        ("purge", "--page", "/hello", "--yes"),
        ("import", "article", "likes.db"),
    ],
    ids=" ".join,
)
def test_other_commands_change_no_tables_and_say_what_does(
    likewise: Service, old: Path, command: tuple[str, ...]
) -> None:
    article_database(likewise.directory)
    before = contents_of(old)
    done = likewise.run(*command)
    assert done.returncode == 1
    assert done.stderr == (
        f"likewise {command[0]}: {old} has the tables of an older version (schema 1, this one has"
        f" {NEWEST}). `likewise migrate` changes them, and so does `likewise serve`; both make a"
        " backup first.\n"
    )
    assert contents_of(old) == before


def test_old_tables_can_be_backed_up_verified_and_restored(likewise: Service, old: Path) -> None:
    before = contents_of(old)
    assert likewise.run("backup", "copy.db").returncode == 0
    assert likewise.run("restore", "--verify", "copy.db").returncode == 0
    assert likewise.run("migrate").returncode == 0
    assert likewise.run("restore", "copy.db").returncode == 0
    assert contents_of(old) == before
    assert likewise.start().count("/hello") == 43
    assert f"The tables of {old} are changed for this version, after a copy." in likewise.log
