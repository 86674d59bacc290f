"""The demo: there until a site is configured, and outside all totals."""

from __future__ import annotations

from tests.conftest import StartService
from tests.service import Service, voter

SITE = "https://example.com"


def test_the_demo_is_there_while_nothing_is_configured(service: Service) -> None:
    assert service.get("/demo").status == 200
    assert service.like("/demo", voter(1), origin=service.url, site="demo").json["count"] == 1


def test_the_demo_goes_when_a_site_is_configured(start_service: StartService) -> None:
    service = start_service(LIKEWISE_ORIGINS=SITE)
    assert service.get("/demo").code == "not_found"
    assert "LIKEWISE_DEMO=on" in service.get("/demo").json["detail"]
    assert service.like("/demo", voter(1), origin=SITE, site="demo").code == "unknown_site"


def test_the_demo_can_be_asked_for_and_turned_off(start_service: StartService) -> None:
    asked_for = start_service(LIKEWISE_ORIGINS=SITE, LIKEWISE_DEMO="1")
    assert asked_for.get("/demo").status == 200
    assert start_service(LIKEWISE_DEMO="off").get("/demo").code == "not_found"


def test_the_demos_likes_are_in_no_total(service: Service) -> None:
    service.like("/posts/hello", voter(1))
    for number in range(3):
        service.like("/demo", voter(number), origin=service.url, site="demo")
    summary = service.owner("/api/summary").json
    assert (summary["pages"], summary["counts"], summary["today"]) == (1, {"like": 1}, {"like": 1})
    assert service.owner("/api/stats").json == [{"post_id": "/posts/hello", "likes": 1}]
    assert [row["page"] for row in service.owner("/api/pages").json["pages"]] == ["/posts/hello"]
    assert service.count("/demo") == 0
    assert service.count("/demo", site="demo") == 3


def test_behind_a_proxy_the_demo_takes_likes_at_the_services_own_address(
    start_service: StartService,
) -> None:
    service = start_service(LIKEWISE_URL="https://likes.example.com", LIKEWISE_DEMO="on")
    for origin in ("https://likes.example.com", "http://localhost:8000", "http://127.0.0.1:8000"):
        assert service.like("/demo", voter(1), origin=origin, site="demo").status == 200
    refused = service.like("/demo", voter(1), origin="https://evil.example", site="demo")
    assert refused.code == "origin_refused"
