"""Acts on secrets: result, refusals, record."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.actions import acts
from tests.actions.acts import Act
from tests.conftest import World, last_detail, last_entry, vault_calls
from vaults.actions import items, secrets
from vaults.actions.changes import ChangedMeanwhile, NameTaken, edit_token_of
from vaults.actions.secrets import SecretContent
from vaults.actors import Person
from vaults.azure.errors import Conflict, Forbidden, NotFound
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.kinds import SECRET
from vaults.models import User, Vault
from vaults.permissions import Action

NAME = "checkout-db-password"


@pytest.fixture
def opened_on(world: World, azure: VaultClient) -> str:
    """One secret, and what a form carries that was opened on it."""
    return edit_token_of(azure.secrets.set(NAME, "first", tags={"owner": "shop"}))


def acts_on(opened_on: str) -> list[Act]:
    content = SecretContent("second")
    return [
        Act(Action.SECRET_LIST, "secrets/list", lambda who, v: items.list_items(who, v, SECRET)),
        Act(Action.SECRET_READ, "secrets/list", lambda who, v: secrets.read_secret(who, v, NAME)),
        Act(Action.SECRET_REVEAL, "secrets/get", lambda who, v: secrets.reveal_secret(who, v, NAME)),
        Act(Action.SECRET_CREATE, "secrets/set", lambda who, v: secrets.create_secret(who, v, "fresh", content)),
        Act(
            Action.SECRET_NEW_VERSION,
            "secrets/set",
            lambda who, v: secrets.new_version_of_secret(who, v, NAME, "second", {}, opened_on),
        ),
        Act(
            Action.SECRET_UPDATE,
            "secrets/set",
            lambda who, v: secrets.update_secret(who, v, NAME, {"tags": {"owner": "web"}}, opened_on),
        ),
        Act(Action.SECRET_DELETE, "secrets/delete", lambda who, v: items.delete_item(who, v, SECRET, NAME)),
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


def test_reveal_hands_the_value_out_and_records_its_version(world: World, opened_on: str) -> None:
    assert secrets.reveal_secret(Person(world.olga), world.vault, NAME).value == "first"
    assert last_entry(Action.SECRET_REVEAL).version == opened_on.partition(".")[0]


def test_a_name_in_use_is_not_overwritten(world: World, opened_on: str, emulator: Emulator) -> None:
    with pytest.raises(NameTaken):
        secrets.create_secret(Person(world.olga), world.vault, NAME, SecretContent("second"))
    assert "PUT" not in {method for method, _ in vault_calls(emulator)[1:]}
    assert last_entry(Action.SECRET_CREATE).state == "failed"


def test_who_may_set_but_not_list_may_create(world: World, emulator: Emulator) -> None:
    emulator.deny("secrets/list")
    assert secrets.create_secret(Person(world.olga), world.vault, "fresh", SecretContent("v")).name == "fresh"


def test_a_name_of_a_deleted_secret_is_told_apart(world: World, azure: VaultClient, opened_on: str) -> None:
    azure.secrets.delete(NAME)
    with pytest.raises(Conflict) as refusal:
        secrets.create_secret(Person(world.olga), world.vault, NAME, SecretContent("second"))
    assert refusal.value.inner_code == "ObjectIsDeletedButRecoverable"
    entry = last_entry(Action.SECRET_CREATE)
    assert (entry.state, entry.status, entry.inner_code) == ("failed", 409, "ObjectIsDeletedButRecoverable")


def test_an_update_sends_only_what_differs(world: World, opened_on: str, emulator: Emulator) -> None:
    ends = datetime(2031, 5, 1, tzinfo=UTC)
    wanted = {"enabled": True, "tags": {"owner": "shop"}, "expires_on": ends, "not_before": None, "content_type": ""}
    secrets.update_secret(Person(world.olga), world.vault, NAME, wanted, opened_on)
    assert emulator.requests[-1].body == {"attributes": {"exp": int(ends.timestamp())}}
    assert last_detail(Action.SECRET_UPDATE) == {"attributes": ["expires_on"]}


def test_an_update_that_changes_nothing_sends_nothing(world: World, opened_on: str, emulator: Emulator) -> None:
    secrets.update_secret(Person(world.olga), world.vault, NAME, {"tags": {"owner": "shop"}}, opened_on)
    assert "PATCH" not in {method for method, _ in vault_calls(emulator)}


OVERWRITE: dict[str, Callable[[User, Vault, str], object]] = {
    "update": lambda who, v, opened_on: secrets.update_secret(Person(who), v, NAME, {"tags": {}}, opened_on),
    "new version": lambda who, v, opened_on: secrets.new_version_of_secret(Person(who), v, NAME, "mine", {}, opened_on),
}


@pytest.mark.parametrize("act", OVERWRITE)
def test_nobody_overwrites_what_he_has_not_seen(
    act: str, world: World, azure: VaultClient, opened_on: str, emulator: Emulator
) -> None:
    version = opened_on.partition(".")[0]
    emulator.clock.advance(3)
    azure.secrets.update(NAME, version, tags={"owner": "somebody else"})
    vault_calls(emulator)
    with pytest.raises(ChangedMeanwhile) as changed:
        OVERWRITE[act](world.olga, world.vault, opened_on)
    assert changed.value.current.tags == {"owner": "somebody else"}
    assert {method for method, _ in vault_calls(emulator)} == {"GET"}


def test_a_disabled_secret_is_refused_by_azure_in_its_own_words(world: World, azure: VaultClient) -> None:
    azure.secrets.set("off", "hidden", enabled=False)
    with pytest.raises(Forbidden) as refusal:
        secrets.reveal_secret(Person(world.olga), world.vault, "off")
    assert refusal.value.inner_code == "SecretDisabled"


def test_an_absent_secret_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        secrets.read_secret(Person(world.olga), world.vault, "absent")
    assert last_entry(Action.SECRET_READ).state == "failed"


def test_a_change_within_the_same_second_is_seen(world: World, azure: VaultClient, opened_on: str) -> None:
    """Key Vault's own time of the last update has whole seconds."""
    azure.secrets.update(NAME, opened_on.partition(".")[0], tags={"owner": "somebody else"})
    with pytest.raises(ChangedMeanwhile):
        secrets.update_secret(Person(world.olga), world.vault, NAME, {"tags": {}}, opened_on)
    assert azure.secrets.versions(NAME)[0].tags == {"owner": "somebody else"}
