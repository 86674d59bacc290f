"""Every setting: its name, default, form and meaning, and where its value comes from.

Reads environment, `likewise.toml` and flags; builds nothing and opens nothing but those files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from likewise import addresses, limits, sites
from likewise.errors import StartError

PREFIX = "LIKEWISE_"
FILE = "likewise.toml"
MIN_KEY_CHARACTERS = 24
MIN_SECRET_CHARACTERS = 32

_TRUE = {"1", "on", "true", "yes"}
_FALSE = {"0", "off", "false", "no", ""}
# What manuals, the article among them, print as an example: known to everybody.
_KNOWN_KEYS = frozenset({"fallback_secret", "TuSuperPasswordSecreto123"})
_MAX_PORT = 65_535


class Setting(NamedTuple):
    """One row of the table. `read` turns text into the value and raises `ValueError`."""

    name: str
    default: str
    read: Callable[[str], Any]
    help: str
    is_secret: bool = False


def _text(text: str) -> str:
    return text.strip()


def _host(text: str) -> str:
    text = text.strip()
    if not text or any(character.isspace() for character in text):
        msg = "expected an address such as 127.0.0.1 or ::, or unix:/run/likewise.sock"
        raise ValueError(msg)
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= _MAX_PORT:
        msg = f"expected a port number from 1 to {_MAX_PORT} (0: any free one)"
        raise ValueError(msg)
    return int(text)


def _database(text: str) -> str:
    text = text.strip()
    if not text:
        msg = "expected a file name such as likewise.db"
        raise ValueError(msg)
    if "://" in text:
        msg = "expected the name of an SQLite file; this version knows no other database"
        raise ValueError(msg)
    return text


def _switch(text: str) -> bool:
    if text.strip().lower() in _TRUE:
        return True
    if text.strip().lower() in _FALSE:
        return False
    msg = "expected on or off"
    raise ValueError(msg)


def _url(text: str) -> str | None:
    text = text.strip().rstrip("/")
    if not text:
        return None
    scheme, separator, rest = text.partition("://")
    host = rest.partition("/")[0]
    if scheme not in {"http", "https"} or not separator or not host or set(text) & set(" ?#@\\\""):
        msg = "expected a public address such as https://likes.example.com"
        raise ValueError(msg)
    return text


def _admin_key(text: str) -> str | None:
    if not text:
        return None
    if text in _KNOWN_KEYS:
        msg = "this key is printed in a public manual; make one with `likewise key`"
        raise ValueError(msg)
    if len(text) < MIN_KEY_CHARACTERS or len(set(text)) < MIN_KEY_CHARACTERS // 3:
        msg = f"expected at least {MIN_KEY_CHARACTERS} random characters; make one with `likewise key`"
        raise ValueError(msg)
    return text


def _secret(text: str) -> str | None:
    if not text:
        return None
    if len(text) < MIN_SECRET_CHARACTERS:
        msg = f"expected at least {MIN_SECRET_CHARACTERS} random characters"
        raise ValueError(msg)
    return text


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(filter(None, (part.strip() for part in text.split(","))))
    sites.Origins(origins)
    return origins


def _kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(sites.checked_kind(part) for part in text.split(","))
    if len(set(kinds)) < len(kinds):
        msg = "a kind stands there twice"
        raise ValueError(msg)
    return kinds


def _proxies(text: str) -> Proxies:
    ranges: list[addresses.Range] = []
    unix_socket = False
    for part in filter(None, (part.strip() for part in text.split(","))):
        if part == "loopback":
            ranges += addresses.LOOPBACK
            unix_socket = True
        elif part == "private":
            ranges += addresses.PRIVATE
        elif part != "none":
            ranges.append(addresses.parse_range(part))
    return Proxies(tuple(ranges), unix_socket)


def _header(text: str) -> bytes | None:
    text = text.strip().lower()
    if not text:
        return None
    if not text.isascii() or not text.replace("-", "").isalnum():
        msg = "expected a header's name such as CF-Connecting-IP"
        raise ValueError(msg)
    if text.startswith("x-forwarded-"):
        msg = "X-Forwarded-For is read already, the others are never believed"
        raise ValueError(msg)
    return text.encode()


def _log(text: str) -> str:
    if text not in {"text", "json"}:
        msg = "expected text or json"
        raise ValueError(msg)
    return text


class Proxies(NamedTuple):
    """What LIKEWISE_TRUSTED_PROXIES names."""

    ranges: tuple[addresses.Range, ...]
    unix_socket: bool


SETTINGS: tuple[Setting, ...] = (
    Setting("LIKEWISE_HOST", "127.0.0.1", _host, "address to listen on, or unix:/path of a socket"),
    Setting("LIKEWISE_PORT", "8000", _port, "port to listen on"),
    Setting("LIKEWISE_DATABASE", "likewise.db", _database, "the SQLite file"),
    Setting("LIKEWISE_URL", "", _url, "the service's own public address"),
    Setting("LIKEWISE_ADMIN_KEY", "", _admin_key, "the owner's key; made when none is set", True),
    Setting("LIKEWISE_SECRET", "", _secret, "hides who liked; made once beside the database", True),
    Setting("LIKEWISE_ORIGINS", "", _origins, "the sites that may write, as https://example.com,…"),
    Setting(
        "LIKEWISE_TRUSTED_PROXIES",
        "loopback",
        _proxies,
        "who may say for whom a request is: CIDR ranges, loopback, private, none",
    ),
    Setting("LIKEWISE_CLIENT_HEADER", "", _header, "a header in which a trusted proxy names the reader"),
    Setting("LIKEWISE_KINDS", "like", _kinds, "what is counted, the default kind first"),
    Setting("LIKEWISE_LIMITS", "on", limits.parse_limits, "on, off, or changes: burst=2/10s,day=20,…"),
    Setting("LIKEWISE_DEMO", "", lambda text: _switch(text) if text else None, "serve /demo: on or off"),
    Setting("LIKEWISE_LOG", "text", _log, "form of the log: text or json"),
    Setting("LIKEWISE_ACCESS_LOG", "off", _switch, "log every request, without addresses"),
)
_NAMES = {setting.name: setting for setting in SETTINGS}
# The article's compose file sets its key under this name.
_ALIASES = {"ADMIN_API_KEY": "LIKEWISE_ADMIN_KEY"}
_SITE_KEYS = {"url": _url, "origins": _origins, "kinds": _kinds}


class Settings(NamedTuple):
    """The checked values, as the service is built from them."""

    host: str
    port: int
    database: str
    url: str | None
    admin_key: str | None
    secret: str | None
    origins: tuple[str, ...]
    trusted_proxies: Proxies
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
        """Whether /demo is there: asked for, or nothing is configured yet."""
        if self.demo is not None:
            return self.demo
        return not any(site.origins.exact for site in self.sites) and not self.origins


def load(flags: Mapping[str, str], environment: Mapping[str, str] = os.environ) -> Settings:
    """Gather the settings: flags win over the environment, the environment over `likewise.toml`.

    A secret `X` may be read from the file that `X_FILE` names. Raises `StartError` that names
    the setting, the value and what is expected.
    """
    tables, texts = _from_file(Path(environment.get("LIKEWISE_CONFIG", FILE)), environment)
    texts |= _from_environment(environment) | dict(flags)
    values = {
        setting.name.removeprefix(PREFIX).lower(): _value(setting, texts.get(setting.name))
        for setting in SETTINGS
    }
    return Settings(**values, sites=_sites(tables, values))


def _value(setting: Setting, text: str | None) -> Any:  # noqa: ANN401 (as many types as settings)
    text = setting.default if text is None else text
    try:
        return setting.read(text)
    except ValueError as error:
        shown = "" if setting.is_secret else f"={text}"
        msg = f"{setting.name}{shown}: {error}."
        raise StartError(msg) from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, value in environment.items():
        known = _ALIASES.get(name, name)
        if known in _NAMES:
            texts.setdefault(known, value)
        elif (base := _ALIASES.get(name.removesuffix("_FILE"), name.removesuffix("_FILE"))) in _NAMES:
            if _NAMES[base].is_secret:
                texts[base] = _read_secret(name, value)
        elif name.startswith(PREFIX) and name != "LIKEWISE_CONFIG":
            raise _unknown(name)
    for name, known in _ALIASES.items():
        if known in environment:
            texts[known] = environment[known]
        elif environment.get(name) == "":
            msg = f"{name} is empty. Set it to a key of at least {MIN_KEY_CHARACTERS} characters, or remove it."
            raise StartError(msg)
    if environment.get("LIKEWISE_ADMIN_KEY") == "":
        msg = f"LIKEWISE_ADMIN_KEY is empty. Set it to a key of at least {MIN_KEY_CHARACTERS} characters, or remove it."
        raise StartError(msg)
    return texts


def _read_secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{name}={path}: the file cannot be read ({error})."
        raise StartError(msg) from None


def _unknown(name: str) -> StartError:
    import difflib  # noqa: PLC0415 (needed for a mistake only)

    near = difflib.get_close_matches(name, _NAMES, n=1)
    hint = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(_NAMES)}."
    return StartError(f"{name} is no setting.{hint}")


def _from_file(
    path: Path, environment: Mapping[str, str]
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return the site tables and the plain settings of `likewise.toml`."""
    if not path.exists():
        if "LIKEWISE_CONFIG" in environment:
            msg = f"LIKEWISE_CONFIG={path}: there is no such file."
            raise StartError(msg)
        return {}, {}
    import tomllib  # noqa: PLC0415 (0.7 MiB that a service without a file does not need)

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{path}: {error}."
        raise StartError(msg) from None
    tables = content.pop("sites", {})
    texts: dict[str, str] = {}
    for name, value in content.items():
        if name not in _NAMES:
            raise _unknown(name)
        texts[name] = _as_text(value)
    return tables, texts


