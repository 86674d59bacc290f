"""What the doctor finds: the checks by name, and what each came to.

Plain values; knows nothing of how anything is checked.
"""

from __future__ import annotations

from typing import NamedTuple

OK, WARN, FAIL, UNCHECKED = "ok", "warn", "fail", "unchecked"

SERVICE, ADDRESS, PAGE = "service", "address", "page"

# Every check, in the order of the report; docs/doctor.md explains each.
CHECKS: dict[str, str] = {
    "service": SERVICE,
    "storage": SERVICE,
    "database": SERVICE,
    "disk": SERVICE,
    "wal": SERVICE,
    "backups": SERVICE,
    "sqlite": SERVICE,
    "origins": SERVICE,
    "refused": SERVICE,
    "limits": SERVICE,
    "trust": SERVICE,
    "proxy": SERVICE,
    "readers": SERVICE,
    "reachable": ADDRESS,
    "certificate": ADDRESS,
    "redirect": ADDRESS,
    "challenge": ADDRESS,
    "key": ADDRESS,
    "url": ADDRESS,
    "host": ADDRESS,
    "reader": ADDRESS,
    "forgery": ADDRESS,
    "clock": ADDRESS,
    "cors": ADDRESS,
    "caching": ADDRESS,
    "errors": ADDRESS,
    "private": ADDRESS,
    "cookies": ADDRESS,
    "compression": ADDRESS,
    "rate": ADDRESS,
    "page": PAGE,
    "widget": PAGE,
    "integrity": PAGE,
    "rocket-loader": PAGE,
    "mixed-content": PAGE,
    "policy": PAGE,
    "article": PAGE,
    "origin": PAGE,
    "twin": PAGE,
    "counted": PAGE,
}


class Finding(NamedTuple):
    """What a check came to. `state` is `ok`, `warn`, `fail`, or `unchecked`; `advice` says what to
    do, or how it could be checked.
    """

    check: str
    state: str
    text: str
    advice: str = ""


def ok(check: str, text: str) -> Finding:
    """Return that all is well."""
    return Finding(check, OK, text)


def warn(check: str, text: str, advice: str) -> Finding:
    """Return what is not right, though it works."""
    return Finding(check, WARN, text, advice)


def fail(check: str, text: str, advice: str) -> Finding:
    """Return what does not work, or is not safe."""
    return Finding(check, FAIL, text, advice)


def unchecked(check: str, text: str, advice: str = "") -> Finding:
    """Return what could not be told, and how it could."""
    return Finding(check, UNCHECKED, text, advice)
