"""Where our door and uvicorn may make different things of the same bytes, and why.

Whatever no reason explains is a bug of one of them, until somebody has read the RFC.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import httptools

from tests.http.rivals import Asked, Begun, Conversation


class Case(NamedTuple):
    """Two conversations about the same bytes; what they have in common comes first in both."""

    data: bytes
    ours: Conversation
    theirs: Conversation

    @property
    def common(self) -> int:
        """How many answers are the same."""
        pairs = zip(self.ours.statuses, self.theirs.statuses, strict=False)
        return next((i for i, (a, b) in enumerate(pairs) if a != b), min(*self._lengths))

    @property
    def _lengths(self) -> tuple[int, int]:
        return len(self.ours.statuses), len(self.theirs.statuses)

    @property
    def is_in_step(self) -> bool:
        """Whether what both were asked is the same, as far as both were asked."""
        pairs = zip(self.ours.asked, self.theirs.asked, strict=False)
        return all(self._is_same(_in_lower_case(a), _in_lower_case(b)) for a, b in pairs)

    def _is_same(self, ours: Asked, theirs: Asked) -> bool:
        """Whether one request was read, but for the header Host, in whose place we MUST take the
        host of an absolute target (RFC 9112 3.2.2).
        """
        if ours == theirs:
            return True
        host = dict(ours.headers).get(b"host", b"")
        headers = tuple(sorted((dict(theirs.headers) | {b"host": host}).items()))
        is_told = re.search(rb"(?i) https?://" + re.escape(host) + rb"[ /?#]", self.data)
        return is_told is not None and theirs._replace(headers=headers) == ours

    @property
    def refused(self) -> Begun | None:
        """The request, as the rival read it, that our last answer refuses: the first difference."""
        number = len(self.ours.statuses) - 1
        if not self.ours.is_closed or number < 0 or self.ours.statuses[-1] < 400:
            return None
        if self.common < number or len(self.theirs.begun) <= number:
            return None
        return self.theirs.begun[number]

    @property
    def last(self) -> Begun | None:
        """The last request that both answered the same."""
        return self.theirs.begun[self.common - 1] if self.common > 0 else None

    @property
    def is_ended_by_us(self) -> bool:
        """Whether we gave the same answers, and were the first to close."""
        return self.ours.is_closed and self.common == len(self.ours.statuses)

    @property
    def is_ended_by_them(self) -> bool:
        """Whether they gave the same answers, and were the first to close."""
        return self.theirs.is_closed and self.common == len(self.theirs.statuses)

    @property
    def is_refused_by_them(self) -> bool:
        """Whether they refuse what they could not read, where we go on."""
        refusals = self.theirs.statuses[self.common :]
        return self.theirs.is_closed and refusals == (400,)


def _in_lower_case(asked: Asked) -> Asked:
    """Return a request whose coding is written as h11 tells it."""
    name = b"transfer-encoding"
    lines = ((key, value.lower() if key == name else value) for key, value in asked.headers)
    return asked._replace(headers=tuple(lines))


class Difference(NamedTuple):
    """One that may be, and the reason."""

    reason: str
    explains: Callable[[Case], bool]


def unexplained(case: Case, allowed: list[Difference]) -> str | None:
    """Return what differs for no known reason, as text."""
    ours, theirs = case.ours, case.theirs
    same = ours.statuses == theirs.statuses and ours.is_closed == theirs.is_closed
    if same and len(ours.asked) == len(theirs.asked) and case.is_in_step:
        return None
    if case.is_in_step and any(difference.explains(case) for difference in allowed):
        return None
    return f"\nbytes  {case.data!r}\nours   {ours}\ntheirs {theirs}"


def _refused(status: int, judge: Callable[[Begun], bool]) -> Callable[[Case], bool]:
    def explains(case: Case) -> bool:
        refused = case.refused
        return refused is not None and case.ours.statuses[-1] == status and judge(refused)

    return explains


def _is_no_host(request: Begun) -> bool:
    host = request.header(b"host")
    if host is None:
        return request.version == "1.1"
    name, _, port = (
        host.rpartition(b":") if host[-1:] != b"]" and b":" in host else (host, b"", b"")
    )
    inner = name[1:-1] if name[:1] == b"[" and name[-1:] == b"]" else name.replace(b":", b"@")
    is_escaped = len(re.findall(rb"%[0-9A-Fa-f]{2}", inner)) == inner.count(b"%")
    is_plain = re.search(rb"[^0-9A-Za-z._~!$&'()*+,;=%:-]", inner) is None
    return not (is_plain and is_escaped and (port.isdigit() or not port)) or name == b"[]"


def _is_other_target(request: Begun) -> bool:
    # httptools shows the path alone of what it has parsed; a path of its own it keeps.
    return request.method == "CONNECT" or not request.target.startswith(b"/")


def _upgrades(request: Begun | None) -> bool:
    if request is None:
        return False
    options = (request.header(b"connection") or b"").lower()
    is_asked = b"upgrade" in options and request.header(b"upgrade") is not None
    return request.method == "CONNECT" or is_asked


def _has_body(request: Begun) -> bool:
    length = request.header(b"content-length") or b"0"
    return request.header(b"transfer-encoding") is not None or length.strip(b"0") != b""


_ONCE_ONLY = b"host origin content-length content-type authorization x-api-key".split()


def _is_doubled(request: Begun) -> bool:
    names = [name for name, _ in request.headers]
    return any(names.count(name) > 1 for name in _ONCE_ONLY)


def _targets(data: bytes) -> list[bytes]:
    return re.findall(rb"[A-Z-]+ +(\S+) +(?:HTTP|RTSP|ICE)/", data)


def _is_no_url(target: bytes) -> bool:
    """Whether httptools' own splitter takes no target of this form."""
    try:
        return httptools.parse_url(target).path is None
    except httptools.HttpParserInvalidURLError:
        return True


