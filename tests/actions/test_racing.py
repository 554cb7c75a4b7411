"""Two people who press the button in the same moment: one wins, the other is told; no version is made by accident."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import World, client_of, in_threads, say
from vaults.actions import certificates, keys, secrets
from vaults.actions.changes import ChangedMeanwhile, NameTaken, edit_token_of
from vaults.actions.keys import KeyContent
from vaults.actions.secrets import SecretContent
from vaults.actors import Person
from vaults.emulator import Emulator
from vaults.keyvault.types import CertificatePolicy
from vaults.models import User, Vault

pytestmark = pytest.mark.slow

Act = Callable[[Person, Vault, str], Any]
PAIRS = 12


def at_once(world: World, act: Act) -> list[Any]:
    """Two people do the same, each with what only he brings; results or exceptions."""

    def run(by: str) -> Any:
        return act(Person(User.objects.get(pk=world.olga.pk)), Vault.objects.get(pk=world.vault.pk), by)

    return in_threads(lambda: run("a"), lambda: run("b"))


@pytest.mark.slow
def test_one_edit_wins_and_the_other_is_told(file_world: World, emulator: Emulator) -> None:
    azure = client_of(file_world.vault)
    emulator.latency(0.01)
    told = []
    for number in range(PAIRS):
        name = f"secret-{number}"
        azure.secrets.set(name, "hidden")
        opened_on = edit_token_of(azure.secrets.versions(name)[0])
        found = at_once(
            file_world,
            lambda who, v, by, n=name, o=opened_on: secrets.update_secret(who, v, n, {"tags": {"by": by}}, o),  # type: ignore[misc]
        )
        told.append(sum(isinstance(each, ChangedMeanwhile) for each in found))
    say(f"pairs editing at once: {PAIRS}, silent overwrites: {told.count(0)}, both refused: {told.count(2)}")
    assert told == [1] * PAIRS


POLICY = CertificatePolicy(issuer_name="Self", subject="CN=shop.example")
CREATE: dict[str, Act] = {
    "secrets": lambda who, v, by: secrets.create_secret(who, v, "fresh", SecretContent(by)),
    "keys": lambda who, v, by: keys.create_key(who, v, "fresh", KeyContent("EC", tags={"by": by})),
    "certificates": lambda who, v, by: certificates.create_certificate(who, v, "fresh", POLICY, {"by": by}, None),
}


@pytest.mark.parametrize("kind", CREATE)
def test_one_creates_and_the_other_finds_the_name_taken(kind: str, file_world: World, emulator: Emulator) -> None:
    emulator.latency(0.01)
    found = at_once(file_world, CREATE[kind])
    assert sum(isinstance(each, Exception) for each in found) == 1
    if kind != "certificates":  # Azure itself refuses a second operation
        assert sum(isinstance(each, NameTaken) for each in found) == 1
    emulator.lift()
    emulator.clock.advance(60)
    assert len(getattr(client_of(file_world.vault), kind).versions("fresh")) == 1


def test_changes_of_different_items_do_not_wait_for_each_other(file_world: World, emulator: Emulator) -> None:
    emulator.latency(0.3, path="slow")

    def create(who: Person, vault: Vault, by: str) -> Any:
        name = "slow" if by == "a" else "quick"
        return secrets.create_secret(who, vault, name, SecretContent("hidden")), name

    found = at_once(file_world, create)
    assert [each[1] for each in found] == ["slow", "quick"]


def test_two_who_restart_an_operation_do_not_delete_each_others(file_world: World, emulator: Emulator) -> None:
    azure = client_of(file_world.vault)
    for number in range(PAIRS):
        name = f"waiting-{number}"
        first = azure.certificates.create(name, CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example"))
        emulator.requests.clear()
        emulator.latency(0.01)
        at_once(
            file_world,
            lambda who, v, _by, n=name, o=first.request_id: certificates.restart_operation(who, v, n, o),  # type: ignore[misc]
        )
        emulator.lift()
        sent = [each.method for each in emulator.requests if each.path.lower().endswith(f"{name}/pending")]
        assert sent.count("DELETE") == 1
        assert azure.certificates.operation(name).request_id != first.request_id
