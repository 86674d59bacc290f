"""The alerts and the dashboard ask for figures that there are: a real Prometheus reads them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from likewise.metrics import METRICS
from tests.conftest import StartService
from tests.service import Service, free_port

DEPLOY = Path(__file__).parent.parent / "deploy"
BOARD = json.loads((DEPLOY / "grafana/likewise.json").read_text(encoding="utf-8"))
ALERTS = (DEPLOY / "prometheus/alerts.yml").read_text(encoding="utf-8")
ASKED = [
    target["expr"].replace("$job", "likewise").replace("$__rate_interval", "1m")
    for panel in BOARD["panels"]
    for target in panel["targets"]
] + re.findall(r"expr: (.*)", ALERTS)
NAME = re.compile(r"\b(?:likewise|process)_\w+")
START_SECONDS = 30

with_prometheus = pytest.mark.skipif(
    not shutil.which("prometheus"), reason="prometheus is of the package prometheus"
)


def metric_of(name: str) -> str:
    """Return the metric that a sample belongs to."""
    histogram = re.sub(r"_(?:bucket|sum|count)$", "", name)
    return histogram if histogram in METRICS else name


def test_only_figures_that_there_are_are_asked_for() -> None:
    assert {metric_of(name) for expr in ASKED for name in NAME.findall(expr)} <= set(METRICS)


def test_the_dashboard_shows_every_figure_of_the_service() -> None:
    shown = {metric_of(name) for expr in ASKED for name in NAME.findall(expr)}
    told_elsewhere = {
        "likewise_sitemap_refreshes_total",
        "likewise_backups_total",
        "likewise_build_info",
    }
    assert {name for name in METRICS if name.startswith("likewise_")} - told_elsewhere <= shown


@with_prometheus
def test_prometheus_accepts_its_configuration(tmp_path: Path) -> None:
    for name in ("prometheus.yml", "alerts.yml"):
        shutil.copy(DEPLOY / "prometheus" / name, tmp_path)
    (tmp_path / "likewise-admin-key").write_text("a key", encoding="utf-8")
    config = str(tmp_path / "prometheus.yml")
    done = subprocess.run(
        ["promtool", "check", "config", config], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "8 rules found" in done.stdout


@pytest.fixture
def prometheus(tmp_path: Path, start_service: StartService) -> Iterator[str]:
    """Start a Prometheus that reads a service as ours does, but every second; return its URL."""
    service = start_service()
    text = (DEPLOY / "prometheus/prometheus.yml").read_text(encoding="utf-8")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{service.port}").replace("15s", "1s")
    (tmp_path / "prometheus.yml").write_text(text, encoding="utf-8")
    (tmp_path / "alerts.yml").write_text(ALERTS, encoding="utf-8")
    (tmp_path / "likewise-admin-key").write_text(service.admin_key, encoding="utf-8")
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        "prometheus",
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'figures'}",
        f"--web.listen-address={url.removeprefix('http://')}",
    ]
    with (tmp_path / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        play(service)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def play(service: Service) -> None:
    """Let every kind of figure move."""
    for number in range(40):
        service.like("/a", f"{number:016}", address=f"198.51.100.{number}")
    service.like("/a", "short")


def asked(url: str, expr: str) -> list[Any]:
    """Return what Prometheus finds for an expression; raises where it is none."""
    target = f"{url}/api/v1/query?{urllib.parse.urlencode({'query': expr})}"
    with urllib.request.urlopen(target, timeout=10) as answer:
        return list(json.load(answer)["data"]["result"])


@with_prometheus
def test_a_real_prometheus_answers_all_that_is_asked(prometheus: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_read_twice(prometheus):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert asked(prometheus, 'sum(likewise_likes_total{job="likewise"})')[0]["value"][1] == "40"
    for expr in ASKED:
        asked(prometheus, expr)
    assert asked(prometheus, 'min(likewise_storable{job="likewise"})')[0]["value"][1] == "1"
    assert asked(prometheus, 'ALERTS{alertname="LikewiseDown"}') == []


def is_read_twice(url: str) -> bool:
    """Tell whether Prometheus has read the service twice, so that there are rates."""
    try:
        found = asked(url, "count_over_time(likewise_storable[1m])")
    except OSError:
        return False
    return bool(found) and int(found[0]["value"][1]) > 1
