"""The secret that belongs to a database: found, made once, and never a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from likewise.store import opening
from likewise.store.migrate import migrations
from tests.files import secret_path
from tests.store.database import ANNA, NAME, as_plain_user, like, refusal, run


def test_a_missing_secret_is_told_and_none_is_made(path: Path) -> None:
    secret_path(path).unlink()
    told = refusal(path)
    assert f"The secret of {path} is missing: {secret_path(path)}." in told
    assert "LIKEWISE_SECRET" in told
    assert not secret_path(path).exists()


def test_a_secret_of_another_database_is_told(path: Path) -> None:
    secret_path(path).write_text("0123456789abcdef" * 4)
    assert f"This secret does not belong to {path}" in refusal(path)
    assert f"This secret does not belong to {path}" in refusal(path, secret="another secret " * 3)


@pytest.mark.parametrize("content", [b"", b"\n", b"0123456789abcdef", b"x" * 65, b"\xff" * 64])
def test_a_key_file_that_holds_no_secret_is_told(path: Path, content: bytes) -> None:
    secret_path(path).write_bytes(content)
    told = refusal(path)
    assert str(secret_path(path)) in told
    assert "does not hold a secret" in told or "cannot be read" in told


@pytest.mark.parametrize("secret", ["short", "x" * 65, "é" * 33])
def test_a_configured_secret_of_the_wrong_size_is_told(tmp_path: Path, secret: str) -> None:
    assert "LIKEWISE_SECRET has" in refusal(tmp_path / NAME, secret=secret)


def test_an_unreadable_key_file_is_told(
    public_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, steps = public_folder / NAME, migrations()
    # The package may lie where that user cannot look.
    monkeypatch.setattr(opening, "migrations", lambda: steps)
    run(path, lambda store: like(store, "/a", ANNA))
    for one in public_folder.iterdir():
        one.chmod(0o666)
    secret_path(path).chmod(0o000)
    with as_plain_user():
        assert f"The secret {secret_path(path)} cannot be read" in refusal(path)


def test_a_folder_in_the_secrets_place_is_told(tmp_path: Path) -> None:
    secret_path(tmp_path / NAME).mkdir()
    assert f"The secret {secret_path(tmp_path / NAME)} is not a file" in refusal(tmp_path / NAME)


def test_a_configured_secret_wins_and_makes_no_file(tmp_path: Path) -> None:
    secret = "a configured secret of some length"
    run(tmp_path / NAME, lambda store: like(store, "/a", ANNA), secret=secret)
    run(tmp_path / NAME, lambda store: like(store, "/a", ANNA), secret=secret + "\n")
    assert not secret_path(tmp_path / NAME).exists()
    assert "is missing" in refusal(tmp_path / NAME)
