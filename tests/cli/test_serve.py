"""`likewise serve` and `likewise demo`: from nothing configured to a clean end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.service import KEY, ORIGIN, AsgiService, Service, voter


@pytest.fixture
def terminal(likewise: Service) -> Iterator[Terminal]:
    with Terminal(
        "serve", folder=likewise.directory, environment=likewise.environment()
    ) as terminal:
        yield terminal


def serve_with(likewise: Service, *flags: str) -> Service:
    likewise.command = ("-m", "likewise", "serve", *flags)
    return likewise.start()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def admin_status(likewise: Service, key: str) -> int:
    return likewise.get("/api/stats", X_API_Key=key).status


# Nothing configured


def test_nothing_configured_makes_database_secret_and_key(likewise: Service) -> None:
    folder = likewise.start().directory
    names = {path.name for path in folder.iterdir()}
    assert {"likewise.db", "likewise.db.key", "likewise.db.lock", "admin-key"} <= names
    for name in ("likewise.db", "likewise.db.key", "likewise.db.lock", "admin-key"):
        assert mode_of(folder / name) == 0o600, name
    assert f"An admin key was made. It is in {folder}/admin-key;" in likewise.log
    assert likewise.like("/hello", voter(1)).status == 200


def test_key_that_was_made_opens_the_admin_api_and_is_kept_as_its_hash_only(
    likewise: Service,
) -> None:
    likewise.start()
    key = (likewise.directory / "admin-key").read_text().strip()
    assert admin_status(likewise, key) == 200
    likewise.stop()
    assert key not in likewise.log
    for path in likewise.directory.iterdir():
        assert path.name == "admin-key" or key.encode() not in path.read_bytes(), path.name


def test_key_is_made_once(likewise: Service) -> None:
    likewise.start()
    path = likewise.directory / "admin-key"
    key = path.read_text().strip()
    path.unlink()
    likewise.restart()
    assert not path.exists()
    assert likewise.log.count("An admin key was made") == 1
    assert admin_status(likewise, key) == 200


def test_no_key_is_made_where_one_is_set(likewise: Service) -> None:
    likewise.settings["LIKEWISE_ADMIN_KEY"] = KEY
    likewise.start()
    assert not (likewise.directory / "admin-key").exists()
    assert admin_status(likewise, KEY) == 200


def test_nothing_configured_warns_that_only_this_machine_may_write(likewise: Service) -> None:
    likewise.start()
    assert "Set LIKEWISE_ORIGINS=https://your.site to open it for yours." in likewise.log


def test_terminal_shows_key_and_snippet_and_no_file_holds_the_key(
    likewise: Service, terminal: Terminal
) -> None:
    terminal.wait_for("/dashboard")
    shown = re.search(r"Your admin key, shown this once:\s+([0-9a-f]{64})\s", terminal.text)
    assert shown
    assert admin_status(likewise, shown[1]) == 200
    assert f'<script async src="{likewise.url}/likes.js"></script>' in terminal.text
    assert "<like-wise></like-wise>" in terminal.text
    assert f"Try it at {likewise.url}/demo, see the counts at" in terminal.text
    assert not (likewise.directory / "admin-key").exists()


def test_terminal_shows_the_dashboard_where_it_is(likewise: Service) -> None:
    likewise.settings |= {
        "LIKEWISE_URL": "https://likes.example.com",
        "LIKEWISE_ADMIN_HOST": "admin.example.com",
        "LIKEWISE_ORIGINS": "https://example.com",
    }
    with Terminal("serve", folder=likewise.directory, environment=likewise.environment()) as shown:
        shown.wait_for("/dashboard")
        assert '<script async src="https://likes.example.com/likes.js">' in shown.text
        assert "see the counts at https://admin.example.com/dashboard" in shown.text


def test_ctrl_c_on_a_terminal_ends_it_well(terminal: Terminal) -> None:
    terminal.wait_for("/dashboard")
    terminal.type("\x03")
    assert terminal.ended() == 0
    assert "Traceback" not in terminal.text


def test_snippet_has_the_public_address_and_no_demo_where_a_site_is_set(likewise: Service) -> None:
    environment = likewise.environment() | {
        "LIKEWISE_URL": "https://likes.example.com/",
        "LIKEWISE_ORIGINS": "https://example.com",
    }
    with Terminal("serve", folder=likewise.directory, environment=environment) as terminal:
        terminal.wait_for("/dashboard")
    assert 'src="https://likes.example.com/likes.js"' in terminal.text
    assert "/demo" not in terminal.text


def test_log_has_no_snippet(likewise: Service) -> None:
    assert "<script" not in likewise.start().log


# Settings from three places


def test_flag_beats_environment_beats_file(likewise: Service) -> None:
    folder = likewise.directory
    (folder / "likewise.toml").write_text(
        'LIKEWISE_DATABASE = "file.db"\nLIKEWISE_LOG = "json"\nLIKEWISE_PORT = 1\n'
    )
    likewise.settings["LIKEWISE_DATABASE"] = "environment.db"
    serve_with(likewise, "--database", "flag.db")
    assert (folder / "flag.db").exists()
    assert not (folder / "environment.db").exists()
    assert {json.loads(line)["level"] for line in likewise.log.splitlines()} == {"info", "warning"}


def test_switch_is_a_flag_without_a_value(likewise: Service) -> None:
    serve_with(likewise, "--access-log", "--origins", "https://example.com", "--demo")
    assert likewise.get("/demo?secret").status == 200
    likewise.stop()
    assert re.search(r" INFO GET /demo 200 \d+\.\d ms [0-9a-f]{12}\n", likewise.log)


def test_demo_has_its_page_whatever_else_is_set(likewise: Service) -> None:
    likewise.settings = {"LIKEWISE_ORIGINS": "https://example.com", "LIKEWISE_DEMO": "off"}
    likewise.command = ("-m", "likewise", "demo")
    likewise.start()
    assert likewise.get("/demo").status == 200
    assert likewise.like("/demo", voter(1), site="demo").status == 200


def test_unix_socket_is_listened_on(likewise: Service) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "likewise", "serve", "--host", "unix:likewise.sock"],
        cwd=likewise.directory,
        env=likewise.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        while "Likewise serves" not in (line := process.stderr.readline()):
            assert line
        path = likewise.directory / "likewise.sock"
        assert f" at unix:{path}\n" in line
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            assert connection.recv(4_096).startswith(b"HTTP/1.1 200 ")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()


# What stops the start


def test_second_server_is_refused_with_the_first_one_s_process_and_address(
    likewise: Service,
) -> None:
    likewise.start()
    done = likewise.run("serve", "--port", "0")
    assert done.returncode == 1
    assert done.stderr == (
        f"likewise serve: {likewise.directory}/likewise.db is already served by process"
        f" {likewise.pid} at {likewise.url}. Stop that one first.\n"
    )


def test_port_in_use_is_told_in_one_line(likewise: Service) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", likewise.port))
        other.listen()
        done = likewise.run("serve")
    assert done.returncode == 1
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("likewise serve: ")]
    assert error.startswith(f"likewise serve: Cannot listen on 127.0.0.1 port {likewise.port}: ")
    assert "Choose another with --port or LIKEWISE_PORT" in error
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "unix:/nowhere/a.sock"])
def test_address_that_cannot_be_listened_on_is_told_in_one_line(
    likewise: Service, host: str
) -> None:
    done = likewise.run("serve", LIKEWISE_HOST=host, LIKEWISE_ADMIN_KEY=KEY)
    assert done.returncode == 1
    assert done.stderr.startswith("likewise serve: ")
    assert host in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("key", ["", "short", "fallback_secret", "TuSuperPasswordSecreto123"])
def test_weak_key_stops_the_start_before_anything_is_made(likewise: Service, key: str) -> None:
    done = likewise.run("serve", LIKEWISE_ADMIN_KEY=key)
    assert done.returncode == 1
    assert done.stderr.startswith("likewise serve: LIKEWISE_ADMIN_KEY: ")
    assert not key or key not in done.stderr
    assert not list(likewise.directory.iterdir())


def test_folder_of_the_database_must_exist(likewise: Service) -> None:
    done = likewise.run("serve", LIKEWISE_DATABASE="/nowhere/likewise.db")
    assert done.returncode == 1
    assert done.stderr == (
        "likewise serve: There is no folder for /nowhere/likewise.db. Make /nowhere first.\n"
    )


def test_asgi_server_is_named_to_a_second_server(tmp_path: Path) -> None:
    with AsgiService(tmp_path) as guest:
        done = guest.run("serve", LIKEWISE_PORT="0")
        assert done.returncode == 1
        assert f"is already served by process {guest.pid} at an unknown address." in done.stderr


def test_guest_of_an_asgi_server_tells_where_its_key_is(tmp_path: Path) -> None:
    guest = AsgiService(tmp_path)
    del guest.settings["LIKEWISE_ADMIN_KEY"]
    with guest:
        assert f"An admin key was made. It is in {tmp_path}/admin-key;" in guest.log


# The end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_well(likewise: Service, number: signal.Signals) -> None:
    likewise.start()
    likewise.like("/hello", voter(1))
    os.kill(likewise.pid, number)
    process = likewise._process
    assert process is not None
    assert process.wait(20) == 0
    assert likewise.log.endswith("INFO Stopping: answering what has been accepted.\n")
    assert likewise.start().count("/hello") == 1


def test_lock_is_free_after_the_end_however_it_came(likewise: Service) -> None:
    likewise.start().kill()
    likewise.start().stop()
    assert (likewise.directory / "likewise.db.lock").read_bytes() == b""
    likewise.start()


def test_log_line_cannot_be_forged_by_a_request(likewise: Service) -> None:
    likewise.settings["LIKEWISE_ACCESS_LOG"] = "on"
    likewise.start()
    target = "/likes/a%0A2026-01-01T00:00:00Z%20INFO%20forged%1B[2J"
    likewise.request("POST", target, b"", {"Origin": ORIGIN})
    likewise.stop()
    assert "\x1b" not in likewise.log
    assert all(
        re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING) ", line)
        for line in likewise.log.splitlines()
    )
