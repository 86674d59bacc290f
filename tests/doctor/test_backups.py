"""How the doctor judges backups: by the moment in their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from likewise.doctor.backups import STALE_SECONDS, backups

MADE = 1_769_860_800  # 2026-01-31T12:00:00Z
NAME = "likewise-20260131T120000Z.db"


@pytest.mark.parametrize(
    ("later", "state"),
    [(0, "ok"), (-3_600, "ok"), (STALE_SECONDS - 1, "ok"), (STALE_SECONDS, "fail")],
)
def test_backup_of_the_last_two_days_is_enough(tmp_path: Path, later: int, state: str) -> None:
    (tmp_path / NAME).touch()
    assert backups(str(tmp_path), str(tmp_path / "likewise.db"), MADE + later).state == state


def test_newest_counts(tmp_path: Path) -> None:
    for name in (NAME, "likewise-20250131T120000Z.db", "likewise-20260131T110000Z.db"):
        (tmp_path / name).touch()
    found = backups(str(tmp_path), str(tmp_path / "likewise.db"), MADE + 5 * 3_600)
    assert (found.state, "5 hours" in found.text) == ("ok", True)


@pytest.mark.parametrize(
    "name",
    [
        "likewise.db",
        f"{NAME}.key",
        f".{NAME}.123",
        "other-20260131T120000Z.db",
        "likewise-20269931T120000Z.db",
        "likewise-20260131T120000Z",
    ],
)
def test_what_is_no_backup_of_this_database_does_not_count(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert backups(str(tmp_path), str(tmp_path / "likewise.db"), MADE).state == "fail"


def test_without_a_folder_it_is_looked_beside_the_database_and_only_warned(tmp_path: Path) -> None:
    assert backups(None, str(tmp_path / "likewise.db"), MADE).state == "warn"
    (tmp_path / NAME).touch()
    assert backups(None, str(tmp_path / "likewise.db"), MADE).state == "ok"


def test_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    found = backups(str(tmp_path / "gone"), str(tmp_path / "likewise.db"), MADE)
    assert (found.state, "gone" in found.text) == ("fail", True)
