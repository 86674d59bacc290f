"""A plugin for Pelican: the like button of an article or a page, `{{ likewise(article) }}`.

Reads the setting LIKEWISE, and LIKEWISE_PAGE_KEY from the environment where pages are signed.
"""

from __future__ import annotations

import hmac
import os
import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from markupsafe import Markup
from pelican import Pelican, signals
from pelican.contents import Content

_ATTRIBUTES = frozenset(
    "page site kind views icon label lang reason readonly".split()  # `sig` is made here
)
_SEPARATORS = {"label": ","}


class Buttons:
    """Makes the buttons of a site; one is in its templates, under the name `likewise`."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        own = dict(settings.get("LIKEWISE") or {})
        self._api = str(own.pop("api", ""))
        if not re.match(r"(https?:/)?/\S*$", self._api):
            raise ValueError(
                f"Likewise: LIKEWISE['api'] is {self._api!r}. Set it to the address of your"
                " service, for example https://likes.example.com."
            )
        self._attributes = own
        self._prefix = urlsplit(settings.get("SITEURL") or "").path.rstrip("/")
        self._key = os.environ.get("LIKEWISE_PAGE_KEY", "").split(",")[0].strip()

    @property
    def script(self) -> Markup:
        """What makes the buttons work, once on a page."""
        return Markup('<script async src="{}/likes.js"></script>').format(self._api.rstrip("/"))

    def __call__(self, content: Content, *, script: bool = True, **attributes: object) -> Markup:
        """Return the button of an article or page, nothing where it says `likes: false`.

        Attributes given here win over those of the content, these over those of the settings.
        `script` is False where `{{ likewise.script }}` stands on the page already, as in a list.
        """
        if str(content.metadata.get("likes", "")).strip().lower() in {"false", "no", "off"}:
            return Markup()
        said = {"page": self._path(content), **self._attributes, **_said_by(content), **attributes}
        wanted = {name: value for name, value in said.items() if name in _ATTRIBUTES}
        if self._key:
            site = wanted.get("site") or "default"
            wanted["sig"] = signature(self._key, str(wanted["page"]), str(site))
        tag = Markup("<like-wise{}></like-wise>").format(
            Markup().join(_attribute(name, value) for name, value in wanted.items())
        )
        return tag + self.script if script else tag

    def _path(self, content: Content) -> str:
        """Return the path at which browsers see it."""
        return quote(f"{self._prefix}/{content.url}", safe="/%~!$&'()*+,;=:@")


def signature(key: str, page: str, site: str) -> str:
    """Return the HMAC-SHA256 of a site and of the one id that all spellings of a page share."""
    if re.match("/|https?://", page):
        page = re.sub(r"^https?://[^/?#]*|[?#].*", "", page, flags=re.DOTALL)
        page = re.sub("(?:%[89A-Fa-f][0-9A-Fa-f])+", lambda octets: unquote(octets[0]), page)
        page = re.sub(r"(/(index\.html)?)+$", "", page) or "/"
    text = f"{site}\n{unicodedata.normalize('NFC', page)}"
    return hmac.new(key.encode(), text.encode(), "sha256").hexdigest()


def register() -> None:
    """Have Pelican call this plugin when it knows its settings."""
    signals.initialized.connect(_add)


def _add(pelican: Pelican) -> None:
    named = {"likewise": Buttons(pelican.settings)}
    pelican.settings["JINJA_GLOBALS"] = {**pelican.settings["JINJA_GLOBALS"], **named}


def _said_by(content: Content) -> dict[str, object]:
    """Return what metadata such as `likes-kind: 👏` says."""
    return {
        name.removeprefix("likes-"): {"true": True, "false": False}.get(str(text).lower(), text)
        for name, text in content.metadata.items()
        if name.startswith("likes-")
    }


def _attribute(name: str, value: object) -> Markup:
    if value is None or value is False:
        return Markup()
    if value is True:
        return Markup(" {}").format(name)
    if isinstance(value, list | tuple):
        value = _SEPARATORS.get(name, " ").join(value)
    return Markup(' {}="{}"').format(name, value)
