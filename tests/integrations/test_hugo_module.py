"""The pages that the Hugo module writes, with both ends of the versions that it supports."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

import pytest

from tests.integrations.hugo_site import FOLDERS, Hugo

API = "http://127.0.0.1:8000"
SCRIPT = f'<script async src="{API}/likes.js">'


@pytest.fixture(params=FOLDERS)
def hugo(request: pytest.FixtureRequest, tmp_path: Path) -> Hugo:
    return Hugo(request.param, tmp_path)


def test_the_example_builds_without_a_warning(hugo: Hugo) -> None:
    built = hugo.build("--printPathWarnings")
    assert built.is_done, built.said
    assert "WARN" not in built.said
    assert "deprecated" not in built.said


def test_a_page_has_its_button_and_one_script(hugo: Hugo) -> None:
    built = hugo.build()
    assert built.buttons("posts/hello/index.html") == ['<like-wise page="/posts/hello/">']
    assert built.buttons("notes/hello/index.html") == ['<like-wise page="/notes/hello/">']
    assert built.buttons("café/index.html") == ['<like-wise page="/caf%C3%A9/">']
    assert built.scripts("posts/hello/index.html") == [SCRIPT]


def test_a_list_has_many_buttons_and_one_script(hugo: Hugo) -> None:
    built = hugo.build()
    assert len(built.buttons("index.html")) == 4
    assert built.scripts("index.html") == [SCRIPT]


def test_front_matter_turns_the_button_off(hugo: Hugo) -> None:
    built = hugo.build()
    for page in ("posts/quiet/index.html", "notes/moved/index.html"):
        assert not built.buttons(page)
        assert not built.scripts(page)


def test_front_matter_turns_the_shortcode_off_too(hugo: Hugo) -> None:
    hugo.write("content/posts/off.md", "---\ntitle: Off\nlikes: false\n---\n{{< likewise >}}\n")
    assert not hugo.build().buttons("posts/off/index.html")


def test_a_section_can_be_turned_off_by_its_cascade(hugo: Hugo) -> None:
    hugo.write("content/notes/_index.md", "---\ntitle: Notes\ncascade:\n  likes: false\n---\n")
    built = hugo.build()
    assert not built.buttons("notes/hello/index.html")
    assert built.buttons("posts/hello/index.html")


def test_a_shortcode_names_page_kind_and_label(hugo: Hugo) -> None:
    hugo.write(
        "content/posts/named.md",
        '---\ntitle: N\n---\n{{< likewise page="/x/" kind="🎉" label="A \\"<b>" >}}\n',
    )
    buttons = hugo.build().buttons("posts/named/index.html")
    assert buttons[0] == '<like-wise page="/x/" kind="🎉" label="A &#34;&lt;b&gt;">'


def test_a_feed_has_no_button(hugo: Hugo) -> None:
    feed = hugo.build().text("posts/index.xml")
    assert "A button in the text" in feed
    assert "like-wise" not in feed
    assert "likes.js" not in feed


def test_every_page_of_a_paginated_list_has_the_script(hugo: Hugo) -> None:
    hugo.write(
        "layouts/_default/list.html",
        '{{ range (.Paginate site.RegularPages 2).Pages }}{{ partial "likewise.html" . }}{{ end }}',
    )
    built = hugo.build()
    for page in ("index.html", "page/2/index.html"):
        assert built.buttons(page)
        assert SCRIPT in built.scripts(page)


def test_site_and_label_come_from_the_configuration(hugo: Hugo) -> None:
    hugo.configure(f'api = "{API}"', f'api = "{API}/"\nsite = "blog"\nlabel = "Gefällt mir"')
    built = hugo.build()
    assert built.buttons("posts/hello/index.html") == [
        '<like-wise page="/posts/hello/" site="blog" label="Gefällt mir">'
    ]
    assert built.scripts("posts/hello/index.html") == [SCRIPT]


def test_a_site_below_a_prefix_names_its_whole_paths(hugo: Hugo) -> None:
    built = hugo.build("--baseURL", "https://example.org/blog/")
    assert built.buttons("posts/hello/index.html") == ['<like-wise page="/blog/posts/hello/">']


def test_minified_pages_keep_their_button(hugo: Hugo) -> None:
    built = hugo.build("--minify")
    assert built.buttons("posts/hello/index.html") == ["<like-wise page=/posts/hello/>"]


@pytest.mark.parametrize(
    "api",
    ["", "likes.example.com", "[https://likes.example.com](x)", "javascript:x", "https://a b"],
)
def test_an_address_that_cannot_work_fails_the_build(hugo: Hugo, api: str) -> None:
    hugo.configure(f'api = "{API}"', f'api = "{api}"')
    built = hugo.build()
    assert not built.is_done
    assert f'[params.likewise] api is "{api}"' in built.said
    assert 'for example api = "https://likes.example.com"' in built.said


def test_a_missing_address_fails_the_build(hugo: Hugo) -> None:
    hugo.configure(f'[params.likewise]\n  api = "{API}"', "")
    built = hugo.build()
    assert not built.is_done
    assert "[params.likewise] api" in built.said


@pytest.mark.parametrize(
    ("environment", "api", "is_readonly"),
    [
        ("development", "https://likes.example.com", True),
        ("development", "http://localhost:8000", False),
        ("development", "http://[::1]:8000", False),
        ("production", "https://likes.example.com", False),
    ],
)
def test_drafting_does_not_count(hugo: Hugo, environment: str, api: str, is_readonly: bool) -> None:
    hugo.configure(API, api)
    [button] = hugo.build("--environment", environment).buttons("posts/hello/index.html")
    assert ("readonly" in button) == is_readonly


EVIL = "\"'><img src=x>&amp;"


def test_the_widgets_attributes_come_from_the_configuration(hugo: Hugo) -> None:
    hugo.configure(
        f'api = "{API}"',
        f'api = "{API}"\nkind = ["👍", "👎"]\nlabel = ["Yes", "\\"<b>"]\nviews = true\n'
        'icon = "thumb"\nlang = "de"\nreason = ""\nreadonly = false',
    )
    [button] = hugo.build().buttons("posts/hello/index.html")
    assert button == (
        '<like-wise page="/posts/hello/" kind="👍 👎" views icon="thumb" label="Yes,&#34;&lt;b&gt;"'
        ' lang="de" reason="">'
    )


def test_a_page_and_a_shortcode_have_attributes_of_their_own(hugo: Hugo) -> None:
    hugo.configure(f'api = "{API}"', f'api = "{API}"\nkind = "👏"\nviews = true')
    own = {"label": EVIL, "views": False, "icon": "clap", "page": "/x/"}
    hugo.write(
        "content/posts/own.md",
        f"---\ntitle: Own\nlikes: {json.dumps(own)}\n---\n"
        '{{< likewise kind="🎉" reason=true views=true >}}\n',
    )
    label = escape(EVIL).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")
    assert hugo.build().buttons("posts/own/index.html") == [
        f'<like-wise page="/x/" kind="🎉" views icon="clap" label="{label}" reason>',
        f'<like-wise page="/x/" kind="👏" icon="clap" label="{label}">',
    ]


@pytest.mark.parametrize("likes", ["true", '""', "{}"])
def test_a_page_that_says_nothing_special_has_its_button(hugo: Hugo, likes: str) -> None:
    hugo.write("content/posts/usual.md", f"---\ntitle: Usual\nlikes: {likes}\n---\n")
    assert hugo.build().buttons("posts/usual/index.html") == ['<like-wise page="/posts/usual/">']
