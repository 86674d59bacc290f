"""`likewise stats`: the owner's list, whatever the pages are called."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.service import Service, address, voter

# What canonical ids may hold, and a terminal or a locale may stumble over.
NAMES = [
    "/<script>alert(1)</script>",
    "/café",
    "/" + "é́̂" * 20,
    "/❤️‍🔥",
    "/" + "x" * 511,
    "/𒐫",
    "javascript:alert(1)",
    "a b",
]


@pytest.fixture
def busy(likewise: Service) -> Service:
    """A running service with pages: the first name has one like, each next one more."""
    likewise.settings["LIKEWISE_LIMITS"] = "off"
    likewise.start()
    for rank, name in enumerate(NAMES, 1):
        for number in range(rank):
            reply = likewise.like(name, voter(number), address=address(number))
            assert reply.status == 200, reply
    return likewise


def test_pages_are_listed_most_liked_first(busy: Service) -> None:
    done = busy.run("stats")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:3] == ["8  a b", "7  javascript:alert(1)", "6  /𒐫"]
    assert [int(line.split()[0]) for line in lines] == list(range(len(NAMES), 0, -1))
    assert lines[-1] == "1  /<script>alert(1)</script>"


def test_json_is_what_the_admin_api_answers(busy: Service) -> None:
    key = (busy.directory / "admin-key").read_text().strip()
    answer = busy.get("/api/stats", X_API_Key=key).json
    assert json.loads(busy.run("stats", "--json").stdout) == answer
    busy.stop()
    assert json.loads(busy.run("stats", "--json").stdout) == answer


def test_limit_says_what_it_leaves_out(busy: Service) -> None:
    done = busy.run("stats", "--limit", "2")
    assert done.stdout == "8  a b\n7  javascript:alert(1)\n"
    assert done.stderr == f"{len(NAMES) - 2} more pages; --limit shows them.\n"


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "POSIX"},
        {"PYTHONIOENCODING": "ascii"},
    ],
    ids=str,
)
def test_every_locale_can_show_every_page(busy: Service, locale: dict[str, str]) -> None:
    done = busy.run("stats", **locale)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == len(NAMES)
    assert json.loads(busy.run("stats", "--json", **locale).stdout)[-2]["post_id"] == "/café"


def test_nothing_reaches_the_terminal_that_it_could_act_on(busy: Service) -> None:
    shown = busy.run("stats").stdout
    assert all(line.isprintable() for line in shown.splitlines())
    assert "/❤️\\u200d🔥" in shown


def test_reader_may_leave_before_the_end(busy: Service) -> None:
    shell = f"set -o pipefail; ({sys.executable} -m likewise stats; echo $? >&2) | head -1"
    done = subprocess.run(
        ["bash", "-c", shell],
        cwd=busy.directory,
        env=busy.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("8  a b\n", "0\n")


def test_other_site_and_kind_are_chosen_by_name(likewise: Service) -> None:
    (likewise.directory / "likewise.toml").write_text(
        '[sites.notes]\norigins = ["http://localhost:*"]\nkinds = ["❤️", "🎉"]\n'
    )
    likewise.start()
    likewise.like("/a", voter(1), site="notes")
    likewise.like("/b", voter(1), site="notes", kind="🎉")
    assert likewise.run("stats", "--site", "notes").stdout == "1  /a\n0  /b\n"
    assert likewise.run("stats", "--site", "notes", "--kind", "🎉").stdout == "1  /b\n0  /a\n"


def test_site_of_the_demo_can_be_looked_at(likewise: Service) -> None:
    likewise.start().like("/demo", voter(1), site="demo")
    assert likewise.run("stats", "--site", "demo").stdout == "1  /demo\n"


def test_unknown_site_is_refused(likewise: Service) -> None:
    done = likewise.run("stats", "--site", "blog")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("likewise stats: There is no site blog; there are: default.")


def test_no_likes_yet_is_said(likewise: Service) -> None:
    done = likewise.start().run("stats")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "The site default has no likes yet.\n"
    assert json.loads(likewise.run("stats", "--json").stdout) == []


def test_reading_changes_nothing(busy: Service) -> None:
    busy.stop()
    before = {path.name: path.read_bytes() for path in busy.directory.iterdir()}
    busy.run("stats")
    after = {path.name: path.read_bytes() for path in busy.directory.iterdir()}
    assert after["likewise.db"] == before["likewise.db"]
    assert after.keys() - before.keys() <= {"likewise.db-shm", "likewise.db-wal"}
