"""Behind real proxies nobody passes for another reader, however he writes the header."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from itertools import count

import pytest

from tests.http.attacks import head
from tests.http.proxies import PROXIES
from tests.http.test_smuggling import Stage, stage_of
from tests.service import address, voter

WAIT_SECONDS = 20
DAY = 3  # likes of a page from one network
LIMITS = f"burst=99/1s,day={DAY},writes=60000/min,likes=60000,pages=60000,reads=60000/min"
READER, OTHER = "127.0.0.2", "127.0.0.3"  # no proxy is trusted but 127.0.0.1

# `%s` is another address each time.
FORGED = {
    "none": b"X: y",
    "one": b"X-Forwarded-For: %s",
    "lower case": b"x-forwarded-for: %s",
    "two lines": b"X-Forwarded-For: %s\r\nX-Forwarded-For: %s",
    "two lines, one a proxy": b"X-Forwarded-For: %s\r\nX-Forwarded-For: 127.0.0.1",
    "list": b"X-Forwarded-For: %s, %s",
    "a proxy after": b"X-Forwarded-For: %s, 127.0.0.1",
    "comma after": b"X-Forwarded-For: %s,",
    "commas": b"X-Forwarded-For: ,,%s,,",
    "port": b"X-Forwarded-For: %s:80",
    "mapped": b"X-Forwarded-For: ::ffff:%s",
    "quoted": b'X-Forwarded-For: "%s"',
    "quote left open": b'X-Forwarded-For: %s, "',
    "no address after": b"X-Forwarded-For: %s, unknown",
    "empty": b"X-Forwarded-For:",
    "bytes beyond ASCII": b"X-Forwarded-For: %s\xff",
    "4 KB": b"X-Forwarded-For: " + b"127.0.0.1, " * 370 + b"%s",
    "hop by hop": b"Connection: X-Forwarded-For\r\nX-Forwarded-For: %s",
    "hop by hop, empty": b"Connection: X-Forwarded-For",
    "hop by hop, with close": b"Connection: close, x-forwarded-for\r\nX-Forwarded-For: %s",
    "hop by hop, two lines": b"Connection: keep-alive\r\nConnection: X-Forwarded-For",
    "trailer announced": b"Trailer: X-Forwarded-For\r\nTE: trailers",
    "blank before the colon": b"X-Forwarded-For : %s",
    "tab before the colon": b"X-Forwarded-For\t: %s",
    "underscores": b"X_Forwarded_For: %s",
    "folded": b"X-Forwarded-For:\r\n %s",
    "folded onto another": b"X: y\r\n X-Forwarded-For: %s",
    "after a bare CR": b"X: y\rX-Forwarded-For: %s",
    "after a bare LF": b"X: y\nX-Forwarded-For: %s",
    "NUL": b"X-Forwarded-For: %s\0",
    "other headers": b"X-Real-IP: %s\r\nForwarded: for=%s\r\nTrue-Client-IP: %s",
    "of a CDN": b"CF-Connecting-IP: %s\r\nX-Client-IP: %s\r\nX-Forwarded-Host: %s",
    "upgrade": b"Connection: Upgrade, X-Forwarded-For\r\nUpgrade: h2c\r\nX-Forwarded-For: %s",
}

_numbers = count(1)


@pytest.fixture(scope="module", params=PROXIES)
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """Return a service that trusts its proxy alone."""
    settings = {"LIKEWISE_TRUSTED_PROXIES": "127.0.0.1", "LIKEWISE_LIMITS": LIMITS}
    with stage_of(request.param, tmp_path_factory.mktemp("stage"), **settings) as running:
        yield running


def sent(stage: Stage, reader: str, data: bytes) -> int:
    """Send a request from an address; return the answer's status."""
    place = ("127.0.0.1", stage.port)
    with socket.create_connection(place, WAIT_SECONDS, source_address=(reader, 0)) as sock:
        sock.sendall(data)
        response = http.client.HTTPResponse(sock)
        response.begin()
        response.read()
        return response.status


def like(page: str, line: bytes = b"X: y", trailer: bytes | None = None) -> bytes:
    """Return a like from a new voter with a header line, or a trailer, that names an address."""
    number = next(_numbers)
    forged = address(number).encode()
    body = json.dumps({"page": page, "voter": voter(number)}).encode()
    line = line.replace(b"%s", forged)
    if trailer is None:
        length = b"Content-Length: %d" % len(body)
        return head("POST /v1/like HTTP/1.1", length, line) + body
    chunk = b"%x\r\n%s\r\n0\r\n%s\r\n\r\n" % (len(body), body, trailer.replace(b"%s", forged))
    return head("POST /v1/like HTTP/1.1", b"Transfer-Encoding: chunked", line) + chunk


def assert_held(stage: Stage, page: str, statuses: list[int]) -> None:
    """Check that one network was counted as one, and another reader as another."""
    taken = statuses.count(200)
    assert taken in {0, DAY}
    assert set(statuses[taken:]) <= ({429} if taken else {400})
    assert stage.service.count(page) == taken
    assert sent(stage, OTHER, like(page)) == 200


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_header_changes_no_network(stage: Stage, name: str) -> None:
    page = f"/forged/{next(_numbers)}"
    statuses = [sent(stage, READER, like(page, FORGED[name])) for _ in range(DAY + 2)]
    assert_held(stage, page, statuses)


def test_a_forged_trailer_changes_no_network(stage: Stage) -> None:
    page = f"/forged/{next(_numbers)}"
    line, trailer = b"Trailer: X-Forwarded-For", b"X-Forwarded-For: %s"
    statuses = [sent(stage, READER, like(page, line, trailer)) for _ in range(DAY + 2)]
    assert_held(stage, page, statuses)
