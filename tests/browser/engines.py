"""Firefox and WebKitGTK as Debian has them, driven by what each speaks itself.

Firefox takes commands over a socket (its Marionette protocol), WebKitGTK over HTTP (W3C WebDriver).
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.service import free_port

START_SECONDS = 30
SHOWN_SECONDS = 10
# How WebDriver names an element in JSON (W3C WebDriver, 12.2).
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
MINI_BROWSERS = ("/usr/lib/*/webkit2gtk-4.*/MiniBrowser", "/usr/lib/*/webkitgtk-6.*/MiniBrowser")


class Engine(Protocol):
    """A browser with one window."""

    def open(self, address: str) -> None: ...
    def run(self, script: str) -> Any: ...
    def click(self, script: str) -> None: ...


def shows(engine: Engine, script: str, expected: object) -> None:
    """Wait until what a script returns is as expected."""
    until = time.monotonic() + SHOWN_SECONDS
    while (found := engine.run(script)) != expected and time.monotonic() < until:
        time.sleep(0.05)
    assert found == expected


class Firefox:
    """Firefox without a window, under a profile of its own."""

    def __init__(self, folder: Path) -> None:
        if not (program := shutil.which("firefox-esr") or shutil.which("firefox")):
            pytest.skip("Firefox is missing: apt-get install firefox-esr")
        port = free_port()
        preference = f'user_pref("marionette.port", {port});\n'
        (folder / "user.js").write_text(preference, encoding="utf-8")
        self._process = subprocess.Popen(
            [program, "--marionette", "--headless", "--no-remote", "--profile", folder],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"HOME": str(folder)},
        )
        self._socket = connected(port)
        self._number = 0
        self._message()  # it says hello
        self._tell("WebDriver:NewSession", {})

    def open(self, address: str) -> None:
        self._tell("WebDriver:Navigate", {"url": address})

    def run(self, script: str) -> Any:
        return self._tell("WebDriver:ExecuteScript", {"script": script, "args": []})["value"]

    def click(self, script: str) -> None:
        self._tell("WebDriver:ElementClick", {"id": self.run(script)[ELEMENT]})

    def close(self) -> None:
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def _tell(self, command: str, parameters: dict[str, Any]) -> Any:
        self._number += 1
        text = json.dumps([0, self._number, command, parameters])
        self._socket.sendall(f"{len(text)}:{text}".encode())
        _, _, error, result = self._message()
        assert error is None, error
        return result

    def _message(self) -> Any:
        size = b""
        while (byte := self._socket.recv(1)) != b":":
            assert byte, "Firefox has ended"
            size += byte
        left, text = int(size), b""
        while len(text) < left:
            text += self._socket.recv(left - len(text))
        return json.loads(text)


class WebKit:
    """WebKitGTK's small browser, on a display of its own."""

    def __init__(self, folder: Path) -> None:
        browsers = [str(one) for pattern in MINI_BROWSERS for one in Path("/").glob(pattern[1:])]
        driver, display = shutil.which("WebKitWebDriver"), shutil.which("xvfb-run")
        if not (driver and display and browsers):
            pytest.skip("WebKitGTK is missing: apt-get install webkit2gtk-driver xvfb")
        self._port = free_port()
        own = {
            "HOME": str(folder),
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
            "LANG": "en_GB",
        }
        self._process = subprocess.Popen(
            [display, "--auto-servernum", driver, f"--port={self._port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | own,
            start_new_session=True,
        )
        connected(self._port).close()
        options = {"binary": browsers[0], "args": ["--automation"]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        self._session = self._tell("POST", "/session", wanted)["sessionId"]

    def open(self, address: str) -> None:
        self._in_session("/url", {"url": address})

    def run(self, script: str) -> Any:
        return self._in_session("/execute/sync", {"script": script, "args": []})

    def click(self, script: str) -> None:
        self._in_session(f"/element/{self.run(script)[ELEMENT]}/click", {})

    def close(self) -> None:
        self._tell("DELETE", f"/session/{self._session}", None)
        os.killpg(self._process.pid, 15)
        self._process.wait()

    def _in_session(self, path: str, body: dict[str, Any]) -> Any:
        return self._tell("POST", f"/session/{self._session}{path}", body)

    def _tell(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=START_SECONDS)
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        value = json.loads(answer.read())["value"]
        connection.close()
        assert answer.status == 200, value
        return value


def connected(port: int) -> socket.socket:
    """Connect to a program that is starting."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS)
        except ConnectionRefusedError:
            assert time.monotonic() < until, "the browser does not answer"
            time.sleep(0.1)
