"""The description of the HTTP API: it names everything that there is, and real answers fit it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any

import pytest

import likewise
from likewise.errors import CODES
from likewise.web.openapi import specification
from likewise.web.routes import OWNER, ROUTES, Route
from tests.service import KEY, ORIGIN, Reply, Service, voter

DOCUMENT = specification()
METHODS = {"get", "post", "put", "delete", "patch"}
TYPES: dict[str, type | tuple[type, ...]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
    "object": dict,
    "string": str,
}


def path_of(route: Route) -> str:
    """Return a route's path as OpenAPI writes it, which knows no star."""
    return route.path.replace("*}", "}")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS & item.keys():
            yield method.upper(), path, item[method]


def every(value: object) -> Iterator[dict[str, Any]]:
    """Walk over every object of the document."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from every(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from every(inner)


def resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference, if it is one."""
    if "$ref" not in node:
        return node
    found: Any = DOCUMENT
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return resolved(found)


def problem(value: Any, schema: Mapping[str, Any], where: str = "$") -> str | None:
    """Return what does not fit, with where; knows the words of JSON Schema that are used here."""
    schema = resolved(schema)
    if "oneOf" in schema:
        fitting = [one for one in schema["oneOf"] if problem(value, one, where) is None]
        return None if len(fitting) == 1 else f"{where} fits {len(fitting)} of {len(schema)}"
    names = schema.get("type", list(TYPES))
    types = [TYPES[name] for name in ([names] if isinstance(names, str) else names)]
    if not any(isinstance(value, kind) for kind in types) or (value is True and bool not in types):
        return f"{where}: {value!r} is no {names}"
    found = _wrong_scalar(value, schema)
    if found:
        return f"{where}: {value!r} is against {found}"
    return _wrong_inner(value, schema, where)


def _wrong_scalar(value: Any, schema: Mapping[str, Any]) -> str | None:
    checks: dict[str, Callable[[Any], object]] = {
        "const": lambda wanted: value == wanted,
        "enum": lambda wanted: value in wanted,
        "minimum": lambda wanted: value >= wanted,
        "maximum": lambda wanted: value <= wanted,
        "minLength": lambda wanted: len(value) >= wanted,
        "pattern": lambda wanted: re.search(wanted, value),
        "minItems": lambda wanted: len(value) >= wanted,
        "maxItems": lambda wanted: len(value) <= wanted,
    }
    return next(
        (word for word in checks if word in schema and not checks[word](schema[word])), None
    )


def _wrong_inner(value: Any, schema: Mapping[str, Any], where: str) -> str | None:
    inner: list[tuple[Any, Any, str]] = []
    if isinstance(value, list):
        inner = [(one, schema.get("items", {}), f"{where}[{n}]") for n, one in enumerate(value)]
    elif isinstance(value, dict):
        missing = set(schema.get("required", ())) - value.keys()
        if missing:
            return f"{where} lacks {missing}"
        known = schema.get("properties", {})
        other = schema.get("additionalProperties", {})
        inner = [(one, known.get(key, other), f"{where}.{key}") for key, one in value.items()]
    return next(filter(None, (problem(*one) for one in inner)), None)


# The document itself


