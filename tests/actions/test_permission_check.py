"""The permission check: equal to what the vault was told, and without a trace in it."""

import pytest
from django.test import Client

from tests.actions import acts
from tests.actions.acts import Act
from tests.browsing import text_of
from tests.conftest import World, last_entry, say
from vaults.actions.permission_check import check_access
from vaults.actors import Person
from vaults.emulator import ADMIN, DEPLOY, Emulator
from vaults.emulator.state.policies import EVERYTHING
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import Vault
from vaults.permissions import Action

pytestmark = pytest.mark.slow

CHECK = Act(Action.ACCESS_CHECK, "secrets/get", check_access)


def state_of(emulator: Emulator) -> list[str]:
    with emulator.store.reading() as db:
        return list(db.iterdump())


def fill(azure: VaultClient, emulator: Emulator) -> None:
    """One of each kind, live, pending and deleted."""
    for name in ("kept", "gone"):
        azure.secrets.set(name, "hidden")
        azure.keys.create(name, kty="EC")
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    azure.certificates.create("being-made", CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example"))
    azure.secrets.delete("gone")
    azure.keys.delete("gone")


def test_the_check_leaves_no_trace_in_the_vault(world: World, azure: VaultClient, emulator: Emulator) -> None:
    fill(azure, emulator)
    before = state_of(emulator)
    emulator.requests.clear()
    results = check_access(Person(world.olga), world.vault).results
    sent = [each for each in emulator.requests if each.host.endswith(".vault.test")]
    after = state_of(emulator)
    say(f"probes sent: {len(sent)}, permissions: {len(results)}, rows changed: {len(set(before) ^ set(after))}")
    assert after == before
    assert not [result for result in results if result.unexpected]
    names = {part for each in sent for part in each.path.split("/")}
    assert not names & {"kept", "gone", "tls", "being-made"}


def test_the_matrix_equals_what_the_vault_was_told(emulator: Emulator, world: World, narrow_vault: Vault) -> None:
    told = {"secrets": ["get", "list", "recover"], "keys": ["list", "sign", "purge"], "certificates": ["get", "import"]}
    emulator.set_permissions("kv-shop-prod", DEPLOY.object_id, told)
    granted = {f"{kind}/{name}".lower() for kind, names in told.items() for name in names}
    verdicts = {r.permission: r.verdict for r in check_access(Person(world.olga), narrow_vault).results}
    for permission, verdict in verdicts.items():
        expected = {"allowed", "probably"} if permission.lower() in granted else {"denied"}
        assert verdict in expected | {"unknown"}, permission
    # No harmless request can show these: each would make something.
    unknown = {permission for permission, verdict in verdicts.items() if verdict == "unknown"}
    assert unknown == {"keys/create", "keys/import", "certificates/import"}


def test_who_may_do_everything_is_denied_nothing(world: World, emulator: Emulator) -> None:
    emulator.set_permissions("kv-shop-prod", ADMIN.object_id, EVERYTHING)
    assert {r.verdict for r in check_access(Person(world.olga), world.vault).results} <= {
        "allowed",
        "probably",
        "unknown",
    }


def test_recorded_with_its_verdicts(world: World, emulator: Emulator) -> None:
    acts.is_recorded(CHECK, world, emulator)
    assert set(last_entry(Action.ACCESS_CHECK).detail["verdicts"]) <= {"allowed", "probably", "denied", "unknown"}


def test_the_role_refuses(world: World, emulator: Emulator) -> None:
    acts.is_refused_by_role(CHECK, world, emulator)


def test_the_page_shows_proof_and_remedy(olga: Client, narrow_vault: Vault) -> None:
    page = olga.get(f"/vaults/{narrow_vault.slug}/access/")
    shown = text_of(page)
    assert "permissions are missing for sp-shop-deploy" in shown
    assert 'name="need" value="secrets/delete"' in page.content.decode()
    assert "ForbiddenByPolicy" in shown
    assert "DELETE /secrets/probe-" in shown


def test_a_vault_that_is_away_leaves_everything_unknown(
    olga: Client, world: World, emulator: Emulator, sick_vault: Vault
) -> None:
    emulator.fail(200, 503, retry_after="60")
    page = olga.get(f"/vaults/{sick_vault.slug}/access/")
    assert page.status_code == 200
    assert {result.verdict for result in page.context["results"]} == {"unknown"}
