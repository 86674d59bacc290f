"""What files, logs and figures tell to somebody who has all of them but the secret: how many, and
in which hour; not who, and not that two likes are of one reader.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from itertools import combinations, cycle
from pathlib import Path
from typing import Any, NamedTuple

from likewise.addresses import network_of, parse_address
from likewise.voters import row_key
from tests.abuse.clocked import START, ClockedService
from tests.abuse.conftest import StartClocked
from tests.abuse.crowd import fresh_address, fresh_voter
from tests.service import KEY, ORIGIN
from tests.store.database import rows

PAGES = [f"/post/{number}" for number in range(12)]
SHARED = "/shared"
ODD_SECONDS = 4_567  # from one like to the next
_RANDOM = {"salt", "voter"}  # what is made anew in every database, and of what


class Reader(NamedTuple):
    """Who likes, and what is seen of him."""

    at: str
    token: str
    agent: str


def new_reader(number: int) -> Reader:
    at = f"2001:db8:{number:x}:7::9" if number % 2 else fresh_address()
    return Reader(at, fresh_voter(), f"Mozilla/5.0 (reader {number:06d})")


def like(service: ClockedService, page: str, reader: Reader, *, on: bool = True) -> None:
    headers = {"Origin": ORIGIN, "X-Forwarded-For": reader.at, "User-Agent": reader.agent}
    body = json.dumps({"page": page, "voter": reader.token, "on": on})
    counts = service.request("GET", f"/v1/counts?page={page}", None, headers)
    assert counts.status == 200
    assert service.request("POST", "/v1/like", body, headers).status == 200


def played(service: ClockedService, readers: Iterator[Reader]) -> list[tuple[str, Reader]]:
    """Play a day; return who liked what."""
    liked = []
    for page in PAGES:
        reader = next(readers)
        for on in (True, False, True) if page == PAGES[3] else (True,):
            like(service, page, reader, on=on)
        headers = {"Origin": ORIGIN, "X-Forwarded-For": reader.at, "User-Agent": reader.agent}
        article = page.replace("/", "%2F")
        service.request("GET", f"/likes/{article}", None, headers)
        service.request("POST", "/v1/like", "no JSON", headers)
        liked.append((page, reader))
        service.clock.go_on(ODD_SECONDS)
    purge = json.dumps({"page": PAGES[5], "keep": "none"}).encode()
    assert service.owner("/api/likes/purge", "POST", purge).json["removed"] == 1
    return liked


def figures(path: Path) -> dict[str, list[Any]]:
    """Return all rows of all tables, without what is random."""
    found = {}
    tables = rows(path, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'meta'")
    for (table,) in tables:
        columns = [name for (name,) in rows(path, "SELECT name FROM pragma_table_info(?)", table)]
        kept = ", ".join(name for name in columns if name not in _RANDOM)
        found[table] = sorted(rows(path, f"SELECT {kept} FROM {table}"), key=repr)
    return found


def lines(service: ClockedService) -> list[str]:
    """Return the access log, without when it was, how long it took, and what is random."""
    found = re.findall(
        r" INFO ((?:GET|POST) .*) [0-9.]+ ms [0-9a-f]{12}$", service.log, re.MULTILINE
    )
    return [line for line in found if "/readyz" not in line]


def counters(service: ClockedService) -> list[str]:
    """Return the metrics, without how long something took, how large it is, or when that was."""
    text = service.get("/metrics", x_api_key=KEY).body.decode()
    return re.findall(r"^likewise_\w+_total.*", text, re.MULTILINE)


def told(service: ClockedService) -> dict[str, Any]:
    """Return all that somebody may come to see who does not have the secret."""
    return {
        "figures": figures(service.database),
        "log": lines(service),
        "metrics": counters(service),
        "audit": service.owner("/api/audit").json,
        "summary": service.owner("/api/summary").json,
    }


def written(service: ClockedService) -> bytes:
    """Return all bytes that were written, but for the secret, and what the owner can ask."""
    backups = service.directory / "backups"
    backups.mkdir()
    assert service.run("backup", str(backups)).returncode == 0
    files = [one for one in service.directory.rglob("*") if one.is_file() and one.suffix != ".key"]
    assert {one.suffix for one in files} >= {".db", ".db-wal", ".log"}
    asked = [service.owner(target).body for target in ("/metrics", "/api/audit", "/api/summary")]
    return b"".join([one.read_bytes() for one in files] + asked)


def traces(reader: Reader) -> Iterator[bytes]:
    """Return what would give a reader away: as text, packed, and hashed without a secret."""
    address = parse_address(reader.at)
    assert address is not None
    forms = [reader.at.encode(), reader.token.encode(), reader.agent.encode()]
    yield from forms
    for form in [*forms, address, network_of(address)]:
        if len(form) > 4:  # an IPv4 address alone is found in any file by chance
            yield form
        for name in ("md5", "sha1", "sha256", "blake2b", "blake2s"):
            digest = hashlib.new(name, form).digest()[:8]
            yield from (digest, digest.hex().encode())


def test_nothing_that_is_written_names_a_reader(start_clocked: StartClocked) -> None:
    service = start_clocked(LIKEWISE_ACCESS_LOG="on")
    liked = played(service, map(new_reader, range(1, 99)))
    content = written(service)
    for _, reader in liked:
        assert [trace for trace in traces(reader) if trace in content] == []
    assert b"reader 0000" not in content


def test_one_reader_of_twelve_pages_looks_like_twelve_readers(start_clocked: StartClocked) -> None:
    one, many = start_clocked(LIKEWISE_ACCESS_LOG="on"), start_clocked(LIKEWISE_ACCESS_LOG="on")
    played(one, cycle([new_reader(1)]))
    played(many, map(new_reader, range(1, 99)))
    assert told(one) == told(many)
    assert len(lines(one)) > 50


def test_two_offices_look_the_same_whoever_of_them_came_first(
    start_clocked: StartClocked,
) -> None:
    offices, seen = (fresh_address(), fresh_address()), []
    for order in ("ABABABAB", "AABBABBA", "BBAABABA"):
        service = start_clocked(LIKEWISE_ACCESS_LOG="on")
        for office in order:
            like(service, SHARED, Reader(offices["AB".index(office)], fresh_voter(), "Mozilla"))
            service.clock.go_on(10)
        seen.append(told(service))
    assert seen[0] == seen[1] == seen[2]


def test_no_time_is_kept_that_is_finer_than_an_hour(start_clocked: StartClocked) -> None:
    service = start_clocked()
    played(service, map(new_reader, range(1, 99)))
    kept = figures(service.database)
    of_owner = kept.pop("corrections")
    assert len(of_owner) == 1
    numbers = [n for table in kept.values() for row in table for n in row if isinstance(n, int)]
    assert max(numbers) <= START // 3_600 + 24


def test_row_keys_of_one_reader_have_nothing_in_common(start_clocked: StartClocked) -> None:
    service = start_clocked()
    played(service, cycle([new_reader(1)]))
    keys = [int.from_bytes(key) for (key,) in rows(service.database, "SELECT voter FROM likes")]
    distances = [(one ^ other).bit_count() for one, other in combinations(keys, 2)]
    assert len(set(keys)) == len(PAGES) - 1
    assert abs(sum(distances) / len(distances) - 64) < 8
    assert min(distances) > 20


def test_row_keys_cannot_be_made_from_what_the_files_hold(start_clocked: StartClocked) -> None:
    service = start_clocked()
    liked = played(service, map(new_reader, range(1, 99)))
    stored = {key for (key,) in rows(service.database, "SELECT voter FROM likes")}
    salts = dict(rows(service.database, "SELECT path, salt FROM pages"))
    secrets = [value for (value,) in rows(service.database, "SELECT value FROM meta")]
    secrets = [one for one in secrets if isinstance(one, bytes) and len(one) <= 64]
    secrets += [b"", bytes(16), bytes(32), b"likewise", KEY.encode(), *salts.values()]
    for page, reader in liked:
        for text in (reader.token, reader.at, reader.agent):
            guesses = {row_key(secret, salts[page], "like", text) for secret in secrets}
            guesses |= {make(salts[page] + text.encode()).digest()[:16] for make in _UNKEYED}
            assert not guesses & stored


_UNKEYED: list[Callable[[bytes], Any]] = [hashlib.sha256, hashlib.blake2b, hashlib.md5]
