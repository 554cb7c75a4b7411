"""Acts on keys: result, refusals, record."""

import pytest

from tests.actions import acts
from tests.actions.acts import Act
from tests.conftest import World, last_detail, vault_calls
from vaults.actions import items, keys
from vaults.actions.changes import ChangedMeanwhile, NameTaken, edit_token_of
from vaults.actions.keys import KeyContent
from vaults.actors import Person
from vaults.azure.errors import Conflict
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.kinds import KEY
from vaults.permissions import Action

NAME = "order-signing"


@pytest.fixture
def opened_on(world: World, azure: VaultClient) -> str:
    return edit_token_of(azure.keys.create(NAME, kty="EC", crv="P-256").properties)


def acts_on(opened_on: str) -> list[Act]:
    content = KeyContent("EC", crv="P-256")
    return [
        Act(Action.KEY_LIST, "keys/list", lambda who, v: items.list_items(who, v, KEY)),
        Act(Action.KEY_READ, "keys/get", lambda who, v: keys.read_public_key(who, v, NAME)),
        Act(Action.KEY_CREATE, "keys/create", lambda who, v: keys.create_key(who, v, "fresh", content)),
        Act(
            Action.KEY_NEW_VERSION,
            "keys/create",
            lambda who, v: keys.new_version_of_key(who, v, NAME, {}, opened_on),
        ),
        Act(Action.KEY_ROTATE, "keys/rotate", lambda who, v: keys.rotate_key(who, v, NAME, opened_on)),
        Act(
            Action.KEY_UPDATE,
            "keys/update",
            lambda who, v: keys.update_key(who, v, NAME, {"enabled": False}, ["sign"], opened_on),
        ),
        Act(Action.KEY_DELETE, "keys/delete", lambda who, v: items.delete_item(who, v, KEY, NAME)),
    ]


ACTS = [str(act) for act in acts_on("")]


@pytest.mark.parametrize("act", ACTS)
def test_done_and_recorded(act: str, opened_on: str, world: World, emulator: Emulator) -> None:
    acts.is_recorded(acts.named(acts_on(opened_on), act), world, emulator)


@pytest.mark.parametrize("act", ACTS)
def test_the_role_refuses(act: str, opened_on: str, world: World, emulator: Emulator) -> None:
    acts.is_refused_by_role(acts.named(acts_on(opened_on), act), world, emulator)


@pytest.mark.parametrize("act", ACTS)
def test_azure_refuses(act: str, opened_on: str, world: World, emulator: Emulator) -> None:
    acts.is_refused_by_azure(acts.named(acts_on(opened_on), act), world, emulator)


def test_a_name_in_use_gets_no_version_by_accident(world: World, opened_on: str, azure: VaultClient) -> None:
    with pytest.raises(NameTaken):
        keys.create_key(Person(world.olga), world.vault, NAME, KeyContent("EC"))
    assert len(azure.keys.versions(NAME)) == 1


def test_a_name_of_a_deleted_key_is_told_apart(world: World, opened_on: str, azure: VaultClient) -> None:
    azure.keys.delete(NAME)
    with pytest.raises(Conflict) as refusal:
        keys.create_key(Person(world.olga), world.vault, NAME, KeyContent("EC"))
    assert refusal.value.inner_code == "ObjectIsDeletedButRecoverable"


def test_an_update_names_what_it_changed(world: World, opened_on: str, emulator: Emulator) -> None:
    keys.update_key(
        Person(world.olga), world.vault, NAME, {"enabled": True, "tags": {"a": "b"}}, ["sign", "verify"], opened_on
    )
    assert emulator.requests[-1].body == {"tags": {"a": "b"}}
    assert last_detail(Action.KEY_UPDATE) == {"attributes": ["tags"]}


def test_nobody_overwrites_what_he_has_not_seen(
    world: World, azure: VaultClient, opened_on: str, emulator: Emulator
) -> None:
    emulator.clock.advance(3)
    azure.keys.update(NAME, opened_on.partition(".")[0], tags={"owner": "somebody else"})
    vault_calls(emulator)
    with pytest.raises(ChangedMeanwhile):
        keys.update_key(Person(world.olga), world.vault, NAME, {"tags": {}}, ["sign"], opened_on)
    with pytest.raises(ChangedMeanwhile):
        keys.new_version_of_key(Person(world.olga), world.vault, NAME, {}, opened_on)
    assert {method for method, _ in vault_calls(emulator)} == {"GET"}
