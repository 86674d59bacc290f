"""Who likes: the reader's own random token, and the row key that hides it.

Plain functions on bytes and text; knows nothing of storage or networks.
"""

from __future__ import annotations

import os
import re
from hashlib import blake2b

from likewise.errors import Problem

SALT_BYTES = 16
KEY_BYTES = 16
SECRET_BYTES = 32

_VOTER = re.compile(r"[A-Za-z0-9_-]{16,64}")


def checked_voter(text: str) -> str:
    """Return the token as it is, or raise `bad_voter`."""
    if not _VOTER.fullmatch(text):
        raise Problem(
            "bad_voter",
            "A voter is a random token of 16 to 64 characters of A-Z, a-z, 0-9, _ and -,"
            " made in the reader's browser.",
        )
    return text


def new_voter() -> str:
    """Return a fresh token of 128 random bits, for clients that send none."""
    return os.urandom(16).hex()


def new_salt() -> bytes:
    """Return a page's own salt: without it, rows of one reader on two pages could be linked."""
    return os.urandom(SALT_BYTES)


def new_secret() -> bytes:
    """Return a fresh secret for a new database."""
    return os.urandom(SECRET_BYTES)


def row_key(secret: bytes, salt: bytes, kind: str, voter: str) -> bytes:
    """Return the 16 bytes under which a like is stored (keyed BLAKE2b, RFC 7693).

    The NUL keeps kind and voter apart: neither can hold one.
    """
    text = f"{kind}\0{voter}".encode()
    return blake2b(salt + text, key=secret, digest_size=KEY_BYTES).digest()


def secret_mark(secret: bytes) -> bytes:
    """Return what a database keeps to recognise its secret; it does not give the secret away."""
    return blake2b(b"likewise: this secret belongs to this database", key=secret).digest()[:16]
