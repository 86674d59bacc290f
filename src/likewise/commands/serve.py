"""`likewise serve`: runs the service until it is told to stop."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

# First: it keeps out what the process shall not load.
from likewise.serve import serve  # isort: skip
from likewise.cli import DONE
from likewise.forms import UNIX_PREFIX
from likewise.settings import Settings
from likewise.web.host import admin_url

if TYPE_CHECKING:
    from argparse import ArgumentParser


def add_arguments(parser: ArgumentParser) -> None:
    """Take every setting but the secret ones as a flag."""
    from likewise.options import add_settings  # noqa: PLC0415 (loaded where there are flags)

    add_settings(parser)


def run(_options: object, settings: Settings) -> int:
    """Serve."""
    serve(settings, lambda address: _print_snippet(settings, address))
    return DONE


def _print_snippet(settings: Settings, address: str) -> None:
    """Say what to paste; to a person only, since a log has no use for it."""
    if not sys.stdout.isatty():
        return
    is_socket = address.startswith(UNIX_PREFIX)
    url = settings.url or ("https://likes.example.com" if is_socket else address)
    admin = admin_url(url, settings.admin_host)
    sys.stdout.write(
        "\nPaste this where the button shall be:\n\n"
        f'    <script async src="{url}/likes.js"></script>\n'
        "    <like-wise></like-wise>\n\n"
        + (f"Try it at {url}/demo, " if settings.serves_demo else "")
        + f"see the counts at {admin}/dashboard\n\n"
    )
    sys.stdout.flush()
