"""A terminal with a program on it, as a person sees it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

PATIENCE_SECONDS = 20


class Terminal:
    """Runs `likewise` on a terminal of its own; `text` is what has been shown."""

    def __init__(self, *arguments: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.text = ""
        self._screen, inner = pty.openpty()
        # `--ctty`: a Ctrl-C that is typed reaches the program as it would a person's.
        self._process = subprocess.Popen(
            ["setsid", "--ctty", sys.executable, "-m", "likewise", *arguments],
            cwd=folder,
            env=environment,
            stdin=inner,
            stdout=inner,
            stderr=inner,
        )
        os.close(inner)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._screen)

    def wait_for(self, words: str) -> None:
        """Read until the words are shown."""
        end = time.monotonic() + PATIENCE_SECONDS
        while words not in self.text:
            assert time.monotonic() < end, self.text
            assert self._read(), self.text

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._screen, text.encode())

    def ended(self) -> int:
        """Read to the end, and return the exit code."""
        while self._read():
            pass
        return self._process.wait(PATIENCE_SECONDS)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._screen], [], [], PATIENCE_SECONDS)
        try:
            octets = os.read(self._screen, 4_096) if ready else b""
        except OSError:  # nobody writes there any more
            return False
        self.text += octets.decode()
        return bool(octets)
