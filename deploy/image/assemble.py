"""Lays out the image's file system: an interpreter, what Likewise imports, and what that needs.

Run by the Dockerfile in its build stage, as `assemble.py PACKAGES TO TIME`. Knows Debian and
files; what Likewise imports it reads from the code itself.
"""

from __future__ import annotations

import os
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from modulefinder import ModuleFinder
from pathlib import Path

from bill import write_bill

USER = 65532
STANDARD = Path(sysconfig.get_path("stdlib"))
# `site` finds packages that are no Debian packages here.
PACKAGES = Path("/usr/local/lib") / STANDARD.name / "dist-packages"
INTERPRETER = Path("/usr/bin") / STANDARD.name

# Imported by name at run time, where no statement tells.
BY_NAME = [
    *("encodings.ascii", "encodings.idna", "encodings.latin_1", "encodings.punycode"),
    *("encodings.utf_8", "encodings.utf_8_sig", "runpy", "site", "_sitebuiltins"),
    *("httptools.parser.parser", "httptools.parser.url_parser"),
]
# Built as a package in one file, which the finder of modules takes for an endless one.
BUILT_PACKAGE = "apsw"
# Imported by statements of the standard library that Likewise never comes to.
NEVER_REACHED = [
    *("_pydatetime", "_pydecimal", "_pyrepl", "bz2", "ctypes", "decimal", "doctest", "fractions"),
    *("ftplib", "lzma", "multiprocessing", "pydoc", "readline", "sitecustomize", "statistics"),
    *("tarfile", "test", "unittest", "usercustomize", "xmlrpc"),
]
# Not of Likewise in a container: the doors of other servers.
NOT_SERVED = ["likewise.asgi", "likewise.fastapi", "likewise.http.asgi"]
# What programs open by name: certificates for sitemaps, and how names are looked up.
# A thread that ends has the C library load libgcc_s.
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
DATA = [CERTIFICATES, "/usr/lib/os-release"]
LOADED_BY_NAME = ["libgcc_s.so.1"]
TEXTS = {
    "etc/passwd": f"likewise:x:{USER}:{USER}:Likewise:/data:/nonexistent\n",
    "etc/group": f"likewise:x:{USER}:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}
COMMAND = f"#!{INTERPRETER}\nfrom likewise.cli import main\n\nraise SystemExit(main())\n"


def main(packages: Path, to: Path, seconds: int) -> None:
    """Assemble the file system under `to`, every file dated `seconds`."""
    copied = [
        *_modules(packages, to),
        *_with_libraries(to, INTERPRETER),
        *(_copy(Path(name), to, Path(name)) for name in DATA),
    ]
    # Debian strips its own; wheels come with symbols, two thirds of their size.
    subprocess.run(["strip", "--strip-unneeded", *_inside(to, PACKAGES).rglob("*.so")], check=True)
    extensions = list(to.rglob("*.so"))
    copied += _with_libraries(to, *extensions, *LOADED_BY_NAME)
    _copy_data_of(packages / "likewise", to)
    _own_files(to)
    sys.path.insert(0, str(packages))
    write_bill(copied, packages, to, _inside(to, PACKAGES), seconds)
    _date(to, seconds)


def _modules(packages: Path, to: Path) -> Iterator[Path]:
    """Put all modules in place, compiled; yield the files that they come from."""
    finder = ModuleFinder([str(packages), *sys.path[1:]], excludes=[*NEVER_REACHED, BUILT_PACKAGE])
    own = (_name(path, packages) for path in sorted((packages / "likewise").rglob("*.py")))
    for name in [*BY_NAME, *own]:
        if not name.startswith(tuple(NOT_SERVED)):
            finder.import_hook(name)
    files = (vars(module)["__file__"] for module in finder.modules.values())
    found = [Path(file) for file in files if file is not None]
    for path in [*found, *(packages / BUILT_PACKAGE).glob("__init__.*.so")]:
        _place(path, to, packages)
        yield path


def _name(path: Path, packages: Path) -> str:
    parts = path.relative_to(packages).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _place(path: Path, to: Path, packages: Path) -> None:
    """Put a module where Python looks for it: built ones as they are, others as bytecode alone."""
    is_standard = path.is_relative_to(STANDARD)
    target = path if is_standard else PACKAGES / path.relative_to(packages)
    if path.suffix == ".so":
        _copy(path, to, target)
        return
    compiled = _inside(to, target.with_suffix(".pyc"))
    compiled.parent.mkdir(parents=True, exist_ok=True)
    # Without docstrings, which take memory; and the same bytes whenever it is compiled.
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(
        str(path), str(compiled), str(target), doraise=True, optimize=2, invalidation_mode=mode
    )


def _with_libraries(to: Path, *programs: Path | str) -> Iterator[Path]:
    """Copy programs that are not there yet, and all shared libraries; yield the sources."""
    for program in programs:
        path = _library(program) if isinstance(program, str) else program
        if not path.is_relative_to(to):
            yield _copy_linked(path, to)
        for library in re.findall(r"(/\S+) \(0x", _said("ldd", str(path))):
            yield _copy_linked(Path(library), to)


def _library(name: str) -> Path:
    (found,) = re.findall(rf"{re.escape(name)} .*=> (/\S+)", _said("ldconfig", "-p"))
    return Path(found)


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _copy(path: Path, to: Path, target: Path) -> Path:
    copy = _inside(to, target)
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, copy)
    copy.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
    return path


def _copy_linked(path: Path, to: Path) -> Path:
    """Copy a file, and the link to it if `path` is one: libraries have a name to be asked for."""
    file = path.resolve()
    _copy(file, to, file)
    copy, link = _inside(to, file), _inside(to, path)
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(copy, link.parent))
    return file


def _copy_data_of(package: Path, to: Path) -> None:
    """Copy what the package reads beside its modules, such as the widget and migrations."""
    for path in package.rglob("*"):
        if path.is_file() and path.suffix not in {".py", ".pyc"}:
            _copy(path, to, PACKAGES / package.name / path.relative_to(package))


def _own_files(to: Path) -> None:
    for name, text in TEXTS.items():
        (to / name).write_text(text, encoding="utf-8")
    command = to / "usr/bin/likewise"
    command.write_text(COMMAND, encoding="utf-8")
    command.chmod(0o755)
    _copy(Path("likewise-ready"), to, Path("/usr/bin/likewise-ready"))
    _copy(Path("LICENSE"), to, Path("/usr/share/doc/likewise/copyright"))
    (to / "etc/os-release").symlink_to("../usr/lib/os-release")
    (to / "usr/lib/ssl").mkdir()  # where OpenSSL looks
    (to / "usr/lib/ssl/cert.pem").symlink_to(CERTIFICATES)
    for name in ("lib", "lib64"):  # where programs look for what loads them
        if (to / "usr" / name).is_dir():
            (to / name).symlink_to(f"usr/{name}")
    data = to / "data"
    data.mkdir(mode=0o750)
    os.chown(data, USER, USER)


def _inside(to: Path, path: Path) -> Path:
    """Return a path's place in the image. As in Debian, /lib is a link to /usr/lib."""
    is_linked = path.parts[1] in {"lib", "lib64"}
    return to / ("usr" if is_linked else "") / path.relative_to("/")


def _date(to: Path, seconds: int) -> None:
    for path in [to, *to.rglob("*")]:
        os.utime(path, (seconds, seconds), follow_symlinks=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]), int(sys.argv[3]))
