"""`likewise key`: a new admin key in the place of the old one."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from likewise.cli import DONE, add_settings
from likewise.errors import StartError
from likewise.settings import Settings
from likewise.store.file import Lock, connect, holder_of
from likewise.store.sqlite import open_store
from likewise.transfer.local import ask
from likewise.web.sessions import digest_of, new_token


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Take the database."""
    add_settings(sub, "LIKEWISE_DATABASE")


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Make a key, keep its digest, print the key: through the server where one runs."""
    if settings.admin_key:
        raise StartError("LIKEWISE_ADMIN_KEY sets the key. Change it there, and restart.")
    connect(settings.database_path, read_only=True).close()
    key = new_token()
    server = holder_of(settings.database_path)
    if server is not None:
        ask(server, "POST", "/api/key", json.dumps({"sha256": digest_of(key).hex()}).encode())
    else:
        asyncio.run(_replace(settings, digest_of(key)))
    sys.stderr.write("The new admin key, shown this once. The old one no longer works.\n")
    sys.stdout.write(f"{key}\n")
    return DONE


async def _replace(settings: Settings, digest: bytes) -> None:
    lock = Lock(settings.database_path)
    store = open_store(settings.database_path, settings.secret, create=False)
    try:
        await store.set_admin_key_digest(digest)
    finally:
        await store.close()
        lock.release()
