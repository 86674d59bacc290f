"""Under load the container keeps within its memory; it stops in time, and says what is wrong."""

from __future__ import annotations

import os
import subprocess
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.deploy.conftest import StartContainer
from tests.deploy.container import Container
from tests.deploy.load import like_in_turns
from tests.deploy.memory import Memory, peak_resident_bytes, resident_bytes
from tests.service import voter

MIB = 1 << 20
LIKES = 6_000

Done = subprocess.CompletedProcess[str]


def limited(container: StartContainer, mib: int) -> Container:
    """Start a container with a limit, which the kernel keeps if it can."""
    service = container(f"--memory={mib}m", f"--memory-swap={mib}m").start()
    limit = Memory(service.pid).limit_bytes
    if limit is None:
        print("The kernel keeps no memory limit here: what is in use is measured alone.")
    assert limit in {None, mib * MIB}
    return service


def test_64_mib_hold_load_health_checks_and_a_backup(container: StartContainer) -> None:
    service = limited(container, 64)
    memory, pid = Memory(service.pid), service.pid
    checks: list[Future[Done]] = []
    backups: list[Future[Done]] = []
    peak = 0
    with ThreadPoolExecutor() as pool:
        load = pool.submit(like_in_turns, service.port, LIKES)
        while not load.done() or len(checks) < 3:
            checks.append(pool.submit(service.execute, "likewise-ready"))
            backups.append(pool.submit(service.execute, "likewise", "backup", f"{len(backups)}.db"))
            pause = time.monotonic() + 1
            while time.monotonic() < pause:
                peak = max(peak, resident_bytes(pid))
        assert load.result() == LIKES
    for done in (one.result() for one in checks + backups):
        assert (done.returncode, done.stderr) == (0, "")
    print(f"peak of all processes: {peak / MIB:.1f} MiB")
    assert service.count("/load") == LIKES
    assert peak < 64 * MIB
    assert memory.kills == 0
    assert service.pid == pid


def test_32_mib_hold_the_service_under_load(container: StartContainer) -> None:
    service = limited(container, 32)
    assert like_in_turns(service.port, LIKES) == LIKES
    assert service.count("/load") == LIKES
    print(f"peak: {peak_resident_bytes(service.pid) / MIB:.1f} MiB")
    assert peak_resident_bytes(service.pid) < 32 * MIB
    assert Memory(service.pid).kills == 0


def test_a_limit_that_is_too_small_is_seen(container: StartContainer) -> None:
    """The test of the test: what the kernel counts is what the others look at."""
    service = limited(container, 48)
    memory = Memory(service.pid)
    if memory.limit_bytes is None:
        pytest.xfail("The kernel keeps no memory limit here")
    code = "held = bytearray(100 << 20); print(len(held))"
    done = service.execute("/usr/bin/python3.13", "-c", code)
    assert done.returncode != 0
    assert memory.kills == 1
    assert service.get("/readyz").status == 200


def test_sigterm_under_load_loses_no_acknowledged_like(container: StartContainer) -> None:
    service = container().start()
    with ThreadPoolExecutor() as pool:
        load = pool.submit(like_in_turns, service.port, 100_000)
        while service.count("/load") < 500:
            time.sleep(0.02)
        assert service.stop() == 0
        acknowledged = load.result()
    assert 500 <= acknowledged < 100_000
    assert service.start().count("/load") == acknowledged


def test_a_wrong_setting_stops_it_with_its_name(container: StartContainer) -> None:
    done = container(LIKEWISE_PORTS="8000").once()
    assert done.returncode == 1
    assert "LIKEWISE_PORTS is no setting. Did you mean LIKEWISE_PORT?\n" in done.stderr


def test_another_user_serves_from_a_folder_of_its_own(container: StartContainer) -> None:
    service = container("--user=1234:1234")
    os.chown(service.data, 1234, 1234)
    service.start()
    assert service.like("/hello", voter(1)).status == 200
    assert service.database.stat().st_uid == 1234


def test_data_of_another_user_is_named(container: StartContainer) -> None:
    done = container("--user=1234:1234").once()
    assert done.returncode == 1
    assert (
        "likewise serve: /data/likewise.db.lock cannot be written by this user."
        " Check its owner and its folder's.\n"
    ) in done.stderr


def test_two_containers_on_one_folder_are_refused(container: StartContainer) -> None:
    service = container().start()
    done = service.once()
    assert done.returncode == 1
    assert "/data/likewise.db" in done.stderr
    assert service.get("/readyz").status == 200
