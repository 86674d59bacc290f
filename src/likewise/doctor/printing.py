"""The report in its forms: lines for people, JSON for monitors.

Whatever came from elsewhere is escaped: a page cannot write to a terminal.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby

from likewise.doctor.finding import (
    ADDRESS,
    CHECKS,
    FAIL,
    OK,
    PAGE,
    SERVICE,
    UNCHECKED,
    WARN,
    Finding,
)
from likewise.logs import escaped

WIDTH = 96
_TITLES = {SERVICE: "The service", ADDRESS: "The way to it", PAGE: "The page"}
_WORDS = {OK: "ok", WARN: "warn", FAIL: "FAIL", UNCHECKED: "not checked"}
_COLOURS = {OK: "32", WARN: "33", FAIL: "1;31", UNCHECKED: "2"}
_INDENT = " " * 13


def lines(found: Iterable[Finding], *, colours: bool) -> Iterator[str]:
    """Yield the report, grouped, each finding with its advice."""
    found = list(found)
    for group, members in groupby(found, key=lambda one: CHECKS[one.check]):
        yield _TITLES[group]
        for one in members:
            word = _WORDS[one.state].ljust(11)
            word = f"\x1b[{_COLOURS[one.state]}m{word}\x1b[0m" if colours else word
            first, *rest = _wrapped(f"{one.check}: {one.text}")
            yield f"{word}  {first}"
            yield from (_INDENT + line for line in rest)
            yield from (_INDENT + line for line in _wrapped(one.advice))
        yield ""
    yield summary(found)


def summary(found: Iterable[Finding]) -> str:
    """Return the last line: how many of each."""
    states = [one.state for one in found]
    counts = ((states.count(state), word) for state, word in _WORDS.items())
    return ", ".join(f"{count} {word}" for count, word in counts if count)


def as_json(found: Iterable[Finding]) -> str:
    """Return the report as one JSON object on a line, ASCII alone."""
    found = list(found)
    states = [one.state for one in found]
    return json.dumps(
        {
            "failed": states.count(FAIL),
            "warned": states.count(WARN),
            "findings": [one._asdict() for one in found],
        }
    )


def _wrapped(text: str) -> list[str]:
    # What is to be copied stays in one piece, however long.
    return textwrap.wrap(
        escaped(text), WIDTH - len(_INDENT), break_long_words=False, break_on_hyphens=False
    )
