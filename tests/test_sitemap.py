"""What a sitemap says, from files and from a real web server, friendly or not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from likewise.errors import StartError
from likewise.transfer import listing, sitemap
from likewise.transfer.body import MAX_BYTES
from likewise.transfer.sitemap import sitemap_paths
from tests.documents import NAMESPACE, index, urlset
from tests.told_server import Answers, Serve, drip, flood, redirect, servers


def written(path: Path, content: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return str(path)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A web server on loopback that answers what it is told to."""
    with servers() as start:
        yield start


def test_paths_are_those_of_the_pages(tmp_path: Path) -> None:
    source = written(
        tmp_path / "sitemap.xml",
        urlset("https://example.org/", "https://example.org/posts/hello/?a=1#b"),
    )
    assert sitemap_paths(source) == ["/", "/posts/hello/"]


def test_paths_stay_as_they_are_written(tmp_path: Path) -> None:
    source = written(
        tmp_path / "sitemap.xml", urlset("https://example.org/caf%C3%A9/", "http://example.org")
    )
    assert sitemap_paths(source) == ["/caf%C3%A9/", "/"]


def test_images_and_alternates_are_no_pages(tmp_path: Path) -> None:
    source = written(
        tmp_path / "sitemap.xml",
        f'<urlset xmlns="{NAMESPACE}" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
        ' xmlns:xhtml="http://www.w3.org/1999/xhtml"><url><loc> https://example.org/a/ </loc>'
        "<image:image><image:loc>https://example.org/a.png</image:loc></image:image>"
        '<xhtml:link rel="alternate" hreflang="es" href="https://example.org/es/a/"/>'
        "<lastmod>2026-01-01</lastmod></url></urlset>".encode(),
    )
    assert sitemap_paths(source) == ["/a/"]


def test_a_sitemap_without_a_namespace_is_read(tmp_path: Path) -> None:
    source = written(
        tmp_path / "sitemap.xml",
        b"\xef\xbb\xbf<urlset><url><loc>https://example.org/<![CDATA[a]]>&amp;b</loc></url></urlset>",
    )
    assert sitemap_paths(source) == ["/a&b"]


def test_addresses_that_are_not_of_the_web_are_passed_over(tmp_path: Path) -> None:
    source = written(
        tmp_path / "sitemap.xml",
        urlset("javascript:alert(1)", "/relative", "http://[", "ftp://example.org/x", ""),
    )
    assert sitemap_paths(source) == []


def test_files_of_an_index_are_found_beside_it(tmp_path: Path) -> None:
    source = written(
        tmp_path / "sitemap.xml",
        index("https://example.org/en/sitemap.xml", "https://example.org/es/sitemap.xml"),
    )
    written(tmp_path / "en/sitemap.xml", urlset("https://example.org/en/hello/"))
    written(tmp_path / "es/sitemap.xml", urlset("https://example.org/es/hello/"))
    assert sitemap_paths(source) == ["/en/hello/", "/es/hello/"]


def test_files_of_an_index_are_found_when_the_site_has_a_prefix(tmp_path: Path) -> None:
    source = written(tmp_path / "sitemap.xml", index("https://example.org/blog/en/sitemap.xml"))
    written(tmp_path / "en/sitemap.xml", urlset("https://example.org/blog/en/hello/"))
    assert sitemap_paths(source) == ["/blog/en/hello/"]


@pytest.mark.parametrize(
    "location",
    [
        "https://example.org/../secret.xml",
        "file:///etc/passwd",
        "https://example.org/link/secret.xml",
        "https://example.org/sitemap.xml",
        "http://[",
    ],
)
def test_an_index_cannot_lead_out_of_its_folder_or_to_itself(tmp_path: Path, location: str) -> None:
    written(tmp_path / "secret.xml", urlset("https://example.org/secret/"))
    source = written(tmp_path / "public/sitemap.xml", index(location))
    (tmp_path / "public/link").symlink_to(tmp_path)
    with pytest.raises(StartError, match="which is not below"):
        sitemap_paths(source)


def test_an_index_in_an_index_is_refused(tmp_path: Path) -> None:
    source = written(tmp_path / "sitemap.xml", index("https://example.org/more.xml"))
    written(tmp_path / "more.xml", index("https://example.org/sitemap.xml"))
    with pytest.raises(StartError, match="a sitemap index inside another"):
        sitemap_paths(source)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<html><body/></html>",
        b"<urlset><url>",
        b'<rss version="2.0"/>',
        b"\xff\xfe<\x00u\x00",
        urlset("https://example.org/").decode().encode("utf-16"),
        b"\x1f\x8b\x08\x00",
        b"<urlset>" + b"<url>" * 5000 + b"</url>" * 5000 + b"</urlset>",
    ],
)
def test_what_is_no_sitemap_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(StartError, match="is not a sitemap"):
        sitemap_paths(written(tmp_path / "sitemap.xml", content))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-16-le", "cp037"])
@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE urlset [<!ENTITY a "b">]>',
        '<!doctype urlset SYSTEM "file:///etc/passwd">',
    ],
)
def test_a_dtd_is_refused_however_it_is_written(
    tmp_path: Path, declaration: str, encoding: str
) -> None:
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>{declaration}'
        "<urlset><url><loc>https://example.org/</loc></url></urlset>"
    )
    with pytest.raises(StartError, match=r"has a DTD|is not a sitemap in UTF-8"):
        sitemap_paths(written(tmp_path / "sitemap.xml", text.encode(encoding)))


