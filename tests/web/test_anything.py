"""Whatever arrives is answered, and never as a mistake of ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from likewise.http.message import App, Request, Response, header_pairs, headers_of
from likewise.service import running
from likewise.settings import load
from likewise.web.routes import ROUTES
from tests.service import KEY, ORIGIN

# Long enough to mean something, short enough to arrive.
octets = st.binary(max_size=60)
texts = st.text(max_size=30)
names = st.sampled_from("page voter kind on n site sig key sha256 seed alias limit offset".split())
header_names = st.sampled_from(
    b"origin content-type x-api-key authorization cookie host x-forwarded-for if-none-match"
    b" accept-encoding sec-fetch-site cf-connecting-ip content-length".split()
)
header_values = octets | st.sampled_from(
    [
        ORIGIN.encode(),
        KEY.encode(),
        b"Bearer " + KEY.encode(),
        b"application/json",
        b"text/plain",
        b"127.0.0.1:8000",
        b"http://127.0.0.1:8000",
        b"same-origin",
        b"likewise=x",
        b"gzip",
    ]
)
segments = st.one_of(
    octets.map(lambda raw: raw.replace(b"?", b"")),
    texts.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from([b"hello", b"%2F", b"%00", b"%ff", b"..", b"icon.svg"]),
)
paths = st.one_of(
    st.sampled_from([route.path.encode() for route in ROUTES]),
    st.tuples(st.sampled_from([b"/likes/", b"/static/", b"/likes-", b"/"]), segments).map(b"".join),
)
values = st.recursive(
    texts | st.booleans() | st.integers() | st.floats() | st.none() | st.just("v" * 16),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
bodies = octets | st.dictionaries(names, values, max_size=5).map(
    lambda body: json.dumps(body).encode()
)
queries = octets | st.lists(st.tuples(names, segments), max_size=4).map(
    lambda pairs: b"&".join(name.encode() + b"=" + value for name, value in pairs)
)
requests = st.builds(
    Request,
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS", "x"]),
    paths,
    queries,
    st.dictionaries(header_names, header_values, max_size=5).map(
        lambda lines: headers_of(list(lines.items()))
    ),
    bodies,
    st.sampled_from(["127.0.0.1", "203.0.113.9", "2001:db8::1", "", "testclient"]),
)


class InProcess:
    """The app on a loop of its own, asked as doors ask it."""

    def __init__(self, runner: asyncio.Runner, app: App) -> None:
        self._runner = runner
        self._app = app

    def ask(self, request: Request) -> Response:
        """Return the answer to a request."""
        return self._runner.run(self._ask(request))

    async def _ask(self, request: Request) -> Response:
        try:
            answer = self._app.handle(request)
            return answer if isinstance(answer, Response) else await answer
        except Exception as error:  # noqa: BLE001 (as at the door)
            return self._app.failure(error, request.path)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    directory: Path = tmp_path_factory.mktemp("anything")
    environment = {
        "LIKEWISE_DATABASE": str(directory / "likewise.db"),
        "LIKEWISE_ADMIN_KEY": KEY,
        "LIKEWISE_KINDS": "like,\u2764",
    }
    with asyncio.Runner() as runner:
        service = running(load({}, environment))
        yield InProcess(runner, runner.run(service.__aenter__()).app)
        runner.run(service.__aexit__(None, None, None))


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(requests)
def test_anything_is_answered_and_never_as_a_mistake_of_ours(
    app: InProcess, request: Request
) -> None:
    response = app.ask(request)
    assert 200 <= response.status < 500
    headers = dict(header_pairs(response.headers))
    assert headers[b"cache-control"]
    if response.status >= 400:
        assert headers[b"content-type"] == b"application/problem+json"
        assert json.loads(response.body)["detail"]
    if request.path.startswith(b"/api/"):
        assert b"access-control-allow-origin" not in headers
