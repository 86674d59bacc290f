"""Why a reader gave a like of a private kind, in words that the owner can be shown.

Plain functions on text; knows nothing of sites, storage or HTTP.
"""

from __future__ import annotations

import unicodedata

from likewise.errors import Problem
from likewise.pages import fault_in_showing

MAX_CHARACTERS = 280


def checked_reason(text: str) -> str:
    """Return a reason as it is kept: NFC, on one line, without white space around it.

    Empty where nothing is left. Raises `bad_reason`.
    """
    reason = unicodedata.normalize("NFC", " ".join(text.split()))
    if len(reason) > MAX_CHARACTERS:
        raise Problem(
            "bad_reason",
            f"The reason is {len(reason)} characters long; at most {MAX_CHARACTERS} are taken.",
        )
    fault = fault_in_showing(reason)
    if fault:
        raise Problem("bad_reason", f"The reason {fault}")
    return reason
