"""Deployments that would be open: keys that can be guessed, any host name, debug pages, a first password like any other."""

import base64
import os
import secrets
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from pytest_django import Settings

from kvportal import launch
from kvportal.env import SHORTEST_AUDIT_KEY, SHORTEST_SECRET_KEY, hard_to_guess
from tests.serving import free_port
from tests.starting import KEYS, started
from vaults.models import User
from vaults.sealing import parse_key_ring

pytestmark = pytest.mark.sweep

GOOD_KEY = bytes(range(32))
CHECK = ("-c", "import kvportal.settings")
GUESSED = {
    "short": "x7Kp2mQv9RtZ4wLc",
    "one character": "a" * 64,
    "few characters": "abcabcab" * 8,
    "as made for a start": "django-insecure-" + KEYS["KVPORTAL_SECRET_KEY"],
    "repeated": "1234567890" * 6,
    "blanks": "abcdefghij" + " " * 50,
    "nearly repeated": ("1234567890" * 6)[:-1],
    "repeated and one more": "abcdefghij" * 5 + "x",
    "long and then short": "a" * 60 + "0123456789",
    "the example": ("changeme-please-" * 4)[:-1],
    "a request": "kvportal-secret-key-please-change-it-in-production-1!",
    "another": "replace-this-with-fifty-random-characters-or-more-OK7",
    "the alphabet": "abcdefghijklmnopqrstuvwxyz" * 2 + "0",
    "the alphabets": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
}


@pytest.mark.parametrize("name", ["KVPORTAL_SECRET_KEY", "KVPORTAL_AUDIT_KEY"])
@pytest.mark.parametrize("key", GUESSED.values(), ids=GUESSED)
def test_a_key_that_can_be_guessed_starts_nothing(name: str, key: str) -> None:
    said = started(*CHECK, **{**KEYS, name: key})
    assert said.returncode != 0
    assert f"{name}: It can be guessed" in said.stderr
    assert key not in said.stderr


@pytest.mark.parametrize("size", [16, 20, 32, 48, 64])
def test_keys_that_were_made_at_random_are_taken(size: int) -> None:
    """As README makes them, and as others do: in hexadecimal digits, in base64."""
    shortest = SHORTEST_SECRET_KEY if size > 25 else SHORTEST_AUDIT_KEY
    for _ in range(2000):
        hard_to_guess(shortest)(secrets.token_hex(size))
        hard_to_guess(shortest)(secrets.token_urlsafe(max(size, 38)))


@pytest.mark.parametrize("weak", [bytes(32), b"kvportal" * 4, b"ab" * 16, b"0123456789abcdef" * 2], ids=str)
def test_nothing_is_sealed_with_a_key_that_can_be_guessed(weak: bytes) -> None:
    """It may stay behind another one, so that what it has sealed can be sealed anew."""
    weak_key, good_key = (f"{name}:{base64.b64encode(key).decode()}" for name, key in (("k1", weak), ("k2", GOOD_KEY)))
    with pytest.raises(ImproperlyConfigured, match="the key k1 can be guessed") as refused:
        parse_key_ring(f"{weak_key},{good_key}")
    assert weak_key.partition(":")[2] not in str(refused.value)
    assert parse_key_ring(f"{good_key},{weak_key}").current == "k2"


@pytest.mark.parametrize("hosts", ["*", "portal.example.com,*", "*.example.com", ".", ".com"])
def test_any_host_is_no_host(hosts: str) -> None:
    said = started(*CHECK, **KEYS, KVPORTAL_ALLOWED_HOSTS=hosts)
    assert said.returncode != 0
    assert "KVPORTAL_ALLOWED_HOSTS: Name each host" in said.stderr


@pytest.mark.parametrize(
    ("local", "starts"), [({}, False), ({"KVPORTAL_TRIAL": "false"}, False), ({"KVPORTAL_TRIAL": "true"}, True)]
)
def test_debug_pages_are_for_the_local_vault(local: dict[str, str], starts: bool) -> None:
    said = started(*CHECK, **KEYS, KVPORTAL_DEBUG="true", **local)
    assert (said.returncode == 0) is starts
    assert starts or "KVPORTAL_DEBUG: Its pages show" in said.stderr


