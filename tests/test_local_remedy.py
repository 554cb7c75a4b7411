"""The local vault's remedy is for the local vault alone, and its command works as it is shown."""

import os
import subprocess
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.conftest import World
from vaults import clients
from vaults.emulator.serve.home import Home
from vaults.emulator.state import policies
from vaults.models import Connection, Vault
from vaults.remedies import grant_remedy

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
OWN_CLOUD = """
[clouds.{name}]
authority = "https://login.stack.example"
scope = "https://vault.stack.example/.default"
vault_suffixes = ["vault.stack.example"]
"""


@pytest.fixture
def home(world: World, settings: Settings, tmp_path: Path) -> Home:
    """A local Key Vault in a data directory whose name needs quotes; the deployment knows it by its file of clouds."""
    home = Home(tmp_path / "my data; $(exit 7)" / "emulator", 18443)
    home.open()
    settings.CLOUDS, settings.CLOUDS_FILE = {}, home.clouds_file
    return home


def vault_of(cloud: str, client_id: str = "x") -> Vault:
    Connection.objects.update(cloud=cloud, client_id=client_id)
    return Vault.objects.select_related("team").get()


def in_a_shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Paste the command into a terminal in the project's folder, with nothing of this process's settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("KVPORTAL_", "DJANGO_"))}
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_works_with_any_data_directory(home: Home) -> None:
    known = home.credentials()["principals"]["sp-shop-deploy"]
    keys = {name: os.environ[name] for name in ("KVPORTAL_SECRET_KEY", "KVPORTAL_SEALING_KEYS", "KVPORTAL_AUDIT_KEY")}
    before = permissions_of(home, known["client_id"])
    remedy = grant_remedy(vault_of("local", known["client_id"]), "secrets/purge", "keys/purge", rbac=False)
    told = in_a_shell(remedy.command, **keys)
    assert told.returncode == 0, told.stderr
    assert permissions_of(home, known["client_id"]) - before == {"secrets/purge", "keys/purge"}


def permissions_of(home: Home, client_id: str) -> set[str]:
    emulator = home.open()
    with emulator.store.reading() as db:
        granted = policies.access_policies(db, emulator.vault("kv-shop-prod"))
    mine = granted[policies.Identity(emulator.principal(client_id).object_id)]
    return {f"{kind}/{verb}" for kind, verbs in mine.items() for verb in verbs}


def test_the_usual_data_directory_is_not_named(world: World, settings: Settings) -> None:
    settings.DATA_DIR = settings.BASE_DIR / "var"
    command = grant_remedy(vault_of("local"), "secrets/get", rbac=False).command
    assert command.endswith("manage.py emulator grant x secrets/get --vault kv-shop-prod")
    assert "KVPORTAL_DATA_DIR" not in command


@pytest.mark.parametrize("rbac", [True, False])
@pytest.mark.parametrize("name", ["stack", "local", "emulator"])
def test_a_cloud_of_the_file_is_not_the_local_vault(
    name: str, rbac: bool, world: World, settings: Settings, tmp_path: Path
) -> None:
    settings.CLOUDS, settings.CLOUDS_FILE = {}, tmp_path / "clouds.toml"
    settings.CLOUDS_FILE.write_text(OWN_CLOUD.format(name=name))
    remedy = grant_remedy(vault_of(name), "secrets/get", rbac=rbac)
    assert "emulator grant" not in f"{remedy.todo} {remedy.command}"
    assert remedy.command.partition("az ")[1]


def test_a_cloud_that_is_gone_is_not_the_local_vault(world: World) -> None:
    assert clients.local_data_dir(Connection(cloud="gone")) is None