def _as_text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def _sites(tables: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[sites.Site, ...]:
    """Build every site but the demo; the environment sets the default one."""
    found = [_site(name, table) for name, table in tables.items()]
    if not any(site.name == sites.DEFAULT for site in found):
        found.insert(0, _built_site(sites.DEFAULT, None, values["origins"], values["kinds"]))
    elif values["origins"]:
        msg = "LIKEWISE_ORIGINS and [sites.default] are both set. Keep one of them."
        raise StartError(msg)
    return tuple(found)


def _site(name: str, table: object) -> sites.Site:
    where = f"[sites.{name}]"
    if not isinstance(table, dict):
        msg = f"{where}: expected a table with {', '.join(_SITE_KEYS)}."
        raise StartError(msg)
    try:
        if sites.checked_name(name) == sites.DEMO:
            msg = "this name is kept for the demo page"
            raise ValueError(msg)  # noqa: TRY301 (one place words them all)
        unknown = set(table) - set(_SITE_KEYS)
        if unknown:
            msg = f"{unknown.pop()!r} is no key here; there are: {', '.join(_SITE_KEYS)}"
            raise ValueError(msg)  # noqa: TRY301
        read = {key: _SITE_KEYS[key](_as_text(value)) for key, value in table.items()}
    except ValueError as error:
        msg = f"{where}: {error}."
        raise StartError(msg) from None
    return _built_site(name, read.get("url"), read.get("origins", ()), read.get("kinds", (sites.LIKE,)))


def _built_site(
    name: str, url: str | None, origins: tuple[str, ...], kinds: tuple[str, ...]
) -> sites.Site:
    """A site without origins is written to from its own address, or from localhost alone."""
    if url and not origins:
        scheme, _, rest = url.partition("://")
        origins = (f"{scheme}://{rest.partition('/')[0]}",)
    rule = sites.Origins(origins) if origins else sites.localhost_origins()
    return sites.Site(name, url or (rule.exact[0] if rule.exact else None), rule, kinds)
