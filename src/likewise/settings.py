"""Every setting: its name, default, form and meaning, and where its value comes from.

Reads environment, `likewise.toml` and flags; builds nothing and opens nothing but those files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from likewise import forms, limits, sites
from likewise.errors import StartError

PREFIX = "LIKEWISE_"
CONFIG = "LIKEWISE_CONFIG"  # names the file; so it cannot stand in it
FILE = "likewise.toml"


class Setting(NamedTuple):
    """One row of the table. `read` turns text into the value and raises `ValueError`; a setting
    without a default is None until it is set.
    """

    name: str
    default: str | None
    read: Callable[[str], Any]
    help: str
    is_secret: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting("LIKEWISE_HOST", "127.0.0.1", forms.host, "address to listen on, or unix:/path"),
    Setting("LIKEWISE_PORT", "8000", forms.port, "port to listen on"),
    Setting("LIKEWISE_DATABASE", "likewise.db", forms.database, "the SQLite file"),
    Setting("LIKEWISE_URL", "", forms.url, "the service's own public address"),
    Setting("LIKEWISE_ADMIN_KEY", None, forms.admin_key, "the owner's key", is_secret=True),
    Setting("LIKEWISE_SECRET", None, forms.secret, "what hides who liked", is_secret=True),
    Setting("LIKEWISE_ORIGINS", "", forms.origins, "who may write: https://example.com,…"),
    Setting(
        "LIKEWISE_TRUSTED_PROXIES",
        "loopback",
        forms.trust,
        "whose forwarding headers are believed: CIDR ranges, loopback, private, none",
    ),
    Setting("LIKEWISE_CLIENT_HEADER", "", forms.header, "header that names the reader"),
    Setting("LIKEWISE_KINDS", "like", forms.kinds, "what is counted, the default kind first"),
    Setting("LIKEWISE_LIMITS", "on", limits.parse_limits, "on, off, or burst=2/10s,day=20,…"),
    Setting("LIKEWISE_DEMO", None, forms.switch, "serve /demo: on or off"),
    Setting("LIKEWISE_LOG", "text", forms.log, "form of the log: text or json"),
    Setting("LIKEWISE_ACCESS_LOG", "off", forms.switch, "log every request, without addresses"),
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}
# The article's compose file sets its key under this name.
_ALIASES = {"ADMIN_API_KEY": "LIKEWISE_ADMIN_KEY"}
_SITE_KEYS: dict[str, Callable[[str], Any]] = {
    "url": forms.url,
    "origins": forms.origins,
    "kinds": forms.kinds,
}


class Settings(NamedTuple):
    """The checked values, as the service is built from them."""

    host: str
    port: int
    database: str
    url: str | None
    admin_key: str | None
    secret: str | None
    origins: tuple[str, ...]
    trusted_proxies: forms.Trust
    client_header: bytes | None
    kinds: tuple[str, ...]
    limits: limits.Limits | None
    demo: bool | None
    log: str
    access_log: bool
    sites: tuple[sites.Site, ...]

    @property
    def database_path(self) -> Path:
        """The database's absolute path."""
        return Path(self.database).expanduser().absolute()

    @property
    def serves_demo(self) -> bool:
        """Whether /demo is there: asked for, or no site is configured yet."""
        return not self.has_sites if self.demo is None else self.demo

    @property
    def has_sites(self) -> bool:
        """Whether any site is open to more than localhost."""
        return any(not site.is_local for site in self.sites)


def load(flags: Mapping[str, str], environment: Mapping[str, str] = os.environ) -> Settings:
    """Gather the settings: flags win over the environment, the environment over `likewise.toml`.

    A secret `X` may be read from the file that `X_FILE` names. Raises `StartError` that names
    the setting, the value and what is expected.
    """
    tables, texts = _from_file(environment.get(CONFIG))
    texts |= _from_environment(environment) | dict(flags)
    values = {
        setting.name.removeprefix(PREFIX).lower(): _value(setting, texts.get(setting.name))
        for setting in SETTINGS
    }
    return Settings(**values, sites=_sites(tables, values))


def _value(setting: Setting, text: str | None) -> Any:  # noqa: ANN401 (as many types as settings)
    text = setting.default if text is None else text
    if text is None:
        return None
    try:
        return setting.read(text)
    except ValueError as error:
        shown = "" if setting.is_secret else f"={text}"
        raise StartError(f"{setting.name}{shown}: {error}.") from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings in it; our own name wins over another program's."""
    texts: dict[str, str] = {}
    for name in sorted(environment, key=lambda name: name.startswith(PREFIX)):
        plain = name.removesuffix("_FILE")
        setting = _BY_NAME.get(_ALIASES.get(name, name))
        named_file = _BY_NAME.get(_ALIASES.get(plain, plain))
        if setting is not None:
            texts[setting.name] = environment[name]
        elif named_file is not None and named_file.is_secret:
            texts[named_file.name] = _read_secret(name, environment[name])
        elif name.startswith(PREFIX) and name != CONFIG:
            raise _unknown(name)
    return texts


def _read_secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{name}={path}: the file cannot be read ({error}).") from None


def _unknown(name: str) -> StartError:
    import difflib  # noqa: PLC0415 (needed after a mistake only)

    near = difflib.get_close_matches(name, _BY_NAME, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(_BY_NAME)}."
    return StartError(f"{name} is no setting. {hint}")


def _from_file(name: str | None) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the site tables and the plain settings of `likewise.toml`, or of the file named."""
    path = Path(name or FILE)
    if not path.exists():
        if name:
            raise StartError(f"{CONFIG}={path}: there is no such file.")
        return {}, {}
    import tomllib  # noqa: PLC0415 (0.7 MiB that a service without a file does not need)

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StartError(f"{path}: {error}.") from None
    tables = content.pop("sites", {})
    if not isinstance(tables, dict):
        raise StartError(f"{path}: sites are tables, as [sites.blog].")
    for key in content:
        if key not in _BY_NAME:
            raise _unknown(key)
    return tables, {key: _as_text(value) for key, value in content.items()}


def _as_text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def _sites(tables: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[sites.Site, ...]:
    """Build every site but the demo; the environment sets the default one."""
    if sites.DEFAULT in tables:
        if values["origins"]:
            raise StartError("LIKEWISE_ORIGINS and [sites.default] are both set. Keep one of them.")
        return tuple(_site(name, table) for name, table in tables.items())
    default = sites.site(sites.DEFAULT, None, values["origins"], values["kinds"])
    return (default, *(_site(name, table) for name, table in tables.items()))


def _site(name: str, table: object) -> sites.Site:
    where = f"[sites.{name}]"
    expected = ", ".join(_SITE_KEYS)
    if not isinstance(table, dict):
        raise StartError(f"{where}: expected a table with {expected}.")
    for key in table:
        if key not in _SITE_KEYS:
            raise StartError(f"{where}: {key!r} is no key here; there are: {expected}.")
    try:
        read = {key: _SITE_KEYS[key](_as_text(value)) for key, value in table.items()}
        return sites.site(
            sites.checked_name(name),
            read.get("url"),
            read.get("origins", ()),
            read.get("kinds", (sites.LIKE,)),
        )
    except ValueError as error:
        raise StartError(f"{where}: {error}.") from None
