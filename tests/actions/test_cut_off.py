"""Acts that were cut off between the call and its outcome: what came of them is asked of the vault."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

from tests.audit.unwritable import OUTCOME, refusing
from tests.conftest import World, say
from tests.identities import Identity
from tests.working import reconcile_open_acts
from vaults.actions import items, keys, secrets
from vaults.actions.certificate_import import ImportContent, import_certificate
from vaults.actions.key_import import KeyMaterial, import_key
from vaults.actions.keys import KeyContent
from vaults.actions.reconciliation import CUT_OFF_AFTER
from vaults.actions.secrets import SecretContent
from vaults.actors import Person
from vaults.audit import queries, verification
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.kinds import SECRET
from vaults.models import AuditEntry, User, Vault
from vaults.permissions import Action
from vaults.problems import EXPECTED

pytestmark = pytest.mark.slow

Do = Callable[[User, Vault], Any]

OWN = Identity("cut off")
JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": "li86GrOlNxhcyInofgyKTYvekq3QGpspRuByNRSR5CM",
    "y": "ypRUUQHi84SwobPHhHHDzqXSPGPUvvijyt-i6AiQA0Y",
    "d": "iSHNXO4xIu4VArH0o-PLYrKy6VaJxvjEGQVT-rz1IU4",
}
CONTENT = ImportContent(
    OWN.key_pem().decode() + OWN.leaf_pem().decode(),
    "",
    "application/x-pem-file",
    (OWN.leaf.public_bytes(Encoding.DER),),
)

ACTS: dict[Action, Do] = {
    Action.SECRET_CREATE: lambda who, v: secrets.create_secret(Person(who), v, "fresh", SecretContent("hidden")),
    Action.KEY_CREATE: lambda who, v: keys.create_key(Person(who), v, "fresh", KeyContent("EC", crv="P-256")),
    Action.KEY_IMPORT: lambda who, v: import_key(
        Person(who), v, "imported", KeyMaterial(JWK), KeyContent("EC"), hsm=False, as_version=False
    ),
    Action.CERTIFICATE_IMPORT: lambda who, v: import_certificate(
        Person(who),
        v,
        "fresh",
        CONTENT,
        CertificatePolicy(issuer_name="Unknown"),
        as_version=False,
        tags={},
        enabled=None,
    ),
    Action.SECRET_DELETE: lambda who, v: items.delete_item(Person(who), v, SECRET, "kept"),
    Action.SECRET_RECOVER: lambda who, v: items.recover_deleted(Person(who), v, SECRET, "gone"),
    Action.SECRET_PURGE: lambda who, v: items.purge_deleted(Person(who), v, SECRET, "gone"),
}


@pytest.fixture
def stock(azure: VaultClient) -> None:
    for name in ("kept", "gone"):
        azure.secrets.set(name, "hidden")
    azure.secrets.delete("gone")


def cut_off(do: Do, world: World) -> None:
    """The process ends between the call and the record of its outcome."""
    with refusing(OUTCOME), suppress(*EXPECTED):
        do(world.olga, world.vault)


def outcome(action: Action) -> AuditEntry:
    reconcile_open_acts(timezone.now() + CUT_OFF_AFTER + timedelta(seconds=5))
    return AuditEntry.objects.filter(action=action).latest("id")


@pytest.mark.parametrize("action", ACTS)
def test_what_was_done_is_found_out(action: Action, world: World, stock: None) -> None:
    cut_off(ACTS[action], world)
    assert AuditEntry.objects.get(action=action).state == "started"
    assert outcome(action).state == "succeeded"
    assert all(each.broken is None for each in verification.verify_all().values())


@pytest.mark.parametrize("action", [Action.SECRET_DELETE, Action.SECRET_RECOVER, Action.SECRET_PURGE])
def test_what_was_not_done_is_found_out(action: Action, world: World, stock: None, emulator: Emulator) -> None:
    emulator.lose_request(method="POST" if action == Action.SECRET_RECOVER else "DELETE")
    cut_off(ACTS[action], world)
    assert outcome(action).state == "failed"


def test_an_import_that_did_not_arrive_is_found_out(world: World, emulator: Emulator) -> None:
    emulator.lose_request(method="POST")
    cut_off(ACTS[Action.CERTIFICATE_IMPORT], world)
    assert outcome(Action.CERTIFICATE_IMPORT).state == "failed"


def test_what_the_vault_cannot_tell_stays_unknown(world: World, stock: None, emulator: Emulator) -> None:
    cut_off(lambda who, v: secrets.reveal_secret(Person(who), v, "kept"), world)
    assert outcome(Action.SECRET_REVEAL).state == "unknown"


def test_an_act_under_way_is_left_alone(world: World, stock: None) -> None:
    cut_off(ACTS[Action.SECRET_DELETE], world)
    assert reconcile_open_acts() == 0
    assert AuditEntry.objects.get(action=Action.SECRET_DELETE).state == "started"


def test_every_open_act_gets_an_outcome_once(world: World, stock: None) -> None:
    for do in ACTS.values():
        cut_off(do, world)
    later = timezone.now() + CUT_OFF_AFTER + timedelta(seconds=5)
    settled = reconcile_open_acts(later)
    left = queries.open_entries(before=later)
    say(
        f"acts cut off: {len(ACTS)}, settled: {settled}, left open: {len(left)}, settled twice: {reconcile_open_acts(later)}"
    )
    assert settled == len(ACTS)
    assert not left
