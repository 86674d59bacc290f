"""`likewise demo`: the service with its demo page, whatever else is set."""

from __future__ import annotations

import argparse

from likewise.commands import serve  # isort: skip (first: it keeps out what is not needed)
from likewise.cli import add_settings
from likewise.settings import Settings


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Take every setting but the secret ones as a flag."""
    add_settings(sub)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Serve, with /demo."""
    return serve.run(options, settings._replace(demo=True))
