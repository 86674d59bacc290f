"""Who may write: the server's own check of Origin."""

from __future__ import annotations

import json

import pytest

from tests.conftest import StartService
from tests.service import Reply, Service
from tests.web.doors import PARTY, SITE, fresh_page, fresh_voter, stored


def like(door: Service, headers: dict[str, str], **fields: str) -> Reply:
    body = json.dumps({"page": fresh_page(), "voter": fresh_voter(), **fields})
    return door.request("POST", "/v1/like", body, headers)


@pytest.mark.parametrize(
    "origin",
    [
        SITE,
        SITE + "/",
        "https://a.example.org",
        "https://a.b.example.org",
        "https://port.example:8443",
        "https://xn--bcher-kva.example",
        "http://localhost",
        "http://localhost:1313",
    ],
)
def test_an_origin_on_the_list_may_write(door: Service, origin: str) -> None:
    assert like(door, {"Origin": origin}).status == 200


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://example.com",
        "https://example.com:8443",
        "https://EXAMPLE.com",
        "https://example.org",
        "https://aexample.org",
        "https://a.example.org.evil.example",
        "https://port.example",
        "https://b\u00fccher.example",
        "http://localhost.evil.example",
        "http://127.0.0.1:1313",
        PARTY,
        "null",
        "",
        "*",
        "https://example.com, https://evil.example",
        "<script>alert(1)</script>",
        "x" * 4_000,
    ],
)
def test_any_other_origin_is_refused_and_stores_nothing(door: Service, origin: str) -> None:
    before = stored(door)
    for reply in (
        like(door, {"Origin": origin}),
        door.request("POST", "/likes/hello", None, {"Origin": origin}),
    ):
        assert (reply.status, reply.code) == (403, "origin_refused")
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in reply.headers
    assert stored(door) == before


def test_a_write_without_an_origin_is_refused(door: Service) -> None:
    before = stored(door)
    for reply in (like(door, {}), door.request("POST", "/likes/hello")):
        assert (reply.status, reply.code) == (403, "origin_refused")
        assert "header Origin" in reply.json["detail"]
    assert stored(door) == before


def test_two_origins_are_no_origin(door: Service) -> None:
    before = stored(door)
    reply = like(door, {"Origin": SITE, "ORIGIN": SITE})
    assert reply.status == 400
    assert stored(door) == before


def test_a_refusal_says_what_would_have_worked(door: Service) -> None:
    refused = like(door, {"Origin": "https://new.example"})
    assert "add https://new.example to LIKEWISE_ORIGINS" in refused.json["detail"]
    refused = like(door, {"Origin": "https://new.example"}, site="party")
    assert "add https://new.example to the origins of [sites.party]" in refused.json["detail"]
    assert "LIKEWISE_ORIGINS" not in like(door, {"Origin": "null"}).json["detail"]


@pytest.mark.parametrize("text", ["[https://mxlit.com](https://mxlit.com)", "mxlit.com", "*"])
def test_an_origin_that_can_never_match_stops_the_start(service: Service, text: str) -> None:
    service.stop()
    result = service.run("serve", LIKEWISE_ORIGINS=text)
    assert result.returncode in {1, 2}
    assert f"LIKEWISE_ORIGINS={text}" in result.stderr
    assert "https://example.com" in result.stderr


def test_each_site_has_origins_of_its_own(door: Service) -> None:
    assert like(door, {"Origin": PARTY}, site="party").status == 200
    assert like(door, {"Origin": SITE}, site="party").code == "origin_refused"


def test_everyone_may_read(door: Service) -> None:
    for target in ("/v1/counts?page=/a", "/likes/a", "/likes.js"):
        reply = door.get(target, origin="https://evil.example")
        assert reply.status == 200
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in reply.headers


def test_while_nothing_is_configured_only_localhost_may_write(service: Service) -> None:
    assert "Set LIKEWISE_ORIGINS=" in service.log
    for origin in ("http://localhost:1313", "http://127.0.0.1", "http://localhost"):
        assert like(service, {"Origin": origin}).status == 200
    for origin in ("https://localhost", "https://example.com", "http://localhost.example", "null"):
        assert like(service, {"Origin": origin}).code == "origin_refused"


def test_the_developers_own_machine_may_not_write_to_a_configured_site(
    start_service: StartService,
) -> None:
    service = start_service(LIKEWISE_ORIGINS="https://example.com")
    assert like(service, {"Origin": "https://example.com"}).status == 200
    for origin in ("http://localhost:1313", "http://127.0.0.1:1313"):
        assert like(service, {"Origin": origin}).code == "origin_refused"
