"""`likewise openapi`: the description of the HTTP API."""

from __future__ import annotations

import argparse
import json
import sys

from likewise.cli import DONE
from likewise.settings import Settings
from likewise.web.openapi import specification


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Take nothing."""


def run(_options: argparse.Namespace, _settings: Settings) -> int:
    """Print it, in ASCII, so that it is the same everywhere."""
    sys.stdout.write(json.dumps(specification(), indent=2) + "\n")
    return DONE
