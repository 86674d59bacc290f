"""`GET /api/doctor` through every door: what the owner is told, and nobody else."""

from __future__ import annotations

import json
import time

from likewise.doctor.finding import CHECKS
from tests.conftest import StartService
from tests.service import KEY, ORIGIN, Service, address, voter
from tests.web.doors import SITE, fresh_page, stored


def findings(service: Service) -> dict[str, dict[str, str]]:
    return {one["check"]: one for one in service.owner("/api/doctor").json["findings"]}


def test_owner_alone_is_told(door: Service) -> None:
    assert door.get("/api/doctor").code == "not_signed_in"
    assert door.get("/api/doctor", X_API_Key="wrong").code == "wrong_key"
    reply = door.owner("/api/doctor")
    assert reply.status == 200
    assert reply.headers["cache-control"] == "private, no-store"
    assert "access-control-allow-origin" not in reply.headers


def test_findings_are_checks_that_there_are_and_secrets_are_none(door: Service) -> None:
    reply = door.owner("/api/doctor")
    assert {one["check"] for one in reply.json["findings"]} <= CHECKS.keys()
    assert abs(reply.json["time"] - time.time()) < 60
    assert KEY not in reply.body.decode()


def test_request_is_told_as_it_was_seen(door: Service) -> None:
    headers = {"X-API-Key": KEY, "X-Forwarded-For": "203.0.113.9", "Host": "likes.example"}
    seen = door.request("GET", "/api/doctor", headers=headers).json
    assert seen["request"] | {"reads": 0} == {
        "host": "likes.example",
        "peer": "127.0.0.1",
        "is_trusted": True,
        "headers": ["x-forwarded-for"],
        "address": "203.0.113.9",
        "is_proxy": False,
        "reads": 0,
    }
    assert {one["check"]: one["state"] for one in seen["findings"]}["reader"] == "ok"


def test_no_other_readers_address_is_told(start_service: StartService) -> None:
    service = start_service(LIKEWISE_TRUSTED_PROXIES="loopback")
    others = [address(number) for number in range(30)] + ["2001:db8:1::7"]
    for number, other in enumerate(others):
        assert service.like("/a", voter(number), address=other).status == 200
        service.like("/a", voter(number), address=other, origin="https://www.example.com")
        service.get("/v1/counts?page=/a", X_Forwarded_For=other)
    told = service.owner("/api/doctor").body.decode()
    assert not [other for other in others if other in told]
    assert "2001:db8" not in told
    assert findings(service)["readers"]["state"] == "ok"


def test_page_is_told_what_a_like_would_meet(door: Service) -> None:
    page = fresh_page()
    before = stored(door)
    told = door.owner(f"/api/doctor?page={page}/&origin=https://new.example").json["page"]
    assert told["line"].startswith("LIKEWISE_ORIGINS=")
    assert told["line"].endswith(",https://new.example")
    assert told | {"line": ""} == {
        "page": page,
        "known": False,
        "blocked": False,
        "refusal": None,
        "line": "",
    }
    assert stored(door) == before
    body = json.dumps({"page": page}).encode()
    assert door.owner("/api/pages/block", "POST", body).status == 200
    told = door.owner(f"/api/doctor?page={page}").json["page"]
    assert (told["known"], told["blocked"], told["line"]) == (True, True, None)


def test_line_of_another_site_is_that_of_its_table(door: Service) -> None:
    told = door.owner("/api/doctor?page=/a&site=party&origin=https://new.example").json["page"]
    line = 'origins = ["https://party.example", "https://new.example"] in [sites.party]'
    assert told["line"] == line


def test_origin_that_seems_own_is_pointed_out_and_strangers_are_not(
    start_service: StartService,
) -> None:
    service = start_service(LIKEWISE_ORIGINS=SITE)
    assert service.like("/a", voter(1), origin="https://stranger.example").status == 403
    assert findings(service)["refused"]["state"] == "ok"
    assert service.like("/a", voter(1), origin="https://www.example.com").status == 403
    refused = findings(service)["refused"]
    assert refused["state"] == "warn"
    assert f"LIKEWISE_ORIGINS={SITE},https://www.example.com" in refused["advice"]


def test_header_that_is_not_believed_shows_the_line_to_set(start_service: StartService) -> None:
    service = start_service(LIKEWISE_TRUSTED_PROXIES="none", LIKEWISE_ORIGINS=ORIGIN)
    assert findings(service)["proxy"]["state"] == "ok"
    service.get("/v1/counts?page=/a", X_Forwarded_For="203.0.113.9")
    proxy = findings(service)["proxy"]
    assert proxy["state"] == "warn"
    assert "LIKEWISE_TRUSTED_PROXIES=127.0.0.1" in proxy["advice"]