def test_document_is_valid_openapi() -> None:
    from fastapi.openapi.models import OpenAPI  # noqa: PLC0415

    OpenAPI.model_validate(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert DOCUMENT["info"]["version"] == likewise.__version__


def test_every_route_is_described_and_nothing_else() -> None:
    described = {(method, path) for method, path, _ in operations()}
    assert described == {(route.method, path_of(route)) for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_operation_is_named_after_its_handler_and_says_who_may_come(route: Route) -> None:
    operation = DOCUMENT["paths"][path_of(route)][route.method.lower()]
    assert operation["operationId"] == route.handler.partition(".")[2]
    assert operation["summary"]
    named = {name for way in operation.get("security", ()) for name in way}
    assert (named == {"key", "bearer", "session"}) == (route.audience == OWNER)
    assert named <= DOCUMENT["components"]["securitySchemes"].keys()


def test_parameters_of_a_path_are_declared() -> None:
    for _, path, operation in operations():
        declared = [
            resolved(parameter)
            for parameter in operation.get("parameters", [])
            + DOCUMENT["paths"][path].get("parameters", [])
        ]
        in_path = {one["name"] for one in declared if one["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))


def test_references_lead_somewhere_and_every_component_is_used() -> None:
    references = {node["$ref"] for node in every(DOCUMENT) if "$ref" in node}
    components = {
        f"#/components/{group}/{name}"
        for group in ("parameters", "responses", "schemas")
        for name in DOCUMENT["components"][group]
    }
    # A line of an import is one line of a text, to which no reference can lead.
    assert references == components - {"#/components/schemas/ImportLine"}


def test_every_error_code_has_an_example_with_its_status_and_title() -> None:
    shown = set()
    for response in DOCUMENT["components"]["responses"].values():
        for content in response.get("content", {}).values():
            for code, example in content["examples"].items():
                value = example["value"]
                assert (value["code"], value["status"]) == (code, CODES[code].status)
                assert value["title"] == CODES[code].title
                assert problem(value, content["schema"]) is None
                shown.add(code)
    assert shown == CODES.keys()
    assert resolved(DOCUMENT["components"]["schemas"]["Problem"])["properties"]["code"][
        "enum"
    ] == list(CODES)


def test_refusals_stand_under_their_status() -> None:
    for method, path, operation in operations():
        for status, response in operation["responses"].items():
            content = resolved(response).get("content", {}).get("application/problem+json", {})
            for code in content.get("examples", ()):
                assert status in {str(CODES[code].status), "default"}, (method, path, code)


def test_examples_fit_their_schemas() -> None:
    seen = 0
    for node in every(DOCUMENT):
        for example in node.get("examples", ()) if "type" in node or "oneOf" in node else ():
            assert problem(example, node) is None
            seen += 1
        if "schema" in node and "example" in node:
            assert problem(node["example"], node["schema"]) is None
            seen += 1
    assert seen > 25


# Real answers

NEW_KEY = json.dumps({"sha256": sha256(KEY.encode()).hexdigest()})


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(
        tmp_path_factory.mktemp("service"),
        LIKEWISE_LIMITS="off",
        LIKEWISE_KINDS="like,no",
        LIKEWISE_VIEWS="on",
    )
    private = "[kinds.no]\nprivate = true\n"
    (service.directory / "likewise.toml").write_text(private, encoding="ascii")
    del service.settings["LIKEWISE_ADMIN_KEY"]  # one that is set cannot be replaced
    with service as running:
        service.admin_key = (service.directory / "admin-key").read_text().strip()
        assert running.owner("/api/key", "POST", NEW_KEY.encode()).status == 204
        service.admin_key = KEY
        for number in range(30):  # a surge
            assert running.like("/posts/hello/", voter(number)).status == 200
        assert running.like("/", voter(1), origin="https://other.example").status == 403
        assert running.like("hello world", voter(1)).status == 200
        for page in ("/moved/", "/joined/", "/gone/", "/closed/"):
            assert running.like(page, voter(1)).status == 200
        said = running.like("/hello", voter(1), kind="no", reason="The second link is broken.")
        assert said.json["reason"] is True
        assert running.owner("/api/pages/block", "POST", b'{"page":"/closed"}').status == 200
        yield running


def check(reply: Reply, method: str, path: str) -> None:
    """See that an answer is one of those that the document gives this operation."""
    responses = DOCUMENT["paths"][path][method.lower()]["responses"]
    response = resolved(responses.get(str(reply.status), responses["default"]))
    content = response.get("content", {})
    media_type = reply.headers.get("content-type", "").partition(";")[0]
    assert media_type in content or (not content and not reply.body), (reply, content.keys())
    if media_type.endswith("json"):
        assert problem(reply.json, content[media_type]["schema"]) is None
    for name in response.get("headers", ()):
        # A last page has no next one, and what must not be tried again no time to wait.
        assert name.lower() in reply.headers or name in {"Link", "Retry-After"}


def _body(**fields: object) -> str:
    return json.dumps(fields)


JSON = {"Content-Type": "application/json"}
FORM = "application/x-www-form-urlencoded"
WRITER = {"Origin": ORIGIN, **JSON}
READER = {**WRITER, "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"}
VIEW = json.dumps({"page": "/posts/hello", "ref": "https://news.example/item?id=1"})
OWNER_HEADERS = {"X-API-Key": KEY}
WISH = json.dumps({"page": "/a", "voter": voter(2)})
LINES = '{"page":"/b","seed":12}\n{"page":"/b","alias":"b"}'
CALLS: list[tuple[str, str, str, str, dict[str, str], int]] = [
    ("GET", "/v1/counts", "?page=/posts/hello&page=/x", "", {}, 200),
    ("GET", "/v1/counts", "", "", {}, 400),
    ("GET", "/v1/counts", "?page=/a&site=blog", "", {}, 404),
    ("GET", "/v1/popular", "", "", {}, 200),
    ("GET", "/v1/popular", "?days=2", "", {}, 400),
    ("GET", "/v1/badge.svg", "?page=/posts/hello", "", {}, 200),
    ("GET", "/v1/badge.svg", "", "", {}, 400),
    ("POST", "/v1/like", "", WISH, WRITER, 200),
    ("POST", "/v1/like", "", "page=/a", {"Origin": ORIGIN, "Content-Type": FORM}, 303),
    ("POST", "/v1/like", "", WISH, JSON, 403),
    ("POST", "/v1/like", "", WISH, {**WRITER, "Content-Type": "text/xml"}, 415),
    ("POST", "/v1/like", "", "x" * 5_000, WRITER, 413),
    ("POST", "/v1/view", "", VIEW, READER, 200),
    ("POST", "/v1/view", "", "{}", READER, 400),
    ("POST", "/v1/view", "", VIEW, JSON, 403),
    ("POST", "/v1/view", "", _body(page="/a", site="blog"), READER, 404),
    ("POST", "/v1/view", "", VIEW, {**READER, "Content-Type": "text/xml"}, 415),
    ("POST", "/v1/view", "", "x" * 5_000, READER, 413),
    ("GET", "/likes/{post_id}", "hello%20world", "", {}, 200),
    ("POST", "/likes/{post_id}", "hello", "", WRITER, 200),
    ("POST", "/likes/{post_id}", "%00", "", WRITER, 400),
    ("GET", "/likes.js", "", "", {}, 200),
    ("GET", "/likes-{hash}.js", "0", "", {}, 404),
    ("GET", "/reactions.js", "", "", {}, 200),
    ("GET", "/reactions-{hash}.js", "0", "", {}, 404),
    ("GET", "/v1/widget", "", "", {}, 200),
    ("GET", "/healthz", "", "", {}, 200),
    ("GET", "/readyz", "", "", {}, 200),
    ("GET", "/", "", "", {}, 303),
    ("GET", "/demo", "", "", {}, 200),
    ("GET", "/gallery", "", "", {}, 200),
    ("GET", "/dashboard", "", "", {}, 200),
    ("GET", "/static/{file}", "dashboard.css", "", {}, 200),
    ("GET", "/static/{file}", "../serve.py", "", {}, 404),
    ("POST", "/api/login", "", json.dumps({"key": KEY}), {**JSON, "Origin": "own"}, 200),
    ("POST", "/api/login", "", json.dumps({"key": "x"}), {**JSON, "Origin": "own"}, 401),
    ("POST", "/api/login", "", json.dumps({"key": KEY}), JSON, 403),
    ("POST", "/api/logout", "", "", {**JSON, "Origin": "own"}, 204),
    ("GET", "/api/stats", "", "", OWNER_HEADERS, 200),
    ("GET", "/api/stats", "?limit=1", "", OWNER_HEADERS, 200),
    ("GET", "/api/stats", "", "", {}, 401),
    ("GET", "/api/summary", "", "", OWNER_HEADERS, 200),
    ("GET", "/api/pages", "?sort=page", "", OWNER_HEADERS, 200),
    ("GET", "/api/pages", "?sort=size", "", OWNER_HEADERS, 400),
    ("GET", "/api/pages", "?kind=views", "", OWNER_HEADERS, 200),
    ("GET", "/api/series", "?days=7", "", OWNER_HEADERS, 200),
    ("GET", "/api/series", "?page=/posts/hello", "", OWNER_HEADERS, 200),
    ("GET", "/api/series", "?days=0", "", OWNER_HEADERS, 400),
    ("GET", "/api/referrers", "?days=7&limit=9", "", OWNER_HEADERS, 200),
    ("GET", "/api/referrers", "?page=/posts/hello", "", OWNER_HEADERS, 200),
    ("GET", "/api/referrers", "?page=/nowhere", "", OWNER_HEADERS, 404),
    ("POST", "/api/import", "", LINES, OWNER_HEADERS, 200),
    ("POST", "/api/key", "", NEW_KEY, OWNER_HEADERS, 204),
    ("POST", "/v1/like", "", _body(page="/closed", voter=voter(3)), WRITER, 403),
    ("POST", "/api/pages/merge", "", _body(page="/joined", into="/b"), OWNER_HEADERS, 200),
    ("POST", "/api/pages/merge", "", _body(page="/joined", into="/b"), OWNER_HEADERS, 409),
    ("POST", "/api/pages/merge", "", _body(page="/never", into="/b"), OWNER_HEADERS, 404),
    ("POST", "/api/pages/alias", "", _body(alias="/older", page="/b"), OWNER_HEADERS, 200),
    ("POST", "/api/pages/rename", "", _body(page="/moved", to="/new"), OWNER_HEADERS, 200),
    ("POST", "/api/pages/set", "", _body(page="/new", count=7), OWNER_HEADERS, 200),
    ("POST", "/api/pages/set", "", _body(page="/new"), OWNER_HEADERS, 400),
    ("POST", "/api/pages/delete", "", _body(page="/gone", dry_run=True), OWNER_HEADERS, 200),
    ("POST", "/api/pages/delete", "", _body(page="/gone"), OWNER_HEADERS, 200),
    ("POST", "/api/pages/block", "", _body(page="/made"), OWNER_HEADERS, 200),
    ("POST", "/api/pages/unblock", "", _body(page="/made"), OWNER_HEADERS, 200),
    ("GET", "/api/reasons", "?page=/hello&kind=no", "", OWNER_HEADERS, 200),
    ("GET", "/api/reasons", "?kind=x", "", OWNER_HEADERS, 400),
    ("POST", "/api/reasons/delete", "", _body(reason=1), OWNER_HEADERS, 200),
    ("POST", "/api/reasons/delete", "", _body(reason=1), OWNER_HEADERS, 404),
    ("POST", "/api/likes/purge", "", _body(**{"from": "2026-01-31"}), OWNER_HEADERS, 200),
    ("POST", "/api/likes/purge", "", _body(page="/b", keep="five"), OWNER_HEADERS, 200),
    ("POST", "/api/likes/purge", "", _body(surge=9), OWNER_HEADERS, 400),
    ("POST", "/api/undo", "", _body(correction=1), OWNER_HEADERS, 200),
    ("POST", "/api/undo", "", _body(correction=1), OWNER_HEADERS, 409),
    ("POST", "/api/undo", "", _body(correction=99), OWNER_HEADERS, 404),
    ("GET", "/api/audit", "?limit=5&before=9", "", OWNER_HEADERS, 200),
    ("GET", "/api/doctor", "", "", OWNER_HEADERS, 200),
    ("GET", "/api/doctor", "?page=/b&origin=https://a.example", "", OWNER_HEADERS, 200),
    ("GET", "/api/doctor", "?page=/b&site=blog", "", OWNER_HEADERS, 404),
    ("GET", "/metrics", "", "", OWNER_HEADERS, 200),
    ("GET", "/metrics", "", "", {}, 401),
]


@pytest.mark.parametrize(
    ("method", "path", "rest", "body", "headers", "status"),
    CALLS,
    ids=lambda value: str(value)[:30] if value else "",
)
def test_real_answer_has_the_documented_shape(
    service: Service,
    method: str,
    path: str,
    rest: str,
    body: str,
    headers: dict[str, str],
    status: int,
) -> None:
    head, brace, tail = path.partition("{")
    target = head + rest + tail.partition("}")[2] if brace else path + rest
    sent = {name: service.url if value == "own" else value for name, value in headers.items()}
    reply = service.request(method, target, body or None, sent)
    assert reply.status == status, reply
    check(reply, method, path)


def test_every_operation_is_tried() -> None:
    assert {(method, path) for method, path, *_ in CALLS} == {
        (method, path) for method, path, _ in operations()
    }


def test_refusal_that_any_address_may_give_has_its_shape(service: Service) -> None:
    reply = service.request("PUT", "/v1/counts")
    assert reply.code == "method_not_allowed"
    check(reply, "GET", "/v1/counts")


def test_command_prints_the_document(service: Service) -> None:
    assert json.loads(service.run("openapi").stdout) == DOCUMENT
