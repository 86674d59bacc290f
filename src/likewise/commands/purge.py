"""`likewise purge`: takes spam away, after telling how much that would be."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

from likewise.cli import DONE
from likewise.logs import escaped
from likewise.options import add_settings, number
from likewise.settings import Settings
from likewise.sites import DEFAULT, site_named
from likewise.store.file import connect, holder_of
from likewise.store.sqlite import SqliteStore
from likewise.transfer.local import alone, ask
from likewise.web.corrections import KEPT, purge_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what to purge, and whether to do it."""
    add_settings(parser, "LIKEWISE_DATABASE")
    parser.add_argument("--site", default=DEFAULT, help="the site, by its name")
    parser.add_argument("--page", help="the page; all of the site's by default")
    parser.add_argument("--kind", help="what was counted; every kind by default")
    parser.add_argument("--from", dest="since", help="the first hour: 2026-01-31T22:00 (UTC)")
    parser.add_argument("--to", dest="until", help="the moment before which the last hour ends")
    parser.add_argument("--surge", type=number, help="a surge, by the number on the dashboard")
    parser.add_argument(
        "--keep", choices=list(KEPT), default="none", help="how many likes of each network stay"
    )
    parser.add_argument("--yes", action="store_true", help="do it; otherwise it is only told")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Tell what would go; with `--yes` take it away. Through the server where one runs."""
    connect(settings.database_path, read_only=True).close()
    fields = _fields(options)
    server = holder_of(settings.database_path)
    if server is None:
        answer = asyncio.run(_alone(settings, fields))
    else:
        answer = ask(server, "POST", "/api/likes/purge", json.dumps(fields).encode())
    sys.stdout.write(_told(answer))
    return DONE


def _fields(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the command says as the API says it."""
    fields = {
        "site": options.site,
        "page": options.page,
        "kind": options.kind,
        "from": options.since,
        "to": options.until,
        "surge": options.surge,
        "keep": options.keep,
        "dry_run": not options.yes,
    }
    return {name: value for name, value in fields.items() if value is not None}


async def _alone(settings: Settings, fields: dict[str, Any]) -> dict[str, Any]:
    async with alone(settings) as store:
        return await _purged(store, settings, fields)


async def _purged(store: SqliteStore, settings: Settings, fields: dict[str, Any]) -> dict[str, Any]:
    site = site_named({site.name: site for site in settings.sites}, fields["site"])
    purge = await purge_of(store, site, fields)
    effect = await store.ledger.purge(purge, "command", dry_run=fields["dry_run"])
    return effect._asdict()


def _told(answer: dict[str, Any]) -> str:
    where = escaped(answer["page"]) if answer["page"] else "the whole site"
    removed, kept, correction = answer["removed"], answer["kept"], answer["correction"]
    if correction is None:
        return (
            f"{removed} likes of {where} would go, {kept} would stay."
            " Nothing is done yet: --yes does it.\n"
        )
    return (
        f"{removed} likes of {where} are gone, {kept} stay. For 7 days the dashboard can undo it:"
        f" correction {correction}.\n"
    )
