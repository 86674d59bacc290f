"""Signing in: the owner's browser, and everything that could speak in its name."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from pathlib import Path

import pytest

from likewise.web import sessions
from likewise.web.sessions import (
    COOKIE,
    MAX_SESSIONS,
    SECURE_COOKIE,
    SESSION_SECONDS,
    Keys,
    Sessions,
    cookie_header,
    token_in,
)
from tests.conftest import StartService
from tests.rules.clock import Clock
from tests.service import Reply, Service
from tests.web.doors import KeylessService, fresh_address, stored

JSON = "application/json"
URL = "https://likes.example.com"


def own(door: Service) -> dict[str, str]:
    """Return the headers of a request that the dashboard makes."""
    return {"Origin": door.url, "Content-Type": JSON, "Sec-Fetch-Site": "same-origin"}


def login(door: Service, key: str | None = None, **changed: str | None) -> Reply:
    headers = own(door) | {
        name.replace("_", "-"): value for name, value in changed.items() if value
    }
    sent = {
        name: value for name, value in headers.items() if changed.get(name.replace("-", "_"), value)
    }
    body = json.dumps({"key": door.admin_key if key is None else key})
    return door.request("POST", "/api/login", body, sent)


def cookie_of(reply: Reply) -> str:
    assert reply.status == 200, reply
    return reply.headers["set-cookie"].partition(";")[0]


def summary(door: Service, cookie: str, **headers: str) -> Reply:
    return door.get("/api/summary", cookie=cookie, **headers)


def test_signing_in_opens_a_session_that_scripts_cannot_read(door: Service) -> None:
    reply = login(door)
    assert (reply.status, reply.json) == (200, {"expires_in": 43_200})
    assert reply.headers["cache-control"] == "private, no-store"
    cookie, *attributes = reply.headers["set-cookie"].split("; ")
    assert cookie.startswith("likewise=")
    assert attributes == ["Path=/", "Max-Age=43200", "HttpOnly", "SameSite=Strict"]
    assert summary(door, cookie).status == 200
    assert summary(door, f"other=1; {cookie}; more=2").status == 200
    assert len({cookie_of(login(door)) for _ in range(3)}) == 3


def test_signing_out_ends_the_session(door: Service) -> None:
    cookie = cookie_of(login(door))
    reply = door.request("POST", "/api/logout", None, own(door) | {"Cookie": cookie})
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["set-cookie"].startswith("likewise=; Path=/; Max-Age=0; HttpOnly")
    ended = summary(door, cookie)
    assert (ended.status, ended.code) == (401, "not_signed_in")
    assert door.request("POST", "/api/logout", None, own(door)).status == 204


@pytest.mark.parametrize("key", ["", "wrong-key-0123456789abcdef", "\ud800" * 9, "\0", "k" * 4_000])
def test_signing_in_with_another_key_is_refused(door: Service, key: str) -> None:
    reply = login(door, key, X_Forwarded_For=fresh_address())
    assert (reply.status, reply.code) == (401, "wrong_key")
    assert reply.headers["www-authenticate"] == "Bearer"
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize(
    "body", ["", "{}", "[]", '{"key":1}', '{"key":null}', '{"key":"a","key":"b"}']
)
def test_a_sign_in_that_makes_no_sense_is_refused(door: Service, body: str) -> None:
    headers = own(door) | {"X-Forwarded-For": fresh_address()}
    assert door.request("POST", "/api/login", body, headers).status in {400, 401}


def test_wrong_keys_are_limited_at_the_sign_in_and_the_right_one_never(door: Service) -> None:
    address = fresh_address()
    replies = [login(door, f"wrong-{number}", X_Forwarded_For=address) for number in range(21)]
    assert [reply.code for reply in replies] == ["wrong_key"] * 20 + ["too_many"]
    assert int(replies[-1].headers["retry-after"]) >= 1
    assert login(door, X_Forwarded_For=address).status == 200


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"Origin": None}, "origin_refused"),
        ({"Origin": "null"}, "origin_refused"),
        ({"Origin": "https://evil.example"}, "origin_refused"),
        ({"Origin": "http://localhost:1313"}, "origin_refused"),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, "origin_refused"),
        ({"Host": "evil.example:80", "Origin": "http://evil.example:80"}, "origin_refused"),
        (
            {"Host": "127.0.0.1.evil.example", "Origin": "http://127.0.0.1.evil.example"},
            "origin_refused",
        ),
        ({"Sec_Fetch_Site": "cross-site"}, "origin_refused"),
        ({"Sec_Fetch_Site": "same-site"}, "origin_refused"),
        ({"Sec_Fetch_Site": "none"}, "origin_refused"),
        ({"Content_Type": "text/plain"}, "unsupported_type"),
        ({"Content_Type": "application/x-www-form-urlencoded"}, "unsupported_type"),
        ({"Content_Type": None}, "unsupported_type"),
    ],
)
def test_another_page_can_neither_sign_in_nor_out_nor_change_anything(
    door: Service, changed: dict[str, str | None], code: str
) -> None:
    assert login(door, **changed).code == code
    cookie = cookie_of(login(door))
    before = stored(door)
    headers = own(door) | {"Cookie": cookie}
    headers |= {name.replace("_", "-"): value or "" for name, value in changed.items()}
    sent = {name: value for name, value in headers.items() if value}
    body = json.dumps({"page": "/forged", "seed": 1})
    for target in ("/api/import", "/api/logout", "/api/key"):
        assert door.request("POST", target, body, sent).code == code
    assert stored(door) == before
    assert summary(door, cookie).status == 200


def test_the_dashboard_itself_may_change_things_and_read_without_an_origin(door: Service) -> None:
    cookie = cookie_of(login(door, Sec_Fetch_Site=None))
    body = json.dumps({"page": "/signed-in", "seed": 1})
    headers = own(door) | {"Cookie": cookie, "Content-Type": "application/json; charset=utf-8"}
    assert door.request("POST", "/api/import", body, headers).status == 200
    assert summary(door, cookie).status == 200


def test_the_key_needs_no_origin(door: Service) -> None:
    body = json.dumps({"page": "/by-key", "seed": 1}).encode()
    assert door.owner("/api/import", "POST", body).status == 200


def test_a_refused_sign_in_says_which_setting_is_missing(door: Service) -> None:
    reply = login(door, Host="likes.example.com", Origin=URL)
    assert (reply.status, reply.code) == (403, "origin_refused")
    assert "LIKEWISE_URL=" in reply.json["detail"]


@pytest.fixture
def public(start_service: StartService) -> Service:
    """Return a service behind a proxy that speaks TLS."""
    return start_service(
        LIKEWISE_URL="https://Likes.Example.com:443/", LIKEWISE_TRUSTED_PROXIES="none"
    )


def test_at_an_https_address_the_cookie_has_the_guarded_name(public: Service) -> None:
    reply = login(public, Host="likes.example.com", Origin=URL)
    cookie, *attributes = reply.headers["set-cookie"].split("; ")
    assert cookie.startswith("__Host-likewise=")
    assert attributes == ["Path=/", "Max-Age=43200", "HttpOnly", "SameSite=Strict", "Secure"]
    assert summary(public, cookie, host="likes.example.com").status == 200
    renamed = cookie.replace(SECURE_COOKIE, COOKIE)
    assert summary(public, renamed, host="likes.example.com").code == "not_signed_in"
    left = public.request(
        "POST", "/api/logout", None, own(public) | {"Host": "likes.example.com", "Origin": URL}
    )
    assert left.headers["set-cookie"].startswith("__Host-likewise=; Path=/; Max-Age=0; HttpOnly")


def test_a_proxy_that_keeps_the_name_to_itself_changes_nothing(public: Service) -> None:
    cookie = cookie_of(login(public, Origin=URL))
    assert cookie.startswith("__Host-likewise=")
    assert summary(public, cookie).status == 200


@pytest.mark.parametrize(
    "origin",
    ["http://likes.example.com", "https://likes.example.com.evil.example", "https://evil.example"],
)
def test_at_its_address_no_other_origin_is_its_own(public: Service, origin: str) -> None:
    host = origin.partition("://")[2]
    assert login(public, Host="likes.example.com", Origin=origin).code == "origin_refused"
    assert login(public, Host=host, Origin=origin).code == "origin_refused"


def test_through_a_tunnel_to_loopback_the_owner_signs_in_without_tls(public: Service) -> None:
    cookie = cookie_of(login(public))
    assert cookie.startswith("likewise=")
    assert summary(public, cookie).status == 200


def test_a_new_key_ends_all_sessions(tmp_path: Path) -> None:
    with KeylessService(tmp_path) as service:
        cookie = cookie_of(login(service, service.made_key))
        assert summary(service, cookie).status == 200
        body = json.dumps({"sha256": sha256(b"a-new-key-0123456789abcdef").hexdigest()})
        assert (
            service.request("POST", "/api/key", body, own(service) | {"Cookie": cookie}).status
            == 204
        )
        assert summary(service, cookie).code == "not_signed_in"


def test_a_restart_ends_all_sessions(service: Service) -> None:
    cookie = cookie_of(login(service))
    assert summary(service.restart(), cookie).code == "not_signed_in"


def test_no_secret_is_logged(start_service: StartService) -> None:
    service = start_service(LIKEWISE_ACCESS_LOG="on")
    cookie = cookie_of(login(service))
    login(service, "wrong-key-0123456789abcdef", X_Forwarded_For="203.0.113.77")
    summary(service, cookie)
    service.owner("/api/pages?search=secret-search")
    service.like("/x", "a-secret-voter-token", address="203.0.113.77")
    service.request("POST", "/v1/like", b"{broken-secret-body", {"Origin": "http://localhost"})
    assert "POST /api/login 200" in service.log
    assert "POST /v1/like 400" in service.log
    for secret in (
        service.admin_key,
        cookie.partition("=")[2],
        "wrong-key",
        "203.0.113.77",
        "secret-search",
        "a-secret-voter-token",
        "broken-secret-body",
    ):
        assert secret not in service.log


# The parts


def test_a_session_ends_twelve_hours_after_signing_in_however_it_is_used() -> None:
    clock = Clock()
    held = Sessions(clock.monotonic)
    token = held.open()
    clock.go_on(SESSION_SECONDS - 1)
    assert held.holds(token)
    clock.go_on(1)
    assert not held.holds(token)
    assert not held.holds(token)
    assert SESSION_SECONDS == 12 * 60 * 60


def test_a_session_ends_when_it_is_closed() -> None:
    held = Sessions(Clock().monotonic)
    tokens = [held.open() for _ in range(3)]
    held.close(tokens[0])
    held.close("never there")
    assert [held.holds(token) for token in tokens] == [False, True, True]
    held.close_all()
    assert [held.holds(token) for token in tokens] == [False, False, False]


def test_a_cookie_whose_name_only_looks_like_ours_is_another_one() -> None:
    cookies = f"{SECURE_COOKIE}=good; \xa0{SECURE_COOKIE}=bad; \x85{SECURE_COOKIE}=bad"
    assert token_in(cookies, [SECURE_COOKIE]) == "good"


def test_the_oldest_session_makes_room() -> None:
    held = Sessions(Clock().monotonic)
    tokens = [held.open() for _ in range(MAX_SESSIONS)]
    held.open()
    assert not held.holds(tokens[0])
    assert held.holds(tokens[1])


def test_keys_are_compared_in_constant_time_and_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr(sessions, "compare_digest", compare)
    owner, local = (sha256(key).digest() for key in (b"owner", b"local"))
    keys = Keys(lambda: owner, local)
    assert keys.fit("owner")
    assert keys.fit("local")
    assert not keys.fit("neither")
    assert [other for _, other in compared] == [owner, local] * 3


def test_before_there_is_a_key_none_fits() -> None:
    assert not Keys(lambda: None).fit("")
    assert not Keys(lambda: None).fit("anything")


def test_a_cookie_is_read_as_browsers_send_it() -> None:
    assert token_in("a=b; likewise=token; c", [COOKIE]) == "token"
    assert token_in("likewise=to=ken", [COOKIE]) == "to=ken"
    assert token_in("likewise=plain; __Host-likewise=guarded", [SECURE_COOKIE, COOKIE]) == "guarded"
    for cookies in ("", "likewise", "likewise=", "xlikewise=token", "__Host-likewise=token"):
        assert token_in(cookies, [COOKIE]) is None


def test_a_cookie_is_out_of_scripts_and_other_sites_reach() -> None:
    plain = cookie_header("token", is_https=False)
    assert plain == "likewise=token; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"
    guarded = cookie_header("token", is_https=True)
    assert guarded == "__Host-" + plain + "; Secure"
