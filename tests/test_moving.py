"""Moving to another host, as docs/backups.md says: readers, owner and pages notice nothing."""

from __future__ import annotations

import hashlib
import hmac
import shutil
from pathlib import Path
from typing import Any

from tests.service import Reply, Service, address, voter

PAGE_KEY = "a-page-key-for-tests-0123456789abcdef"
SETTINGS = f"""
LIKEWISE_PAGES = "signed"
LIKEWISE_PAGE_KEY = "{PAGE_KEY}"
LIKEWISE_KINDS = ["like", "🎉"]
"""


class Host(Service):
    """A machine: a folder with `likewise.toml` and what the service makes itself, its key too."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        super().__init__(directory)
        del self.settings["LIKEWISE_ADMIN_KEY"]


def signature(page: str) -> str:
    return hmac.new(PAGE_KEY.encode(), f"default\n{page}".encode(), hashlib.sha256).hexdigest()


def like(host: Host, page: str, reader: int, sig: str | None = None, **fields: Any) -> Reply:
    sig = sig or signature(page)
    return host.like(page, voter(reader), address=address(reader), sig=sig, **fields)


def test_readers_keep_their_likes_and_the_owner_his_key(tmp_path: Path) -> None:
    old, new = Host(tmp_path / "old"), Host(tmp_path / "new")
    (old.directory / "likewise.toml").write_text(SETTINGS, encoding="utf-8")
    with old:
        old.admin_key = (old.directory / "admin-key").read_text().strip()
        for reader in range(10):
            assert like(old, "/a", reader).status == 200
        assert like(old, "/a", 3, kind="🎉").status == 200
        blocked = b'{"page": "/b", "dry_run": false}'
        assert like(old, "/b", 1).status == 200
        assert (
            old.request("POST", "/api/pages/block", blocked, {"X-API-Key": old.admin_key}).status
            == 200
        )

    done = old.run("backup", "moving.db")
    assert done.returncode == 0, done.stderr
    for path in (*map(Path, done.stdout.splitlines()), old.directory / "likewise.toml"):
        shutil.copy(path, new.directory)
    shutil.rmtree(old.directory)
    done = new.run("restore", "moving.db")
    assert done.returncode == 0, done.stderr

    with new:
        new.admin_key = old.admin_key
        assert not (new.directory / "admin-key").exists()
        assert (new.count("/a"), new.count("/a", "🎉")) == (10, 1)
        again = [like(new, "/a", reader).json["count"] for reader in range(10)]
        assert again == [10] * 10
        assert like(new, "/a", 4, on=False).json["count"] == 9
        assert like(new, "/a", 4).json["count"] == 10
        assert like(new, "/a", 99).json["count"] == 11
        assert like(new, "/new", 1).status == 200
        assert like(new, "/made-up", 1, sig="0" * 64).code == "unknown_page"
        assert like(new, "/b", 2).code == "page_blocked"
        assert new.owner("/api/stats").json[0] == {"post_id": "/a", "likes": 11}
        assert new.request("GET", "/api/stats", None, {"X-API-Key": "x" * 43}).status == 401
