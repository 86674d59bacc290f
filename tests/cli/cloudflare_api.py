"""Cloudflare's API as far as the script uses it, on loopback: it keeps what it is told, and is as
strict as the real one where the script could go wrong. A fake of the outside, and of nothing else.
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.told_server import certificate

HOST = "api.cloudflare.com"
TOKEN = "a-token-for-tests-0123456789abcdef"
TUNNEL_TOKEN = "a-tunnels-token-0123456789abcdef"
ZONE, ACCOUNT, TUNNEL = "zone1", "account1", "c1744f8b-faa1-48a4-9e5c-02ac921467fa"
# Keeps what curl is called with, and hands on to the real one.
CURL = """#!/bin/bash
printf '%s\\0' "$@" "|" >>"$CALLS"
env >>"$CALLS.environment"
exec {curl} "$@"
"""

Reply = tuple[int, object]


class Refused(Exception):  # noqa: N818 (what the API answers)
    """An answer with `success` false."""


class Account:
    """What an account on the Free plan holds. `sent` are the requests that changed something."""

    def __init__(self) -> None:
        self.zones = [{"id": ZONE, "name": "example.com", "account": {"id": ACCOUNT}}]
        self.tunnels: list[dict[str, Any]] = []
        self.ingress: list[dict[str, str]] = []
        self.applications: list[dict[str, Any]] = []
        self.policies: list[dict[str, Any]] = []
        self.records: list[dict[str, Any]] = []
        self.rulesets: list[dict[str, Any]] = []
        self.sent: list[tuple[str, str, Any]] = []

    def rules(self, phase: str) -> list[dict[str, Any]]:
        """Return the rules of a phase, without the ids that the API gave them."""
        (ruleset,) = [one for one in self.rulesets if one["phase"] == phase]
        return [{k: v for k, v in rule.items() if k != "id"} for rule in ruleset["rules"]]

    def answer(self, method: str, target: str, body: Any) -> object:
        """Return the result of a request. Raises `Refused`."""
        if method != "GET":
            self.sent.append((method, urlsplit(target).path, body))
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        for form, handler in self._routes(method).items():
            match = re.fullmatch(form, url.path)
            if match:
                return handler(query, body, *match.groups())
        raise Refused(f"No route for {method} {url.path}")

    def _routes(self, method: str) -> dict[str, Callable[..., object]]:
        account, zone = f"/accounts/{ACCOUNT}", f"/zones/{ZONE}"
        routes: dict[str, dict[str, Callable[..., object]]] = {
            "GET": {
                "/zones": lambda q, _: [z for z in self.zones if z["name"] == q["name"]],
                f"{account}/cfd_tunnel": lambda q, _: [
                    t for t in self.tunnels if t["name"] == q["name"]
                ],
                f"{account}/cfd_tunnel/{TUNNEL}/token": lambda *_: TUNNEL_TOKEN,
                f"{account}/access/apps": lambda *_: self.applications,
                f"{account}/access/policies": lambda *_: self.policies,
                f"{zone}/dns_records": lambda q, _: [
                    r for r in self.records if r["name"] == q["name.exact"]
                ],
                f"{zone}/rulesets": lambda *_: [
                    {k: v for k, v in one.items() if k != "rules"} for one in self.rulesets
                ],
                f"{zone}/rulesets/(\\w+)": lambda _q, _b, one: self._ruleset(one),
            },
            "POST": {
                f"{account}/cfd_tunnel": self._make_tunnel,
                f"{account}/access/apps": lambda _, body: _kept(self.applications, body),
                f"{account}/access/policies": lambda _, body: _kept(self.policies, body),
                f"{zone}/dns_records": lambda _, body: _kept(self.records, body),
                f"{zone}/rulesets": self._make_ruleset,
                f"{zone}/rulesets/(\\w+)/rules": lambda _, body, one: self._add_rule(one, body),
            },
            "PUT": {f"{account}/cfd_tunnel/{TUNNEL}/configurations": self._configure},
            "PATCH": {
                f"{zone}/rulesets/(\\w+)/rules/(\\w+)": lambda _, body, one, rule: (
                    self._change_rule(one, rule, body)
                )
            },
        }
        return routes[method]

    def _make_tunnel(self, _query: object, body: dict[str, Any]) -> object:
        self.tunnels.append({**body, "id": TUNNEL})
        return {**self.tunnels[-1], "token": TUNNEL_TOKEN}

    def _configure(self, _query: object, body: dict[str, Any]) -> object:
        self.ingress = body["config"]["ingress"]
        return body

    def _ruleset(self, name: str) -> dict[str, Any]:
        return next(one for one in self.rulesets if one["id"] == name)

    def _make_ruleset(self, _query: object, body: dict[str, Any]) -> object:
        if any(one["phase"] == body["phase"] and one["kind"] == "zone" for one in self.rulesets):
            raise Refused("exceeded maximum number of zone rulesets for phase")
        rules = body.pop("rules")
        self.rulesets.append({**body, "id": f"set{len(self.rulesets)}", "rules": []})
        for rule in rules:
            self._add_rule(self.rulesets[-1]["id"], rule)
        return self.rulesets[-1]

    def _add_rule(self, name: str, rule: dict[str, Any]) -> object:
        ruleset = self._ruleset(name)
        if ruleset["phase"] == "http_ratelimit" and ruleset["rules"]:
            raise Refused(
                "exceeded maximum number of rules in the phase http_ratelimit: 2 out of 1"
            )
        ruleset["rules"].append({**rule, "id": f"rule{len(ruleset['rules'])}"})
        return ruleset

    def _change_rule(self, name: str, number: str, rule: dict[str, Any]) -> object:
        rules = self._ruleset(name)["rules"]
        (at,) = [at for at, one in enumerate(rules) if one["id"] == number]
        rules[at] = {**rule, "id": number}
        return rules[at]


def _kept(kept: list[dict[str, Any]], body: dict[str, Any]) -> object:
    kept.append({**body, "id": f"id{len(kept)}"})
    return kept[-1]


class Cloudflare:
    """The API on loopback, and a folder whose `curl` is led there."""

    def __init__(self, account: Account, folder: Path, port: int, authority: Path) -> None:
        self.account = account
        self.folder = folder
        self.calls = folder / "calls"
        real = subprocess.run(
            ["bash", "-c", "command -v curl"], check=True, capture_output=True, text=True
        ).stdout.strip()
        (folder / "bin").mkdir()
        (folder / "bin" / "curl").write_text(CURL.format(curl=real))
        (folder / "bin" / "curl").chmod(0o755)
        (folder / ".curlrc").write_text(
            f'connect-to = "{HOST}:443:127.0.0.1:{port}"\ncacert = "{authority}"\nnoproxy = "*"\n'
        )

    def run(self, script: str, token: str | None = TOKEN) -> subprocess.CompletedProcess[str]:
        """Paste a script into a bash, which says `still here` at its end."""
        environment = {
            "PATH": f"{self.folder / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "CURL_HOME": str(self.folder),
            "CALLS": str(self.calls),
        }
        if token is not None:
            environment["CLOUDFLARE_API_TOKEN"] = token
        return subprocess.run(
            ["bash", "--noprofile", "--norc"],
            input=f'{script}\necho "still here, $?"\n',
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def arguments(self) -> list[list[str]]:
        """Return what each curl was called with."""
        calls = self.calls.read_text().split("\0|\0")
        return [call.split("\0") for call in calls if call]


@contextmanager
def cloudflare(folder: Path) -> Iterator[Cloudflare]:
    """Serve an empty account, by TLS and under Cloudflare's own name."""
    account, made = Account(), certificate(folder, f"DNS:{HOST}")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                result, errors = account.answer(self.command, self.target(), self.body()), []
            except Refused as error:
                result, errors = None, [{"code": 10_000, "message": str(error)}]
            answer = {"success": not errors, "errors": errors, "messages": [], "result": result}
            octets = json.dumps(answer).encode()
            self.send_response(400 if errors else 200)
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815 (as http.server calls them)

        def target(self) -> str:
            if self.headers.get_all("Authorization") != [f"Bearer {TOKEN}"]:
                raise Refused("Authentication error")
            prefix, _, target = self.path.partition("/client/v4")
            if prefix:
                raise Refused(f"Not below /client/v4: {self.path}")
            return target

        def body(self) -> Any:
            if self.command == "GET":
                return None
            if self.headers["Content-Type"] != "application/json":
                raise Refused("The body is not said to be JSON")
            return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = made.context().wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield Cloudflare(account, folder, server.server_port, made.file)
    finally:
        server.shutdown()
        server.server_close()
