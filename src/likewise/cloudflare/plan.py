"""The facts of a set-up behind Cloudflare, once: names, tunnel, records, rules, who may come.

Values in the shapes of Cloudflare's API; the forms beside this file render them. Asks nobody.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from likewise.errors import StartError
from likewise.forms import UNIX_PREFIX, admin_host
from likewise.origins import origin_of, punycode
from likewise.settings import Settings

# Fits no more than it must: each of these ends up in a shell, in JSON, in YAML and in HCL.
_HOST = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
)
_SERVICE = re.compile(
    r"https?://(?:[A-Za-z0-9._-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?|unix:/[\w./-]+", re.ASCII
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}")
_TUNNEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LOOPBACK = re.compile(r"https?://(?:127\.[0-9.]+|localhost|\[::1\])(?::|$)|unix:")
_MAX_HOST = 253

# What readers' pages never ask for; on the name that they know it is not there.
OWNERS_PATHS = "^/(api|dashboard|metrics)(/|$)"
# What the dashboard is made of; the name that it has serves no readers.
DASHBOARD_PATHS = "^/((api|dashboard|static)(/|$)|metrics$|$)"
NOTHING = "http_status:404"

RATE_PHASE, CACHE_PHASE = "http_ratelimit", "http_request_cache_settings"
# All that the Free plan has: one rule, by path alone, 10 seconds, 10 seconds. Readers write
# rarely; an office behind one address shall not be shut out before our own limits look closer.
LIKES_PER_PERIOD = 10
FREE_PERIOD_SECONDS = 10
LIKE_PATH = "/v1/like"
CACHED_PATHS = ("/v1/counts", "/v1/popular", "/v1/badge.svg", "/likes.js", "/reactions.js")


class Plan(NamedTuple):
    """One set-up. `host` is the readers', `admin_host` the owner's, where it has one of its own,
    with `email` of who may come there; `service` is where the tunnel finds the service.
    """

    zone: str
    host: str
    admin_host: str | None
    email: str | None
    service: str
    tunnel: str
    tunnel_id: str | None
    origins: tuple[str, ...]

    @property
    def hosts(self) -> list[str]:
        """Every name that leads to the tunnel."""
        return [self.host, *filter(None, [self.admin_host])]

    def settings(self) -> dict[str, str]:
        """Return what the service shall be started with."""
        values = {
            "LIKEWISE_URL": f"https://{self.host}",
            "LIKEWISE_ORIGINS": ",".join(self.origins),
            "LIKEWISE_ADMIN_HOST": self.admin_host or "",
            "LIKEWISE_TRUSTED_PROXIES": "loopback" if _LOOPBACK.match(self.service) else "private",
            "LIKEWISE_CLIENT_HEADER": "CF-Connecting-IP",
        }
        return {name: value for name, value in values.items() if value}

    def ingress(self) -> list[dict[str, str]]:
        """Return the tunnel's rules; the first that matches wins, the last takes all."""
        rules = [{"hostname": self.host, "service": self.service}]
        if self.admin_host:
            rules = [
                {"hostname": self.host, "path": OWNERS_PATHS, "service": NOTHING},
                *rules,
                {
                    "hostname": self.admin_host,
                    "path": DASHBOARD_PATHS,
                    "service": self.service,
                },
            ]
        return [*rules, {"service": NOTHING}]

    def record(self, host: str, tunnel_id: str) -> dict[str, Any]:
        """Return the DNS record that leads a name to the tunnel. A TTL of 1 is automatic."""
        return {
            "type": "CNAME",
            "name": host,
            "content": f"{tunnel_id}.cfargotunnel.com",
            "proxied": True,
            "ttl": 1,
        }

    def rate_rule(self) -> dict[str, Any]:
        """Return the rule against floods of likes. It knows paths alone, so it holds zone-wide."""
        return {
            "ref": "likewise_likes",
            "description": "Likewise: likes from one address",
            "expression": f'http.request.uri.path eq "{LIKE_PATH}"',
            "action": "block",
            "ratelimit": {
                # Counted by data centre, which the API wants said.
                "characteristics": ["cf.colo.id", "ip.src"],
                "period": FREE_PERIOD_SECONDS,
                "requests_per_period": LIKES_PER_PERIOD,
                "mitigation_timeout": FREE_PERIOD_SECONDS,
            },
        }

    def cache_rule(self) -> dict[str, Any]:
        """Return the rule that has counts kept for as long as the service says, and no longer."""
        paths = " ".join(f'"{path}"' for path in CACHED_PATHS)
        return {
            "ref": "likewise_cache",
            "description": "Likewise: counts and widget, as long as they say",
            "expression": f'http.host eq "{self.host}" and http.request.uri.path in {{{paths}}}',
            "action": "set_cache_settings",
            "action_parameters": {
                "cache": True,
                "edge_ttl": {"mode": "respect_origin"},
                # Otherwise the zone's own, 4 hours as a rule, is what browsers are told.
                "browser_ttl": {"mode": "respect_origin"},
            },
        }

    def access_policy(self) -> dict[str, Any]:
        """Return who may come to the dashboard's host."""
        return {
            "name": f"Likewise: who may come to {self.admin_host}",
            "decision": "allow",
            "include": [{"email": {"email": self.email}}],
        }

    def access_application(self, policy_id: str) -> dict[str, Any]:
        """Return the application that asks for it, which is the whole host."""
        return {
            "type": "self_hosted",
            "name": f"Likewise: {self.admin_host}",
            "domain": self.admin_host,
            "session_duration": "24h",
            "policies": [{"id": policy_id, "precedence": 1}],
        }


