"""What is read of an answer's body: unpacked, and never more than is taken."""

from __future__ import annotations

import gzip
import io
import os
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from likewise.transfer import body
from likewise.transfer.body import MAX_BYTES, read_body

TEXT = b"<urlset/>" * 20_000


def read(data: bytes) -> bytes:
    return read_body(io.BytesIO(data))


@pytest.mark.parametrize("data", [b"", b"<", TEXT])
def test_plain_bytes_stay_as_they_are(data: bytes) -> None:
    assert read(data) == data


def test_gzip_is_unpacked() -> None:
    assert read(gzip.compress(TEXT)) == TEXT


def test_gzip_files_that_follow_each_other_are_one() -> None:
    assert read(gzip.compress(TEXT) + gzip.compress(b"") + gzip.compress(b"end")) == TEXT + b"end"


def test_gzip_is_known_however_small_its_first_piece_is() -> None:
    class Dripping(io.BytesIO):
        def read1(self, _size: int | None = -1) -> bytes:
            return super().read1(1)

    assert read_body(Dripping(gzip.compress(b"<urlset/>"))) == b"<urlset/>"


@pytest.mark.parametrize("cut", [3, 20, -1])
def test_incomplete_gzip_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match="its gzip is incomplete"):
        read(gzip.compress(TEXT)[:cut])


def test_broken_gzip_is_refused() -> None:
    with pytest.raises(ValueError, match="its gzip is broken"):
        read(gzip.compress(TEXT) + b"garbage")
    with pytest.raises(ValueError, match="its gzip is broken"):
        read(b"\x1f\x8b" + b"x" * 100)


def test_as_much_as_is_taken_is_read() -> None:
    full = b" " * MAX_BYTES
    assert read(full) == full
    assert read(gzip.compress(full)) == full


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_more_is_refused(pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError, match="larger than 10 MiB"):
        read(pack(b" " * (MAX_BYTES + 1)))


def test_a_bomb_is_left_unexploded() -> None:
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1024**2)
    bomb = b"".join(packer.compress(zeros) for _ in range(256)) + packer.flush()
    assert len(bomb) < 300_000
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="larger than 10 MiB"):
            read(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2 * MAX_BYTES
    finally:
        tracemalloc.stop()


def test_packed_nothing_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "MAX_BYTES", 1024**2)
    with pytest.raises(ValueError, match="larger than 1 MiB"):
        read(gzip.compress(b"") * (1024**2 // 20 + 1))


def test_what_does_not_pack_is_read_as_well() -> None:
    noise = os.urandom(300_000)
    assert read(gzip.compress(noise)) == noise
