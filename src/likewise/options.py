"""What may follow a command: its arguments, and settings as flags.

Knows argparse, which a service that is started without flags does not load.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from likewise import forms
from likewise.cli import WRONG_USE, Command
from likewise.logs import escaped
from likewise.settings import FLAGS, PREFIX, Setting


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{self.prog}: {escaped(message)}. `{self.prog} --help` tells more.\n")
        raise SystemExit(WRONG_USE)


def parse(
    command: Command,
    add_arguments: Callable[[argparse.ArgumentParser], None],
    arguments: Sequence[str],
) -> argparse.Namespace:
    """Return a command's options. Ends the process for `--help`, and with 2 for wrong use."""
    parser = _Parser(
        prog=f"likewise {command.name}",
        description=f"{command.help.capitalize()}.",
        epilog=f"example: {command.example}",
        formatter_class=_formatter,
        allow_abbrev=False,  # a new flag may not change what an old script means
    )
    add_arguments(parser)
    return parser.parse_args(arguments)


def add_settings(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add flags for settings, for all but secrets where no names are given."""
    for name in names or FLAGS:
        setting = FLAGS[name]
        is_switch = setting.read is forms.switch
        parser.add_argument(
            setting.flag,
            dest=name,
            metavar=name.removeprefix(PREFIX),
            type=_checked(setting),
            nargs="?" if is_switch else None,
            const="on" if is_switch else None,
            help=f"{setting.help} ({name}, default {setting.default or 'none'})",
        )


def number(text: str) -> int:
    """Read a whole number from 0 up."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 10:
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number")
    return int(text)


def _checked(setting: Setting) -> Callable[[str], str]:
    def check(text: str) -> str:
        try:
            setting.read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text}: {error}") from None
        return text

    return check


def _formatter(prog: str) -> argparse.HelpFormatter:
    # A width of our own: to look for the terminal's, argparse loads bz2, lzma and shutil.
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=28, width=96)
