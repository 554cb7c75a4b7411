"""What stands empty in the environment counts as not there, as Docker Compose writes what nobody set: `${X:-}`."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
KEYS = {
    f"KVPORTAL_{name}": "x7Kp2mQv9RtZ4wLcB8nHs3JdF6gYeW5uAaTqXr1kMoPbVzCiNjDlGhSfEyUwOt0I"
    for name in ("SECRET_KEY", "SEALING_KEYS", "AUDIT_KEY")
}
VARIABLES = sorted(set(re.findall(r"`(KVPORTAL_[A-Z_]+)`", (ROOT / "README.md").read_text())))
SHOW = (
    "from kvportal import settings; "
    "print({name: value for name, value in vars(settings).items() if name.isupper() and name != 'CONTENT_SECURITY_POLICY'})"
)


def started(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    base = {name: value for name, value in os.environ.items() if not name.startswith(("KVPORTAL_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env={**base, **environment}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("empty", ["", " ", '""', "''"])
def test_an_empty_variable_is_as_good_as_none(empty: str) -> None:
    """`docker run --env-file` keeps the quotes of a file."""
    assert len(VARIABLES) > 20
    unset = started("-c", SHOW, **KEYS)
    given = started("-c", SHOW, **{**dict.fromkeys(VARIABLES, empty), **KEYS})
    assert given.stderr == unset.stderr == ""
    assert given.stdout == unset.stdout


def test_an_empty_path_does_not_hide_what_is_given_itself() -> None:
    given = started("-c", SHOW, **KEYS, **{f"{name}_FILE": "" for name in VARIABLES})
    assert given.stdout == started("-c", SHOW, **KEYS).stdout


def test_an_empty_key_is_told_as_missing() -> None:
    said = started("-c", SHOW, **{**KEYS, "KVPORTAL_AUDIT_KEY": ""}).stderr
    assert "KVPORTAL_AUDIT_KEY: Environment variable not set." in said


def test_the_parent_of_all_processes_takes_them_alike() -> None:
    """It reads port, host and data directory itself, before there are settings; keys are missing here, and it says so."""
    said = started("-m", "kvportal.launch", "serve", **dict.fromkeys(VARIABLES, ""))
    assert "Traceback" not in said.stderr
    assert (
        "KVPORTAL_SECRET_KEY: Environment variable not set." in said.stderr or "port 8000 can't be used" in said.stderr
    )
