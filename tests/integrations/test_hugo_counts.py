"""What Hugo asks the service while it builds: counts before the script has run, popular pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.conftest import StartService
from tests.integrations.hugo_site import FOLDERS, Build, Hugo
from tests.service import Service, free_port, voter

API = "http://127.0.0.1:8000"
POPULAR = "---\ntitle: Popular\nlikes: false\n---\n{{< likewise-popular >}}\n"
LISTED = re.compile(r'<li><a href="([^"]*)">([^<]*)</a> (\d+)</li>')


@pytest.fixture(params=FOLDERS)
def hugo(request: pytest.FixtureRequest, tmp_path: Path) -> Hugo:
    hugo = Hugo(request.param, tmp_path)
    hugo.configure("# counts = true", "counts = true")
    hugo.write("content/popular.md", POPULAR)
    return hugo


def built(hugo: Hugo, api: str, tmp_path: Path, *options: str) -> Build:
    hugo.configure(API, api)
    # A cache of its own: Hugo's is the user's, and keeps what it has fetched.
    return hugo.build("--cacheDir", str(tmp_path / "cache"), *options)


def fallbacks(build: Build, path: str) -> list[str]:
    return re.findall(r"<like-wise[^>]*>([^<]*)</like-wise>", build.text(path))


def like(service: Service, page: str, readers: int, **fields: str) -> None:
    for number in range(readers):
        assert service.like(page, voter(number), **fields).status == 200


def test_buttons_have_the_counts_of_the_time_of_the_build(
    hugo: Hugo, service: Service, tmp_path: Path
) -> None:
    like(service, "/posts/hello", 2)
    like(service, "/café", 1)
    build = built(hugo, service.url, tmp_path)
    assert build.is_done, build.said
    assert "WARN" not in build.said
    assert fallbacks(build, "posts/hello/index.html") == ["♥ 2"]
    assert fallbacks(build, "notes/hello/index.html") == ["♥ 0"]
    assert fallbacks(build, "café/index.html") == ["♥ 1"]


def test_many_pages_are_asked_for_in_several_requests(
    hugo: Hugo, service: Service, tmp_path: Path
) -> None:
    for number in range(230):
        hugo.write(f"content/posts/many-{number}.md", f"---\ntitle: M{number}\n---\n")
    like(service, "/posts/many-229", 1)
    build = built(hugo, service.url, tmp_path)
    assert "WARN" not in build.said
    shown = {name: fallbacks(build, f"posts/{name}/index.html") for name in ("many-0", "many-229")}
    assert shown == {"many-0": ["♥ 0"], "many-229": ["♥ 1"]}


def test_a_button_shows_the_counts_of_its_kinds(
    hugo: Hugo, start_service: StartService, tmp_path: Path
) -> None:
    service = start_service(LIKEWISE_KINDS="❤️,👏,🎉")
    like(service, "/posts/hello", 2, kind="❤️")
    like(service, "/posts/hello", 1, kind="🎉")
    hugo.write("content/posts/hello.md", "---\ntitle: H\nlikes: {kind: [❤️, 🎉]}\n---\n")
    build = built(hugo, service.url, tmp_path)
    [shown] = fallbacks(build, "posts/hello/index.html")
    assert sorted(shown.split(" ")) == sorted("❤ 2 🎉 1".split(" "))
    # Which of three kinds comes first cannot be told from the counts.
    assert fallbacks(build, "notes/hello/index.html") == [""]


@pytest.mark.parametrize("prefix", ["", "/blog"])
def test_popular_pages_are_those_that_there_are(
    hugo: Hugo, service: Service, tmp_path: Path, prefix: str
) -> None:
    like(service, f"{prefix}/posts/hello/", 2)
    like(service, f"{prefix}/caf%C3%A9/", 1)
    like(service, "/<img src=x>/made-up", 2)
    build = built(hugo, service.url, tmp_path, "--baseURL", f"https://example.org{prefix}/")
    assert build.is_done, build.said
    assert LISTED.findall(build.text("popular/index.html")) == [
        (f"{prefix}/posts/hello/", "Hello, oven", "2"),
        (f"{prefix}/caf%C3%A9/", "Café", "1"),
    ]
    assert "made-up" not in build.text("popular/index.html")


def test_a_popular_list_takes_days_limit_and_kind(
    hugo: Hugo, start_service: StartService, tmp_path: Path
) -> None:
    service = start_service(LIKEWISE_KINDS="like,👏")
    like(service, "/posts/hello", 3)
    like(service, "/posts/hello", 2, kind="👏")
    like(service, "/notes/hello", 1, kind="👏")
    call = '{{< likewise-popular days="all" limit=1 kind="👏" >}}'
    hugo.write("content/popular.md", POPULAR.replace("{{< likewise-popular >}}", call))
    build = built(hugo, service.url, tmp_path)
    assert LISTED.findall(build.text("popular/index.html")) == [
        ("/posts/hello/", "Hello, oven", "2")
    ]


def assert_built_without(build: Build, api: str) -> None:
    assert build.is_done, build.said
    for call in ("counts", "popular"):
        assert f"Likewise: {api}/v1/{call} gave nothing, so the site is built" in build.said
    assert fallbacks(build, "posts/hello/index.html") == [""]
    assert "<ol" not in build.text("popular/index.html")


def test_a_service_that_is_down_does_not_end_the_build(hugo: Hugo, tmp_path: Path) -> None:
    api = f"http://127.0.0.1:{free_port()}"
    assert_built_without(built(hugo, api, tmp_path), api)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<h1>Please log in</h1>"),
        (200, b'{"counts":{'),
        (200, b""),
        (403, b"no"),
        (404, b"no"),
    ],
)
def test_an_answer_that_is_none_does_not_end_the_build(
    hugo: Hugo, tmp_path: Path, status: int, body: bytes
) -> None:
    with answering(status, body) as api:
        assert_built_without(built(hugo, api, tmp_path), api)


def test_what_is_fetched_is_text(hugo: Hugo, tmp_path: Path) -> None:
    body = b'{"counts":{"/posts/hello/":{"<img src=x>":"<b>"}},"pages":[{"page":"/<b>","count":1}]}'
    with answering(200, body) as api:
        build = built(hugo, api, tmp_path)
        assert build.is_done, build.said
    assert fallbacks(build, "posts/hello/index.html") == ["&lt;img src=x&gt; &lt;b&gt;"]
    assert "<ol" not in build.text("popular/index.html")


def test_a_page_of_another_site_has_no_count_of_this_one(
    hugo: Hugo, service: Service, tmp_path: Path
) -> None:
    like(service, "/posts/hello", 2)
    hugo.write("content/posts/hello.md", "---\ntitle: H\nlikes: {site: blog}\n---\n")
    build = built(hugo, service.url, tmp_path)
    assert fallbacks(build, "posts/hello/index.html") == [""]


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Answer every request the same, as what stands in a service's place may do."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
