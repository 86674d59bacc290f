"""The forms that the text of a setting may have, each read into its value.

Plain functions that raise `ValueError` with what is expected; they know no setting's name.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from likewise import addresses, sites
from likewise.origins import Origins, origin_of

UNIX_PREFIX = "unix:"
MIN_KEY_CHARACTERS = 24
MAX_PAGE_KEYS = 2
SECRET_BYTES = range(32, 65)  # BLAKE2b takes no longer key

_TRUE = frozenset({"1", "on", "true", "yes"})
_FALSE = frozenset({"0", "off", "false", "no", ""})
_MAX_PORT = 65_535
_HOST_NAME = re.compile(r"[a-zA-Z0-9_-]{1,63}(?:\.[a-zA-Z0-9_-]{1,63})*\.?")
_URL = re.compile(r"https?://[\w.\-:\[\]]+(?:/[\w./~!$&'()*+,;=:@%-]*)?", re.ASCII)
_HOST_ALONE = re.compile(r"[^:/]+|\[.+\]")
_PAGE_KEY = re.compile(rf"[!-+\--~]{{{MIN_KEY_CHARACTERS},}}")  # ASCII, without space and comma
_ADDRESS = re.compile(r"https?://[\w.\-:\[\]]+/[\w./~!$&'()*+,;=:@%?-]*", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
# What manuals, the article among them, print as an example: known to everybody.
_KNOWN_KEYS = frozenset({"fallback_secret", "TuSuperPasswordSecreto123"})


class Trust(NamedTuple):
    """Which peers are believed as proxies."""

    ranges: tuple[addresses.Range, ...]
    unix_socket: bool


def host(text: str) -> str:
    """Read an address to listen on, or `unix:` and a path, which becomes absolute."""
    text = text.strip()
    path = text.removeprefix(UNIX_PREFIX)
    if path != text and path and path.isprintable():
        return UNIX_PREFIX + os.path.abspath(path)
    is_address = text.count(":") != 1 and addresses.parse_address(text) is not None
    if not is_address and not _HOST_NAME.fullmatch(text):
        raise ValueError("expected an address such as 127.0.0.1 or ::, or unix:/run/likewise.sock")
    return text.strip("[]")


def port(text: str) -> int:
    """Read a port number."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 5 or int(text) > _MAX_PORT:
        raise ValueError(f"expected a port number from 1 to {_MAX_PORT}, or 0 for any free one")
    return int(text)


def database(text: str) -> str:
    """Read the name of an SQLite file."""
    text = os.path.expanduser(text.strip())
    if not text or "://" in text or not text.isprintable():
        raise ValueError("expected the name of an SQLite file, such as likewise.db")
    return text


def folder(text: str) -> str | None:
    """Read the name of a folder; nothing is None."""
    text = os.path.expanduser(text.strip())
    if "://" in text or not text.isprintable():
        raise ValueError("expected the name of a folder, such as /var/backups/likewise")
    return text or None


def backups_kept(text: str) -> int:
    """Read how many backups are kept: one at least."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 4 or int(text) < 1:
        raise ValueError("expected a whole number from 1 to 9999")
    return int(text)


def switch(text: str) -> bool:
    """Read on or off."""
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("expected on or off")
    return word in _TRUE


def url(text: str) -> str | None:
    """Read a public address as browsers write it, without a final slash; nothing is None."""
    text = text.strip().rstrip("/")
    if not text:
        return None
    typed_origin = origin_of(text)
    try:
        # A pattern such as https://*.example.com is no address: it leaves nothing here.
        address = Origins([typed_origin]).exact[0] + text[len(typed_origin) :]
    except (ValueError, IndexError):
        address = ""
    if not text.isprintable() or not _URL.fullmatch(address):
        raise ValueError("expected a public address such as https://likes.example.com")
    return address


def admin_host(text: str) -> str | None:
    """Read a host's name as browsers send it, without a port; nothing is None."""
    text = text.strip()
    if not text:
        return None
    try:
        # As the host of an origin, which is spelled in the same way.
        name = Origins([f"https://{text}"]).exact[0].removeprefix("https://")
    except (ValueError, IndexError):
        name = ""
    if not text.isprintable() or text.endswith("/") or not _HOST_ALONE.fullmatch(name):
        raise ValueError(
            "expected the name of a host, without scheme and port, such as admin.example.com"
        )
    return name


