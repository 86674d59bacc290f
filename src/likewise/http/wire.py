"""Responses as bytes on the wire (RFC 9112).

Plain functions; knows neither sockets nor handlers.
"""

from __future__ import annotations

import time

from likewise.http.message import WITHOUT_BODY, Response

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

# Those that are answered here (RFC 9110 section 15). `http.HTTPStatus` has all, for 0.1 MiB.
_PHRASES = {
    200: "OK",
    204: "No Content",
    303: "See Other",
    304: "Not Modified",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    417: "Expectation Failed",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}
_STATUS_LINES = {
    status: f"HTTP/1.1 {status} {phrase}\r\n".encode() for status, phrase in _PHRASES.items()
}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split()


def encode(
    response: Response, date: bytes, version: str, *, is_head: bool, keep_alive: bool
) -> bytes:
    """Return a response's bytes; `date` is a whole header line."""
    line, body = _STATUS_LINES[response.status], response.body
    if keep_alive:
        connection = b"connection: keep-alive\r\n" if version == "1.0" else b""
    else:
        connection = b"connection: close\r\n"
    if response.status in WITHOUT_BODY:
        return b"%b%b%b%b\r\n" % (line, date, response.headers, connection)
    parts = (line, date, response.headers, len(body), connection, b"" if is_head else body)
    return b"%b%b%bcontent-length: %d\r\n%b\r\n%b" % parts


def date_line(seconds: float) -> bytes:
    """Return the Date header of a moment (RFC 9110 section 5.6.7), the same in every locale."""
    t = time.gmtime(seconds)
    day, month = _DAYS[t.tm_wday], _MONTHS[t.tm_mon - 1]
    clock = f"{t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02}"
    return f"date: {day}, {t.tm_mday:02} {month} {t.tm_year} {clock} GMT\r\n".encode()
