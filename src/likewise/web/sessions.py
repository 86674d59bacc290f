"""Who is the owner: the admin key, and sessions that stand for it in a browser.

Knows digests and cookies; keeps no key, and nothing on the disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from hashlib import sha256
from hmac import compare_digest

SESSION_SECONDS = 12 * 3_600  # from signing in
MAX_SESSIONS = 64
COOKIE = "likewise"
SECURE_COOKIE = "__Host-likewise"


def digest_of(key: str) -> bytes:
    """Return what is kept of a key. A key is long and random, so a fast hash is enough."""
    return sha256(key.encode("utf-8", "surrogatepass")).digest()


def new_token() -> str:
    """Return 256 random bits as text."""
    return os.urandom(32).hex()


class Keys:
    """The keys that open the admin API, by digest: the owner's, and one for local commands."""

    def __init__(self, owner: Callable[[], bytes | None], local: bytes | None = None) -> None:
        self.owner = owner
        self._local = local

    def fit(self, key: str) -> bool:
        """Tell whether this is a key, in a time that tells nothing else."""
        digest = digest_of(key)
        known = (self.owner() or b"", self._local or b"")
        return any([compare_digest(digest, one) for one in known])  # noqa: C419 (never stops early)

    def is_local(self, key: str) -> bool:
        """Tell whether this is the key of local commands."""
        return compare_digest(digest_of(key), self._local or b"")


class Sessions:
    """Signed-in browsers: random tokens, kept as digests in memory, gone at a restart."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._ends: dict[bytes, float] = {}

    def open(self) -> str:
        """Start a session and return its token; the oldest ends where there are too many."""
        if len(self._ends) >= MAX_SESSIONS:
            del self._ends[next(iter(self._ends))]
        token = new_token()
        self._ends[digest_of(token)] = self._monotonic() + SESSION_SECONDS
        return token

    def holds(self, token: str) -> bool:
        """Tell whether a session is alive."""
        return self._ends.get(digest_of(token), 0.0) > self._monotonic()

    def close(self, token: str) -> None:
        """End a session."""
        self._ends.pop(digest_of(token), None)

    def close_all(self) -> None:
        """End every session: the key was replaced."""
        self._ends.clear()


def cookie_header(token: str, *, is_https: bool) -> str:
    """Return the Set-Cookie that hands a token to the browser, out of scripts' reach; an empty
    token takes it away (RFC 6265).
    """
    age = SESSION_SECONDS if token else 0
    name, secure = (SECURE_COOKIE, "; Secure") if is_https else (COOKIE, "")
    return f"{name}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}"


def token_in(cookies: str, names: Iterable[str]) -> str | None:
    """Return the token in a Cookie header, under the first of the names that is there."""
    pairs = (part.strip(" \t").partition("=") for part in cookies.split(";"))
    tokens = {name: value for name, _, value in pairs}
    return next((tokens[name] for name in names if tokens.get(name)), None)
