"""What the owner alone may ask, with the key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urljoin

import pytest

from likewise import __version__
from likewise.web.routes import OWNER, ROUTES
from tests.conftest import StartService
from tests.service import Reply, Service, voter
from tests.web.doors import (
    PARTY,
    SITE,
    KeylessService,
    fresh_address,
    fresh_page,
    fresh_voter,
    stored,
)

OWNERS = [(route.method, route.path) for route in ROUTES if route.audience == OWNER]
WRONG = "wrong-key-0123456789abcdef"
STRANGE = [
    "100%-sure",
    "snake_case",
    "it's",
    'a "quote"',
    "back\\slash",
    "semi;--",
    "<b>",
    "%_%",
    "a*?[b]",
    "/caf\u00e9",
    "plain",
]


def ask(door: Service, key: str, address: str, target: str = "/api/summary") -> Reply:
    return door.request("GET", target, None, {"X-API-Key": key, "X-Forwarded-For": address})


def adopt(door: Service, *lines: object) -> Reply:
    body = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return door.owner("/api/import", "POST", body.encode())


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a service with 25 pages: /p/24 with 24 likes, and so on down to 0."""
    directory = tmp_path_factory.mktemp("blog")
    with Service(directory, LIKEWISE_ORIGINS="https://example.com") as service:
        adopt(service, *({"page": f"/p/{number:02}", "seed": number} for number in range(25)))
        yield service


