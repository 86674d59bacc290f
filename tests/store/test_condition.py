"""Damage is looked for beside readers, whatever the file has become, until the service ends."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import apsw
import pytest

from likewise.store import condition
from likewise.store.condition import Examination, condition_of, damage_at
from tests.store.database import ANNA, NAME, damage, like, run


def test_a_file_that_is_no_database_is_damaged_and_looked_at_once_an_hour(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"no database" * 1_000)
    now = [0.0]

    async def play() -> None:
        examination = Examination(str(path), lambda: now[0])
        for now[0] in (0.0, 60.0):
            found = await examination.condition()
            assert found.damage is not None
            assert "is not a database" in found.damage
            assert found.looked == 0
        examination.close()

    asyncio.run(play())
    assert "is not a database" in (condition_of(str(path), 0).damage or "")


def test_a_database_that_is_gone_is_said_so(tmp_path: Path) -> None:
    assert "There is no database" in (condition_of(str(tmp_path / NAME), 0).damage or "")


def test_a_whole_database_is_whole_and_a_spoilt_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / NAME

    async def fill(store: object) -> None:
        for number in range(400):
            await like(store, f"/{number:0>300}", ANNA)  # type: ignore[arg-type]

    run(path, fill)
    assert damage_at(str(path)) is None
    damage(path)
    assert damage_at(str(path)) is not None


def test_a_look_that_is_under_way_ends_with_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / NAME
    run(path, lambda store: like(store, "/a", ANNA))
    # Tables without an end: the look is over only because it is told to be.
    monkeypatch.setattr(condition, "damage_in", _look_for_ever)
    monkeypatch.setattr(condition, "WAIT_SECONDS", 0.1)

    async def play() -> None:
        examination = Examination(str(path), time.time)
        assert (await examination.condition()).looked is None
        examination.close()

    asyncio.run(asyncio.wait_for(play(), 20))


def _look_for_ever(connection: apsw.Connection) -> str | None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
    return str(connection.execute(endless).get)