def test_fewer_proxies_than_none_are_none_to_believe() -> None:
    assert (
        "KVPORTAL_TRUSTED_PROXY_COUNT: It has to be 0 or more"
        in started(*CHECK, **KEYS, KVPORTAL_TRUSTED_PROXY_COUNT="-1").stderr
    )


def test_a_deployment_is_no_trial(tmp_path: Path) -> None:
    said = started(
        "-m", "kvportal.launch", "serve", **KEYS, KVPORTAL_TRIAL="true", KVPORTAL_DEBUG="true",
        KVPORTAL_PORT=str(free_port()), KVPORTAL_DATA_DIR=str(tmp_path),
    )  # fmt: skip
    assert said.returncode != 0
    assert "KVPORTAL_DEBUG: Its pages show" in said.stderr


@pytest.mark.parametrize("limit", ["0", "-1"])
def test_a_limit_is_one(limit: str) -> None:
    assert (
        "KVPORTAL_REVEAL_LIMIT: It has to be 1 or more" in started(*CHECK, **KEYS, KVPORTAL_REVEAL_LIMIT=limit).stderr
    )


@pytest.fixture
def prepared(db: None, settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR, settings.STATIC_ROOT = tmp_path / "data", tmp_path / "static"
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("password", "reason"),
    [("Zq8x", "too short"), ("password123", "too common"), ("owner@example.com", "too similar")],
)
def test_the_first_owners_password_is_held_to_the_rules(
    password: str, reason: str, prepared: Path, settings: Settings
) -> None:
    settings.OWNER_EMAIL, settings.OWNER_PASSWORD = "owner@example.com", password
    with pytest.raises(CommandError, match=reason) as refused:
        call_command("prepare")
    assert password not in str(refused.value)
    assert not User.objects.exists()


def test_the_data_directory_is_closed_to_others(prepared: Path, settings: Settings) -> None:
    prepared.mkdir(mode=0o755)
    prepared.chmod(0o755)
    settings.OWNER_EMAIL, settings.OWNER_PASSWORD = "owner@example.com", "a sentence is good"
    call_command("prepare", stdout=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    assert stat.S_IMODE(prepared.stat().st_mode) == 0o700


CHILD = """
import os, sys
from kvportal import launch
from kvportal.env import SHORTEST_AUDIT_KEY, SHORTEST_SECRET_KEY, hard_to_guess

told = "import os, sys; os.write(1, ' '.join([sys.argv[1], *(n for n in os.environ if 'OWNER' in n), chr(10)]).encode())"
launch.MANAGE = [sys.executable, "-c", told]
launch.granian = lambda host, port: [*launch.MANAGE, "portal"]
launch.wait_for = lambda *_: None
children = {}
launch.start(children, local=False)
for child in children.values():
    child.process.wait()
"""


def test_the_first_owners_password_is_told_to_nobody_but_prepare(tmp_path: Path) -> None:
    environment: dict[str, Any] = {
        **os.environ,
        "KVPORTAL_PORT": str(free_port()),
        "KVPORTAL_OWNER_EMAIL": "owner@example.com",
        "KVPORTAL_OWNER_PASSWORD": "a sentence is good",
    }
    done = subprocess.run(
        [sys.executable, "-c", CHILD], env=environment, cwd=launch.ROOT, capture_output=True, text=True, check=True
    )
    told = dict(
        line.strip().partition(" ")[::2] for line in done.stdout.splitlines() if not line.startswith("kvportal")
    )
    assert told == {
        "prepare": "KVPORTAL_OWNER_EMAIL KVPORTAL_OWNER_PASSWORD",
        "worker": "KVPORTAL_OWNER_EMAIL",
        "portal": "KVPORTAL_OWNER_EMAIL",
    }
