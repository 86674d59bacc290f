"""What is in the image: the bill says it, the records agree, and nothing else is there."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import likewise
from tests.deploy.conftest import StartContainer
from tests.deploy.engine import ROOT, Engine

PYTHON = "usr/lib/python3.13/"
PACKAGES = "usr/local/lib/python3.13/dist-packages/"
STATUS = "var/lib/dpkg/status.d/"
BILL = "usr/share/doc/likewise/sbom.spdx.json"
# Ours, the records of packages, and the one file that its package makes when it is installed.
NOT_DEBIANS = re.compile(
    rf"data/|usr/bin/likewise|usr/share/doc/|{STATUS}|{PACKAGES}"
    r"|etc/(passwd|group|nsswitch\.conf|os-release|ssl/certs/ca-certificates\.crt)$"
)
MAX_MIB = 30
# Programs that must not be there, by what their names begin with.
FOREIGN = re.compile(r"bin/(bash|sh|dash|busybox|apt|dpkg|pip\d?|curl|wget|perl|gcc|cc)$")
SECRET = re.compile(rb"BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}")
# What the libraries themselves say, in the running interpreter.
SAID_BY_THEMSELVES = """
import json, os, sys, pyexpat, ssl, zlib, apsw, likewise, httptools
print(json.dumps({
    "python3.13-minimal": "{}.{}.{}".format(*sys.version_info),
    "libssl3t64": ssl.OPENSSL_VERSION.split()[1],
    "libexpat1": pyexpat.EXPAT_VERSION.removeprefix("expat_"),
    "zlib1g": zlib.ZLIB_RUNTIME_VERSION,
    "libc6": os.confstr("CS_GNU_LIBC_VERSION").split()[1],
    "sqlite": apsw.sqlite_lib_version(),
    "apsw": apsw.apsw_version(),
    "httptools": httptools.__version__,
    "likewise": likewise.__version__,
}))
"""


class Contents(NamedTuple):
    """The image's files by name, and their bytes."""

    members: dict[str, tarfile.TarInfo]
    bytes_of: dict[str, bytes]

    @property
    def bill(self) -> list[dict[str, Any]]:
        """The packages that the bill of materials lists."""
        packages = json.loads(self.bytes_of[BILL])["packages"]
        assert isinstance(packages, list)
        return packages

    def of_debian(self) -> dict[str, str]:
        """Return Debian's packages and versions, as the bill has them."""
        return {
            one["name"]: one["versionInfo"]
            for one in self.bill
            if one["externalRefs"][0]["referenceLocator"].startswith("pkg:deb/")
        }


@pytest.fixture(scope="module")
def contents(
    engine: Engine, image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Contents]:
    path = tmp_path_factory.mktemp("contents") / "image.tar"
    name = engine.podman("create", image)
    engine.podman("export", "--output", str(path), name)
    engine.podman("rm", name)
    with tarfile.open(path) as archive:
        members = {member.name: member for member in archive}
        found = {n: archive.extractfile(m) for n, m in members.items() if m.isfile()}
        yield Contents(members, {name: file.read() for name, file in found.items() if file})


@pytest.fixture(scope="module")
def configuration(engine: Engine, image: str) -> dict[str, Any]:
    return engine.inspect(image)


def test_image_is_small(contents: Contents) -> None:
    mib = sum(len(content) for content in contents.bytes_of.values()) / (1 << 20)
    print(f"{mib:.1f} MiB")
    assert mib < MAX_MIB


def test_labels_say_what_it_is(configuration: dict[str, Any]) -> None:
    labels = configuration["Labels"]
    name = "org.opencontainers.image."
    assert labels[f"{name}title"] == "Likewise"
    assert labels[f"{name}version"] == likewise.__version__
    assert labels[f"{name}licenses"] == "MIT"
    told = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert labels[f"{name}revision"] == told.stdout.strip()
    base = re.search(r"^ARG DEBIAN=(.*)$", dockerfile(), re.MULTILINE)
    assert base
    assert labels[f"{name}base.name"] == base[1]


