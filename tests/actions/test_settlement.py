"""Acts that were cut off between the call and its record: what came of them is asked of the vault."""

import hashlib
import time
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.conftest import World, client_of, in_threads
from tests.endless import endless
from tests.signing import Shop, der
from tests.working import reconcile_open_acts
from vaults.audit import verification
from vaults.audit.appending import append
from vaults.emulator import Emulator
from vaults.jobs import planning
from vaults.jobs.tasks import work_on
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import AuditEntry, Job
from vaults.models.audit import AuditState
from vaults.permissions import Action

pytestmark = pytest.mark.slow

LATER = timedelta(hours=1)


def leave_open(world: World, action: Action, name: str, detail: dict[str, str] | None = None) -> uuid.UUID:
    """What a process leaves behind that was killed in the middle of an act."""
    entry = AuditEntry(
        event=uuid.uuid4(),
        state=AuditState.STARTED,
        team_id=world.team.pk,
        team_name=world.team.name,
        actor_id=world.olga.pk,
        actor_label="Olga Brandt",
        action=action,
        vault_id=world.vault.pk,
        vault_name=world.vault.name,
        name=name,
        detail=detail or {},
    )
    append(entry)
    return entry.event


def settled(event: uuid.UUID) -> AuditEntry:
    return AuditEntry.objects.exclude(state=AuditState.STARTED).get(event=event)


def test_a_version_made_in_those_seconds_is_the_one(world: World, azure: VaultClient) -> None:
    event = leave_open(world, Action.SECRET_CREATE, "fresh")
    made = azure.secrets.set("fresh", "v")
    assert reconcile_open_acts(timezone.now() + LATER) == 1
    entry = settled(event)
    assert (entry.state, entry.version, entry.actor_label) == ("succeeded", made.version, "Olga Brandt")
    assert all(each.broken is None for each in verification.verify_all().values())


@pytest.mark.parametrize(("merged", "state"), [("ours", "succeeded"), ("nothing", "failed"), ("another", "unknown")])
def test_a_merge_is_settled_by_the_operation_and_the_thumbprint(
    merged: str, state: str, world: World, azure: VaultClient
) -> None:
    operation = azure.certificates.create("tls", CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example"))
    shop = Shop(csr=operation.csr)
    other = shop.one.sign("shop.example", shop.public)
    thumbprint = hashlib.sha1(der(shop.leaf), usedforsecurity=False).hexdigest().upper()
    detail = {"request_id": operation.request_id, "thumbprint": thumbprint}
    event = leave_open(world, Action.CERTIFICATE_OPERATION_MERGE, "tls", detail)
    if merged != "nothing":
        azure.certificates.merge("tls", [der(shop.leaf if merged == "ours" else other)])
    assert reconcile_open_acts(timezone.now() + LATER) == 1
    assert settled(event).state == state


def test_a_create_that_made_nothing_failed_or_is_unknown(world: World, azure: VaultClient) -> None:
    azure.keys.create("older", kty="EC")
    versions = azure.keys.versions("older")
    assert versions[0].created_on
    begun = leave_open(world, Action.KEY_NEW_VERSION, "older")
    AuditEntry.objects.filter(event=begun).update(at=versions[0].created_on + LATER)
    nowhere = leave_open(world, Action.KEY_CREATE, "nowhere")
    reconcile_open_acts(timezone.now() + 3 * LATER)
    assert settled(begun).state == "failed"
    assert settled(nowhere).state == "unknown"


def test_deleted_recovered_and_purged_items_speak_for_themselves(world: World, azure: VaultClient) -> None:
    for name in ("live", "gone"):
        azure.secrets.set(name, "v")
    azure.secrets.delete("gone")
    acts = {
        leave_open(world, Action.SECRET_DELETE, "gone"): "succeeded",
        leave_open(world, Action.SECRET_DELETE, "live"): "failed",
        leave_open(world, Action.SECRET_RECOVER, "live"): "succeeded",
        leave_open(world, Action.SECRET_RECOVER, "gone"): "failed",
        leave_open(world, Action.SECRET_RESTORE, "live", {"name_was": "free"}): "succeeded",
        leave_open(world, Action.SECRET_RESTORE, "live", {"name_was": "unknown"}): "unknown",
        leave_open(world, Action.SECRET_RESTORE, "nowhere", {"name_was": "free"}): "unknown",
        leave_open(world, Action.SECRET_PURGE, "gone"): "failed",
        leave_open(world, Action.SECRET_PURGE, "destroyed"): "succeeded",
    }
    assert reconcile_open_acts(timezone.now() + LATER) == len(acts)
    assert {event: settled(event).state for event in acts} == acts


def test_a_fresh_act_is_left_alone_and_a_settled_one_is_not_settled_twice(world: World) -> None:
    leave_open(world, Action.SECRET_REVEAL, "checkout")
    assert reconcile_open_acts() == 0
    assert reconcile_open_acts(timezone.now() + LATER) == 1
    assert reconcile_open_acts(timezone.now() + 2 * LATER) == 0


def test_one_act_that_cannot_be_judged_stops_no_other(world: World, azure: VaultClient) -> None:
    odd = leave_open(world, Action.SECRET_CREATE, "odd")
    AuditEntry.objects.filter(event=odd).update(detail={"no": "fact of ours"})
    event = leave_open(world, Action.SECRET_CREATE, "fresh")
    azure.secrets.set("fresh", "v")
    assert reconcile_open_acts(timezone.now() + LATER) == 1
    assert settled(event).state == "succeeded"


def test_a_gateways_404_does_not_say_what_came_of_an_act(world: World, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("gone", "v")
    azure.secrets.delete("gone")
    event = leave_open(world, Action.SECRET_PURGE, "gone")
    emulator.answer_next(404, b"<html>Not Found</html>", times=9, path="/deletedsecrets/gone")
    reconcile_open_acts(timezone.now() + LATER)
    assert settled(event).state == "unknown"


def test_a_vault_without_end_holds_up_no_other(
    world: World, azure: VaultClient, emulator: Emulator, settings: Settings
) -> None:
    settings.CHANGE_SECONDS = 1
    endless(emulator, "^/secrets/busy/versions$")
    held = leave_open(world, Action.SECRET_CREATE, "busy")
    made = azure.secrets.set("fresh", "v")
    other = leave_open(world, Action.SECRET_CREATE, "fresh")
    began = time.monotonic()
    reconcile_open_acts(timezone.now() + LATER)
    assert time.monotonic() - began < 2
    assert settled(held).state == "unknown"
    assert settled(other).version == made.version


def test_two_workers_reconcile_an_act_once(file_world: World, emulator: Emulator) -> None:
    """Both plan it, and both work on all jobs that they find."""
    client_of(file_world.vault).secrets.set("fresh", "v")
    events = [leave_open(file_world, Action.SECRET_CREATE, f"gone-{number}") for number in range(5)]
    later = timezone.now() + LATER

    def work() -> None:
        planning.plan_reconciliation(later)
        for _ in range(2 * len(events)):
            for job in Job.objects.all():
                work_on.call(str(job.pk))

    assert in_threads(work, work, work) == [None, None, None]
    assert [AuditEntry.objects.filter(event=event).count() for event in events] == [2] * len(events)
    asked = AuditEntry.objects.filter(action=Action.AUDIT_SETTLE, state=AuditState.STARTED)
    assert asked.count() == len(events)
    assert all(each.broken is None for each in verification.verify_all().values())
