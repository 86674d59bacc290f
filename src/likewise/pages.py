"""What a page is called: one canonical id for every spelling of its address.

Plain functions on text; knows nothing of sites, storage or HTTP.
"""

from __future__ import annotations

import re
import unicodedata

from likewise.errors import Problem

MAX_BYTES = 512

_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_~-]{1,255})+")
_SCHEME = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_LAST_ASCII = "\x7f"
# C0, DEL and C1 controls, bidi controls, line separators, lone surrogates.
_REFUSED = re.compile(
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
    # A step can uncover work for an earlier one (`/%%34%31`), so go on until it is stable.
    page = _step(text)
    while page != text:
        text, page = page, _step(page)
    return _checked(page)


def is_path(page: str) -> bool:
    """Tell whether a canonical id is an address on the site, and so can be linked to."""
    return page.startswith("/")


def last_segment(page: str) -> str:
    """Return what stands after the last slash: how the article's client names a page."""
    return page.rstrip("/").rpartition("/")[2]


def _step(text: str) -> str:
    text = text.strip()
    host = _SCHEME.match(text)
    if host:
        text = "/" + text[host.end() :].removeprefix("/")
    if text.startswith("/"):
        text = _path(text)
    return unicodedata.normalize("NFC", text)


def _path(text: str) -> str:
    path = re.split(r"[?#]", text, maxsplit=1)[0]
    segments: list[str] = []
    for segment in _ESCAPES.sub(_unescape, path).split("/")[1:]:
        if segment == "..":
            del segments[-1:]
        elif segment != ".":
            segments.append(segment)
    while segments and segments[-1].rstrip() in {"", "index.html"}:
        segments.pop()
    return "/" + "/".join(filter(None, segments))


def _unescape(run: re.Match[str]) -> str:
    """Decode unreserved ASCII and valid UTF-8 in a run of percent-octets; keep the others."""
    text = bytes.fromhex(run[0].replace("%", "")).decode("utf-8", "surrogateescape")
    return "".join(map(_octet, text))


def _octet(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # an octet that is not UTF-8
        return f"%{ord(character) - 0xDC00:02X}"
    if character > _LAST_ASCII or character in _UNRESERVED:
        return character
    return f"%{ord(character):02X}"


def _checked(page: str) -> str:
    if not page:
        raise BadPage("The page id is empty. Send the page's path, for example /posts/hello.")
    refused = _REFUSED.search(page)
    if refused:
        raise BadPage(
            f"The page id has the character U+{ord(refused[0]):04X}, which cannot be shown"
            " safely. Leave out control characters, text-direction marks and lone surrogates."
        )
    size_bytes = len(page.encode())
    if size_bytes > MAX_BYTES:
        raise BadPage(
            f"The page id is {size_bytes} bytes long; at most {MAX_BYTES} bytes of UTF-8 are taken."
        )
    return page
