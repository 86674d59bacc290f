"""The compose files: checked by Compose's own schema, and Likewise run from one of them."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from likewise.settings import SETTINGS
from tests.deploy.engine import ROOT, Engine

DEPLOY = ROOT / "deploy"
FILES = ("compose.yaml", "compose.caddy.yaml", "compose.nginx.yaml")
ADDRESSES = {"LIKEWISE_ORIGINS": "https://example.com", "LIKEWISE_URL": "https://likes.example.com"}


def content(name: str) -> dict[str, Any]:
    loaded = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the files, set up as their first lines say."""
    copy = tmp_path / "deploy"
    shutil.copytree(DEPLOY, copy)
    secrets = copy / "secrets"
    secrets.mkdir(mode=0o700)
    for name in ("admin_key", "tunnel_token"):
        (secrets / name).write_text("a-key-for-tests-0123456789abcdef\n")
    lines = (f"{name}={value}\n" for name, value in ADDRESSES.items())
    (copy / ".env").write_text("".join(lines))
    return copy


@pytest.mark.parametrize("name", FILES)
def test_file_is_what_compose_takes(folder: Path, name: str) -> None:
    if shutil.which("docker-compose") is None:
        pytest.skip("Compose is missing: apt-get install docker-compose")
    for path in folder.glob("compose*.yaml"):
        # Debian's Compose does not know the project's name yet, which has been added since.
        path.write_text(re.sub(r"^name: .*\n", "", path.read_text(), flags=re.MULTILINE))
    done = subprocess.run(
        ["docker-compose", "--file", name, "config", "--quiet"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", FILES)
def test_every_service_is_held_and_every_image_has_a_version(name: str) -> None:
    for service, given in content(name)["services"].items():
        held = content("service.yaml")["services"][service] if "extends" in given else given
        assert held["read_only"] is True, service
        assert held["cap_drop"] == ["ALL"]
        assert held["security_opt"] == ["no-new-privileges:true"]
        assert held["mem_limit"]
        assert held["pids_limit"]
        assert held["logging"]["options"]["max-size"]
        assert service == "likewise" or re.search(r":\d+\.\d+\.\d+(-\w+)?$", held["image"])
        if service != "likewise":
            assert held["depends_on"] == {"likewise": {"condition": "service_healthy"}}


def test_likewise_has_no_port_and_the_tunnel_opens_none() -> None:
    for name in FILES:
        assert "ports" not in content(name)["services"]["likewise"]
        assert content(name)["networks"]["proxy"] == {"internal": True}
    assert "ports" not in content("service.yaml")["services"]["likewise"]
    assert "ports" not in content("compose.yaml")["services"]["cloudflared"]


def test_no_secret_is_in_an_environment_or_argument() -> None:
    for name in (*FILES, "service.yaml"):
        text = (DEPLOY / name).read_text(encoding="utf-8")
        assert not re.search(r"(KEY|TOKEN|SECRET)\s*[:=]", text), name


def test_settings_are_those_that_there_are() -> None:
    known = {setting.name for setting in SETTINGS}
    known |= {f"{setting.name}_FILE" for setting in SETTINGS if setting.is_secret}
    for name in ("service.yaml", "compose.yaml"):
        given = set(content(name)["services"]["likewise"]["environment"])
        assert given
        assert given <= known


@pytest.fixture
def compose(engine: Engine, image: str, folder: Path) -> Iterator[tuple[str, ...]]:
    """Return podman-compose's arguments, in a folder whose images are here."""
    if shutil.which("podman-compose") is None:
        pytest.skip("podman-compose is missing: apt-get install podman-compose")
    engine.podman("tag", image, "localhost/likewise")
    file = str(folder / "compose.yaml")
    arguments = ("podman-compose", "--file", file, "--project-name", "likewise-test")
    yield arguments
    engine.run(*arguments, "down", "--volumes", check=False)


def test_likewise_starts_from_the_file_on_a_network_of_its_own(
    engine: Engine, compose: tuple[str, ...]
) -> None:
    name = "likewise-test_likewise_1"
    engine.run(*compose, "up", "--detach", "--no-build", "likewise")
    for _ in range(100):
        if engine.run("podman", "exec", name, "likewise-ready", check=False).returncode == 0:
            break
        time.sleep(0.1)
    told = engine.inspect_container(name)
    assert engine.run("podman", "exec", name, "likewise", "health").returncode == 0
    tunnel = {"LIKEWISE_TRUSTED_PROXIES=private", "LIKEWISE_CLIENT_HEADER=CF-Connecting-IP"}
    assert tunnel <= set(told["Config"]["Env"])
    assert told["HostConfig"]["Memory"] == 64 << 20
    assert told["HostConfig"]["ReadonlyRootfs"] is True
    assert told["EffectiveCaps"] in (None, [])
    assert "no-new-privileges" in str(told["HostConfig"]["SecurityOpt"])
    assert list(told["NetworkSettings"]["Networks"]) == ["likewise-test_proxy"]
    assert not any(told["HostConfig"]["PortBindings"].values())
    # Written by the service's own user, into a volume that the engine has made.
    assert engine.run("podman", "exec", name, "likewise", "backup").returncode == 0