def test_entities_that_grow_are_refused_at_once(tmp_path: Path) -> None:
    grown = "".join(f'<!ENTITY e{step} "{f"&e{step - 1};" * 10}">' for step in range(1, 10))
    text = (
        f'<!DOCTYPE urlset [<!ENTITY e0 "ha">{grown}]><urlset><url><loc>&e9;</loc></url></urlset>'
    )
    started = time.monotonic()
    with pytest.raises(StartError, match="has a DTD"):
        sitemap_paths(written(tmp_path / "sitemap.xml", text.encode()))
    assert time.monotonic() - started < 1


def test_more_pages_than_a_sitemap_may_have_are_refused(tmp_path: Path) -> None:
    many = [f"https://example.org/{number}" for number in range(listing.MAX_ADDRESSES + 1)]
    written(tmp_path / "all.xml", urlset(*many))
    with pytest.raises(StartError, match="more than 50,000 pages"):
        sitemap_paths(str(tmp_path / "all.xml"))
    written(tmp_path / "a.xml", urlset(*many[:30_000]))
    written(tmp_path / "b.xml", urlset(*many[30_000:]))
    both = index("https://example.org/a.xml", "https://example.org/b.xml")
    with pytest.raises(StartError, match="more than 50,000 pages"):
        sitemap_paths(written(tmp_path / "sitemap.xml", both))


def test_an_index_of_too_many_files_is_refused(tmp_path: Path) -> None:
    many = [f"https://example.org/{number}.xml" for number in range(sitemap.MAX_FILES + 1)]
    with pytest.raises(StartError, match="names 201 sitemaps; at most 200"):
        sitemap_paths(written(tmp_path / "sitemap.xml", index(*many)))


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    content = b"<urlset>" + b" " * MAX_BYTES + b"</urlset>"
    with pytest.raises(StartError, match="larger than 10 MiB"):
        sitemap_paths(written(tmp_path / "sitemap.xml", content))


def test_a_missing_file_is_named_with_its_whole_path(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=f"{tmp_path}/sitemap.xml cannot be read: No such file"):
        sitemap_paths(str(tmp_path / "sitemap.xml"))
    with pytest.raises(StartError, match="Is a directory"):
        sitemap_paths(str(tmp_path))


def test_a_sitemap_is_fetched_from_the_web(serve: Serve) -> None:
    address = serve({"/sitemap.xml": urlset("https://example.org/posts/hello/")})
    assert sitemap_paths(f"{address}/sitemap.xml") == ["/posts/hello/"]


def test_an_index_on_the_web_may_name_files_of_its_own_host_only(serve: Serve) -> None:
    other = serve({"/sitemap.xml": urlset("https://example.org/other/")})
    answers: Answers = {"/en.xml": urlset("https://example.org/en/")}
    address = serve(answers)
    answers["/good.xml"] = index(f"{address}/en.xml")
    answers["/bad.xml"] = index(f"{other}/sitemap.xml")
    assert sitemap_paths(f"{address}/good.xml") == ["/en/"]
    with pytest.raises(StartError, match="which is on another host"):
        sitemap_paths(f"{address}/bad.xml")


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"])
def test_a_redirect_stays_on_the_web(serve: Serve, target: str) -> None:
    address = serve({"/sitemap.xml": redirect(target)})
    with pytest.raises(StartError, match="cannot be fetched"):
        sitemap_paths(f"{address}/sitemap.xml")


def test_a_redirect_within_the_web_is_followed(serve: Serve) -> None:
    address = serve(
        {"/sitemap.xml": redirect("/real.xml"), "/real.xml": urlset("https://example.org/a/")}
    )
    assert sitemap_paths(f"{address}/sitemap.xml") == ["/a/"]


def test_a_page_that_is_not_there_is_said_so(serve: Serve) -> None:
    with pytest.raises(StartError, match="cannot be fetched: HTTP Error 404"):
        sitemap_paths(serve({}) + "/sitemap.xml")


def test_a_host_that_does_not_answer_is_said_so() -> None:
    with pytest.raises(StartError, match="cannot be fetched"):
        sitemap_paths("http://127.0.0.1:1/sitemap.xml")
    with pytest.raises(StartError, match="cannot be fetched"):
        sitemap_paths("http://[")


def test_an_answer_without_end_is_cut(serve: Serve) -> None:
    with pytest.raises(StartError, match="larger than 10 MiB"):
        sitemap_paths(serve({"/sitemap.xml": flood}) + "/sitemap.xml")


def test_an_answer_that_trickles_is_given_up(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "TOTAL_SECONDS", 0.3)
    with pytest.raises(StartError, match=r"not complete after 0\.3 seconds"):
        sitemap_paths(serve({"/sitemap.xml": drip(b"HTTP/1.0 200 OK\r\n\r\n")}) + "/sitemap.xml")


def test_silence_is_given_up(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_: BaseHTTPRequestHandler) -> None:
        time.sleep(0.6)

    monkeypatch.setattr(sitemap, "SILENCE_SECONDS", 0.2)
    with pytest.raises(StartError, match="timed out"):
        sitemap_paths(serve({"/sitemap.xml": silent}) + "/sitemap.xml")
