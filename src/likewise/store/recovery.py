"""After a crash: makes sure that what the WAL holds lies on the disk, and not in memory alone.

Knows the WAL's outer form; must not know what its pages mean.
"""

from __future__ import annotations

from contextlib import closing

import apsw

_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24  # sqlite.org/fileformat2.html#walformat
_SALTS_IN_HEADER, _SALTS_IN_FRAME, _SALT_BYTES = 16, 8, 8
_PIECE_BYTES = 1 << 16  # SQLite's own writes at most 128 KiB at once
_FLAGS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_READWRITE


def write_wal_again(connection: apsw.Connection) -> None:
    """Write what the WAL holds once more where it stands, and sync it. Raises `apsw.Error`.

    A sync that fails leaves pages in memory that the system takes for written: a crash later they
    would be found there, and what is appended to them would be lost with them at a power loss
    (Rebello et al., Can Applications Recover from fsync Failures?, USENIX ATC 2020).

    What a killed process has written and nobody counts is blotted out. Litestream, which reads the
    file itself, has taken it for committed: so it notices, and copies the whole database anew.
    """
    frames, moved = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)
    if frames < 0:
        return
    frame_bytes = _FRAME_HEADER_BYTES + int(connection.pragma("page_size"))
    connection.execute("BEGIN IMMEDIATE")  # nobody else appends meanwhile
    try:
        # By SQLite's own door to the system: closing this file drops no lock of another's.
        with closing(_Wal("", connection.filename_wal, [_FLAGS, 0])) as wal:
            size_bytes = _HEADER_BYTES + frames * frame_bytes if frames else 0
            _write_again(wal, min(size_bytes, wal.xFileSize()))
            for number in _strays(wal, frames, moved, frame_bytes):
                wal.xWrite(bytes(frame_bytes), _HEADER_BYTES + number * frame_bytes)
            wal.xSync(apsw.SQLITE_SYNC_NORMAL)
    finally:
        connection.execute("ROLLBACK")


class _Wal(apsw.VFSFile):
    def close(self) -> None:
        self.xClose()


def _write_again(wal: apsw.VFSFile, size_bytes: int) -> None:
    for start in range(0, size_bytes, _PIECE_BYTES):
        wal.xWrite(wal.xRead(min(_PIECE_BYTES, size_bytes - start), start), start)


def _strays(wal: apsw.VFSFile, frames: int, moved: int, frame_bytes: int) -> range:
    """Return the frames, from 0, that look valid by their salts and are not among those counted.

    They follow the counted ones; or, where all of those were moved and the killed process had
    begun the file anew, they stand in their place.
    """
    there = max(0, wal.xFileSize() - _HEADER_BYTES) // frame_bytes
    if there == 0:
        return range(0)
    salts = wal.xRead(_SALT_BYTES, _SALTS_IN_HEADER)
    valid = 0
    while valid < there:
        start = _HEADER_BYTES + valid * frame_bytes + _SALTS_IN_FRAME
        if wal.xRead(_SALT_BYTES, start) != salts:
            break
        valid += 1
    if valid >= frames:
        return range(frames, valid)
    return range(valid) if moved == frames else range(0)
