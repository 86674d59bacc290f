"""The numbers of the limits, and how they are written in a setting."""

from __future__ import annotations

import pytest

from likewise.limits import Limits, Rate, parse_limits


def test_on_keeps_the_limits_of_the_contract() -> None:
    assert parse_limits("on") == Limits()
    assert Limits() == Limits(
        burst=Rate(2, 10),
        day=20,
        share=2,
        writes=Rate(60, 60),
        likes=300,
        pages=30,
        reads=Rate(600, 60),
        logins=Rate(20, 60),
        prefix_day=200,
        prefix_writes=Rate(1_200, 60),
        prefix_pages=300,
    )


def test_a_list_changes_some_and_keeps_the_others() -> None:
    changed = Limits()._replace(burst=Rate(5, 1), day=0, reads=Rate(9, 7_200))
    assert parse_limits(" burst=5/s, day=0,reads=9/2h ") == changed
    assert parse_limits("off") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes",
        "burst",
        "burst=2",
        "burst=2/10",
        "burst=2/0s",
        "burst=-1/s",
        "burst=99999/s",
        "day=65536",
        "day=x",
        "day=2/s",
        "day=20,,",
        "unknown=1",
        "day=\u0662",
    ],
)
def test_what_is_no_limit_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no (limit|rate|number)"):
        parse_limits(text)
