"""The set-up as a script of API calls, which may be run again.

Bodies are JSON on standard input; the token is never in an argument, nor in what curl inherits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from likewise.cloudflare.plan import CACHE_PHASE, RATE_PHASE, Plan

# Stand for what is known when the script runs; no name or address has two of these signs.
_TUNNEL_ID, _POLICY_ID = "@@tunnel@@", "@@policy@@"

_PERMISSIONS = """\
#   account: Cloudflare Tunnel Edit{access}
#   zone:    Zone Read, DNS Edit, Zone WAF Edit, Cache Rules Edit"""

_HEAD = """\
# Cloudflare for {host}, made by `likewise cloudflare api`. Read it, then paste it into
# bash, or save it and run it with bash. It may be run again: nothing is made twice.
#
# It needs bash, curl 7.55 or newer, jq, and an API token with these permissions:
{permissions}
# Give the token without writing it down:
#   read -rs CLOUDFLARE_API_TOKEN; export CLOUDFLARE_API_TOKEN
"""

_FUNCTIONS = """\
(
set -euo pipefail
umask 077
: "${CLOUDFLARE_API_TOKEN:?is the API token, and is not set}"
token=$CLOUDFLARE_API_TOKEN
unset CLOUDFLARE_API_TOKEN # what runs below needs it on its input, not in its environment

say() { printf '%s\\n' "$*" >&2; }

# call METHOD PATH: sends the body on standard input, if there is one; prints the result.
call() {
  local answer body=()
  if [ "$1" != GET ]; then
    body=(--header 'Content-Type: application/json' --data-binary @-)
  fi
  answer=$(curl --silent --show-error --max-time 60 --request "$1" \\
    --header @<(printf 'Authorization: Bearer %s\\n' "$token") \\
    ${body[@]+"${body[@]}"} "https://api.cloudflare.com/client/v4$2") || return
  if ! printf '%s' "$answer" | jq --exit-status '.success' >/dev/null 2>&1; then
    say "$1 $2 was refused:"
    printf '%s' "$answer" | jq --compact-output '.errors' >&2 || say 'the answer is not JSON'
    return 1
  fi
  printf '%s' "$answer" | jq '.result'
}

# rule PHASE REF: sets the rule on standard input, beside whatever rules the phase has.
rule() {
  local rule ruleset old
  rule=$(cat)
  ruleset=$(call GET "/zones/$zone/rulesets" | jq --raw-output --arg phase "$1" \\
    '[.[] | select(.kind == "zone" and .phase == $phase)][0].id // empty')
  if [ -z "$ruleset" ]; then
    printf '%s' "$rule" | jq --arg phase "$1" \\
      '{name: "default", kind: "zone", phase: $phase, rules: [.]}' |
      call POST "/zones/$zone/rulesets" >/dev/null
    return
  fi
  old=$(call GET "/zones/$zone/rulesets/$ruleset" | jq --raw-output --arg ref "$2" \\
    '[.rules[]? | select(.ref == $ref)][0].id // empty')
  if [ -n "$old" ]; then
    printf '%s' "$rule" | call PATCH "/zones/$zone/rulesets/$ruleset/rules/$old" >/dev/null
  else
    printf '%s' "$rule" | call POST "/zones/$zone/rulesets/$ruleset/rules" >/dev/null
  fi
}

# point NAME: leads the name to the tunnel with the record on standard input, unless it leads there.
point() {
  local there
  there=$(call GET "/zones/$zone/dns_records?name.exact=$1" | jq --raw-output --arg name "$1" \\
    '[.[] | select(.name == $name and (.type | IN("A", "AAAA", "CNAME")))
      | .type + " " + .content] | join(", ")')
  case $there in
    '') call POST "/zones/$zone/dns_records" >/dev/null ;;
    "CNAME $tunnel.cfargotunnel.com") ;;
    *)
      say "$1 leads elsewhere: $there. Remove that record if it is no longer needed."
      return 1
      ;;
  esac
}
"""

_ZONE = """\
zones=$(call GET '/zones?name={zone}')
if ! zone=$(printf '%s' "$zones" | jq --exit-status --raw-output '.[0].id'); then
  say 'The token sees no domain {zone} in its account.'
  exit 1
fi
account=$(printf '%s' "$zones" | jq --exit-status --raw-output '.[0].account.id')"""

