"""From an empty folder to a liked page, through the container and Caddy with TLS."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.deploy.engine import ROOT, Engine
from tests.service import free_port


def test_an_empty_folder_becomes_a_liked_page(engine: Engine, image: str, tmp_path: Path) -> None:
    if shutil.which("caddy") is None:
        pytest.skip("Caddy is missing: apt-get install caddy")
    port = str(free_port())
    engine.environment |= {"IMAGE": image, "PORT": str(free_port())}
    engine.environment |= {"UPSTREAM_PORT": port, "CONTAINER_PORT": port}
    done = engine.run(ROOT / "scripts" / "first-like", tmp_path / "new")
    print(done.stdout)
    steps = [line.partition(" s  ")[2] for line in done.stdout.splitlines()]
    assert steps == [
        "the container is ready",
        "Caddy answers with TLS",
        'a page is liked: {"counts":{"/first":{"like":1}}}',
        "in all",
    ]
    assert f"likewise-first-like-{engine.environment['PORT']}" not in engine.podman("ps", "--all")


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    done = Engine(tmp_path).run(ROOT / "scripts" / "first-like", tmp_path, check=False)
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path} is not empty.\n"
    assert (tmp_path / "precious").exists()
