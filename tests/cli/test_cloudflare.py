"""`likewise cloudflare`: three forms of one set-up, each read by what it is for."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from likewise.cloudflare.plan import CACHED_PATHS, Plan, Wanted, plan
from likewise.cloudflare.terraform import terraform
from likewise.commands.cloudflare import FORMS
from likewise.errors import StartError
from likewise.settings import load
from likewise.web.routes import PUBLIC, ROUTES, Route
from tests.cli.cloudflare_api import TOKEN, TUNNEL, TUNNEL_TOKEN, ZONE, Cloudflare, cloudflare
from tests.conftest import StartService
from tests.service import Service

HOST, ADMIN_HOST = "likes.example.com", "admin.example.com"
PUBLIC_SETTINGS = {
    "LIKEWISE_URL": f"https://{HOST}",
    "LIKEWISE_ORIGINS": "https://example.com,https://*.example.com",
}
BOTH = {**PUBLIC_SETTINGS, "LIKEWISE_ADMIN_HOST": ADMIN_HOST}
EMAIL = ("--email", "you@example.com")
RATE, CACHE = "http_ratelimit", "http_request_cache_settings"
NAMES_EXAMPLE = {"post_id": "hello", "hash": "0123456789abcdef", "file": "icon.svg"}


@pytest.fixture(scope="module")
def both() -> Plan:
    """The set-up with a host for the owner."""
    return plan(load({}, BOTH), Wanted(email="you@example.com", tunnel_id=TUNNEL))


@pytest.fixture(scope="module")
def alone() -> Plan:
    """The set-up at one host."""
    return plan(load({}, PUBLIC_SETTINGS), Wanted(tunnel_id=TUNNEL))


def printed(likewise: Service, *arguments: str, **settings: str) -> str:
    done = likewise.run("cloudflare", *arguments, **{**BOTH, "LIKEWISE_PORT": "8000", **settings})
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def refusal(likewise: Service, *arguments: str, **settings: str) -> str:
    done = likewise.run("cloudflare", *arguments, **settings)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("likewise cloudflare: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("likewise cloudflare: ").strip()


# What is asked, and what is missing


def test_without_settings_it_says_which_to_give_and_how(likewise: Service) -> None:
    assert refusal(likewise) == (
        "The service's own address is not known. Give it: LIKEWISE_URL, or"
        " --url https://likes.example.com"
    )
    assert refusal(likewise, "--url", f"https://{HOST}") == (
        "No site may write yet. Give the address of your web site: LIKEWISE_ORIGINS, or"
        " --origins https://example.com"
    )
    assert refusal(likewise, **BOTH) == (
        f"Access for {ADMIN_HOST} needs to know who may come. Give your address:"
        " --email you@example.com"
    )
    assert refusal(likewise, "config", **PUBLIC_SETTINGS).startswith(
        "The tunnel's id is missing. `cloudflared tunnel create likewise` makes the tunnel"
    )


@pytest.mark.parametrize("form", FORMS)
def test_flags_say_the_same_as_settings(likewise: Service, form: str) -> None:
    flags = ("--url", f"https://{HOST}", "--origins", BOTH["LIKEWISE_ORIGINS"])
    more = ("--admin-host", ADMIN_HOST, *EMAIL, "--tunnel-id", TUNNEL)
    by_flags = likewise.run("cloudflare", form, *flags, *more, "--port", "8000")
    assert (by_flags.returncode, by_flags.stderr) == (0, "")
    assert by_flags.stdout == printed(likewise, form, *EMAIL, "--tunnel-id", TUNNEL)


def test_steps_are_the_form_that_comes_of_itself(likewise: Service) -> None:
    assert printed(likewise, *EMAIL) == printed(likewise, "steps", *EMAIL)


def test_sites_of_the_file_need_no_origins(likewise: Service) -> None:
    (likewise.directory / "likewise.toml").write_text(
        '[sites.default]\nurl = "https://example.com"\n', encoding="utf-8"
    )
    done = likewise.run("cloudflare", "settings", "--url", f"https://{HOST}")
    assert done.returncode == 0
    assert "LIKEWISE_ORIGINS" not in done.stdout


@pytest.mark.parametrize(
    ("url", "host", "zone"),
    [
        ("https://likes.example.com", "likes.example.com", "example.com"),
        ("https://Likes.Example.COM:443/", "likes.example.com", "example.com"),
        ("https://likes.blog.example.co.uk", "likes.blog.example.co.uk", "blog.example.co.uk"),
        ("https://example.com", "example.com", "example.com"),
        ("https://likes.bücher.example", "likes.xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_domain_is_the_name_above_unless_it_is_given(url: str, host: str, zone: str) -> None:
    settings = load({}, {**PUBLIC_SETTINGS, "LIKEWISE_URL": url})
    found = plan(settings, Wanted())
    assert (found.host, found.zone) == (host, zone)
    above = zone.partition(".")[2] if zone.count(".") > 1 else zone
    assert plan(settings, Wanted(zone=above)).zone == above


def test_name_too_deep_for_the_certificate_is_told(likewise: Service) -> None:
    url = "https://a.likes.example.com"
    deep = printed(likewise, *EMAIL, "--zone", "example.com", LIKEWISE_URL=url)
    assert "a.likes.example.com lies two levels or more below example.com." in deep
    assert "lies two levels" not in printed(likewise, *EMAIL)


@pytest.mark.parametrize(
    ("listening", "service", "trusted"),
    [
        ({}, "http://127.0.0.1:8000", "loopback"),
        ({"LIKEWISE_PORT": "9000"}, "http://127.0.0.1:9000", "loopback"),
        ({"LIKEWISE_HOST": "0.0.0.0"}, "http://127.0.0.1:8000", "loopback"),
        ({"LIKEWISE_HOST": "::"}, "http://[::1]:8000", "loopback"),
        ({"LIKEWISE_HOST": "10.0.0.5"}, "http://10.0.0.5:8000", "private"),
        ({"LIKEWISE_HOST": "unix:/run/likewise.sock"}, "unix:/run/likewise.sock", "loopback"),
    ],
)
def test_tunnel_finds_the_service_where_it_listens(
    listening: dict[str, str], service: str, trusted: str
) -> None:
    found = plan(load({}, {**PUBLIC_SETTINGS, **listening}), Wanted())
    assert found.service == service
    assert found.settings()["LIKEWISE_TRUSTED_PROXIES"] == trusted


def test_service_in_another_container_is_trusted_as_such() -> None:
    found = plan(load({}, PUBLIC_SETTINGS), Wanted(service="http://likewise:8000"))
    assert found.settings()["LIKEWISE_TRUSTED_PROXIES"] == "private"


def test_origins_are_printed_as_browsers_write_them(likewise: Service) -> None:
    origins = "https://Bücher.example:8443, https://*.bücher.example,http://localhost:*"
    block = printed(likewise, "settings", *EMAIL, LIKEWISE_ORIGINS=origins, LC_ALL="C")
    line = next(line for line in block.splitlines() if line.startswith("LIKEWISE_ORIGINS="))
    value = shlex.split(line.partition("=")[2])[0]
    assert value == (
        "https://xn--bcher-kva.example:8443,https://*.xn--bcher-kva.example,http://localhost:*"
    )
    assert load({}, {"LIKEWISE_ORIGINS": value}).has_sites


# What is refused


HOSTILE = [
    "'; touch hacked; '",
    "$(touch hacked)",
    "`touch hacked`",
    'a".example.com',
    "a\nb.com",
    "a.example.com\nJSON",
    "${var.x}.com",
    "@@tunnel@@.com",
    "a b.com",
    "\u202ea.com",
    "a.com\x00",
    "-a.example.com",
    "a..example.com",
    "*.example.com",
    "x" * 300 + ".com",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("flag", ["zone", "service", "email", "tunnel", "tunnel_id"])
def test_hostile_value_is_refused_by_name(flag: str, text: str) -> None:
    with pytest.raises(StartError, match=f"^--{flag.replace('_', '-')}="):
        plan(load({}, BOTH), Wanted(**{"email": "you@example.com", flag: text}))


@pytest.mark.parametrize("text", [one for one in HOSTILE if "\0" not in one])
def test_hostile_name_is_told_in_one_line(likewise: Service, text: str) -> None:
    for setting in ("LIKEWISE_ADMIN_HOST", "LIKEWISE_URL"):
        value = f"https://{text}" if setting == "LIKEWISE_URL" else text
        told = refusal(likewise, *EMAIL, **{**BOTH, setting: value})
        assert told.startswith(f"{setting}=")
        assert told.isprintable()
    done = likewise.run("cloudflare", *EMAIL, f"--zone={text}", **BOTH)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


@pytest.mark.parametrize(
    ("settings", "wanted", "told"),
    [
        ({"LIKEWISE_URL": "http://likes.example.com"}, {}, "needs a name of its own"),
        ({"LIKEWISE_URL": "https://likes.example.com:8443"}, {}, "without port and path"),
        ({"LIKEWISE_URL": "https://example.com/likes"}, {}, "without port and path"),
        ({"LIKEWISE_URL": "https://127.0.0.1"}, {}, "needs a name of its own"),
        ({"LIKEWISE_URL": "https://[::1]"}, {}, "needs a name of its own"),
        ({"LIKEWISE_URL": "https://localhost"}, {}, "needs a name of its own"),
        ({"LIKEWISE_ADMIN_HOST": HOST}, {}, "give the dashboard another name"),
        ({"LIKEWISE_ADMIN_HOST": "admin.example.org"}, {}, "admin.example.org is not below"),
        ({"LIKEWISE_ADMIN_HOST": "10.0.0.1"}, {}, "expected a name such as example.com"),
        ({"LIKEWISE_ADMIN_HOST": "localhost"}, {}, "expected a name such as example.com"),
        ({}, {"zone": "ample.com"}, "likes.example.com is not below ample.com"),
        ({}, {"zone": "https://example.com"}, "expected a name such as example.com"),
        ({}, {"service": "ssh://127.0.0.1"}, "such as http://likewise:8000"),
        ({}, {"service": "http://likewise:8000/likes"}, "such as http://likewise:8000"),
        ({}, {"email": "you"}, "such as you@example.com"),
        ({}, {"tunnel_id": "likewise"}, "the id that `tunnel create` printed"),
        ({"LIKEWISE_HOST": "unix:/run/my likes.sock"}, {}, "a path of letters"),
    ],
)  # fmt: skip
def test_set_up_that_cannot_work_is_refused(
    settings: dict[str, str], wanted: dict[str, str], told: str
) -> None:
    with pytest.raises(StartError, match=re.escape(told)):
        plan(load({}, {**BOTH, **settings}), Wanted(**{"email": "you@example.com", **wanted}))


ANY_TEXT = st.text(max_size=40)
ALMOST = st.builds(
    lambda text, at, inserted: text[:at] + inserted + text[at:],
    st.sampled_from(["example.com", "you@example.com", "http://likewise:8000", TUNNEL, "likes"]),
    st.integers(0, 20),
    st.text(max_size=3),
)


@given(values=st.lists(ANY_TEXT | ALMOST, min_size=5, max_size=5))
def test_what_is_accepted_means_nothing_to_shell_yaml_or_hcl(values: list[str]) -> None:
    zone, service, email, tunnel, tunnel_id = values
    settings = load({}, BOTH)
    fine = Wanted("example.com", "http://likewise:8000", "you@example.com", "likes", TUNNEL)
    for change in (
        {"zone": zone},
        {"service": service},
        {"email": email},
        {"tunnel": tunnel},
        {"tunnel_id": tunnel_id},
    ):
        try:
            found = plan(settings, fine._replace(**change))
        except StartError:
            continue
        for value in (found.zone, found.service, found.email, found.tunnel, found.tunnel_id):
            assert re.fullmatch(r"[A-Za-z0-9._%+@:/\[\]-]+", value or "")


# Secrets


@pytest.mark.parametrize("form", FORMS)
def test_no_secret_is_printed(likewise: Service, form: str) -> None:
    secrets = {
        "LIKEWISE_ADMIN_KEY": "an-admin-key-0123456789abcdef",
        "LIKEWISE_SECRET": "a-secret-0123456789abcdef0123456789",
        "LIKEWISE_PAGE_KEY": "a-page-key-0123456789abcdef",
        "CLOUDFLARE_API_TOKEN": TOKEN,
    }
    text = printed(likewise, form, *EMAIL, "--tunnel-id", TUNNEL, **secrets)
    assert not [value for value in secrets.values() if value in text]


# The settings


def test_settings_are_lines_for_shell_and_service(likewise: Service) -> None:
    block = printed(likewise, "settings", *EMAIL)
    done = subprocess.run(
        ["env", "-i", "bash", "-c", f"set -eua\n{block}env -0"],
        capture_output=True,
        text=True,
        check=True,
    )
    pairs = (line.partition("=") for line in done.stdout.split("\0"))
    environment = {name: value for name, _, value in pairs if name.startswith("LIKEWISE_")}
    assert environment == {
        **BOTH,
        "LIKEWISE_TRUSTED_PROXIES": "loopback",
        "LIKEWISE_CLIENT_HEADER": "CF-Connecting-IP",
    }
    settings = load({}, environment)
    assert (settings.url, settings.admin_host) == (f"https://{HOST}", ADMIN_HOST)
    assert settings.client_header == b"cf-connecting-ip"


def test_with_these_settings_readers_are_told_apart_by_what_the_edge_says(
    start_service: StartService, both: Plan
) -> None:
    service = start_service(**both.settings(), LIKEWISE_LIMITS="burst=1/10s")
    statuses = []
    for number, reader in enumerate(("203.0.113.1", "203.0.113.1", "203.0.113.2"), 1):
        # What a reader writes into X-Forwarded-For stands left of what Cloudflare adds.
        headers = {
            "Host": HOST,
            "Origin": "https://example.com",
            "CF-Connecting-IP": reader,
            "X-Forwarded-For": f"198.51.100.{number}, {reader}",
        }
        body = json.dumps({"page": "/a", "voter": f"voter-{number:016d}"})
        statuses.append(service.request("POST", "/v1/like", body, headers).status)
    assert statuses == [200, 429, 200]


# The tunnel's rules


def example(route: Route) -> str:
    return re.sub(r"{(\w+)\*?}", lambda match: NAMES_EXAMPLE[match[1]], route.path)


def leads_to(ingress: list[dict[str, str]], host: str, path: str) -> str:
    """Return the service that cloudflared takes: the first rule whose name is the host, and whose
    expression is found in the path. Python reads these expressions as Go does.
    """
    return next(
        rule["service"]
        for rule in ingress
        if rule.get("hostname", host) == host and re.search(rule.get("path", ""), path)
    )


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_each_address_is_led_to_where_it_is_wanted(both: Plan, alone: Plan, route: Route) -> None:
    path, nothing = example(route), "http_status:404"
    is_owners = path.startswith(("/api/", "/dashboard", "/metrics"))
    assert leads_to(alone.ingress(), HOST, path) == alone.service
    assert leads_to(both.ingress(), HOST, path) == (nothing if is_owners else both.service)
    if is_owners or path.startswith("/static/"):
        assert leads_to(both.ingress(), ADMIN_HOST, path) == both.service
    if route.audience == PUBLIC:
        assert leads_to(both.ingress(), ADMIN_HOST, path) == nothing
    assert leads_to(both.ingress(), "other.example.com", path) == nothing


@pytest.mark.parametrize(
    "path",
    ["/dashboard/", "/api", "/api/", "/api/nothing", "/metrics/", "/dashboard/x"],
)
def test_owners_part_is_kept_away_with_all_that_lies_below(both: Plan, path: str) -> None:
    assert leads_to(both.ingress(), HOST, path) == "http_status:404"


@pytest.mark.parametrize("path", ["/likes/api", "/likes/dashboard", "/apiary", "/x/api/stats"])
def test_page_that_is_called_like_the_owners_part_is_a_page(both: Plan, path: str) -> None:
    assert leads_to(both.ingress(), HOST, path) == both.service


def test_rules_keep_to_what_both_regular_expressions_know(both: Plan) -> None:
    for rule in both.ingress():
        assert re.fullmatch(r"[\w/^$|()]*", rule.get("path", ""))


def test_last_rule_takes_all_and_only_the_last(both: Plan, alone: Plan) -> None:
    for rules in (both.ingress(), alone.ingress()):
        assert rules[-1] == {"service": "http_status:404"}
        assert all("hostname" in rule for rule in rules[:-1])


def test_config_file_is_the_rules(likewise: Service, both: Plan) -> None:
    text = printed(likewise, "config", *EMAIL, "--tunnel-id", TUNNEL)
    assert yaml.safe_load(text) == {
        "tunnel": TUNNEL,
        "credentials-file": f"/etc/cloudflared/{TUNNEL}.json",
        "ingress": both.ingress(),
    }
    for host in (HOST, ADMIN_HOST):
        assert f"#   cloudflared tunnel route dns likewise {host}\n" in text


# The rules at the edge


def test_rate_rule_is_one_that_the_free_plan_takes(both: Plan) -> None:
    rule = both.rate_rule()
    assert set(re.findall(r"(?:http|ip|cf)\.[a-z._]+", rule["expression"])) == {
        "http.request.uri.path"
    }
    assert rule["action"] == "block"
    assert rule["ratelimit"]["characteristics"] == ["cf.colo.id", "ip.src"]
    assert rule["ratelimit"]["period"] == rule["ratelimit"]["mitigation_timeout"] == 10
    assert "action_parameters" not in rule  # an answer of one's own is for other plans


def test_rate_rule_counts_likes_and_never_reads(both: Plan) -> None:
    match = re.fullmatch(r'http\.request\.uri\.path eq "([^"]+)"', both.rate_rule()["expression"])
    assert match
    assert {route.method for route in ROUTES if route.path == match[1]} == {"POST"}


def test_what_is_cached_says_itself_for_how_long(start_service: StartService) -> None:
    service = start_service()
    for path in CACHED_PATHS:
        assert path in {route.path for route in ROUTES if route.audience == PUBLIC}
        good = service.get(f"{path}?page=/a")
        assert re.match(r"public, max-age=\d+", good.headers["cache-control"])
        assert "set-cookie" not in good.headers
        assert "vary" not in good.headers or good.headers["vary"] == "accept-encoding"
    refused = service.get("/v1/counts")
    assert (refused.status, refused.headers["cache-control"]) == (400, "no-store")


def test_cache_rule_names_the_host_and_leaves_times_to_the_service(both: Plan) -> None:
    rule = both.cache_rule()
    assert rule["expression"] == (
        f'http.host eq "{HOST}" and http.request.uri.path in'
        ' {"/v1/counts" "/v1/popular" "/v1/badge.svg" "/likes.js" "/reactions.js"}'
    )
    assert rule["action_parameters"] == {
        "cache": True,
        "edge_ttl": {"mode": "respect_origin"},
        "browser_ttl": {"mode": "respect_origin"},
    }


# The steps


def test_steps_show_every_value_of_the_other_forms(likewise: Service, both: Plan) -> None:
    text = printed(likewise, *EMAIL)
    for rule in both.ingress()[:-1]:
        assert rule["hostname"] in text
        assert rule.get("path", "(none)") in text
    assert both.cache_rule()["expression"] in text
    assert "equals /v1/like\n" in text
    assert "10 requests in 10 seconds" in text
    assert "Emails: you@example.com" in text
    for line in printed(likewise, "settings", *EMAIL).splitlines():
        assert f"   {line}\n" in text


def test_access_stands_before_the_name_leads_anywhere(likewise: Service) -> None:
    text = printed(likewise, *EMAIL)
    assert text.index("Let nobody but you") < text.index("Lead the names to it")
    alone = likewise.run("cloudflare", **PUBLIC_SETTINGS).stdout
    assert "Access" not in alone
    assert ADMIN_HOST not in alone


# Terraform


def plain(value: Any) -> Any:
    """Return parsed HCL as the values it stands for."""
    if isinstance(value, dict):
        pairs = ((plain(name), inner) for name, inner in value.items() if name != "__is_block__")
        return {name: plain(inner) for name, inner in pairs}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, str) and value.startswith('"'):
        return json.loads(value).replace("$${", "${").replace("%%{", "%{")
    return value


def resources(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in plain(hcl2.loads(text))["resource"]:
        for kind, named in entry.items():
            for name, body in named.items():
                found[f"{kind.removeprefix('cloudflare_')}.{name}"] = body
    return found


def test_terraform_says_the_same(likewise: Service, both: Plan) -> None:
    found = resources(printed(likewise, "terraform", *EMAIL))
    tunnel_id = "${cloudflare_zero_trust_tunnel_cloudflared.likewise.id}"
    zone, account = {"zone_id": "${var.zone_id}"}, {"account_id": "${var.account_id}"}
    assert found["zero_trust_tunnel_cloudflared_config.likewise"] == {
        **account,
        "tunnel_id": tunnel_id,
        "config": {"ingress": both.ingress()},
    }
    assert found["dns_record.readers"] == {**zone, **both.record(HOST, tunnel_id)}
    assert found["dns_record.owner"] == {**zone, **both.record(ADMIN_HOST, tunnel_id)}
    for name, phase, rule in (
        ("rate", RATE, both.rate_rule()),
        ("cache", CACHE, both.cache_rule()),
    ):
        ruleset = found[f"ruleset.{name}"]
        assert (ruleset["kind"], ruleset["phase"], ruleset["rules"]) == ("zone", phase, [rule])
    assert found["zero_trust_access_policy.owner"] == {**account, **both.access_policy()}
    policy_id = "${cloudflare_zero_trust_access_policy.owner.id}"
    application = found["zero_trust_access_application.owner"]
    assert application == {**account, **both.access_application(policy_id)}


def test_terraform_without_a_host_for_the_owner_has_no_access(alone: Plan) -> None:
    kinds = {name.partition(".")[0] for name in resources(terraform(alone))}
    assert kinds == {
        "zero_trust_tunnel_cloudflared",
        "zero_trust_tunnel_cloudflared_config",
        "dns_record",
        "ruleset",
    }


def test_text_that_hcl_would_look_up_stays_text(both: Plan) -> None:
    # No name is like this; what renders it shall not rest on that.
    odd = both._replace(tunnel='${var.x} %{if} "a" \\ \n é')
    tunnel = resources(terraform(odd))["zero_trust_tunnel_cloudflared.likewise"]
    assert tunnel["name"] == odd.tunnel


# The script, with the real bash, curl and jq


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Cloudflare]:
    """Cloudflare with an empty account, as a shell on this machine finds it."""
    for program in ("bash", "curl", "jq"):
        if not shutil.which(program):
            pytest.skip(f"{program} is missing: apt-get install {program}")
    folder = tmp_path / "edge"
    folder.mkdir()
    with cloudflare(folder) as running:
        yield running


@pytest.fixture
def script(likewise: Service) -> str:
    """The script for both hosts."""
    return printed(likewise, "api", *EMAIL)


def test_script_is_bash(script: str) -> None:
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_script_sets_up_what_the_plan_says(edge: Cloudflare, script: str, both: Plan) -> None:
    done = edge.run(script)
    assert done.stdout.endswith("still here, 0\n"), done.stderr
    account = edge.account
    assert [tunnel["name"] for tunnel in account.tunnels] == ["likewise"]
    assert account.tunnels[0]["config_src"] == "cloudflare"
    assert account.ingress == both.ingress()
    without_ids = [{k: v for k, v in one.items() if k != "id"} for one in account.records]
    assert without_ids == [both.record(host, TUNNEL) for host in (HOST, ADMIN_HOST)]
    assert account.rules(RATE) == [both.rate_rule()]
    assert account.rules(CACHE) == [both.cache_rule()]
    assert account.policies == [{**both.access_policy(), "id": "id0"}]
    assert account.applications == [{**both.access_application("id0"), "id": "id0"}]


def test_access_is_there_before_the_name_is(edge: Cloudflare, script: str) -> None:
    edge.run(script)
    paths = [path.rpartition("/")[2] for _, path, _ in edge.account.sent]
    assert paths.index("apps") < paths.index("dns_records")


def test_script_leaves_the_tunnels_token_in_a_private_file(edge: Cloudflare, script: str) -> None:
    (edge.folder / "cloudflared.token").write_text("an old one, for everybody")
    (edge.folder / "cloudflared.token").chmod(0o644)
    done = edge.run(script)
    file = edge.folder / "cloudflared.token"
    assert file.read_text() == f"{TUNNEL_TOKEN}\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert TUNNEL_TOKEN not in done.stdout + done.stderr


def test_token_is_in_no_argument_no_environment_and_no_output(
    edge: Cloudflare, script: str
) -> None:
    done = edge.run(script)
    assert len(edge.arguments()) >= 15
    for arguments in edge.arguments():
        assert not [one for one in arguments if TOKEN in one]
        assert arguments[-1].startswith("https://api.cloudflare.com/client/v4/")
    assert TOKEN not in (edge.folder / "calls.environment").read_text()
    assert TOKEN not in done.stdout + done.stderr + script


def test_script_ends_with_the_settings(edge: Cloudflare, script: str, likewise: Service) -> None:
    block = printed(likewise, "settings", *EMAIL)
    assert edge.run(script).stdout == f"{block}still here, 0\n"


def test_script_run_again_makes_nothing_twice(edge: Cloudflare, script: str) -> None:
    edge.run(script)
    before = json.dumps(vars(edge.account) | {"sent": None})
    edge.account.sent.clear()
    done = edge.run(script)
    assert done.stdout.endswith("still here, 0\n"), done.stderr
    assert json.dumps(vars(edge.account) | {"sent": None}) == before
    assert {method for method, _, _ in edge.account.sent} == {"PUT", "PATCH"}


def test_script_changes_what_changed(edge: Cloudflare, script: str, likewise: Service) -> None:
    edge.run(script)
    edge.run(printed(likewise, "api", *EMAIL, "--service", "http://likewise:8000"))
    services = {rule["service"] for rule in edge.account.ingress}
    assert services == {"http_status:404", "http://likewise:8000"}


def test_rules_of_others_stay(edge: Cloudflare, script: str, both: Plan) -> None:
    other = {"id": "other", "ref": "other", "expression": "true", "action": "set_cache_settings"}
    edge.account.rulesets = [
        {"id": "managed", "kind": "managed", "phase": CACHE, "rules": []},
        {"id": "set9", "kind": "zone", "phase": CACHE, "rules": [other]},
    ]
    assert edge.run(script).stdout.endswith("still here, 0\n")
    rules = edge.account.rulesets[1]["rules"]
    assert rules[0] == other
    assert rules[1]["ref"] == both.cache_rule()["ref"]
    assert edge.account.rulesets[0]["rules"] == []


def test_second_rate_rule_is_refused_in_cloudflares_words(edge: Cloudflare, script: str) -> None:
    other = {"id": "other", "ref": "other", "expression": "true", "action": "block"}
    ruleset = {"id": "set9", "kind": "zone", "phase": RATE, "rules": [other]}
    edge.account.rulesets = [ruleset]
    done = edge.run(script)
    assert done.stdout == "still here, 1\n"
    assert f"POST /zones/{ZONE}/rulesets/set9/rules was refused:" in done.stderr
    assert "exceeded maximum number of rules" in done.stderr
    assert ruleset["rules"] == [other]


def test_name_that_leads_elsewhere_is_left_alone(edge: Cloudflare, script: str) -> None:
    there = {"id": "old", "type": "A", "name": HOST, "content": "192.0.2.1"}
    edge.account.records = [there, {**there, "type": "TXT", "content": "v=spf1"}]
    done = edge.run(script)
    assert done.stdout == "still here, 1\n"
    assert f"{HOST} leads elsewhere: A 192.0.2.1." in done.stderr
    assert len(edge.account.records) == 2


def test_application_that_is_there_is_left_as_it_is(edge: Cloudflare, script: str) -> None:
    mine = {"id": "mine", "domain": ADMIN_HOST, "policies": ["mine"]}
    edge.account.applications = [mine]
    done = edge.run(script)
    assert f"Access for {ADMIN_HOST} is there already, and is left as it is." in done.stderr
    assert edge.account.applications == [mine]
    assert edge.account.policies == []


def test_domain_that_the_token_does_not_see_is_told(edge: Cloudflare, script: str) -> None:
    edge.account.zones = []
    done = edge.run(script)
    assert done.stdout == "still here, 1\n"
    assert done.stderr.endswith("The token sees no domain example.com in its account.\n")
    assert edge.account.sent == []


def test_wrong_token_is_told(edge: Cloudflare, script: str) -> None:
    done = edge.run(script, token="another-token")
    assert done.stdout == "still here, 1\n"
    assert "GET /zones?name=example.com was refused:" in done.stderr
    assert "Authentication error" in done.stderr


def test_missing_token_is_told(edge: Cloudflare, script: str) -> None:
    done = edge.run(script, token=None)
    assert done.stdout.startswith("still here, ")
    assert "CLOUDFLARE_API_TOKEN: is the API token, and is not set" in done.stderr
    assert not edge.calls.exists()


def test_unreachable_api_is_told(edge: Cloudflare, script: str) -> None:
    (edge.folder / ".curlrc").write_text('connect-to = "::127.0.0.1:9"\n')
    done = edge.run(script)
    assert done.stdout == "still here, 7\n"
    assert "curl: (7) " in done.stderr


def test_script_for_one_host_asks_for_no_access(edge: Cloudflare, likewise: Service) -> None:
    done = likewise.run("cloudflare", "api", **PUBLIC_SETTINGS)
    assert "Access" not in done.stdout
    assert edge.run(done.stdout).stdout.endswith("still here, 0\n")
    assert [record["name"] for record in edge.account.records] == [HOST]
    assert edge.account.applications == []
