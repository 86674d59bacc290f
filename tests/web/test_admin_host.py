"""A host for the owner: what is there is nowhere else, and readers' addresses are everywhere."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from likewise.web.host import admin_url
from likewise.web.routes import ROUTES, Route
from tests.service import KEY, Reply, Service, voter
from tests.web.doors import DOORS

URL = "https://likes.example.com"
HOST, ADMIN_HOST = "likes.example.com", "admin.example.com"
FROM_HERE = {"X-API-Key": KEY}
OWNERS = [route for route in ROUTES if route.path.startswith(("/api/", "/dashboard"))]
READERS = [route for route in ROUTES if route not in OWNERS and "{" not in route.path]


@pytest.fixture(scope="module", params=DOORS)
def apart(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Return the service at two hosts, behind each door in turn."""
    with DOORS[request.param](
        tmp_path_factory.mktemp(request.param),
        LIKEWISE_URL=URL,
        LIKEWISE_ADMIN_HOST="Admin.Example.com",
        LIKEWISE_ORIGINS="https://example.com",
        LIKEWISE_TRUSTED_PROXIES="none",
    ) as running:
        yield running


def ask(service: Service, host: str, method: str, path: str, **headers: str) -> Reply:
    lines = {"Host": host, **FROM_HERE, **headers}
    body = b"{}" if method == "POST" else None
    return service.request(method, path, body, lines)


def kept(reply: Reply) -> tuple[object, ...]:
    """Return an answer without what is of the moment and of the door."""
    of_the_door = {"date", "server", "connection"}
    return (
        reply.status,
        {k: v for k, v in reply.headers.items() if k not in of_the_door},
        reply.body,
    )


@pytest.mark.parametrize("route", OWNERS, ids=lambda route: f"{route.method} {route.path}")
def test_elsewhere_the_owners_part_answers_as_what_does_not_exist(
    apart: Service, route: Route
) -> None:
    nothing = "/api/nothing" if route.path.startswith("/api/") else "/dashboardless"
    for method in (route.method, "HEAD", "OPTIONS", "DELETE"):
        for host in (
            HOST,
            "127.0.0.1",
            "localhost",
            f"{ADMIN_HOST}.evil.example",
            f"x{ADMIN_HOST}",
        ):
            there = ask(apart, host, method, route.path)
            assert there.status == 404
            assert kept(there) == kept(ask(apart, host, method, nothing))


def test_at_its_host_the_owners_part_answers(apart: Service) -> None:
    for host in (ADMIN_HOST, "ADMIN.example.com", f"{ADMIN_HOST}:443", f"{ADMIN_HOST}:"):
        assert ask(apart, host, "GET", "/dashboard").status == 200
        assert ask(apart, host, "GET", "/api/summary").json["address"] == URL
        assert ask(apart, host, "OPTIONS", "/api/summary").status == 204
        assert ask(apart, host, "DELETE", "/api/summary").code == "method_not_allowed"


def test_at_its_host_a_key_is_needed_as_ever(apart: Service) -> None:
    reply = ask(apart, ADMIN_HOST, "GET", "/api/summary", **{"X-API-Key": "wrong" * 8})
    assert (reply.status, reply.code) == (401, "wrong_key")


@pytest.mark.parametrize("route", READERS, ids=lambda route: f"{route.method} {route.path}")
def test_what_readers_ask_is_the_same_at_every_host(apart: Service, route: Route) -> None:
    if route.path in {"/", "/demo", "/metrics"}:
        return
    answers = {
        str(kept(ask(apart, host, route.method, route.path)))
        for host in (HOST, ADMIN_HOST, "127.0.0.1")
    }
    assert len(answers) == 1
    assert "'code': 'not_found'" not in answers.pop()


def test_what_scrapes_metrics_may_use_any_name(apart: Service) -> None:
    for host in (HOST, ADMIN_HOST, "likewise:8000"):
        assert ask(apart, host, "GET", "/metrics").status == 200
        assert apart.request("GET", "/metrics", None, {"Host": host}).status == 401