def dockerfile() -> str:
    return (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


def test_it_runs_as_nobody_known_with_data_alone(configuration: dict[str, Any]) -> None:
    config = configuration["Config"]
    assert config["User"] == "65532:65532"
    assert list(config["Volumes"]) == ["/data"]
    assert config["StopSignal"] == "SIGTERM"
    assert config["Entrypoint"] == ["/usr/bin/likewise"]
    assert {"LIKEWISE_HOST=0.0.0.0", "LIKEWISE_DATABASE=/data/likewise.db"} <= set(config["Env"])
    assert configuration["Healthcheck"]["Test"] == ["CMD", "/usr/bin/likewise-ready"]


def test_nothing_is_privileged_or_writable_but_data(contents: Contents) -> None:
    for name, member in contents.members.items():
        if member.issym() or name in {"dev", "proc", "sys"} or name.startswith(("dev/", "run")):
            continue  # places that the engine makes
        assert member.mode & 0o6000 == 0, name
        if name.rstrip("/") != "data":
            assert (member.uid, member.gid, member.mode & 0o022) == (0, 0, 0), name
    assert contents.members["data"].uid == 65532


def test_there_is_no_shell_package_manager_or_compiler(contents: Contents) -> None:
    assert not [name for name in contents.members if FOREIGN.search(f"/{name}")]
    assert sorted(name for name in contents.members if name.startswith("usr/bin/")) == [
        "usr/bin/likewise",
        "usr/bin/likewise-ready",
        "usr/bin/python3.13",
    ]
    assert not [name for name in contents.members if "/pip/" in name or "ensurepip" in name]


def test_there_is_no_secret_and_no_source_but_the_package(contents: Contents) -> None:
    assert not [name for name, content in contents.bytes_of.items() if SECRET.search(content)]
    assert not [name for name in contents.members if name.startswith("build") or ".git" in name]
    assert not [name for name in contents.bytes_of if name.endswith((".db", ".key", ".py", ".pem"))]


def test_every_file_is_in_a_package_of_the_bill(contents: Contents) -> None:
    """By the sums that Debian gave its files, so that an altered or foreign one is found."""
    sums: dict[str, str] = {}
    for name in contents.of_debian():
        text = contents.bytes_of[f"{STATUS}{name}.md5sums"].decode()
        lines = (line.split(maxsplit=1) for line in text.splitlines())
        sums |= {path: digest for digest, path in lines}
    for name, content in contents.bytes_of.items():
        if name.startswith(PYTHON) and name.endswith(".pyc"):
            assert name.removesuffix("c") in sums, name  # as source
        elif not NOT_DEBIANS.match(name):
            assert sums[name] == hashlib.md5(content, usedforsecurity=False).hexdigest(), name


def test_every_package_of_the_bill_has_a_file(contents: Contents) -> None:
    for name, version in contents.of_debian().items():
        status = contents.bytes_of[f"{STATUS}{name}"].decode()
        assert f"\nVersion: {version}\n" in status
        assert f"usr/share/doc/{name}/copyright" in contents.bytes_of
        assert contents.bytes_of[f"{STATUS}{name}.md5sums"] or name == "ca-certificates"
    assert "etc/ssl/certs/ca-certificates.crt" in contents.bytes_of


def test_python_packages_of_the_bill_are_those_that_are_there(contents: Contents) -> None:
    listed = {
        (one["name"], one["versionInfo"])
        for one in contents.bill
        if one["externalRefs"][0]["referenceLocator"].startswith("pkg:pypi/")
    }
    found = {
        tuple(name.removeprefix(PACKAGES).split(".dist-info")[0].rsplit("-", 1))
        for name in contents.bytes_of
        if name.endswith(".dist-info/METADATA")
    }
    inside = (name for name in contents.bytes_of if name.startswith(PACKAGES))
    folders = {name.removeprefix(PACKAGES).split("/")[0] for name in inside}
    assert listed == found
    assert {name for name, _ in listed} == {one for one in folders if "dist-info" not in one}


def test_versions_of_the_bill_are_what_the_libraries_say(
    contents: Contents, container: StartContainer
) -> None:
    done = container().start().execute("/usr/bin/python3.13", "-c", SAID_BY_THEMSELVES)
    versions = {one["name"]: one["versionInfo"] for one in contents.bill}
    said = json.loads(done.stdout)
    assert len(said) == 9
    for name, version in said.items():
        # Debian: [epoch:]upstream[+repack][-revision]
        assert re.match(rf"(\d+:)?(.*really)?{re.escape(version)}(\D|$)", versions[name]), name


def test_bill_is_spdx(contents: Contents) -> None:
    bill = json.loads(contents.bytes_of[BILL])
    assert bill["spdxVersion"] == "SPDX-2.3"
    names = [one["SPDXID"] for one in bill["packages"]]
    assert len(names) == len(set(names)) == 1 + len(bill["relationships"])
    assert bill["documentDescribes"] == [bill["packages"][0]["SPDXID"]]
    assert bill["packages"][0]["name"] == "likewise"
    for one in bill["packages"]:
        assert {"name", "versionInfo", "downloadLocation", "licenseDeclared"} <= set(one)


@pytest.mark.soak  # `make release` compares two images as well
@pytest.mark.timeout(600)
def test_the_same_tree_makes_the_same_image(engine: Engine, configuration: dict[str, Any]) -> None:
    """Layers are named by their digests. buildah itself puts a random host name beside them."""
    again = "localhost/likewise:again"
    engine.build(again)
    differs = {"Id", "Digest", "RepoTags", "RepoDigests", "NamesHistory"}
    one, other = (
        {name: value for name, value in told.items() if name not in differs}
        for told in (configuration, engine.inspect(again))
    )
    assert one["RootFS"]["Layers"]
    assert one == other


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_pinned_wheels_are_there_for(machine: str, tmp_path: Path) -> None:
    where = ["--platform", f"manylinux_2_28_{machine}", "--python-version", "313"]
    what = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", "requirements.txt"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "-d", tmp_path, *where, *what],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    wheels = list(tmp_path.glob("*.whl"))
    assert wheels
    assert all(wheel.stem.endswith(machine) for wheel in wheels)
