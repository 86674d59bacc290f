"""Backups on schedule: one a day whatever the clock does, and never in the way of a like."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from likewise import backups
from likewise.backups import DAY_SECONDS, FIRST_SECONDS, RETRY_SECONDS, Backups, prepare_folder
from likewise.errors import StartError
from likewise.metrics import Metrics
from likewise.settings import load
from likewise.transfer.folder import backup_name, working_in
from tests.conftest import StartService
from tests.files import secret_path, verify
from tests.hurried import HurriedService, children_of, until
from tests.service import AsgiService, Service, address, voter
from tests.store.database import ANNA, NAME, as_plain_user, damage, likes_in, served, stranger
from tests.store.test_full_disk import may_mount

NOON = 1_769_860_800  # 2026-01-31T12:00:00Z
HOUR = 3_600
CONTAINER_KIB = 64 * 1_024
FAILED, DONE = 'likewise_backups_total{outcome="failed"}', 'likewise_backups_total{outcome="done"}'
LAST = "likewise_backup_last_success_timestamp_seconds"


class Clock:
    """A clock that goes on when somebody sleeps, until it is time to end."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now
        self.end = now
        self.over = asyncio.Event()

    def wall(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        if self.now + seconds > self.end:
            self.over.set()
            await asyncio.Event().wait()
        self.now += seconds


def live(database: Path, clock: Clock, seconds: float, *, kept: int = 100) -> str:
    """Let a service's backups live for so long by a clock, with real copies; return its metrics."""

    async def play() -> str:
        clock.end, clock.over = clock.now + seconds, asyncio.Event()
        metrics = Metrics()
        folder = database.parent / "backups"
        flags = {"LIKEWISE_DATABASE": str(database), "LIKEWISE_BACKUPS_KEPT": str(kept)}
        scheduled = Backups(str(folder), load(flags, {}), metrics, clock.wall, clock.sleep)
        scheduled.start()
        await asyncio.wait_for(clock.over.wait(), 60)
        await scheduled.close()
        clock.now = clock.end
        return metrics.text()

    return asyncio.run(play())


@pytest.fixture
def database(tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir()
    return served(tmp_path / NAME, ANNA)


def made(database: Path) -> list[str]:
    return sorted(one.name for one in (database.parent / "backups").glob("*.db"))


def named(database: Path, *moments: float) -> list[str]:
    return [backup_name(str(database), moment) for moment in moments]


def test_there_is_one_soon_after_the_start_and_one_a_day(database: Path) -> None:
    first = NOON + FIRST_SECONDS
    figures = live(database, Clock(), 3.5 * DAY_SECONDS)
    assert made(database) == named(database, *(first + day * DAY_SECONDS for day in range(4)))
    assert f"{DONE} 4\n" in figures
    assert f"{LAST} {first + 3 * DAY_SECONDS}\n" in figures
    for name in made(database):
        verify(database.parent / "backups" / name, None)


def test_starts_make_none_before_a_day_is_over(database: Path) -> None:
    clock = Clock()
    figures = [live(database, clock, 5 * HOUR) for _ in range(9)]
    first = NOON + FIRST_SECONDS
    assert made(database) == named(database, first, first + DAY_SECONDS)
    assert all(f"{LAST} {first}\n" in text for text in figures[:4])
    assert DONE not in figures[3]


def test_after_a_time_without_service_there_is_one_soon(database: Path) -> None:
    clock = Clock()
    live(database, clock, HOUR)
    clock.now += 30 * DAY_SECONDS
    again = clock.now + FIRST_SECONDS
    live(database, clock, HOUR)
    assert made(database) == named(database, NOON + FIRST_SECONDS, again)


@pytest.mark.parametrize("restarts", [False, True])
def test_a_clock_that_jumps_back_makes_one_more_and_does_no_harm(
    database: Path, *, restarts: bool
) -> None:
    clock = Clock()
    live(database, clock, HOUR)
    back = NOON - 300 * DAY_SECONDS

    class Jumping(Clock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if not restarts and self.now > NOON + 2 * HOUR:
                self.now, self.end = back, back + 3 * HOUR

    clock = Jumping(clock.now)
    if restarts:
        clock.now = back
    live(database, clock, 3 * HOUR)
    live(database, clock, 5 * HOUR)
    extra = back + (FIRST_SECONDS if restarts else 0)
    assert made(database) == named(database, extra, NOON + FIRST_SECONDS)
    clock = Clock(NOON + DAY_SECONDS + HOUR)
    live(database, clock, HOUR, kept=2)
    right = named(database, NOON + FIRST_SECONDS, NOON + DAY_SECONDS + HOUR + FIRST_SECONDS)
    assert made(database) == right


def test_the_last_ones_are_kept(database: Path) -> None:
    live(database, Clock(), 5.5 * DAY_SECONDS, kept=2)
    first = NOON + FIRST_SECONDS
    expected = named(database, first + 4 * DAY_SECONDS, first + 5 * DAY_SECONDS)
    assert made(database) == expected
    assert len(list((database.parent / "backups").iterdir())) == 6


def test_one_that_fails_is_told_and_tried_again_after_an_hour(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    key = secret_path(database).rename(database.parent / "elsewhere")
    figures = live(database, clock, 2.5 * HOUR)
    assert made(database) == []
    assert f"{FAILED} 3\n" in figures
    assert f"{LAST} 0\n" in figures
    assert len(caplog.messages) == 3
    assert caplog.messages[0].startswith(f"No backup was made in {database.parent / 'backups'};")
    assert caplog.messages[0].endswith(f"The secret of {database} is missing: {database}.key.")
    key.rename(secret_path(database))
    again = int(clock.now) + FIRST_SECONDS
    assert f"{LAST} {again}\n" in live(database, clock, 2 * RETRY_SECONDS)
    assert made(database) == named(database, again)


def test_a_damaged_database_costs_no_good_backup(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    served(database, *[voter(number) for number in range(2_000)])
    clock = Clock()
    live(database, clock, 1.5 * DAY_SECONDS, kept=2)
    before = made(database)
    damage(database)
    live(database, clock, 3 * DAY_SECONDS, kept=2)
    assert made(database) == before
    assert f"{database} is damaged" in caplog.text
    for name in before:
        verify(database.parent / "backups" / name, None)


def test_one_that_never_ends_is_ended(
    database: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(backups, "TIMEOUT_SECONDS", 0.5)
    with working_in(str(database.parent / "backups")):
        figures = live(database, Clock(), HOUR / 2)
    assert f"{FAILED} 1\n" in figures
    assert "It took longer than" in caplog.text
    assert children_of(os.getpid()) == []
    assert made(database) == []


def test_a_folder_is_made_where_its_parent_is(tmp_path: Path) -> None:
    prepare_folder(str(tmp_path / "backups"))
    assert (tmp_path / "backups").stat().st_mode & 0o777 == 0o700
    (tmp_path / "link").symlink_to("backups")
    prepare_folder(str(tmp_path / "link"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("missing/backups", "it does not exist. Make that folder first"),
        ("file", "it is no folder. Make that folder first"),
        ("file/backups", "it does not exist. Make that folder first"),
        ("dangling", "it does not exist. Make that folder first"),
        ("loop", "it does not exist. Make that folder first"),
    ],
)
def test_a_folder_that_cannot_be_one_stops_the_start(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    service = Service(tmp_path, LIKEWISE_BACKUPS=str(tmp_path / name))
    done = service.run("serve")
    assert done.returncode == 1
    assert f"LIKEWISE_BACKUPS={tmp_path / name}: {told}" in done.stderr


@pytest.mark.parametrize("mode", [0o500, 0o300, 0o600])
def test_a_folder_of_others_stops_the_start(public_folder: Path, mode: int) -> None:
    (public_folder / "backups").mkdir()
    (public_folder / "backups").chmod(mode)
    with as_plain_user(), pytest.raises(StartError, match="this user cannot write there"):
        prepare_folder(str(public_folder / "backups"))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def large(folder: Path) -> Path:
    """Make a database that takes a moment to copy and to check."""
    database = served(folder / NAME, ANNA)
    with stranger(database) as connection:
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600000)"
            " INSERT INTO likes SELECT 1, 1, CAST(printf('%016d', i) AS BLOB), 1, 480000, 1 FROM n;"
            " UPDATE counts SET likes = 600001; UPDATE hourly SET ups = 600001"
        )
    return database


def at_work(service: HurriedService) -> list[Path]:
    """Return the unfinished copies."""
    return list(service.backups.glob(".*"))


def test_a_service_makes_one_and_says_so(tmp_path: Path, stack: ExitStack) -> None:
    service = stack.enter_context(HurriedService(tmp_path))
    until(service.made, "no backup was made")
    (backup,) = service.made()
    until(lambda: f"A backup was made: {backup}" in service.log, "it was not told")
    assert service.metric(DONE) == 1
    assert service.metric(LAST) > NOON
    checked = subprocess.run(
        ["sha256sum", "-c", f"{backup.name}.sha256"], cwd=backup.parent, check=False
    )
    assert checked.returncode == 0
    assert {one.stat().st_mode & 0o777 for one in service.backups.iterdir()} == {0o600}


def test_without_the_setting_there_is_nothing_of_it(start_service: StartService) -> None:
    service = start_service()
    assert LAST not in service.owner("/metrics").body.decode()
    assert children_of(service.pid) == []


def test_a_killed_one_leaves_nothing_that_stays_and_no_like_is_refused(
    tmp_path: Path, stack: ExitStack
) -> None:
    database = large(tmp_path)
    service = stack.enter_context(HurriedService(tmp_path))
    for kill in range(2):
        until(lambda: at_work(service) and children_of(service.pid), "no backup was begun")
        (child,) = children_of(service.pid)
        assert service.like("/a", voter(10 + kill), address=address(kill)).status == 200
        os.kill(child, signal.SIGKILL)
        until(lambda: service.metric(FAILED) > kill, "its end was not noticed")  # noqa: B023
    until(service.made, "no backup was made")
    until(lambda: service.metric(DONE) == 1, "it was not told")
    assert at_work(service) == []
    assert len(service.made()) == 1
    assert "Its process was ended." in service.log
    verify(service.made()[0], None)
    assert likes_in(database) == 600_003


def test_a_stop_in_the_middle_leaves_no_half(tmp_path: Path, stack: ExitStack) -> None:
    large(tmp_path)
    service = stack.enter_context(HurriedService(tmp_path))
    until(lambda: at_work(service), "no backup was begun")
    assert service.stop() == 0
    assert at_work(service) == []
    assert "No backup was made" not in service.log
    for backup in service.made():  # it may just have been ready
        verify(backup, None)


def test_secrets_are_neither_arguments_nor_environment_of_its_process(
    tmp_path: Path, stack: ExitStack
) -> None:
    secret = "a configured secret of some length"
    (tmp_path / "backups").mkdir()
    with working_in(str(tmp_path / "backups")):
        service = stack.enter_context(HurriedService(tmp_path, LIKEWISE_SECRET=secret))
        until(lambda: children_of(service.pid), "no backup was begun")
        (child,) = children_of(service.pid)
        for name in ("cmdline", "environ"):
            told = Path(f"/proc/{child}/{name}").read_bytes()
            assert secret.encode() not in told
            assert service.admin_key.encode() not in told
            assert b"LIKEWISE_" not in told
    until(service.made, "no backup was made")
    assert secret_path(service.made()[0]).read_text() == f"{secret}\n"


def peak_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def test_service_and_backup_fit_into_a_small_container(tmp_path: Path, stack: ExitStack) -> None:
    service = stack.enter_context(HurriedService(tmp_path, day=0.1))
    peaks = [0]

    def is_enough() -> bool:
        for child in children_of(service.pid):
            with suppress(OSError, StopIteration):  # it has just ended
                peaks.append(peak_kib(child))
        return len(service.made()) == 7

    until(is_enough, "too few backups were made")
    sys.stdout.write(f"peak KiB: service {peak_kib(service.pid)}, backup {max(peaks)}\n")
    assert max(peaks) > 0
    assert peak_kib(service.pid) + max(peaks) < CONTAINER_KIB


def test_a_link_that_leads_elsewhere_tomorrow_is_followed(tmp_path: Path, stack: ExitStack) -> None:
    for name in ("today", "tomorrow"):
        (tmp_path / name).mkdir()
    (tmp_path / "backups").symlink_to("today")
    service = stack.enter_context(HurriedService(tmp_path, day=0.1))
    until(lambda: list((tmp_path / "today").glob("*.db")), "no backup was made")
    (tmp_path / "link").symlink_to("tomorrow")
    (tmp_path / "link").replace(service.backups)
    until(lambda: list((tmp_path / "tomorrow").glob("*.db")), "the link was not followed")


def test_a_folder_that_goes_away_disturbs_nobody(tmp_path: Path, stack: ExitStack) -> None:
    service = stack.enter_context(HurriedService(tmp_path, day=0.1))
    until(service.made, "no backup was made")
    service.backups.rename(tmp_path / "away")
    until(lambda: service.metric(FAILED) > 1, "nothing was noticed")
    assert f"{service.backups} cannot be used: No such file or directory." in service.log
    assert not service.backups.exists()
    assert service.like("/a", voter(1), address=address(1)).status == 200
    before = len(list((tmp_path / "away").glob("*.db")))
    (tmp_path / "away").rename(service.backups)
    until(lambda: len(service.made()) > before, "no backup was made again")


def test_an_application_server_makes_them_too(tmp_path: Path, stack: ExitStack) -> None:
    folder = tmp_path / "backups"
    service = stack.enter_context(AsgiService(tmp_path, LIKEWISE_BACKUPS=str(folder)))
    until(lambda: list(folder.glob("*.db")), "no backup was made")
    service.stop()
    verify(next(folder.glob("*.db")), None)


if may_mount():

    def test_a_full_disk_of_backups_disturbs_nobody(tmp_path: Path, stack: ExitStack) -> None:
        large(tmp_path)
        folder = tmp_path / "backups"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], check=True)
        stack.callback(lambda: subprocess.run(["umount", "--lazy", folder], check=True))
        service = stack.enter_context(HurriedService(tmp_path))
        until(lambda: service.metric(FAILED) > 1, "it did not fail")
        assert "cannot be used: " in service.log
        assert service.metric(LAST) == 0
        for number in range(50):
            assert service.like("/a", voter(10 + number), address=address(number)).status == 200
        assert service.get("/readyz").status == 200
        subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
        until(service.made, "no backup was made with room for it")
        until(lambda: service.metric(DONE) == 1, "it was not told")
        assert len(list(folder.iterdir())) == 3
        verify(service.made()[0], None)
