"""`make bench`: Likewise beside the article's server and nginx, all up at once, in rounds.

In every round each server gets the same load, the order turning from round to round. What is
printed and written are medians over the rounds, and ratios within a round.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import environments, machine, picture, servers, starts, table
from benchmarks.load import WORKLOADS, Load, Outcome, Workload, drive
from benchmarks.process import Cores, cores_apart, memory, pinned
from benchmarks.servers import FIRST_PAGE, Contender, Server
from benchmarks.table import ARTICLE, RESULTS, Comparison, Key

# Between these the README has the summary.
FIGURES, END = "<!-- figures -->", "<!-- end of figures -->"


def main() -> None:
    """Compare, print the table, write it and its picture."""
    options = _options()
    facts = machine.facts(options.service) | {"Command": f"`{machine.command('compare')}`"}
    comparison = Comparison(facts, options.cores)
    with tempfile.TemporaryDirectory(prefix="likewise-bench-") as folder:
        with _all_up(options, Path(folder)) as running:
            _rounds(options, running, comparison)
        if options.start_pages:
            comparison.starts = starts.measured(options, Path(folder))
    text = table.markdown(comparison)
    print(text)
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / f"{options.name}.md").write_text(text, encoding="utf-8")
    (options.results / f"{options.name}.svg").write_text(picture.svg(comparison), encoding="utf-8")
    if options.readme:
        _into_readme("\n".join(table.summary(comparison)))
    if any(outcome.has_failed for key, outcome in comparison.all() if key.server != ARTICLE):
        sys.exit("There were errors, or likes were lost.")


def _into_readme(lines: str) -> None:
    readme = environments.ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(FIGURES)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{FIGURES}\n{lines}\n{END}{after}", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each load (default: 2)")
    parser.add_argument(
        "--settle", type=int, default=1, help="seconds after each load, without any"
    )
    parser.add_argument("--clients", type=_numbers, default=[64, 256], help="64,256")
    parser.add_argument(
        "--workloads", type=_workloads, default=list(WORKLOADS), help=",".join(WORKLOADS)
    )
    parser.add_argument("--servers", type=_words, default=[], help="only those with such names")
    parser.add_argument("--article", type=Path, help="folder of the article's main.py")
    environments.add_options(parser)
    parser.add_argument("--unpinned", action="store_true", help="servers may use every core")
    parser.add_argument("--quick", action="store_true", help="2 rounds of 1 s at 64 clients")
    parser.add_argument(
        "--start-pages",
        type=int,
        default=1_000_000,
        help="size of what is started on; 0: no starts",
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="where to write")
    parser.add_argument("--name", default="comparison", help="what to call what is written")
    parser.add_argument("--readme", action="store_true", help="put the summary into README.md")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.clients = 2, 1, [64]
    options.cores = Cores() if options.unpinned else cores_apart()
    options.service = environments.of_service(options)
    if options.article is not None:
        options.article = options.article.resolve()
        options.article_python = environments.of_article(options)
    return options


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def _words(text: str) -> list[str]:
    return text.split(",")


def _workloads(text: str) -> list[str]:
    unknown = set(_words(text)) - set(WORKLOADS)
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}")
    return _words(text)


def contenders(options: argparse.Namespace) -> list[Contender]:
    """Return who takes part, but for nginx: its answer is yet to be had."""
    found = [
        servers.likewise(options.service),
        servers.likewise_on_uvloop(options.service),
        servers.likewise_under_uvicorn(options.service),
    ]
    if options.article is not None:
        found.append(servers.article(options.article_python, options.article))
    return found


def _is_wanted(name: str, words: Sequence[str]) -> bool:
    return not words or any(word in name for word in words)


@contextlib.contextmanager
def _all_up(options: argparse.Namespace, folder: Path) -> Iterator[list[Server]]:
    with contextlib.ExitStack() as stack, pinned(options.cores.servers):
        running = [
            stack.enter_context(_server(contender, folder))
            for contender in contenders(options)
            if _is_wanted(contender.name, options.servers)
        ]
        if _is_wanted("nginx", options.servers) and running:
            constant = servers.nginx(_answers(running[0]))
            running.append(stack.enter_context(_server(constant, folder)))
        with pinned(options.cores.driver):
            yield running


def _server(contender: Contender, folder: Path) -> Server:
    own = folder / contender.name.replace(" ", "-").replace(",", "")
    own.mkdir()
    return Server(contender, own)


def _answers(server: Server) -> dict[str, tuple[dict[str, str], str]]:
    """Return what a server answers to the reads of the comparison, for nginx to say the same."""
    answers = {}
    for path, batch in (("/v1/counts", 1), ("/v1/batch", WORKLOADS["counts-batch"].batch)):
        pages = "&".join(f"page=/posts/{FIRST_PAGE + number}" for number in range(batch))
        address = f"http://127.0.0.1:{server.port}/v1/counts?{pages}"
        with urllib.request.urlopen(address) as reply:
            headers = {name.lower(): value for name, value in reply.getheaders()}
            # Digits, since the others' counts will have some.
            answers[path] = headers, reply.read().decode().replace(":0}", ":12345}")
    return answers


def _rounds(options: argparse.Namespace, running: Sequence[Server], comparison: Comparison) -> None:
    comparison.idle = {server.contender.name: memory(server.pid) for server in running}
    likes = dict.fromkeys(comparison.idle, 0)
    for round_ in range(options.rounds):
        for name, clients in itertools.product(options.workloads, options.clients):
            load = Load(
                WORKLOADS[name], clients, options.seconds, options.settle, options.cores.driver
            )
            for server in _turned(running, round_):
                if _can(server, load.workload):
                    own = server.contender.name
                    outcome = drive(server, load, likes[own])
                    likes[own] += outcome.likes_sent + 1
                    comparison.add(Key(name, clients, own), outcome)
                    comparison.note_memory(own, memory(server.pid))
                    _tell(round_, load, own, outcome)


def _tell(round_: int, load: Load, server: str, outcome: Outcome) -> None:
    print(
        f"round {round_ + 1}: {load.workload.name}, {load.clients} clients: {server}"
        f" {outcome.per_second:,.0f}/s, p99 {outcome.p99_ms:.1f} ms, errors {outcome.errors}",
        file=sys.stderr,
    )


def _turned(running: Sequence[Server], by: int) -> list[Server]:
    by %= len(running)
    return [*running[by:], *running[:by]]


def _can(server: Server, workload: Workload) -> bool:
    """Tell whether a server knows such requests: the article's has no batches, nginx no likes."""
    if server.contender.api == "article":
        return workload.batch == 1
    return server.contender.api != "nginx" or bool(workload.reads_in_ten)


if __name__ == "__main__":
    main()
