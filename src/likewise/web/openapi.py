"""The API's description, as OpenAPI 3.1.

Read from the file beside this one when asked for; the service itself does not need it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from likewise import __version__


def specification() -> dict[str, Any]:
    """Return the OpenAPI document of this version."""
    text = Path(__file__).with_name("openapi.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    document["info"]["version"] = __version__
    return document
