"""Hours since 1970, as likes keep them, and as people write them (ISO 8601, UTC).

Plain functions; knows nothing of what happened in an hour.
"""

from __future__ import annotations

import time

from likewise.errors import Problem
from likewise.store import FIRST_HOUR, LAST_HOUR, SECONDS_PER_HOUR


def hour_text(hour: int) -> str:
    """Return an hour's beginning as text, such as `2026-01-31T22:00Z`."""
    return time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(hour * SECONDS_PER_HOUR))


def day_text(hour: int) -> str:
    """Return the day of an hour as text, such as `2026-01-31`."""
    return time.strftime("%Y-%m-%d", time.gmtime(hour * SECONDS_PER_HOUR))


def hours_between(first: str | None, end: str | None) -> tuple[int, int]:
    """Return the first and the last hour from one moment until before another; None: no bound.

    A moment inside an hour counts for all of it: likes keep no finer time. Raises `bad_request`.
    """
    first_hour = FIRST_HOUR if first is None else _seconds("from", first) // SECONDS_PER_HOUR
    last_hour = LAST_HOUR if end is None else (_seconds("to", end) - 1) // SECONDS_PER_HOUR
    if first_hour > last_hour:
        raise Problem("bad_request", 'The moment "to" must come after "from".')
    return first_hour, last_hour


def _seconds(name: str, text: str) -> int:
    from datetime import UTC, datetime  # noqa: PLC0415 (needed when the owner corrects only)

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(
            "bad_request",
            f'The moment "{name}" is written as 2026-01-31, or as 2026-01-31T22:00 (UTC).',
        ) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
