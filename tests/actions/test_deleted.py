"""Acts on deleted items: list, look, recover, purge; result, refusals, record."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.actions import acts
from tests.actions.acts import Act
from tests.conftest import World, last_entry
from vaults.actions import items
from vaults.actors import Actor, Person
from vaults.azure.errors import Forbidden
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.kinds import CERTIFICATE, KEY, KINDS, SECRET, Kind
from vaults.models import Vault
from vaults.permissions import Action

NAME = "retired"


@pytest.fixture
def gone(world: World, azure: VaultClient, emulator: Emulator) -> None:
    """One deleted item of each kind."""
    azure.secrets.set(NAME, "hidden")
    azure.secrets.delete(NAME)
    azure.keys.create(NAME, kty="EC")
    azure.keys.delete(NAME)
    azure.certificates.create("retired-tls", CertificatePolicy(issuer_name="Self", subject="CN=old.example"))
    emulator.clock.advance(60)
    azure.certificates.delete("retired-tls")


#: What was deleted of each kind.
GONE = {SECRET: NAME, KEY: NAME, CERTIFICATE: "retired-tls"}
Do = Callable[[Actor, Vault, Kind, str], Any]


def act_on(kind: Kind, action: Action, verb: str, do: Do, name: str) -> Act:
    return Act(action, f"{kind.collection}/{verb}", lambda who, vault: do(who, vault, kind, name))


ACTS = [
    *(act_on(kind, kind.actions.read, "get", items.read_deleted, NAME) for kind in KINDS),
    *(act_on(kind, kind.actions.recover, "recover", items.recover_deleted, name) for kind, name in GONE.items()),
    *(act_on(kind, kind.actions.purge, "purge", items.purge_deleted, name) for kind, name in GONE.items()),
]


@pytest.mark.parametrize("act", ACTS, ids=str)
def test_done_and_recorded(act: Act, gone: None, world: World, emulator: Emulator) -> None:
    acts.is_recorded(act, world, emulator)


@pytest.mark.parametrize("act", ACTS, ids=str)
def test_the_role_refuses(act: Act, gone: None, world: World, emulator: Emulator) -> None:
    acts.is_refused_by_role(act, world, emulator)


@pytest.mark.parametrize("act", ACTS, ids=str)
def test_azure_refuses(act: Act, gone: None, world: World, emulator: Emulator) -> None:
    acts.is_refused_by_azure(act, world, emulator)


def test_the_three_lists_come_with_their_purge_dates(gone: None, world: World) -> None:
    found = items.list_deleted(Person(world.olga), world.vault)
    assert {part.kind.collection: {item.properties.name for item in part.items} for part in found} == {
        "secrets": {NAME, "retired-tls"},  # a certificate takes its twins along
        "keys": {NAME, "retired-tls"},
        "certificates": {"retired-tls"},
    }
    assert all(item.scheduled_purge_on for part in found for item in part.items)
    assert last_entry(Action.DELETED_LIST).state == "looked"


def test_one_refused_list_does_not_hide_the_others(gone: None, world: World, emulator: Emulator) -> None:
    emulator.deny("keys/list")
    found = {part.kind.collection: part for part in items.list_deleted(Person(world.olga), world.vault)}
    assert isinstance(found["keys"].error, Forbidden)
    assert len(found["secrets"].items) == 2
    emulator.deny("secrets/list", "certificates/list")
    with pytest.raises(Forbidden):
        items.list_deleted(Person(world.olga), world.vault)
    assert last_entry(Action.DELETED_LIST).state == "denied"


def test_recovered_and_purged_are_seen_when_they_have_settled(world: World, azure: VaultClient) -> None:
    azure.secrets.set(NAME, "hidden")
    azure.secrets.delete(NAME)
    assert not items.is_back(Person(world.olga), world.vault, SECRET, NAME)
    items.recover_deleted(Person(world.olga), world.vault, SECRET, NAME)
    assert items.is_back(Person(world.olga), world.vault, SECRET, NAME)
    assert items.read_deleted(Person(world.olga), world.vault, SECRET, NAME) is None
