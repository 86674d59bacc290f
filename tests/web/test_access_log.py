"""Every request has an id, in its line of the log and in its answer, and none names a reader."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from likewise.http.message import Request, headers_of
from likewise.web.access_log import id_of
from tests.conftest import StartService
from tests.service import Service

OWN_ID = re.compile(r"[0-9a-f]{12}")


def events(service: Service) -> list[dict[str, Any]]:
    """Return the lines about requests, but those of the health check."""
    found = [json.loads(line) for line in service.log.splitlines()]
    return [event for event in found if "request" in event and event["path"] != "/readyz"]


def test_a_line_has_the_id_of_its_answer(start_service: StartService) -> None:
    service = start_service(LIKEWISE_ACCESS_LOG="on", LIKEWISE_LOG="json")
    answers = [service.get("/v1/counts?page=/secret"), service.get("/nowhere")]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert all(OWN_ID.fullmatch(one) for one in ids)
    first, second = events(service)
    assert [first["request"], second["request"]] == ids
    assert (first["method"], first["path"], first["status"]) == ("GET", "/v1/counts", 200)
    assert second["status"] == 404
    assert first["milliseconds"] >= 0
    assert "secret" not in service.log


def test_an_answer_that_is_kept_gets_an_id_of_its_own_each_time(
    start_service: StartService,
) -> None:
    service = start_service(LIKEWISE_ACCESS_LOG="on")
    answers = [service.get("/likes.js") for _ in range(3)]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3
    assert all("," not in answer.headers["x-request-id"] for answer in answers)


def test_without_an_access_log_there_is_no_id(start_service: StartService) -> None:
    assert "x-request-id" not in start_service().get("/likes.js").headers


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("3f2b-9_a.Z", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("", False),
        ('a"b', False),
        ("a b", False),
        ("é", False),
        ("a\n", False),
    ],
)
def test_an_id_of_a_trusted_proxy_is_kept_where_it_is_harmless(given: str, is_kept: bool) -> None:
    headers = headers_of([(b"x-request-id", given.encode())])
    request = Request("GET", b"/", headers=headers, peer="127.0.0.1")
    assert (id_of(request, is_trusted=True) == given) is is_kept
    assert OWN_ID.fullmatch(id_of(request, is_trusted=False))
