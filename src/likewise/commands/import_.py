"""`likewise import`: counts from elsewhere, set as seeds; doing it twice is doing it once."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from likewise.cli import DONE
from likewise.errors import StartError
from likewise.logs import escaped
from likewise.options import add_settings
from likewise.settings import Settings
from likewise.sites import DEFAULT
from likewise.store import Alias, Seed
from likewise.store.file import connect, holder_of
from likewise.transfer.importers import article
from likewise.transfer.local import alone, ask
from likewise.transfer.sitemap import sitemap_paths

BODY_BYTES = 64 * 1_024  # applied in one go, which readers shall not notice


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what to import, and how its ids become pages."""
    add_settings(parser, "LIKEWISE_DATABASE")
    parser.add_argument("source", choices=["article"], help="whose format it is")
    parser.add_argument("file", type=Path, help="the article's likes.db")
    parser.add_argument(
        "--sitemap", help="the site's sitemap.xml, a file or an address: finds pages"
    )
    parser.add_argument("--site", default=DEFAULT, help="the site that gets the counts")
    parser.add_argument(
        "--choose",
        action="append",
        default=[],
        metavar="ID=/PATH",
        help="say which page an id means; may be repeated",
    )
    parser.add_argument("--map", type=Path, metavar="FILE", help="such lines in a file")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Plan, report, and set: through the server where one runs."""
    site = settings.site(options.site)
    plan = article.plan(
        article.read(options.file),
        sitemap_paths(options.sitemap) if options.sitemap else [],
        article.choices([*_lines(options.map), *options.choose]),
    )
    sys.stdout.write(article.report(plan))
    if options.dry_run:
        return DONE
    connect(settings.database_path, read_only=True).close()
    seeds = [Seed(site.name, page, site.kinds[0], likes) for page, likes in plan.seeds]
    aliases = [Alias(site.name, old, page) for old, page in plan.aliases]
    server = holder_of(settings.database_path)
    if server is None:
        refused = asyncio.run(_adopt(settings, seeds, aliases))
    else:
        refused = [
            old
            for body in _bodies(seeds, aliases)
            for old in ask(server, "POST", "/api/import", body)["refused"]
        ]
    for old in refused:
        sys.stdout.write(
            f"{escaped(old)}: its likes are at the page chosen now,"
            " but the old id still leads to the page chosen before.\n"
        )
    sys.stdout.write(
        f"Done: {len(seeds)} counts set, {len(aliases) - len(refused)} old ids kept.\n"
    )
    return DONE


async def _adopt(settings: Settings, seeds: list[Seed], aliases: list[Alias]) -> list[str]:
    async with alone(settings) as store:
        return [alias.old for alias in await store.adopt(seeds, aliases)]


def _bodies(seeds: list[Seed], aliases: list[Alias]) -> Iterator[bytes]:
    """Return the import as NDJSON, in parts that a request may hold."""
    lines = [
        {"site": seed.site, "page": seed.page, "kind": seed.kind, "seed": seed.n} for seed in seeds
    ]
    lines += [{"site": alias.site, "page": alias.page, "alias": alias.old} for alias in aliases]
    body = b""
    for line in lines:
        octets = json.dumps(line, ensure_ascii=False).encode() + b"\n"
        if len(body) + len(octets) > BODY_BYTES:
            yield body
            body = b""
        body += octets
    if body:
        yield body


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise StartError(f"{path} is not written in UTF-8.") from None
