"""`LIKEWISE_LOOP`: the service on asyncio's event loop, and on uvloop's."""

from __future__ import annotations

from pathlib import Path

from tests.service import Service, voter


def libraries_of(service: Service) -> str:
    """Return the files that a running service has mapped: its compiled modules are among them."""
    return Path(f"/proc/{service.pid}/maps").read_text(encoding="utf-8")


def test_asyncio_is_the_default(likewise: Service) -> None:
    assert "/uvloop/" not in libraries_of(likewise.start())


def test_uvloop_serves_without_openssl(likewise: Service) -> None:
    likewise.settings = {"LIKEWISE_LOOP": "uvloop"}
    likewise.start()
    assert likewise.like("/hello", voter(1)).status == 200
    assert likewise.count("/hello") == 1
    libraries = libraries_of(likewise)
    assert "/uvloop/" in libraries
    assert not [name for name in ("libssl", "libcrypto", "/_ssl.") if name in libraries]
    assert likewise.stop() == 0
    assert "Traceback" not in likewise.log


def test_uvloop_that_is_missing_is_told_in_one_line(likewise: Service) -> None:
    (likewise.directory / "uvloop.py").write_text("raise ImportError")
    likewise.settings = {"PYTHONPATH": str(likewise.directory)}
    done = likewise.run("serve", "--loop", "uvloop")
    assert done.returncode == 1
    assert done.stderr == (
        "likewise serve: LIKEWISE_LOOP=uvloop: uvloop is not installed. Install it:"
        ' python -m pip install "likewise[fast]"\n'
    )
