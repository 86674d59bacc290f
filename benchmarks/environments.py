"""Python environments of the servers that are compared, made once and kept in `.venv/`.

The service gets one of its own, as its users have: a developer's tools would weigh on it.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SERVICE = ("apsw", "httptools", "uvicorn", "uvloop")
PINS = ROOT / "requirements-dev.txt"

_FOLDER = ROOT / ".venv" / "benchmarks"
_UV = ROOT / ".venv" / "bin" / "uv"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what says on which interpreter servers run."""
    parser.add_argument("--python", default=sys.executable, help="interpreter of the servers")
    parser.add_argument(
        "--in-place", action="store_true", help="with the packages that the interpreter has"
    )


def of_service(options: argparse.Namespace) -> Path:
    """Return the interpreter of an environment with what the service and its doors need."""
    if options.in_place:
        return Path(options.python)
    return _environment(options.python, ("--constraint", str(PINS), *SERVICE), PINS)


def of_article(options: argparse.Namespace) -> Path:
    """Return the interpreter of an environment with what the article's server asks for."""
    requirements = options.article / "requirements.txt"
    return _environment(options.python, ("--requirement", str(requirements)), requirements)


def _environment(python: str, packages: tuple[str, ...], source: Path) -> Path:
    content = f"{python}\n{packages}\n".encode() + source.read_bytes()
    folder = _FOLDER / hashlib.sha256(content).hexdigest()[:16]
    interpreter = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print(f"Making an environment of {python} for {source.name}", file=sys.stderr)
        _uv("venv", "--clear", "--python", python, str(folder))
        _uv("pip", "install", "--compile-bytecode", "--python", str(interpreter), *packages)
        (folder / "complete").touch()
    return interpreter


def _uv(*arguments: str) -> None:
    done = subprocess.run(  # noqa: S603 (no shell, and every part is ours)
        [str(_UV), *arguments, "--quiet"], check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        sys.exit(f"uv {arguments[0]} failed.")
