"""Checksums beside a backup, as `sha256sum -c` reads them.

Knows that form; must not know what is in the files.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping

from likewise.errors import StartError

MAX_BYTES = 65_536  # of such a file: names are short
_LINE = re.compile(r"\\?([0-9a-f]{64}) [ *].+", re.DOTALL)
# GNU's way to keep one file on one line; a backslash at its start tells of it.
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}


def checksum_path(backup: str) -> str:
    """Return where the checksums of a backup lie."""
    return f"{backup}.sha256"


def lines_for(files: Mapping[str, str]) -> str:
    """Return a line for each file, under the name that it shall have. Raises `OSError`."""
    return "".join(_line(_digest_of(path), name) for name, path in files.items())


def check(lines: str, *files: str) -> None:
    """Compare files with the lines that were written of them, in this order.

    Their names may have changed since. Raises `StartError`.
    """
    try:
        with open(lines, "rb") as file:
            text = file.read(MAX_BYTES).decode("utf-8", "surrogateescape")
        found = [_LINE.fullmatch(line) for line in text.removesuffix("\n").split("\n")]
        if len(found) != len(files) or None in found:
            raise StartError(f"{lines} holds no checksums of a backup. Take another backup.")
        for path, line in zip(files, found, strict=True):
            if line is not None and os.path.exists(path) and line[1] != _digest_of(path):
                raise StartError(
                    f"{path} is not what it was when its checksum was written: it was damaged or"
                    f" changed. Take another backup; if you changed it yourself, remove {lines}."
                )
    except OSError as error:
        raise StartError(f"{lines} cannot be compared: {error.strerror}.") from None


def _digest_of(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _line(digest: str, name: str) -> str:
    escaped = "".join(_ESCAPES.get(character, character) for character in name)
    return f"{'' if escaped == name else chr(92)}{digest}  {escaped}\n"
