"""`likewise import`: counts from elsewhere, set as seeds; doing it twice is doing it once."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from likewise.cli import DONE, add_settings
from likewise.errors import StartError
from likewise.settings import Settings
from likewise.sites import DEFAULT, LIKE
from likewise.store import Alias, Seed
from likewise.store.file import Lock, connect, holder_of
from likewise.store.sqlite import open_store
from likewise.transfer.importers import article
from likewise.transfer.local import ask
from likewise.transfer.sitemap import sitemap_paths

LINES_PER_REQUEST = 500


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Take what to import, and how its ids become pages."""
    add_settings(sub, "LIKEWISE_DATABASE")
    sub.add_argument("source", choices=["article"], help="whose format it is")
    sub.add_argument("file", type=Path, help="the article's likes.db")
    sub.add_argument("--sitemap", help="the site's sitemap.xml, a file or an address: finds pages")
    sub.add_argument("--site", default=DEFAULT, help="the site that gets the counts")
    sub.add_argument(
        "--choose",
        action="append",
        default=[],
        metavar="ID=/PATH",
        help="say which page an id means; may be repeated",
    )
    sub.add_argument("--map", type=Path, metavar="FILE", help="such lines in a file")
    sub.add_argument("--dry-run", action="store_true", help="only say what would be done")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Plan, report, and set: through the server where one runs."""
    if options.site not in {site.name for site in settings.sites}:
        raise StartError(f"There is no site {options.site}. Name it in likewise.toml first.")
    plan = article.plan(
        article.read(options.file),
        sitemap_paths(options.sitemap) if options.sitemap else [],
        article.choices([*_lines(options.map), *options.choose]),
    )
    sys.stdout.write(article.report(plan))
    if options.dry_run:
        return DONE
    connect(settings.database_path, read_only=True).close()
    seeds = [Seed(options.site, page, LIKE, likes) for page, likes in plan.seeds]
    aliases = [Alias(options.site, old, page) for old, page in plan.aliases]
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
        sys.stdout.write(f"{old} counts for another page already; that was left as it is.\n")
    sys.stdout.write(
        f"Done: {len(seeds)} counts set, {len(aliases) - len(refused)} old ids kept.\n"
    )
    return DONE


async def _adopt(settings: Settings, seeds: list[Seed], aliases: list[Alias]) -> list[str]:
    lock = Lock(settings.database_path)
    store = open_store(settings.database_path, settings.secret, create=False)
    try:
        return [alias.old for alias in await store.adopt(seeds, aliases)]
    finally:
        await store.close()
        lock.release()


def _bodies(seeds: list[Seed], aliases: list[Alias]) -> Iterator[bytes]:
    """Return the import as NDJSON, in parts that a request may hold."""
    lines = [
        json.dumps({"site": seed.site, "page": seed.page, "kind": seed.kind, "seed": seed.n})
        for seed in seeds
    ]
    lines += [
        json.dumps({"site": alias.site, "page": alias.page, "alias": alias.old})
        for alias in aliases
    ]
    for start in range(0, len(lines), LINES_PER_REQUEST):
        yield "\n".join(lines[start : start + LINES_PER_REQUEST]).encode()


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{path} cannot be read: {error}.") from None
