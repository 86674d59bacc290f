"""What the integrations for JavaScript share: the page id, its signature, and the settings."""

from __future__ import annotations

import hmac
import json
import random
import subprocess
from typing import Any

import pytest

from likewise.pages import BadPage, canonical
from tests.integrations.npm_site import GENERATORS, INTEGRATIONS, environment, node
from tests.integrations.test_signatures import SIGNED, UNSIGNED
from tests.told_server import servers

KEY = "a-page-key-for-tests-0123456789"
SHARED = ("button.mjs", "page.mjs", "service.mjs")
# What page ids go wrong on, to be joined at random.
PIECES = [
    *"/.%?#~A c\u00e9\u0301\u00c5\u212b\u1112\u1161\u11ab\ufe0f",
    *"\ufeff\x85\xa0\u2003\u2028\x1c\t\n\0\u202e",
    *(
        "//",
        "..",
        "index.html",
        "/index.html",
        "https://h",
        "HTTP://h:1",
        "%2F",
        "%2f",
        "%41",
        "%7e",
    ),
    *("%C3%A9", "%c3", "%A9", "%E0%80%80", "%ED%A0%80", "%F4%90%80%80", "%F0%9F%8E%89", "%C2%85"),
    *("%25", "%2", "%2A\u030a", "%7F", "%00", "%FF", "\U0001f389", "<b>", '"', "'", "&", "x" * 130),
]


def run(code: str, sent: object, generator: str = "eleventy", **settings: str) -> Any:
    """Return what code of a module beside the shared files says, as JSON."""
    done = subprocess.run(
        [node(), "--input-type=module", "-e", code],
        cwd=INTEGRATIONS / generator,
        env=environment(**settings),
        input=json.dumps(sent),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def in_canonical_form(text: str) -> str | None:
    try:
        return canonical(text)
    except BadPage:
        return None


READ = "import { readFileSync } from 'node:fs'; const sent = JSON.parse(readFileSync(0));"


@pytest.mark.parametrize("name", SHARED)
def test_each_folder_has_the_same_file_since_each_is_copied_alone(name: str) -> None:
    assert len({(INTEGRATIONS / generator / name).read_bytes() for generator in GENERATORS}) == 1


def test_a_page_id_is_put_into_the_form_of_the_service() -> None:
    dice = random.Random(20260301)
    made = ["".join(dice.choices(PIECES, k=dice.randint(0, 8))) for _ in range(20_000)]
    texts = [*SIGNED, *UNSIGNED, *made, *("/" + text for text in made)]
    code = (
        f"{READ} import {{ canonical }} from './page.mjs';"
        "console.log(JSON.stringify(sent.map((text) => canonical(text) ?? null)));"
    )
    said = dict(zip(texts, run(code, texts), strict=True))
    assert said == {text: in_canonical_form(text) for text in texts}
    assert None in said.values()


def test_every_page_is_signed_in_its_one_form() -> None:
    pages = [*SIGNED, *UNSIGNED]
    code = (
        f"{READ} import {{ signature }} from './page.mjs'; console.warn = () => {{}};"
        "console.log(JSON.stringify(sent.map((page) => signature(page, 'blog') ?? null)));"
    )
    said = run(code, pages, LIKEWISE_PAGE_KEY=f" {KEY} , another\n")
    for page, sig in zip(pages, said, strict=True):
        form = in_canonical_form(page)
        text = f"blog\n{form}".encode()
        assert sig == (form and hmac.new(KEY.encode(), text, "sha256").hexdigest()), page
    assert set(run(code, pages)) == {None}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, 'api is "". Set it to the address of your service'),
        ({"api": "likes.example.com"}, 'api is "likes.example.com"'),
        ({"api": "javascript:x"}, 'api is "javascript:x"'),
        ({"api": "https://a b"}, 'api is "https://a b"'),
        ({"api": "/", "integrity": "sha384-x"}, "integrity is set without script"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, str], said: str) -> None:
    code = (
        f"{READ} import {{ checked }} from './button.mjs'; let said = '';"
        "try { checked(sent); } catch (error) { said = error.message; }"
        "console.log(JSON.stringify(said));"
    )
    assert said in run(code, settings)


