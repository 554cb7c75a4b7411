"""Lost answers: a set or create makes exactly one version, and its outcome is known or said to be unknown."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import World, client_of, last_entry, say
from vaults.actions import certificates, keys, secrets
from vaults.actions.changes import edit_token_of
from vaults.actions.keys import KeyContent
from vaults.actions.secrets import SecretContent
from vaults.actors import Person
from vaults.azure.errors import AzureError, TransportError
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import User, Vault
from vaults.permissions import Action


@pytest.fixture
def azure(sick_vault: Vault) -> VaultClient:
    return client_of(sick_vault)


POLICY = CertificatePolicy(issuer_name="Self", subject="CN=shop.example")
Do = Callable[[User, Vault], Any]

CREATE: dict[str, tuple[Action, Do]] = {
    "secrets": (
        Action.SECRET_CREATE,
        lambda who, v: secrets.create_secret(Person(who), v, "fresh", SecretContent("v")),
    ),
    "keys": (Action.KEY_CREATE, lambda who, v: keys.create_key(Person(who), v, "fresh", KeyContent("EC", crv="P-256"))),
    "certificates": (
        Action.CERTIFICATE_CREATE,
        lambda who, v: certificates.create_certificate(Person(who), v, "fresh", POLICY, {}, None),
    ),
}


def made(azure: VaultClient, emulator: Emulator, kind: str) -> int:
    """How many versions there are in the end."""
    emulator.clock.advance(60)
    return len(getattr(azure, kind).versions("fresh"))


def sent(emulator: Emulator) -> int:
    """How often the vault was asked to make something."""
    return sum(each.method in ("PUT", "POST") and each.host.endswith(".vault.test") for each in emulator.requests)


@pytest.mark.parametrize("kind", CREATE)
def test_an_answer_lost_after_the_deed_is_looked_up(
    kind: str, world: World, azure: VaultClient, emulator: Emulator, sick_vault: Vault
) -> None:
    action, do = CREATE[kind]
    emulator.lose_answer(method="PUT" if kind == "secrets" else "POST")
    do(world.olga, sick_vault)
    entry = last_entry(action)
    assert entry.state == "succeeded"
    assert entry.detail["unconfirmed"] is True
    assert sent(emulator) == 1
    assert made(azure, emulator, kind) == 1


@pytest.mark.parametrize("kind", CREATE)
def test_a_request_lost_on_its_way_is_unknown_and_not_repeated(
    kind: str, world: World, azure: VaultClient, emulator: Emulator, sick_vault: Vault
) -> None:
    action, do = CREATE[kind]
    emulator.lose_request(method="PUT" if kind == "secrets" else "POST")
    with pytest.raises(TransportError) as lost:
        do(world.olga, sick_vault)
    assert lost.value.maybe_done
    assert last_entry(action).state == "unknown"
    assert sent(emulator) == 1
    assert made(azure, emulator, kind) == 0


@pytest.mark.parametrize("kind", CREATE)
def test_an_unreadable_answer_to_a_change_counts_as_lost(
    kind: str, world: World, emulator: Emulator, sick_vault: Vault
) -> None:
    action, do = CREATE[kind]
    emulator.answer_next(
        200, b"<html>Sign in to the hotel's network</html>", method="PUT" if kind == "secrets" else "POST"
    )
    with pytest.raises(AzureError):
        do(world.olga, sick_vault)
    assert last_entry(action).state == "unknown"


@pytest.mark.slow
def test_a_hundred_lost_answers_make_a_hundred_versions(
    world: World, azure: VaultClient, emulator: Emulator, sick_vault: Vault
) -> None:
    duplicates = wrong = 0
    for number in range(100):
        name = f"fresh-{number // 10}"
        if number % 10 == 0:
            azure.secrets.set(name, "first")
        before = azure.secrets.versions(name)
        emulator.lose_answer(method="PUT")
        try:
            secrets.new_version_of_secret(Person(world.olga), sick_vault, name, "v", {}, edit_token_of(before[0]))
        except AzureError:
            wrong += 1
        emulator.clock.advance(1)  # which of two versions is newer shows by the second
        duplicates += len(azure.secrets.versions(name)) - len(before) - 1
    say(f"answers lost after the deed: 100, duplicate versions: {duplicates}, called failed: {wrong}")
    assert (duplicates, wrong) == (0, 0)


def test_a_version_that_was_there_before_is_not_taken_for_ours(
    world: World, azure: VaultClient, emulator: Emulator, sick_vault: Vault
) -> None:
    azure.secrets.set("fresh", "somebody else's, a moment ago")
    emulator.lose_request(method="PUT")
    opened_on = edit_token_of(azure.secrets.versions("fresh")[0])
    with pytest.raises(TransportError):
        secrets.new_version_of_secret(Person(world.olga), sick_vault, "fresh", "mine", {}, opened_on)
    assert last_entry(Action.SECRET_NEW_VERSION).state == "unknown"
