"""The metadata index follows what the portal itself changes, without waiting for the next scan."""

from tests.conftest import World
from vaults.actions import certificates, items, keys, secrets
from vaults.actions.changes import edit_token_of
from vaults.actions.keys import KeyContent
from vaults.actions.secrets import SecretContent
from vaults.actors import Person
from vaults.emulator import Emulator
from vaults.keyvault.types import CertificatePolicy
from vaults.kinds import SECRET
from vaults.models import InventoryItem

Fact = tuple[str, str, bool | None, bool, bool]


def known(world: World) -> list[Fact]:
    """Kind, name, enabled, pending, deleted."""
    items = InventoryItem.objects.existing().filter(vault=world.vault).order_by("kind", "name")
    return [(item.kind, item.name, item.enabled, item.pending, item.deleted_on is not None) for item in items]


def test_a_secret_from_its_creation_to_its_purge(world: World) -> None:
    who, vault = world.olga, world.vault
    made = secrets.create_secret(Person(who), vault, "fresh", SecretContent("v", tags={"team": "shop"}))
    assert known(world) == [("secret", "fresh", True, False, False)]
    assert InventoryItem.objects.get().tags == {"team": "shop"}
    secrets.update_secret(Person(who), vault, "fresh", {"enabled": False}, edit_token_of(made))
    assert known(world) == [("secret", "fresh", False, False, False)]
    items.delete_item(Person(who), vault, SECRET, "fresh")
    assert known(world) == [("secret", "fresh", False, False, True)]
    items.recover_deleted(Person(who), vault, SECRET, "fresh")
    assert known(world) == [("secret", "fresh", False, False, False)]
    items.delete_item(Person(who), vault, SECRET, "fresh")
    items.purge_deleted(Person(who), vault, SECRET, "fresh")
    assert known(world) == []


def test_a_change_of_an_older_version_is_not_taken_for_the_item(world: World, emulator: Emulator) -> None:
    who, vault = world.olga, world.vault
    older = keys.create_key(Person(who), vault, "signing", KeyContent("EC"))
    emulator.clock.advance(5)
    keys.new_version_of_key(Person(who), vault, "signing", {}, edit_token_of(older))
    keys.update_key(Person(who), vault, "signing", {"enabled": False}, ["sign", "verify"], edit_token_of(older))
    assert known(world) == [("key", "signing", True, False, False)]


def test_a_certificate_is_pending_until_its_operation_has_ended(world: World, emulator: Emulator) -> None:
    who, vault = world.olga, world.vault
    certificates.create_certificate(
        Person(who), vault, "shop-tls", CertificatePolicy(issuer_name="Self", subject="CN=shop"), {}, None
    )
    assert known(world) == [("certificate", "shop-tls", True, True, False)]
    emulator.clock.advance(60)
    certificates.read_operation(Person(who), vault, "shop-tls")
    assert known(world) == [("certificate", "shop-tls", True, False, False)]
