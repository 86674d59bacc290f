"""`likewise reasons`: what readers wrote, as a file that does nothing."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from tests.service import Service, address, voter

TEXTS = ["Fine", '=HYPERLINK("https://evil.example")', 'a, b; "c"', "-1+1", "@x", "👎 שלום"]


@pytest.fixture
def helped(likewise: Service) -> Service:
    """A running service with reasons, one of them on a page with a name like a formula."""
    table = 'LIKEWISE_KINDS = ["like", "no"]\n[kinds.no]\nprivate = true\n'
    (likewise.directory / "likewise.toml").write_text(table, encoding="utf-8")
    likewise.settings["LIKEWISE_LIMITS"] = "off"
    likewise.start()
    for number, text in enumerate(TEXTS):
        page = "=1+1" if number == 3 else "/a"
        reply = likewise.like(page, voter(number), address=address(number), kind="no", reason=text)
        assert reply.json["reason"] is True
    return likewise


def test_reasons_are_a_json_object_a_line_the_oldest_first(helped: Service) -> None:
    done = helped.run("reasons", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["reason"] for line in lines] == TEXTS
    assert lines[0].keys() == {"number", "day", "page", "kind", "reason"}
    assert (lines[3]["page"], lines[3]["kind"]) == ("=1+1", "no")
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", lines[0]["day"])


def test_a_spreadsheet_gets_text_and_no_formula(helped: Service) -> None:
    rows = list(csv.reader(io.StringIO(helped.run("reasons").stdout)))
    assert rows[0] == ["number", "day", "page", "kind", "reason"]
    assert [row[4] for row in rows[1:]] == [
        "Fine",
        '\'=HYPERLINK("https://evil.example")',
        'a, b; "c"',
        "'-1+1",
        "'@x",
        "👎 שלום",
    ]
    assert rows[4][2] == "'=1+1"


def test_wide_signs_begin_no_formula_either(helped: Service) -> None:
    helped.like("/a", voter(9), kind="no", reason="\uff1d1+1")
    rows = list(csv.reader(io.StringIO(helped.run("reasons").stdout)))
    assert rows[-1][4] == "'\uff1d1+1"


def test_many_reasons_are_read_in_parts(helped: Service) -> None:
    for number in range(600):
        helped.like(f"/{number % 4}", voter(number), kind="no", reason=f"Reason {number}")
    lines = helped.run("reasons", "--json").stdout.splitlines()
    assert len(lines) == len({json.loads(line)["number"] for line in lines}) == 606


def test_an_unknown_site_is_named(helped: Service) -> None:
    done = helped.run("reasons", "--site", "nowhere")
    assert done.returncode != 0
    assert "nowhere" in done.stderr
