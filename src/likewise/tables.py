"""The tables of `likewise.toml`: sites, and how their kinds are counted.

Reads what TOML has made of them, and says what is wrong; knows no file and no other setting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from likewise import forms, sites
from likewise.errors import StartError
from likewise.sites import Kind, Site

MAX_OF_ONE = 1_000  # of one voter and page: what a hand can clap
_SITE_KEYS: dict[str, Callable[[str], Any]] = {
    "url": forms.url,
    "origins": forms.origins,
    "kinds": forms.kinds,
    "pages": forms.pages,
    "languages": forms.languages,
    "views": forms.switch,
}
_KIND_DEFAULTS = {"max": 1, "exclusive": False, "private": False}


def sites_in(tables: object, rules: Mapping[str, Kind]) -> list[Site]:
    """Return what `[sites.NAME]` tables say. Raises `StartError`."""
    if not isinstance(tables, dict):
        raise StartError("sites are tables, as [sites.blog].")
    return [_site(name, table, rules) for name, table in tables.items()]


def kinds_in(tables: object) -> dict[str, Kind]:
    """Return what `[kinds.NAME]` tables say, by the stored form of the name.

    Raises `StartError`.
    """
    if not isinstance(tables, dict):
        raise StartError("kinds are tables, as [kinds.clap].")
    rules: dict[str, Kind] = {}
    for name, table in tables.items():
        where = f"[kinds.{name}]"
        try:
            kind = sites.checked_kind(name)
        except ValueError as error:
            raise StartError(f"{where}: {error}.") from None
        if kind in rules:
            raise StartError(f"{where} stands there twice, in two spellings. Keep one of them.")
        rules[kind] = _kind(table, where)
    return rules


def built(name: str, read: Mapping[str, Any], where: str, rules: Mapping[str, Kind]) -> Site:
    """Return the site that has been read. Raises `StartError`."""
    read = {"url": None, "origins": ()} | dict(read)
    try:
        return sites.site(name, **read, rules=rules)
    except ValueError as error:
        raise StartError(f"{where}: {error}.") from None


def check_kinds(rules: Mapping[str, Kind], configured: tuple[Site, ...]) -> None:
    """Refuse rules for a kind that nobody counts: most likely its name is misspelt; and a private
    kind where a button that names none would count it and show another.

    Raises `StartError`.
    """
    counted = {kind for site in configured for kind in site.kinds}
    for kind in rules.keys() - counted:
        raise StartError(f"[kinds.{kind}]: no site counts it. Add it to LIKEWISE_KINDS.")
    for site in configured:
        first, public = site.kinds[0], site.public_kinds
        if public and first != public[0]:
            raise StartError(
                f"The site {site.name} lists {first} first, which is private: buttons that name no"
                f" kind count the first. List a public one before it: {public[0]}."
            )


def as_text(value: object) -> str:
    """Return a value of TOML as it would stand in the environment."""
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def _kind(table: object, where: str) -> Kind:
    expected = ", ".join(_KIND_DEFAULTS)
    if not isinstance(table, dict):
        raise StartError(f"{where}: expected a table with {expected}.")
    for key in table:
        if key not in _KIND_DEFAULTS:
            raise StartError(f"{where}: {key!r} is no key here; there are: {expected}.")
    most, group, private = (table.get(key, default) for key, default in _KIND_DEFAULTS.items())
    if type(most) is not int or not 1 <= most <= MAX_OF_ONE:
        raise StartError(f"{where} max={most}: expected a number from 1 to {MAX_OF_ONE}.")
    if type(group) is not bool and not (isinstance(group, str) and group.strip()):
        raise StartError(f"{where} exclusive={group}: expected true, false or a group's name.")
    if type(private) is not bool:
        raise StartError(f"{where} private={private}: expected true or false.")
    return Kind(most, (sites.ALL if group else "") if isinstance(group, bool) else group, private)


def _site(name: str, table: object, rules: Mapping[str, Kind]) -> Site:
    where = f"[sites.{name}]"
    expected = ", ".join(_SITE_KEYS)
    if not isinstance(table, dict):
        raise StartError(f"{where}: expected a table with {expected}.")
    read: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _SITE_KEYS:
            raise StartError(f"{where}: {key!r} is no key here; there are: {expected}.")
        if isinstance(value, bool) and _SITE_KEYS[key] is not forms.switch:
            raise StartError(f"{where} {key}: expected a text or a list of texts.")
        try:
            read[key] = _SITE_KEYS[key](as_text(value))
        except ValueError as error:
            raise StartError(f"{where} {key}={as_text(value)}: {error}.") from None
    try:
        sites.checked_name(name)
    except ValueError as error:
        raise StartError(f"{where}: {error}.") from None
    return built(name, read, f"{where} pages", rules)
