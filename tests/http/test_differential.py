"""The same bytes to our door and to two others: each difference has its reason, or is a bug.

A case that once was interesting is kept in `corpus/`: the bytes as `NAME.http`, and in
`expected.txt` what our door says. A new one needs its line, which the failing test prints.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http.differences import STRICT, UVICORN, Case, unexplained
from tests.http.grammar import EDITS, edited, streams
from tests.http.rivals import Asked, Conversation, Rivals, rivals

CORPUS = Path(__file__).parent / "corpus"
CASES = {path.stem: path.read_bytes() for path in sorted(CORPUS.glob("*.http"))}
EXPECTED = dict(
    line.split(": ", 1)
    for line in (CORPUS / "expected.txt").read_text(encoding="utf-8").splitlines()
)

SHORT = settings(
    max_examples=1_500,
    derandomize=True,  # the same in each run: what is new is found by the long form
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(SHORT, max_examples=100_000, derandomize=False)
PIPELINES = streams()
NEIGHBOURS = st.builds(edited, st.sampled_from([*CASES.values()]), st.lists(EDITS, max_size=3))


@pytest.fixture(scope="module")
def doors() -> Iterator[Rivals]:
    """Return ours and the others."""
    with rivals() as running:
        yield running


def told(conversation: Conversation) -> str:
    """Return a conversation as a line: statuses, what becomes of the connection, requests."""
    end = "closed" if conversation.is_closed else "open"
    statuses = " ".join(map(str, conversation.statuses)) or "nothing"
    return " | ".join([f"{statuses}, {end}", *map(_told, conversation.asked)])


def _told(asked: Asked) -> str:
    target = (asked.path + b"?" * bool(asked.query) + asked.query).decode("ascii")
    host = asked.header(b"host") or b"no host"
    reader = asked.header(b"x-forwarded-for")
    whose = b"%s of %s" % (host, reader) if reader else host
    return f"{asked.method} {target} for {whose.decode('ascii')}, {len(asked.body)} bytes"


def assert_explained(doors: Rivals, data: bytes) -> None:
    """Fail where somebody makes something else of the bytes, for no reason that we know."""
    ours = doors.ours(data)
    for theirs, allowed in ((doors.uvicorn(data), UVICORN), (doors.strict(data), STRICT)):
        difference = unexplained(Case(data, ours, theirs), allowed)
        assert difference is None, difference


@pytest.mark.parametrize("name", CASES)
def test_the_corpus_is_answered_as_written_down(doors: Rivals, name: str) -> None:
    assert f"{name}: {told(doors.ours(CASES[name]))}" == f"{name}: {EXPECTED.get(name)}"


def test_every_line_has_its_case() -> None:
    assert EXPECTED.keys() == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_the_corpus_is_read_alike_or_for_a_reason_not(doors: Rivals, name: str) -> None:
    assert_explained(doors, CASES[name])


@SHORT
@given(data=PIPELINES)
def test_pipelines_are_read_alike_or_for_a_reason_not(doors: Rivals, data: bytes) -> None:
    assert_explained(doors, data)


@SHORT
@given(data=NEIGHBOURS)
def test_what_is_near_the_corpus_is_read_alike_or_for_a_reason_not(
    doors: Rivals, data: bytes
) -> None:
    assert_explained(doors, data)


@pytest.mark.soak
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("kind", [PIPELINES, NEIGHBOURS], ids=["pipelines", "near the corpus"])
def test_a_hundred_thousand_streams_are_read_alike(
    doors: Rivals, kind: st.SearchStrategy[bytes]
) -> None:
    @LONG
    @given(data=kind)
    def run(data: bytes) -> None:
        assert_explained(doors, data)

    run()
