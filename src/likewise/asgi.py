"""`likewise.asgi:app`, the service for any ASGI server, and `lifespan` for a mounting one.

Settings come from environment and `likewise.toml` when the lifespan starts, not at import.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from likewise import settings
from likewise.http.asgi import Asgi
from likewise.http.message import App
from likewise.service import running


@asynccontextmanager
async def _running() -> AsyncIterator[App]:
    async with running(settings.load({})) as service:
        yield service.app


app = Asgi(_running)
lifespan = asynccontextmanager(app.lifespan)
