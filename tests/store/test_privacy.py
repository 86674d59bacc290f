"""What the files tell about readers: nothing without the secret, no address ever."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from pathlib import Path

from likewise.store.sqlite import SqliteStore
from tests.conftest import StartService
from tests.service import KEY, address, voter
from tests.store.database import ANNA, BORIS, NAME, SITE, like, on_store, opened, rows


def content_of(folder: Path) -> bytes:
    """Everything that was written there, but for the secret itself."""
    files = [one for one in folder.iterdir() if one.is_file() and one.suffix != ".key"]
    return b"".join(one.read_bytes() for one in files)


@on_store
async def test_rows_of_one_reader_on_two_pages_cannot_be_linked(store: SqliteStore) -> None:
    for page in ("/a", "/b", "/c"):
        for kind in ("like", "🎉"):
            await like(store, page, ANNA, kind=kind)
    keys = [key for (key,) in rows(store.path, "SELECT voter FROM likes")]
    assert len(set(keys)) == 6
    assert {len(key) for key in keys} == {16}


def test_rows_of_one_reader_in_two_databases_cannot_be_linked(tmp_path: Path) -> None:
    async def scenario() -> None:
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            async with opened(tmp_path / name / NAME) as store:
                await like(store, "/a", ANNA)

    asyncio.run(scenario())
    keys = [rows(tmp_path / name / NAME, "SELECT voter FROM likes") for name in ("one", "two")]
    assert keys[0] != keys[1]


def test_a_renamed_page_still_knows_its_voters(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path / NAME) as store:
            await like(store, "/a", ANNA)
            await like(store, "/a", BORIS)
        rows(tmp_path / NAME, "UPDATE pages SET path = '/renamed'")
        async with opened(tmp_path / NAME) as store:
            assert store.n_of(SITE, "/renamed", "like", ANNA) == 1
            assert (await like(store, "/renamed", BORIS)).counts == {"like": 2}

    asyncio.run(scenario())


def test_a_served_folder_holds_no_token_no_address_and_no_key(start_service: StartService) -> None:
    service = start_service(LIKEWISE_ACCESS_LOG="on")
    # None with zeros in it, which a file of numbers is full of.
    addresses = [address(0x0B_5A_77 + 0x01_03_07 * number) for number in range(20)]
    for number in range(20):
        reply = service.like("/a", voter(number), address=addresses[number])
        assert reply.status == 200
    service.get("/v1/counts?page=/a", x_forwarded_for="2001:db8:1:2::3")
    secret = (service.directory / f"{NAME}.key").read_bytes().strip()
    for _ in range(2):
        content = content_of(service.directory)
        assert secret not in content
        assert bytes.fromhex(secret.decode()) not in content
        assert KEY.encode() not in content
        for number in range(20):
            assert voter(number).encode() not in content
            assert addresses[number].encode() not in content
            assert ip_address(addresses[number]).packed + b"\0\0" not in content
        assert b"2001:db8:1:2" not in content
        service.stop()
