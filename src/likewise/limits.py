"""How much one network may do: the numbers, and how they are written in a setting.

Values only; what happens to whoever wants more is the limiter's business.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from likewise.counters import MAX_COUNT

_UNITS = {"s": 1, "min": 60, "h": 3_600}
_RATE = re.compile(r"([0-9]{1,5})/([0-9]{0,4})(s|min|h)")
_NUMBER = re.compile(r"[0-9]{1,5}")


class Rate(NamedTuple):
    """So many in so many seconds, counted from the first."""

    number: int
    seconds: int


class Limits(NamedTuple):
    """The numbers. Per network unless the name says otherwise; a day is a UTC day."""

    burst: Rate = Rate(2, 10)  # new likes of one page and kind
    day: int = 20  # net likes of one page and kind …
    share: int = 2  # … or this many per cent of the page's day, whichever is more
    writes: Rate = Rate(60, 60)
    likes: int = 300  # new likes a day
    pages: int = 30  # new pages a day
    reads: Rate = Rate(600, 60)
    views: int = 500  # counted views a day
    logins: Rate = Rate(20, 60)  # wrong admin keys
    prefix_day: int = 200  # IPv6 /48: net likes of one page and kind a day
    prefix_writes: Rate = Rate(1_200, 60)
    prefix_pages: int = 300  # IPv6 /48: new pages a day
    prefix_views: int = 5_000  # IPv6 /48: counted views a day


def parse_limits(text: str) -> Limits | None:
    """Read `on`, `off` (None), or changes such as `burst=2/10s,day=20,writes=60/min`.

    Raises `ValueError` that names the part.
    """
    text = text.strip()
    if text == "off":
        return None
    changes: dict[str, Rate | int] = {}
    for part in [] if text == "on" else text.split(","):
        name, _, value = part.strip().partition("=")
        changes[name] = _parse_limit(name, value)
    return Limits()._replace(**changes)  # type: ignore[arg-type]


def _parse_limit(name: str, value: str) -> Rate | int:
    default = Limits._field_defaults.get(name)
    if default is None:
        msg = f"{name!r} is no limit; there are: {', '.join(Limits._fields)}"
        raise ValueError(msg)
    if isinstance(default, Rate):
        match = _RATE.fullmatch(value)
        seconds = match and int(match[2] or 1) * _UNITS[match[3]]
        if match and seconds and int(match[1]) <= MAX_COUNT:
            return Rate(int(match[1]), seconds)
        msg = f"{name}={value} is no rate; write it like {name}=2/10s or {name}=60/min"
    elif _NUMBER.fullmatch(value) and int(value) <= MAX_COUNT:
        return int(value)
    else:
        msg = f"{name}={value} is no number from 0 to {MAX_COUNT}"
    raise ValueError(msg)
