"""What every answer carries, refusals included."""

from __future__ import annotations

import pytest

from likewise.errors import CODES
from likewise.web.routes import OWNER, PUBLIC, ROUTES
from tests.service import ORIGIN, Reply, Service
from tests.web.doors import FastapiService

PROBLEM = "application/problem+json"


def targets() -> dict[str, str]:
    """Return an address for each path of the map, with what stands in its braces."""
    return {
        route.path: route.path.replace("{post_id}", "hello")
        .replace("{hash}", "0123456789abcdef")
        .replace("{file*}", "icon.svg")
        for route in ROUTES
    }


METHODS = sorted(
    {
        (route.method, target)
        for route in ROUTES
        for path, target in targets().items()
        if path == route.path
    }
)
READERS = sorted(target for target in targets().values() if target.startswith(("/v1/", "/likes")))
OWNERS = sorted({targets()[route.path] for route in ROUTES if route.audience == OWNER})


def is_problem(reply: Reply, code: str) -> None:
    kind = CODES[code]
    assert reply.status == kind.status
    assert reply.headers["content-type"] == PROBLEM
    problem = reply.json
    assert list(problem) == ["type", "title", "status", "detail", "code"]
    assert (problem["title"], problem["status"], problem["code"]) == (kind.title, kind.status, code)
    assert problem["detail"]
    assert "Traceback" not in problem["detail"]
    assert reply.headers["cache-control"] in {"no-store", "private, no-store"}


@pytest.mark.parametrize(("method", "target"), METHODS)
def test_every_answer_says_how_long_it_may_be_kept(door: Service, method: str, target: str) -> None:
    for headers in ({}, {"Origin": ORIGIN}, {"X-API-Key": door.admin_key}):
        reply = door.request(method, target, None, headers)
        assert reply.headers["cache-control"]
        assert reply.status < 500
        if reply.status >= 400:
            is_problem(reply, reply.code)


@pytest.mark.parametrize("target", READERS)
def test_everyone_may_read_public_answers_and_refusals_but_without_credentials(
    door: Service, target: str
) -> None:
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
        reply = door.request(method, target)
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in reply.headers


@pytest.mark.parametrize(
    "target", [*OWNERS, "/api/login", "/api/logout", "/api/nothing", "/dashboard"]
)
def test_no_other_web_site_may_read_what_is_the_owners(door: Service, target: str) -> None:
    for headers in ({}, {"X-API-Key": door.admin_key}, {"X-API-Key": "wrong" * 8}):
        for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS"):
            reply = door.request(method, f"{target}?limit=x", None, headers)
            assert not [name for name in reply.headers if name.startswith("access-control-")]
            if target.startswith("/api/"):
                assert reply.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("target", sorted(set(targets().values())))
def test_a_method_that_is_not_taken_is_told_those_that_are(door: Service, target: str) -> None:
    taken = {method for method, place in METHODS if place == target}
    allowed = taken | {"OPTIONS"} | ({"HEAD"} if "GET" in taken else set())
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        if method not in taken:
            reply = door.request(method, target)
            is_problem(reply, "method_not_allowed")
            assert set(reply.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize("target", sorted(set(targets().values())))
def test_options_is_answered(door: Service, target: str) -> None:
    reply = door.request("OPTIONS", target)
    assert (reply.status, reply.body) == (204, b"")
    assert "OPTIONS" in reply.headers["allow"]
    assert "content-length" not in reply.headers


def test_a_preflight_is_answered_though_the_widget_needs_none(door: Service) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    reply = door.request("OPTIONS", "/v1/like", None, asked)
    assert reply.status == 204
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "POST" in reply.headers["access-control-allow-methods"]
    assert reply.headers["access-control-allow-headers"] == "content-type"
    assert int(reply.headers["access-control-max-age"]) > 0


@pytest.mark.parametrize(
    "target",
    "/nothing /v1 /v1/ /v1/counts/ /v2/like /likes /likes-x /static/ // /v1%2Fcounts?page=/a"
    " /V1/counts?page=/a /.env /api /api/ /static/../app.py /static/..%2fapp.py".split(),
)
def test_nothing_else_is_there(door: Service, target: str) -> None:
    is_problem(door.get(target), "not_found")


@pytest.mark.parametrize("target", ["/docs", "/redoc", "/openapi.json"])
def test_only_the_fastapi_form_serves_a_description_of_the_api(door: Service, target: str) -> None:
    if isinstance(door, FastapiService):
        assert door.get(target).status == 200
    else:
        is_problem(door.get(target), "not_found")


def test_a_target_or_headers_that_are_too_long_are_refused(door: Service) -> None:
    is_problem(door.get("/v1/counts?page=" + "x" * 17_000), "target_too_long")
    is_problem(door.get("/v1/counts?page=/a", cookie="x" * 17_000), "headers_too_large")


@pytest.mark.parametrize(("path", "word"), [("/healthz", b"alive\n"), ("/readyz", b"ready\n")])
def test_those_who_watch_over_it_are_answered(door: Service, path: str, word: bytes) -> None:
    reply = door.get(path)
    assert (reply.status, reply.body) == (200, word)
    assert reply.headers["cache-control"] == "no-store"
    assert door.request("HEAD", path).status == 200


def test_every_route_has_an_audience_that_its_address_tells(door: Service) -> None:
    assert door.get("/healthz").status == 200
    for route in ROUTES:
        if route.path.startswith("/api/") and "log" not in route.path:
            assert route.audience == OWNER
        if route.path.startswith(("/v1/", "/likes")):
            assert route.audience == PUBLIC
