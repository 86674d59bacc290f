"""`make soak`: memory over time under load, which must not grow with anything but connections.

Two scenes: the bare service, and one with a million pages, ten million likes and ten thousand
idle connections. Every like comes from another network.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from benchmarks import environments, machine, servers
from benchmarks.connections import IdleConnections
from benchmarks.load import Load, Outcome, Workload, drive
from benchmarks.process import Cores, cores_apart, memory, pinned
from benchmarks.servers import Server
from benchmarks.starts import fill
from benchmarks.table import RESULTS

SAMPLES, SHOWN = 60, 12
SETTLE_SECONDS = 5  # for the last answers
WARM_UP = 1 / 4  # of the time: caches and the table of limits fill


class Scene(NamedTuple):
    """What a service is soaked in."""

    name: str
    pages: int
    likes_each: int
    connections: int


class Sample(NamedTuple):
    """The resident memory (MiB) at a time (seconds)."""

    seconds: float
    rss: float


class Soaked(NamedTuple):
    """What came of a scene. `bare` and `idle` are MiB before and with the idle connections, `peak`
    is the kernel's own figure.
    """

    scene: Scene
    bare: float
    idle: float
    peak: float
    held: int
    samples: list[Sample]
    outcome: Outcome

    @property
    def warm(self) -> list[Sample]:
        """The samples after the warm-up."""
        return self.samples[int(len(self.samples) * WARM_UP) :]

    @property
    def growth(self) -> float:
        """By how many MiB the memory grew after the warm-up, at its most."""
        return max(sample.rss for sample in self.warm) - self.warm[0].rss

    @property
    def slope(self) -> float:
        """By how many MiB a minute the memory grew after the warm-up."""
        times, sizes = zip(*self.warm, strict=True)
        return statistics.linear_regression(times, sizes).slope * 60

    def has_failed(self, allowed_mib: float) -> bool:
        """Tell whether the memory grew by more than is allowed, or any answer or like is amiss."""
        return self.outcome.has_failed or self.growth > allowed_mib


def main() -> None:
    """Soak, print the report, write it; exit with 1 where the memory grew or an answer failed."""
    options = _options()
    cores = cores_apart()
    python = environments.of_service(options)
    soaked = []
    for scene in _scenes(options.scale):
        with tempfile.TemporaryDirectory(prefix="likewise-soak-") as folder:
            server = Server(servers.likewise(python), Path(folder))
            soaked.append(_soaked(server, scene, options, cores))
    facts = machine.facts(python) | {"Command": f"`{machine.command('soak')}`"}
    text = _markdown(soaked, facts, options)
    print(text)
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / f"{options.name}.md").write_text(text, encoding="utf-8")
    if any(one.has_failed(options.growth) for one in soaked):
        sys.exit("Memory grew, an answer failed, or a like was lost.")


def _scenes(scale: float) -> list[Scene]:
    pages, likes_each, connections = int(1_000_000 * scale), 10, int(10_000 * scale)
    full = f"{pages:,} pages, {pages * likes_each:,} likes, {connections:,} idle connections"
    return [Scene("Alone", 0, 0, 0), Scene(full, pages, likes_each, connections)]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="of each scene (default: 60)")
    parser.add_argument("--clients", type=int, default=256)
    parser.add_argument("--growth", type=float, default=2.0, help="MiB allowed after the warm-up")
    parser.add_argument("--scale", type=float, default=1.0, help="of pages and connections")
    environments.add_options(parser)
    parser.add_argument("--results", type=Path, default=RESULTS, help="where to write")
    parser.add_argument("--name", default="soak", help="what to call what is written")
    return parser.parse_args()


def _soaked(server: Server, scene: Scene, options: argparse.Namespace, cores: Cores) -> Soaked:
    print(f"{scene.name}: preparing", file=sys.stderr)
    if scene.pages:
        fill(server, scene.pages, scene.likes_each)
    with pinned(cores.servers):
        server.start()
    # Half reads, half likes, over more pages than any cache holds.
    workload = Workload("mixed", 5, scene.pages or 10_000)
    load = Load(workload, options.clients, options.seconds, SETTLE_SECONDS, cores.driver)
    try:
        bare = memory(server.pid).rss
        with pinned(cores.driver), IdleConnections(server.port, scene.connections) as idle:
            with_idle = memory(server.pid).rss
            with ThreadPoolExecutor(1) as driver:
                driven = driver.submit(drive, server, load, 0)
                samples = _samples(server, driven, options.seconds)
            peak = memory(server.pid).peak_rss
            return Soaked(scene, bare, with_idle, peak, idle.held, samples, driven.result())
    finally:
        server.stop()


def _samples(server: Server, driven: Future[Outcome], seconds: int) -> list[Sample]:
    samples: list[Sample] = []
    began, is_over = time.monotonic(), threading.Event()
    driven.add_done_callback(lambda _: is_over.set())
    while not is_over.wait(seconds / SAMPLES):
        samples.append(Sample(time.monotonic() - began, memory(server.pid).rss))
        if len(samples) % (SAMPLES // SHOWN) == 0:
            print(f"{samples[-1].seconds:.0f} s: {samples[-1].rss:.1f} MiB", file=sys.stderr)
    return samples


def _markdown(soaked: list[Soaked], facts: dict[str, str], options: argparse.Namespace) -> str:
    lines = ["# Soak", "", *(f"- {name}: {fact}" for name, fact in facts.items()), ""]
    conditions = (
        f"{options.seconds} s at {options.clients} clients, half reads, half likes, each like of"
        " another voter and another network, all protections on. Growth and slope are those after"
        f" the first {WARM_UP:.0%} of the time; allowed are {options.growth:.1f} MiB."
    )
    lines += [conditions, ""]
    for one in soaked:
        lines += [f"## {one.scene.name}", "", "| figure | |", "|---|--:|"]
        lines += [f"| {name} | {value} |" for name, value in _figures(one).items()]
        lines += ["", "| s | RSS, MiB |", "|--:|--:|"]
        lines += [f"| {at.seconds:.0f} | {at.rss:.1f} |" for at in one.samples[:: SAMPLES // SHOWN]]
        lines += [""]
    return "\n".join(lines)


def _figures(one: Soaked) -> dict[str, str]:
    figures = {
        "RSS when ready, MiB": f"{one.bare:.1f}",
        "RSS with the idle connections, MiB": f"{one.idle:.1f}",
        "RSS after the warm-up, MiB": f"{one.warm[0].rss:.1f}",
        "RSS at the end, MiB": f"{one.samples[-1].rss:.1f}",
        "peak RSS, MiB": f"{one.peak:.1f}",
        "growth after the warm-up, MiB": f"{one.growth:.2f}",
        "slope after the warm-up, MiB a minute": f"{one.slope:.3f}",
        "answers": f"{one.outcome.answered:,}",
        "p99 ms": f"{one.outcome.p99_ms:.1f}",
        "errors": f"{one.outcome.errors:,}",
        "likes sent": f"{one.outcome.likes_sent:,}",
        "likes stored": f"{one.outcome.stored:,}",
    }
    if one.scene.connections:
        figures["idle connections held at the end"] = f"{one.held:,}"
        each = (one.idle - one.bare) * 1024 / one.scene.connections
        figures["each of them, KiB"] = f"{each:.1f}"
    return figures


if __name__ == "__main__":
    main()
