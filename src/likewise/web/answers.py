"""Answers in their usual forms: JSON, problems, HTML, with the headers that belong to each.

Knows headers and forms; must not know what is answered.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring as quoted

from likewise.errors import CODES, Problem
from likewise.http.message import Request, Response, header_block

__all__ = [
    "PRIVATE",
    "PUBLIC",
    "AnsweredProblem",
    "KeptAnswers",
    "counts_json",
    "has_tag",
    "json_answer",
    "json_text",
    "page_headers",
    "problem_answer",
    "quoted",
    "shown",
]

# Everyone may read; who may write is decided by the server's own check of Origin.
PUBLIC = header_block(
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "retry-after, etag, link"),
    ("cross-origin-resource-policy", "cross-origin"),
    ("x-content-type-options", "nosniff"),
)
PRIVATE = header_block(
    ("cache-control", "private, no-store"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
)
JSON_TYPE = header_block(("content-type", "application/json"))
NO_STORE = header_block(("cache-control", "no-store"))
PREFLIGHT = PUBLIC + header_block(
    ("access-control-allow-methods", "GET, HEAD, POST"),
    ("access-control-allow-headers", "content-type"),
    ("access-control-max-age", "7200"),
    ("cache-control", "no-store"),
)

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'none'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
_PROBLEM_TYPE = header_block(("content-type", "application/problem+json"))
_CHALLENGE = header_block(("www-authenticate", "Bearer"))


def page_headers(*, is_https: bool) -> bytes:
    """Return the headers of an HTML page of ours, all but its type."""
    lines = [
        ("cache-control", "no-cache"),
        ("content-security-policy", _POLICY),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ]
    if is_https:
        lines.append(("strict-transport-security", "max-age=31536000"))
    return header_block(*lines)


class AnsweredProblem(Problem):
    """A refusal that brings its answer, for those whom a problem in JSON tells nothing."""

    def __init__(self, problem: Problem, answer: Response) -> None:
        super().__init__(problem.code, problem.detail)
        self.answer = answer


class KeptAnswers:
    """Answers and their tags by what was asked, kept for as long as nothing is written.

    Bounded in number and size: to ask for much and for ever something else gains nobody anything.
    """

    MAX_NUMBER = 64
    MAX_BYTES = 2_048

    def __init__(self) -> None:
        self._version = 0
        self._kept: dict[bytes, tuple[Response, bytes]] = {}

    def get(self, version: int, query: bytes) -> tuple[Response, bytes] | None:
        """Return the answer to a query, and its tag, as given when the store had this version."""
        if version != self._version:
            self._version = version
            self._kept.clear()
        return self._kept.get(query)

    def put(self, query: bytes, answer: Response, tag: bytes) -> None:
        """Keep what was answered; `get` has told of which version it is."""
        if len(query) + len(answer.body) > self.MAX_BYTES:
            return
        if len(self._kept) >= self.MAX_NUMBER:
            del self._kept[next(iter(self._kept))]
        self._kept[query] = (answer, tag)


def shown(counts: Mapping[str, int], kind: str) -> int:
    """Return a count as it is told: never below 0, where one was set lower than its likes are."""
    count = counts.get(kind, 0)
    return count if count > 0 else 0  # noqa: FURB136 (in half the time of `max`)


def counts_json(kinds: Iterable[str], counts: Mapping[str, int]) -> str:
    """Return the counts of these kinds as JSON, without the cost of a dictionary."""
    told = ",".join([f"{quoted(kind)}:{shown(counts, kind)}" for kind in kinds])
    return f"{{{told}}}"


def has_tag(request: Request, tag: bytes) -> bool:
    """Tell whether the client has what bears this tag, compared weakly (RFC 9110 13.1.2)."""
    known = request.headers.get(b"if-none-match")
    return known is not None and (tag in known or known == b"*")


def json_text(value: object) -> str:
    """Return a value as JSON in as few characters as it takes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def json_answer(value: object, headers: bytes, status: int = 200) -> Response:
    """Return a value as JSON, under headers that lack only the type."""
    return Response(status, JSON_TYPE + headers, json_text(value).encode())


def problem_answer(problem: Problem, headers: bytes) -> Response:
    """Return a problem (RFC 9457) under headers that lack only what problems add."""
    kind = CODES[problem.code]
    value = {
        "type": "about:blank",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    body = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()
    lines = _PROBLEM_TYPE + headers
    if b"cache-control" not in headers:
        lines += NO_STORE
    if problem.retry_after_seconds is not None:
        lines += header_block(("retry-after", str(problem.retry_after_seconds)))
    if kind.status == 401:
        lines += _CHALLENGE
    return Response(kind.status, lines, body)
