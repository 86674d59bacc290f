"""How the command line answers: help, wrong use, exit codes, and output that goes wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from likewise import __version__
from likewise.cli import COMMANDS, Command
from tests.service import Service

NAMES = [command.name for command in COMMANDS]
CREATING = {"serve", "demo"}
READING = {  # commands that want a database
    "stats": (),
    "backup": (),
    "key": (),
    "import": ("article", "likes.db"),
    "purge": ("--page", "/a"),
    "migrate": (),
    "reasons": (),
}


def test_help_lists_every_command(likewise: Service) -> None:
    done = likewise.run("--help")
    assert done.returncode == 0
    assert all(f"\n  {command.name:<12}{command.help}\n" in done.stdout for command in COMMANDS)
    assert likewise.run("-h").stdout == done.stdout


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_help_of_a_command_shows_an_example(likewise: Service, command: Command) -> None:
    done = likewise.run(command.name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: likewise {command.name} ")
    assert f"\nexample: {command.example}\n" in done.stdout
    assert command.example.startswith(f"likewise {command.name}")


def test_help_names_the_setting_behind_a_flag(likewise: Service) -> None:
    assert "(LIKEWISE_CLIENT_HEADER, default none)" in likewise.run("serve", "--help").stdout


def test_version(likewise: Service) -> None:
    done = likewise.run("--version")
    assert (done.returncode, done.stdout) == (0, f"likewise {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), "likewise: The command comes first. There are: serve, demo, "),
        (("stat",), "likewise: 'stat' is no command. Did you mean stats?"),
        (("frobnicate",), "likewise: 'frobnicate' is no command. There are: serve, demo, "),
        (("--port", "1", "serve"), "likewise: The command comes first. There are: "),
        (("stats", "--lim", "5"), "likewise stats: unrecognized arguments: --lim 5."),
        (("stats", "--limit"), "likewise stats: argument --limit: expected one argument."),
        (("stats", "--limit", "-1"), "likewise stats: argument --limit: -1: expected a whole"),
        (("stats", "more"), "likewise stats: unrecognized arguments: more."),
        (("serve", "--prot", "1"), "likewise serve: unrecognized arguments: --prot 1."),
        (("serve", "--port", "x"), "likewise serve: argument --port: x: expected a port number"),
        (("serve", "--admin-key", "x" * 30), "likewise serve: unrecognized arguments: --admin-k"),
        (("import", "article"), "likewise import: the following arguments are required: file."),
        (("import", "isso", "x"), "likewise import: argument source: invalid choice: 'isso'"),
        (("key", "\x1b[2J"), "likewise key: unrecognized arguments: \\x1b[2J."),
    ],
)
def test_wrong_use_is_told_in_one_line(
    likewise: Service, arguments: tuple[str, ...], error: str
) -> None:
    done = likewise.run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(error)
    assert done.stderr.count("\n") == 1
    assert not list(likewise.directory.iterdir())


def test_wrong_use_says_where_there_is_more(likewise: Service) -> None:
    assert "`likewise stats --help` tells more." in likewise.run("stats", "--x").stderr


@pytest.mark.parametrize("name", NAMES)
def test_wrong_setting_stops_every_command_in_one_line(likewise: Service, name: str) -> None:
    arguments = {"restore": ("x.db",), "import": ("article", "x.db")}.get(name, ())
    done = likewise.run(name, *arguments, LIKEWISE_LOG="\x1b[2Jxml")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"likewise {name}: LIKEWISE_LOG=\\x1b[2Jxml: expected text or json.\n"
    assert not list(likewise.directory.iterdir())


@pytest.mark.parametrize("name", READING)
def test_missing_database_is_named_with_its_whole_path_and_not_made(
    likewise: Service, name: str
) -> None:
    article_database(likewise.directory)
    done = likewise.run(name, *READING[name])
    database = likewise.directory / "likewise.db"
    assert done.returncode == 1
    assert done.stderr == (
        f"likewise {name}: There is no database {database}. `likewise serve` makes one.\n"
    )
    assert [path.name for path in likewise.directory.iterdir()] == ["likes.db"]


@pytest.mark.parametrize("content", [b"", b"post_id,count\n" * 100, b"SQLite format 3\0" * 100])
@pytest.mark.parametrize("name", READING)
def test_file_that_is_no_database_is_told_in_one_line(
    likewise: Service, name: str, content: bytes
) -> None:
    article_database(likewise.directory)
    (likewise.directory / "likewise.db").write_bytes(content)
    done = likewise.run(name, *READING[name], "--database", "likewise.db")
    assert done.returncode == 1 or not content  # an empty file is a database to be made
    assert done.stderr.count("\n") <= 1
    assert "Traceback" not in done.stderr
    assert (likewise.directory / "likewise.db").read_bytes()[
        : len(content)
    ] == content or not content


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1:strict"},
    ],
    ids=str,
)
@pytest.mark.parametrize("arguments", [("restore", "--help"), ("serve", "--help"), ("openapi",)])
def test_output_survives_every_locale(
    likewise: Service, locale: dict[str, str], arguments: tuple[str, ...]
) -> None:
    done = likewise.run(*arguments, **locale)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize("arguments", ["--help", "openapi", "serve --help"])
def test_reader_may_leave_before_the_end(likewise: Service, arguments: str) -> None:
    # With `pipefail` and a reader that reads nothing: every write meets a broken pipe.
    shell = f"set -o pipefail; ({sys.executable} -m likewise {arguments}; echo $? >&2) | true"
    done = subprocess.run(
        ["bash", "-c", shell],
        cwd=likewise.directory,
        env=likewise.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "0\n"


def test_full_disk_is_told_in_one_line(likewise: Service) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "likewise", "openapi"],
            cwd=likewise.directory,
            env=likewise.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "likewise openapi: No space left on device.\n")


def test_commands_that_make_a_database_are_the_two_that_serve(likewise: Service) -> None:
    assert set(NAMES) - CREATING - READING.keys() == {
        *("restore", "openapi", "health", "cloudflare", "doctor", "snippet")
    }
    for name in ("openapi", "health", "restore", "cloudflare"):
        likewise.run(name, *(["backup.db"] if name == "restore" else []))
    assert not list(likewise.directory.iterdir())


def article_database(folder: Path) -> Path:
    import apsw  # noqa: PLC0415

    path = folder / "likes.db"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE likes (post_id TEXT PRIMARY KEY, count INTEGER)")
    connection.execute("INSERT INTO likes VALUES ('hello', 12)")
    connection.close()
    return path
