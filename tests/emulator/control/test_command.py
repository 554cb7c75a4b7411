"""manage.py emulator, as far as it does not serve."""

import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.emulator.serve.test_server import free_base, opened
from vaults.emulator.serve.home import Home


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