# What we refuse and uvicorn passes on, because it leaves it to the app.
STRICTER = [
    Difference(
        "A folded line among trailers MUST NOT be (RFC 9112 5.2): llhttp refuses it when it comes"
        " in one piece, and waits for more when it comes byte by byte, as the others get it",
        lambda case: (
            case.ours.refusal == "This is not valid HTTP/1.1: Invalid header token."
            and case.common == len(case.ours.statuses) - 1 == len(case.theirs.statuses)
            and not case.theirs.is_closed
        ),
    ),
    Difference(
        "No Host, or one that is none: MUST be 400 (RFC 9112 3.2)",
        _refused(400, _is_no_host),
    ),
    Difference(
        "Two Hosts MUST be 400 (RFC 9112 3.2); two of what identifies or frames may be read"
        " as either by two programs on the way",
        _refused(400, _is_doubled),
    ),
    Difference(
        "A coding that we do not know, before or after chunked: SHOULD be 501, must not be"
        " read past (RFC 9112 6.1)",
        _refused(
            400,
            lambda r: (r.header(b"transfer-encoding") or b"chunked").lower() != b"chunked",
        ),
    ),
    Difference(
        "Transfer-Encoding in HTTP/1.0: its framing MUST be taken for faulty (RFC 9112 6.1)",
        _refused(400, lambda r: r.version != "1.1" and r.header(b"transfer-encoding") is not None),
    ),
    Difference(
        "An expectation that we do not know MAY be 417 (RFC 9110 10.1.1)",
        _refused(417, lambda r: (r.header(b"expect") or b"").lower() != b"100-continue"),
    ),
    Difference(
        "Another major version SHOULD be 505 (RFC 9110 15.6.6)",
        _refused(505, lambda r: r.version not in {"1.0", "1.1"}),
    ),
    Difference(
        "A body that comes with Upgrade is hidden by llhttp, so its end cannot be known",
        _refused(400, lambda r: _upgrades(r) and _has_body(r)),
    ),
    Difference(
        "An authority, another scheme or an absolute target without a host is none of ours"
        " (RFC 9112 3.2.2, RFC 9110 4.2.1)",
        lambda case: (
            _refused(400, lambda _: True)(case)
            and "target" in case.ours.refusal
            and any(not target.startswith(b"/") for target in _targets(case.data))
        ),
    ),
]

# Where both give the same answers, and go apart after one.
ENDING = [
    Difference(
        "After a refusal we end the connection: what follows may be its body (RFC 9112 9.6)",
        lambda case: case.is_ended_by_us and case.ours.statuses[-1:] >= (400,),
    ),
    Difference(
        "After Upgrade or CONNECT, declined, we close: the client may speak otherwise now"
        " (RFC 9110 7.8 leaves it to us)",
        lambda case: case.is_ended_by_us and _upgrades(case.last),
    ),
    Difference(
        "HTTP/1.0 with keep-alive MAY be kept, and we do (RFC 9112 9.3)",
        lambda case: case.is_ended_by_them and case.last is not None and case.last.version == "1.0",
    ),
    Difference(
        "A trailer that says close is obeyed, which is always allowed (RFC 9112 9.6)",
        lambda case: (
            case.is_ended_by_us
            and case.last is not None
            and case.last.header(b"transfer-encoding") is not None
            and re.search(rb"(?i)connection:[^\n]*close", case.data) is not None
        ),
    ),
]

