"""`likewise doctor` as people and monitors run it: forms, exit codes, and where the key goes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from tests.cli.terminal import Terminal
from tests.doctor.set_up import SetUp, diagnosis
from tests.service import KEY, Service
from tests.told_server import Serve, drip, flood, redirect, servers

SECRET = re.compile(re.escape(KEY))


@pytest.fixture
def serve() -> Iterator[Serve]:
    with servers() as start:
        yield start


def checks(text: str) -> dict[str, dict[str, str]]:
    return {one["check"]: one for one in json.loads(text)["findings"]}


# From a laptop


def test_healthy_set_up_is_told_to_people_and_monitors(set_up: SetUp) -> None:
    with set_up.running():
        done = set_up.doctor()
        told = set_up.doctor("--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^ok +certificate: ", done.stdout, re.MULTILINE)
    assert re.search(r"^not checked +rate: .*\n +--rate tries it\.$", done.stdout, re.MULTILINE)
    assert "FAIL" not in done.stdout
    assert "\x1b" not in done.stdout
    assert told.returncode == 0
    assert json.loads(told.stdout)["failed"] == 0


def test_failure_is_an_exit_code_with_what_to_do(set_up: SetUp) -> None:
    set_up.service.settings["LIKEWISE_ORIGINS"] = "https://other.example"
    with set_up.running():
        done = set_up.doctor()
    assert (done.returncode, done.stderr) == (1, "")
    assert f"FAIL         origin: Pages of {set_up.blog} may not write.\n" in done.stdout
    # What is to be copied stands in one piece.
    assert f" LIKEWISE_ORIGINS=https://other.example,{set_up.blog}\n" in done.stdout


def test_warning_alone_is_no_failure(set_up: SetUp) -> None:
    set_up.has_backup = False
    with set_up.running():
        done = set_up.doctor("--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["warned"] == 1


def test_without_the_key_the_rest_is_checked_and_it_says_how_to_check_all(set_up: SetUp) -> None:
    with set_up.running():
        told = diagnosis(set_up.doctor("--json", key=False))
    assert told.named == set()
    assert told.findings["key"]["state"] == "unchecked"
    assert "LIKEWISE_ADMIN_KEY_FILE" in told.text("key")
    assert told.findings["origin"]["state"] == told.findings["clock"]["state"] == "ok"
    assert {"forgery", "database", "host"}.isdisjoint(told.findings)


def test_key_may_be_in_a_file(set_up: SetUp) -> None:
    file = set_up.directory / "key"
    file.write_text(KEY)
    with set_up.running():
        done = set_up.doctor("--json", key=False, LIKEWISE_ADMIN_KEY_FILE=str(file))
    assert diagnosis(done).findings["key"]["state"] == "ok"


def test_wrong_key_is_told_and_tried_once(set_up: SetUp) -> None:
    with set_up.running():
        done = set_up.doctor("--json", LIKEWISE_ADMIN_KEY="another-key-0123456789abcdef")
        metrics = set_up.service.owner("/metrics").body.decode()
    assert diagnosis(done).named == {("key", "fail")}
    assert 'likewise_refusals_total{code="wrong_key"} 1\n' in metrics


def test_examination_changes_nothing(set_up: SetUp) -> None:
    with set_up.running():
        before = set_up.service.owner("/api/summary").json
        for _ in range(2):
            assert set_up.doctor("--rate").returncode == 0
        assert set_up.service.owner("/api/summary").json == before
        assert set_up.service.owner("/api/stats").json == []
        assert set_up.service.owner("/api/audit").json == {"corrections": []}


def test_page_alone_leads_to_the_service_without_the_key(set_up: SetUp) -> None:
    with set_up.running():
        arguments = ["--page", set_up.post, "--json", "--resolve=likes.test=127.0.0.1"]
        done = set_up.service.run(
            *("doctor", *arguments, "--resolve=blog.test=127.0.0.1"),
            LIKEWISE_URL="",
            LIKEWISE_DATABASE=str(set_up.directory / "none.db"),
            SSL_CERT_FILE=str(set_up.certificate.file),
        )
    found = checks(done.stdout)
    assert found["reachable"]["text"].endswith(set_up.likes)
    assert found["origin"]["state"] == "ok"
    # A page does not decide where a key goes.
    assert found["key"]["state"] == "unchecked"


# On the server


def test_service_of_this_machine_is_found_by_its_lock(service: Service) -> None:
    done = service.run("doctor", "--json", LIKEWISE_ADMIN_KEY="")
    assert done.returncode == 1  # such a key is a wrong setting
    del service.settings["LIKEWISE_ADMIN_KEY"]
    done = service.run("doctor", "--json")
    found = checks(done.stdout)
    assert done.returncode == 0, done.stdout
    assert found["service"]["text"] == f"The service runs at {service.url}"
    assert found["database"]["state"] == "ok"
    assert found["origins"]["state"] == found["backups"]["state"] == "warn"
    assert "reader" not in found
    assert "LIKEWISE_URL" in found["reachable"]["advice"]


def test_way_from_outside_is_examined_where_the_url_is_set(set_up: SetUp) -> None:
    set_up.service.settings["LIKEWISE_ADMIN_KEY"] = KEY
    with set_up.running():
        done = set_up.service.run(
            *("doctor", "--json", "--resolve=likes.test=127.0.0.1"),
            SSL_CERT_FILE=str(set_up.certificate.file),
        )
    found = checks(done.stdout)
    assert done.returncode == 0, done.stdout
    assert found["service"]["state"] == found["forgery"]["state"] == "ok"


def test_stopped_service_is_named_and_its_database_examined(service: Service) -> None:
    service.stop()
    done = service.run("doctor", "--json")
    found = checks(done.stdout)
    assert done.returncode == 1
    assert found["service"]["state"] == "fail"
    assert found["database"]["state"] == "ok"


def test_neither_database_nor_address_is_wrong_use(likewise: Service) -> None:
    done = likewise.run("doctor")
    assert (done.returncode, done.stdout) == (2, "")
    assert "likewise doctor https://likes.example.com" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["likes.example.com"],
        ["ftp://likes.example.com"],
        ["https://"],
        ["https://[bad"],
        ["--page", "hello"],
        ["--resolve", "likes.example.com"],
        ["--resolve", "likes.example.com=somewhere"],
    ],
)
def test_what_is_no_address_is_wrong_use(likewise: Service, arguments: list[str]) -> None:
    done = likewise.run("doctor", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "expected" in done.stderr


# Colours


def test_colours_are_for_terminals(service: Service) -> None:
    assert "\x1b[32mok" in shown(service)
    assert "\x1b" not in shown(service, NO_COLOR="1")


def shown(service: Service, **variables: str) -> str:
    environment = {**service.environment(), **variables}
    with Terminal("doctor", folder=service.directory, environment=environment) as terminal:
        terminal.ended()
        return terminal.text


# Hostile answers


def test_key_is_not_sent_where_a_redirect_leads(likewise: Service, serve: Serve) -> None:
    asked: list[dict[str, str]] = []

    def listen(handler: BaseHTTPRequestHandler) -> None:
        asked.append(dict(handler.headers))
        redirect("http://127.0.0.1:9/")(handler)

    class Everything(dict[str, bytes]):
        def get(self, _name: str, _default: object = None) -> object:  # type: ignore[override]
            return listen

    elsewhere = serve(Everything())  # type: ignore[arg-type]
    url = serve({"/healthz": redirect(f"{elsewhere}/healthz"), "/post/": redirect(elsewhere)})
    done = likewise.run("doctor", url, "--page", f"{url}/post/", "--json", LIKEWISE_ADMIN_KEY=KEY)
    assert done.returncode == 1
    assert f"leads on to {elsewhere}" in checks(done.stdout)["reachable"]["text"]
    assert asked
    assert not any(SECRET.search(str(headers)) for headers in asked)


def test_key_is_not_sent_without_encryption_to_another_machine(likewise: Service) -> None:
    with likewise as service:
        service.settings["LIKEWISE_ADMIN_KEY"] = KEY
        url = f"http://likes.test:{service.port}"
        done = service.run("doctor", url, "--resolve=likes.test=127.0.0.1", "--json")
    found = checks(done.stdout)
    assert done.returncode == 1
    assert found["certificate"]["state"] == "fail"
    assert "without encryption" in found["key"]["text"]


def test_page_cannot_write_to_the_terminal(likewise: Service, serve: Serve) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\r\u202e"
    html = f'<html><script src="/likes.js?{evil}"></script><like-wise api="http://a/{evil}">'

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html; charset=utf-8")
        handler.send_header("Content-Security-Policy", "script-src \x1b[31m")
        handler.end_headers()
        handler.wfile.write(html.encode())

    url = serve({"/post/": answer, "/healthz": b"alive\n"})
    done = likewise.run("doctor", url, "--page", f"{url}/post/")
    assert done.returncode == 1
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", done.stdout + done.stderr)
    assert "\\x1b" in done.stdout


@pytest.mark.parametrize(
    "answer",
    [
        flood,
        redirect("/healthz"),
        redirect("http://[bad/"),
        drip(b"HTTP/1.1 200 OK\r\nX: "),
        b'{"findings":1}',
    ],
    ids=["flood", "loop", "bad address", "drip", "other"],
)
def test_hostile_service_ends_in_a_finding(likewise: Service, serve: Serve, answer: object) -> None:
    url = serve({"/healthz": answer, "/page/": answer})  # type: ignore[dict-item]
    done = likewise.run("doctor", url, "--page", f"{url}/page/", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    assert checks(done.stdout)["reachable"]["state"] == "fail"
    assert checks(done.stdout)["page"]["state"] == "fail"


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"findings": "x", "request": []},
        {"time": "soon"},
        {"findings": [{"check": "disk\x1b[2J", "state": "ok", "text": "", "advice": ""}]},
        [1],
    ],
)
def test_report_that_is_none_is_told(likewise: Service, serve: Serve, told: object) -> None:
    class Liar(dict[str, bytes]):
        def get(self, name: str, _default: object = None) -> object:  # type: ignore[override]
            return b"alive\n" if name == "/healthz" else json.dumps(told).encode()

    url = serve(Liar())  # type: ignore[arg-type]
    done = likewise.run("doctor", url, "--json", LIKEWISE_ADMIN_KEY=KEY)
    assert (done.returncode, done.stderr) == (1, "")
    assert "\x1b" not in done.stdout
