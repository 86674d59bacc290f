"""The systemd unit: right by systemd's own check, and as little exposed as it says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from likewise.settings import SETTINGS
from tests.deploy.engine import ROOT

UNIT = ROOT / "deploy" / "systemd" / "likewise.service"
MAX_EXPOSURE = 2.0


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing: apt-get install systemd")
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False
    )


def test_unit_is_what_systemd_takes(tmp_path: Path) -> None:
    """But for the program, which is not installed here."""
    text = UNIT.read_text(encoding="utf-8").replace("/opt/likewise/bin/likewise", "/bin/true")
    unit = tmp_path / UNIT.name
    unit.write_text(text)
    done = analyze("verify", str(unit))
    assert (done.returncode, done.stderr) == (0, "")


def test_unit_is_little_exposed() -> None:
    done = analyze("security", "--offline=true", str(UNIT))
    found = re.search(r"Overall exposure level for likewise.service: ([\d.]+)", done.stdout)
    assert found, done.stderr
    print(f"exposure {found[1]}")
    assert float(found[1]) <= MAX_EXPOSURE


def test_settings_of_the_unit_are_those_that_there_are() -> None:
    named = set(re.findall(r"(LIKEWISE_\w+)=", UNIT.read_text(encoding="utf-8")))
    known = {setting.name for setting in SETTINGS}
    known |= {f"{setting.name}_FILE" for setting in SETTINGS if setting.is_secret}
    assert {"LIKEWISE_DATABASE", "LIKEWISE_ADMIN_KEY_FILE"} <= named
    assert named <= known


def test_key_comes_as_a_credential() -> None:
    text = UNIT.read_text(encoding="utf-8")
    assert "LoadCredential=admin-key:" in text
    assert "LIKEWISE_ADMIN_KEY_FILE=%d/admin-key" in text
