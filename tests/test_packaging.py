"""The wheel: it has everything that the service needs, and needs nothing else."""

from __future__ import annotations

import email
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import likewise
from tests.service import Service, voter

ROOT = Path(__file__).parent.parent
DEPENDENCIES = ("apsw", "httptools")


def built(kind: str, source: Path, folder: Path) -> Path:
    """Build what is uploaded, as `make build` does, without a network."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed wheel and the packages that it names, and no other."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", "--target", folder, wheel], check=True)
    for name in DEPENDENCIES:
        spec = find_spec(name)
        assert spec is not None
        assert spec.submodule_search_locations
        (folder / name).symlink_to(spec.submodule_search_locations[0])
    return folder


def run(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python without this environment's packages."""
    return subprocess.run(
        [sys.executable, "-S", "-s", *arguments],
        cwd=installed.parent,
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_wheel_has_every_file_of_the_package(wheel: Path) -> None:
    source = ROOT / "src"
    package = {
        str(path.relative_to(source))
        for path in (source / "likewise").rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    assert {"likewise/web/openapi.json", "likewise/py.typed"} <= package
    assert {"likewise/web/static/likes.js", "likewise/web/static/dashboard.html"} <= package
    assert any(name.startswith("likewise/store/migrations/0001-") for name in package)
    assert {name for name in names_in(wheel) if name.startswith("likewise/")} == package


def test_wheel_has_nothing_beside_the_package_but_its_licence_and_metadata(wheel: Path) -> None:
    information = f"likewise-{likewise.__version__}.dist-info"
    beside = {name for name in names_in(wheel) if not name.startswith("likewise/")}
    assert beside == {
        f"{information}/{name}"
        for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    }


def test_wheel_wants_two_packages_and_no_compiler(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    wanted = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert [line.partition(">=")[0] for line in wanted] == list(DEPENDENCIES)
    assert metadata["Version"] == likewise.__version__


def test_wheel_is_the_same_from_the_source_archive(wheel: Path, tmp_path: Path) -> None:
    archive = built("sdist", ROOT, tmp_path / "sdist")
    subprocess.run(["tar", "-xf", archive, "-C", tmp_path], check=True)
    source = tmp_path / archive.name.removesuffix(".tar.gz")
    assert names_in(built("wheel", source, tmp_path / "wheel")) == names_in(wheel)


def test_installed_program_needs_no_other_package(installed: Path) -> None:
    assert run(installed, "-c", "import pytest").returncode == 1
    done = run(installed, "-m", "likewise", "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"likewise {likewise.__version__}\n"
    script = run(installed, str(installed / "bin" / "likewise"), "openapi")
    assert (script.returncode, script.stderr) == (0, "")
    assert script.stdout.startswith("{")


@pytest.fixture
def service(installed: Path, tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path, PYTHONPATH=str(installed))
    service.command = ("-S", "-s", "-m", "likewise", "serve")
    with service as running:
        yield running


def test_installed_service_serves(service: Service) -> None:
    assert service.like("/hello", voter(1)).status == 200
    assert service.count("/hello") == 1
    assert service.owner("/api/stats").json == [{"post_id": "/hello", "likes": 1}]
    for path in ("/likes.js", "/v1/widget", "/demo", "/dashboard", "/static/dashboard.css"):
        assert service.get(path).status == 200, path
    assert service.restart().count("/hello") == 1
    assert service.stop() == 0
