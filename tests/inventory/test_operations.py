"""The rows of certificate operations: who started each, how it is, and how it ended, also after the vault has forgotten it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.browsing import fill_in
from tests.conftest import World, unwritable
from tests.migrating import database_at, migrate_to
from vaults.access import vaults_with_state, visible_to
from vaults.actions import certificates, items
from vaults.actions.changes import UNREAD
from vaults.actions.scans import scan_vault
from vaults.actors import Person, System
from vaults.azure.errors import NotFound
from vaults.emulator import Emulator
from vaults.inventory import observe, operations
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificateOperation, CertificatePolicy
from vaults.kinds import CERTIFICATE
from vaults.models import RecordedOperation, Vault
from vaults.models.operation import Outcome

BY_HAND = CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example")
SELF = CertificatePolicy(issuer_name="Self", subject="CN=shop.example")
V = "/vaults/kv-shop-prod"


def request(world: World, name: str = "tls", policy: CertificatePolicy = BY_HAND) -> CertificateOperation:
    return certificates.create_certificate(Person(world.olga), world.vault, name, policy, {}, None)


def only() -> RecordedOperation:
    return RecordedOperation.objects.get()


def later(by: timedelta = timedelta(minutes=1)) -> None:
    """Let what is stored be older, as if this time had gone by."""
    for row in RecordedOperation.objects.all():
        row.last_seen -= by
        row.save()


def test_what_is_requested_here_has_its_person(world: World) -> None:
    before = timezone.now()
    operation = request(world)
    row = only()
    assert (row.name, row.request_id, row.issuer) == ("tls", operation.request_id, "Unknown")
    assert (row.status, row.outcome, row.ended_at) == ("inProgress", "", None)
    assert (row.started_user, row.started_by) == (world.olga, Person(world.olga).label)
    assert before <= row.begun_at <= timezone.now()


def test_what_was_started_elsewhere_has_nobody(world: World, azure: VaultClient) -> None:
    azure.certificates.create("tls", BY_HAND)
    scan_vault(System(), world.vault)
    assert (only().started_user, only().started_by, only().ended_at) == (None, "", None)


def test_an_issued_certificate_has_an_outcome(world: World, emulator: Emulator) -> None:
    request(world, policy=SELF)
    emulator.clock.advance(60)
    certificates.read_operation(Person(world.olga), world.vault, "tls")
    assert (only().outcome, only().status) == (Outcome.ISSUED, "completed")
    assert only().ended_at is not None


def test_the_page_of_the_certificate_sees_the_end_too(world: World, emulator: Emulator) -> None:
    request(world, policy=SELF)
    emulator.clock.advance(60)
    certificates.read_certificate(Person(world.olga), world.vault, "tls")
    assert only().outcome == Outcome.ISSUED


def test_certificates_that_were_issued_long_ago_are_no_news(
    world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.certificates.create("tls", SELF)
    emulator.clock.advance(60)
    scan_vault(System(), world.vault)
    certificates.read_certificate(Person(world.olga), world.vault, "tls")
    assert not RecordedOperation.objects.exists()


def test_a_cancelled_one(world: World, emulator: Emulator) -> None:
    request(world, policy=SELF)
    certificates.cancel_operation(Person(world.olga), world.vault, "tls", UNREAD)
    assert only().cancellation_requested
    emulator.clock.advance(60)
    scan_vault(System(), world.vault)
    assert only().outcome == Outcome.CANCELLED


def test_one_that_the_ca_refuses(world: World, azure: VaultClient, emulator: Emulator) -> None:
    """Started elsewhere, and never seen in progress."""
    azure.certificates.create("tls", SELF)
    emulator.clock.advance(60)
    scan_vault(System(), world.vault)
    failed = CertificateOperation(
        id="", name="next", issuer_name="Test", status="failed", status_details=None, request_id="r" * 400, csr=b"",
        error_code="BadParameter", error_message="x" * 5000 + "\0",
    )  # fmt: skip
    observe.see_operation(world.vault, failed, timezone.now())
    row = only()
    assert (row.outcome, row.error_code) == (Outcome.FAILED, "BadParameter")
    assert (len(row.error_message), len(row.request_id)) == (1000, 255)


def test_what_is_deleted_here_keeps_its_outcome(olga: Client, world: World) -> None:
    request(world)
    later()
    fill_in(olga, f"{V}/certificates/tls/operation/delete/")
    for _ in range(2):
        row = only()
        assert (row.outcome, row.ended_user, row.ended_by) == (Outcome.DELETED, world.olga, Person(world.olga).label)
        later()
        scan_vault(System(), world.vault)  # the vault has forgotten it


def test_what_is_deleted_elsewhere(world: World, azure: VaultClient) -> None:
    request(world)
    azure.certificates.delete_operation("tls")
    later()
    with pytest.raises(NotFound):
        certificates.read_operation(Person(world.olga), world.vault, "tls")
    assert (only().outcome, only().ended_by) == (Outcome.FORGOTTEN, "")


@pytest.mark.parametrize("here", [True, False], ids=["here", "elsewhere"])
def test_an_operation_ends_with_its_certificate(here: bool, world: World, azure: VaultClient) -> None:
    request(world)
    later()
    if here:
        items.delete_item(Person(world.olga), world.vault, CERTIFICATE, "tls")
    else:
        azure.certificates.delete("tls")
        scan_vault(System(), world.vault)
    assert only().outcome == Outcome.FORGOTTEN


def test_a_later_operation_replaces_it(world: World, azure: VaultClient) -> None:
    request(world)
    azure.certificates.delete_operation("tls")
    azure.certificates.create("tls", BY_HAND)
    later()
    scan_vault(System(), world.vault)
    first, second = RecordedOperation.objects.order_by("pk")
    assert (first.outcome, second.outcome, second.started_by) == (Outcome.REPLACED, "", "")
    assert first.request_id != second.request_id


def test_an_earlier_look_changes_nothing(world: World, azure: VaultClient) -> None:
    request(world)
    observe.end_request(world.vault, "tls", timezone.now() - timedelta(minutes=1))
    azure.certificates.cancel_operation("tls")
    observe.see_operation(world.vault, azure.certificates.operation("tls"), timezone.now() - timedelta(minutes=1))
    assert (only().ended_at, only().cancellation_requested) == (None, False)


def test_one_that_was_not_found_for_a_moment_comes_back(world: World, azure: VaultClient) -> None:
    request(world)
    observe.end_request(world.vault, "tls", timezone.now())
    assert only().outcome == Outcome.FORGOTTEN
    observe.see_operation(world.vault, azure.certificates.operation("tls"), timezone.now())
    assert (only().outcome, only().ended_at, only().started_user) == ("", None, world.olga)


def test_a_merge_is_an_end(world: World) -> None:
    """The act of merging records its end as `end_request` does."""
    request(world)
    observe.end_request(world.vault, "TLS", timezone.now(), completed=True)
    assert only().outcome == Outcome.ISSUED


def test_a_poll_that_brings_nothing_new_writes_nothing(world: World) -> None:
    request(world)
    seen = only().last_seen
    with CaptureQueriesContext(connection) as captured:
        observe.see_operation(world.vault, _of(only()), timezone.now())
    verbs = {query["sql"].split()[0] for query in captured}
    assert "SELECT" in verbs
    assert verbs.isdisjoint({"INSERT", "UPDATE"})
    later()
    observe.see_operation(world.vault, _of(only()), timezone.now())
    assert only().last_seen > seen


def _of(row: RecordedOperation) -> CertificateOperation:
    return CertificateOperation(
        id="", name=row.name, issuer_name=row.issuer, status=row.status, status_details=row.status_details,
        request_id=row.request_id, csr=b"",
    )  # fmt: skip


def test_a_scan_of_a_refused_list_ends_nothing(world: World, emulator: Emulator) -> None:
    request(world)
    later()
    emulator.deny("certificates/list")
    scan_vault(System(), world.vault)
    assert only().ended_at is None


def test_outcomes_are_removed_after_a_month(world: World) -> None:
    for days in (29, 31):
        RecordedOperation.objects.create(
            vault=world.vault,
            name=f"tls-{days}",
            begun_at=timezone.now(),
            outcome="issued",
            ended_at=timezone.now() - timedelta(days=days),
        )
    scan_vault(System(), world.vault)
    assert only().name == "tls-29"


def test_the_request_counts_although_the_row_cannot_be_written(world: World) -> None:
    with unwritable("vaults_recordedoperation"):
        request(world)
    assert not RecordedOperation.objects.exists()
    assert Vault.objects.get().scan_requested_at is not None
    scan_vault(System(), world.vault)
    assert only().started_user == world.olga  # the inventory knows who it was


def test_the_sidebar_counts_what_is_in_progress(world: World, azure: VaultClient) -> None:
    for number in range(3):
        azure.certificates.create(f"tls-{number}", BY_HAND)
    scan_vault(System(), world.vault)
    operations.end(world.vault, ["tls-1"], timezone.now(), Outcome.FORGOTTEN)
    with CaptureQueriesContext(connection) as captured:
        [vault] = vaults_with_state(Person(world.olga), world.team)
    asked = [query["sql"] for query in captured if "vaults_vault" in query["sql"] or "operation" in query["sql"]]
    assert (vault.pending_operations, len(asked)) == (2, 1)  # with what the sidebar reads anyway


def test_others_see_none_of_it(world: World) -> None:
    request(world)
    assert visible_to(Person(world.olga)).operations.count() == 1
    assert visible_to(Person(world.otto)).operations.count() == 0


@pytest.mark.django_db(transaction=True)
def test_what_was_pending_in_the_version_before() -> None:
    with database_at("0023_covering_figures") as old:
        team = old.get_model("vaults", "Team").objects.create(name="Shop")
        user = old.get_model("vaults", "User").objects.create(email="olga@example.com")
        vault = old.get_model("vaults", "Vault").objects.create(
            team=team, cloud="azure", host="kv.test", name="kv", slug="kv"
        )
        now = timezone.now()

        def item(name: str, **columns: object) -> None:
            old.get_model("vaults", "InventoryItem").objects.create(
                vault=vault, kind="certificate", name=name, folded_name=name.lower(), **{"pending": True, **columns}
            )

        item(
            "Ours",
            transition="pending",
            transition_since=now,
            transition_by="Olga",
            transition_user=user,
            transition_request="r1",
        )
        item("theirs", transition_request="an older one", transition_by="Olga")
        item("gone", gone_since=now)
        item("issued", pending=False)
        rows = migrate_to("0024_recorded_operations").get_model("vaults", "RecordedOperation").objects.order_by("name")
        found = [(row.name, row.folded_name, row.request_id, row.started_by, row.started_user_id) for row in rows]
        assert found == [("Ours", "ours", "r1", "Olga", user.pk), ("theirs", "theirs", "", "", None)]


def test_a_row_of_the_version_before_gets_its_request(world: World, azure: VaultClient) -> None:
    azure.certificates.create("tls", BY_HAND)
    RecordedOperation.objects.create(vault=world.vault, name="tls", begun_at=timezone.now())
    scan_vault(System(), world.vault)
    assert only().request_id == azure.certificates.operation("tls").request_id
