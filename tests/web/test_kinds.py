"""Claps add up to a voter's most, of exclusive kinds he has one, private ones nobody else sees."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.abuse.crowd import fresh_address, fresh_voter
from tests.conftest import StartService
from tests.service import ORIGIN, Reply, Service
from tests.web.doors import SALON

PAGES = iter(range(1_000_000))


def fresh_page() -> str:
    """Return a page that nobody has liked."""
    return f"/salon/{next(PAGES)}"


def wished(door: Service, page: str, kind: str, voter: str, at: str, **fields: Any) -> Reply:
    """Send a wish of the salon's site."""
    body = {"site": "salon", "page": page, "kind": kind, "voter": voter, **fields}
    headers = {"Origin": SALON, "X-Forwarded-For": at}
    return door.request("POST", "/v1/like", json.dumps(body), headers)


def counts(door: Service, page: str) -> Any:
    """Return the public counts of a page."""
    return door.get(f"/v1/counts?site=salon&page={page}").json["counts"][page]


def test_claps_are_a_total_and_not_added_up(door: Service) -> None:
    page, who, at = fresh_page(), fresh_voter(), fresh_address()
    for n, count in ((3, 3), (10, 10), (10, 10), (4, 4), (50, 50)):
        assert wished(door, page, "👏", who, at, n=n).json["count"] == count
    assert wished(door, page, "👏", fresh_voter(), fresh_address(), n=2).json["count"] == 52
    assert wished(door, page, "👏", who, at, on=False).json["count"] == 2


def test_clapping_on_is_one_like_for_the_limits(door: Service) -> None:
    page, who, at = fresh_page(), fresh_voter(), fresh_address()
    answers = [wished(door, page, "👏", who, at, n=n).status for n in range(1, 21)]
    assert answers == [200] * 20  # where two new likes are allowed at once


@pytest.mark.parametrize("n", [51, -1, 1.5, "3", True])
def test_more_claps_than_allowed_are_refused(door: Service, n: object) -> None:
    answer = wished(door, fresh_page(), "👏", fresh_voter(), fresh_address(), n=n)
    assert answer.code == "bad_request"
    assert "from 0 to 50" in answer.json["detail"]


def test_a_kind_without_a_rule_takes_one(door: Service) -> None:
    answer = wished(door, fresh_page(), "🎶", fresh_voter(), fresh_address(), n=2)
    assert "from 0 to 1" in answer.json["detail"]


def test_of_exclusive_kinds_the_last_one_stands(door: Service) -> None:
    page, who, at = fresh_page(), fresh_voter(), fresh_address()
    for kind, other in (("🎶", "🎻"), ("🎻", "🎶"), ("🎶", "🎻")):
        answer = wished(door, page, kind, who, at)
        assert answer.json["counts"] == counts(door, page)
        assert (answer.json["counts"][kind], answer.json["counts"][other]) == (1, 0)
    wished(door, page, "🎻", fresh_voter(), fresh_address())
    assert counts(door, page) == {"🎶": 1, "🎻": 1, "👏": 0}


def test_to_change_ones_mind_costs_no_further_like(door: Service) -> None:
    page, who, at = fresh_page(), fresh_voter(), fresh_address()
    answers = [wished(door, page, ("🎶", "🎻")[n % 2], who, at).status for n in range(2)]
    assert answers == [200] * 2
    assert wished(door, page, "🎶", fresh_voter(), at).status == 200  # what was left is free again


def test_what_a_wish_took_away_is_told_once(door: Service) -> None:
    page, who, at = fresh_page(), fresh_voter(), fresh_address()
    assert "left" not in wished(door, page, "🎶", who, at).json
    assert wished(door, page, "🎻", who, at).json["left"] == ["🎶"]
    assert "left" not in wished(door, page, "🎻", who, at).json
    assert "left" not in wished(door, page, "🎻", who, at, on=False).json


def test_a_reader_is_told_of_his_own_private_kind_that_went(door: Service) -> None:
    page, who, at = fresh_page(), fresh_voter(), fresh_address()
    wished(door, page, "yes", who, at)
    answer = wished(door, page, "no", who, at)
    assert answer.json["left"] == ["yes"]
    assert list(answer.json["counts"]) == ["🎶", "🎻", "👏"]


def test_other_kinds_stand_beside_an_exclusive_one(door: Service) -> None:
    page, who, at = fresh_page(), fresh_voter(), fresh_address()
    wished(door, page, "👏", who, at, n=5)
    wished(door, page, "🎶", who, at)
    assert counts(door, page) == {"🎶": 1, "🎻": 0, "👏": 5}


