"""The command line: the commands, what they return, and how their errors are told.

Each command lies in a file of its own that is loaded when it is called.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from likewise import __version__
from likewise.errors import Problem, StartError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from io import TextIOWrapper

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
    Command("reasons", "print what readers wrote to you", "likewise reasons > reasons.csv"),
    Command(
        "doctor",
        "find what is wrong with the set-up",
        "likewise doctor https://likes.example.com --page https://example.com/a-post/",
    ),
    Command(
        "backup", "copy database and secret while the service runs", "likewise backup /mnt/backups"
    ),
    Command("restore", "put a backup in place", "likewise restore /mnt/backups/likewise-….db"),
    Command(
        "import",
        "bring counts along from elsewhere",
        "likewise import article likes.db --sitemap https://example.com/sitemap.xml",
    ),
    Command(
        "purge",
        "take spam away, after telling how much",
        "likewise purge --page /posts/hello --from 2026-01-31T22:00 --keep first",
    ),
    Command(
        "migrate", "change the tables to this version's, after a copy", "likewise migrate --dry-run"
    ),
    Command("key", "replace the admin key by a new one", "likewise key"),
    Command(
        "snippet",
        "print what to paste into a site",
        "likewise snippet hugo --url https://likes.example.com",
    ),
    Command(
        "cloudflare",
        "print how to set Cloudflare up in front of it",
        "likewise cloudflare steps --url https://likes.example.com --origins https://example.com",
    ),
    Command("openapi", "print the description of the HTTP API", "likewise openapi > openapi.json"),
    Command("health", "ask the running service whether it can store likes", "likewise health"),
)
_SERVING = frozenset({"serve", "demo"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0 when it was done, 1 when it failed, 2 for wrong use."""
    arguments = sys.argv[1:] if arguments is None else arguments
    program = " ".join(["likewise", *arguments[:1]])
    # A terminal that cannot show a character gets its escape, not a traceback.
    cast("TextIOWrapper", sys.stdout).reconfigure(errors="backslashreplace")
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except (StartError, Problem) as error:
        return _told(program, str(error), FAILED)
    except KeyboardInterrupt:
        return FAILED
    except OSError as error:
        # What could not be written shall not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return DONE  # who reads no further, as `head` does, has had enough
        return _told(program, _of_system(error), FAILED)


def help_text() -> str:
    """Return what `likewise --help` prints."""
    lines = "\n".join(f"  {command.name:<12}{command.help}" for command in COMMANDS)
    return (
        "usage: likewise COMMAND [OPTIONS]\n\nThe like button that you own.\n\n"
        f"commands:\n{lines}\n\nlikewise COMMAND --help tells more.\n"
    )


def _run(arguments: Sequence[str]) -> int:
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", ())
    if name in {"-h", "--help"}:
        sys.stdout.write(help_text())
        return DONE
    if name == "--version":
        sys.stdout.write(f"likewise {__version__}\n")
        return DONE
    command = next((command for command in COMMANDS if command.name == name), None)
    if command is None:
        return _told("likewise", _no_command(name), WRONG_USE)
    # Before all else: what serves keeps out what its process does not need.
    module = _module(name)
    options = _options(command, module, rest)
    return module.run(options, _settings(options))


def _options(command: Command, module: CommandModule, rest: Sequence[str]) -> Namespace | None:
    if command.name in _SERVING and not rest:
        return None  # as services are mostly started: without argparse, which is 0.4 MiB
    from likewise.options import parse  # noqa: PLC0415

    return parse(command, module.add_arguments, rest)


def _settings(options: Namespace | None) -> Settings:
    from likewise.settings import FLAGS, load  # noqa: PLC0415 (see `_run`)

    values = {name: getattr(options, name, None) for name in FLAGS}
    return load({name: value for name, value in values.items() if value is not None})


def _no_command(name: str) -> str:
    import difflib  # noqa: PLC0415 (needed after a mistake only)

    names = [command.name for command in COMMANDS]
    if not name or name.startswith("-"):
        return f"The command comes first. There are: {', '.join(names)}."
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(names)}."
    return f"{name!r} is no command. {hint}"


def _of_system(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}."


def _told(program: str, error: str, code: int) -> int:
    from likewise.logs import escaped  # noqa: PLC0415 (needed after a mistake only)

    sys.stderr.write(f"{program}: {escaped(error)}\n")
    return code


class CommandModule(Protocol):
    """What a file in `likewise.commands` has."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare options."""

    def run(self, options: Any, settings: Settings) -> int:  # noqa: ANN401 (see `_options`)
        """Do it; return the exit code."""


def _module(name: str) -> CommandModule:
    file = "import_" if name == "import" else name
    return cast("CommandModule", importlib.import_module(f"likewise.commands.{file}"))
