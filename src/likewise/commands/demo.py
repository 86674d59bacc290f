"""`likewise demo`: the service with its demo page, whatever else is set."""

from __future__ import annotations

from likewise.commands import serve
from likewise.settings import Settings

add_arguments = serve.add_arguments


def run(options: object, settings: Settings) -> int:
    """Serve, with /demo."""
    return serve.run(options, settings._replace(demo=True))
