"""What `likewise serve` may load: imports are a budget, and this is it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# The service as `python -m likewise serve` starts it, up to where it is ready.
SERVE = """
import json, os, signal, sys
from likewise import cli
from likewise.commands import serve as command

def ready(settings, address):
    print(json.dumps(sorted(name for name, module in sys.modules.items() if module)))
    os.kill(os.getpid(), signal.SIGTERM)

command._print_snippet = ready
raise SystemExit(cli.main(sys.argv[1:]))
"""
# Not ours and not the standard library's; httptools is built with Cython.
THIRD_PARTY = {"apsw", "httptools"}
RUNTIME_OF_CYTHON = {"cython_runtime"}
# The standard library's part of the budget: these, and what they load themselves.
STANDARD = [
    *(
        "__future__",
        "asyncio",
        "binascii",
        "bisect",
        "concurrent.futures.thread",
        "fcntl",
        "gc",
        "hashlib",
    ),
    *(
        "hmac",
        "json",
        "logging",
        "mmap",
        "resource",
        "struct",
        "unicodedata",
        "zlib",
    ),
]
# What would come along unnoticed, and what it would cost in MiB where it was measured.
KEPT_OUT = {
    "_ctypes": 0.2,
    "_hashlib": "with OpenSSL 5 to 7",
    "_ssl": "with OpenSSL 5 to 7",
    "argparse": "0.6; only flags need it",
    "bz2": 0.2,
    "decimal": 0.4,
    "difflib": "0.2; only mistakes need it",
    "email": 1.6,
    "fnmatch": "comes with pathlib",
    "fastapi": "a door of its own",
    "gettext": "comes with argparse",
    "http": 0.1,
    "importlib.metadata": 3.0,
    "importlib.resources": 1.2,
    "ipaddress": "comes with pathlib",
    "likewise.backups": "for those who want them",
    "likewise.cloudflare": "for a command",
    "likewise.fastapi": "a door of its own",
    "likewise.doctor": "loaded when the owner asks",
    "likewise.http.asgi": "the other door",
    "likewise.store.condition": "loaded when the owner asks",
    "likewise.store.popular": "loaded when it is asked for",
    "likewise.readers": "for sites that count readers",
    "likewise.store.audience": "for sites that count readers",
    "likewise.store.figures": "loaded when the owner asks",
    "likewise.store.views": "for sites that count readers",
    "likewise.store.upgrade": "loaded when tables change",
    "likewise.options": "only flags need it",
    "likewise.transfer": "for commands",
    "likewise.web.corrections": "loaded when the owner asks",
    "likewise.web.figures": "loaded when the owner asks",
    "likewise.web.reasons": "loaded when the owner asks",
    "likewise.web.views": "for pages that count readers",
    "likewise.web.forms": "for sites whose buttons work without script",
    "likewise.web.openapi": "for commands and FastAPI",
    "lzma": 0.2,
    "multiprocessing": 0.9,
    "ntpath": "comes with pathlib",
    "pathlib": "0.55; paths are text here",
    "pydantic": 4.9,
    "random": 0.1,
    "shutil": 0.9,
    "sqlite3": "1.6; apsw has a newer SQLite",
    "ssl": "with OpenSSL 5 to 7",
    "starlette": "a door of its own",
    "tempfile": 1.2,
    "tomllib": "0.8; only a likewise.toml needs it",
    "typing_extensions": 0.4,
    "unittest": 1.4,
    "urllib": "with urllib.request 2.8, and urllib.parse comes with pathlib",
    "uuid": 0.5,
    "xml": "0.8; only sitemaps need it",
}


def loaded(folder: Path, *arguments: str) -> set[str]:
    """Start the service with nothing configured; return what it has loaded when it is ready."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("LIKEWISE_")}
    done = subprocess.run(
        [sys.executable, "-c", SERVE, "serve", *arguments],
        cwd=folder,
        env={**inherited, "LIKEWISE_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    return loaded(tmp_path_factory.mktemp("service"))


def at_top(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def of_the_environment() -> set[str]:
    """Return what this interpreter loads before any program: its `.pth` files may do so."""
    code = "import json, sys; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout)) - {"json"}


def test_third_party_packages_are_two(modules: set[str]) -> None:
    foreign = at_top(modules) - sys.stdlib_module_names - {"likewise", "__main__"}
    foreign -= at_top(of_the_environment())
    of_cython = {name for name in foreign if name in RUNTIME_OF_CYTHON or name[:8] == "_cython_"}
    assert foreign - of_cython == THIRD_PARTY


@pytest.mark.parametrize("name", KEPT_OUT)
def test_module_is_kept_out(modules: set[str], name: str) -> None:
    assert not {one for one in modules if one == name or one.startswith(f"{name}.")}


def test_standard_library_is_what_the_service_names(modules: set[str]) -> None:
    code = "import sys; sys.modules['ssl'] = sys.modules['_hashlib'] = None\n"
    code += f"import {', '.join(STANDARD)}\n"
    code += "import json; print(json.dumps([name for name in sys.modules if sys.modules[name]]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert at_top(modules) & sys.stdlib_module_names <= at_top(set(json.loads(done.stdout)))


def test_flags_and_a_file_load_what_reads_them(tmp_path: Path) -> None:
    (tmp_path / "likewise.toml").write_text('LIKEWISE_LOG = "json"\n')
    modules = loaded(tmp_path, "--port", "0")
    assert {"argparse", "likewise.options", "tomllib"} <= modules
    assert not {"ssl", "_ssl", "_hashlib", "shutil", "likewise.transfer"} & modules


def test_nothing_is_created_when_the_package_is_imported(tmp_path: Path) -> None:
    code = "import likewise.asgi, likewise.cli, likewise.service, likewise.settings"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert not list(tmp_path.iterdir())
