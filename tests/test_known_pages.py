"""The pages that a site says it has, asked of a real server by a real process."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import likewise
from likewise.errors import StartError
from likewise.transfer import public_host
from likewise.transfer.sitemap import MAX_CPU_SECONDS, MAX_FILES, MAX_MEMORY_BYTES, known_paths
from tests.documents import atom, index, rdf, rss, urlset
from tests.told_server import Answers, Serve, redirect, servers

SOURCE = Path(likewise.__file__).parent.parent
Write = Callable[..., bytes]
# Much to parse and nothing to keep: more than a second of it, eight times.
WORK: Answers = {
    "/": index(*["/long.xml"] * 8),
    "/long.xml": b"<urlset>" + b"<a/>" * 2_600_000 + b"</urlset>",
}


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A web server on loopback that answers what it is told to."""
    with servers() as start:
        yield start


def links(*addresses: str) -> bytes:
    return atom(*(f'href="{address}"' for address in addresses))


def child(
    *arguments: str, before: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the process that the server starts, after some Python code if there is any."""
    code = f"{before}\nraise SystemExit(sitemap.main({arguments!r}))"
    imports = "from likewise.transfer import public_host, sitemap\n"
    how = ["-c", imports + code] if before else ["-m", "likewise.transfer.sitemap", *arguments]
    return subprocess.run(
        [sys.executable, "-P", *how],
        env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a child says that failed as it shall: in one line, and nothing else anywhere."""
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("\n")
    assert done.stderr[:-1].isprintable()
    return done.stderr[:-1]


@pytest.mark.parametrize("write", [urlset, rss, rdf, links])
def test_pages_are_those_of_the_own_host_in_their_order(serve: Serve, write: Write) -> None:
    answers: Answers = {}
    address = serve(answers)
    answers["/blog/feed.xml"] = write(
        f"{address}/z/",
        *("caf%C3%A9/", "café/", "more.html?page=2", "../up/", f"{address}/z/?a=1#b", address),
        *("https://example.org/other/", "//example.org/x/", "mailto:a@example.org", "http://["),
        *("javascript:alert(1)", "ftp://127.0.0.1/x", "//[", ""),
    )
    assert known_paths(f"{address}/blog/feed.xml") == [
        *("/z/", "/blog/caf%C3%A9/", "/blog/café/", "/blog/more.html", "/up/", "/"),
    ]


@pytest.mark.parametrize("host", ["site.example", "www.site.example"])
def test_www_makes_no_other_host_and_no_more_does_a_port_or_a_scheme(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    own = ("https://www.site.example/a/", "http://SITE.example:99/b/", "//site.example/c/")
    other = ("https://wwww.site.example/", "https://blog.site.example/", "https://example/")
    address = at_name(host, serve({"/": urlset(*own, *other)}), monkeypatch)
    assert known_paths(f"{address}/") == ["/a/", "/b/", "/c/"]


def test_a_host_is_the_same_in_its_letters_and_in_punycode(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = urlset("https://xn--bcher-kva.example/a/", "https://BÜCHER.example/b/")
    address = at_name("xn--bcher-kva.example", serve({"/": pages}), monkeypatch)
    assert known_paths(f"{address.replace('xn--bcher-kva', 'bücher')}/") == ["/a/", "/b/"]


def at_name(host: str, address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give a server on loopback another name, under which it is this machine as well."""
    monkeypatch.setattr(public_host, "is_this_machine", lambda asked: asked == host)
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port(address)))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    return f"http://{host}:{port(address)}"


def port(address: str) -> int:
    return int(address.rpartition(":")[2])


def test_relative_links_count_from_where_the_document_is_in_the_end(serve: Serve) -> None:
    address = serve({"/feed": redirect("/blog/feed.xml"), "/blog/feed.xml": rss("a/")})
    assert known_paths(f"{address}/feed") == ["/blog/a/"]


def test_files_of_an_index_are_read_from_its_host(serve: Serve) -> None:
    answers: Answers = {"/maps/b.xml": urlset("b/"), "/c.xml": rss("c/")}
    address = serve(answers)
    answers["/a.xml"] = urlset(f"{address}/a/", f"{address}/both/")
    answers["/maps/index.xml"] = index(f"{address}/a.xml", "b.xml", "/c.xml", f"{address}/a.xml")
    found = known_paths(f"{address}/maps/index.xml")
    assert found == ["/a/", "/both/", "/maps/b/", "/c/"]


@pytest.mark.parametrize("location", ["http://127.0.0.1:1/a.xml", "http://localhost/", "file:///x"])
def test_an_index_may_not_lead_to_another_host(serve: Serve, location: str) -> None:
    address = serve({"/": index(location)})
    with pytest.raises(StartError, match=r"is on another host|does not start with https"):
        known_paths(f"{address}/")


def test_an_index_in_an_index_is_refused(serve: Serve) -> None:
    address = serve({"/": index("/more.xml"), "/more.xml": index("/")})
    with pytest.raises(StartError, match="a sitemap index inside another"):
        known_paths(f"{address}/")


def test_an_index_of_too_many_files_is_refused_before_any_is_read(serve: Serve) -> None:
    many = [f"/{number}.xml" for number in range(MAX_FILES + 1)]
    with pytest.raises(StartError, match="names 201 sitemaps; at most 200"):
        known_paths(serve({"/": index(*many)}) + "/")


def test_all_files_of_an_index_have_50_000_pages_together(serve: Serve) -> None:
    pages = [f"/{number}" for number in range(50_001)]
    address = serve(
        {
            "/": index("/a.xml", "/b.xml"),
            "/a.xml": urlset(*pages[:30_000]),
            "/b.xml": urlset(*pages[30_000:]),
        }
    )
    with pytest.raises(StartError, match="more than 50,000 pages"):
        known_paths(f"{address}/")


@pytest.mark.parametrize(
    "document",
    [urlset(), urlset("https://example.org/"), rss(), atom('rel="self" href="/a/"'), index()],
)
def test_a_document_without_pages_of_the_host_is_refused(serve: Serve, document: bytes) -> None:
    with pytest.raises(StartError, match="names no pages"):
        known_paths(serve({"/": document}) + "/")


def test_the_process_prints_a_path_a_line(serve: Serve) -> None:
    done = child(serve({"/": urlset("/a/", "/café/%20/", "/a/", "/&quot;b&quot;/")}) + "/")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert [json.loads(line) for line in done.stdout.splitlines()] == ["/a/", "/café/%20/", '/"b"/']


def test_the_process_reads_the_largest_sitemap_that_is_taken(serve: Serve) -> None:
    pages = [f"/{number:05}/{'x' * 130}😀" for number in range(50_000)]
    done = child(serve({"/": urlset(*pages)}) + "/")
    assert done.stderr == ""
    assert [json.loads(line) for line in done.stdout.splitlines()] == pages


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "Give one address"),
        (("https://example.org/", "https://example.net/"), "Give one address"),
        (("http://example.org/sitemap.xml",), "does not start with https://"),
        (("https://10.0.0.1/sitemap.xml",), "not on the public internet"),
        (("http://127.0.0.1:1/",), "takes no connection"),
        (("file:///etc/passwd",), "does not start with https://"),
        (("/etc/passwd",), "does not start with https://"),
        (("\x1b[31m\n\udcff",), "does not start with https://"),
    ],
)
def test_the_process_says_in_one_line_why_it_failed(arguments: tuple[str, ...], why: str) -> None:
    assert why in refusal(child(*arguments))


def test_the_process_prints_nothing_where_a_part_is_missing(serve: Serve) -> None:
    address = serve({"/": index("/a.xml", "/b.xml"), "/a.xml": urlset("/a/")})
    assert "the server answers 404" in refusal(child(f"{address}/"))
    assert "names no pages" in refusal(child(serve({"/": urlset()}) + "/"))


def test_no_document_writes_to_the_terminal(serve: Serve) -> None:
    address = serve({"/": index("http://127.0.0.1:1/&#x9b;31m&#x202e;")})
    assert "\\x9b31m\\u202e" in refusal(child(f"{address}/"))


def test_the_process_bounds_itself() -> None:
    shown = "import resource as r; sitemap._bound_this_process()\n"
    shown += "print(r.getrlimit(r.RLIMIT_AS), r.getrlimit(r.RLIMIT_CPU)); raise SystemExit"
    done = child(before=shown)
    assert done.stdout == f"{(MAX_MEMORY_BYTES,) * 2} {(MAX_CPU_SECONDS, MAX_CPU_SECONDS + 5)}\n"


@pytest.mark.parametrize("hard", [3, MAX_CPU_SECONDS + 2])
def test_bounds_that_are_narrower_already_stay(hard: int) -> None:
    before = f"import resource as r; r.setrlimit(r.RLIMIT_CPU, ({hard}, {hard}))\n"
    before += "sitemap._bound_this_process(); print(r.getrlimit(r.RLIMIT_CPU)); raise SystemExit"
    assert child(before=before).stdout == f"{(min(hard, MAX_CPU_SECONDS), hard)}\n"


def test_a_sitemap_that_takes_too_much_memory_is_given_up(serve: Serve) -> None:
    answers: Answers = {"/": index(*(f"/{number}.xml" for number in range(8)))}
    for number in range(8):
        paths = (f"/{number}/{page}/{'x' * 1900}😀" for page in range(5000))
        answers[f"/{number}.xml"] = urlset(*paths)
    assert "takes too much memory" in refusal(child(serve(answers) + "/"))


def test_a_sitemap_that_takes_too_much_computing_is_given_up(serve: Serve) -> None:
    done = child(f"{serve(WORK)}/", before="sitemap.MAX_CPU_SECONDS = 1")
    assert "takes too long to read" in refusal(done)


def test_a_long_document_is_given_up_while_it_is_read(serve: Serve) -> None:
    done = child(f"{serve(WORK)}/long.xml", before="public_host.TOTAL_SECONDS = 0.4")
    assert re.search("takes too long to read|not complete after", refusal(done))


def test_the_process_ends_though_its_resolver_does_not() -> None:
    before = "import socket, time; socket.getaddrinfo = lambda *_, **__: time.sleep(50)\n"
    started = time.monotonic()
    done = child("https://site.example/", before=f"{before}public_host.TOTAL_SECONDS = 0.3")
    assert refusal(done)
    assert time.monotonic() - started < 10


def test_a_mistake_of_ours_is_one_line_as_well() -> None:
    done = child("https://site.example/", before="sitemap.known_paths = lambda _: 1 / 0")
    assert "cannot be read: ZeroDivisionError" in refusal(done)


def test_the_settings_of_the_service_are_not_read(serve: Serve, tmp_path: Path) -> None:
    address = serve({"/": urlset("/a/")})
    wrong = {"LIKEWISE_PORT": "x", "LIKEWISE_ORIGINS": "x", "LIKEWISE_DATABASE": str(tmp_path)}
    done = child(f"{address}/", **wrong)
    assert (done.returncode, done.stdout, done.stderr) == (0, '"/a/"\n', "")
    before = "import sys; print('likewise.settings' in sys.modules, 'apsw' in sys.modules)"
    assert child(before=before).stdout == "False False\n"
