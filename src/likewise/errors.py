"""Everything that can be refused, by a stable code.

Knows statuses and titles; it must not know HTTP messages, routes or storage.
"""

from __future__ import annotations

from typing import NamedTuple


class ErrorType(NamedTuple):
    """What one error code means to HTTP."""

    status: int
    title: str


CODES: dict[str, ErrorType] = {
    "bad_request": ErrorType(400, "The request cannot be understood"),
    "bad_page": ErrorType(400, "The page id cannot be used"),
    "bad_voter": ErrorType(400, "The voter token cannot be used"),
    "bad_reason": ErrorType(400, "The reason cannot be used"),
    "unknown_kind": ErrorType(400, "The site does not count this kind"),
    "not_signed_in": ErrorType(401, "A key or a session is needed"),
    "wrong_key": ErrorType(401, "This is not the admin key"),
    "origin_refused": ErrorType(403, "This origin may not write"),
    "page_blocked": ErrorType(403, "This page takes no more likes"),
    "not_found": ErrorType(404, "There is nothing here"),
    "unknown_site": ErrorType(404, "There is no such site"),
    "unknown_page": ErrorType(404, "There is no such page"),
    "unknown_reason": ErrorType(404, "There is no such reason"),
    "unknown_correction": ErrorType(404, "There is no such correction"),
    "method_not_allowed": ErrorType(405, "This address does not take this method"),
    "too_slow": ErrorType(408, "The request did not arrive in time"),
    "page_exists": ErrorType(409, "There is such a page already"),
    "cannot_undo": ErrorType(409, "This cannot be undone"),
    "too_large": ErrorType(413, "The body is too large"),
    "target_too_long": ErrorType(414, "The address is too long"),
    "unsupported_type": ErrorType(415, "The body is of a type that is not taken here"),
    "bad_expectation": ErrorType(417, "This expectation cannot be met"),
    "too_many": ErrorType(429, "Too many requests from this network"),
    "headers_too_large": ErrorType(431, "The headers are too large"),
    "server_error": ErrorType(500, "Something went wrong here"),
    "storage_unavailable": ErrorType(503, "The storage cannot be written just now"),
    "http_version": ErrorType(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here"),
}


class Problem(Exception):  # noqa: N818 (the word of RFC 9457)
    """A refusal that a person can act on (RFC 9457).

    `code` is one of `CODES`, `detail` says what was wrong and what would have worked,
    `retry_after_seconds` is sent where waiting helps.
    """

    def __init__(self, code: str, detail: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds


def unknown_page(page: str) -> Problem:
    """Return the refusal of a page that is not stored."""
    return Problem("unknown_page", f"There is no page {page}.")


def page_blocked() -> Problem:
    """Return the refusal of a like on a page that the owner has closed."""
    return Problem("page_blocked", "The owner has closed this page: it takes no more likes.")


class StartError(Exception):
    """The service or a command cannot start; the text tells the operator what to do."""
