"""Every setting: its name, default, form and meaning, and where its value comes from.

Reads environment, `likewise.toml` and flags; builds nothing and opens nothing but those files.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from likewise import forms, limits, sites
from likewise.errors import StartError
from likewise.sites import Site
from likewise.tables import as_text, built, check_kinds, kinds_in, sites_in

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

    @property
    def flag(self) -> str:
        """Its name on the command line: `LIKEWISE_CLIENT_HEADER` is `--client-header`."""
        return "--" + self.name.removeprefix(PREFIX).lower().replace("_", "-")


SETTINGS: tuple[Setting, ...] = (
    Setting("LIKEWISE_HOST", "127.0.0.1", forms.host, "address to listen on, or unix:/path"),
    Setting("LIKEWISE_PORT", "8000", forms.port, "port to listen on"),
    Setting("LIKEWISE_DATABASE", "likewise.db", forms.database, "the SQLite file"),
    Setting("LIKEWISE_BACKUPS", "", forms.folder, "a folder that gets a backup every day"),
    Setting("LIKEWISE_BACKUPS_KEPT", "7", forms.backups_kept, "how many of them are kept"),
    Setting("LIKEWISE_URL", "", forms.url, "the service's own public address"),
    Setting("LIKEWISE_ADMIN_HOST", "", forms.admin_host, "the only host of the dashboard"),
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
    Setting("LIKEWISE_VIEWS", "off", forms.switch, "count readers too: on or off"),
    Setting("LIKEWISE_PAGES", "open", forms.pages, "which may be liked: open, signed, sitemap"),
    Setting("LIKEWISE_PAGE_KEY", None, forms.page_keys, "what signs pages", is_secret=True),
    Setting("LIKEWISE_LIMITS", "on", limits.parse_limits, "on, off, or burst=2/10s,day=20,…"),
    Setting("LIKEWISE_DEMO", None, forms.switch, "serve /demo: on or off"),
    Setting("LIKEWISE_LOOP", "asyncio", forms.loop, "event loop: asyncio, or uvloop (an extra)"),
    Setting("LIKEWISE_LOG", "text", forms.log, "form of the log: text or json"),
    Setting("LIKEWISE_ACCESS_LOG", "off", forms.switch, "log every request, without addresses"),
)
# What may be a flag: other users of the machine see those.
FLAGS = {setting.name: setting for setting in SETTINGS if not setting.is_secret}
# The article's compose file sets its key under this name.
_ALIASES = {"ADMIN_API_KEY": "LIKEWISE_ADMIN_KEY"}
_BY_NAME = {setting.name: setting for setting in SETTINGS}
_SPELLINGS = _BY_NAME | {alias: _BY_NAME[name] for alias, name in _ALIASES.items()}
_FILES = {f"{name}_FILE": setting for name, setting in _SPELLINGS.items() if setting.is_secret}
_TABLES = frozenset({"sites", "kinds"})


class Settings(NamedTuple):
    """The checked values, as the service is built from them."""

    host: str
    port: int
    database: str
    backups: str | None
    backups_kept: int
    url: str | None
    admin_host: str | None
    admin_key: str | None
    secret: str | None
    origins: tuple[str, ...]
    trusted_proxies: forms.Trust
    client_header: bytes | None
    kinds: tuple[str, ...]
    views: bool
    pages: str
    page_key: tuple[str, ...] | None
    limits: limits.Limits | None
    demo: bool | None
    loop: str
    log: str
    access_log: bool
    sites: tuple[Site, ...]

    @property
    def database_path(self) -> str:
        """The database's own path, by whichever link it was named: its secret lies beside it.

        Raises `StartError` for a link that leads to itself.
        """
        try:
            path = os.path.realpath(self.database)
        except OSError as error:  # such as a working folder that is gone
            raise StartError(f"{self.database} cannot be found: {error}.") from None
        if _leads_to_itself(path):
            raise StartError(f"{self.database} cannot be found: Symlink loop from {path!r}.")
        return path

    @property
    def backups_path(self) -> str | None:
        """The folder of backups, by the link that names it: it may lead elsewhere tomorrow."""
        return None if self.backups is None else _absolute(self.backups)

    @property
    def serves_demo(self) -> bool:
        """Whether /demo is there: asked for, or no site is configured yet."""
        return not self.has_sites if self.demo is None else self.demo

    @property
    def has_sites(self) -> bool:
        """Whether any site is open to more than localhost."""
        return any(not site.is_local for site in self.sites)

    def site(self, name: str) -> Site:
        """Return a configured site. Raises `StartError`."""
        for site in self.sites:
            if site.name == name:
                return site
        names = ", ".join(site.name for site in self.sites)
        raise StartError(f"There is no site {name}; there are: {names}. {FILE} names them.")


class Given(NamedTuple):
    """The text that was given for a setting, and how to name it to whoever gave it."""

    text: str
    shown: str


def load(flags: Mapping[str, str], environment: Mapping[str, str] = os.environ) -> Settings:
    """Gather the settings: flags win over the environment, the environment over `likewise.toml`.

    A secret `X` may be read from the file that `X_FILE` names. Raises `StartError` that names
    the setting, the value and what is expected.
    """
    path = environment.get(CONFIG)
    content = _content(path or FILE, CONFIG if path else None)
    plain = {name: value for name, value in content.items() if name not in _TABLES}
    given = (
        _given({name: as_text(value) for name, value in plain.items()}, f" in {path or FILE}")
        | _given({name: text for name, text in environment.items() if _is_ours(name)})
        | {name: Given(text, f"{FLAGS[name].flag}={text}") for name, text in flags.items()}
    )
    values = {
        setting.name.removeprefix(PREFIX).lower(): _value(setting, given.get(setting.name))
        for setting in SETTINGS
    }
    return Settings(**values, sites=_sites(content, given, values))


def _leads_to_itself(path: str) -> bool:
    try:
        os.stat(path)
    except OSError as error:
        return error.errno == errno.ELOOP
    return False


def _absolute(path: str) -> str:
    """Return a path from the root. Each `..` stays: behind a link it leads out of its target."""
    whole = path if path.startswith("/") else f"{os.getcwd()}/{path}"
    return "/" + "/".join(part for part in whole.split("/") if part not in {"", "."})


def _is_ours(name: str) -> bool:
    return name in _SPELLINGS or name in _FILES or (name.startswith(PREFIX) and name != CONFIG)


def _given(texts: Mapping[str, str], where: str = "") -> dict[str, Given]:
    """Return what is set among these names, all of which must be ours."""
    given: dict[str, Given] = {}
    # Our own names come last, and so win over the article's.
    for name in sorted(texts, key=lambda name: name.startswith(PREFIX)):
        if name in _FILES:
            shown = f"{name}={texts[name]}{where}"
            given[_FILES[name].name] = Given(_secret_in(texts[name], shown), shown)
        elif name in _SPELLINGS:
            setting = _SPELLINGS[name]
            shown = name + ("" if setting.is_secret else f"={texts[name]}") + where
            given[setting.name] = Given(texts[name], shown)
        else:
            raise _unknown(name, where)
        if f"{name}_FILE" in texts and name in texts:
            raise StartError(f"{name} and {name}_FILE are both set{where}. Keep one of them.")
    return given


def _value(setting: Setting, given: Given | None) -> Any:  # noqa: ANN401 (as many types as settings)
    if given is None:
        return None if setting.default is None else setting.read(setting.default)
    try:
        return setting.read(given.text)
    except ValueError as error:
        raise StartError(f"{given.shown}: {error}.") from None


def _secret_in(path: str, shown: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError as error:
        raise StartError(f"{shown}: the file cannot be read: {error.strerror}.") from None
    except ValueError:
        raise StartError(f"{shown}: the file does not hold text.") from None


def _unknown(name: str, where: str) -> StartError:
    import difflib  # noqa: PLC0415 (needed after a mistake only)

    short = name.upper().removeprefix(PREFIX)
    known = [known.removeprefix(PREFIX) for known in (*_BY_NAME, *_FILES)]
    near = difflib.get_close_matches(short, known, n=1)
    hint = f"Did you mean {PREFIX}{near[0]}?" if near else f"There are: {', '.join(_BY_NAME)}."
    return StartError(f"{name}{where} is no setting. {hint}")


def _content(path: str, named_by: str | None) -> dict[str, Any]:
    """Return what `likewise.toml` holds; nothing where there is none and nobody named one."""
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # a pipe would have us wait for ever
            raise StartError(f"{_absolute(path)} is not a file.")
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        if named_by is None:
            return {}
        raise StartError(f"{named_by}={path}: there is no such file.") from None
    except OSError as error:
        raise StartError(f"{_absolute(path)} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise StartError(f"{_absolute(path)} is not written in UTF-8.") from None
    import tomllib  # noqa: PLC0415 (0.8 MiB that a service without a file does not need)

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise StartError(f"{_absolute(path)} is not valid TOML: {error}.") from None


def _sites(
    content: Mapping[str, Any], given: Mapping[str, Given], values: Mapping[str, Any]
) -> tuple[Site, ...]:
    """Build every site but the demo; plain settings set the default one, unless a table does."""
    rules = kinds_in(content.get("kinds", {}))
    tables = content.get("sites", {})
    configured = tuple(sites_in(tables, rules))
    plain = ("origins", "kinds", "views", "pages")
    if sites.DEFAULT not in tables:
        read = {name: values[name] for name in plain}
        where = f"LIKEWISE_PAGES={values['pages']}"
        configured = (built(sites.DEFAULT, read, where, rules), *configured)
    else:
        for name in (f"{PREFIX}{name.upper()}" for name in plain):
            if name in given and given[name].text:
                raise StartError(f"{name} and [sites.default] are both set. Keep one of them.")
    check_kinds(rules, configured)
    if not values["page_key"] and any(site.pages == sites.SIGNED for site in configured):
        raise StartError("Signed pages need LIKEWISE_PAGE_KEY, the key that your site signs with.")
    return configured
