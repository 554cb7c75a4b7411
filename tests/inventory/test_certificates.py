"""What is kept of certificates beyond their lists: what a scan reads, and when it reads it again. Never a value."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.conftest import World, last_detail, last_entry, unwritable
from vaults.actions import certificates as actions
from vaults.actions.scans import scan_vault
from vaults.actors import Person, System
from vaults.azure.errors import Forbidden
from vaults.emulator import Emulator
from vaults.inventory import observe
from vaults.inventory.certificates import LARGEST, MOST_READ, READ_AGAIN
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy, LifetimeAction
from vaults.models import InventoryItem, KnownCertificate
from vaults.permissions import Action

RENEWED = CertificatePolicy(
    issuer_name="Self",
    subject="CN=shop.example",
    dns_names=("shop.example", "www.shop.example"),
    validity_in_months=6,
    key_type="EC",
    curve="P-384",
    lifetime_actions=(LifetimeAction("AutoRenew", lifetime_percentage=80),),
)


def make(azure: VaultClient, emulator: Emulator, *names: str, policy: CertificatePolicy = RENEWED) -> None:
    for name in names:
        azure.certificates.create(name, policy)
    emulator.clock.advance(60)


def scan(world: World, emulator: Emulator) -> list[str]:
    """Scan the vault. The paths of the certificates that were read one by one."""
    emulator.requests.clear()
    scan_vault(System(), world.vault)
    asked = [sent.path for sent in emulator.requests if sent.path.startswith("/certificates/")]
    return sorted(path for path in asked if not path.endswith("/pending"))


def only() -> KnownCertificate:
    return KnownCertificate.objects.get()


def test_a_scan_keeps_the_contents_and_the_policy(world: World, azure: VaultClient, emulator: Emulator) -> None:
    make(azure, emulator, "tls")
    before = timezone.now()
    assert scan(world, emulator) == ["/certificates/tls"]
    row = only()
    assert (row.subject, row.issuer, row.self_signed) == ("CN=shop.example", "CN=shop.example", True)
    assert (row.key_type, row.key_size, row.curve, row.dns_names) == ("EC", 384, "P-384", 2)
    assert (row.has_policy, row.policy_issuer, row.validity_months) == (True, "Self", 6)
    assert (row.renews, row.renews_at_percent, row.renews_days_before, row.mails) == (True, 80, None, False)
    assert row.not_before
    assert row.not_after
    assert row.not_after > row.not_before
    assert row.unread == []
    assert before <= row.read_at <= timezone.now()
    assert row.item.name == "tls"


def test_what_has_not_changed_is_not_read_again(world: World, azure: VaultClient, emulator: Emulator) -> None:
    make(azure, emulator, "tls", "other")
    assert scan(world, emulator) == ["/certificates/other", "/certificates/tls"]
    assert scan(world, emulator) == []
    azure.certificates.update("tls", "", enabled=False)
    assert scan(world, emulator) == ["/certificates/tls"]
    make(azure, emulator, "other", policy=CertificatePolicy(issuer_name="Self", subject="CN=new.example"))
    assert scan(world, emulator) == ["/certificates/other"]
    assert KnownCertificate.objects.get(item__name="other").subject == "CN=new.example"


def test_after_a_day_it_is_read_again_for_its_policy(world: World, azure: VaultClient, emulator: Emulator) -> None:
    make(azure, emulator, "tls")
    scan(world, emulator)
    KnownCertificate.objects.update(read_at=timezone.now() - READ_AGAIN - timedelta(seconds=5))
    assert scan(world, emulator) == ["/certificates/tls"]
    assert scan(world, emulator) == []


def test_one_scan_reads_a_bounded_number_the_next_one_the_rest(
    world: World, azure: VaultClient, emulator: Emulator
) -> None:
    make(azure, emulator, "first")
    make(azure, emulator, *(f"later-{number}" for number in range(MOST_READ)))
    found = scan(world, emulator)
    assert (len(found), "/certificates/first" in found) == (MOST_READ, False)  # the newest
    assert scan(world, emulator) == ["/certificates/first"]
    assert scan(world, emulator) == []


def test_a_refused_one_is_the_last_and_the_scan_is_fine(world: World, azure: VaultClient, emulator: Emulator) -> None:
    make(azure, emulator, "one", "two", "three")
    emulator.deny("certificates/get")
    assert len(scan(world, emulator)) == 1
    world.vault.refresh_from_db()
    assert (world.vault.scan_problem, last_entry(Action.VAULT_SCAN).state) == ("", "succeeded")
    assert last_detail(Action.VAULT_SCAN)["not_read"] == ["certificates/get"]
    assert not KnownCertificate.objects.exists()


def test_what_was_known_stays_if_it_may_not_be_read_any_more(
    world: World, azure: VaultClient, emulator: Emulator
) -> None:
    make(azure, emulator, "tls")
    scan(world, emulator)
    emulator.deny("certificates/get")
    KnownCertificate.objects.update(read_at=timezone.now() - 2 * READ_AGAIN)
    scan(world, emulator)
    assert only().subject == "CN=shop.example"


def test_one_that_fails_leaves_out_itself_alone(world: World, azure: VaultClient, emulator: Emulator) -> None:
    make(azure, emulator, "bad", "good")
    emulator.fail(9, 404, path="^/certificates/bad$")
    scan(world, emulator)
    assert only().item.name == "good"


def _odd(answer: Any) -> Any:
    policy = answer["policy"] | {"lifetime_actions": "soon", "issuer": {"name": "x" * 5000 + "\0"}}
    policy["x509_props"] = {"subject": 7, "validity_months": LARGEST + 1}
    return answer | {"cer": "AAAA", "policy": policy}


def test_an_odd_one_spoils_its_own_row(world: World, azure: VaultClient, emulator: Emulator) -> None:
    make(azure, emulator, "odd", "sound")
    emulator.rewrite(_odd, path="^/certificates/odd$")
    scan(world, emulator)
    odd, sound = KnownCertificate.objects.order_by("item__name")
    assert sound.subject == "CN=shop.example"
    assert (odd.subject, odd.self_signed, odd.not_after, odd.validity_months, odd.renews) == (
        "",
        None,
        None,
        None,
        False,
    )
    assert set(odd.unread) == {"cer", "subject", "lifetime_actions", "validity_months"}
    assert len(odd.policy_issuer) == 255


def test_without_a_policy(world: World, azure: VaultClient, emulator: Emulator) -> None:
    make(azure, emulator, "tls")
    emulator.rewrite(lambda answer: {**answer, "policy": None}, path="^/certificates/tls$")
    scan(world, emulator)
    assert (only().has_policy, only().policy_issuer, only().subject) == (False, "", "CN=shop.example")


def test_one_that_was_never_issued_is_not_read(world: World, azure: VaultClient, emulator: Emulator) -> None:
    azure.certificates.create("waits", CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example"))
    assert scan(world, emulator) == []


def test_the_issuers_are_read_if_a_policy_names_one(world: World, azure: VaultClient, emulator: Emulator) -> None:
    make(azure, emulator, "tls")
    named = lambda answer: answer | {"policy": answer["policy"] | {"issuer": {"name": "Shop-CA"}}}  # noqa: E731
    emulator.rewrite(named, path="^/certificates/tls$")
    listed = {"value": [{"id": "https://kv-shop-prod.vault.test/certificates/issuers/shop-ca", "provider": "DigiCert"}]}
    emulator.rewrite(lambda _answer: listed, path="^/certificates/issuers$")
    assert scan(world, emulator) == ["/certificates/issuers", "/certificates/tls"]
    assert (only().policy_issuer, only().provider) == ("Shop-CA", "DigiCert")


def test_a_page_that_reads_one_keeps_it_too(world: World, azure: VaultClient, emulator: Emulator) -> None:
    make(azure, emulator, "tls")
    emulator.deny("certificates/get")
    scan(world, emulator)
    emulator.grant("certificates/get", principal="sp-shop-admin")
    actions.read_certificate(Person(world.olga), world.vault, "tls")
    assert only().subject == "CN=shop.example"
    assert scan(world, emulator) == []
    read_at = only().read_at
    actions.read_certificate(Person(world.olga), world.vault, "tls")
    assert only().read_at == read_at  # nothing is new


def test_a_page_of_an_unknown_certificate_keeps_nothing(world: World, azure: VaultClient, emulator: Emulator) -> None:
    make(azure, emulator, "tls")
    actions.read_certificate(Person(world.olga), world.vault, "tls")
    assert not KnownCertificate.objects.exists()


def test_what_was_read_later_stays(world: World, azure: VaultClient, emulator: Emulator) -> None:
    make(azure, emulator, "tls")
    scan(world, emulator)
    KnownCertificate.objects.update(subject="CN=later")
    observe.see_contents(world.vault, azure.certificates.get("tls"), timezone.now() - timedelta(hours=1))
    assert only().subject == "CN=later"


def test_a_page_works_if_the_index_cannot_be_written(world: World, azure: VaultClient, emulator: Emulator) -> None:
    make(azure, emulator, "tls")
    scan(world, emulator)
    KnownCertificate.objects.update(subject="CN=before")
    with unwritable("vaults_knowncertificate"):
        assert actions.read_certificate(Person(world.olga), world.vault, "tls").certificate.value
    assert only().subject == "CN=before"


def test_it_goes_with_its_item(world: World, azure: VaultClient, emulator: Emulator) -> None:
    make(azure, emulator, "tls")
    scan(world, emulator)
    InventoryItem.objects.filter(name="tls").delete()
    assert not KnownCertificate.objects.exists()


def test_refused_pages_stay_refused(world: World, azure: VaultClient, emulator: Emulator) -> None:
    make(azure, emulator, "tls")
    emulator.deny("certificates/get", "certificates/list")
    with pytest.raises(Forbidden):
        actions.read_certificate(Person(world.olga), world.vault, "tls")
