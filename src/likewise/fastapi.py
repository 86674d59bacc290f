"""`likewise.fastapi:app`: the whole service as a FastAPI application with interactive docs.

Needs the extra `[fastapi]`. The routes are those of `likewise.asgi`, as they are.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from likewise import __version__, asgi
from likewise.web.openapi import specification

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    async with asgi.lifespan():
        yield


class _Documented(FastAPI):
    """FastAPI that shows our own description of the routes."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        return specification()


app = _Documented(title="Likewise", version=__version__, lifespan=_lifespan)
# Not mounted: that would match decoded paths, and lose those with a line break in them.
app.router.default = asgi.app
