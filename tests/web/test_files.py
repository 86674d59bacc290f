"""The widget, the pages, and what they load."""

from __future__ import annotations

import gzip
import re
import shutil
from base64 import b64encode
from hashlib import sha256, sha384
from pathlib import Path
from urllib.parse import urljoin

import pytest

from likewise import __version__
from likewise.errors import Problem
from likewise.web import assets
from likewise.web.assets import load_assets
from tests.conftest import StartService
from tests.service import Service

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'none'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
ASSETS = sorted(name for name in load_assets() if not name.endswith(".html"))


def hashed_widget(door: Service) -> str:
    src = door.get("/v1/widget").json["src"]
    assert isinstance(src, str)
    return urljoin("/v1/widget", src)


def test_the_widget_is_named_with_a_hash_that_a_page_can_pin(door: Service) -> None:
    facts = door.get("/v1/widget")
    assert facts.headers["cache-control"] == "public, max-age=3600"
    assert list(facts.json) == ["src", "integrity", "reactions", "version"]
    assert facts.json["version"] == __version__
    for path in (hashed_widget(door), "/likes.js"):
        script = door.get(path)
        assert script.status == 200
        digest = b64encode(sha384(script.body).digest()).decode()
        assert facts.json["integrity"] == f"sha384-{digest}"


def test_the_widgets_address_is_that_of_likewise_url(start_service: StartService) -> None:
    service = start_service(LIKEWISE_URL="https://example.com/likes/")
    src = service.get("/v1/widget").json["src"]
    assert re.fullmatch(r"https://example\.com/likes/likes-[0-9a-f]{16}\.js", src)


def test_the_pinned_widget_may_be_kept_for_ever_and_the_newest_for_an_hour(door: Service) -> None:
    pinned, newest = door.get(hashed_widget(door)), door.get("/likes.js")
    assert pinned.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert newest.headers["cache-control"] == "public, max-age=3600"
    for reply in (pinned, newest):
        assert reply.headers["content-type"] == "text/javascript; charset=utf-8"
        assert reply.headers["access-control-allow-origin"] == "*"
        assert reply.headers["cross-origin-resource-policy"] == "cross-origin"
        assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["0123456789abcdef", "x", "", "%2e", "../likes"])
def test_another_version_of_the_widget_is_not_found(door: Service, name: str) -> None:
    assert door.get(f"/likes-{name}.js").code == "not_found"


OLDER = b"customElements.get('like-wise') || console.log('the widget of long ago');" * 40
OLDER_HASH = sha256(OLDER).hexdigest()[:16]


@pytest.fixture
def later_release(start_service: StartService, tmp_path: Path) -> Service:
    """The service of a release that keeps the widget of one before it."""
    package = tmp_path / "package" / "likewise"
    shutil.copytree(Path(assets.__file__).parents[1], package)
    (package / "web" / "widgets" / f"likes-{OLDER_HASH}.js").write_bytes(OLDER)
    return start_service(PYTHONPATH=str(package.parent))


def test_the_widget_of_an_older_release_is_served_for_ever(later_release: Service) -> None:
    path = f"/likes-{OLDER_HASH}.js"
    present = hashed_widget(later_release)
    assert present != path
    old, new = later_release.get(path), later_release.get(present)
    assert (old.status, old.body) == (200, OLDER)
    # All but what tells of the content itself.
    own = ("etag", "content-length", "date")
    assert {name: old.headers[name] for name in old.headers if name not in own} == {
        name: new.headers[name] for name in new.headers if name not in own
    }
    assert old.headers["cache-control"] == "public, max-age=31536000, immutable"
    squeezed = later_release.get(path, accept_encoding="gzip")
    assert gzip.decompress(squeezed.body) == OLDER
    for held in (old, squeezed):
        again = later_release.get(
            path,
            accept_encoding=held.headers.get("content-encoding", "identity"),
            if_none_match=held.headers["etag"],
        )
        assert (again.status, again.body) == (304, b"")
    head = later_release.request("HEAD", path)
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", old.headers["etag"])


def test_the_widget_of_an_older_release_has_no_other_address(later_release: Service) -> None:
    for name in (f"widgets/likes-{OLDER_HASH}.js", f"likes-{OLDER_HASH}.js"):
        assert later_release.get(f"/static/{name}").code == "not_found"
    assert later_release.get("/likes.js").body == load_assets()["likes.js"].content
    for name in (OLDER_HASH.upper(), OLDER_HASH[:15], OLDER_HASH + "0", f"%2e/likes-{OLDER_HASH}"):
        refused = later_release.get(f"/likes-{name}.js")
        assert (refused.status, refused.code) == (404, "not_found")
        assert refused.headers["cache-control"] == "no-store"
        assert refused.headers["access-control-allow-origin"] == "*"


