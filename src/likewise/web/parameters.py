"""What a request says: query strings and JSON bodies, read strictly.

Plain functions that raise problems; knows nothing of what the values mean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from likewise.errors import Problem

MAX_PARAMETERS = 256

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")


class Doubled(str):
    """Stands for a key that was given twice."""

    __slots__ = ()


def unescape(octets: bytes) -> str:
    """Decode percent-octets once, strictly as UTF-8. Raises `UnicodeDecodeError`."""
    if b"%" in octets:
        octets = _ESCAPE.sub(lambda match: bytes((int(match[1], 16),)), octets)
    return octets.decode("utf-8")


class Query:
    """The parameters of a query string, or of a form (WHATWG URL, urlencoded)."""

    def __init__(self, query: bytes) -> None:
        """Read them. Raises `bad_request` for what is not UTF-8, and for too many."""
        parts = query.split(b"&") if query else []
        if len(parts) > MAX_PARAMETERS:
            raise Problem("bad_request", f"At most {MAX_PARAMETERS} parameters are taken.")
        self._values: dict[str, list[str]] = {}
        for part in parts:
            name, _, value = part.partition(b"=")
            try:
                text = unescape(value.replace(b"+", b" "))
                self._values.setdefault(unescape(name.replace(b"+", b" ")), []).append(text)
            except UnicodeDecodeError:
                raise Problem("bad_request", "The parameters are not valid UTF-8.") from None

    def every(self, name: str) -> list[str]:
        """Return all values of a parameter that may be repeated."""
        return self._values.get(name, [])

    def one(self, name: str, default: str | None = None) -> str | None:
        """Return a parameter's value. Raises `bad_request` where it stands twice."""
        values = self._values.get(name, ())
        if len(values) > 1:
            raise Problem("bad_request", f"The parameter {name} may be given once only.")
        return values[0] if values else default

    def number(self, name: str, default: int, maximum: int) -> int:
        """Return a parameter as a number from 0 to `maximum`. Raises `bad_request`."""
        text = self.one(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdecimal()) or len(text) > 10 or int(text) > maximum:
            raise Problem("bad_request", f"The parameter {name} is a number from 0 to {maximum}.")
        return int(text)


def json_object(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object that a body holds (RFC 8259).

    Raises `bad_request`. A key that stands twice has a `Doubled` as its value.
    """
    try:
        text = body.decode("utf-8")
        # What our widget sends has no white space around it, which would cost two searches.
        value, end = _DECODER.raw_decode(text) if text.startswith("{") else (None, -1)
        if end != len(text):
            value = _DECODER.decode(text)
    except UnicodeDecodeError:
        raise Problem("bad_request", "The body is not valid UTF-8.") from None
    except RecursionError:
        raise Problem("bad_request", "The body is nested too deeply.") from None
    except ValueError as error:
        raise Problem("bad_request", f"The body is not valid JSON: {error}.") from None
    if not isinstance(value, dict):
        raise Problem("bad_request", 'The body must be a JSON object such as {"page":"/hello"}.')
    return value


def text_of(fields: Mapping[str, Any], name: str) -> str | None:
    """Return a text field, None where it is absent. Raises `bad_request` for another type."""
    if name not in fields:
        return None
    value = fields[name]
    if type(value) is not str:
        _refuse(name, value, "a text")
    return value


def switch_of(fields: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """Return a boolean field, or `default`. Raises `bad_request` for another type."""
    value = fields.get(name, default)
    if type(value) is not bool:
        _refuse(name, value, "true or false")
    return value


def number_of(fields: Mapping[str, Any], name: str, default: int | None, maximum: int) -> int:
    """Return a whole number from 0 to `maximum`, or `default`; None means that there is none.

    Raises `bad_request`.
    """
    value = fields.get(name, default)
    if type(value) is not int or not 0 <= value <= maximum:
        _refuse(name, value, f"a whole number from 0 to {maximum}")
    return value


def _refuse(name: str, value: object, expected: str) -> NoReturn:
    if isinstance(value, Doubled):
        raise Problem("bad_request", f'The key "{name}" stands twice in the body.')
    raise Problem("bad_request", f'The key "{name}" must be {expected}.')


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                fields[name] = Doubled(name)
            seen.add(name)
    return fields


def _constant(name: str) -> NoReturn:
    msg = f"{name} is no JSON number"
    raise ValueError(msg)


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant)
