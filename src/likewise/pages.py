"""What a page is called: one canonical id for every spelling of its address.

Plain functions on text; knows nothing of sites, storage or HTTP.
"""

from __future__ import annotations

import re
import unicodedata

from likewise.errors import Problem

MAX_BYTES = 512

# Composed text has at least half a byte for each character it came from: more cannot fit.
_MAX_CHARACTERS = 2 * MAX_BYTES

_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_~-]{1,255})+")
_SCHEME = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+|%")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-F]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_LAST_ASCII = "\x7f"
# C0, DEL and C1 controls, bidi controls, line separators, lone surrogates.
_UNSHOWABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


class BadPage(Problem):
    """The text cannot be a page id; the detail says why."""

    def __init__(self, detail: str) -> None:
        super().__init__("bad_page", detail)


def canonical(text: str) -> str:
    """Return the one id that all spellings of a page's address share.

    Text that starts with `/`, `http://` or `https://` is a path and is normalised after
    RFC 3986 section 6.2.2; any other text stands as it is. Both are NFC, 1 to 512 bytes of UTF-8.
    Applying it twice changes nothing. Raises `BadPage`.
    """
    if len(text) <= MAX_BYTES and _PLAIN_PATH.fullmatch(text):
        return text
    text = text.strip()
    host = _SCHEME.match(text)
    if host:
        text = "/" + text[host.end() :]
    if not text.startswith("/"):
        return _checked(_composed(text))
    # Composing can break an escape: `%2A` and a ring above become `%2Å`.
    return _checked(_BROKEN_ESCAPE.sub("%25", _composed(_path(text))))


def fault_in_showing(text: str) -> str | None:
    """Return why a text cannot be shown safely, to be said behind its name; None where it can."""
    refused = _UNSHOWABLE.search(text)
    if refused is None:
        return None
    return (
        f"has the character U+{ord(refused[0]):04X}, which cannot be shown safely."
        " Leave out control characters, text-direction marks and lone surrogates."
    )


def is_path(page: str) -> bool:
    """Tell whether a canonical id is an address on the site, and so can be linked to."""
    return page.startswith("/")


def _path(text: str) -> str:
    """Cut query and fragment, decode, resolve dot segments, cut what stands at the end for `/`."""
    path = re.split(r"[?#]", text, maxsplit=1)[0]
    segments: list[str] = []
    for segment in _ESCAPES.sub(_unescape, path).split("/")[1:]:
        if segment == "..":
            del segments[-1:]
        elif segment != ".":
            segments.append(segment)
    # White space is outer white space only once what follows it is cut (`/x /index.html`).
    while segments:
        last = segments.pop().rstrip()
        if last == "..":
            del segments[-1:]
        elif last not in {"", ".", "index.html"}:
            segments.append(last)
            break
    return "/" + "/".join(filter(None, segments))


def _unescape(run: re.Match[str]) -> str:
    """Decode unreserved ASCII and valid UTF-8 in a run of percent-octets; keep the others.

    A `%` that is no escape becomes one, or what is decoded behind it could make it one.
    """
    if run[0] == "%":
        return "%25"
    text = bytes.fromhex(run[0].replace("%", "")).decode("utf-8", "surrogateescape")
    return "".join(map(_octet, text))


def _octet(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # an octet that is not UTF-8
        return f"%{ord(character) - 0xDC00:02X}"
    if character > _LAST_ASCII or character in _UNRESERVED:
        return character
    return f"%{ord(character):02X}"


def _composed(text: str) -> str:
    """Return the text as NFC. Raises `BadPage` where that would be long work for nothing."""
    if len(text) > _MAX_CHARACTERS:
        raise _too_long(f"{len(text)} characters")
    return unicodedata.normalize("NFC", text)


def _checked(page: str) -> str:
    if not page:
        raise BadPage("The page id is empty. Send the page's path, for example /posts/hello.")
    fault = fault_in_showing(page)
    if fault:
        raise BadPage(f"The page id {fault}")
    size_bytes = len(page.encode())
    if size_bytes > MAX_BYTES:
        raise _too_long(f"{size_bytes} bytes")
    return page


def _too_long(size: str) -> BadPage:
    return BadPage(f"The page id is {size} long; at most {MAX_BYTES} bytes of UTF-8 are taken.")
