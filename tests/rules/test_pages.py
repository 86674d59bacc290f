"""What a page is called."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.errors import Problem
from likewise.pages import MAX_BYTES, BadPage, canonical, is_path

E_ACUTE = "\u00e9"
# Pieces that mean something, so that their mixtures meet every rule and every seam between two.
PIECES = [
    *"/%. ?#:\n\0",
    *"AFaf059exK",
    *"\u0301\u030a\u0338\u00a0\u2000\u3000\u0958\u1100\u1161\u212b\u200f\u2028\ud800\udcc3",
    *("..", "//", "index.html", "http://", "HTTPS://h", "%2e", "%2E", "%41", "%2F", "%25", "%2A"),
    *("%C3%A9", "%c3", "%A9", "%E2%80%8F", "%ff", "%CC%8A", "%20", "%0A"),
]
ids = st.text() | st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
paths = ids.map(lambda text: "/" + text)


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("/x", "/x"),
        ("/x/", "/x"),
        ("/x//", "/x"),
        ("/x/index.html", "/x"),
        ("/x/index.html/", "/x"),
        ("/index.html", "/"),
        ("/x/index.htm", "/x/index.htm"),
        ("/xindex.html", "/xindex.html"),
        ("https://h/x?y", "/x"),
        ("HTTP://h:8080/x#y", "/x"),
        ("https://user@h/x", "/x"),
        ("https://h", "/"),
        ("https://h?y", "/"),
        ("//h/x", "/h/x"),
        ("/x?y/../../z", "/x"),
        ("/x#y?z", "/x"),
        ("/", "/"),
        ("/caf%C3%A9/", "/caf" + E_ACUTE),
        ("/caf%c3%a9", "/caf" + E_ACUTE),
        ("/cafe\u0301", "/caf" + E_ACUTE),
        ("/cafe%CC%81", "/caf" + E_ACUTE),
        ("/%7Euser/%41%2d%5F%2E", "/~user/A-_."),
        ("/a%2fb", "/a%2Fb"),
        ("/a%252fb", "/a%252fb"),
        ("/100%25", "/100%25"),
        ("/100%", "/100%25"),
        ("/%%34%31", "/%2541"),
        ("/a%3fb%23", "/a%3Fb%23"),
        ("/%ff%C3x", "/%FF%C3x"),
        ("/%ED%A0%80", "/%ED%A0%80"),
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/..", "/"),
        ("/../..", "/"),
        ("/a//../b", "/a/b"),
        ("/a//b", "/a/b"),
        ("/a/.../b", "/a/.../b"),
        (" /x ", "/x"),
        ("/x /", "/x"),
        ("/x /index.html", "/x"),
        ("/ / / /", "/"),
        ("/a /b", "/a /b"),
        ("/a/.. /", "/"),
        ("\u3000/x\u00a0", "/x"),
        ("/Hello", "/Hello"),
        ("/<img src=x onerror=alert(1)>", "/<img src=x onerror=alert(1)>"),
        ("hello-world", "hello-world"),
        ("hello-world/", "hello-world/"),
        (" hello ", "hello"),
        ("hello%20world", "hello%20world"),
        ("e\u0301", E_ACUTE),
        ("javascript:x", "javascript:x"),
        ("https:/x", "https:/x"),
        ("posts/hello?x", "posts/hello?x"),
        ("__proto__", "__proto__"),
        ("\U0001f600", "\U0001f600"),
        ("-", "-"),
    ],
)
def test_every_spelling_leads_to_one_page(text: str, page: str) -> None:
    assert canonical(text) == page


@given(ids | paths)
def test_what_is_canonical_stays_as_it_is(text: str) -> None:
    try:
        page = canonical(text)
    except Problem:
        return
    assert canonical(page) == page


@given(ids | paths)
def test_an_id_is_short_composed_text_without_controls_or_it_is_refused(text: str) -> None:
    try:
        page = canonical(text)
    except BadPage:
        return
    assert 1 <= len(page.encode()) <= MAX_BYTES
    assert unicodedata.normalize("NFC", page) == page
    assert page.strip() == page
    assert not any(
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in page
    )


@given(paths)
def test_a_path_has_neither_empty_nor_dot_segments_and_only_whole_escapes(text: str) -> None:
    try:
        page = canonical(text)
    except Problem:
        return
    assert is_path(page)
    segments = page.split("/")[1:]
    assert page == "/" or not {"", ".", ".."} & set(segments)
    assert segments[-1] != "index.html"
    assert not {"?", "#"} & set(page)
    for octet in page.split("%")[1:]:
        assert octet[:2] == f"{int(octet[:2], 16):02X}"


@given(st.from_regex(r"(/[a-z0-9~_-]{1,8}){1,4}", fullmatch=True))
def test_scheme_host_query_and_final_slash_make_no_difference(path: str) -> None:
    spellings = [path, path + "/", path + "/index.html", f"https://example.com{path}?a=b#c"]
    assert {canonical(spelling) for spelling in spellings} == {path}


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n",
        "\u3000",
        "a\0b",
        "a\nb",
        "/a\x1bb",
        "a\x7fb",
        "/a\x85b",
        "/a%C2%85b",
        "a\u200eb",
        "a\u200fb",
        "a\u061cb",
        "a\u202ab",
        "a\u202eb",
        "/a%E2%80%AEb",
        "a\u2066b",
        "a\u2069b",
        "a\u2028b",
        "a\u2029b",
        "a\ud800b",
    ],
)
def test_what_cannot_be_shown_safely_is_refused(text: str) -> None:
    with pytest.raises(Problem) as refusal:
        canonical(text)
    assert refusal.value.code == "bad_page"


def test_the_longest_id_has_512_bytes() -> None:
    assert canonical("/" + "x" * 511)
    assert canonical("\u20ac" * 170)
    assert canonical("/" + "a/../" * 3_000 + "x") == "/x"
    for text in ("/" + "x" * 512, "\u20ac" * 171, "x" * 16_384, "/" + "%" * 200):
        with pytest.raises(Problem, match="at most 512 bytes"):
            canonical(text)


def test_no_text_that_would_fit_once_composed_is_refused_before_it_is_composed() -> None:
    characters = map(chr, set(range(sys.maxunicode + 1)) - set(range(0xD800, 0xE000)))
    assert all(
        len(unicodedata.normalize("NFD", character)) <= 2 * len(character.encode())
        for character in characters
    )


@pytest.mark.parametrize("text", ["a" + "\u0345" * 4_000 + "\u0334" * 4_000, "\u0345" * 1_025])
def test_marks_that_take_long_to_order_are_refused_unordered(text: str) -> None:
    for spelling in (text, "/" + text):
        with pytest.raises(Problem, match=f"{len(spelling)} characters long"):
            canonical(spelling)


@pytest.mark.parametrize(
    "text",
    [
        "/index.html" * 300,
        "/ " * 8_000,
        "/" + "%25" * 5_000,
        "/" + "%3" * 8_000 + "1",
        "/a" + "/.. " * 4_000 + "/",
        "/" + ". /" * 5_000,
        "/" + "../" * 5_000,
        "/" + "%CC%81" * 2_700,
        "https://" * 2_000,
    ],
)
def test_hostile_ids_take_no_more_steps_than_they_have_characters(text: str) -> None:
    steps = 0

    def count(_frame: object, _event: str, _argument: object) -> None:
        nonlocal steps
        steps += 1

    sys.setprofile(count)
    try:
        canonical(text)
    except Problem:
        pass
    finally:
        sys.setprofile(None)
    assert steps <= 6 * len(text) + 100
