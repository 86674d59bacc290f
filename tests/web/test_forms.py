"""A form likes without script: it leads back to the page, or to words that say why not."""

from __future__ import annotations

import hashlib
import hmac
import re
from html import unescape
from urllib.parse import quote, urlencode, urlsplit

import pytest

from tests.conftest import StartService
from tests.service import ORIGIN, Reply, Service, address, voter
from tests.web.doors import PARTY, SALON, SITE, fresh_address, fresh_page, fresh_voter, stored

TYPE = "application/x-www-form-urlencoded"


def sent(door: Service, body: str, origin: str | None = ORIGIN, at: str | None = None) -> Reply:
    """Send a form's body as a browser does."""
    headers = {"Content-Type": TYPE, "X-Forwarded-For": at or fresh_address()}
    if origin is not None:
        headers["Origin"] = origin
    return door.request("POST", "/v1/like", body, headers)


def form(door: Service, origin: str | None = ORIGIN, at: str | None = None, **fields: str) -> Reply:
    return sent(door, urlencode(fields), origin, at)


def count(door: Service, page: str, query: str = "", kind: str = "like") -> int:
    counts = door.get(f"/v1/counts?page={quote(page)}{query}").json["counts"]
    return int(counts[page][kind])


def words(reply: Reply) -> str:
    """Return what a page says, without its marks."""
    return unescape(re.sub(r"<[^>]*>", " ", reply.body.decode().partition("</style>")[2]))


def test_every_form_is_a_like_and_leads_back_to_the_page(door: Service) -> None:
    page = fresh_page()
    for n in range(1, 3):
        reply = form(door, page=f"{page}/")
        assert (reply.status, reply.headers["location"]) == (303, f"{ORIGIN}{page}")
        assert (reply.body, reply.headers["cache-control"]) == (b"", "no-store")
        assert count(door, page) == n


@pytest.mark.parametrize("content_type", [f"{TYPE};charset=UTF-8", TYPE.upper()])
def test_a_form_is_known_by_its_type(door: Service, content_type: str) -> None:
    headers = {"Origin": ORIGIN, "Content-Type": content_type}
    reply = door.request("POST", "/v1/like", urlencode({"page": fresh_page()}), headers)
    assert reply.status == 303


@pytest.mark.parametrize(
    ("page", "path"),
    [
        ("/café/", "/caf%C3%A9"),
        ("/a b", "/a%20b"),
        ("/a%2Fb?x=1#y", "/a%2Fb"),
        ("https://evil.example/posts/hello/", "/posts/hello"),
        ("//evil.example/x", "/evil.example/x"),
        ("/\\evil.example", "/%5Cevil.example"),
        ("/@evil.example", "/@evil.example"),
        ("/.evil.example", "/.evil.example"),
        ("/x/../../..//evil.example", "/evil.example"),
        ("/%0d%0aLocation: https://evil.example", "/%0D%0ALocation:%20https:/evil.example"),
        ('/"><script>alert(1)</script>', "/%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
        ("/%", "/%25"),
        ("/index.html", "/"),
        ("javascript:alert(1)", "/"),
        ("data:text/html,x", "/"),
        ("evil.example", "/"),
        ("@evil.example", "/"),
        (".evil.example", "/"),
        (":8080", "/"),
        ("\\\\evil.example", "/"),
    ],
)
def test_a_form_leads_nowhere_but_to_its_own_origin(door: Service, page: str, path: str) -> None:
    reply = form(door, page=page)
    assert reply.status == 303, reply
    assert reply.headers["location"] == ORIGIN + path
    assert urlsplit(reply.headers["location"]).netloc == ORIGIN.removeprefix("http://")


def test_no_field_says_where_a_form_leads(door: Service) -> None:
    page = fresh_page()
    names = ("next", "redirect", "return", "url", "origin", "back", "location")
    others = dict.fromkeys(names, "https://evil.example")
    reply = sent(door, urlencode({"page": page, **others}))
    assert reply.headers["location"] == f"{ORIGIN}{page}"


@pytest.mark.parametrize(
    "origin", [SITE, "https://a.b.example.org", "https://xn--bcher-kva.example"]
)
def test_a_form_leads_to_whichever_origin_it_came_from(door: Service, origin: str) -> None:
    page = fresh_page()
    assert form(door, origin, page=page).headers["location"] == f"{origin}{page}"


def test_a_form_has_the_fields_of_a_like(door: Service) -> None:
    page, who = fresh_page(), fresh_voter()
    of_salon = {"site": "salon", "page": page}
    assert form(door, SALON, kind="👏", n="7", voter=who, **of_salon).status == 303
    assert count(door, page, "&site=salon", "👏") == 7
    assert form(door, SALON, kind="👏", n="9", voter=who, **of_salon).status == 303
    assert count(door, page, "&site=salon", "👏") == 9
    assert form(door, SALON, kind="👏", on="off", voter=who, **of_salon).status == 303
    assert count(door, page, "&site=salon", "👏") == 0
    assert form(door, SALON, kind="👏", on="", n="", sig="", **of_salon).status == 303
    assert count(door, page, "&site=salon", "👏") == 1


def test_a_form_takes_a_private_kind(door: Service) -> None:
    page = fresh_page()
    assert form(door, SALON, site="salon", kind="no", page=page).status == 303
    row = door.owner(f"/api/pages?site=salon&search={page}").json["pages"][0]
    assert row["counts"]["no"] == 1


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ("", 400, "does not say which page"),
        ("page=", 400, "does not say which page"),
        ("page=/a&page=/b", 400, "page may be given once only"),
        ("page=%00", 400, "U+0000"),
        ("page=%ff", 400, "not valid UTF-8"),
        ("page=/" + "a" * 600, 400, "at most 512 bytes"),
        ("page=/a&kind=%3Cb%3E", 400, "does not count this kind"),
        ("page=/a&voter=x", 400, "A voter is a random token"),
        ("page=/a&n=2", 400, "from 0 to 1"),
        ("page=/a&n=x", 400, "n is a number"),
        ("page=/a&on=perhaps", 400, "on is one of"),
        ("page=/a&site=nowhere", 404, "There is no such site"),
        ("page=/a&" + "x=1&" * 300, 400, "At most 256 parameters"),
    ],
)
def test_a_refused_form_is_answered_in_words(
    door: Service, body: str, status: int, text: str
) -> None:
    before = stored(door)
    reply = sent(door, body)
    assert reply.status == status
    assert "Your like was not counted" in words(reply)
    assert text in words(reply)
    assert stored(door) == before


