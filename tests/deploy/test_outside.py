"""What reaches outside from the image: sitemaps over TLS, and the article's database."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.conftest import StartContainer
from tests.documents import urlset
from tests.service import START_SECONDS, voter
from tests.test_import_article import database
from tests.told_server import Answers, Serve, certificate, servers


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A web server on loopback that answers what it is told to."""
    with servers() as start:
        yield start


def test_article_is_imported_with_a_sitemap_over_tls(
    container: StartContainer, serve: Serve, tmp_path: Path
) -> None:
    own = certificate(tmp_path, "IP:127.0.0.1")
    answers: Answers = {}
    address = serve(answers, tls=own.context())
    answers["/sitemap.xml"] = urlset(f"{address}/posts/hello/")
    service = container("--env=SSL_CERT_FILE=/data/authority").start()
    shutil.copy(own.file, service.data / "authority")
    (service.data / "authority").chmod(0o644)
    source = database(service.data, [("hello", 12)])
    source.chmod(0o644)
    done = service.execute(
        *("likewise", "import", "article", "/data/likes.db"),
        *("--sitemap", f"{address}/sitemap.xml"),
    )
    assert done.returncode == 0, done.stderr
    assert service.count("/posts/hello") == 12
    (service.data / "authority").write_text("")
    refused = service.execute(
        *("likewise", "import", "article", "/data/likes.db"),
        *("--sitemap", f"{address}/sitemap.xml"),
    )
    assert refused.returncode == 1


def test_pages_of_the_sitemap_may_be_liked(container: StartContainer, serve: Serve) -> None:
    """The reader of sitemaps is a process of its own, and needs what the service does without."""
    answers: Answers = {}
    address = serve(answers).replace("127.0.0.1", "localhost")
    answers["/sitemap.xml"] = urlset(f"{address}/posts/hello/")
    service = container(
        LIKEWISE_ORIGINS=address, LIKEWISE_PAGES=f"sitemap:{address}/sitemap.xml"
    ).start()
    end = time.monotonic() + START_SECONDS
    while "1 new pages" not in service.log:
        assert time.monotonic() < end, service.log
        time.sleep(0.1)
    assert service.like("/posts/hello", voter(1), origin=address).status == 200
    assert service.like("/made-up", voter(1), origin=address).code == "unknown_page"


def test_certificates_are_there(container: StartContainer) -> None:
    code = "import ssl; print(len(ssl.create_default_context().get_ca_certs()))"
    done = container().start().execute("/usr/bin/python3.13", "-c", code)
    assert int(done.stdout) > 100
