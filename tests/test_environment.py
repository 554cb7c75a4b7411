"""What stands empty in the environment counts as not there, as Docker Compose writes what nobody set: `${X:-}`."""

import re

import pytest

from tests.starting import KEYS, ROOT, started

pytestmark = pytest.mark.slow

VARIABLES = sorted(set(re.findall(r"`(KVPORTAL_[A-Z_]+)`", (ROOT / "README.md").read_text())))
SHOW = (
    "from kvportal import settings; "
    "print({name: value for name, value in vars(settings).items() if name.isupper() and name != 'CONTENT_SECURITY_POLICY'})"
)


@pytest.mark.sweep
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
