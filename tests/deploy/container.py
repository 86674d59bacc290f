"""The service in its container, held as tightly as the compose file holds it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path
from typing import Self

from tests.deploy.engine import Engine
from tests.service import START_SECONDS, Service

USER = 65532
# What the compose file asks for, in podman's words.
TIGHT = (
    *("--read-only", "--read-only-tmpfs=false", "--cap-drop=all"),
    *("--security-opt=no-new-privileges", "--pids-limit=64"),
)


class Container(Service):
    """`likewise serve` as the image does it; its data lies in `directory`/data."""

    def __init__(
        self, engine: Engine, image: str, directory: Path, *options: str, **settings: str
    ) -> None:
        super().__init__(directory, **settings)
        self.engine = engine
        self.image = image
        self.name = f"likewise-{self.port}"
        self.options = options
        self.data = directory / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        os.chown(self.data, USER, USER)
        # The image's own place for it, and its own port on this machine's network.
        del self.settings["LIKEWISE_DATABASE"]
        self.settings |= {"LIKEWISE_HOST": "127.0.0.1", "LIKEWISE_PORT": str(self.port)}

    @property
    def database(self) -> Path:
        """The database's file, seen from outside."""
        return self.data / "likewise.db"

    @property
    def pid(self) -> int:
        """The process, seen from outside."""
        return int(self.engine.podman("inspect", "--format", "{{.State.Pid}}", self.name))

    @property
    def log(self) -> str:
        """What the container has written."""
        done = self.engine.run("podman", "logs", self.name, check=False)
        return done.stdout + done.stderr

    def arguments(self, *command: str) -> tuple[str, ...]:
        """Return podman's arguments to run the image."""
        given = (f"--env={name}={value}" for name, value in self.settings.items())
        place = f"--volume={self.data}:/data"
        return (*TIGHT, *self.options, place, *given, self.image, *command)

    def start(self) -> Self:
        """Start the container and wait until it can store likes."""
        self.engine.run("podman", "run", "--detach", "--name", self.name, *self.arguments())
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.is_running:
            with contextlib.suppress(OSError):
                if self.get("/readyz").status == 200:
                    return self
            time.sleep(0.02)
        log = self.log
        self.remove()
        raise AssertionError(f"the container did not start:\n{log}")

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        state = self.engine.podman("inspect", "--format", "{{.State.Running}}", self.name)
        return state == "true"

    def stop(self) -> int:
        """Ask the container to end (SIGTERM), return its exit code, and remove it."""
        if not self.engine.run("podman", "container", "exists", self.name, check=False).returncode:
            self.engine.podman("stop", "--time", str(START_SECONDS), self.name)
            code = self.engine.podman("inspect", "--format", "{{.State.ExitCode}}", self.name)
            self.remove()
            return int(code)
        return 0

    def remove(self) -> None:
        """End the container without a warning, and remove it."""
        self.engine.podman("rm", "--force", "--time", "0", self.name)

    kill = remove

    def execute(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the running container."""
        return self.engine.run("podman", "exec", self.name, *command, check=False, seconds=60)

    def once(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run the image's command with these arguments, on the same data, to its end."""
        return self.engine.run("podman", "run", "--rm", *self.arguments(*command), check=False)
