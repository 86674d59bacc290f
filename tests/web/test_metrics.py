"""What those who watch are told, through every door, and in a form that Prometheus accepts."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from likewise.metrics import METRICS, Histogram, Metrics
from tests.abuse.crowd import fresh_voter
from tests.conftest import StartService
from tests.service import Service

# What only our own door can measure.
WHERE_SET = {"likewise_backup_last_success_timestamp_seconds"}
OF_THE_DOOR = {"likewise_turn_seconds", "likewise_connections", "likewise_held_bytes"}


def figures(service: Service) -> dict[str, float]:
    """Return all samples, by name and labels as they stand there."""
    lines = service.owner("/metrics").body.decode().splitlines()
    samples = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    return {name: float(value) for name, _, value in samples}


def test_every_metric_is_told(door: Service) -> None:
    text = door.owner("/metrics").body.decode()
    told = set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))
    assert told | OF_THE_DOOR | WHERE_SET == set(METRICS)


def test_a_service_of_its_own_tells_of_its_door_too(start_service: StartService) -> None:
    service = start_service()
    service.like("/a", fresh_voter())
    told = figures(service)
    assert told["likewise_connections"] >= 1
    assert told["likewise_held_bytes"] == 0
    assert told["likewise_turn_seconds_count"] >= 1


def test_requests_are_counted_by_route_and_never_by_page(door: Service) -> None:
    name = 'likewise_requests_total{method="GET",route="/likes/{post_id}"}'
    before = figures(door)[name]
    assert door.get("/likes/some-page").status == 200
    assert door.get("/likes/other-page").status == 200
    assert figures(door)[name] == before + 2


def test_a_like_is_a_write_of_a_commit_and_has_its_time(door: Service) -> None:
    before = figures(door)
    for _ in range(3):
        assert door.like("/timed", fresh_voter(), address="198.51.100.7").status in {200, 429}
    after = figures(door)
    writes = after["likewise_batch_writes_sum"] - before["likewise_batch_writes_sum"]
    assert writes >= 1
    assert after["likewise_like_seconds_count"] - before["likewise_like_seconds_count"] == writes
    assert after["likewise_commit_seconds_sum"] > before["likewise_commit_seconds_sum"]
    assert after["likewise_storable"] == 1
    assert after["likewise_database_bytes"] > 0


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is of the package prometheus")
def test_prometheus_finds_nothing_to_complain_of(door: Service) -> None:
    text = door.owner("/metrics").body
    done = subprocess.run(
        ["promtool", "check", "metrics"], check=False, input=text, capture_output=True
    )
    assert (done.stderr + done.stdout, done.returncode) == (b"", 0)


def test_a_histogram_counts_each_value_under_its_bound_and_those_above() -> None:
    metrics = Metrics()
    commit = metrics.histogram("likewise_commit_seconds")
    for value in (0.0001, 0.0005, 0.02, 99.0):
        commit.observe(value)
    lines = metrics.text().splitlines()
    assert 'likewise_commit_seconds_bucket{le="0.0005"} 2' in lines
    assert 'likewise_commit_seconds_bucket{le="0.025"} 3' in lines
    assert 'likewise_commit_seconds_bucket{le="5.0"} 3' in lines
    assert 'likewise_commit_seconds_bucket{le="+Inf"} 4' in lines
    assert "likewise_commit_seconds_count 4" in lines


def test_values_can_be_observed_together() -> None:
    one, times, many = (Histogram((1.0, 2.0)) for _ in range(3))
    for _ in range(5):
        one.observe(1.5)
    times.observe(1.5, 5)
    many.observe_all([1.5] * 5)
    assert one.counts == times.counts == many.counts == [0, 5, 0]
    assert one.total == times.total == many.total


def test_what_is_not_known_here_is_left_out() -> None:
    metrics = Metrics()
    metrics.ask("process_resident_memory_bytes", lambda: None)
    metrics.ask("process_open_fds", lambda: 7)
    text = metrics.text()
    assert "process_resident_memory_bytes" not in text
    assert "process_open_fds 7\n" in text
