"""The bill of materials: which packages the image's files come from, for people and scanners.

Writes SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3/), the packages' licences, and their own
records where scanners look for them. Knows Debian's and Python's package managers.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, NamedTuple

BILL = Path("usr/share/doc/likewise/sbom.spdx.json")
# Made when its package was installed, and so in no package's list of files.
MADE_BY = {Path("/etc/ssl/certs/ca-certificates.crt"): "ca-certificates"}
RECORD = "Metadata-Version: 2.4\nName: likewise\nVersion: {version}\nLicense-Expression: MIT\n"


class Package(NamedTuple):
    """Something with a version of its own, and its address as scanners write it."""

    name: str
    version: str
    purl: str
    licence: str = "NOASSERTION"


def write_bill(
    copied: Iterable[Path], packages: Path, to: Path, installed: Path, seconds: int
) -> None:
    """Write into the image `to` what its files were `copied` from.

    Python packages come from the folder `packages`, and are `installed` in another.
    """
    debian = sorted({_owner(path) for path in copied if not path.is_relative_to(packages)})
    python = sorted(distributions(path=[str(packages)]), key=lambda one: one.name)
    for name in debian:
        _keep_debian_record(name, to)
    for one in python:
        _keep_python_record(one, packages, installed)
    own = _likewise()
    record = installed / f"likewise-{own.version}.dist-info" / "METADATA"
    record.parent.mkdir()
    record.write_text(RECORD.format(version=own.version), encoding="utf-8")
    bill = [own, *map(_python, python), _sqlite(), *map(_debian, debian)]
    (to / BILL).write_text(json.dumps(_spdx(bill, seconds), indent=1) + "\n", encoding="utf-8")


def _owner(path: Path) -> str:
    return MADE_BY.get(path) or _said("dpkg-query", "--search", str(path)).partition(":")[0]


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _debian(name: str) -> Package:
    version, architecture = _said(
        "dpkg-query", "--show", "--showformat=${Version} ${Architecture}", name
    ).split()
    quoted = version.replace(":", "%3A").replace("+", "%2B")
    return Package(name, version, f"pkg:deb/debian/{name}@{quoted}?arch={architecture}")


def _python(one: Distribution) -> Package:
    return Package(one.name, one.version, f"pkg:pypi/{one.name}@{one.version}")


def _sqlite() -> Package:
    """Return the SQLite that apsw has inside: its faults are SQLite's own, and nobody else's."""
    import apsw

    version = apsw.sqlite_lib_version()
    return Package("sqlite", version, f"pkg:generic/sqlite@{version}", "blessing")


def _likewise() -> Package:
    from likewise import __version__ as version

    return Package("likewise", version, f"pkg:pypi/likewise@{version}", "MIT")


def _keep_debian_record(name: str, to: Path) -> None:
    """Keep the copyright, the package's status, and the sums of its files that are here.

    As images without a package manager have them, and scanners know.
    """
    status = to / "var/lib/dpkg/status.d" / name
    status.parent.mkdir(parents=True, exist_ok=True)
    status.write_text(_said("dpkg-query", "--status", name), encoding="utf-8")
    sums = Path(_said("dpkg-query", "--control-path", name, "md5sums").strip())
    lines = sums.read_text(encoding="utf-8").splitlines(keepends=True)
    kept_lines = [line for line in lines if _is_kept(to / line.split(maxsplit=1)[1].strip())]
    status.with_name(f"{name}.md5sums").write_text("".join(kept_lines), encoding="utf-8")
    copyright_file = Path("/usr/share/doc") / name / "copyright"
    kept = to / copyright_file.relative_to("/")
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(copyright_file, kept)


def _is_kept(path: Path) -> bool:
    return path.exists() or path.with_suffix(".pyc").exists()


def _keep_python_record(one: Distribution, packages: Path, installed: Path) -> None:
    (record,) = packages.glob(f"{one.name}-*.dist-info")
    shutil.copytree(
        record,
        installed / record.name,
        ignore=lambda _folder, names: [
            name for name in names if name in {"INSTALLER", "RECORD", "REQUESTED", "WHEEL"}
        ],
    )


def _spdx(bill: list[Package], seconds: int) -> dict[str, Any]:
    names = [f"SPDXRef-{number}" for number in range(len(bill))]
    content = "\n".join(package.purl for package in bill).encode()
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"likewise-{bill[0].version}",
        # No such page: a name that no other document has, the same for the same packages.
        "documentNamespace": f"https://likewise.invalid/{hashlib.sha256(content).hexdigest()}",
        "creationInfo": {
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)),
            "creators": ["Tool: likewise-image"],
        },
        "documentDescribes": names[:1],
        "packages": [_entry(name, package) for name, package in zip(names, bill, strict=True)],
        "relationships": [
            {
                "spdxElementId": names[0],
                "relationshipType": "DEPENDS_ON",
                "relatedSpdxElement": name,
            }
            for name in names[1:]
        ],
    }


def _entry(name: str, package: Package) -> dict[str, Any]:
    return {
        "SPDXID": name,
        "name": package.name,
        "versionInfo": package.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": package.licence,
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": package.purl,
            }
        ],
    }
