"""The benchmarks run through, leave no figure out, and count every like."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks.load import Outcome
from benchmarks.soak import Sample, Scene, Soaked

ROOT = Path(__file__).parent.parent
SERVERS = ["Likewise", "Likewise on uvloop", "Likewise under uvicorn", "nginx, constant answer"]


@pytest.fixture(scope="module", autouse=True)
def _tools() -> None:
    for name in ("wrk", "nginx"):
        if not (shutil.which(name) or Path(f"/usr/sbin/{name}").exists()):
            pytest.skip(f"{name} is missing: apt-get install {name}")


def run(program: str, results: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", f"benchmarks.{program}", "--in-place", "--clients", "8"),
            *("--results", str(results), *options),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def tables_in(text: str) -> dict[str, list[list[str]]]:
    """Return the rows of each table, by its heading, without its head."""
    sections = (part.partition("\n") for part in text.split("\n## ")[1:])
    return {
        heading: [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in body.splitlines()
            if line.startswith("|")
        ][2:]
        for heading, _, body in sections
    }


def test_comparison_has_every_figure_and_no_error(tmp_path: Path) -> None:
    options = ("--rounds", "1", "--seconds", "1", "--settle", "3", "--start-pages", "1000")
    done = run("compare", tmp_path, *options, "--workloads", "likes-wide,counts-batch")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "comparison.md").read_text(encoding="utf-8")
    assert text == done.stdout.rstrip("\n") + "\n"
    assert "The article's server did not take part" in text
    likes, counts, memory, starts = tables_in(text).values()
    for row in likes + counts:
        _, per_second, _, _, _, p99, cpu, errors, acknowledged, stored = row
        assert all(float(cell.replace(",", "")) > 0 for cell in (per_second, p99, cpu)), row
        assert errors == "0", row
        assert acknowledged == stored, row
    assert [row[0] for row in likes] == SERVERS[:3]
    assert all(int(row[-1].replace(",", "")) > 0 for row in likes)
    assert [row[0] for row in counts] == [row[0] for row in memory] == SERVERS
    assert all(float(cell) > 0 for row in memory + starts for cell in row[1:])
    assert [row[0] for row in starts] == ["Likewise, empty", "Likewise, 1,000 pages"]
    picture = ET.parse(tmp_path / "comparison.svg")
    bars = [bar for bar in picture.iter() if bar.tag.endswith("rect")]
    assert len(bars) == len(likes + counts + memory)


def test_soak_has_every_figure_and_no_error(tmp_path: Path) -> None:
    options = ("--seconds", "2", "--scale", "0.001", "--growth", "100")
    done = run("soak", tmp_path, *options)
    assert done.returncode == 0, done.stderr
    alone, full = tables_in((tmp_path / "soak.md").read_text(encoding="utf-8")).values()
    for rows in (alone, full):
        figures = {row[0]: row[1] for row in rows}
        assert figures["errors"] == "0"
        assert figures["likes sent"] == figures["likes stored"] != "0"
    assert ["idle connections held at the end", "10"] in full


def soaked(sizes: list[float], errors: int = 0) -> Soaked:
    """Return a soak with a sample (MiB) each minute."""
    outcome = Outcome(
        0, 0, 0, 0, sent=9, answered=9, refused=errors, broken=0, likes_sent=9, stored=9
    )
    samples = [Sample(60.0 * minute, size) for minute, size in enumerate(sizes)]
    return Soaked(Scene("any", 0, 0, 0), sizes[0], sizes[0], max(sizes), 0, samples, outcome)


def test_soak_fails_where_memory_grows_after_the_warm_up() -> None:
    flat, growing = soaked([1, 20, 20, 20, 21, 20, 20, 20]), soaked([1, 20, 20, 21, 22, 23, 24, 25])
    assert (flat.growth, growing.growth) == (1, 5)
    assert abs(flat.slope) < 0.1
    assert 0.9 < growing.slope < 1.1
    assert not flat.has_failed(2)
    assert growing.has_failed(2)


def test_soak_fails_where_an_answer_does() -> None:
    assert soaked([20] * 8, errors=1).has_failed(2)


def test_soak_fails_where_a_like_is_lost() -> None:
    one = soaked([20] * 8)
    assert one._replace(outcome=one.outcome._replace(stored=8)).has_failed(2)
