"""Acts on deleted items: list, look, recover, purge; result, refusals, record."""

import pytest

from tests.actions import acts
from tests.actions.acts import Act
from tests.conftest import World, last_detail, last_entry
from vaults.actions import items
from vaults.azure.errors import Forbidden
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
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


ACTS = [
    *(
        Act(
            items.READ[kind],
            f"{kind}/get",
            lambda who, v, kind=kind: items.read_deleted(who, v, kind, NAME),  # type: ignore[misc]
        )
        for kind in items.COLLECTIONS
    ),
    *(
        Act(
            items.RECOVER[kind],
            f"{kind}/recover",
            lambda who, v, kind=kind, name=name: items.recover_deleted(who, v, kind, name),  # type: ignore[misc]
        )
        for kind, name in zip(items.COLLECTIONS, (NAME, NAME, "retired-tls"), strict=True)
    ),
    *(
        Act(
            items.PURGE[kind],
            f"{kind}/purge",
            lambda who, v, kind=kind, name=name: items.purge_deleted(who, v, kind, name),  # type: ignore[misc]
        )
        for kind, name in zip(items.COLLECTIONS, (NAME, NAME, "retired-tls"), strict=True)
    ),
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
    found = items.list_deleted(world.olga, world.vault)
    assert {part.collection: {item.properties.name for item in part.items} for part in found} == {
        "secrets": {NAME, "retired-tls"},  # a certificate takes its twins along
        "keys": {NAME, "retired-tls"},
        "certificates": {"retired-tls"},
    }
    assert all(item.scheduled_purge_on for part in found for item in part.items)
    assert last_detail(Action.DELETED_LIST) == {"count": 5}


def test_one_refused_list_does_not_hide_the_others(gone: None, world: World, emulator: Emulator) -> None:
    emulator.deny("keys/list")
    found = {part.collection: part for part in items.list_deleted(world.olga, world.vault)}
    assert isinstance(found["keys"].error, Forbidden)
    assert len(found["secrets"].items) == 2
    emulator.deny("secrets/list", "certificates/list")
    with pytest.raises(Forbidden):
        items.list_deleted(world.olga, world.vault)
    assert last_entry(Action.DELETED_LIST).state == "denied"


def test_recovered_and_purged_are_seen_when_they_have_settled(world: World, azure: VaultClient) -> None:
    azure.secrets.set(NAME, "hidden")
    azure.secrets.delete(NAME)
    assert not items.is_back(world.olga, world.vault, "secrets", NAME)
    items.recover_deleted(world.olga, world.vault, "secrets", NAME)
    assert items.is_back(world.olga, world.vault, "secrets", NAME)
    assert items.read_deleted(world.olga, world.vault, "secrets", NAME) is None
