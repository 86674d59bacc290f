"""A reason goes with a like of a private kind, and nobody but the owner ever reads it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.conftest import StartService
from tests.service import KEY, ORIGIN, Reply, Service, address, voter
from tests.web.doors import SALON, fresh_address, fresh_voter
from tests.web.test_kinds import fresh_page, wished


def reasons(door: Service, page: str, query: str = "") -> list[str]:
    """Return the owner's list of a page's reasons."""
    answer = door.owner(f"/api/reasons?site=salon&page={quote(page)}{query}").json
    assert answer["total"] == len(answer["reasons"])
    return [row["reason"] for row in answer["reasons"]]


def test_a_reason_is_kept_for_the_owner(door: Service) -> None:
    page, who, at = fresh_page(), fresh_voter(), fresh_address()
    answer = wished(door, page, "no", who, at, reason=" Too\r\nlong  ")
    assert answer.json["reason"] is True
    (row,) = door.owner(f"/api/reasons?site=salon&page={page}").json["reasons"]
    assert row.keys() == {"number", "page", "kind", "reason", "day"}
    assert (row["page"], row["kind"], row["reason"]) == (page, "no", "Too long")


def test_no_public_answer_has_a_reason(door: Service) -> None:
    page, secret = fresh_page(), f"Because of {fresh_voter()}"
    answer = wished(door, page, "no", fresh_voter(), fresh_address(), reason=secret)
    seen = [answer, wished(door, page, "no", fresh_voter(), fresh_address())]
    targets = (
        f"/v1/counts?site=salon&page={page}",
        f"/likes{page}?site=salon",
        "/v1/popular?site=salon&kind=👏",
        f"/v1/badge.svg?site=salon&kind=👏&page={page}",
        "/api/reasons?site=salon",
    )
    seen += [door.get(quote(target, safe="/?=&")) for target in targets]
    seen.append(door.owner("/metrics"))
    assert not [reply for reply in seen if secret.encode() in reply.body]
    assert seen[-2].status == 401


def test_a_reason_may_follow_its_like_change_and_go(door: Service) -> None:
    page, who, at = fresh_page(), fresh_voter(), fresh_address()
    assert "reason" not in wished(door, page, "no", who, at).json
    for reason in ("Too long", "Too short", ""):
        answer = wished(door, page, "no", who, at, reason=reason)
        assert (answer.status, answer.json["reason"]) == (200, True)
        assert reasons(door, page) == [reason] * bool(reason)
    wished(door, page, "no", who, at, reason="Too long")
    assert "reason" not in wished(door, page, "no", who, at, on=False, reason="Gone").json
    assert reasons(door, page) == []


def test_to_say_why_is_no_further_like(door: Service) -> None:
    page, at = fresh_page(), fresh_address()
    who = [fresh_voter() for _ in range(2)]
    for one in who:
        assert wished(door, page, "no", one, at).status == 200
    assert wished(door, page, "no", fresh_voter(), at).status == 429
    for n in range(5):
        for one in who:
            assert wished(door, page, "no", one, at, reason=f"Reason {n}").json["reason"] is True


def test_a_like_over_the_limits_brings_no_reason_in(door: Service) -> None:
    page, at = fresh_page(), fresh_address()
    answers = [wished(door, page, "no", fresh_voter(), at, reason=f"{n}") for n in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert reasons(door, page) == ["1", "0"]


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("cafe\u0301", "café"),
        ("a\n\n\tb\u2028c", "a b c"),
        (
            "\U0001f469\u200d\U0001f469\u200d\U0001f467",
            "\U0001f469\u200d\U0001f469\u200d\U0001f467",
        ),
        ("é" * 280, "é" * 280),
        ("  ", None),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("=HYPERLINK('https://evil.example')", "=HYPERLINK('https://evil.example')"),
        ("'; DROP TABLE reasons; --", "'; DROP TABLE reasons; --"),
    ],
)
def test_a_reason_is_text_on_one_line(door: Service, reason: str, kept: str | None) -> None:
    page = fresh_page()
    assert wished(door, page, "no", fresh_voter(), fresh_address(), reason=reason).status == 200
    assert reasons(door, page) == ([] if kept is None else [kept])


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("x" * 281, "281 characters long; at most 280"),
        ("a\x00b", "U+0000"),
        ("a\x1bb", "U+001B"),
        ("a\u202eb", "U+202E"),
        ("a\u2066b", "U+2066"),
        ("a\ud800b", "U+D800"),
    ],
)
def test_a_reason_that_cannot_be_shown_is_refused(door: Service, reason: str, told: str) -> None:
    page = fresh_page()
    answer = wished(door, page, "no", fresh_voter(), fresh_address(), reason=reason)
    assert (answer.status, answer.code) == (400, "bad_reason")
    assert told in answer.json["detail"]
    assert door.owner(f"/api/pages?site=salon&search={page}").json["total"] == 0


@pytest.mark.parametrize("reason", [1, None, True, ["x"], {}])
def test_a_reason_of_another_type_is_refused(door: Service, reason: Any) -> None:
    answer = wished(door, fresh_page(), "no", fresh_voter(), fresh_address(), reason=reason)
    assert answer.code == "bad_request"


def test_a_public_kind_takes_no_reason(door: Service) -> None:
    page, who, at = fresh_page(), fresh_voter(), fresh_address()
    answer = wished(door, page, "👏", who, at, reason="Well done")
    assert (answer.status, answer.code) == (400, "bad_reason")
    assert "only kinds that the owner alone sees" in answer.json["detail"]
    assert "reason" not in wished(door, page, "👏", who, at, reason="").json
    assert "reason" not in wished(door, page, "👏", who, at, on=False, reason="Bye").json


def test_a_form_brings_a_reason(door: Service) -> None:
    page = fresh_page()
    headers = {
        "Origin": SALON,
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Forwarded-For": fresh_address(),
    }

    def sent(**fields: str) -> Reply:
        body = urlencode({"site": "salon", "page": page, **fields})
        return door.request("POST", "/v1/like", body, headers)

    assert sent(kind="no", reason="Too long\r\nand wrong").status == 303
    assert sent(kind="no", reason="").status == 303
    assert reasons(door, page) == ["Too long and wrong"]
    refused = sent(kind="👏", reason="Bravo")
    assert refused.status == 400
    assert b"takes no reason" in refused.body


def test_reasons_are_listed_by_kind_and_part(door: Service) -> None:
    page = fresh_page()
    for n, kind in enumerate(("no", "yes", "no")):
        wished(door, page, kind, fresh_voter(), fresh_address(), reason=f"{n}")
    assert reasons(door, page, "&kind=yes") == ["1"]
    answer = door.owner(f"/api/reasons?site=salon&page={page}&limit=1&offset=1").json
    assert (answer["total"], [row["reason"] for row in answer["reasons"]]) == (3, ["1"])
    for query, code in (("site=x", "unknown_site"), ("kind=x", "unknown_kind"), ("limit=x", "")):
        refused = door.owner(f"/api/reasons?{query}")
        assert refused.code == (code or "bad_request")


def test_the_owner_removes_a_reason_and_brings_it_back(door: Service) -> None:
    page = fresh_page()
    wished(door, page, "no", fresh_voter(), fresh_address(), reason="Insult")
    number = door.owner(f"/api/reasons?site=salon&page={page}").json["reasons"][0]["number"]

    def order(**fields: Any) -> Reply:
        body = json.dumps({"reason": number, "site": "salon", **fields}).encode()
        return door.owner("/api/reasons/delete", "POST", body)

    assert order(dry_run=True).json == {"correction": None, "page": page}
    assert reasons(door, page) == ["Insult"]
    correction = order().json["correction"]
    assert reasons(door, page) == []
    assert order().code == "unknown_reason"
    assert order(site="default").code == "unknown_reason"
    assert order(dry="run").code == "bad_request"
    line = door.owner("/api/audit?site=salon&limit=1").json["corrections"][0]
    assert (line["action"], line["asked"]) == ("reason", {"page": page, "kind": "no"})
    undo = json.dumps({"correction": correction}).encode()
    assert door.owner("/api/undo", "POST", undo).status == 200
    assert reasons(door, page) == ["Insult"]


TABLE = "[kinds.no]\nprivate = true\n"


def feedback(start_service: StartService, **settings: str) -> Service:
    """Return a service with a private kind."""
    service = start_service(LIKEWISE_KINDS="like,no", **settings)
    service.stop()
    (service.directory / "likewise.toml").write_text(TABLE, encoding="utf-8")
    return service.start()


def test_no_log_has_a_reason(start_service: StartService) -> None:
    service = feedback(start_service, LIKEWISE_ACCESS_LOG="on")
    secret = "The words of a reader"
    for number, text in enumerate((secret, secret + "\x00", secret * 20)):
        service.like("/a", voter(number), address=address(number), kind="no", reason=text)
    headers = {"Origin": ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}
    service.request("POST", "/v1/like", f"page=/a&kind=no&reason={quote(secret)}", headers)
    assert len(service.owner("/api/reasons").json["reasons"]) == 2
    service.stop()
    assert "POST /v1/like" in service.log
    assert "The words" not in service.log
    assert KEY not in service.log


def test_a_full_day_drops_the_reason_and_says_so(start_service: StartService) -> None:
    service = feedback(start_service, LIKEWISE_LIMITS="off")
    replies = [service.like("/a", voter(n), kind="no", reason=f"{n}") for n in range(201)]
    assert {reply.status for reply in replies} == {200}
    assert [reply.json["reason"] for reply in replies] == [True] * 200 + [False]
    assert service.owner("/api/reasons?limit=0").json["total"] == 200
    assert service.owner("/api/pages").json["pages"][0]["counts"]["no"] == 201


def test_a_reason_is_in_the_backup_and_comes_back(
    start_service: StartService, tmp_path: Any
) -> None:
    service = feedback(start_service)
    service.like("/a", voter(1), kind="no", reason="Too long")
    assert service.run("backup", str(tmp_path / "copy.db")).returncode == 0
    service.like("/a", voter(1), kind="no", reason="")
    service.stop()
    assert service.run("restore", str(tmp_path / "copy.db")).returncode == 0
    service.start()
    assert [row["reason"] for row in service.owner("/api/reasons").json["reasons"]] == ["Too long"]
