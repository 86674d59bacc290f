"""buildah and podman, with a storage of their own and a Debian made here: no registry is asked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BASE = "docker.io/library/debian:13.8-slim"
SUITE = "trixie"
PROGRAMS = ("buildah", "podman", "runc", "debootstrap")
PATH = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
MAX_BASE_AGE_SECONDS = 7 * 86_400
TIMEOUT_SECONDS = 300

STORAGE = """
[storage]
driver = "vfs"
graphroot = "{folder}/storage"
runroot = "{folder}/run"
"""
# Also inside another container, where there is neither systemd nor a network to give away.
ENGINE = """
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
netns = "host"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"""


class Engine:
    """Runs buildah, podman and our scripts, all on one storage below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "storage.conf").write_text(STORAGE.format(folder=folder), encoding="utf-8")
        (folder / "containers.conf").write_text(ENGINE, encoding="utf-8")
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("LIKEWISE_")},
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "BUILDAH_ISOLATION": "chroot",
        }

    def run(
        self, *command: str | Path, check: bool = True, seconds: float = TIMEOUT_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """Run a program; fail with what it said, if it is to be checked."""
        done = subprocess.run(
            command,
            cwd=self.folder,  # podman's monitor leaves a file where it is when memory runs out
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert not check or done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
        return done

    def podman(self, *arguments: str, check: bool = True) -> str:
        """Run podman; return what it printed."""
        return self.run("podman", *arguments, check=check).stdout.strip()

    def load_base(self) -> None:
        """Give the base the name that the Dockerfile asks for."""
        self.run("podman", "import", "--quiet", base(), BASE)

    def build(self, tag: str) -> None:
        """Build the image as everybody does."""
        self.run(ROOT / "scripts" / "image", tag)

    def inspect(self, tag: str) -> dict[str, Any]:
        """Return what is known of an image."""
        return self._told("image", "inspect", tag)

    def inspect_container(self, name: str) -> dict[str, Any]:
        """Return what is known of a container."""
        return self._told("container", "inspect", name)

    def _told(self, *command: str) -> dict[str, Any]:
        (told,) = json.loads(self.podman(*command))
        assert isinstance(told, dict)
        return told


def missing_programs() -> list[str]:
    """Return what must be installed first."""
    return [name for name in PROGRAMS if shutil.which(name, path=PATH["PATH"]) is None]


def base() -> Path:
    """Return a small Debian in an archive, made anew once a week."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "likewise"
    archive = cache / f"debian-{SUITE}.tar"
    if archive.exists() and time.time() - archive.stat().st_mtime < MAX_BASE_AGE_SECONDS:
        return archive
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        tree, made = Path(folder) / "tree", Path(folder) / "archive"
        subprocess.run(["debootstrap", "--variant=minbase", SUITE, tree], check=True, env=PATH)
        for package in (tree / "var/cache/apt/archives").glob("*.deb"):
            package.unlink()
        subprocess.run(["tar", "-C", tree, "-cf", made, "."], check=True)
        made.replace(archive)
    return archive
