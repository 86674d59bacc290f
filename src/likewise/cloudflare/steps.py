"""The set-up as steps in Cloudflare's web interface, for a person to follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from likewise.cloudflare.plan import NOTHING, Plan

_TUNNEL = """\
At https://one.dash.cloudflare.com choose Networks > Connectors > Cloudflare Tunnels >
Create a tunnel > Cloudflared. Call it {name}. Run the command that is shown on your server;
it holds the tunnel's token, so keep it to yourself."""

_ACCESS = """\
Before the name leads anywhere, so that there is no moment without it. At
https://one.dash.cloudflare.com choose Access controls > Applications > Add an application >
Self-hosted.
  Public hostname    {host}  (the whole host: no path)
  Session duration   24 hours
  Policy             Allow, Include, Emails: {email}
Not on {readers}: readers do not sign in."""

_ROUTES = """\
In the tunnel choose Published applications, and add these, in this order. Each makes its
DNS record, a proxied CNAME to <tunnel id>.cfargotunnel.com.
{routes}"""

_CACHE = """\
At https://dash.cloudflare.com choose {zone} > Rules > Overview > Cache Rules > Create rule.
  Custom filter expression, Edit expression:
    {expression}
  Cache eligibility  Eligible for cache
  Edge TTL           Use cache-control header if present, use default Cloudflare caching
                     behavior if not
  Browser TTL        Respect origin"""

_RATE = """\
At https://dash.cloudflare.com choose {zone} > Security > Security rules > Create rule >
Rate limiting rules. The Free plan has one such rule, and it knows paths alone: it holds for
every name of {zone}. It leaves /likes/ alone, where reading and liking have one path.
  URI Path           equals {path}
  Characteristics    IP
  When rate exceeds  {requests} requests in {period} seconds
  Then               Block, for {timeout} seconds"""

_OFF = """\
For {zone}, at https://dash.cloudflare.com, and see docs/cloudflare.md for the reasons:
  Bot Fight Mode              off: it challenges what scripts send, and no rule skips it here
  Rocket Loader               off, or the tag as <script data-cfasync="false" async src=…>
  Remove visitor IP headers   off: limits by network need the address
  Under Attack mode           off: a challenge page is no answer to a script"""

_CHECK = """\
  curl --fail https://{host}/readyz
  curl --silent --output /dev/null --dump-header - 'https://{host}/v1/counts?page=/'
The second one, asked twice within 5 seconds, shows cf-cache-status: HIT, and the cache-control
that the service sent, max-age=5.{admin}"""

_ADMIN_CHECK = """
  curl --silent --head https://{host}/dashboard
  curl --silent --head https://{admin}/dashboard
The first is a 404; the second leads to your team's sign-in at cloudflareaccess.com."""


def steps(plan: Plan, settings: str) -> str:
    """Return the steps; `settings` are the service's, as lines."""
    parts = [
        f"{number}. {title}\n\n{_indented(text)}\n"
        for number, (title, text) in enumerate(_steps(plan, settings), 1)
    ]
    head = f"{plan.host} behind Cloudflare, in the domain {plan.zone}\n"
    return "\n".join([head, *_warnings(plan), *parts])


def _steps(plan: Plan, settings: str) -> Iterator[tuple[str, str]]:
    zone, rate, cache = plan.zone, plan.rate_rule(), plan.cache_rule()
    limit = rate["ratelimit"]
    yield "Start Likewise with these settings", settings
    yield "Make the tunnel", _TUNNEL.format(name=plan.tunnel)
    if plan.admin_host:
        text = _ACCESS.format(host=plan.admin_host, email=plan.email, readers=plan.host)
        yield "Let nobody but you to the dashboard", text
    yield "Lead the names to it", _ROUTES.format(routes="\n".join(_routes(plan)))
    yield (
        "Let it keep counts for a moment",
        _CACHE.format(zone=zone, expression=cache["expression"]),
    )
    yield (
        "Hold off floods",
        _RATE.format(
            zone=zone,
            path=rate["expression"].split('"')[1],
            requests=limit["requests_per_period"],
            period=limit["period"],
            timeout=limit["mitigation_timeout"],
        ),
    )
    yield "Turn off what breaks the button", _OFF.format(zone=zone)
    admin = _ADMIN_CHECK.format(host=plan.host, admin=plan.admin_host) if plan.admin_host else ""
    yield "Look whether it works", _CHECK.format(host=plan.host, admin=admin)


def _routes(plan: Plan) -> Iterable[str]:
    # The last rule of every tunnel is there of itself.
    for rule in plan.ingress()[:-1]:
        service = "HTTP_STATUS, 404" if rule["service"] == NOTHING else rule["service"]
        yield f"  Hostname {rule['hostname']}   Path {rule.get('path', '(none)')}"
        yield f"    Service {service}"


def _warnings(plan: Plan) -> Iterable[str]:
    for host in plan.hosts:
        if host.count(".") > plan.zone.count(".") + 1:
            yield (
                f"{host} lies two levels or more below {plan.zone}. The certificate that comes\n"
                "with the Free plan reaches one level: choose another name, or order one.\n"
            )


def _indented(text: str) -> str:
    return "\n".join(f"   {line}" if line else "" for line in text.rstrip("\n").split("\n"))
