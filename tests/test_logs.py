"""The log: each event is one entry, whatever is in it."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.logs import JsonLines, TextLines, escaped
from likewise.web.disbelief import Disbelief

ANY_TEXT = st.text(st.characters(exclude_categories=()))


def record(message: str, *, fails: bool = False) -> logging.LogRecord:
    made = logging.LogRecord("likewise", logging.INFO, "", 0, "%s", (message,), None)
    made.created = 1_769_860_800.5
    if fails:
        made.exc_info = (ValueError, ValueError(message), None)
    return made


def test_text_is_time_level_and_message() -> None:
    assert TextLines().format(record("hello")) == "2026-01-31T12:00:00Z INFO hello"


def test_json_is_one_object_a_line() -> None:
    line = JsonLines().format(record("hello\n\x1b[2J"))
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2026-01-31T12:00:00Z",
        "level": "info",
        "message": "hello\n\x1b[2J",
    }


def test_traceback_belongs_to_its_event() -> None:
    first, *rest = TextLines().format(record("a\nb", fails=True)).split("\n")
    assert first == "2026-01-31T12:00:00Z INFO a\\nb"
    assert rest
    assert all(line.startswith("  ") for line in rest)
    event = json.loads(JsonLines().format(record("a", fails=True)))
    assert event["traceback"] == "ValueError: a"


@given(ANY_TEXT)
def test_text_of_an_event_is_one_printable_line(message: str) -> None:
    assert TextLines().format(record(message)).isprintable()


@given(ANY_TEXT)
def test_printable_text_is_left_alone(message: str) -> None:
    assert (escaped(message) == message) == message.isprintable()


def test_what_a_terminal_could_act_on_is_escaped() -> None:
    assert escaped("a\x1b[2J\u202eb\udcffé") == "a\\x1b[2J\\u202eb\\udcffé"


def test_who_forwards_from_a_public_address_is_not_named(caplog: pytest.LogCaptureFixture) -> None:
    for peer, shown in (("203.0.113.9", "a public address"), ("2001:db8::9", "a public address")):
        Disbelief().note(peer)
        assert peer not in caplog.text
        assert shown in caplog.text
    Disbelief().note("10.0.0.7")
    assert "LIKEWISE_TRUSTED_PROXIES=10.0.0.7" in caplog.text
