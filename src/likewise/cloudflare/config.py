"""The tunnel's own file, `config.yml`, and the service's settings as lines of an environment."""

from __future__ import annotations

import json
import shlex

from likewise.cloudflare.plan import Plan
from likewise.errors import StartError


def settings_block(plan: Plan) -> str:
    """Return the settings, one `NAME=value` a line, as shells and env files read them."""
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in plan.settings().items())
    return "".join(lines)


def config_file(plan: Plan) -> str:
    """Return the file. Raises `StartError` while the tunnel has no id."""
    if not plan.tunnel_id:
        raise StartError(
            f"The tunnel's id is missing. `cloudflared tunnel create {plan.tunnel}` makes the"
            " tunnel and prints it; give it: --tunnel-id"
        )
    routes = "".join(f"#   cloudflared tunnel route dns {plan.tunnel} {h}\n" for h in plan.hosts)
    rules = "".join(_rule(rule) for rule in plan.ingress())
    return f"""\
# cloudflared for {plan.host}, made by `likewise cloudflare config`.
# Lies as /etc/cloudflared/config.yml, with the tunnel's credentials beside it:
#
#   sudo install -m 600 ~/.cloudflared/{plan.tunnel_id}.json /etc/cloudflared/
#   cloudflared --config /etc/cloudflared/config.yml tunnel ingress validate
{routes}\
#   sudo cloudflared service install
#
# The rules for rate, cache and Access are no part of it: `likewise cloudflare steps` has them.
tunnel: {_quoted(plan.tunnel_id)}
credentials-file: {_quoted(f"/etc/cloudflared/{plan.tunnel_id}.json")}
ingress:
{rules}"""


def _rule(rule: dict[str, str]) -> str:
    first, *others = (f"{name}: {_quoted(value)}" for name, value in rule.items())
    return "".join([f"  - {first}\n", *(f"    {line}\n" for line in others)])


def _quoted(text: str) -> str:
    """Return a YAML scalar: what JSON quotes, YAML reads alike (YAML 1.2, section 7.3.1)."""
    return json.dumps(text)