def test_widgets_of_older_releases_take_memory_only_when_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert not [name for name in load_assets() if "widgets" in name]
    (tmp_path / "widgets").mkdir()
    monkeypatch.setattr(assets, "_FOLDER", str(tmp_path))
    assets.released_script.cache_clear()
    for number in range(20):
        name = f"{number:016x}"
        (tmp_path / "widgets" / f"likes-{name}.js").write_bytes(name.encode())
        assert assets.released_script("likes", name.encode()).content == name.encode()
        with pytest.raises(Problem):
            assets.released_script("likes", b"f" * 16)
    assert assets.released_script.cache_info().currsize == 4
    assets.released_script.cache_clear()


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.8", "GZIP", "deflate, gzip"])
def test_files_are_sent_compressed_to_those_who_take_it(door: Service, accepted: str) -> None:
    plain = door.get("/likes.js")
    squeezed = door.get("/likes.js", accept_encoding=accepted)
    assert squeezed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(squeezed.body) == plain.body
    assert squeezed.headers["etag"] != plain.headers["etag"]
    assert plain.headers["vary"] == squeezed.headers["vary"] == "accept-encoding"


@pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0", "gzip; q=0.0, br", ""])
def test_files_are_sent_as_they_are_to_those_who_do_not(door: Service, accepted: str) -> None:
    reply = door.get("/likes.js", accept_encoding=accepted)
    assert "content-encoding" not in reply.headers
    assert reply.body == load_assets()["likes.js"].content


@pytest.mark.parametrize("path", ["/likes.js", "/demo", "/dashboard", "/static/icon.svg"])
def test_a_file_that_the_browser_has_is_not_sent_again(door: Service, path: str) -> None:
    for encoding in ("identity", "gzip"):
        first = door.get(path, accept_encoding=encoding)
        tag = first.headers["etag"]
        for held in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = door.get(path, accept_encoding=encoding, if_none_match=held)
            assert (again.status, again.body) == (304, b"")
            assert again.headers["etag"] == tag
            assert again.headers["cache-control"] == first.headers["cache-control"]
        assert door.get(path, accept_encoding=encoding, if_none_match='"x"').status == 200


def test_tags_outlive_a_restart(service: Service) -> None:
    before = service.get("/likes.js").headers["etag"]
    assert service.restart().get("/likes.js").headers["etag"] == before


@pytest.mark.parametrize("path", ["/demo", "/dashboard"])
def test_pages_bear_a_strict_policy(door: Service, path: str) -> None:
    reply = door.get(path)
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["content-security-policy"] == POLICY
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert reply.headers["cross-origin-opener-policy"] == "same-origin"
    assert "access-control-allow-origin" not in reply.headers
    assert "strict-transport-security" not in reply.headers


def test_at_an_https_address_pages_ask_for_https_ever_after(start_service: StartService) -> None:
    service = start_service(LIKEWISE_URL="https://likes.example.com")
    assert service.get("/dashboard").headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize("path", ["/demo", "/dashboard"])
def test_a_page_has_no_script_or_style_of_its_own_and_loads_only_what_is_there(
    door: Service, path: str
) -> None:
    page = door.get(path).body.decode()
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\son\w+\s*=|\sstyle\s*=", page)
    loaded = re.findall(r'(?:src|href)="([^"#]+)"', page)
    assert loaded
    for reference in loaded:
        assert not reference.startswith(("/", "http", "//")), reference
        assert door.get("/" + reference).status == 200, reference


@pytest.mark.parametrize("name", ASSETS)
def test_every_asset_is_served_under_its_type(door: Service, name: str) -> None:
    reply = door.get(f"/static/{name}")
    assert reply.status == 200
    assert reply.body == load_assets()[name].content
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.headers["x-content-type-options"] == "nosniff"
    kind = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    assert reply.headers["content-type"].startswith(kind[name.rpartition(".")[2]])


@pytest.mark.parametrize(
    "name",
    "dashboard.html demo.html nothing.js ../app.py ..%2fapp.py %2e%2e/app.py"
    " dashboard dashboard/ /icon.svg icon.svg/ ICON.SVG icon.svg%00 %C3%A9".split(),
)
def test_nothing_but_assets_is_served_and_no_page_without_its_policy(
    door: Service, name: str
) -> None:
    assert door.get(f"/static/{name}").code == "not_found"


def test_the_front_leads_to_what_there_is_to_see(
    door: Service, start_service: StartService
) -> None:
    reply = door.get("/")
    assert (reply.status, reply.headers["location"]) == (303, "demo")
    assert reply.headers["cache-control"] == "no-store"
    configured = start_service(LIKEWISE_ORIGINS="https://example.com")
    assert configured.get("/").headers["location"] == "dashboard"
