"""Acts that were cut off between the call and its outcome: what came of them is asked of the vault."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

from tests.audit.unwritable import OUTCOME, refusing
from tests.conftest import World, say
from tests.identities import Identity
from tests.working import reconcile_open_acts
from vaults.actions import backups, contacts, issuers, items, keys, secrets
from vaults.actions.certificate_import import ImportContent, import_certificate
from vaults.actions.certificate_policy import read_policy, update_policy
from vaults.actions.key_import import KeyMaterial, import_key
from vaults.actions.keys import KeyContent
from vaults.actions.names import NameState
from vaults.actions.reconciliation import CUT_OFF_AFTER
from vaults.actions.secrets import SecretContent
from vaults.actors import Person
from vaults.audit import queries, verification
from vaults.azure.errors import TransportError
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy, Contact, IssuerSettings
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

ISSUER, ADA = IssuerSettings("DigiCert", "account-1", "org-1", enabled=True), Contact("ada@example.com")


def change_issuer(who: User, vault: Vault) -> None:
    token = issuers.issuer_token(issuers.read_issuer(Person(who), vault, "digi"))
    issuers.update_issuer(Person(who), vault, "digi", replace(ISSUER, organization_id="org-2"), "", token)


def change_contacts(who: User, vault: Vault) -> None:
    token = contacts.contacts_token(contacts.read_contacts(Person(who), vault))
    contacts.update_contacts(Person(who), vault, [ADA, Contact("bo@example.com")], token)


def change_policy(who: User, vault: Vault) -> None:
    opened_on = read_policy(Person(who), vault, "tls").opened_on
    update_policy(Person(who), vault, "tls", {"validity_in_months": 6}, opened_on)


ACTS: dict[Action, Do] = {
    Action.CERTIFICATE_UPDATE_POLICY: change_policy,
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
    Action.ISSUER_CREATE: lambda who, v: issuers.create_issuer(Person(who), v, "fresh", ISSUER, "hidden"),
    Action.ISSUER_UPDATE: change_issuer,
    Action.ISSUER_DELETE: lambda who, v: issuers.delete_issuer(Person(who), v, "digi"),
    Action.CONTACTS_UPDATE: change_contacts,
    Action.CONTACTS_DELETE: lambda who, v: contacts.delete_contacts(Person(who), v),
}
#: By which method each of them is sent, for a request that is lost.
METHODS = {
    Action.SECRET_DELETE: "DELETE",
    Action.SECRET_RECOVER: "POST",
    Action.SECRET_PURGE: "DELETE",
    Action.ISSUER_CREATE: "PUT",
    Action.ISSUER_UPDATE: "PATCH",
    Action.ISSUER_DELETE: "DELETE",
    Action.CONTACTS_DELETE: "DELETE",
}


#: A backup of "lost", which is in no vault any more.
BLOBS: list[bytes] = []
ACTS[Action.SECRET_RESTORE] = lambda who, v: backups.restore(Person(who), v, SECRET, "lost", BLOBS[-1], NameState.FREE)


@pytest.fixture
def stock(azure: VaultClient, emulator: Emulator) -> None:
    emulator.clock.advance(-60)
    azure.secrets.set("lost", "hidden")
    BLOBS.append(azure.secrets.backup("lost"))
    azure.secrets.delete("lost")
    azure.secrets.purge("lost")
    for name in ("kept", "gone"):
        azure.secrets.set(name, "hidden")
    azure.secrets.delete("gone")
    azure.issuers.create("digi", ISSUER, "hidden")
    azure.contacts.set([ADA])
    emulator.clock.advance(60)
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example"))


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


@pytest.mark.parametrize("action", METHODS)
def test_what_was_not_done_is_found_out(action: Action, world: World, stock: None, emulator: Emulator) -> None:
    emulator.lose_request(method=METHODS[action])
    cut_off(ACTS[action], world)
    assert outcome(action).state == "failed"


def test_a_list_of_contacts_that_is_another_one_stays_unknown(
    world: World, stock: None, emulator: Emulator, azure: VaultClient
) -> None:
    emulator.lose_request(method="PUT")
    cut_off(ACTS[Action.CONTACTS_UPDATE], world)
    assert outcome(Action.CONTACTS_UPDATE).state == "unknown"
    assert azure.contacts.get().listed == (ADA,)


def test_what_somebody_else_made_afterwards_is_not_taken_for_it(
    world: World, stock: None, emulator: Emulator, azure: VaultClient
) -> None:
    for action in (Action.ISSUER_CREATE, Action.ISSUER_UPDATE, Action.ISSUER_DELETE):
        emulator.lose_request(method=METHODS[action])
        cut_off(ACTS[action], world)
    emulator.clock.advance(600)
    azure.issuers.create("fresh", ISSUER)
    azure.issuers.delete("digi")
    azure.issuers.create("digi", ISSUER)
    for action in (Action.ISSUER_CREATE, Action.ISSUER_UPDATE, Action.ISSUER_DELETE):
        assert outcome(action).state == "unknown"


def test_an_import_that_did_not_arrive_is_found_out(world: World, emulator: Emulator) -> None:
    emulator.lose_request(method="POST")
    cut_off(ACTS[Action.CERTIFICATE_IMPORT], world)
    assert outcome(Action.CERTIFICATE_IMPORT).state == "failed"


def test_a_policy_that_was_not_changed_is_found_out(world: World, stock: None, emulator: Emulator) -> None:
    emulator.lose_request(method="PATCH")
    cut_off(ACTS[Action.CERTIFICATE_UPDATE_POLICY], world)

    def of_an_hour_ago(body: Any) -> Any:
        body["attributes"]["updated"] -= 3600
        return body

    emulator.rewrite(of_an_hour_ago, times=9, method="GET", path="/certificates/tls/policy")
    assert outcome(Action.CERTIFICATE_UPDATE_POLICY).state == "failed"


def test_a_restore_that_did_not_arrive_stays_unknown(world: World, stock: None, emulator: Emulator) -> None:
    emulator.lose_request(method="POST")
    cut_off(ACTS[Action.SECRET_RESTORE], world)
    assert outcome(Action.SECRET_RESTORE).state == "unknown"


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


@pytest.mark.parametrize(
    "action", [each for each in METHODS if not each.startswith("secret.")] + [Action.CONTACTS_UPDATE]
)
def test_a_lost_answer_about_issuers_and_contacts_is_looked_up(
    action: Action, world: World, stock: None, emulator: Emulator
) -> None:
    emulator.lose_answer(method=METHODS.get(action, "PUT"))
    ACTS[action](world.olga, world.vault)
    entry = AuditEntry.objects.filter(action=action).latest("id")
    assert (entry.state, entry.detail["unconfirmed"]) == ("succeeded", True)


@pytest.mark.parametrize(
    "action", [each for each in METHODS if not each.startswith("secret.")] + [Action.CONTACTS_UPDATE]
)
def test_a_lost_request_about_them_is_unknown_and_not_repeated(
    action: Action, world: World, stock: None, emulator: Emulator
) -> None:
    emulator.requests.clear()
    method = METHODS.get(action, "PUT")
    emulator.lose_request(method=method)
    with pytest.raises(TransportError):
        ACTS[action](world.olga, world.vault)
    assert AuditEntry.objects.filter(action=action).latest("id").state == "unknown"
    assert sum(each.method == method for each in emulator.requests) == 1
