"""Somebody's FastAPI application with Likewise mounted under a prefix."""

from __future__ import annotations

from fastapi import FastAPI

from likewise import asgi

PREFIX = "/blog/likewise"

app = FastAPI(lifespan=asgi.lifespan, docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/own")
def own() -> dict[str, str]:
    return {"page": "of the host"}


app.mount(PREFIX, asgi.app)
