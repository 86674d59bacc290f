"""The image in use: it serves, answers its health check, stops in time, and says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

from likewise.cli import COMMANDS
from tests.deploy.conftest import StartContainer
from tests.service import voter


def test_likes_and_counts_with_nothing_writable_but_data(container: StartContainer) -> None:
    service = container().start()
    assert service.like("/hello", voter(1)).status == 200
    assert service.like("/hello", voter(1)).json["count"] == 1
    assert service.count("/hello") == 1
    assert service.owner("/api/stats").json == [{"post_id": "/hello", "likes": 1}]
    for path in ("/likes.js", "/demo", "/dashboard", "/static/dashboard.css"):
        assert service.get(path).status == 200, path
    assert service.stop() == 0
    assert service.start().count("/hello") == 1
    assert {"likewise.db", "likewise.db.key"} <= {path.name for path in service.data.iterdir()}


def test_first_start_makes_an_admin_key_in_data(container: StartContainer) -> None:
    service = container()
    del service.settings["LIKEWISE_ADMIN_KEY"]
    service.start()
    assert "It is in /data/admin-key" in service.log
    path = service.data / "admin-key"
    assert path.stat().st_mode & 0o777 == 0o600
    service.admin_key = path.read_text().strip()
    assert service.owner("/api/stats").status == 200


def test_admin_key_comes_from_a_secret_file(container: StartContainer, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("another-key-for-tests-0123456789\n")
    service = container(f"--volume={key}:/run/secrets/admin_key:ro")
    del service.settings["LIKEWISE_ADMIN_KEY"]
    service.settings["LIKEWISE_ADMIN_KEY_FILE"] = "/run/secrets/admin_key"
    service.admin_key = key.read_text().strip()
    assert service.start().owner("/api/stats").status == 200


def test_every_command_is_there(container: StartContainer) -> None:
    service = container().start()
    for command in COMMANDS:
        done = service.execute("likewise", command.name, "--help")
        assert (done.returncode, done.stderr) == (0, ""), command.name
    assert json.loads(service.execute("likewise", "openapi").stdout)["openapi"]


def test_commands_work_on_a_running_service(container: StartContainer) -> None:
    service = container()
    del service.settings["LIKEWISE_ADMIN_KEY"]
    service.start()
    for number in range(3):
        service.like("/hello", voter(number), address=f"192.0.2.{number}")
    assert "/hello" in service.execute("likewise", "stats").stdout
    assert service.execute("likewise", "health").returncode == 0
    purged = service.execute("likewise", "purge", "--page", "/hello", "--yes")
    assert purged.returncode == 0, purged.stderr
    assert service.count("/hello") == 0
    key = service.execute("likewise", "key")
    assert key.returncode == 0, key.stderr
    service.admin_key = key.stdout.split()[-1]
    assert service.owner("/api/stats").status == 200


def test_backup_is_restored(container: StartContainer) -> None:
    service = container().start()
    service.like("/hello", voter(1))
    done = service.execute("likewise", "backup")
    assert done.returncode == 0, done.stderr
    backup = done.stdout.split()[0]
    service.like("/hello", voter(2), address="192.0.2.2")
    assert service.count("/hello") == 2
    service.stop()
    restored = service.once("restore", backup)
    assert restored.returncode == 0, restored.stderr
    assert service.start().count("/hello") == 1
