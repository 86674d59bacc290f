"""`python -m benchmarks.pressure`: whether the limits hold when crowds and attackers press.

A simulation over the real limits with a clock that is moved by hand; no server and no network.
It ends with 1 where an honest reader was refused because of others.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks import machine
from benchmarks.crowds import LATE_SECONDS, LONGEST_WAIT_SECONDS
from benchmarks.scenes import FULL_SPEED, SCENES, TARGET, Flood, Outcome, floods
from benchmarks.table import NONE, RESULTS

_SCENE_HEAD = (
    "scene",
    "attackers' requests",
    "likes gained",
    "a day",
    "of rank 1",
    "honest requests",
    "likes",
    "refused by pressure",
    "by the /48 shared",
    "waited and asked again",
    "gave up",
    "longest wait, s",
    "tables, MiB",
    "counted",
)
_FLOOD_HEAD = (
    "attacker",
    "spends",
    "requests",
    "likes of the page",
    "stated",
    "extra",
    "extra per million requests",
)
_CONDITIONS = (
    "The limits are the service's own, with a clock that is moved by hand; full speed is"
    f' {FULL_SPEED:,} requests a second. "A day" goes on like the last {LATE_SECONDS} s of the'
    " scene. An honest reader's requests are asked of a second limiter too, which nobody else uses:"
    ' "refused by pressure" is what it had granted. A refusal of up to'
    f" {LONGEST_WAIT_SECONDS} s is waited out as the widget does; for a longer one the reader gives"
    " up, with the limit of the reader's own network that said so. Tables: in memory before and"
    " after. Who comes when is the same for the same seed; which rows of a table meet depends on"
    " the secret of the process, as in the service."
)


def main() -> None:
    """Run all scenes, print the report, write it; exit with 1 where pressure refused somebody."""
    options = _options()
    facts = machine.facts(Path(sys.executable)) | {"Command": f"`{machine.command('pressure')}`"}
    del facts["Service"], facts["Others"]
    facts["Python"] = platform.python_version()
    outcomes = [
        one for name in options.scenes if name in SCENES for one in SCENES[name](options.seed)
    ]
    forgot = list(floods(options.seed)) if "g" in options.scenes else []
    text = _markdown(facts, outcomes, forgot)
    print(text)
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "pressure.md").write_text(text, encoding="utf-8")
    if any(one.tally.by_pressure for one in outcomes):
        sys.exit("An honest reader was refused because of others.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pressure", description=__doc__)
    parser.add_argument("--scenes", default="abcdefg", help="which (default: abcdefg)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--results", type=Path, default=RESULTS, help="where to write")
    return parser.parse_args()


def _markdown(facts: dict[str, str], outcomes: list[Outcome], forgot: list[Flood]) -> str:
    lines = ["# Pressure", "", *(f"- {name}: {fact}" for name, fact in facts.items())]
    lines += ["", _CONDITIONS, "", "## Scenes", "", *_table(_SCENE_HEAD, map(_cells, outcomes))]
    lines += ["", "## g: what forgetting gives to an attacker", ""]
    lines += [*_table(_FLOOD_HEAD, map(_flood_cells, forgot)), ""]
    return "\n".join(lines)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    rule = "|---|" + "--:|" * (len(head) - 1)
    return [f"| {' | '.join(head)} |", rule, *(f"| {' | '.join(row)} |" for row in rows)]


def _cells(one: Outcome) -> tuple[str, ...]:
    tally = one.tally
    numbers = (tally.attempts, tally.likes_gained, one.gained_a_day, tally.ranks[1], tally.honest)
    refused = (tally.liked.total(), tally.by_pressure, tally.by_prefix, tally.waited.total())
    gave_up = ", ".join(f"{number:,} by {what}" for what, number in tally.gave_up.items()) or "0"
    tables = f"{one.before:.2f} to {one.after:.2f}"
    counted = (f"{number:,}" for number in numbers + refused)
    return one.name, *counted, gave_up, str(tally.longest_wait), tables, one.note or NONE


def _flood_cells(one: Flood) -> tuple[str, ...]:
    likes, per_million = one.tally.gained[TARGET], round(one.extra_per_million)
    counted = (f"{n:,}" for n in (one.tally.attempts, likes, one.stated, one.extra, per_million))
    return one.who, one.how, *counted


if __name__ == "__main__":
    main()
