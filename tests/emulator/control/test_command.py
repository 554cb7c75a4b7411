"""The command line, as far as it does not serve: as `manage.py emulator`, and without Django."""

import io
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import BaseCommand, CommandError, call_command

from tests.emulator.running import free_base, opened
from vaults.emulator.control.command_line import (
    CERTIFICATE_SECONDS,
    DATA_DIR,
    PORT,
    ROOT,
    Settings,
    read_settings,
)
from vaults.emulator.control.fields import RefusedError
from vaults.emulator.control.verbs import VERBS
from vaults.emulator.serve.home import Home

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Home:
    settings.DATA_DIR = tmp_path
    settings.EMULATOR_PORT = free_base()
    home = Home(tmp_path / "emulator", settings.EMULATOR_PORT)
    opened(home).close()
    return home


def run(*words: str) -> str:
    out = io.StringIO()
    call_command("emulator", *words, stdout=out)
    return out.getvalue()


def exports(*words: str) -> dict[str, str]:
    lines = [shlex.split(line)[1].partition("=")[::2] for line in run("env", *words).splitlines()]
    return dict(lines)


def test_env(home: Home) -> None:
    env = exports()
    assert list(env) == ["VAULT_URL", "AUTHORITY", "TENANT_ID", "CLIENT_ID", "CLIENT_SECRET", "CA_FILE"]
    assert env["VAULT_URL"] == f"https://localhost:{home.base_port + 1}"
    assert Path(env["CA_FILE"]).is_file()
    admin = json.loads(home.credentials_file.read_text())["principals"]["sp-shop-admin"]
    assert env["CLIENT_SECRET"] == admin["client_secret"]
    other = exports("--vault", "kv-billing-prod", "--principal", "sp-shop-deploy")
    assert other["VAULT_URL"] == f"https://localhost:{home.base_port + 3}"
    assert other["CLIENT_ID"] != env["CLIENT_ID"]
    with pytest.raises(CommandError, match="no service principal sp-nobody"):
        run("env", "--principal", "sp-nobody")
    with pytest.raises(CommandError, match="no vault kv-nowhere"):
        run("env", "--vault", "kv-nowhere")


def test_grant_and_revoke(home: Home) -> None:
    run("grant", "sp-shop-deploy", "secrets/set", "keys/sign", "--vault", "kv-shop-stage")
    assert "  kv-shop-stage  sp-shop-deploy  secrets: set; keys: sign\n" in run("list")
    run("revoke", "sp-shop-deploy", "secrets/set", "keys/sign", "--vault", "kv-shop-stage")
    assert "kv-shop-stage  sp-shop-deploy" not in run("list")
    for words in (("sp-nobody", "secrets/get"), ("sp-shop-deploy", "secrets/fly")):
        with pytest.raises(CommandError, match="There is no"):
            run("grant", *words, "--vault", "kv-shop-prod")


def test_add_vault_and_reset(home: Home) -> None:
    assert run("add-vault", "kv-new", "--retention-days", "7").strip() == f"https://localhost:{home.base_port + 4}"
    assert "kv-new" in home.clouds_file.read_text()
    with pytest.raises(CommandError, match="a vault kv-new already"):
        run("add-vault", "kv-new")
    run("reset")
    assert not home.folder.exists()


def without_django(home: Home, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """`python -m vaults.emulator` in a process of its own, which imports nothing of Django."""
    command = [sys.executable, "-X", "importtime", "-m", "vaults.emulator"]
    place = ["--data-dir", str(home.folder.parent), "--port", str(home.base_port)]
    ended = subprocess.run([*command, *place, *words], capture_output=True, text=True, check=False)
    imported = [
        line.rpartition("|")[2].strip() for line in ended.stderr.splitlines() if line.startswith("import time:")
    ]
    assert "vaults.emulator.control.command_line" in imported
    assert [name for name in imported if name.partition(".")[0] in ("django", "kvportal")] == []
    assert ended.returncode == code, ended.stderr
    return ended


def test_the_module_prints_what_the_command_of_the_portal_prints(home: Home) -> None:
    assert "grant" in without_django(home, "--help").stdout
    assert without_django(home, "env").stdout == run("env")
    assert without_django(home, "list").stdout == run("list")


def test_the_module_refuses_with_an_exit_code_and_a_text(home: Home) -> None:
    refused = without_django(home, "env", "--vault", "kv-nowhere", code=1)
    assert refused.stdout == ""
    assert refused.stderr.splitlines()[-1] == "There is no vault kv-nowhere."
    assert "is not being served" in without_django(home, "lift", code=1).stderr
    without_django(home, "fly", code=2)


@pytest.mark.parametrize(
    ("environment", "data_dir", "port", "expected"),
    [
        ({}, None, None, (ROOT / "var" / "emulator", 8443, 8)),
        ({"KVPORTAL_DATA_DIR": "", "KVPORTAL_EMULATOR_PORT": ""}, None, None, (ROOT / "var" / "emulator", 8443, 8)),
        (
            {
                "KVPORTAL_DATA_DIR": "/data",
                "KVPORTAL_EMULATOR_PORT": "9443",
                "KVPORTAL_EMULATOR_CERTIFICATE_SECONDS": "0.5",
            },
            None,
            None,
            (Path("/data/emulator"), 9443, 0.5),
        ),
        ({"KVPORTAL_DATA_DIR": "/data"}, Path("/other"), 7443, (Path("/other/emulator"), 7443, 8)),
    ],
)
def test_settings_come_from_arguments_or_the_environment(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    data_dir: Path | None,
    port: int | None,
    expected: tuple[Path, int, float],
) -> None:
    for name in (DATA_DIR, PORT, CERTIFICATE_SECONDS):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert read_settings(data_dir, port) == Settings(*expected)


def test_a_port_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PORT, "soon")
    with pytest.raises(RefusedError, match="KVPORTAL_EMULATOR_PORT"):
        read_settings(None, None)


def test_no_argument_has_the_name_of_one_of_django() -> None:
    taken = vars(BaseCommand().create_parser("manage.py", "emulator").parse_args([])).keys() | {"action"}
    assert [field.name for verb in VERBS for field in verb.fields if field.name in taken] == []


def test_the_module_serves_until_it_is_terminated(home: Home) -> None:
    command = [sys.executable, "-m", "vaults.emulator", "--data-dir", str(home.folder.parent)]
    process = subprocess.Popen([*command, "--port", str(home.base_port), "serve"], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        assert any("token issuer and Resource Manager at https://localhost" in line for line in lines)
        assert "/control/?ticket=" in without_django(home, "control").stdout
        assert "latency 5 ms" in (without_django(home, "latency", "5") and without_django(home, "faults")).stdout
    finally:
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0
