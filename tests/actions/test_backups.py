"""Acts of backup and restore: result, refusals, record."""

import pytest

from tests.actions import acts
from tests.actions.acts import Act
from tests.conftest import World, last_detail, last_entry
from vaults.actions import backups
from vaults.actions.backups import NameHeld
from vaults.actions.names import NameState
from vaults.actors import Person
from vaults.azure.errors import TransportError
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.kinds import CERTIFICATE, KEY, KINDS, SECRET, Kind
from vaults.permissions import Action

NAMES = {SECRET: "kept", KEY: "signing", CERTIFICATE: "tls"}
#: The backup of each item named "lost-…", which is in no vault any more.
BLOBS: dict[Kind, bytes] = {}


@pytest.fixture
def stock(azure: VaultClient, emulator: Emulator) -> None:
    for before in ("", "lost-"):
        azure.secrets.set(f"{before}kept", "hidden")
        azure.keys.create(f"{before}signing", kty="EC")
        azure.certificates.create(f"{before}tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    for kind, name in NAMES.items():
        items = kind.client(azure)
        BLOBS[kind] = items.backup(f"lost-{name}")
        items.delete(f"lost-{name}")
        items.purge(f"lost-{name}")


def backup_of(kind: Kind) -> Act:
    return Act(
        kind.actions.backup,
        f"{kind.collection}/backup",
        lambda who, vault: backups.back_up(who, vault, kind, NAMES[kind]),
    )


def restore_of(kind: Kind) -> Act:
    return Act(
        kind.actions.restore,
        f"{kind.collection}/restore",
        lambda who, vault: backups.restore(who, vault, kind, f"lost-{NAMES[kind]}", BLOBS[kind], NameState.FREE),
    )


ACTS = [*map(backup_of, KINDS), *map(restore_of, KINDS)]


@pytest.mark.parametrize("act", ACTS, ids=str)
def test_done_and_recorded(act: Act, stock: None, world: World, emulator: Emulator) -> None:
    acts.is_recorded(act, world, emulator)


@pytest.mark.parametrize("act", ACTS, ids=str)
def test_the_role_refuses(act: Act, stock: None, world: World, emulator: Emulator) -> None:
    acts.is_refused_by_role(act, world, emulator)


@pytest.mark.parametrize("act", ACTS, ids=str)
def test_azure_refuses(act: Act, stock: None, world: World, emulator: Emulator) -> None:
    acts.is_refused_by_azure(act, world, emulator)


@pytest.mark.parametrize("state", [NameState.TAKEN, NameState.DELETED])
def test_who_holds_a_name(state: NameState, stock: None, world: World, azure: VaultClient) -> None:
    if state is NameState.DELETED:
        azure.secrets.delete("kept")
    with pytest.raises(NameHeld) as caught:
        backups.who_holds(Person(world.olga), world.vault, SECRET, "kept")
    assert caught.value.use.state is state


def test_a_lost_answer_is_not_taken_for_success_if_the_name_was_not_known_to_be_free(
    stock: None, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    """The item of this name may have been there before."""
    emulator.lose_request(method="POST")
    with pytest.raises(TransportError):
        backups.restore(Person(world.olga), world.vault, SECRET, "kept", BLOBS[SECRET], NameState.UNKNOWN)
    assert last_entry(Action.SECRET_RESTORE).state == "unknown"
    assert last_detail(Action.SECRET_RESTORE) == {"name_was": "unknown"}
