"""The web sites that are served: where each lives, who may write to it, what it counts.

Values and plain rules; knows nothing of HTTP messages or storage.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from likewise.errors import Problem
from likewise.origins import DEFAULT_PORTS, LOCALHOST, Origins, host_of, origin_of
from likewise.pages import canonical, is_path

DEFAULT = "default"
DEMO = "demo"
LIKE = "like"
MAX_KIND_BYTES = 32
_MAX_KIND_CHARACTERS = 4 * MAX_KIND_BYTES  # more cannot be the spelling of one
VIEWS = "views"  # a kind that is counted without voters
RESERVED_KINDS = frozenset({VIEWS})
# Which pages may be liked: any, those signed when the site was built, those in its sitemap.
OPEN, SIGNED, SITEMAP = "open", "signed", "sitemap"

# Plain http from this machine alone, where a site is being made.
_FETCHED = re.compile(r"https://|http://(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/]|$)")
_NAME = re.compile(r"[a-z0-9-]{1,32}")
_JOINER = "\u200d"  # holds emoji together, and counts as unprintable


class Kind(NamedTuple):
    """How one kind is counted: up to `max` of one voter, who has one kind of a `group` at a time;
    what is private only the owner sees.
    """

    max: int = 1
    group: str = ""
    is_private: bool = False


PLAIN = Kind()
ALL = "all"  # the group of kinds that are exclusive without naming one


class Site(NamedTuple):
    """One site: `url` is its address for links, or None; the first of `kinds` is the default, and
    `rules` has those that are not plain.

    `pages` says which may be liked, `sitemap` where they are named. What `languages` matches is cut
    from a page's id, so that a page counts once in all its languages. `views` says whether readers
    are counted too.
    """

    name: str
    url: str | None
    origins: Origins
    kinds: tuple[str, ...] = (LIKE,)
    pages: str = OPEN
    sitemap: str | None = None
    languages: re.Pattern[str] | None = None
    rules: Mapping[str, Kind] = MappingProxyType({})
    public_kinds: tuple[str, ...] = (LIKE,)
    views: bool = False

    @property
    def is_local(self) -> bool:
        """Whether nothing but pages on a developer's own machine may write."""
        return self.origins is LOCALHOST

    def kind(self, text: str | None) -> str:
        """Return the kind that a request names, or the default. Raises `unknown_kind`."""
        if text is None:
            return self.kinds[0]
        if text in self.kinds:
            return text
        kind = normal_kind(text) if len(text) <= _MAX_KIND_CHARACTERS else ""
        if kind not in self.kinds:
            raise unknown_kind(self)
        return kind

    def figure(self, text: str | None) -> str:
        """Return the kind that the owner names; the views too. Raises `unknown_kind`."""
        return VIEWS if self.views and text == VIEWS else self.kind(text)

    @property
    def shown_kinds(self) -> tuple[str, ...]:
        """What anybody is told of a page: its public kinds, and the views where they count."""
        return (*self.public_kinds, VIEWS) if self.views else self.public_kinds

    def is_own(self, host: str) -> bool:
        """Tell whether a host without `www.` is one that the site lives on."""
        names = (host, f"www.{host}")
        own = [self.url, *self.origins.exact] if self.url else self.origins.exact
        return any(host_of(one) in names for one in own) or any(
            self.origins.allow(f"{scheme}://{name}") for scheme in DEFAULT_PORTS for name in names
        )

    def public_kind(self, text: str | None) -> str:
        """Return a kind whose count anybody may ask for. Raises `unknown_kind`."""
        kind = self.kind(text)
        if self.rule(kind).is_private:
            raise unknown_kind(self)
        return kind

    def rule(self, kind: str) -> Kind:
        """Return how a kind is counted."""
        return self.rules.get(kind, PLAIN)

    def rivals(self, kind: str) -> tuple[str, ...]:
        """Return the kinds that a voter of this one cannot have beside it."""
        if not self.rules or not (group := self.rule(kind).group):
            return ()
        return tuple(one for one in self.kinds if one != kind and self.rule(one).group == group)

    def page(self, text: str) -> str:
        """Return the id of the page that a request names. Raises `BadPage`."""
        page = canonical(text)
        if self.languages is None:
            return page
        return self.languages.sub(r"\1", page, count=1) or "/"

    def link_to(self, page: str) -> str | None:
        """Return the page's address on the site; None when it has none that is safe to link."""
        if self.url is None or not is_path(page):
            return None
        # A page's id is its whole path, also where the site lives below one.
        return address_on(origin_of(self.url), page)


