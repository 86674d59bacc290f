"""`likewise serve`: runs the service until it is told to stop."""

from __future__ import annotations

import argparse
import sys

# First: it keeps out what the process shall not load.
from likewise.serve import serve  # isort: skip
from likewise.cli import DONE, add_settings
from likewise.settings import Settings


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Take every setting but the secret ones as a flag."""
    add_settings(sub)


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Serve."""
    serve(settings, lambda address: _print_snippet(settings, address))
    return DONE


def _print_snippet(settings: Settings, address: str) -> None:
    """Say what to paste; to a person only, since a log has no use for it."""
    if not sys.stdout.isatty():
        return
    url = settings.url or address
    sys.stdout.write(
        "\nPaste this where the button shall be:\n\n"
        f'    <script async src="{url}/likes.js"></script>\n'
        "    <like-wise></like-wise>\n\n"
        + (f"Try it at {url}/demo, " if settings.serves_demo else "")
        + f"see the counts at {url}/dashboard\n\n"
    )
    sys.stdout.flush()
