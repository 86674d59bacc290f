"""The container's health check means what `likewise health` means, without its memory."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.cli.test_health import PROBLEM, answering
from tests.deploy.container import Container
from tests.deploy.engine import Engine
from tests.service import free_port

OURS, COMMAND = ("likewise-ready",), ("likewise", "health")
OK = b"HTTP/1.1 200 OK\r\n\r\n"

Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def service(
    engine: Engine, image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    with Container(engine, image, tmp_path_factory.mktemp("health")) as running:
        yield running


def ask(service: Container, *command: str, **settings: str | int) -> Done:
    """Run a command in the container with other settings."""
    given = [f"--env={name}={value}" for name, value in settings.items()]
    return service.engine.run("podman", "exec", *given, service.name, *command, check=False)


def test_engine_finds_the_service_healthy(service: Container) -> None:
    service.engine.run("podman", "healthcheck", "run", service.name)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost", ""])
def test_service_is_ready(service: Container, host: str) -> None:
    done = ask(service, *OURS, LIKEWISE_HOST=host)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_service_behind_a_socket_is_ready(engine: Engine, service: Container) -> None:
    host = "unix:/data/likewise.sock"
    other = Container(engine, service.image, service.directory / "socket")
    other.settings["LIKEWISE_HOST"] = host
    engine.run("podman", "run", "--detach", "--name", other.name, *other.arguments())
    try:
        while other.is_running and "Likewise serves" not in other.log:
            time.sleep(0.05)
        for command in (OURS, COMMAND):
            assert ask(other, *command).returncode == 0
    finally:
        assert other.stop() == 0


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "::", "::1", "no.such.host.invalid"),
        *("unix:/nothing", f"unix:/{'x' * 200}"),
    ],
)
def test_nobody_listens(service: Container, host: str) -> None:
    ours, command = (
        ask(service, *one, LIKEWISE_HOST=host, LIKEWISE_PORT=free_port()) for one in (OURS, COMMAND)
    )
    assert (ours.returncode, command.returncode) == (1, 1)
    assert ours.stderr.startswith("likewise-ready: ")


def test_service_that_cannot_store_likes_is_not_ready_and_says_why(service: Container) -> None:
    for command in (OURS, COMMAND):
        with answering(b"HTTP/1.1 503 Service Unavailable\r\n\r\n" + PROBLEM) as port:
            done = ask(service, *command, LIKEWISE_PORT=port)
        assert done.returncode == 1
        assert "The last like could not be written." in done.stderr


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/0.9", b"HTTP/1.1 404 Not Found\r\n\r\nno"]
)
def test_another_program_is_not_the_service(service: Container, answer: bytes) -> None:
    for command in (OURS, COMMAND):
        with answering(answer) as port:
            done = ask(service, *command, LIKEWISE_PORT=port)
        assert (done.returncode, bool(done.stderr)) == (1, True)


def test_answer_without_end_is_not_read_to_the_end(service: Container) -> None:
    for command in (OURS, COMMAND):
        with answering(OK + b"x" * 20_000) as port:
            assert ask(service, *command, LIKEWISE_PORT=port).returncode == 0


def test_who_never_answers_is_not_waited_for(service: Container) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = ask(service, *OURS, LIKEWISE_PORT=listener.getsockname()[1])
    assert done.returncode == 1
    assert done.stderr == "likewise-ready: No answer within 5 seconds.\n"


def test_who_answers_a_byte_at_a_time_is_not_waited_for(service: Container) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                for byte in OK * 100:
                    connection.sendall(bytes([byte]))
                    time.sleep(0.5)

        thread = threading.Thread(target=drip)
        thread.start()
        done = ask(service, *OURS, LIKEWISE_PORT=listener.getsockname()[1])
        thread.join()
    assert done.stderr == "likewise-ready: No answer within 5 seconds.\n"
