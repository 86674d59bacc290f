"""`likewise cloudflare`: what Cloudflare shall be told, filled with the site's settings."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from likewise.cli import DONE
from likewise.cloudflare.api import script
from likewise.cloudflare.config import config_file, settings_block
from likewise.cloudflare.plan import Plan, Wanted, plan
from likewise.cloudflare.steps import steps
from likewise.cloudflare.terraform import terraform
from likewise.options import add_settings
from likewise.settings import Settings

FORMS: dict[str, Callable[[Plan], str]] = {
    "steps": lambda plan: steps(plan, settings_block(plan)),
    "api": lambda plan: script(plan, settings_block(plan)),
    "terraform": terraform,
    "config": config_file,
    "settings": settings_block,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the form, and what the settings do not say."""
    add_settings(
        parser,
        *("LIKEWISE_URL", "LIKEWISE_ORIGINS", "LIKEWISE_ADMIN_HOST"),
        *("LIKEWISE_HOST", "LIKEWISE_PORT"),
    )
    parser.add_argument(
        "form",
        nargs="?",
        choices=list(FORMS),
        default="steps",
        help="steps in the web interface, a script of API calls, a Terraform file, the tunnel's"
        " config.yml, or the service's settings",
    )
    parser.add_argument("--zone", help="the domain at Cloudflare; the name above the service's")
    parser.add_argument("--email", help="who may come to the dashboard, with --admin-host")
    parser.add_argument(
        "--service", help="where the tunnel finds the service: http://likewise:8000 in compose"
    )
    parser.add_argument("--tunnel", default=Wanted().tunnel, help="the tunnel's name")
    parser.add_argument("--tunnel-id", help="its id, for config")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print it. Asks Cloudflare nothing, and knows no secret."""
    wanted = Wanted(options.zone, options.service, options.email, options.tunnel, options.tunnel_id)
    sys.stdout.write(FORMS[options.form](plan(settings, wanted)))
    return DONE