def admin_key(text: str) -> str:
    """Read the owner's key: long, and no one else's."""
    if text in _KNOWN_KEYS:
        raise ValueError("this key is printed in a public manual, so everybody knows it")
    if len(text) < MIN_KEY_CHARACTERS or len(set(text)) < MIN_KEY_CHARACTERS // 3:
        raise ValueError(
            f"expected at least {MIN_KEY_CHARACTERS} random characters;"
            " leave it out, and a key is made at the first start"
        )
    # Anything else would be changed on its way in a header, and never fit.
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("expected letters, digits and signs of ASCII, without spaces")
    return text


def secret(text: str) -> str:
    """Read the secret that hides voters."""
    # Surrogates stand for octets that were no text, and cannot be encoded.
    if not text.isprintable() or len(text.encode()) not in SECRET_BYTES:
        raise ValueError(
            f"expected {SECRET_BYTES[0]} to {SECRET_BYTES[-1]} random bytes, all printable;"
            " leave it out, and a secret is made beside the database"
        )
    return text


def origins(text: str) -> tuple[str, ...]:
    """Read a comma list of origins."""
    found = tuple(filter(None, (part.strip() for part in text.split(","))))
    Origins(found)
    return found


def kinds(text: str) -> tuple[str, ...]:
    """Read a comma list of kinds."""
    found = tuple(sites.checked_kind(part) for part in text.split(","))
    if len(set(found)) < len(found):
        raise ValueError("a kind stands there twice")
    return found


def pages(text: str) -> str:
    """Read which pages may be liked: `open`, `signed`, `sitemap`, or `sitemap:` and an address."""
    mode, colon, address = text.strip().partition(":")
    if mode not in {sites.OPEN, sites.SIGNED, sites.SITEMAP} or (colon and mode != sites.SITEMAP):
        raise ValueError("expected open, signed, sitemap, or sitemap:https://example.com/feed.xml")
    if colon and not _ADDRESS.fullmatch(address):
        raise ValueError("expected an address behind sitemap:, such as https://example.com/a.xml")
    return f"{mode}{colon}{address}"


def page_keys(text: str) -> tuple[str, ...]:
    """Read the key that pages are signed with, or two while one takes the other's place."""
    keys = tuple(part.strip() for part in text.split(","))
    if len(keys) > MAX_PAGE_KEYS or not all(map(_PAGE_KEY.fullmatch, keys)):
        raise ValueError(
            f"expected a key of at least {MIN_KEY_CHARACTERS} random characters, or two with a"
            " comma between: the new one and the old one"
        )
    if any(len(set(key)) < MIN_KEY_CHARACTERS // 3 for key in keys):
        raise ValueError("expected random characters, which are not so few again and again")
    return keys


def languages(text: str) -> tuple[str, ...]:
    """Read `separate`, or the languages that a page's address may begin with."""
    if text.strip() == "separate":
        return ()
    found = tuple(part.strip() for part in text.split(","))
    if not all(map(_LANGUAGE.fullmatch, found)):
        raise ValueError(
            'expected "separate", or languages as they stand in addresses: ["en", "es"]'
        )
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


def loop(text: str) -> str:
    """Read the name of an event loop."""
    if text not in {"asyncio", "uvloop"}:
        raise ValueError("expected asyncio or uvloop")
    return text


def log(text: str) -> str:
    """Read the form of the log."""
    if text not in {"text", "json"}:
        raise ValueError("expected text or json")
    return text
