"""`likewise purge`: tells first, does it with `--yes`, through the server or without one."""

from __future__ import annotations

import pytest

from tests.service import Service, address, voter


@pytest.fixture
def spammed(likewise: Service) -> Service:
    likewise.start()
    for number in range(6):
        assert likewise.like("/a", voter(number), address=address(number)).status == 200
    return likewise


@pytest.mark.parametrize("runs", [True, False])
def test_it_tells_first_and_does_it_when_told(spammed: Service, runs: bool) -> None:
    if not runs:
        spammed.stop()
    told = spammed.run("purge", "--page", "/a/", "--from", "2020-01-01")
    assert told.returncode == 0, told.stderr
    assert told.stdout == (
        "6 likes of /a would go, 0 would stay. Nothing is done yet: --yes does it.\n"
    )
    kept = spammed.run("purge", "--page", "/a", "--keep", "first", "--yes")
    assert kept.stdout.startswith("0 likes of /a are gone, 6 stay.")
    done = spammed.run("purge", "--from", "2020-01-01", "--yes")
    assert done.stdout == (
        "6 likes of the whole site are gone, 0 stay. For 7 days the dashboard can undo it:"
        " correction 2.\n"
    )
    if not runs:
        spammed.start()
    assert spammed.get("/v1/counts?page=/a").json["counts"]["/a"] == {"like": 0}


@pytest.mark.parametrize("runs", [True, False])
def test_what_it_cannot_do_it_says(spammed: Service, runs: bool) -> None:
    if not runs:
        spammed.stop()
    for arguments, said in (
        ([], "Say what to purge"),
        (["--page", "/x"], "There is no page /x."),
        (["--from", "yesterday"], "is written as 2026-01-31"),
        (["--surge", "7"], "has no surge 7"),
        (["--page", "/a", "--site", "nowhere"], "There is no such site"),
    ):
        done = spammed.run("purge", *arguments, "--yes")
        assert (done.returncode, done.stdout) == (1, ""), arguments
        assert said in done.stderr
    assert spammed.run("purge", "--keep", "some").returncode == 2
