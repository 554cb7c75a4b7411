"""manage.py beside `make run` knows its keys and ports; a deployment's own environment is left alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
SHOW = "from django.conf import settings; print(settings.PORT, settings.EMULATOR_PORT, len(settings.SECRET_KEY))"


@pytest.fixture
def trial(tmp_path: Path) -> Path:
    names = ("SECRET_KEY", "SEALING_KEYS", "AUDIT_KEY")
    for name in names:
        (tmp_path / name).write_text("x7Kp2mQv9RtZ4wLcB8nHs3JdF6gYeW5uAaTqXr1kMoPbVzCiNjDlGhSfEyUw")
    known = {f"KVPORTAL_{name}_FILE": str(tmp_path / name) for name in names}
    ports = {"KVPORTAL_PORT": "8123", "KVPORTAL_EMULATOR_PORT": "9123"}
    (tmp_path / "trial.json").write_text(json.dumps(known | ports))
    return tmp_path


def shell(data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    base = {name: value for name, value in os.environ.items() if not name.startswith(("KVPORTAL_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", SHOW],
        cwd=ROOT,
        env={**base, "KVPORTAL_DATA_DIR": str(data), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_nothing_has_to_be_said_again(trial: Path) -> None:
    assert shell(trial).stdout.split()[-3:] == ["8123", "9123", "60"]


def test_what_is_said_counts_more(trial: Path) -> None:
    assert shell(trial, KVPORTAL_PORT="8001").stdout.split()[-3:] == ["8001", "9123", "60"]


def test_an_environment_with_a_key_of_its_own_gets_nothing_from_the_trial(trial: Path) -> None:
    refused = shell(trial, KVPORTAL_SECRET_KEY="x7Kp2mQv9RtZ4wLcB8nHs3JdF6gYeW5uAaTqXr1kMoPbVzCiNjDlGhSfEyUwOt0I")
    assert refused.returncode != 0
    assert "KVPORTAL_SEALING_KEYS: Environment variable not set" in refused.stderr


def test_an_empty_key_is_no_key_of_ones_own(trial: Path) -> None:
    """`KVPORTAL_SECRET_KEY=${SECRET_KEY:-}` in a file of Docker Compose, and nothing behind it."""
    assert shell(trial, KVPORTAL_SECRET_KEY="", KVPORTAL_PORT=" ").stdout.split()[-3:] == ["8123", "9123", "60"]
