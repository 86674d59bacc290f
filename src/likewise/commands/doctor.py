"""`likewise doctor`: what is wrong with the set-up, and what to do about it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from likewise.addresses import parse_address
from likewise.cli import DONE, FAILED, WRONG_USE
from likewise.doctor import own, printing
from likewise.doctor.backups import backups
from likewise.doctor.examination import Wanted, examine
from likewise.doctor.finding import FAIL, Finding, fail, ok
from likewise.doctor.told import report_in
from likewise.doctor.visitor import Visitor, origin_at
from likewise.errors import StartError
from likewise.options import add_settings
from likewise.settings import Settings
from likewise.store.condition import condition_of
from likewise.store.file import holder_of
from likewise.transfer.local import ask
from likewise.web.host import admin_url


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the address, a page, and the form."""
    add_settings(parser, "LIKEWISE_DATABASE", "LIKEWISE_ADMIN_HOST")
    parser.add_argument("url", nargs="?", type=_url, help="the service's public address")
    parser.add_argument("--page", type=_address, help="a page of your site with the button")
    parser.add_argument(
        "--resolve",
        action="append",
        default=[],
        type=_resolution,
        metavar="NAME=ADDRESS",
        help="ask there for this name, which may lead elsewhere as yet; may be repeated",
    )
    parser.add_argument(
        "--rate", action="store_true", help="try the edge's rate rule with 50 quick requests"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for monitors")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Examine and print; 1 when something fails."""
    local = _local(settings, is_named=options.url is not None or options.page is not None)
    url = options.url or local.url
    if url is None and options.page is None and not local.found:
        sys.stderr.write(
            f"likewise doctor: There is no database {settings.database_path}, and no address."
            " Name the service's: likewise doctor https://likes.example.com\n"
        )
        return WRONG_USE
    key = settings.admin_key or (local.key if url == local.url else None)
    visitor = Visitor(dict(options.resolve))
    owner_url = None if url is None else admin_url(url, settings.admin_host or local.admin_host)
    found = examine(Wanted(url, options.page, key, local.found, options.rate, owner_url), visitor)
    if options.json:
        sys.stdout.write(printing.as_json(found) + "\n")
    else:
        colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        sys.stdout.writelines(f"{line}\n" for line in printing.lines(found, colours=colours))
    return FAILED if any(one.state == FAIL for one in found) else DONE


class _Local(NamedTuple):
    """What is found on this machine: nothing where the service is on another."""

    found: tuple[Finding, ...] = ()
    url: str | None = None
    key: str | None = None
    admin_host: str | None = None


def _local(settings: Settings, *, is_named: bool) -> _Local:
    server = holder_of(settings.database_path)
    if server is not None:
        return _from_server(server, settings.url)
    if is_named or not Path(settings.database_path).exists():
        return _Local(url=settings.url)
    service = fail(
        "service",
        f"No service runs on {settings.database_path}.",
        "Start it: likewise serve. Its log says why it has ended.",
    )
    now = time.time()
    database = [*own.of_database(condition_of(settings.database_path, now))]
    kept = backups(settings.backups_path, settings.database_path, now)
    return _Local((service, *database, kept, *own.of_settings(settings)), settings.url)


def _from_server(server: Mapping[str, Any], url: str | None) -> _Local:
    try:
        told = report_in(ask(server, "GET", "/api/doctor", b""))
    except StartError as error:
        why = "End it and start it again; its log may say why."
        return _Local((fail("service", str(error), why),), url)
    if told is None:
        raise StartError("The server is of another version. Restart it.")
    runs = ok("service", f"The service runs at {server.get('address')}")
    found = (one for one in told.findings if one.check != "reader")
    key = str(server.get("key", "")) or None
    return _Local((runs, *found), told.url, key, told.admin_host)


def _address(text: str) -> str:
    try:
        origin_at(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text}: expected an address such as https://likes.example.com"
        ) from None
    return text


def _url(text: str) -> str:
    return _address(text).rstrip("/")


def _resolution(text: str) -> tuple[str, str]:
    name, equals, address = text.partition("=")
    if not name or not equals or parse_address(address) is None:
        raise argparse.ArgumentTypeError(f"{text}: expected NAME=ADDRESS, as a.example=192.0.2.1")
    return name.lower(), address
