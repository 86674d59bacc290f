"""The service at its public address, as the doctor asks it: with the owner's key, or without.

Knows the API's addresses; must not know what an answer means.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from likewise.doctor.told import Report, report_in
from likewise.doctor.visitor import Answer, Visitor
from likewise.hosts import is_this_machine
from likewise.voters import new_voter


def may_take_key(url: str) -> bool:
    """Tell whether a key may be sent there: with TLS, or to this machine itself."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_this_machine(parts.hostname or "")


class Write(NamedTuple):
    """A like that is taken back by a voter who never gave one: it changes no count."""

    page: str
    site: str | None
    kind: str | None


class Subject:
    """Whom the doctor examines: the service at its address, and its owner's part at `owner_url`,
    which is the same but with an admin host. The key is sent there alone, after no redirect.

    Every method raises `Unreachable`.
    """

    def __init__(
        self, visitor: Visitor, url: str, key: str | None, owner_url: str | None = None
    ) -> None:
        self.visitor = visitor
        self.url = url
        self.owner_url = owner_url or url
        self.key = key if key is not None and may_take_key(self.owner_url) else None
        self.mark = os.urandom(6).hex()  # what no cache has seen yet

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask as anybody may."""
        return self.visitor.ask(self.url + path, headers)

    def as_owner(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask where the owner's part is; the key is among the headers, or not."""
        return self.visitor.ask(self.owner_url + path, headers)

    def post(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> Answer:
        """Send JSON as the widget does, which needs no preflight."""
        lines = {"Content-Type": "text/plain;charset=UTF-8", **(headers or {})}
        return self.visitor.ask(self.url + path, lines, json.dumps(body).encode())

    def write(self, wish: Write, origin: str) -> Answer:
        """Send what a reader's browser would from a page at this origin."""
        fields = {**wish._asdict(), "voter": new_voter(), "on": False}
        said = {name: value for name, value in fields.items() if value is not None}
        return self.post("/v1/like", said, {"Origin": origin})

    def report(
        self, headers: Mapping[str, str] | None = None, **query: str | None
    ) -> tuple[Answer, Report | None]:
        """Ask the service about itself; return the answer, and what was told in it."""
        said = {name: value for name, value in query.items() if value is not None}
        said["doctor"] = f"{self.mark}{time.monotonic_ns()}"
        lines = {"X-API-Key": self.key or "", **(headers or {})}
        answer = self.as_owner(f"/api/doctor?{urlencode(said)}", lines)
        return answer, report_in(answer.json) if answer.status == 200 else None