_TUNNEL = """\
tunnel=$(call GET "/accounts/$account/cfd_tunnel?name={name}&is_deleted=false" |
  jq --raw-output '.[0].id // empty')
if [ -z "$tunnel" ]; then
  {create}
  tunnel=$(printf '%s' "$made" | jq --exit-status --raw-output '.id')
fi"""

_ACCESS = """\
there=$(call GET "/accounts/$account/access/apps?domain={host}&exact=true" |
  jq --arg host '{host}' '[.[] | select(.domain == $host)] | length')
if [ "$there" = 0 ]; then
  policy=$(call GET "/accounts/$account/access/policies?per_page=100" |
    jq --raw-output --arg name '{name}' '[.[] | select(.name == $name)][0].id // empty')
  if [ -z "$policy" ]; then
    {policy}
    policy=$(printf '%s' "$made" | jq --exit-status --raw-output '.id')
  fi
  {application}
else
  say 'Access for {host} is there already, and is left as it is.'
fi"""

_TAIL = """\
rm -f cloudflared.token
call GET "/accounts/$account/cfd_tunnel/$tunnel/token" | jq --raw-output . >cloudflared.token
say 'Done. The tunnel runs with, from cloudflared 2025.4.0 on:'
say '  cloudflared tunnel run --token-file cloudflared.token'
say 'Start Likewise with these settings:'
cat <<'SETTINGS'
{settings}SETTINGS
)
"""


def script(plan: Plan, settings: str) -> str:
    """Return the script; it ends with the service's settings, which are given as lines."""
    access = ", Access: Apps and Policies Edit" if plan.admin_host else ""
    permissions = _PERMISSIONS.format(access=access)
    return "\n".join(
        [
            _HEAD.format(host=plan.host, permissions=permissions) + _FUNCTIONS,
            *(f"{part}\n" for part in _parts(plan)),
            _TAIL.format(settings=settings),
        ]
    )


def _parts(plan: Plan) -> Iterable[str]:
    yield f"# The domain\n{_ZONE.format(zone=plan.zone)}"
    create = _made(
        "/accounts/$account/cfd_tunnel", {"name": plan.tunnel, "config_src": "cloudflare"}
    )
    yield f"# The tunnel, and its rules\n{_TUNNEL.format(name=plan.tunnel, create=create)}"
    configuration = {"config": {"ingress": plan.ingress()}}
    path = "/accounts/$account/cfd_tunnel/$tunnel/configurations"
    yield _fed(f'call PUT "{path}" >/dev/null', configuration)
    if plan.admin_host:  # before the name leads anywhere: there shall be no moment without it
        yield f"# Access: who may come to the dashboard\n{_access(plan)}"
    yield "# The names"
    for host in plan.hosts:
        yield _fed(f"point '{host}'", plan.record(host, _TUNNEL_ID))
    for about, phase, rule in (
        ("What is cached, and for how long", CACHE_PHASE, plan.cache_rule()),
        (
            "How often one address may like: the one rule that the Free plan has",
            RATE_PHASE,
            plan.rate_rule(),
        ),
    ):
        yield f"# {about}\n" + _fed(f"rule {phase} {rule['ref']}", rule)
    yield "# The tunnel's token, in a file of your own"


def _access(plan: Plan) -> str:
    policy, application = plan.access_policy(), plan.access_application(_POLICY_ID)
    return _ACCESS.format(
        host=plan.admin_host,
        name=policy["name"],
        policy=_made("/accounts/$account/access/policies", policy),
        application=_fed('call POST "/accounts/$account/access/apps" >/dev/null', application),
    )


def _made(path: str, body: Mapping[str, Any]) -> str:
    """Return a POST whose result is kept in `made`, since it may hold what is not to be shown."""
    return f"made=$(call POST \"{path}\" <<<'{_json(body)}')"


def _fed(command: str, body: Mapping[str, Any]) -> str:
    """Return a command with a body on its standard input, where ids are put in that it lacks."""
    text = json.dumps(body, indent=2)
    if "@@" not in text:
        return f"{command} <<'JSON'\n{text}\nJSON"
    text = re.sub(r"[\\$`]", r"\\\g<0>", text)
    text = re.sub(r"@@(\w+)@@", r"${\1}", text)
    return f"{command} <<JSON\n{text}\nJSON"


def _json(body: Mapping[str, Any]) -> str:
    return json.dumps(body).replace("'", "'\\''")
