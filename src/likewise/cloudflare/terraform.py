"""The set-up for Terraform and OpenTofu, in the resources of Cloudflare's provider 5.

Renders values as HCL; knows nothing of what they mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from likewise.cloudflare.plan import CACHE_PHASE, RATE_PHASE, Plan

_HEAD = """\
# Cloudflare for {host}, made by `likewise cloudflare terraform`.
# The provider reads its token from CLOUDFLARE_API_TOKEN. The token needs, in the account,
# Cloudflare Tunnel and (for Access) Access: Apps and Policies; in the zone DNS, Zone WAF and Cache
# Rules; each with Edit. Keep the state private: the tunnel's token is in it.
#
# A zone has one ruleset a phase, with all rules of that phase. If yours has one already,
# add the rule below to that resource, or import it first; see docs/cloudflare.md.
"""


class _Reference(str):
    """A name that HCL looks up, and not a text."""

    __slots__ = ()


def terraform(plan: Plan) -> str:
    """Return the file, as `terraform fmt` would write it."""
    blocks = [
        _block("terraform", {"required_providers": _provider()}),
        *(_variable(name) for name in ("account_id", "zone_id")),
        *_tunnel(plan),
        *_records(plan),
        _ruleset(plan, "rate", RATE_PHASE, plan.rate_rule()),
        _ruleset(plan, "cache", CACHE_PHASE, plan.cache_rule()),
        *_access(plan),
        _output(),
    ]
    return "\n".join([_HEAD.format(host=plan.host), *blocks])


def _provider() -> Mapping[str, Any]:
    return _Nested({"cloudflare": {"source": "cloudflare/cloudflare", "version": "~> 5.0"}})


def _variable(name: str) -> str:
    return _block(f'variable "{name}"', {"type": _Reference("string")})


def _tunnel(plan: Plan) -> Iterable[str]:
    account = _Reference("var.account_id")
    tunnel_id = _Reference("cloudflare_zero_trust_tunnel_cloudflared.likewise.id")
    yield _resource(
        "zero_trust_tunnel_cloudflared",
        "likewise",
        {"account_id": account, "name": plan.tunnel, "config_src": "cloudflare"},
    )
    yield _resource(
        "zero_trust_tunnel_cloudflared_config",
        "likewise",
        {"account_id": account, "tunnel_id": tunnel_id, "config": {"ingress": plan.ingress()}},
    )
    yield _block(
        'data "cloudflare_zero_trust_tunnel_cloudflared_token" "likewise"',
        {"account_id": account, "tunnel_id": tunnel_id},
    )


def _records(plan: Plan) -> Iterable[str]:
    # Braces of HCL: the one place where a text is put together there.
    tunnel_id = "${cloudflare_zero_trust_tunnel_cloudflared.likewise.id}"
    for name, host in zip(("readers", "owner"), plan.hosts, strict=False):
        record = plan.record(host, tunnel_id)
        content = _Reference(f'"{record.pop("content")}"')
        yield _resource(
            "dns_record",
            name,
            {"zone_id": _Reference("var.zone_id"), **record, "content": content},
        )


def _ruleset(plan: Plan, name: str, phase: str, rule: Mapping[str, Any]) -> str:
    return _resource(
        "ruleset",
        name,
        {
            "zone_id": _Reference("var.zone_id"),
            "name": f"Likewise at {plan.host}",
            "kind": "zone",
            "phase": phase,
            "rules": [rule],
        },
    )


def _access(plan: Plan) -> Iterable[str]:
    if not plan.admin_host:
        return
    account = {"account_id": _Reference("var.account_id")}
    policy_id = _Reference("cloudflare_zero_trust_access_policy.owner.id")
    yield _resource("zero_trust_access_policy", "owner", {**account, **plan.access_policy()})
    yield _resource(
        "zero_trust_access_application",
        "owner",
        {**account, **plan.access_application(policy_id)},
    )


def _output() -> str:
    token = _Reference("data.cloudflare_zero_trust_tunnel_cloudflared_token.likewise.token")
    return _block('output "tunnel_token"', {"value": token, "sensitive": True})


class _Nested(dict[str, Any]):
    """What HCL writes as a block within a block, without `=`."""


def _resource(kind: str, name: str, body: Mapping[str, Any]) -> str:
    return _block(f'resource "cloudflare_{kind}" "{name}"', body)


def _block(head: str, body: Mapping[str, Any]) -> str:
    return f"{head} {_braces(body, 0)}\n"


def _braces(body: Mapping[str, Any], depth: int) -> str:
    """Return a body in braces; `=` of lines that follow each other stand below each other."""
    inner = "  " * (depth + 1)
    lines: list[str] = []
    together: list[tuple[str, str]] = []

    def flush() -> None:
        width = max((len(name) for name, _ in together), default=0)
        lines.extend(f"{inner}{name:<{width}} = {value}" for name, value in together)
        together.clear()

    for name, value in body.items():
        if isinstance(value, _Nested):
            flush()
            lines.append(f"{inner}{name} {_braces(value, depth + 1)}")
            continue
        together.append((name, _value(value, depth + 1)))
        if "\n" in together[-1][1]:
            last = together.pop()
            flush()
            together.append(last)
            flush()
    flush()
    return "\n".join(["{", *lines, "  " * depth + "}"])


def _value(value: object, depth: int) -> str:
    if isinstance(value, _Reference):
        return str(value)
    if isinstance(value, Mapping):
        return _braces(value, depth)
    if isinstance(value, list):
        return _list(value, depth)
    text = json.dumps(value)
    # In HCL these two begin what is looked up.
    return text.replace("${", "$${").replace("%{", "%%{") if isinstance(value, str) else text


def _list(values: list[Any], depth: int) -> str:
    if not any(isinstance(value, Mapping) for value in values):
        return f"[{', '.join(_value(value, depth) for value in values)}]"
    inner = "  " * (depth + 1)
    items = "".join(f"{inner}{_value(value, depth + 1)},\n" for value in values)
    return f"[\n{items}{'  ' * depth}]"