def test_a_private_kind_is_in_no_public_answer(door: Service) -> None:
    page, who, at = fresh_page(), fresh_voter(), fresh_address()
    answer = wished(door, page, "yes", who, at)
    assert answer.json == {
        "page": page,
        "kind": "yes",
        "on": True,
        "counts": {"🎶": 0, "🎻": 0, "👏": 0},
    }
    assert "yes" not in counts(door, page)
    assert "yes" not in door.get("/v1/counts?site=salon&page=/x").body.decode()


def test_the_owner_sees_what_is_private(door: Service) -> None:
    page = fresh_page()
    wished(door, page, "no", fresh_voter(), fresh_address())
    wished(door, page, "yes", fresh_voter(), fresh_address())
    wished(door, page, "yes", fresh_voter(), fresh_address())
    found = door.owner(f"/api/pages?site=salon&search={page}").json["pages"][0]
    assert (found["counts"]["yes"], found["counts"]["no"]) == (2, 1)


def test_groups_of_exclusive_kinds_are_apart(door: Service) -> None:
    page, who, at = fresh_page(), fresh_voter(), fresh_address()
    wished(door, page, "🎶", who, at)
    wished(door, page, "yes", who, at)
    wished(door, page, "no", who, at)
    found = door.owner(f"/api/pages?site=salon&search={page}").json["pages"][0]
    assert found["counts"] == {"🎶": 1, "🎻": 0, "👏": 0, "yes": 0, "no": 1}


def test_counts_tell_the_rules_of_public_kinds(door: Service) -> None:
    told = door.get("/v1/counts?site=salon&page=/x").json
    assert list(told) == ["counts", "kinds"]
    assert told["kinds"] == {
        "🎶": {"exclusive": True},
        "🎻": {"exclusive": True},
        "👏": {"max": 50},
    }


def test_counts_of_plain_kinds_tell_no_rules(door: Service) -> None:
    for site in ("default", "party"):
        assert list(door.get(f"/v1/counts?site={site}&page=/x").json) == ["counts"]


def test_a_group_is_told_by_its_name(start_service: StartService) -> None:
    table = '[kinds."👍"]\nexclusive = "vote"\nmax = 3\n[kinds."👎"]\nexclusive = "vote"'
    service = start_service(LIKEWISE_KINDS="👍,👎,🎉")
    service.stop()
    (service.directory / "likewise.toml").write_text(table, encoding="utf-8")
    told = service.start().get("/v1/counts?page=/x").json["kinds"]
    assert told == {"👍": {"max": 3, "exclusive": "vote"}, "👎": {"exclusive": "vote"}}


def test_an_unknown_kind_is_not_told_of_private_ones(door: Service) -> None:
    answer = wished(door, fresh_page(), "maybe", fresh_voter(), fresh_address())
    assert answer.code == "unknown_kind"
    assert "yes" not in answer.json["detail"]
    assert "👏" in answer.json["detail"]


LOOSE = "burst=1000/10s,writes=1000/min,likes=1000"


def office(start_service: StartService, kind: str, table: str) -> Service:
    """Return a service with one kind, where one network may do much but like a page 20 times."""
    service = start_service(LIKEWISE_KINDS=kind, LIKEWISE_LIMITS=LOOSE)
    service.stop()
    (service.directory / "likewise.toml").write_text(f"[kinds.{kind}]\n{table}\n", encoding="utf-8")
    return service.start()


def given(service: Service, kind: str, number: int, at: str, **fields: Any) -> Reply:
    body = {"page": "/a", "kind": kind, "voter": fresh_voter(), **fields}
    headers = {"Origin": ORIGIN, "X-Forwarded-For": at.format(number)}
    return service.request("POST", "/v1/like", json.dumps(body), headers)


def test_claps_of_others_do_not_raise_what_one_network_may_like(
    start_service: StartService,
) -> None:
    service = office(start_service, "clap", "max = 1000")
    for number in range(3):
        assert given(service, "clap", number, "198.51.100.{}", n=1000).status == 200
    answers = [given(service, "clap", 0, "203.0.113.9", n=1000).status for _ in range(22)]
    assert answers == [200] * 20 + [429] * 2


def test_a_refusal_tells_nothing_of_a_private_count(start_service: StartService) -> None:
    service = office(start_service, "no", "private = true")
    for network in range(60):
        for number in range(20):
            at = f"198.51.{network}.1"
            assert given(service, "no", number, at).status == 200
    answers = [given(service, "no", 0, "203.0.113.9") for _ in range(21)]
    assert [answer.status for answer in answers] == [200] * 20 + [429]
    assert "At most 20 likes of one page a day" in answers[-1].json["detail"]
