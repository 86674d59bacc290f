"""What caches on the way do: whether they keep what they must not, or for longer than they may.

Each check asks twice for what must differ, and so does not rest on what a cache tells of itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from likewise.doctor.finding import Finding, fail, ok, unchecked
from likewise.doctor.subject import Subject

COUNTS_SECONDS = 6.0  # counts are fresh for 5; then the service must hear of it
_BACKGROUND_SECONDS = 0.5  # what is stale may be answered at once, and asked for behind that
_ADVICE = (
    "Let the proxy or edge keep only what Cache-Control allows, and no errors: remove rules such as"
    " Cache Everything, Edge TTL or proxy_ignore_headers for this host."
)


def posts(subject: Subject) -> Finding:
    """Check that a like is answered by the service, each one anew."""
    # Two mistakes, each with an answer of its own; they need no origin and change nothing.
    subject.post("/v1/like", {})
    second = subject.post("/v1/like", {"page": "/"}).json.get("detail", "")
    if '"page" is missing' in str(second):
        return fail(
            "errors", "A cache answers likes with an answer that was another one's.", _ADVICE
        )
    return ok("errors", "Refusals are not kept by a cache.")


def errors(subject: Subject) -> Finding:
    """Check that a refusal is not kept: one without the key, asked for again with it."""
    path = f"/api/doctor?doctor={subject.mark}-refused"
    subject.as_owner(path)
    again = subject.as_owner(path, {"X-API-Key": subject.key or ""})
    if again.status == 401:
        return fail("errors", "A cache keeps errors, though they say no-store.", _ADVICE)
    return ok("errors", "Errors are not kept by a cache.")


def private(subject: Subject) -> Finding:
    """Check that what the owner was told is not kept for others."""
    path = f"/api/doctor?doctor={subject.mark}-private"
    subject.as_owner(path, {"X-API-Key": subject.key or ""})
    if subject.as_owner(path).status == 200:
        return fail(
            "private",
            "A cache keeps what the service tells its owner, and gives it to anybody.",
            _ADVICE,
        )
    return ok("private", "What the owner is told is not kept by a cache.")


class CountsAsked:
    """Counts that were asked for once, to be asked for again when they are no longer fresh."""

    def __init__(self, subject: Subject, sleep: Callable[[float], None] = time.sleep) -> None:
        self._subject = subject
        self._sleep = sleep
        self._path = f"/v1/counts?page=/doctor-{subject.mark}-twice"
        self._reads = _reads(subject)
        subject.get(self._path)
        self._asked = time.monotonic()

    def again(self) -> Finding:
        """Check that the service heard of both, by the reads that it counts of this network."""
        self._sleep(max(0.0, self._asked + COUNTS_SECONDS - time.monotonic()))
        self._subject.get(self._path)
        self._sleep(_BACKGROUND_SECONDS)
        reads = _reads(self._subject)
        heard = None if reads is None or self._reads is None else reads - self._reads
        if heard is None or heard < 1:
            return unchecked("caching", "Whether counts are kept too long could not be told.")
        if heard == 1:
            return fail("caching", "A cache keeps counts for longer than 5 seconds.", _ADVICE)
        return ok("caching", "Counts are not kept for longer than 5 seconds.")


def _reads(subject: Subject) -> int | None:
    _, told = subject.report()
    return None if told is None else told.reads
