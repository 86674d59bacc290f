"""`likewise key`: a new admin key in the place of the old one."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from likewise.cli import DONE
from likewise.errors import StartError
from likewise.options import add_settings
from likewise.settings import Settings
from likewise.store.file import connect, holder_of
from likewise.transfer.local import alone, ask
from likewise.web.sessions import digest_of, new_token


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the database."""
    add_settings(parser, "LIKEWISE_DATABASE")


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Make a key, keep its digest, print the key: through the server where one runs."""
    if settings.admin_key:
        raise StartError("LIKEWISE_ADMIN_KEY sets the key. Change it there, and restart.")
    connect(settings.database_path, read_only=True).close()
    key = new_token()
    server = holder_of(settings.database_path)
    if server is None:
        asyncio.run(_replace(settings, digest_of(key)))
    else:
        ask(server, "POST", "/api/key", json.dumps({"sha256": digest_of(key).hex()}).encode())
    sys.stderr.write("The new admin key, shown this once. The old one no longer works.\n")
    sys.stdout.write(f"{key}\n")
    return DONE


async def _replace(settings: Settings, digest: bytes) -> None:
    async with alone(settings) as store:
        await store.set_admin_key_digest(digest)
