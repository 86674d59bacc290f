"""A disk that fails: it notes every call of SQLite, and tells what a power loss would leave.

It is SQLite's own VFS but for three things. `xSync` reaches no real disk, so that runs are fast;
every call that changes a file is noted, and may be made to fail or to wait; of a write that fails,
half is in the file. Shared memory (-shm)
is the real one: it is memory, and gone after a power loss. A folder is synced as the unix VFS does
it: with the first sync of a journal or WAL, and with a deletion that asks for it. The database's
own entry in its folder is taken as durable, since `sync_folder` follows on its creation.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import apsw

SECTOR_BYTES = 512


class Call(NamedTuple):
    """What SQLite asked of the disk. `data` is what was written, for a truncation the size."""

    kind: str  # open, write, truncate, sync, delete
    name: str
    offset: int = 0
    data: bytes = b""
    failed: bool = False
    syncs_folder: bool = False
    is_synced: bool = False

    def __str__(self) -> str:
        where = f" {len(self.data)} at {self.offset}" if self.kind == "write" else ""
        return f"{self.kind} {self.name}{where}"


class Disk(apsw.VFS):
    """Holds the files of one folder. `fault` is asked before each call is done, with the number of
    calls before it: it may raise what SQLite shall be told, or wait.
    """

    def __init__(self, folder: Path, fault: Callable[[int, Call], None] | None = None) -> None:
        super().__init__("disk", "unix", makedefault=True)
        self.folder = folder
        self.fault = fault
        self.calls: list[Call] = []
        self.files: list[DiskFile] = []
        self.at_first = {path.name: path.read_bytes() for path in folder.iterdir()}
        self._lock = threading.Lock()

    def mend(self) -> None:
        """Let all calls succeed from now on. Nothing may be on its way to be synced."""
        self.fault = None
        for file in self.files:
            file.owed = None

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is None or Path(path).parent != self.folder:
            return apsw.VFSFile("unix", name, flags)
        call = Call("open", Path(path).name)
        file = DiskFile(self, call.name, name, flags)
        self.calls.append(call)
        return file

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        with self.doing(Call("delete", Path(filename).name, syncs_folder=syncdir)):
            super().xDelete(filename, syncdir)

    def tell_others(self, file: DiskFile, failure: apsw.Error) -> None:
        """Owe everyone else who has a file open the failure of its sync, as Linux does."""
        for other in self.files:
            if other is not file and other.name == file.name:
                other.owed = failure

    @contextmanager
    def doing(self, call: Call, failure: apsw.Error | None = None) -> Iterator[None]:
        """Note a call, and that it failed where it does."""
        if self.fault is not None or failure is not None:
            try:
                if failure is not None:
                    raise failure
                if self.fault is not None:
                    self.fault(len(self.calls), call)
            except apsw.Error:
                half = call.data[: len(call.data) // 2]
                self.calls.append(call._replace(data=half, failed=True))
                raise
        with self._lock:
            yield
            self.calls.append(call)


class DiskFile(apsw.VFSFile):
    """A file on it."""

    def __init__(
        self, disk: Disk, name: str, filename: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        super().__init__("unix", filename, flags)
        self._disk = disk
        self.name = name
        self._is_new = not name.endswith(".db")
        self.owed: apsw.Error | None = None  # a failure of another's sync, of which it is told
        disk.files.append(self)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        call = Call("write", self.name, offset, bytes(data))
        try:
            with self._disk.doing(call):
                super().xWrite(data, offset)
        except apsw.Error:
            super().xWrite(data[: len(data) // 2], offset)
            raise

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        with self._disk.doing(Call("truncate", self.name, newsize)):
            super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: ARG002, N802
        owed, self.owed = self.owed, None
        try:
            call = Call("sync", self.name, syncs_folder=self._is_new)
            with self._disk.doing(call, owed):
                self._is_new = False
        except apsw.Error as failure:
            if owed is None:
                self._disk.tell_others(self, failure)
            raise


@contextmanager
def disk(folder: Path, fault: Callable[[int, Call], None] | None = None) -> Iterator[Disk]:
    """Let SQLite use such a disk, for all that this process opens."""
    failing = Disk(folder, fault)
    try:
        yield failing
    finally:
        failing.unregister()
        apsw.set_default_vfs("unix")


class Error(NamedTuple):
    """What the disk answers, to which call, and whether it does until it is mended."""

    to: str
    raised: type[apsw.Error]
    code: int
    lasts: bool

    def __str__(self) -> str:
        name = apsw.mapping_extended_result_codes.get(self.code, "SQLITE_FULL")
        return f"{name} {'lasting' if self.lasts else 'once'}"


SYNC_FAILS, SYNCS_FAIL = (
    Error("sync", apsw.IOError, apsw.SQLITE_IOERR_FSYNC, lasts) for lasts in (False, True)
)
WRITE_FAILS, WRITES_FAIL = (
    Error("write", apsw.IOError, apsw.SQLITE_IOERR_WRITE, lasts) for lasts in (False, True)
)
NO_ROOM_ONCE, NO_ROOM = (
    Error("write", apsw.FullError, apsw.SQLITE_FULL, lasts) for lasts in (False, True)
)
ERRORS = [SYNC_FAILS, SYNCS_FAIL, WRITE_FAILS, WRITES_FAIL, NO_ROOM_ONCE, NO_ROOM]


class Fault:
    """Lets calls fail, after the first `spared` ones of their kind, until it is mended."""

    def __init__(self, error: Error, spared: int) -> None:
        self.error = error
        self.failed: Call | None = None
        self._spared = spared
        self._is_over = False

    def __call__(self, _number: int, call: Call) -> None:
        if call.kind != self.error.to or self._is_over:
            return
        if self._spared:
            self._spared -= 1
            return
        self.failed = self.failed or call
        self._is_over = not self.error.lasts
        error = self.error.raised("the disk fails")
        error.extendedresult = self.error.code  # type: ignore[attr-defined]
        raise error


class File:
    """What of a file is on the platter, and what is still on its way there."""

    def __init__(self, content: bytes = b"") -> None:
        self._synced = bytearray(content)
        self._later: list[Call] = []  # synced too, where something before it is not
        self._unsynced = 0  # how many of them, the last ones, a sync would write

    def do(self, call: Call) -> None:
        self._later.append(call)
        self._unsynced += 1

    def sync(self) -> None:
        start = len(self._later) - self._unsynced
        self._later[start:] = [call._replace(is_synced=True) for call in self._later[start:]]
        self._unsynced = 0
        while self._later and self._later[0].is_synced:
            _do(self._synced, self._later.pop(0))

    def forget(self) -> None:
        """Fail as Linux does: who syncs again is told that all is well, and it is not."""
        self._unsynced = 0

    def after(self, keep: Keep) -> bytes:
        content = bytearray(self._synced)
        for call in keep(self._later):
            _do(content, call)
        return bytes(content)


Keep = Callable[[list[Call]], Iterator[Call]]


class Platter:
    """What a power loss leaves, after each call of a run that is played to it."""

    def __init__(self, at_first: dict[str, bytes]) -> None:
        self._seen = {name: File(content) for name, content in at_first.items()}
        self._synced = dict(self._seen)  # the folder

    def play(self, call: Call) -> None:
        if call.kind == "open":
            self._seen.setdefault(call.name, File())
        elif call.kind == "delete":
            if not call.failed:
                self._seen.pop(call.name, None)
        elif call.kind == "sync":
            file = self._seen[call.name]
            file.forget() if call.failed else file.sync()
        elif call.kind == "write" or not call.failed:
            self._seen[call.name].do(call)
        if call.syncs_folder and not call.failed:
            self._synced = dict(self._seen)

    def leave(self, folder: Path, keep: Keep, *, folder_is_synced: bool = False) -> None:
        """Write the files that are there when the power is back."""
        folder.mkdir(parents=True)
        names = self._seen if folder_is_synced else self._synced
        for name, file in names.items():
            if not name.endswith("-shm"):
                (folder / name).write_bytes(file.after(keep))


def nothing(calls: list[Call]) -> Iterator[Call]:
    """Keep what was synced and not a byte more."""
    return (call for call in calls if call.is_synced)


def everything(calls: list[Call]) -> Iterator[Call]:
    """Keep all: what `kill -9` does."""
    return iter(calls)


def torn(calls: list[Call]) -> Iterator[Call]:
    """Keep all but half of the last write."""
    yield from calls[:-1]
    for last in calls[-1:]:
        yield last if last.is_synced else last._replace(data=last.data[: len(last.data) // 2])


def some(seed: int) -> Keep:
    """Keep any sectors, in no order: disks write when they like."""
    chance = random.Random(seed)

    def keep(calls: list[Call]) -> Iterator[Call]:
        for call in calls:
            if call.is_synced or (call.kind == "truncate" and chance.random() < 0.5):
                yield call
                continue
            for start in range(0, len(call.data), SECTOR_BYTES):
                if chance.random() < 0.5:
                    part = call.data[start : start + SECTOR_BYTES]
                    yield call._replace(offset=call.offset + start, data=part)

    return keep


def _do(content: bytearray, call: Call) -> None:
    if call.kind == "truncate":
        del content[call.offset :]
        return
    if len(content) < call.offset:
        content.extend(bytes(call.offset - len(content)))
    content[call.offset : call.offset + len(call.data)] = call.data
