"""Who likes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.errors import Problem
from likewise.voters import (
    KEY_BYTES,
    SALT_BYTES,
    checked_voter,
    new_salt,
    new_secret,
    new_voter,
    row_key,
    secret_mark,
)

SECRET, SALT = b"s" * 64, b"a" * SALT_BYTES
voters = st.from_regex(r"[A-Za-z0-9_-]{16,64}", fullmatch=True)
kinds = st.text(min_size=1).filter(lambda kind: "\0" not in kind and kind.isprintable())


@given(voters)
def test_a_token_of_16_to_64_url_safe_characters_is_a_voter(token: str) -> None:
    assert checked_voter(token) == token


@pytest.mark.parametrize(
    "text",
    ["", "v" * 15, "v" * 65, "v" * 16 + "\n", "v" * 15 + " ", "v" * 15 + "\u00e9", "\u0664" * 16],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Problem) as refusal:
        checked_voter(text)
    assert refusal.value.code == "bad_voter"


def test_new_voters_are_valid_and_differ() -> None:
    fresh = {new_voter() for _ in range(1_000)}
    assert len(fresh) == 1_000
    assert all(checked_voter(token) == token for token in fresh)


@given(kinds, voters, kinds, voters)
def test_rows_are_told_apart_by_kind_and_voter(
    kind: str, voter: str, other_kind: str, other_voter: str
) -> None:
    same = (kind, voter) == (other_kind, other_voter)
    keys = {row_key(SECRET, SALT, kind, voter), row_key(SECRET, SALT, other_kind, other_voter)}
    assert len(keys) == (1 if same else 2)


@given(voters)
def test_rows_of_one_reader_on_two_pages_cannot_be_linked(voter: str) -> None:
    keys = {row_key(SECRET, new_salt(), "like", voter) for _ in range(3)}
    assert len(keys) == 3
    assert all(len(key) == KEY_BYTES for key in keys)


@given(voters)
def test_without_the_secret_a_row_cannot_be_made(voter: str) -> None:
    assert row_key(SECRET, SALT, "like", voter) != row_key(new_secret(), SALT, "like", voter)


def test_a_mark_recognises_its_secret_and_holds_none_of_it() -> None:
    assert secret_mark(SECRET) == secret_mark(SECRET)
    assert secret_mark(SECRET) != secret_mark(b"t" * 64)
    assert b"ss" not in secret_mark(SECRET)
