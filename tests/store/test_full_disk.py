"""A disk that is full or read-only: readers read on, likes are refused for now, and nothing needs
a restart.

The system refuses to remount a disk read-only while files on it are open for writing; it does so
by itself when it finds an error on it, as here.
"""

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


@contextmanager
def ext4(folder: Path) -> Iterator[str]:
    """A disk of its own, in a file; gives the name of its device."""
    image = folder.with_name(folder.name + ".ext4")
    with image.open("wb") as file:
        file.truncate(32 << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    subprocess.run(["mount", "-o", "loop,errors=remount-ro", image, folder], check=True)
    try:
        source = subprocess.check_output(["findmnt", "-no", "SOURCE", folder], text=True)
        yield Path(source.strip()).name
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def frozen_files(folder: Path) -> Iterator[Callable[[Service], AbstractContextManager[None]]]:
    """Files that nobody may change any more, however long they have been open (chattr(1))."""

    @contextmanager
    def frozen(service: Service) -> Iterator[None]:
        files = [service.database, service.database.with_name(NAME + "-wal")]
        subprocess.run(["chattr", "+i", *files], check=True)
        yield
        subprocess.run(["chattr", "-i", *files], check=True)

    with ext4(folder):
        yield frozen


def succeeds(*program: str) -> bool:
    """Tell whether a program can do something here."""
    try:
        return subprocess.run(program, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def may_mount() -> bool:
    """Tell whether a disk can be had here: root has it, a container's root often not."""
    return os.geteuid() == 0 and succeeds(
        "unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"
    )


_LOOP = """
set -e
folder=$(mktemp -d)
trap 'umount "$folder"; rm -r "$folder" "$folder.image"' EXIT
truncate -s 4M "$folder.image"
mkfs.ext4 -q "$folder.image"
mount -o loop "$folder.image" "$folder"
touch "$folder/file"
chattr +i "$folder/file"
chattr -i "$folder/file"
test -w "/sys/fs/ext4/$(basename "$(findmnt -no SOURCE "$folder")")/trigger_fs_error"
"""


def may_loop() -> bool:
    """Tell whether a file can be a disk here, of a system that has errors on demand."""
    return os.geteuid() == 0 and succeeds("unshare", "--mount", "sh", "-c", _LOOP)


MAY_LOOP = may_loop()
DISKS: list[Disk] = [
    limited_files,
    *([small_disk] if may_mount() else []),
    *([frozen_files] if MAY_LOOP else []),
]


def like(service: Service, number: int) -> Reply:
    page = f"/{number % 7:0>300}"
    return service.like(page, voter(number), address=address(number))


def in_file(service: Service, page: str) -> int:
    """Return a page's likes as the file has them."""
    sql = "SELECT sum(likes) FROM counts JOIN pages ON page = id WHERE path = ?"
    return int(value(service.database, sql, page))


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
                if disk is not frozen_files:  # which strangers cannot even open
                    assert service.count(page) == in_file(service, page)
                assert service.get(f"/v1/counts?page={page}").status == 200
                assert service.owner("/api/stats").status == 200
            assert service.get("/readyz").status == 200
            for number in range(400):
                assert like(service, number).status == 200
            pages = [f"/{number:0>300}" for number in range(7)]
            assert sum(service.count(page) for page in pages) == 400
        assert_sound(service.database)


if MAY_LOOP:

    def test_a_disk_that_turns_read_only_costs_no_like_that_was_answered(tmp_path: Path) -> None:
        """Linux lets nobody write to it any more, until it has been checked and mounted again."""
        disk = tmp_path / "disk"
        disk.mkdir()
        with ext4(disk) as device, Service(disk) as service:
            for number in range(10):
                assert like(service, number).status == 200
            Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("1", encoding="ascii")
            replies = [like(service, number) for number in range(10, 20)]
            assert {reply.code for reply in replies} == {"storage_unavailable"}
            assert {reply.headers["retry-after"] for reply in replies} == {"2"}
            assert service.get("/readyz").status == 503
            assert service.get("/healthz").status == 200
            assert service.count(f"/{0:0>300}") == 2
            assert service.owner("/api/stats").status == 200
            service.kill()
        image = tmp_path / "disk.ext4"
        subprocess.run(["fsck.ext4", "-fy", image], check=False, capture_output=True)
        subprocess.run(["mount", "-o", "loop", image, disk], check=True)
        try:
            with Service(disk) as service:
                for number in range(20):
                    assert like(service, number).status == 200
                pages = [f"/{number:0>300}" for number in range(7)]
                assert sum(service.count(page) for page in pages) == 20
            assert_sound(service.database)
        finally:
            subprocess.run(["umount", "--lazy", disk], check=True)