def test_words_about_a_refusal_are_a_page_that_can_do_nothing(door: Service) -> None:
    reply = sent(door, "page=%00")
    policy = reply.headers["content-security-policy"]
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert b"<script" not in reply.body
    assert b"<html lang=" in reply.body


def test_words_lead_back_to_an_origin_that_may_write_and_to_no_other(door: Service) -> None:
    page = '/"onclick=alert(1)><script>'
    good = form(door, page=page, kind="nothing")
    back = re.search(r'<a href="([^"]*)">', good.body.decode())
    assert back is not None
    assert unescape(back[1]) == f"{ORIGIN}/%22onclick=alert(1)%3E%3Cscript%3E"
    for origin in ("https://evil.example", "null", None, 'https://"><script>x'):
        reply = form(door, origin, page=page, kind="nothing")
        assert reply.status == 403
        assert b"<a " not in reply.body
        assert b"<script" not in reply.body
        assert "Back button" in words(reply)


def test_another_web_sites_form_stores_nothing(door: Service) -> None:
    before = stored(door)
    assert form(door, "https://evil.example", page=fresh_page()).status == 403
    assert form(door, PARTY, page=fresh_page()).status == 403  # which may write to another site
    assert stored(door) == before


def test_a_page_that_hides_its_origin_is_told_how_to_show_it(door: Service) -> None:
    told = words(form(door, "null", page=fresh_page()))
    assert "Referrer-Policy" in told
    assert "strict-origin-when-cross-origin" in told


def test_forms_keep_to_the_limits_and_say_when_to_come_back(door: Service) -> None:
    page, at = fresh_page(), fresh_address()
    replies = [form(door, at=at, page=page) for _ in range(3)]
    assert [reply.status for reply in replies] == [303, 303, 429]
    assert 1 <= int(replies[2].headers["retry-after"]) <= 10
    assert "try again in" in words(replies[2])
    assert f'<a href="{ORIGIN}{page}">' in replies[2].body.decode()
    assert count(door, page) == 2


def test_a_refused_form_counts_as_a_refusal(service: Service) -> None:
    assert sent(service, "page=%00").status == 400
    assert 'likewise_refusals_total{code="bad_page"} 1' in service.owner("/metrics").body.decode()


def test_json_that_is_sent_as_a_form_is_told_its_type(door: Service) -> None:
    reply = sent(door, '{"page":"/a","voter":"fJ3kq0PzT1mXw8Yb"}')
    assert (reply.status, reply.code) == (415, "unsupported_type")


def test_a_form_of_a_page_in_some_language_leads_back_to_it(start_service: StartService) -> None:
    table = '[sites.default]\nurl = "https://example.com"\nlanguages = ["en", "es"]'
    service = start_service()
    service.stop()
    (service.directory / "likewise.toml").write_text(table, encoding="utf-8")
    service.start()
    reply = form(service, "https://example.com", page="/es/hola/")
    assert reply.headers["location"] == "https://example.com/es/hola"
    assert count(service, "/hola") == 1


def test_a_form_brings_its_pages_signature(start_service: StartService) -> None:
    key = "a-key-of-the-site-0123456789"
    service = start_service(LIKEWISE_PAGES="signed", LIKEWISE_PAGE_KEY=key)
    sig = hmac.new(key.encode(), b"default\n/a", hashlib.sha256).hexdigest()
    refused = form(service, page="/a/")
    assert (refused.status, count(service, "/a")) == (404, 0)
    assert "takes likes for pages that it has signed" in words(refused)
    assert form(service, page="/a/", sig=sig).status == 303


def test_a_closed_page_says_so(service: Service) -> None:
    assert service.like("/a", voter(1), address=address(1)).status == 200
    assert service.owner("/api/pages/block", "POST", b'{"page":"/a"}').status == 200
    reply = form(service, page="/a")
    assert reply.status == 403
    assert "takes no more likes" in words(reply)