@pytest.mark.parametrize(
    ("settings", "is_draft", "attributes"),
    [
        ({"api": "https://l.example/"}, False, {"page": "/x/"}),
        ({"api": "https://l.example"}, True, {"page": "/x/", "readonly": ""}),
        ({"api": "http://localhost:8000"}, True, {"page": "/x/"}),
        ({"api": "http://[::1]:8000"}, True, {"page": "/x/"}),
        ({"api": "https://localhost.example"}, True, {"page": "/x/", "readonly": ""}),
        (
            {"api": "https://l.example", "script": "/likes.js"},
            False,
            {"page": "/x/", "api": "https://l.example"},
        ),
        (
            {"api": "https://l.example", "script": "https://l.example/likes-1.js"},
            False,
            {"page": "/x/"},
        ),
        ({"api": "/", "script": "/js/likes.js"}, False, {"page": "/x/"}),
        (
            {"api": "/", "site": "blog", "kind": "👍 👎", "views": True, "reason": True},
            False,
            {"page": "/x/", "site": "blog", "kind": "👍 👎", "views": "", "reason": ""},
        ),
        (
            {"api": "/", "icon": "own", "label": "A, B", "lang": "de", "reason": "Why?"},
            False,
            {"page": "/x/", "icon": "own", "label": "A, B", "lang": "de", "reason": "Why?"},
        ),
        ({"api": "/", "views": False, "label": "", "readonly": False}, False, {"page": "/x/"}),
    ],
)
def test_a_button_has_the_attributes_that_are_wished(
    settings: dict[str, object], is_draft: bool, attributes: dict[str, str]
) -> None:
    code = (
        f"{READ} import {{ attributes, checked }} from './button.mjs';"
        "console.log(JSON.stringify(attributes('/x/', checked(sent[0]), {}, sent[1])));"
    )
    assert run(code, [settings, is_draft]) == attributes


@pytest.mark.parametrize(
    "body",
    [
        *(b"null", b"[]", b"7", b'"pages"', b"{}", b"<html>", b""),
        *(b'{"pages":7}', b'{"pages":"/x/"}', b'{"pages":{"page":"/x/","count":1}}'),
        *(b'{"counts":7}', b'{"counts":null}', b'{"counts":"/x/"}'),
    ],
)
def test_what_is_no_answer_of_the_service_is_named_and_left_out(body: bytes) -> None:
    with servers() as start:
        api = start({"/v1/popular?days=30&limit=100": body, "/v1/counts?page=%2Fx%2F": body})
        code = (
            f"{READ} import {{ Service }} from './service.mjs'; const said = [];"
            "console.warn = (line) => said.push(line); const pages = [{ url: '/x/' }];"
            "const popular = await new Service(sent).popular(pages);"
            "const counts = await new Service(sent).counts(['/x/']);"
            "console.log(JSON.stringify({ popular, counts, said }));"
        )
        told = run(code, {"api": api})
    assert (told["popular"], told["counts"]) == ([], {})
    assert [line.split(" (")[0] for line in told["said"]] == [
        f"Likewise: no answer from {api}/v1/{asked}" for asked in ("popular", "counts")
    ]


def test_entries_that_cannot_be_shown_are_left_out_of_a_list() -> None:
    body = b'{"pages":[null,7,"/x/",[],{"page":"/x","count":"1"},{"page":"/x","count":2}]}'
    with servers() as start:
        code = (
            f"{READ} import {{ Service }} from './service.mjs';"
            "const popular = await new Service(sent).popular([{ url: '/x/' }]);"
            "console.log(JSON.stringify(popular));"
        )
        told = run(code, {"api": start({"/v1/popular?days=30&limit=100": body})})
    assert told == [{"url": "/x/", "count": 2}]