UVICORN = [
    *STRICTER,
    *ENDING,
    Difference(
        "A line of HTTP/0.9 that httptools cannot split is refused by both: we tell that it is the"
        " version (RFC 9110 15.6.6)",
        lambda case: (
            case.is_refused_by_them
            and case.ours.is_closed
            and case.ours.statuses[case.common :] == (505,)
        ),
    ),
    Difference(
        "uvicorn splits targets with httptools, which takes no asterisk, no host without a"
        " path, nor a host such as a:b:c: these forms are ours to judge (RFC 9112 3.2)",
        lambda case: case.is_refused_by_them and any(map(_is_no_url, _targets(case.data))),
    ),
]

# What llhttp refuses, in its words, and h11 lets pass. Who refuses more is on the safe side.
WORDS = {
    r"Missing expected CR|Expected CRLF after version|Invalid header field char": (
        "A bare LF MAY end a line, and a chunk's never (RFC 9112 2.2, 7.1)"
    ),
    r"Missing expected LF|Expected LF after": "A bare CR is no line's end (RFC 9112 2.2)",
    r"Unexpected whitespace after header value": "Folding MUST be refused or mended (RFC 9112 5.2)",
    r"Invalid header value char": "Controls in values are not valid (RFC 9110 5.5)",
    r"(Content-Length|Transfer-Encoding) can't be present|Duplicate Content-Length": (
        "Two framings of one body ought to be handled as an error (RFC 9112 6.1, 6.3)"
    ),
    r"Invalid character in Content-Length": "A list of equal lengths MAY be refused (RFC 9110 8.6)",
    r"Request has invalid `Transfer-Encoding`|Invalid `Transfer-Encoding` header value": (
        "chunked, once and last, or the body's end is not known (RFC 9112 6.1)"
    ),
    r"Invalid character in chunk|Chunk size overflow": (
        "Blanks or controls in a chunk's line, or a size beyond 64 bits (RFC 9112 7.1)"
    ),
    r"Invalid method|Expected space after method|Expected HTTP/2|Pause on PRI": (
        "A method that nobody knows (RFC 9110 9.1 would have 501)"
    ),
    r"Invalid HTTP version": "A minor version that is none (RFC 9112 2.3 has 1.0 and 1.1)",
}


def _is_in_words(case: Case) -> bool:
    words = case.ours.refusal.removeprefix("This is not valid HTTP/1.1: ")
    is_last = case.ours.is_closed and case.common >= len(case.ours.statuses) - 1
    return is_last and any(re.match(pattern, words) for pattern in WORDS)


def _they_refuse(pattern: bytes) -> Callable[[Case], bool]:
    return lambda case: case.is_refused_by_them and re.search(pattern, case.theirs.rest) is not None


STRICT = [
    *STRICTER,
    *ENDING,
    Difference("llhttp refuses more of what is not well formed", _is_in_words),
    Difference(
        "A length is any number of digits, zeros in front too; h11 takes 20 (RFC 9110 8.6)",
        _they_refuse(rb"(?i)content-length:[ \t]*[0-9]{21}"),
    ),
    Difference(
        "Both refuse, with another status",
        lambda case: (
            case.ours.is_closed
            and case.common == len(case.ours.statuses) - 1
            and len(case.theirs.statuses) > case.common
            and min(case.ours.statuses[-1], case.theirs.statuses[case.common]) >= 400
        ),
    ),
    Difference(
        "h11 judges a head when it is whole, llhttp as it comes",
        lambda case: (
            case.is_ended_by_us is False
            and case.ours.is_closed
            and case.common == len(case.theirs.statuses) == len(case.theirs.begun)
            and case.common == len(case.ours.statuses) - 1
        ),
    ),
    Difference(
        "Blanks between the words of a request line MAY be more than one (RFC 9112 3)",
        _they_refuse(rb"[A-Z-]  +\S|\S  +(HTTP|RTSP|ICE)/"),
    ),
    Difference(
        "llhttp takes the names of two siblings of HTTP for versions of it. No proxy sends them,"
        " and what follows is read the same.",
        _they_refuse(rb" (RTSP|ICE)/"),
    ),
    Difference(
        "Empty lines before a request SHOULD be ignored, and h11 refuses them (RFC 9112 2.2)",
        lambda case: case.is_refused_by_them and not case.theirs.rest.strip(b"\r\n"),
    ),
]
