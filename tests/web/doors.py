"""The doors that lead to the app: our own server, and the three ways to be an ASGI guest."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from tests import service
from tests.service import AsgiService, Reply, Service
from tests.web.mounting import PREFIX

ROOT = Path(__file__).parents[2]
SITE = "https://example.com"
PARTY = "https://party.example"
GAZETTE = "https://gazette.example"
SALON = "https://salon.example"

SITES = f"""
[sites.default]
url = "{SITE}/blog"
origins = [
    "{SITE}", "https://*.example.org", "https://Port.Example:8443", "https://bücher.example",
    "http://localhost:*",
]

[sites.party]
origins = ["{PARTY}"]
kinds = ["❤️", "🎉", "👍🏽"]

[sites.gazette]
origins = ["{GAZETTE}", "https://*.gazette.example"]
kinds = ["like", "👏"]
views = true

[sites.salon]
origins = ["{SALON}"]
kinds = ["🎶", "🎻", "👏", "yes", "no"]
[kinds."🎶"]
exclusive = true
[kinds."🎻"]
exclusive = true
[kinds."👏"]
max = 50
[kinds.yes]
exclusive = "answer"
private = true
[kinds.no]
exclusive = "answer"
private = true
"""


class FastapiService(AsgiService):
    """`likewise.fastapi:app` behind uvicorn."""

    application = "likewise.fastapi:app"


class MountedService(AsgiService):
    """Likewise under a prefix of somebody's application."""

    application = "tests.web.mounting:app"

    def environment(self) -> dict[str, str]:
        """Let uvicorn find the application, which is a test's and not installed."""
        environment = super().environment()
        path = [str(ROOT), *filter(None, [environment.get("PYTHONPATH")])]
        return {**environment, "PYTHONPATH": os.pathsep.join(path)}

    def request(
        self,
        method: str,
        target: str,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request to what is mounted."""
        return super().request(method, PREFIX + target, body, headers)


class KeylessService(Service):
    """The service at its first start, which makes a key of its own."""

    def environment(self) -> dict[str, str]:
        """Leave the key out."""
        settings = super().environment()
        del settings["LIKEWISE_ADMIN_KEY"]
        return settings

    @property
    def made_key(self) -> str:
        """The key, as it stands in the file that was named in the log."""
        return (self.directory / "admin-key").read_text(encoding="ascii").strip()


DOORS: dict[str, type[Service]] = {
    "serve": Service,
    "uvicorn": AsgiService,
    "fastapi": FastapiService,
    "mounted": MountedService,
}

_numbers = count(1)


def fresh_page() -> str:
    """Return a page that no other test has seen."""
    return f"/fresh/{next(_numbers)}"


def fresh_voter() -> str:
    """Return a voter who has liked nothing yet."""
    return service.voter(next(_numbers))


def fresh_address() -> str:
    """Return a public address from which nothing has come yet."""
    return service.address(next(_numbers))


def stored(door: Service) -> Any:
    """Return all that the service has stored, in figures: what a refusal must leave alone."""
    summaries = [door.owner(f"/api/summary?site={site}").json for site in ("default", "party")]
    # That somebody was refused is remembered, and not stored.
    return [{**summary, "refused_origins": None} for summary in summaries]
