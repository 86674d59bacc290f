"""The body of an answer, unpacked, and never more of it than is taken.

Knows gzip; nothing of hosts or documents.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import partial
from io import BufferedIOBase
from itertools import chain

MAX_BYTES = 10 * 1024 * 1024

_CHUNK_BYTES = 64 * 1024
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31  # zlib's word for "with a gzip header"


def read_body(response: BufferedIOBase) -> bytes:
    """Return all that can be read, unpacked where it is gzip.

    Raises `ValueError` for more than `MAX_BYTES`, packed or unpacked, and for broken gzip.
    """
    data = bytearray()
    try:
        for piece in _unpacked(_bounded(iter(partial(response.read1, _CHUNK_BYTES), b""))):
            data += piece
            _check_size(len(data))
    except zlib.error as error:
        raise ValueError(f"its gzip is broken ({error}); make it anew") from error
    return bytes(data)


def _bounded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the pieces as they came: packed nothing is endless too, and unpacks to nothing."""
    size_bytes = 0
    for piece in pieces:
        size_bytes += len(piece)
        _check_size(size_bytes)
        yield piece


def _check_size(size_bytes: int) -> None:
    if size_bytes > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1024**2} MiB; give a part of it")


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what is in the pieces, a chunk at a time; whatever looks like gzip is taken for it.

    So `sitemap.xml.gz` is read with any header that servers send along, and with none.
    """
    first = b""
    while len(first) < len(_GZIP) and (piece := next(pieces, b"")):
        first += piece
    if not first.startswith(_GZIP):
        yield first
        yield from pieces
        return
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    for piece in chain([first], pieces):
        packed = piece
        while packed:
            if unpacker.eof:  # gzip files may follow each other in one
                unpacker = zlib.decompressobj(_GZIP_WINDOW)
            yield unpacker.decompress(packed, _CHUNK_BYTES)
            packed = unpacker.unconsumed_tail or unpacker.unused_data
    yield unpacker.flush()
    if not unpacker.eof:
        raise ValueError("its gzip is incomplete; make it anew")
