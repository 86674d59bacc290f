"""One server for a database: whoever comes second is told who was first."""

from __future__ import annotations

import fcntl
import time
from pathlib import Path

import pytest

from likewise.store.file import Lock, holder_of
from tests.conftest import StartService
from tests.store.database import NAME, lock_refusal


def test_a_second_server_is_refused_with_the_first_ones_name(start_service: StartService) -> None:
    service = start_service()
    second = service.run("serve")
    assert second.returncode == 1
    assert second.stderr == (
        f"likewise serve: {service.database} is already served by process {service.pid}"
        f" at {service.url}. Stop that one first.\n"
    )
    assert service.get("/readyz").status == 200


def test_the_lock_ends_with_its_process(start_service: StartService) -> None:
    service = start_service()
    facts = holder_of(str(service.database))
    assert facts
    assert (facts["pid"], facts["address"]) == (service.pid, service.url)
    service.kill()
    assert holder_of(str(service.database)) is None
    service.start()


def test_a_lock_is_the_same_through_a_link(tmp_path: Path) -> None:
    lock = Lock(str(tmp_path / NAME))
    (tmp_path / NAME).touch()
    (tmp_path / "link.db").symlink_to(NAME)
    lock.tell(address="http://here")
    assert "is already served by process" in lock_refusal(tmp_path / "link.db")
    assert "http://here" in lock_refusal(tmp_path / "link.db")
    lock.release()
    Lock(str(tmp_path / "link.db")).release()


def test_a_server_that_has_not_told_yet_holds_its_lock(tmp_path: Path) -> None:
    lock = Lock(str(tmp_path / NAME))
    assert holder_of(str(tmp_path / NAME)) == {}
    assert "by process ? at an unknown address" in lock_refusal(tmp_path / NAME)
    lock.release()
    assert holder_of(str(tmp_path / NAME)) is None


def test_a_command_that_only_looks_stops_no_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Lock(str(tmp_path / NAME)).release()
    with (tmp_path / f"{NAME}.lock").open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        monkeypatch.setattr(time, "sleep", lambda _seconds: fcntl.flock(looking, fcntl.LOCK_UN))
        Lock(str(tmp_path / NAME)).release()