def site(  # noqa: PLR0913 (what a site is made from)
    name: str,
    url: str | None,
    origins: tuple[str, ...],
    kinds: tuple[str, ...] = (LIKE,),
    pages: str = OPEN,
    languages: tuple[str, ...] = (),
    rules: Mapping[str, Kind] = MappingProxyType({}),
    *,
    views: bool = False,
) -> Site:
    """Build a site. Without origins its own address may write; without either, localhost alone.

    Raises `ValueError`.
    """
    if url and not origins:
        origins = (origin_of(url),)
    rule = Origins(origins) if origins else LOCALHOST
    url = url or next(iter(rule.exact), None)
    mode, _, address = pages.partition(":")
    sitemap = _sitemap(url, address) if mode == SITEMAP else None
    own = {kind: rules[kind] for kind in kinds if kind in rules}
    public = tuple(kind for kind in kinds if not own.get(kind, PLAIN).is_private)
    prefixes = _prefixes(url, languages)
    return Site(name, url, rule, kinds, mode, sitemap, prefixes, own, public, views)


def _sitemap(url: str | None, address: str) -> str:
    """Return where a site's pages are named: at the address, else at the usual one."""
    if not address and url is None:
        raise ValueError("a sitemap is at the site's own address, so the site needs a url")
    address = address or f"{url}/sitemap.xml"
    if not _FETCHED.match(address):
        raise ValueError(f"{address} is not fetched: a sitemap's address begins with https://")
    return address


def _prefixes(url: str | None, languages: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return what matches the languages at the beginning of a page's id, below the site's path."""
    if not languages:
        return None
    base = canonical(url).rstrip("/") if url else ""
    codes = "|".join(map(re.escape, languages))
    return re.compile(rf"^({re.escape(base)})(?:/(?:{codes}))+(?=/|$)")


def site_named(sites: Mapping[str, Site], name: str | None) -> Site:
    """Return the site that a request names, or the default one. Raises `unknown_site`."""
    found = sites.get(DEFAULT if name is None else name)
    if found is None:
        raise Problem("unknown_site", f"There is no such site. There are: {', '.join(sites)}.")
    return found


def unknown_kind(site: Site) -> Problem:
    """Return the refusal of a kind that a site does not count, or shows to nobody."""
    return Problem(
        "unknown_kind",
        f"The site {site.name} does not count this kind."
        f" It counts: {', '.join(site.public_kinds)}.",
    )


def origins_setting(site: Site) -> str:
    """Return where a site's origins are set, for whoever is to add one."""
    return "LIKEWISE_ORIGINS" if site.name == DEFAULT else f"the origins of [sites.{site.name}]"


def origins_line(site: Site, origin: str) -> str:
    """Return what to set so that one more origin may write."""
    texts = [*(() if site.is_local else site.origins.texts), origin]
    if site.name == DEFAULT:
        return f"LIKEWISE_ORIGINS={','.join(texts)}"
    listed = ", ".join(f'"{text}"' for text in texts)
    return f"origins = [{listed}] in [sites.{site.name}]"


def address_on(origin: str, page: str) -> str:
    """Return a page's address on an origin; of an id that is no path, that of the origin's root."""
    return origin + "".join(map(_url_octets, page if is_path(page) else "/"))


def checked_name(text: str) -> str:
    """Return a site's name as it is. Raises `ValueError`."""
    if not _NAME.fullmatch(text):
        msg = f"{text!r} is no site name: use 1 to 32 of a-z, 0-9 and -"
        raise ValueError(msg)
    if text == DEMO:
        msg = "this name is kept for the demo page"
        raise ValueError(msg)
    return text


def normal_kind(text: str) -> str:
    """Return a kind's stored form: NFC without the emoji variation selector U+FE0F."""
    return unicodedata.normalize("NFC", text.replace("\ufe0f", ""))


def checked_kind(text: str) -> str:
    """Return the stored form of a kind that a site shall count. Raises `ValueError`."""
    kind = normal_kind(text.strip())
    fits = 1 <= len(kind.encode()) <= MAX_KIND_BYTES
    if not fits or not kind.replace(_JOINER, "").isprintable() or kind in RESERVED_KINDS:
        msg = (
            f"{text!r} is no kind: use a word or an emoji of at most {MAX_KIND_BYTES} bytes"
            f" (reserved: {', '.join(sorted(RESERVED_KINDS))})"
        )
        raise ValueError(msg)
    return kind


def _url_octets(character: str) -> str:
    """Escape what may not stand in a URL's path; canonical ids keep their own percent-octets."""
    if character.isascii() and (character.isalnum() or character in "-._~/%!$&'()*+,;=:@"):
        return character
    return "".join(f"%{octet:02X}" for octet in character.encode())
