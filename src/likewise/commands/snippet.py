"""`likewise snippet`: what to paste into a site, filled with the settings.

The texts lie in `snippets`, one for each generator.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from html import escape
from pathlib import Path

from likewise.cli import DONE
from likewise.errors import StartError
from likewise.forms import UNIX_PREFIX
from likewise.options import add_settings
from likewise.settings import Settings
from likewise.sites import DEFAULT, PLAIN, SIGNED, Site

TEXTS = Path(__file__).parent.parent / "snippets"
# A line of what a generator reads its settings from, and how it says yes.
_FORMS = {
    "toml": ("{name} = {value}", "true"),
    "yaml": ("{name}: {value}", "true"),
    "python": ('"{name}": {value},', "True"),
    "js": ("{name}: {value},", "true"),
}
_ONLY_SIGNED = "@signed "


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the generator, and the settings that end up in the text."""
    add_settings(
        parser,
        *("LIKEWISE_URL", "LIKEWISE_ORIGINS", "LIKEWISE_KINDS"),
        *("LIKEWISE_HOST", "LIKEWISE_PORT"),
    )
    parser.add_argument("--site", default=DEFAULT, help="the site, by its name")
    parser.add_argument(
        "generator",
        nargs="?",
        choices=generators(),
        default="html",
        metavar="GENERATOR",
        help=f"what makes your site: {', '.join(generators())}; html, two lines, by default",
    )


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print it; on standard error, what the service is to be told first."""
    site = settings.site(options.site)
    api = _address(settings)
    text = (TEXTS / f"{options.generator}.txt").read_text(encoding="utf-8")
    sys.stdout.write(_filled(text, api, _attributes(site), is_signed=site.pages == SIGNED))
    for advice in _advice(settings, site):
        sys.stderr.write(f"likewise snippet: {advice}\n")
    return DONE


def generators() -> list[str]:
    """Return the names that there is a text for."""
    return sorted(file.stem for file in TEXTS.glob("*.txt"))


def _address(settings: Settings) -> str:
    if settings.url:
        return settings.url
    if settings.host.startswith(UNIX_PREFIX):
        raise StartError("LIKEWISE_URL is not set: it is the address that your pages load.")
    return f"http://127.0.0.1:{settings.port}"


def _attributes(site: Site) -> dict[str, str]:
    """Return what the buttons of a site say, where it is not what they take by themselves: one kind
    that is counted in the plain way. What is empty only has to be there.
    """
    said = {} if site.name == DEFAULT else {"site": site.name}
    kinds = site.public_kinds or site.kinds
    if len(site.kinds) > 1 or site.rule(kinds[0]) != PLAIN:
        said["kind"] = " ".join(kinds)
    return said | {"views": ""} if site.views else said


def _filled(text: str, api: str, attributes: dict[str, str], *, is_signed: bool) -> str:
    words = {"@api": api, "@attributes": _as_html(attributes)}
    lines = []
    for line in text.splitlines(keepends=True):
        if line.startswith(_ONLY_SIGNED):
            if is_signed:
                lines += [line.removeprefix(_ONLY_SIGNED), "\n"]
        elif found := re.fullmatch(r"( +)@(toml|yaml|python|js)\n", line):
            lines += _said(found[1], _FORMS[found[2]], {"api": api} | attributes)
        else:
            lines.append(re.sub("|".join(words), lambda found: words[found[0]], line))
    return "".join(lines)


def _as_html(attributes: dict[str, str]) -> str:
    return "".join(
        f' {name}="{escape(text)}"' if text else f" {name}" for name, text in attributes.items()
    )


def _said(indent: str, form: tuple[str, str], values: dict[str, str]) -> list[str]:
    """Return a line for each value. A string of JSON is one of the other languages too."""
    line, yes = form
    return [
        indent
        + line.format(name=name, value=json.dumps(text, ensure_ascii=False) if text else yes)
        + "\n"
        for name, text in values.items()
    ]


def _advice(settings: Settings, site: Site) -> list[str]:
    advice = []
    if not settings.url:
        advice.append("LIKEWISE_URL is not set, so this works on this machine alone.")
    if site.is_local:
        advice.append("Only pages on this machine may write: LIKEWISE_ORIGINS names your site.")
    return advice
