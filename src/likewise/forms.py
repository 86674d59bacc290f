"""The forms that the text of a setting may have, each read into its value.

Plain functions that raise `ValueError` with what is expected; they know no setting's name.
"""

from __future__ import annotations

from typing import NamedTuple

from likewise import addresses, sites

MIN_KEY_CHARACTERS = 24
MIN_SECRET_CHARACTERS = 32

_TRUE = frozenset({"1", "on", "true", "yes"})
_FALSE = frozenset({"0", "off", "false", "no", ""})
_MAX_PORT = 65_535
# What manuals, the article among them, print as an example: known to everybody.
_KNOWN_KEYS = frozenset({"fallback_secret", "TuSuperPasswordSecreto123"})


class Trust(NamedTuple):
    """Which peers are believed as proxies."""

    ranges: tuple[addresses.Range, ...]
    unix_socket: bool


def host(text: str) -> str:
    """Read an address to listen on, or `unix:` and a path."""
    text = text.strip()
    if not text or any(character.isspace() for character in text):
        raise ValueError("expected an address such as 127.0.0.1 or ::, or unix:/run/likewise.sock")
    return text


def port(text: str) -> int:
    """Read a port number."""
    if not (text.isascii() and text.isdecimal()) or int(text) > _MAX_PORT:
        raise ValueError(f"expected a port number from 1 to {_MAX_PORT}, or 0 for any free one")
    return int(text)


def database(text: str) -> str:
    """Read the name of an SQLite file."""
    text = text.strip()
    if not text or "://" in text or "\0" in text:
        raise ValueError("expected the name of an SQLite file, such as likewise.db")
    return text


def switch(text: str) -> bool:
    """Read on or off."""
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("expected on or off")
    return word in _TRUE


def url(text: str) -> str | None:
    """Read a public address without a final slash; nothing is None."""
    text = text.strip().rstrip("/")
    if not text:
        return None
    scheme, _, rest = text.partition("://")
    if scheme not in {"http", "https"} or not rest or set(text) & set(' ?#@\\"<>'):
        raise ValueError("expected a public address such as https://likes.example.com")
    sites.Origins([sites.origin_of(text)])
    return text


def admin_key(text: str) -> str:
    """Read the owner's key: long, and no one else's."""
    if text in _KNOWN_KEYS:
        raise ValueError("this key is printed in a public manual, so everybody knows it")
    if len(text) < MIN_KEY_CHARACTERS or len(set(text)) < MIN_KEY_CHARACTERS // 3:
        raise ValueError(
            f"expected at least {MIN_KEY_CHARACTERS} random characters;"
            " leave it out, and a key is made at the first start"
        )
    return text


def secret(text: str) -> str:
    """Read the secret that hides voters."""
    if len(text) < MIN_SECRET_CHARACTERS:
        raise ValueError(
            f"expected at least {MIN_SECRET_CHARACTERS} random characters;"
            " leave it out, and one is made beside the database"
        )
    return text


def origins(text: str) -> tuple[str, ...]:
    """Read a comma list of origins."""
    found = tuple(filter(None, (part.strip() for part in text.split(","))))
    sites.Origins(found)
    return found


def kinds(text: str) -> tuple[str, ...]:
    """Read a comma list of kinds."""
    found = tuple(sites.checked_kind(part) for part in text.split(","))
    if len(set(found)) < len(found):
        raise ValueError("a kind stands there twice")
    return found


def trust(text: str) -> Trust:
    """Read CIDR ranges, `loopback`, `private` and `none`."""
    ranges: list[addresses.Range] = []
    words = [part.strip() for part in text.split(",")]
    for word in filter(None, words):
        if word == "loopback":
            ranges += addresses.LOOPBACK
        elif word == "private":
            ranges += addresses.PRIVATE
        elif word != "none":
            ranges.append(addresses.parse_range(word))
    return Trust(tuple(ranges), unix_socket="loopback" in words)


def header(text: str) -> bytes | None:
    """Read a header's name; nothing is None."""
    text = text.strip().lower()
    if not text:
        return None
    if not text.isascii() or not text.replace("-", "").isalnum():
        raise ValueError("expected a header's name such as CF-Connecting-IP")
    if text.startswith("x-forwarded-"):
        raise ValueError("X-Forwarded-For is read already, and its kin are never believed")
    return text.encode()


def log(text: str) -> str:
    """Read the form of the log."""
    if text not in {"text", "json"}:
        raise ValueError("expected text or json")
    return text
