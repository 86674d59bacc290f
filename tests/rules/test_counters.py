"""Counters in constant memory."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.counters import WAYS, Counters
from tests.rules.clock import MIDNIGHT, Clock

WINDOW_SECONDS = 10


def counters(clock: Clock, entries: int = 1_024) -> Counters:
    return Counters(entries, monotonic=clock.monotonic, wall=clock.wall)


def counted(table: Counters, subject: bytes) -> tuple[int, int, int]:
    row = table.find(subject, WINDOW_SECONDS)
    return table.count[row], table.first[row], table.second[row]


def count(table: Counters, subject: bytes) -> None:
    row = table.find(subject, WINDOW_SECONDS)
    table.count[row] += 1
    table.first[row] += 1
    table.second[row] += 2


@given(st.lists(st.binary(max_size=4), max_size=60))
def test_every_subject_has_its_own_count(subjects: list[bytes]) -> None:
    table = counters(Clock())
    for subject in subjects:
        count(table, subject)
    for subject in subjects:
        times = subjects.count(subject)
        assert counted(table, subject) == (times, times, 2 * times)


def test_a_window_counts_from_its_first_for_so_many_seconds() -> None:
    clock = Clock()
    table = counters(clock)
    count(table, b"a")
    clock.go_on(WINDOW_SECONDS - 1)
    count(table, b"a")
    row = table.find(b"a", WINDOW_SECONDS)
    assert (table.count[row], table.window_left(row, WINDOW_SECONDS)) == (2, 1)
    clock.go_on(1)
    assert counted(table, b"a") == (0, 2, 4)


def test_a_day_ends_at_midnight_utc() -> None:
    clock = Clock(MIDNIGHT - 2)
    table = counters(clock)
    count(table, b"a")
    assert table.day_left() == 2
    clock.go_on(2)
    assert counted(table, b"a") == (1, 0, 0)
    assert table.day_left() == 86_400


def test_a_date_that_is_set_back_forgets_the_day_and_nothing_else() -> None:
    clock = Clock()
    table = counters(clock)
    count(table, b"a")
    clock.set_wall(MIDNIGHT - 400 * 86_400)
    assert counted(table, b"a") == (1, 0, 0)


def test_the_one_used_longest_ago_makes_room() -> None:
    clock = Clock()
    table = counters(clock, entries=WAYS)  # one set: they all meet
    for number in range(WAYS):
        count(table, b"%d" % number)
        clock.go_on(1)
    assert counted(table, b"0")[1] == 1  # used again: 1 is now the oldest
    clock.go_on(1)
    assert counted(table, b"stranger") == (0, 0, 0)
    clock.go_on(1)
    assert [counted(table, b"%d" % number)[1] for number in (0, 2, 3, 4, 5, 6, 7)] == [1] * 7
    assert counted(table, b"1") == (0, 0, 0)


def test_what_counts_for_nothing_today_makes_room_for_what_does() -> None:
    table = counters(Clock())
    for _ in range(3):
        count(table, b"a")
    for number in range(100_000):
        table.find(number.to_bytes(4), WINDOW_SECONDS)
    assert counted(table, b"a") == (3, 3, 6)
    for number in range(100_000):
        count(table, number.to_bytes(4))
    assert counted(table, b"a") == (3, 3, 6)


def test_yesterday_protects_nobody() -> None:
    clock = Clock(MIDNIGHT - 1)
    table = counters(clock, entries=WAYS)
    for number in range(WAYS):
        count(table, b"old %d" % number)
    clock.go_on(1)
    for number in range(WAYS):
        count(table, b"new %d" % number)
    assert [counted(table, b"new %d" % number)[1] for number in range(WAYS)] == [1] * 8


def test_the_last_three_that_were_asked_for_are_there_whatever_the_others_count() -> None:
    table = counters(Clock(), entries=WAYS)
    for number in range(WAYS):
        for _ in range(9):
            count(table, b"%d" % number)
    rows = [table.find(b"new %d" % number, WINDOW_SECONDS) for number in range(4)]
    assert len(set(rows)) == 4


def test_who_was_used_last_is_known_after_four_billion_calls() -> None:
    table = counters(Clock(), entries=WAYS)
    for number in range(WAYS):
        table.find(b"old %d" % number, WINDOW_SECONDS)
    table._calls = 2**32 - 4
    for number in range(WAYS):
        count(table, b"new %d" % number)
    assert [counted(table, b"new %d" % number)[1] for number in range(WAYS)] == [1] * 8


def test_a_stranger_never_meets_anothers_count() -> None:
    table = counters(Clock(), entries=256)
    for number in range(20_000):
        subject = number.to_bytes(4)
        assert counted(table, subject) == (0, 0, 0)
        count(table, subject)


def test_tables_do_not_share_their_secret() -> None:
    clock = Clock()
    tables = [counters(clock), counters(clock)]
    rows = [[table.find(bytes([number]), 10) for number in range(64)] for table in tables]
    assert rows[0] != rows[1]


def test_no_number_of_subjects_takes_more_memory() -> None:
    table = counters(Clock())
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(10_000):
            count(table, number.to_bytes(4))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 4_096


def test_newcomers_are_kept_when_the_number_of_the_call_begins_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("likewise.counters._MOST_CALLS", 100)
    table = counters(Clock(), entries=64)
    for round_ in range(20):
        subjects = [b"%d of %d" % (number, round_) for number in range(4)]
        for subject in subjects:
            count(table, subject)
        assert [counted(table, subject)[0] for subject in subjects] == [1] * 4


def test_hashes_of_32_bits_are_spread_over_the_whole_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "likewise.counters.hash", lambda text: hash(text) & 0xFFFF_FFFF, raising=False
    )
    table = counters(Clock(), entries=4_096)
    rows = {table.find(b"%d" % number, WINDOW_SECONDS) for number in range(3_000)}
    assert len(rows) > 2_500
