"""The log: one line an event on standard error, as text or JSON, hostile text escaped.

Knows the forms; must not know what is logged.
"""

from __future__ import annotations

import json
import logging
import sys
import time

# What is told of requests beside the message, by `extra` of the logging functions.
FIELDS = ("request", "method", "path", "status", "milliseconds")


class TextLines(logging.Formatter):
    """`2026-01-31T12:00:00Z INFO message`, each event one line whatever is in it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        lines = [f"{_moment(record)} {record.levelname} {escaped(record.getMessage())}"]
        if record.exc_info:
            lines += map(escaped, self.formatException(record.exc_info).splitlines())
        return "\n  ".join(lines)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, message, what else is told of the event by name, and a
    traceback where there is one.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        event = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        event |= {name: vars(record)[name] for name in FIELDS if name in vars(record)}
        if record.exc_info:
            event["traceback"] = self.formatException(record.exc_info)
        return json.dumps(event)


def set_up_log(form: str) -> None:
    """Send the log of this process to standard error, as `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def escaped(text: str) -> str:
    """Return the text with everything that a terminal could act on as an escape."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def _moment(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
