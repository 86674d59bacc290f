"""What `GET /api/doctor` answered, read strictly: it may have come from anywhere.

Knows the answer's form; must not know what it means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from likewise.doctor.finding import CHECKS, FAIL, OK, UNCHECKED, WARN, Finding
from likewise.doctor.reader import Told


class PageTold(NamedTuple):
    """What a like of a page would meet: `refusal` is why it would be refused, `line` what lets the
    page's origin write.
    """

    page: str
    is_blocked: bool
    refusal: str | None
    line: str | None


class Report(NamedTuple):
    """What the service told: `host` is what it was asked for, `reads` how many of the asker's
    network count at present, `origins` those of its sites that are exact, the first site's first.
    """

    time: float
    url: str | None
    admin_host: str | None
    host: str
    seen: Told
    is_proxy: bool
    reads: int | None
    origins: tuple[str, ...]
    page: PageTold | None
    findings: tuple[Finding, ...]

    def failed(self, check: str) -> bool:
        """Tell whether the service itself says that this is wrong."""
        return any(one.check == check and one.state == FAIL for one in self.findings)


def report_in(told: Mapping[str, Any]) -> Report | None:
    """Return the report in an answer; None where it is none."""
    try:
        request = told["request"]
        reads = request["reads"]
        return Report(
            float(told["time"]),
            _text_or_none(told["url"]),
            _text_or_none(told["admin_host"]),
            str(request["host"]),
            Told(
                _text_or_none(request["address"]),
                str(request["peer"]),
                bool(request["is_trusted"]),
                tuple(map(str, request["headers"])),
            ),
            bool(request["is_proxy"]),
            reads if isinstance(reads, int) else None,
            tuple(str(origin) for site in told["sites"] for origin in site["origins"]),
            _page(told["page"]),
            tuple(_finding(one) for one in told["findings"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _page(told: Mapping[str, Any] | None) -> PageTold | None:
    if told is None:
        return None
    return PageTold(
        str(told["page"]),
        bool(told["blocked"]),
        _text_or_none(told["refusal"]),
        _text_or_none(told["line"]),
    )


def _finding(told: Mapping[str, Any]) -> Finding:
    finding = Finding(*(str(told[name]) for name in Finding._fields))
    if finding.check not in CHECKS or finding.state not in {OK, WARN, FAIL, UNCHECKED}:
        raise ValueError("it is no finding of this version")
    return finding


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)