def test_front_leads_to_the_dashboard_where_there_is_one(apart: Service) -> None:
    reply = ask(apart, ADMIN_HOST, "GET", "/")
    assert (reply.status, reply.headers["location"]) == (303, "dashboard")
    assert kept(ask(apart, HOST, "GET", "/")) == kept(ask(apart, HOST, "GET", "/nothing"))


def test_forwarded_host_is_not_believed(apart: Service) -> None:
    for name in ("X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-Host"):
        assert ask(apart, HOST, "GET", "/dashboard", **{name: ADMIN_HOST}).status == 404


def test_elsewhere_a_large_import_is_refused_before_its_key_is_judged(apart: Service) -> None:
    line = json.dumps({"page": "/a", "seed": 1}).encode() + b"\n"
    for key in (KEY, "wrong-key-0123456789abcdef"):
        reply = apart.request("POST", "/api/import", line * 400, {"Host": HOST, "X-API-Key": key})
        assert (reply.status, reply.code) == (413, "too_large")
    reply = apart.request("POST", "/api/import", line * 400, {"Host": ADMIN_HOST, **FROM_HERE})
    assert (reply.status, reply.json["seeds"]) == (200, 400)


def login(service: Service, host: str, origin: str) -> Reply:
    headers = {"Host": host, "Origin": origin, "Content-Type": "application/json"}
    return service.request("POST", "/api/login", json.dumps({"key": KEY}), headers)


def test_owner_signs_in_at_that_host_and_stays_there(apart: Service) -> None:
    reply = login(apart, ADMIN_HOST, f"https://{ADMIN_HOST}")
    assert reply.status == 200
    cookie = reply.headers["set-cookie"].partition(";")[0]
    assert cookie.startswith("__Host-likewise=")
    for host, status in ((ADMIN_HOST, 200), (HOST, 404)):
        assert apart.get("/api/summary", host=host, cookie=cookie).status == status


def test_page_of_the_other_host_cannot_sign_in(apart: Service) -> None:
    for origin in (URL, f"http://{ADMIN_HOST}", f"https://{ADMIN_HOST}:8443"):
        reply = login(apart, ADMIN_HOST, origin)
        assert (reply.status, reply.code) == (403, "origin_refused")
        assert f"Sign in at https://{ADMIN_HOST}." in reply.json["detail"]
    assert login(apart, HOST, f"https://{ADMIN_HOST}").code == "not_found"


@pytest.mark.parametrize("access_log", ["on", "off"])
def test_commands_on_this_machine_need_no_host(tmp_path: Path, access_log: str) -> None:
    settings = {"LIKEWISE_ADMIN_HOST": ADMIN_HOST, "LIKEWISE_ACCESS_LOG": access_log}
    with Service(tmp_path, **settings) as service:
        assert service.get("/dashboard").status == 404
        assert service.like("/a", voter(1)).status == 200
        done = service.run("purge", "--page", "/a")
        assert (done.returncode, done.stdout.partition(" ")[0]) == (0, "1"), done.stderr


def test_request_without_a_host_is_not_the_owners(tmp_path: Path) -> None:
    with (
        Service(tmp_path, LIKEWISE_ADMIN_HOST=ADMIN_HOST) as service,
        socket.create_connection(("127.0.0.1", service.port)) as connection,
    ):
        connection.sendall(b"GET /dashboard HTTP/1.0\r\n\r\n")
        with connection.makefile("rb") as answer:
            assert answer.read().startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    ("url", "host", "expected"),
    [
        (None, None, None),
        (None, ADMIN_HOST, f"https://{ADMIN_HOST}"),
        (URL, None, URL),
        (URL, ADMIN_HOST, f"https://{ADMIN_HOST}"),
        ("http://localhost:8000", ADMIN_HOST, f"http://{ADMIN_HOST}:8000"),
        ("https://[2001:db8::1]:8443/likes", ADMIN_HOST, f"https://{ADMIN_HOST}:8443/likes"),
        ("http://[::1]", "[::2]", "http://[::2]"),
    ],
)
def test_dashboard_is_below_the_services_address_at_the_admin_host(
    url: str | None, host: str | None, expected: str | None
) -> None:
    assert admin_url(url, host) == expected
