"""`likewise key`: a new key in the place of the old one, at once."""

from __future__ import annotations

import fcntl
import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service import KEY, AsgiService, Reply, Service


def signed_in(likewise: Service, key: str) -> str:
    """Return the cookie of a new session."""
    reply = likewise.request(
        "POST",
        "/api/login",
        json.dumps({"key": key}),
        {"Origin": likewise.url, "Content-Type": "application/json"},
    )
    assert reply.status == 200, reply
    return reply.headers["set-cookie"].partition(";")[0]


def stats(likewise: Service, **headers: str) -> Reply:
    return likewise.get("/api/stats", **headers)


def made_key(likewise: Service) -> str:
    return (likewise.directory / "admin-key").read_text().strip()


def test_new_key_replaces_the_old_one_while_the_server_runs(likewise: Service) -> None:
    old = made_key(likewise.start())
    cookie = signed_in(likewise, old)
    done = likewise.run("key")
    assert done.returncode == 0
    assert re.fullmatch(r"[0-9a-f]{64}\n", done.stdout)
    assert done.stderr == ("The new admin key, shown this once. The old one no longer works.\n")
    new = done.stdout.strip()
    assert stats(likewise, X_API_Key=old).code == "wrong_key"
    assert stats(likewise, Cookie=cookie).code == "not_signed_in"
    assert stats(likewise, X_API_Key=new).status == 200
    likewise.restart()
    assert stats(likewise, X_API_Key=old).code == "wrong_key"
    assert stats(likewise, X_API_Key=new).status == 200


def test_new_key_replaces_the_old_one_while_no_server_runs(likewise: Service) -> None:
    old = made_key(likewise.start())
    likewise.stop()
    new = likewise.run("key").stdout.strip()
    likewise.start()
    assert stats(likewise, X_API_Key=old).code == "wrong_key"
    assert stats(likewise, X_API_Key=new).status == 200


def test_key_that_a_setting_sets_is_changed_there(likewise: Service) -> None:
    likewise.start()
    done = likewise.run("key", LIKEWISE_ADMIN_KEY=KEY)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "likewise key: LIKEWISE_ADMIN_KEY sets the key. Change it there, and restart.\n"
    )
    assert stats(likewise, X_API_Key=made_key(likewise)).status == 200


def test_key_that_a_setting_of_the_server_sets_is_changed_there(likewise: Service) -> None:
    likewise.settings["LIKEWISE_ADMIN_KEY"] = KEY
    likewise.start()
    del likewise.settings["LIKEWISE_ADMIN_KEY"]
    done = likewise.run("key")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "likewise key: The server refused: LIKEWISE_ADMIN_KEY sets the key. Change it there.\n"
    )
    assert stats(likewise, X_API_Key=KEY).status == 200


def test_key_goes_through_a_unix_socket_from_any_folder(likewise: Service, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "likewise", "serve", "--host", "unix:l.sock"],
        cwd=likewise.directory,
        env=likewise.environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        while "Likewise serves" not in (line := process.stderr.readline()):
            assert line
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        done = subprocess.run(
            [sys.executable, "-m", "likewise", "key", "--database", "../likewise.db"],
            cwd=elsewhere,
            env=likewise.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(likewise.directory / "l.sock"))
            connection.sendall(
                b"GET /api/stats HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
                b"x-api-key: %b\r\n\r\n" % done.stdout.strip().encode()
            )
            assert connection.recv(4_096).startswith(b"HTTP/1.1 200 ")
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_server_that_takes_no_commands_is_named(tmp_path: Path) -> None:
    guest = AsgiService(tmp_path)
    del guest.settings["LIKEWISE_ADMIN_KEY"]
    with guest:
        done = guest.run("key")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            f"likewise key: Process {guest.pid} has the database and takes no commands."
            " Stop it first.\n"
        )


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\n\r\n<p>"])
def test_another_program_at_the_server_s_address_is_told_in_one_line(
    likewise: Service, answer: bytes
) -> None:
    likewise.start().stop()
    path = likewise.directory / "likewise.db.lock"
    with socket.create_server(("127.0.0.1", 0)) as other, path.open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        facts = {"address": f"http://127.0.0.1:{other.getsockname()[1]}", "pid": 1}
        lock.write(json.dumps(facts).encode())
        lock.flush()
        command = subprocess.Popen(
            [sys.executable, "-m", "likewise", "key"],
            cwd=likewise.directory,
            env=likewise.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        connection, _ = other.accept()
        with connection:
            connection.recv(4_096)
            connection.sendall(answer)
        printed, error = command.communicate(timeout=20)
    assert (command.returncode, printed) == (1, "")
    assert error.startswith(f"likewise key: The server at {facts['address']} does not answer: ")
    assert error.count("\n") == 1
