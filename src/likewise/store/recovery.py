"""After a crash: makes sure that what the WAL holds lies on the disk, and not in memory alone.

Knows the WAL's outer form; must not know what its pages mean.
"""

from __future__ import annotations

import struct
import time
from contextlib import closing

import apsw

_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24  # sqlite.org/fileformat2.html#walformat
_PIECE_BYTES = 1 << 16  # SQLite's own writes at most 128 KiB at once
NOTICE_SECONDS = 2.5  # Litestream looks once a second
_FLAGS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_READWRITE


def write_wal_again(connection: apsw.Connection) -> None:
    """Write what the WAL holds once more where it stands, and sync it. Raises `apsw.Error`.

    A sync that fails leaves pages in memory that the system takes for written: a crash later they
    would be found there, and what is appended to them would be lost with them at a power loss
    (Rebello et al., Can Applications Recover from fsync Failures?, USENIX ATC 2020).
    """
    frame_bytes = _FRAME_HEADER_BYTES + int(connection.pragma("page_size"))
    frames = _frames_when_writing(connection)
    try:
        if frames >= 0:
            # By SQLite's own door to the system: closing this file drops no lock of another's.
            with closing(_Wal("", connection.filename_wal, [_FLAGS, 0])) as wal:
                if frames:
                    size_bytes = _HEADER_BYTES + frames * frame_bytes
                    _write_again(wal, min(size_bytes, wal.xFileSize()))
                _blot_out(wal, frames, frame_bytes)
    finally:
        connection.execute("ROLLBACK")


def _frames_when_writing(connection: apsw.Connection) -> int:
    """Let nobody else append from now on, and return how many frames SQLite counts; -1 for none."""
    while True:
        version = connection.pragma("data_version")
        frames, _ = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)
        connection.execute("BEGIN IMMEDIATE")
        if connection.pragma("data_version") == version:
            return frames
        connection.execute("ROLLBACK")  # somebody has just written


class _Wal(apsw.VFSFile):
    def close(self) -> None:
        self.xClose()


def _write_again(wal: apsw.VFSFile, size_bytes: int) -> None:
    for start in range(0, size_bytes, _PIECE_BYTES):
        wal.xWrite(wal.xRead(min(_PIECE_BYTES, size_bytes - start), start), start)
    wal.xSync(apsw.SQLITE_SYNC_NORMAL)


def _blot_out(wal: apsw.VFSFile, frames: int, frame_bytes: int) -> None:
    """Blot out what a killed process has written and SQLite does not count.

    SQLite's count is in memory, and outlives that process while another has the database open.
    Litestream, which reads the file, has taken the rest for committed. When it finds its last
    frame gone, it copies all anew; so it gets the time to look before anybody writes there again.
    """
    strays = _strays(wal, frames, frame_bytes)
    for number in range(frames, frames + strays):
        wal.xWrite(bytes(frame_bytes), _HEADER_BYTES + number * frame_bytes)
    if strays:
        wal.xSync(apsw.SQLITE_SYNC_NORMAL)
        time.sleep(NOTICE_SECONDS)


def _strays(wal: apsw.VFSFile, frames: int, frame_bytes: int) -> int:
    """Return how many frames beyond the counted ones are whole commits to who reads the file."""
    there = (wal.xFileSize() - _HEADER_BYTES) // frame_bytes
    if there <= frames:
        return 0
    header = wal.xRead(_HEADER_BYTES, 0)
    order = ">" if header[3] & 1 else "<"
    sums = struct.unpack(">II", header[24:])
    if frames:
        last = wal.xRead(_FRAME_HEADER_BYTES, _HEADER_BYTES + (frames - 1) * frame_bytes)
        sums = struct.unpack(">II", last[16:])
    whole = 0
    for number in range(frames, there):
        frame = wal.xRead(frame_bytes, _HEADER_BYTES + number * frame_bytes)
        sums = _sums(frame[:8] + frame[_FRAME_HEADER_BYTES:], order, *sums)
        if frame[8:16] != header[16:24] or struct.unpack(">II", frame[16:24]) != sums:
            break
        if frame[4:8] != bytes(4):  # it ends a commit
            whole = number + 1 - frames
    return whole


def _sums(content: bytes, order: str, first: int, second: int) -> tuple[int, int]:
    """Add content to the checksums of a WAL (sqlite.org/fileformat2.html#checksum_algorithm)."""
    words = struct.unpack(f"{order}{len(content) // 4}I", content)
    for one, other in zip(words[::2], words[1::2], strict=True):
        first = first + one + second & 0xFFFFFFFF
        second = second + other + first & 0xFFFFFFFF
    return first, second
