"""Acts on certificates and their pending operations: result, refusals, record."""

from dataclasses import replace
from typing import Any

import pytest

from tests.actions import acts
from tests.actions.acts import Act
from tests.conftest import World, last_detail
from tests.signing import Shop, der
from vaults.actions import certificates, items
from vaults.actions.certificate_policy import PolicyChanged, policy_token, read_policy, update_policy
from vaults.actions.certificates import VersionWanted
from vaults.actions.changes import UNREAD, ChangedMeanwhile, NameTaken, edit_token_of
from vaults.actors import Actor, Person
from vaults.azure.errors import AzureError, Conflict
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.kinds import CERTIFICATE
from vaults.models import Vault
from vaults.permissions import Action

NAME, PENDING, WAITING = "shop-tls", "being-made", "to-be-merged"
POLICY = CertificatePolicy(issuer_name="Self", subject="CN=shop.example")


@pytest.fixture
def version_on(opened_on: str, azure: VaultClient) -> str:
    """What the form for a further version carries: the policy belongs to its state."""
    return certificates.edit_token_with_policy(azure.certificates.get(NAME))


@pytest.fixture
def opened_on(world: World, azure: VaultClient, emulator: Emulator) -> str:
    """One issued certificate, and one whose operation is under way."""
    azure.certificates.create(NAME, POLICY)
    emulator.clock.advance(60)
    azure.certificates.create(PENDING, POLICY)
    waiting = azure.certificates.create(WAITING, CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example"))
    SIGNED.update(leaf=der(Shop(csr=waiting.csr).leaf), request_id=waiting.request_id)
    POLICY_TOKEN[:] = [policy_token(azure.certificates.get(NAME))]
    return edit_token_of(azure.certificates.get(NAME).properties)


#: What the form for the policy carries.
POLICY_TOKEN: list[str] = []
#: What a CA has signed for the operation of WAITING, and its request id.
SIGNED: dict[str, Any] = {}


def merge(actor: Actor, vault: Vault) -> None:
    certificates.merge_certificate(actor, vault, WAITING, [SIGNED["leaf"]], SIGNED["request_id"])


def acts_on(opened_on: str, version_on: str) -> list[Act]:
    return [
        Act(Action.CERTIFICATE_LIST, "certificates/list", lambda who, v: items.list_items(who, v, CERTIFICATE)),
        Act(Action.CERTIFICATE_READ, "certificates/get", lambda who, v: certificates.read_issued(who, v, NAME)),
        Act(Action.CERTIFICATE_READ, "certificates/get", lambda who, v: read_policy(who, v, NAME), "a policy"),
        Act(
            Action.CERTIFICATE_UPDATE_POLICY,
            "certificates/update",
            lambda who, v: update_policy(who, v, NAME, {"validity_in_months": 6}, POLICY_TOKEN[0]),
        ),
        Act(
            Action.CERTIFICATE_CREATE,
            "certificates/create",
            lambda who, v: certificates.create_certificate(who, v, "fresh", POLICY, {}, None),
        ),
        Act(
            Action.CERTIFICATE_NEW_VERSION,
            "certificates/create",
            lambda who, v: certificates.new_version_of_certificate(who, v, NAME, VersionWanted(), version_on),
        ),
        Act(
            Action.CERTIFICATE_UPDATE,
            "certificates/update",
            lambda who, v: certificates.update_certificate(who, v, NAME, {"enabled": False}, opened_on),
        ),
        Act(
            Action.CERTIFICATE_READ,
            "certificates/get",
            lambda who, v: certificates.read_operation(who, v, PENDING),
            of="a certificate under way",
        ),
        Act(
            Action.CERTIFICATE_OPERATION_CANCEL,
            "certificates/update",
            lambda who, v: certificates.cancel_operation(who, v, PENDING, UNREAD),
        ),
        Act(
            Action.CERTIFICATE_OPERATION_DELETE,
            "certificates/update",
            lambda who, v: certificates.delete_operation(who, v, PENDING, UNREAD),
        ),
        Act(
            Action.CERTIFICATE_OPERATION_MERGE,
            "certificates/create",
            merge,
        ),
        Act(
            Action.CERTIFICATE_DELETE,
            "certificates/delete",
            lambda who, v: items.delete_item(who, v, CERTIFICATE, NAME),
        ),
    ]


ACTS = [str(act) for act in acts_on("", "")]


@pytest.mark.parametrize("act", ACTS)
def test_done_and_recorded(act: str, opened_on: str, version_on: str, world: World, emulator: Emulator) -> None:
    acts.is_recorded(acts.named(acts_on(opened_on, version_on), act), world, emulator)


@pytest.mark.parametrize("act", ACTS)
def test_the_role_refuses(act: str, opened_on: str, version_on: str, world: World, emulator: Emulator) -> None:
    acts.is_refused_by_role(acts.named(acts_on(opened_on, version_on), act), world, emulator)


@pytest.mark.parametrize("act", ACTS)
def test_azure_refuses(act: str, opened_on: str, version_on: str, world: World, emulator: Emulator) -> None:
    acts.is_refused_by_azure(acts.named(acts_on(opened_on, version_on), act), world, emulator)


def test_a_request_is_recorded_with_its_issuer_and_request_id(world: World) -> None:
    operation = certificates.create_certificate(Person(world.olga), world.vault, NAME, POLICY, {}, None)
    assert operation.is_pending
    assert last_detail(Action.CERTIFICATE_CREATE) == {"issuer": "Self", "request_id": operation.request_id}


def test_a_name_in_use_or_deleted_is_not_taken(world: World, opened_on: str, azure: VaultClient) -> None:
    with pytest.raises(NameTaken):
        certificates.create_certificate(Person(world.olga), world.vault, NAME, POLICY, {}, None)
    azure.certificates.delete(NAME)
    with pytest.raises(Conflict) as refusal:
        certificates.create_certificate(Person(world.olga), world.vault, NAME, POLICY, {}, None)
    assert refusal.value.inner_code == "ObjectIsDeletedButRecoverable"


def test_nobody_overwrites_what_he_has_not_seen(
    world: World, azure: VaultClient, opened_on: str, version_on: str, emulator: Emulator
) -> None:
    emulator.clock.advance(3)
    azure.certificates.update(NAME, opened_on.partition(".")[0], tags={"owner": "somebody else"})
    with pytest.raises(ChangedMeanwhile):
        certificates.update_certificate(Person(world.olga), world.vault, NAME, {"tags": {}}, opened_on)
    with pytest.raises(ChangedMeanwhile):
        certificates.new_version_of_certificate(Person(world.olga), world.vault, NAME, VersionWanted(), version_on)


def test_a_policy_is_not_changed_over_another_change(world: World, azure: VaultClient, opened_on: str) -> None:
    changed = azure.certificates.get(NAME).policy
    assert changed
    azure.certificates.update_policy(NAME, replace(changed, validity_in_months=3))
    with pytest.raises(PolicyChanged) as refusal:
        update_policy(Person(world.olga), world.vault, NAME, {"validity_in_months": 6}, POLICY_TOKEN[0])
    assert refusal.value.present.policy
    assert refusal.value.present.policy.validity_in_months == 3


def test_what_the_vault_keeps_otherwise_is_told(world: World, opened_on: str, emulator: Emulator) -> None:
    def kept(body: Any) -> Any:
        body["x509_props"]["validity_months"] = 12
        return body

    emulator.rewrite(kept, method="PATCH", path=f"/certificates/{NAME}/policy")
    wanted = {"validity_in_months": 6, "ekus": ("1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"), "reuse_key": True}
    update = update_policy(Person(world.olga), world.vault, NAME, wanted, POLICY_TOKEN[0])
    assert (update.changed, update.otherwise) == (("ekus", "reuse_key", "validity_in_months"), ("validity_in_months",))
    assert last_detail(Action.CERTIFICATE_UPDATE_POLICY) == {"attributes": list(update.changed), "issuer": "Self"}


def test_a_lost_answer_of_a_policy_is_looked_up(world: World, opened_on: str, emulator: Emulator) -> None:
    emulator.lose_answer(method="PATCH")
    update_policy(Person(world.olga), world.vault, NAME, {"validity_in_months": 6}, POLICY_TOKEN[0])
    assert last_detail(Action.CERTIFICATE_UPDATE_POLICY)["unconfirmed"] is True
    emulator.lose_request(method="PATCH")
    token = read_policy(Person(world.olga), world.vault, NAME).opened_on
    with pytest.raises(AzureError):
        update_policy(Person(world.olga), world.vault, NAME, {"validity_in_months": 7}, token)
