"""`likewise health`: 0 when the service can store likes, 1 and the reason when not."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.service import Service

PROBLEM = b'{"code":"storage_unavailable","detail":"The last like could not be written."}'


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Listen as another program would; give every connection the same answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4_096)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_service_that_can_store_likes_is_healthy(likewise: Service) -> None:
    done = likewise.start().run("health")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_service_that_listens_everywhere_is_asked_on_this_machine(likewise: Service) -> None:
    likewise.settings["LIKEWISE_HOST"] = "0.0.0.0"
    done = likewise.start().run("health")
    assert (done.returncode, done.stderr) == (0, "")


def test_service_that_is_gone_is_not(likewise: Service) -> None:
    likewise.start().stop()
    done = likewise.run("health")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"likewise health: No answer at 127.0.0.1 port {likewise.port}: Connection refused.\n"
    )


def test_service_that_cannot_store_likes_is_not_and_says_why(likewise: Service) -> None:
    with answering(b"HTTP/1.1 503 Service Unavailable\r\n\r\n" + PROBLEM) as port:
        done = likewise.run("health", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr == "likewise health: The last like could not be written.\n"


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/0.9"])
def test_another_program_is_not_the_service(likewise: Service, answer: bytes) -> None:
    with answering(answer) as port:
        done = likewise.run("health", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr == (
        f"likewise health: What answers at 127.0.0.1 port {port} is another program.\n"
    )


def test_answer_that_makes_no_sense_is_not_healthy(likewise: Service) -> None:
    with answering(b"HTTP/1.1 404 Not Found\r\n\r\n<p>nothing here") as port:
        done = likewise.run("health", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr == "likewise health: The service is not ready.\n"


def test_answer_without_end_is_not_read_to_the_end(likewise: Service) -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 20_000) as port:
        assert likewise.run("health", "--port", str(port)).returncode == 0


def test_unix_socket_is_asked(likewise: Service) -> None:
    host = f"unix:{likewise.directory}/likewise.sock"
    missing = likewise.run("health", "--host", host)
    assert missing.returncode == 1
    assert missing.stderr == f"likewise health: No answer at {host}: No such file or directory.\n"
    process = subprocess.Popen(
        [sys.executable, "-m", "likewise", "serve", "--host", host],
        cwd=likewise.directory,
        env=likewise.environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        while "Likewise serves" not in (line := process.stderr.readline()):
            assert line
        assert likewise.run("health", LIKEWISE_HOST=host).returncode == 0
    finally:
        process.terminate()
        process.communicate(timeout=20)
    assert likewise.run("health", "--host", host).returncode == 1