class Wanted(NamedTuple):
    """What the command line says beside the settings."""

    zone: str | None = None
    service: str | None = None
    email: str | None = None
    tunnel: str = "likewise"
    tunnel_id: str | None = None


def plan(settings: Settings, wanted: Wanted) -> Plan:
    """Put a set-up together. Raises `StartError` with what is missing and how to give it."""
    host = _public_host(settings)
    zone = _name(wanted.zone, "--zone") if wanted.zone else _zone_of(host)
    owners = _name(settings.admin_host, "LIKEWISE_ADMIN_HOST") if settings.admin_host else None
    _check_hosts(zone, host, owners)
    if not settings.has_sites:
        raise StartError(
            "No site may write yet. Give the address of your web site: LIKEWISE_ORIGINS, or"
            f" --origins https://{zone}"
        )
    if owners and not wanted.email:
        raise StartError(
            f"Access for {owners} needs to know who may come. Give your address: --email you@{zone}"
        )
    return Plan(
        zone,
        host,
        owners,
        _fitting(_EMAIL, wanted.email, "--email", f"an e-mail address such as you@{zone}"),
        _fitting(_SERVICE, wanted.service, "--service", "an address such as http://likewise:8000")
        or _listening(settings),
        _fitting(_TUNNEL, wanted.tunnel, "--tunnel", "letters, digits, - and _") or "",
        _fitting(_UUID, wanted.tunnel_id, "--tunnel-id", "the id that `tunnel create` printed"),
        tuple(map(_ascii, settings.origins)),
    )


def _public_host(settings: Settings) -> str:
    if not settings.url:
        raise StartError(
            "The service's own address is not known. Give it: LIKEWISE_URL, or"
            " --url https://likes.example.com"
        )
    origin = origin_of(settings.url)
    host = origin.removeprefix("https://")
    if origin != settings.url or not _is_name(host):
        raise StartError(
            f"LIKEWISE_URL={settings.url}: behind Cloudflare the service needs a name of its own,"
            " without port and path, such as https://likes.example.com"
        )
    return host


def _check_hosts(zone: str, host: str, owners: str | None) -> None:
    for name in filter(None, (host, owners)):
        if name != zone and not name.endswith(f".{zone}"):
            raise StartError(
                f"{name} is not below {zone}. Give the domain as Cloudflare lists it: --zone"
            )
    if owners == host:
        raise StartError(
            f"LIKEWISE_ADMIN_HOST={owners} is the readers' own. Access there would ask all of them"
            " to sign in: give the dashboard another name."
        )


def _zone_of(host: str) -> str:
    """Return the domain that a name most likely lies in: Cloudflare's own certificates reach one
    level below it.
    """
    below = host.partition(".")[2]
    return below if "." in below else host


def _listening(settings: Settings) -> str:
    """Return where a tunnel on the same machine finds the service."""
    host = settings.host
    if host.startswith(UNIX_PREFIX):
        return (
            _fitting(_SERVICE, host, "LIKEWISE_HOST", "a path of letters, digits, . - and _") or ""
        )
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 (read, not listened on)
    return f"http://{f'[{host}]' if ':' in host and '[' not in host else host}:{settings.port}"


def _name(text: str, shown: str) -> str:
    """Return a name as DNS has it. Raises `StartError`."""
    try:
        name = admin_host(text) or ""
    except ValueError:
        name = ""
    if not _is_name(name):
        raise StartError(f"{shown}={text}: expected a name such as example.com")
    return name


def _ascii(origin: str) -> str:
    """Return an origin as browsers write it: what is printed shall survive every locale."""
    return re.sub(r"[^/:*]+", lambda part: punycode(part[0].lower()), origin)


def _is_name(text: str) -> bool:
    return len(text) <= _MAX_HOST and bool(_HOST.fullmatch(text))


def _fitting(form: re.Pattern[str], text: str | None, shown: str, expected: str) -> str | None:
    if text is not None and not form.fullmatch(text):
        raise StartError(f"{shown}={text}: expected {expected}")
    return text
