"""A scan: what it finds, what it is refused, and that only one runs at a time. It never reads a value."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from tests.actions import acts
from tests.actions.acts import Act
from tests.conftest import World, client_of, in_threads, last_detail, last_entry, make_connection, say
from tests.endless import endless
from vaults.actions import scans
from vaults.actions.scans import LEASE, ScanUnderWay, scan_vault
from vaults.actors import Person, System
from vaults.azure.errors import AzureError
from vaults.azure.time_limit import time_limit
from vaults.emulator import DEPLOY, Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import AuditEntry, Connection, InventoryItem, JobItem, Vault
from vaults.permissions import Action
from vaults.sealing import SealBroken
from vaults.templatetags.kvportal import scan_problem as scan_words

pytestmark = pytest.mark.slow

ENDS = datetime(2031, 5, 1, tzinfo=UTC)
SCAN = Act(Action.VAULT_SCAN, "secrets/list", scan_vault)


def fill(azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("kept", "hidden value", expires_on=ENDS, content_type="text/plain", tags={"owner": "shop"})
    azure.secrets.set("off", "hidden value", enabled=False)
    azure.secrets.set("gone", "hidden value")
    azure.secrets.delete("gone")
    azure.keys.create("signing", kty="EC")
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    azure.certificates.create("being-made", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))


def test_everything_is_found_with_its_state(world: World, azure: VaultClient, emulator: Emulator) -> None:
    fill(azure, emulator)
    emulator.requests.clear()
    count = scan_vault(Person(world.olga), world.vault)
    items = {(item.kind, item.name): item for item in InventoryItem.objects.all()}
    assert count == len(items) == 8
    kept = items["secret", "kept"]
    assert (kept.expires_on, kept.content_type, kept.tags) == (ENDS, "text/plain", {"owner": "shop"})
    assert items["secret", "off"].enabled is False
    assert items["secret", "gone"].scheduled_purge_on
    assert items["certificate", "being-made"].pending
    assert items["secret", "tls"].managed
    assert items["key", "tls"].managed
    assert last_detail(Action.VAULT_SCAN) == {"count": 8}
    asked = Counter(each.path for each in emulator.requests if each.host.endswith(".vault.test"))
    lists = {f"/{part}{kind}" for part in ("", "deleted") for kind in ("secrets", "keys", "certificates")}
    assert set(asked) == lists | {"/certificates/being-made/pending", "/certificates/tls"}


def test_a_second_scan_replaces_the_first(world: World, azure: VaultClient, emulator: Emulator) -> None:
    fill(azure, emulator)
    scan_vault(System(), world.vault)
    azure.secrets.delete("kept")
    azure.secrets.purge("kept")
    assert scan_vault(System(), world.vault) == 7
    assert last_entry(Action.VAULT_SCAN).actor_label == "kvportal"


def test_a_long_list_is_read_to_its_end(world: World, azure: VaultClient, emulator: Emulator) -> None:
    for number in range(60):
        azure.secrets.set(f"secret-{number:02}", "hidden")
    emulator.empty_pages(2, path="^/secrets$")
    assert scan_vault(Person(world.olga), world.vault) == 60


def test_a_refused_list_is_named_and_the_others_count(world: World, azure: VaultClient, emulator: Emulator) -> None:
    fill(azure, emulator)
    emulator.deny("keys/list")
    scan_vault(Person(world.olga), world.vault)
    world.vault.refresh_from_db()
    assert scan_words(world.vault) == "Azure refused: keys/list is missing"
    assert world.vault.scanned_at
    kinds = set(InventoryItem.objects.values_list("kind", flat=True))
    assert kinds == {"secret", "certificate"}


def test_lists_that_are_refused_alike_are_named_in_one_sentence(world: World, emulator: Emulator) -> None:
    emulator.deny("secrets/list", "keys/list")
    emulator.fail(9, 503, path="^/certificates$")
    scan_vault(Person(world.olga), world.vault)
    world.vault.refresh_from_db()
    assert scan_words(world.vault) == (
        "Azure refused: secrets/list and keys/list are missing; certificates: Key Vault returned a server error"
    )


@pytest.mark.parametrize("path", ["^/keys$", "^/deletedkeys$"])
def test_a_list_that_fails_keeps_what_was_known_of_it_alone(
    path: str, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    fill(azure, emulator)
    azure.keys.create("retired", kty="EC")
    azure.keys.delete("retired")
    emulator.clock.advance(60)
    scan_vault(Person(world.olga), world.vault)
    azure.secrets.set("fresh", "hidden")
    azure.keys.delete("signing")
    emulator.clock.advance(60)
    emulator.fail(9, 503, retry_after="60", path=path)
    scan_vault(Person(world.olga), world.vault)
    world.vault.refresh_from_db()
    name = {"^/keys$": "keys", "^/deletedkeys$": "deleted keys"}[path]
    assert scan_words(world.vault) == f"{name}: Key Vault returned a server error"
    items = InventoryItem.objects.existing().filter(managed=False).exclude(kind="certificate")
    found = sorted((item.kind, item.name, item.deleted_on is not None) for item in items)
    gone = [("key", "signing", True)] if path == "^/keys$" else []
    assert found == [
        ("key", "retired", True),
        *gone,
        ("secret", "fresh", False),
        ("secret", "gone", True),
        ("secret", "kept", False),
        ("secret", "off", False),
    ]


def test_a_vault_that_is_away_keeps_what_was_known(world: World, emulator: Emulator, sick_vault: Vault) -> None:
    client_of(sick_vault).secrets.set("kept", "hidden")
    scan_vault(Person(world.olga), sick_vault)
    seen = sick_vault.scanned_at
    emulator.fail(99, 503, retry_after="60")
    with pytest.raises(AzureError):
        scan_vault(Person(world.olga), sick_vault)
    sick_vault.refresh_from_db()
    assert (scan_words(sick_vault), sick_vault.scanned_at) == ("Key Vault returned a server error", seen)
    assert sick_vault.scan_started_at is None
    assert sick_vault.items.count() == 1


def test_the_role_refuses(world: World, emulator: Emulator) -> None:
    acts.is_refused_by_role(SCAN, world, emulator)


def test_asking_for_a_scan_needs_a_role(world: World) -> None:
    scans.request_scans(Person(world.olga), [world.vault])
    world.vault.refresh_from_db()
    assert world.vault.scan_requested_at is not None
    assert JobItem.objects.get(vault=world.vault).job.requested_by == world.olga


def test_one_scan_at_a_time_until_its_lease_ends(world: World) -> None:
    scans = Vault.objects.filter(pk=world.vault.pk)
    scans.update(scan_started_at=timezone.now() - LEASE + timedelta(seconds=5))
    with pytest.raises(ScanUnderWay):
        scan_vault(System(), world.vault)
    scans.update(scan_started_at=timezone.now() - LEASE - timedelta(seconds=5))
    scan_vault(System(), world.vault)
    world.vault.refresh_from_db()
    assert world.vault.scan_started_at is None


def test_two_workers_make_one_scan(file_world: World, emulator: Emulator) -> None:
    emulator.latency(0.05, times=6)
    found = in_threads(*(lambda: scan_vault(System(), Vault.objects.get(pk=file_world.vault.pk)) for _ in range(4)))
    refused = [each for each in found if isinstance(each, ScanUnderWay)]
    say(f"workers at one vault: {len(found)}, scans: {len(found) - len(refused)}")
    assert len(refused) == 3
    assert AuditEntry.objects.filter(action=Action.VAULT_SCAN, state="started").count() == 1


def test_of_a_list_without_end_what_came_in_time_is_kept(world: World, emulator: Emulator, sick_vault: Vault) -> None:
    client_of(sick_vault).keys.create("signing", kty="EC")
    endless(emulator, "^/secrets$", 0.1)
    with time_limit(2):
        found = scan_vault(Person(world.olga), sick_vault)
    sick_vault.refresh_from_db()
    kept = InventoryItem.objects.filter(vault=sick_vault)
    assert kept.filter(kind="secret").count() == found - 1 > 100
    assert kept.filter(kind="key").count() == 1
    assert scan_words(sick_vault) == "secrets: The vault's list is too long to be read to its end"
    assert sick_vault.scanned_at


def test_what_a_list_names_twice_is_one_item(world: World, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("once", "hidden")
    azure.secrets.set("ends", "hidden")
    azure.secrets.delete("ends")
    emulator.rewrite(_twice, path="^/secrets$")
    emulator.rewrite(_twice, path="^/deletedsecrets$")
    assert scan_vault(Person(world.olga), world.vault) == 2
    assert InventoryItem.objects.count() == 2
    assert last_entry(Action.VAULT_SCAN).detail["count"] == 2


def _twice(answer: Any) -> Any:
    again = [item | {"id": item["id"].replace("once", "ONCE")} for item in answer["value"]]
    return answer | {"value": answer["value"] + again}


@pytest.mark.parametrize("path", ["secrets", "keys", "certificates", "deletedsecrets"])
def test_items_without_an_identifier_are_told(path: str, world: World, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("fine", "hidden")
    nameless = [{"id": None, "attributes": {"enabled": True}}, {"kid": "odd", "attributes": {}}]
    emulator.rewrite(lambda answer: answer | {"value": answer["value"] + nameless}, path=f"^/{path}$")
    assert scan_vault(Person(world.olga), world.vault) == 1
    world.vault.refresh_from_db()
    kind = path.replace("deleted", "deleted ")
    assert scan_words(world.vault) == f"{kind}: 2 items have no identifier that can be read"


def reach_twice(world: World) -> Vault:
    deploy = make_connection(world.team, "sp-shop-deploy", DEPLOY.client_id, DEPLOY.client_secret)
    world.vault.reached_through.create(connection=deploy, position=1)
    return Vault.objects.get(pk=world.vault.pk)


def test_a_list_that_one_connection_may_not_read_is_read_through_the_next(
    azure: VaultClient, emulator: Emulator, world: World
) -> None:
    fill(azure, emulator)
    vault = reach_twice(world)
    emulator.deny("secrets/list")
    emulator.deny("keys/list", "certificates/list", principal=DEPLOY.name)
    emulator.requests.clear()
    scan_vault(System(), vault)
    assert vault.scan_problem == ""
    assert {item.name for item in vault.items.filter(deleted_on=None)} >= {"kept", "signing", "tls"}
    asked = Counter((sent.method, sent.path) for sent in emulator.requests if sent.host.endswith(".vault.test"))
    assert asked["GET", "/secrets"] == 2
    assert asked["GET", "/keys"] == 1
    assert last_entry(Action.VAULT_SCAN).connection_name == "sp-shop-admin"
    assert last_detail(Action.VAULT_SCAN)["through"] == {
        "secrets": "sp-shop-deploy",
        "deleted secrets": "sp-shop-deploy",
    }


def test_a_list_that_no_connection_may_read_is_a_problem(emulator: Emulator, world: World) -> None:
    vault = reach_twice(world)
    emulator.deny("keys/list")
    emulator.deny("keys/list", principal=DEPLOY.name)
    scan_vault(System(), vault)
    assert vault.scan_problem == "refused.missing_permission"
    assert "through" not in last_detail(Action.VAULT_SCAN)


def test_a_connection_whose_credential_cannot_be_opened_is_no_obstacle(
    azure: VaultClient, emulator: Emulator, world: World
) -> None:
    fill(azure, emulator)
    vault = reach_twice(world)
    Connection.objects.filter(pk=world.connection.pk).update(client_secret_sealed="test:AAAA")
    scan_vault(System(), Vault.objects.get(pk=vault.pk))
    assert set(last_detail(Action.VAULT_SCAN)["through"].values()) == {"sp-shop-deploy"}
    Connection.objects.update(client_secret_sealed="test:AAAA", revision=F("revision") + 1)  # no token is kept
    with pytest.raises(SealBroken):
        scan_vault(System(), Vault.objects.get(pk=vault.pk))
    assert Vault.objects.get(pk=vault.pk).scan_problem == "portal.seal_broken"


def test_a_connection_that_may_not_sign_in_is_no_obstacle(azure: VaultClient, emulator: Emulator, world: World) -> None:
    fill(azure, emulator)
    vault = reach_twice(world)
    world.connection.set_client_secret("a wrong secret")
    world.connection.revision += 1
    world.connection.save()
    scan_vault(System(), Vault.objects.get(pk=vault.pk))
    assert Vault.objects.get(pk=vault.pk).scan_problem == ""