@pytest.fixture(scope="module")
def strange_blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a service with pages that are hard to search for."""
    with Service(tmp_path_factory.mktemp("blog")) as service:
        adopt(service, *({"page": page, "seed": 1} for page in STRANGE))
        yield service


# The key


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_key_opens_in_either_header(door: Service, scheme: str) -> None:
    for headers in (
        {"X-API-Key": door.admin_key},
        {"Authorization": f"{scheme} {door.admin_key}"},
        {"Authorization": f"{scheme}  {door.admin_key} "},
    ):
        reply = door.request("GET", "/api/summary", None, headers)
        assert reply.status == 200
        assert reply.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(("method", "path"), OWNERS)
def test_without_the_key_nothing_is_the_owners(door: Service, method: str, path: str) -> None:
    before = stored(door)
    wrong = {"X-API-Key": WRONG, "X-Forwarded-For": fresh_address()}
    for headers, code in (
        ({}, "not_signed_in"),
        ({"Authorization": "Basic b3duZXI6a2V5"}, "not_signed_in"),
        ({"Cookie": "likewise=0; __Host-likewise=0"}, "not_signed_in"),
        (wrong, "wrong_key"),
    ):
        reply = door.request(method, path, b"{}" if method == "POST" else None, headers)
        assert (reply.status, reply.code) == (401, code)
        assert reply.headers["www-authenticate"] == "Bearer"
        assert reply.headers["cache-control"] == "private, no-store"
    assert stored(door) == before


@pytest.mark.parametrize(
    "change", [str.upper, lambda key: key[:-1], lambda key: key + "x", lambda _: ""]
)
def test_nearly_the_key_is_not_the_key(door: Service, change: Callable[[str], str]) -> None:
    assert ask(door, change(door.admin_key), fresh_address()).code == "wrong_key"


def test_wrong_keys_are_limited_by_network_and_the_right_one_never(door: Service) -> None:
    guesser, other = fresh_address(), fresh_address()
    codes = [ask(door, f"{WRONG}-{number}", guesser).code for number in range(21)]
    assert codes == ["wrong_key"] * 20 + ["too_many"]
    refused = ask(door, WRONG, guesser)
    assert refused.status == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert ask(door, door.admin_key, guesser).status == 200
    assert ask(door, WRONG, other).code == "wrong_key"


def test_guesses_are_limited_though_readers_are_not_known_apart(service: Service) -> None:
    headers = {"X-API-Key": WRONG}
    replies = [service.request("GET", "/api/stats", None, headers) for _ in range(21)]
    assert replies[-1].code == "too_many"
    assert service.owner("/api/stats").status == 200


@pytest.mark.parametrize(
    "key", ["", "fallback_secret", "TuSuperPasswordSecreto123", "short", "a" * 40]
)
def test_a_key_that_anybody_could_know_stops_the_start(service: Service, key: str) -> None:
    service.stop()
    result = service.run("serve", LIKEWISE_ADMIN_KEY=key)
    assert result.returncode in {1, 2}
    assert "LIKEWISE_ADMIN_KEY" in result.stderr
    assert "Traceback" not in result.stderr
    assert not key or key not in result.stderr


def test_where_no_key_is_set_a_secret_one_is_made(tmp_path: Path) -> None:
    with KeylessService(tmp_path) as service:
        assert ask(service, "fallback_secret", fresh_address()).code == "wrong_key"
        assert ask(service, "", fresh_address()).code == "wrong_key"
        assert ask(service, service.made_key, fresh_address()).status == 200
        assert (tmp_path / "admin-key").stat().st_mode & 0o777 == 0o600
        assert service.made_key not in service.log


# Statistics


def test_stats_have_the_articles_shape_most_liked_first(blog: Service) -> None:
    reply = blog.owner("/api/stats")
    assert reply.json == [
        {"post_id": f"/p/{number:02}", "likes": number} for number in reversed(range(25))
    ]
    assert list(reply.json[0]) == ["post_id", "likes"]
    assert "link" not in reply.headers


def test_stats_are_sent_in_parts_that_lead_on(blog: Service) -> None:
    target, rows = "/api/stats?limit=10", []
    while True:
        reply = blog.owner(target)
        rows += reply.json
        if "link" not in reply.headers:
            break
        reference, _, relation = reply.headers["link"].partition("; ")
        assert relation == 'rel="next"'
        target = urljoin(target, reference.strip("<>"))
    assert [row["likes"] for row in rows] == list(reversed(range(25)))


def test_the_way_on_keeps_the_site(start_service: StartService) -> None:
    service = start_service()
    for number in range(3):
        service.like(f"/{number}", voter(number), origin=service.url, site="demo")
    reply = service.owner("/api/stats?site=demo&limit=1&offset=1")
    assert reply.headers["link"] == '<?limit=1&offset=2&site=demo>; rel="next"'


@pytest.mark.parametrize(
    "query",
    "limit=1001 limit=-1 limit=x limit=1e3 limit= limit=1&limit=2 limit=\u0661 limit=99999999999"
    " offset=10000001 offset=-1 site=a&site=b".split(),
)
@pytest.mark.parametrize("path", ["/api/stats", "/api/pages"])
def test_numbers_that_make_no_sense_are_refused(door: Service, path: str, query: str) -> None:
    reply = door.owner(f"{path}?{quote(query, safe='=&')}")
    assert (reply.status, reply.code) == (400, "bad_request")
    assert reply.headers["cache-control"] == "private, no-store"


def test_a_part_may_be_empty(blog: Service) -> None:
    for query in ("limit=0", "offset=25", "offset=10000000"):
        reply = blog.owner(f"/api/stats?{query}")
        assert (reply.status, reply.json) == (200, [])
        assert "link" not in reply.headers


@pytest.mark.parametrize("path", ["/api/stats", "/api/pages", "/api/summary"])
def test_an_unknown_site_is_not_found(door: Service, path: str) -> None:
    assert door.owner(f"{path}?site=nowhere").code == "unknown_site"


def test_a_summary_tells_what_a_site_has(start_service: StartService) -> None:
    service = start_service(
        LIKEWISE_ORIGINS="https://example.com", LIKEWISE_KINDS="like,\u2764\ufe0f"
    )
    adopt(service, {"page": "/old", "seed": 40})
    for number in range(3):
        service.like(f"/{number % 2}", voter(number), origin="https://example.com")
    service.like("/0", voter(2), origin="https://example.com", on=False)
    service.like("/0", voter(1), origin="https://example.com", kind="\u2764")
    assert service.owner("/api/summary").json == {
        "version": __version__,
        "address": None,
        "site": "default",
        "sites": [{"name": "default", "url": "https://example.com"}],
        "kinds": ["like", "\u2764"],
        "private_kinds": [],
        "pages": 3,
        "counts": {"like": 42, "\u2764": 1},
        "today": {"like": 2, "\u2764": 1},
        "surges": [],
        "refused_origins": [],
    }


# Pages


def test_pages_are_counted_and_sent_in_parts(blog: Service) -> None:
    reply = blog.owner("/api/pages?limit=2&offset=1").json
    assert reply == {
        "total": 25,
        "pages": [
            {
                "page": f"/p/{n}",
                "url": f"https://example.com/p/{n}",
                "counts": {"like": n},
                "blocked": False,
            }
            for n in (23, 22)
        ],
    }
    assert len(blog.owner("/api/pages?limit=1000").json["pages"]) == 25


def test_pages_are_sorted_by_count_or_by_name(blog: Service) -> None:
    by_name = blog.owner("/api/pages?sort=page&limit=3").json["pages"]
    assert [row["page"] for row in by_name] == ["/p/00", "/p/01", "/p/02"]
    by_count = blog.owner("/api/pages?sort=count&limit=1").json["pages"]
    assert [row["page"] for row in by_count] == ["/p/24"]
    for sort in ("likes", "", "page;drop table pages"):
        assert blog.owner(f"/api/pages?sort={quote(sort)}").code == "bad_request"


def test_pages_are_sorted_by_the_kind_that_is_asked(door: Service) -> None:
    first, second = fresh_page(), fresh_page()
    for _ in range(2):
        door.like(first, fresh_voter(), origin=PARTY, site="party")
        door.like(second, fresh_voter(), origin=PARTY, site="party", kind="\U0001f389")
    door.like(second, fresh_voter(), origin=PARTY, site="party")
    for kind, order in (("\u2764", [first, second]), ("\U0001f389", [second, first])):
        target = f"/api/pages?site=party&search={quote('/fresh/')}&kind={quote(kind)}&limit=1000"
        listed = [row["page"] for row in door.owner(target).json["pages"]]
        assert [page for page in listed if page in {first, second}] == order
    assert door.owner("/api/pages?site=party&kind=like").code == "unknown_kind"


@pytest.mark.parametrize("search", [*STRANGE, *"%_'\"*?[\\\0"])
def test_a_search_finds_what_holds_the_text_and_nothing_else(
    strange_blog: Service, search: str
) -> None:
    target = f"/api/pages?search={quote(search, safe='')}&sort=page"
    listed = strange_blog.owner(target).json
    found = [row["page"] for row in listed["pages"]]
    assert found == sorted(page for page in STRANGE if search in page)
    assert listed["total"] == len(found)


def test_an_address_is_linked_only_where_it_is_one(door: Service) -> None:
    page = fresh_page()
    ids = {
        page: f"{SITE}{page}",
        f'{page}/"><script>': f"{SITE}{page}/%22%3E%3Cscript%3E",
        f"{page}\\evil.example": f"{SITE}{page}%5Cevil.example",
        f"javascript:alert('{page}')": None,
        f"data:{page}": None,
        page.replace("/", "-"): None,
    }
    adopt(door, *({"page": text, "seed": 1} for text in ids))
    listed = door.owner("/api/pages?limit=1000").json["pages"]
    urls = {row["page"]: row["url"] for row in listed}
    assert {text: urls[text] for text in ids} == ids


def test_without_an_address_of_the_site_nothing_is_linked(service: Service) -> None:
    service.like("/hello", voter(1))
    assert service.owner("/api/pages").json["pages"][0]["url"] is None
    assert service.owner("/api/summary").json["sites"][0] == {"name": "default", "url": None}


# Imports


def test_an_import_sets_counts_and_old_names(door: Service) -> None:
    page, old = fresh_page(), fresh_page().replace("/", "-")
    door.like(page, fresh_voter())
    door.like(old, fresh_voter())
    lines = [{"page": page + "/", "seed": 40}, {"page": page, "alias": old}]
    for _ in range(2):
        reply = adopt(door, *lines)
        assert (reply.status, reply.json) == (200, {"seeds": 1, "aliases": 1, "refused": []})
    assert door.count(page) == door.count(old) == 42
    assert door.like(old, fresh_voter()).json["count"] == 43


def test_an_old_name_that_counts_elsewhere_is_named(door: Service) -> None:
    first, second, old = fresh_page(), fresh_page(), fresh_page()
    adopt(door, {"page": first, "alias": old})
    reply = adopt(door, {"page": second, "alias": old})
    assert reply.json == {"seeds": 0, "aliases": 0, "refused": [old]}


def test_an_import_may_name_site_and_kind(door: Service) -> None:
    page = fresh_page()
    reply = adopt(door, {"page": page, "site": "party", "kind": "\U0001f389", "seed": 3})
    assert reply.status == 200
    assert door.count(page, "\U0001f389", site="party") == 3


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("[]", "bad_request"),
        ("{", "bad_request"),
        ({"page": "/x"}, "bad_request"),
        ({"page": "/x", "seed": -1}, "bad_request"),
        ({"page": "/x", "seed": 2**53}, "bad_request"),
        ({"page": "/x", "seed": True}, "bad_request"),
        ({"page": "/x", "seed": "1"}, "bad_request"),
        ('{"page":"/x","seed":1,"seed":2}', "bad_request"),
        ({"seed": 1}, "bad_page"),
        ({"page": "a\0b", "seed": 1}, "bad_page"),
        ({"page": "/x", "alias": ""}, "bad_page"),
        ({"page": "/x", "alias": 1}, "bad_request"),
        ({"page": "/x", "seed": 1, "kind": "love"}, "unknown_kind"),
        ({"page": "/x", "seed": 1, "site": "nowhere"}, "unknown_site"),
    ],
)
def test_one_bad_line_refuses_the_whole_import(door: Service, line: object, code: str) -> None:
    before = stored(door)
    reply = adopt(door, {"page": fresh_page(), "seed": 1}, line, {"page": fresh_page(), "seed": 1})
    assert (reply.status, reply.code) == ({"unknown_site": 404}.get(code, 400), code)
    assert stored(door) == before


def test_the_owner_may_import_a_mebibyte_at_once_and_nobody_else(door: Service) -> None:
    line = json.dumps({"page": fresh_page(), "seed": 1, "padding": ""}).encode()
    large = line.replace(b'""', b'"' + b"x" * ((1 << 20) - len(line)) + b'"')
    assert door.owner("/api/import", "POST", large).status == 200
    assert door.owner("/api/import", "POST", large + b" ").code == "too_large"
    stranger = {"X-Forwarded-For": fresh_address()}
    assert door.request("POST", "/api/import", line + b" " * 4_096, stranger).code == "too_large"


def test_the_size_of_an_import_tells_nobody_whether_a_key_is_right(door: Service) -> None:
    stranger = {"X-API-Key": WRONG, "X-Forwarded-For": fresh_address()}
    codes = [
        door.request("POST", "/api/import", b" " * 9_000, stranger).code for _guess in range(25)
    ]
    assert codes == ["wrong_key"] * 20 + ["too_many"] * 5


# The key's own replacement


def test_a_key_that_was_made_is_replaced_by_its_digest(tmp_path: Path) -> None:
    with KeylessService(tmp_path) as service:
        old, new = service.made_key, "a-new-key-0123456789abcdef"

        def replace(digest: object) -> Reply:
            body = json.dumps({"sha256": digest})
            return service.request("POST", "/api/key", body, {"X-API-Key": old})

        right = sha256(new.encode()).hexdigest()
        for digest in (
            "",
            right[:-1],
            right + "0",
            "g" * 64,
            " " + right[1:],
            right[:-2] + "  ",
            1,
        ):
            assert replace(digest).code == "bad_request"
        assert ask(service, old, fresh_address()).status == 200
        assert replace(right.upper()).status == 204
        assert ask(service, old, fresh_address()).code == "wrong_key"
        assert ask(service, new, fresh_address()).status == 200
        assert ask(service.restart(), new, fresh_address()).status == 200


def test_a_key_that_a_setting_sets_is_not_replaced_behind_its_back(service: Service) -> None:
    reply = service.owner("/api/key", "POST", json.dumps({"sha256": "0" * 64}).encode())
    assert (reply.status, reply.code) == (400, "bad_request")
    assert "LIKEWISE_ADMIN_KEY" in reply.json["detail"]
    assert service.owner("/api/summary").status == 200
