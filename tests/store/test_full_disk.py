"""A disk that is full: readers read on, likes are refused for now, and nothing needs a restart."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from tests.service import Reply, Service, address, voter
from tests.store.database import NAME, assert_sound, value

Disk = Callable[[Path], AbstractContextManager[Callable[[Service], AbstractContextManager[None]]]]


@contextmanager
def limited_files(_folder: Path) -> Iterator[Callable[[Service], AbstractContextManager[None]]]:
    """A system that lets no file grow: what a quota does, as every user may ask for it."""

    @contextmanager
    def full(service: Service) -> Iterator[None]:
        size = service.database.with_name(NAME + "-wal").stat().st_size
        before = resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (size + 1, -1))
        yield
        resource.prlimit(service.pid, resource.RLIMIT_FSIZE, before)

    yield full


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[Service], AbstractContextManager[None]]]:
    """A disk with room for a WAL and little more, and something else that fills it."""

    @contextmanager
    def full(service: Service) -> Iterator[None]:
        filler = service.directory / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"\0" * 4_096)
        yield
        filler.unlink()

    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=True)
    try:
        yield full
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def may_mount() -> bool:
    """Tell whether a disk can be had here: root has it, a container's root often not."""
    probe = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        done = subprocess.run(probe, capture_output=True, check=False)
    except OSError:
        return False
    return os.geteuid() == 0 and done.returncode == 0


DISKS: list[Disk] = [limited_files, *([small_disk] if may_mount() else [])]


def like(service: Service, number: int) -> Reply:
    page = f"/{number % 7:0>300}"
    return service.like(page, voter(number), address=address(number))


@pytest.mark.parametrize("disk", DISKS)
def test_a_full_disk_refuses_likes_until_it_has_room(tmp_path: Path, disk: Disk) -> None:
    with disk(tmp_path) as full:
        with Service(tmp_path) as service:
            for number in range(10):
                assert like(service, number).status == 200
            with full(service):
                replies = [like(service, number) for number in range(10, 400)]
                refused = [reply for reply in replies if reply.status != 200]
                assert {(reply.status, reply.code) for reply in refused} == {
                    (503, "storage_unavailable")
                }
                assert {reply.headers["retry-after"] for reply in refused} == {"2"}
                assert service.get("/readyz").status == 503
                assert service.get("/healthz").status == 200
                page = f"/{0:0>300}"
                stored = value(
                    service.database,
                    "SELECT sum(likes) FROM counts JOIN pages ON page = id WHERE path = ?",
                    page,
                )
                assert service.count(page) == stored
            assert service.get("/readyz").status == 200
            for number in range(400):
                assert like(service, number).status == 200
            pages = [f"/{number:0>300}" for number in range(7)]
            assert sum(service.count(page) for page in pages) == 400
        assert_sound(service.database)
