"""The command line: names, flags, help and exit codes.

Each command lies in a file of its own that is loaded when it is called.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from likewise import __version__
from likewise.errors import Problem, StartError

if TYPE_CHECKING:
    from likewise.settings import Settings

DONE, FAILED, WRONG_USE = 0, 1, 2


class Command(NamedTuple):
    """One command: its module in `likewise.commands`, a line of help, an example."""

    name: str
    help: str
    example: str


COMMANDS: tuple[Command, ...] = (
    Command("serve", "run the service", "likewise serve --origins https://example.com"),
    Command("demo", "run the service with its demo page", "likewise demo --port 8000"),
    Command("stats", "list pages and their likes", "likewise stats --limit 20"),
    Command(
        "backup", "copy database and secret while the service runs", "likewise backup /mnt/backups"
    ),
    Command("restore", "put a backup in place", "likewise restore /mnt/backups/likewise-….db"),
    Command(
        "import",
        "bring counts along from elsewhere",
        "likewise import article likes.db --sitemap https://example.com/sitemap.xml",
    ),
    Command("key", "replace the admin key by a new one", "likewise key"),
    Command("openapi", "print the description of the HTTP API", "likewise openapi > openapi.json"),
    Command("health", "ask the running service whether it can store likes", "likewise health"),
)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line up to the command."""
    names = "\n".join(f"  {command.name:<10}{command.help}" for command in COMMANDS)
    root = argparse.ArgumentParser(
        prog="likewise",
        usage="likewise COMMAND [OPTIONS]",
        description="The like button that you own.",
        epilog=f"commands:\n{names}\n\nlikewise COMMAND --help tells more.",
        formatter_class=_formatter,
    )
    root.add_argument("--version", action="version", version=f"likewise {__version__}")
    known = [command.name for command in COMMANDS]
    root.add_argument("command", metavar="COMMAND", choices=known, help=argparse.SUPPRESS)
    return root


def command_parser(command: Command) -> argparse.ArgumentParser:
    """Return the parser of one command's options."""
    sub = argparse.ArgumentParser(
        prog=f"likewise {command.name}",
        description=f"{command.help.capitalize()}.",
        epilog=f"example: {command.example}",
        formatter_class=_formatter,
    )
    module_of(command.name).add_arguments(sub)
    return sub


def add_settings(sub: argparse.ArgumentParser, *names: str) -> None:
    """Add flags for settings, for all but secrets where no names are given."""
    from likewise.settings import PREFIX, SETTINGS  # noqa: PLC0415 (see `main`)

    for setting in SETTINGS:
        if setting.is_secret or (names and setting.name not in names):
            continue
        sub.add_argument(
            flag_of(setting.name),
            dest=setting.name,
            metavar=setting.name.removeprefix(PREFIX),
            help=f"{setting.help} ({setting.name}, default {setting.default or 'none'})",
        )


def flag_of(name: str) -> str:
    """Return the flag of a setting: `LIKEWISE_CLIENT_HEADER` is `--client-header`."""
    return "--" + name.removeprefix("LIKEWISE_").lower().replace("_", "-")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0 when it was done, 1 when it failed, 2 for wrong use."""
    arguments = sys.argv[1:] if arguments is None else arguments
    name = parser().parse_args(arguments[:1]).command
    # Only this command's file is loaded, and before all else: the service shall not carry the
    # others around, and keeps out what it does not need.
    command = next(one for one in COMMANDS if one.name == name)
    module = module_of(name)
    options = command_parser(command).parse_args(arguments[1:])
    try:
        return module.run(options, _settings(options))
    except (StartError, Problem) as error:
        sys.stderr.write(f"likewise {name}: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        return FAILED
    except BrokenPipeError:
        sys.stderr.close()
        return DONE


def _settings(options: argparse.Namespace) -> Settings:
    from likewise.settings import SETTINGS, load  # noqa: PLC0415 (see `main`)

    values = {setting.name: getattr(options, setting.name, None) for setting in SETTINGS}
    return load({name: value for name, value in values.items() if value is not None})


def _formatter(prog: str) -> argparse.HelpFormatter:
    # A width of our own: to look for the terminal's, argparse loads bz2, lzma and shutil.
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=28, width=96)


class CommandModule(Protocol):
    """What a file in `likewise.commands` has."""

    def add_arguments(self, sub: argparse.ArgumentParser) -> None:
        """Declare options."""

    def run(self, options: argparse.Namespace, settings: Settings) -> int:
        """Do it; return the exit code."""


def module_of(name: str) -> CommandModule:
    """Load a command's file."""
    file = "import_" if name == "import" else name
    return cast("CommandModule", importlib.import_module(f"likewise.commands.{file}"))
