"""Which pages may be liked: signed ones, those of a sitemap, and one page in all its languages."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from likewise.sitemap import PAUSE_SECONDS
from tests.conftest import StartService
from tests.service import Reply, Service, address, voter

OLD_KEY, NEW_KEY = "old-key-0123456789-abcdefgh", "new-key-9876543210-hgfedcba"
WAIT_SECONDS = 20


def signature(page: str, key: str = NEW_KEY, site: str = "default") -> str:
    return hmac.new(key.encode(), f"{site}\n{page}".encode(), hashlib.sha256).hexdigest()


def like(service: Service, page: str, number: int = 1, **fields: Any) -> Reply:
    return service.like(page, voter(number), address=address(number), **fields)


def pages(service: Service) -> list[str]:
    return [row["page"] for row in service.owner("/api/pages?sort=page").json["pages"]]


@pytest.fixture
def signed(start_service: StartService) -> Service:
    return start_service(LIKEWISE_PAGES="signed", LIKEWISE_PAGE_KEY=f"{NEW_KEY},{OLD_KEY}")


def test_a_signed_page_is_liked_by_either_key(signed: Service) -> None:
    for number, key in enumerate((OLD_KEY, NEW_KEY)):
        page = f"/posts/{number}"
        assert like(signed, page + "/", sig=signature(page, key)).status == 200
    assert like(signed, "/caf%C3%A9/", sig=signature("/café")).status == 200


def test_a_page_that_is_not_signed_is_unknown_and_nothing_is_stored(signed: Service) -> None:
    wrong = [
        signature("/b"),
        signature("/a", "another-key-that-nobody-uses"),
        signature("/a", site="shop"),
        signature("/a").upper(),
        signature("/a")[:-1],
        "",
        "\ud800",
    ]
    for sig in wrong:
        reply = like(signed, "/a", sig=sig)
        assert (reply.status, reply.code) == (404, "unknown_page")
    assert like(signed, "/a").code == "unknown_page"
    assert pages(signed) == []
    assert "retry-after" not in like(signed, "/a").headers


def test_a_page_once_known_needs_no_signature(signed: Service) -> None:
    assert like(signed, "/a", sig=signature("/a")).status == 200
    assert like(signed, "/a", 2).json["count"] == 2
    signed.owner("/api/pages/set", "POST", b'{"page":"/b","count":5}')
    assert like(signed, "/b").json["count"] == 6


def test_asking_for_unknown_pages_uses_up_writes(start_service: StartService) -> None:
    service = start_service(
        LIKEWISE_PAGES="signed", LIKEWISE_PAGE_KEY=NEW_KEY, LIKEWISE_LIMITS="writes=5/min"
    )
    statuses = [like(service, f"/{number}", 1).status for number in range(8)]
    assert statuses == [404] * 5 + [429] * 3


def test_signed_pages_draw_on_nobodys_budget_of_new_pages(start_service: StartService) -> None:
    service = start_service(LIKEWISE_PAGE_KEY=NEW_KEY, LIKEWISE_LIMITS="pages=1")
    assert like(service, "/unsigned").status == 200
    assert like(service, "/unsigned-too").status == 429
    for number in range(5):
        page = f"/signed/{number}"
        assert like(service, page, sig=signature(page)).status == 200


class SitemapServer:
    """A site that has a sitemap, or whatever a test wants it to answer."""

    def __init__(self) -> None:
        self.pages = ["/posts/one/", "/posts/caf%C3%A9/", "/en/about/"]
        self.status = 200
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                body = outer.body().encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def body(self) -> str:
        urls = "".join(f"<url><loc>{self.url}{page}</loc></url>" for page in self.pages)
        namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
        return f'<?xml version="1.0"?><urlset xmlns="{namespace}">{urls}</urlset>'

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def site() -> Iterator[SitemapServer]:
    server = SitemapServer()
    yield server
    server.close()


def of_sitemap(start_service: StartService, site: SitemapServer, **settings: str) -> Service:
    return start_service(
        LIKEWISE_ORIGINS=f"{site.url},http://localhost:*", LIKEWISE_PAGES="sitemap", **settings
    )


def until_known(service: Service, page: str) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while page not in pages(service):
        assert time.monotonic() < end, service.log
        time.sleep(0.05)


def test_pages_of_the_sitemap_may_be_liked_and_no_others(
    start_service: StartService, site: SitemapServer
) -> None:
    service = of_sitemap(start_service, site)
    until_known(service, "/posts/one")
    assert like(service, "/posts/one").json["count"] == 1
    assert like(service, "/posts/café/").json["page"] == "/posts/café"
    reply = like(service, "/nowhere")
    assert (reply.status, reply.code) == (404, "unknown_page")
    assert "/nowhere" not in pages(service)


def test_an_unknown_page_has_the_sitemap_read_at_most_once_a_minute(
    start_service: StartService, site: SitemapServer
) -> None:
    service = of_sitemap(start_service, site)
    until_known(service, "/posts/one")
    for number in range(20):
        assert like(service, f"/nowhere/{number}", number).status == 404
    assert site.asked == 1
    assert PAUSE_SECONDS == 60


def test_while_the_sitemap_is_read_a_reader_is_told_to_wait(
    start_service: StartService, site: SitemapServer
) -> None:
    # The first reading begins with the service: whoever comes meanwhile waits for it.
    site.pages = [f"/{number}/" for number in range(20_000)]
    service = of_sitemap(start_service, site)
    reply = like(service, "/19999-not-there")
    if "retry-after" in reply.headers:
        assert reply.headers["retry-after"] == "5"
        assert "being read" in reply.json["detail"]
    until_known(service, "/0")


@pytest.mark.parametrize("trouble", ["down", "empty", "broken"])
def test_a_site_in_trouble_leaves_known_pages_as_they_are(
    start_service: StartService, site: SitemapServer, trouble: str
) -> None:
    service = of_sitemap(start_service, site)
    until_known(service, "/posts/one")
    if trouble == "down":
        site.status = 500
    elif trouble == "empty":
        site.pages = []
    else:
        site.body = lambda: "<html>"  # type: ignore[method-assign]
    service.restart()
    end = time.monotonic() + WAIT_SECONDS
    while "was not read; its known pages stay" not in service.log:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert like(service, "/posts/one").status == 200
    assert 'outcome="failed"} 1' in service.owner("/metrics").body.decode()


def configured(start_service: StartService, folder: Path, table: str, **settings: str) -> Service:
    """Start a service whose default site is set by a file."""
    path = folder / "likewise.toml"
    origins = 'origins = ["http://localhost:*"]'
    path.write_text(f"[sites.default]\n{origins}\n{table}", encoding="utf-8")
    return start_service(LIKEWISE_CONFIG=str(path), **settings)


def test_one_page_counts_in_all_its_languages(start_service: StartService, tmp_path: Path) -> None:
    table = 'url = "https://example.com/blog"\nlanguages = ["en", "pt-br"]'
    service = configured(start_service, tmp_path, table)
    for number, page in enumerate(("/blog/en/a/", "/blog/pt-br/a", "/blog/a", "/blog/en/en/a")):
        assert like(service, page, number).json["page"] == "/blog/a"
    for page in ("/en/a", "/blog/fr/a", "/blog/english/a"):
        assert like(service, page).json["page"] == page
    assert like(service, "/blog/en/").json["page"] == "/blog"
    counts = service.get("/v1/counts?page=/blog/en/a/&page=/blog/a").json["counts"]
    assert counts == {"/blog/en/a/": {"like": 4}, "/blog/a": {"like": 4}}


def test_a_signature_is_of_the_page_with_its_language(
    start_service: StartService, tmp_path: Path
) -> None:
    table = 'url = "https://example.com"\npages = "signed"\nlanguages = ["en"]'
    service = configured(start_service, tmp_path, table, LIKEWISE_PAGE_KEY=NEW_KEY)
    assert like(service, "/en/a", sig=signature("/a")).code == "unknown_page"
    assert like(service, "/en/a", sig=signature("/en/a")).json["page"] == "/a"
