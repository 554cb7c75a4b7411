"""The renewals of all vaults on one page, from the index: verdicts, sums by calendar, the trap, and what the team says of CAs."""

import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.browsing import forms_of, text_of
from tests.chains import import_certificate, make_chain, pem
from tests.conftest import World, last_detail, last_entry, make_vault, say, signed_in, vault_calls
from tests.emulator.caller import Caller, issued
from vaults.actions.authorities import NoSuchAuthority, judge_authority
from vaults.actions.scans import scan_vault
from vaults.actors import Person, System
from vaults.emulator import Emulator
from vaults.emulator.wire.kinds import CERTIFICATE
from vaults.inventory import foresight
from vaults.keyvault.client import VaultClient
from vaults.models import CertificateAuthority, ForeseenRenewals, InventoryItem, KnownCertificate, Team, Vault
from vaults.permissions import Action, Role, RoleMissing

PAGE, SAY = "/renewals/", "/renewals/authority/"
NOW = timezone.now()
CA = "CN=Shop CA"
FRESH = {"not_before": NOW - timedelta(days=10), "not_after": NOW + timedelta(days=189)}


def known(vault: Vault, name: str, **columns: Any) -> KnownCertificate:
    """A certificate of a CA, half of whose 200 days are over, renewed by hand unless `columns` say otherwise."""
    item = InventoryItem.objects.create(vault=vault, kind="certificate", name=name, enabled=True)
    return KnownCertificate.objects.create(
        item=item,
        **{
            "subject": f"CN={name}",
            "issuer": CA,
            "self_signed": False,
            "not_before": NOW - timedelta(days=100),
            "not_after": NOW + timedelta(days=100),
            "has_policy": True,
            "policy_issuer": "Unknown",
            "validity_months": 12,
            "mails": True,
            "mails_days_before": 30,
            "read_at": NOW,
            **columns,
        },
    )


def automatic(vault: Vault, name: str, **columns: Any) -> KnownCertificate:
    renewed = {"mails": False, "mails_days_before": None, "renews": True, "renews_at_percent": 80}
    return known(vault, name, **{**renewed, "policy_issuer": "digi", "provider": "DigiCert", **columns})


def foresee(*vaults: Vault) -> None:
    for vault in vaults:
        foresight.foresee(vault, NOW)


def names(page: Any) -> list[str]:
    return [row.known.item.name for row in page.context["rows"]]


def sums(page: Any) -> dict[int, tuple[int, int, int, int]]:
    """By calendar: what breaks, what is by hand, what is automatic, and the renewals by hand in a year."""
    return {card.year: (card.breaks, card.by_hand, card.automatic, card.renewals) for card in page.context["cards"]}


def test_verdicts_of_all_vaults_trouble_first(olga: Client, world: World, emulator: Emulator) -> None:
    other = make_vault(world.connection, "kv-crm")
    automatic(world.vault, "fine")
    known(world.vault, "by-hand")
    automatic(other, "breaks", renews_at_percent=None, renews_days_before=120, **FRESH)
    foresee(world.vault, other)
    emulator.requests.clear()
    page = olga.get(PAGE, {"rules": "2027"})
    assert vault_calls(emulator) == []
    assert names(page) == ["breaks", "by-hand", "fine"]
    assert [row.verdict for row in page.context["rows"]] == [
        "Will break",
        "By hand, 5 times a year",
        "Automatic, 5 times a year",
    ]
    assert "It is to be renewed 120 days before the end, which is before its life begins." in text_of(page)
    assert "/vaults/kv-crm/certificates/breaks/renewals/" in page.content.decode()


def test_each_calendar_has_its_sums(olga: Client, world: World) -> None:
    known(world.vault, "one")
    known(world.vault, "two")
    automatic(world.vault, "fine")
    automatic(world.vault, "breaks", renews_at_percent=None, renews_days_before=120, **FRESH)
    foresee(world.vault)
    page = olga.get(PAGE)
    assert sums(page) == {2026: (0, 2, 2, 4), 2027: (1, 2, 1, 10), 2029: (1, 2, 1, 42)}
    assert page.context["chosen"].year == 2026


def test_a_scan_foresees(olga: Client, world: World, emulator: Emulator) -> None:
    caller = Caller(emulator)
    caller.put("certificates/issuers/digi", {"provider": "DigiCert"})
    actions = [{"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "AutoRenew"}}]
    props = {"subject": "CN=shop", "validity_months": 12}
    policy = {"issuer": {"name": "digi"}, "x509_props": props, "lifetime_actions": actions}
    issued(caller, "tls", {"policy": policy})
    scan_vault(System(), world.vault)
    page, one = olga.get(PAGE), olga.get("/vaults/kv-shop-prod/certificates/tls/renewals/")
    assert [card.automatic for card in page.context["cards"]] == [1, 1, 1]
    for index, year in enumerate((2026, 2027, 2029)):  # both pages agree
        row = olga.get(PAGE, {"rules": year}).context["rows"][0]
        card = one.context["cards"][index]
        assert (row.verdict, row.why) == (card.verdict, card.why)
        assert [mark.renewal for mark in row.marks] == list(card.forecast.renewals)[: len(row.marks)]


def test_what_a_page_reads_is_foreseen_anew(olga: Client, world: World, azure: VaultClient, emulator: Emulator) -> None:
    chain = make_chain("EC")
    import_certificate(azure, "tls", chain.key_pem + pem(chain.leaf))
    scan_vault(System(), world.vault)
    KnownCertificate.objects.update(subject="CN=before")
    ForeseenRenewals.objects.all().delete()
    olga.get("/vaults/kv-shop-prod/certificates/tls/")
    assert ForeseenRenewals.objects.count() == 3


def test_filters(olga: Client, world: World) -> None:
    other = make_vault(world.connection, "kv-crm")
    automatic(world.vault, "fine")
    known(world.vault, "by-hand")
    known(other, "crm-tls")
    foresee(world.vault, other)
    assert names(olga.get(PAGE, {"vault": "kv-crm"})) == ["crm-tls"]
    assert sums(olga.get(PAGE, {"vault": "kv-crm"}))[2026] == (0, 1, 0, 2)
    assert names(olga.get(PAGE, {"verdict": "automatic"})) == ["fine"]
    assert names(olga.get(PAGE, {"q": "CRM"})) == ["crm-tls"]
    assert sums(olga.get(PAGE, {"q": "CRM"}))[2026] == (0, 2, 1, 4)
    for nothing in ({"vault": "none"}, {"verdict": "x"}, {"q": "nothing has this name"}):
        assert names(olga.get(PAGE, nothing)) == []
    assert "Nothing matches" in text_of(olga.get(PAGE, {"q": "nothing has this name"}))


@pytest.mark.parametrize("query", [{"rules": "1999"}, {"rules": "\0"}, {"page": "x"}, {"page": "999"}, {"vault": "\0"}])
def test_what_is_no_calendar_and_no_page(olga: Client, world: World, query: dict[str, str]) -> None:
    known(world.vault, "tls")
    foresee(world.vault)
    page = olga.get(PAGE, query)
    assert (page.status_code, page.context["chosen"].year) == (200, 2026)


def test_another_team_sees_nothing(world: World) -> None:
    known(world.vault, "tls", renews=True)
    foresee(world.vault)
    page = signed_in(world.otto).get(PAGE, {"vault": "kv-shop-prod"})
    assert names(page) == []
    assert set(sums(page).values()) == {(0, 0, 0, 0)}
    assert "tls" not in page.content.decode().replace("/certificates/tls/", "")
    assert "kv-shop-prod" not in text_of(signed_in(world.otto).get(PAGE))


def test_what_is_deleted_or_gone_is_left_out(olga: Client, world: World) -> None:
    known(world.vault, "kept")
    known(world.vault, "deleted")
    known(world.vault, "gone")
    foresee(world.vault)
    InventoryItem.objects.filter(name="deleted").update(deleted_on=NOW)
    InventoryItem.objects.filter(name="gone").update(gone_since=NOW)
    page = olga.get(PAGE)
    assert (names(page), sums(page)[2026]) == (["kept"], (0, 1, 0, 2))


def test_what_is_not_known_is_told(olga: Client, world: World) -> None:
    known(world.vault, "tls", read_at=NOW - timedelta(hours=7))
    known(world.vault, "no-policy", has_policy=False)
    known(world.vault, "odd", unread=["lifetime_actions"])
    known(world.vault, "no-dates", not_after=None)
    InventoryItem.objects.create(vault=world.vault, kind="certificate", name="not-read", enabled=True)
    InventoryItem.objects.create(vault=world.vault, kind="certificate", name="pending", issued=False)
    InventoryItem.objects.create(vault=world.vault, kind="key", name="key")
    foresee(world.vault)
    page = olga.get(PAGE)
    assert names(page) == ["tls"]
    assert (page.context["not_read"], page.context["not_foreseen"]) == (1, 3)
    assert page.context["as_of"] == NOW - timedelta(hours=7)
    assert "1 certificate was not read yet" in text_of(page)
    assert "Of 3 certificates the policy or the dates can't be read" in text_of(page)


def test_what_breaks_before_the_axis_begins_is_marked_at_its_beginning(olga: Client, world: World) -> None:
    automatic(world.vault, "breaks", renews_at_percent=None, renews_days_before=120, **FRESH)
    foresee(world.vault)
    page = olga.get(PAGE, {"rules": "2029"})
    [row] = page.context["rows"]
    assert row.at < page.context["scale"].begins
    assert [(mark.word, mark.x) for mark in row.marks] == [("breaks", 10)]


def test_empty(olga: Client, world: World) -> None:
    assert "No renewals are foreseen yet" in text_of(olga.get(PAGE))


def test_one_whose_policy_can_no_longer_be_read_loses_its_verdict(world: World) -> None:
    row = known(world.vault, "tls")
    foresee(world.vault)
    row.has_policy = False
    row.save()
    foresee(world.vault)
    assert not ForeseenRenewals.objects.exists()


# The trap


def test_the_trap_is_listed_with_the_way_out(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    chain = make_chain("EC")
    import_certificate(azure, "tls", chain.key_pem + pem(chain.leaf))

    actions = [{"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "AutoRenew"}}]
    policy = {"issuer": {"name": "Self"}, "lifetime_actions": actions}
    emulator.hold("kv-shop-prod", CERTIFICATE, "tls", "policy", policy)
    known(world.vault, "fine")
    automatic(world.vault, "self-made", policy_issuer="Self", provider="", self_signed=True)
    scan_vault(System(), world.vault)
    page = olga.get(PAGE)
    assert "A certificate of a CA will be replaced by the vault itself" in text_of(page)
    assert [each.item.name for each in page.context["trapped"]] == ["tls"]
    address = "/vaults/kv-shop-prod/certificates/tls/"
    assert f'href="{address}"' in page.content.decode()
    mend = f'href="{address}policy/edit/"'
    assert mend in page.content.decode()
    assert mend not in signed_in(world.members[Role.VIEWER]).get(PAGE).content.decode()
    assert "The vault is going to replace this CA's certificate" in text_of(olga.get(address))
    assert names(olga.get(PAGE, {"verdict": "trap"})) == ["tls"]


def test_many_in_the_trap_are_bounded(olga: Client, world: World) -> None:
    for number in range(12):
        automatic(world.vault, f"tls-{number}", policy_issuer="UNKNOWN", provider="", renews=True)
    foresee(world.vault)
    page = olga.get(PAGE)
    assert (len(page.context["trapped"]), page.context["more_trapped"]) == (10, True)
    assert len(names(olga.get(PAGE, {"verdict": "trap"}))) == 12


# What the team says of CAs


def send(client: Client, name: str = CA, public: str = "no", **more: str) -> Any:
    return client.post(SAY, {"name": name, "public": public, "form_key": str(uuid.uuid4()), **more})


def test_the_team_says_that_a_ca_is_not_public(olga: Client, world: World) -> None:
    other = make_vault(world.connection, "kv-crm")
    known(world.vault, "one")
    known(other, "two")
    known(other, "elsewhere", issuer="CN=Another CA")
    foresee(world.vault, other)
    before = olga.get(PAGE, {"rules": "2029"})
    assert [(each.name, each.certificates) for each in before.context["undecided"]] == [
        (CA, 2),
        ("CN=Another CA", 1),
    ]
    assert "Nobody in the team has said whether browsers trust 2 CAs" in text_of(before)
    form = next(form for form in forms_of(before) if form.action == SAY)
    assert form.fields["name"] == [CA]
    assert send(olga)["Location"] == f"{PAGE}#authorities"
    page = olga.get(PAGE, {"rules": "2029"})
    assert sums(page)[2029] == (0, 3, 0, 1 + 1 + 21)
    assert {row.known.item.name: row.public for row in page.context["rows"]} == {
        "one": "not public",
        "two": "not public",
        "elsewhere": "counted as public",
    }
    assert [each.name for each in page.context["undecided"]] == ["CN=Another CA"]
    assert last_entry(Action.AUTHORITY_UPDATE).name == CA
    assert last_detail(Action.AUTHORITY_UPDATE) == {
        "before": {"authority": "not said"},
        "after": {"authority": "not public"},
    }


def test_it_can_be_said_otherwise(olga: Client, world: World) -> None:
    known(world.vault, "one")
    foresee(world.vault)
    send(olga)
    send(olga, public="yes", name=CA.lower())
    assert CertificateAuthority.objects.get().is_public is True
    assert last_detail(Action.AUTHORITY_UPDATE)["before"] == {"authority": "not public"}
    assert sums(olga.get(PAGE))[2029] == (0, 1, 0, 21)


def test_an_issuer_of_the_vault_goes_by_its_name(olga: Client, world: World) -> None:
    automatic(world.vault, "tls", policy_issuer="Shop-CA", provider="Own")
    foresee(world.vault)
    assert [each.name for each in olga.get(PAGE).context["undecided"]] == ["Shop-CA"]
    send(olga, name="Shop-CA")
    assert olga.get(PAGE).context["rows"][0].verdict == "Automatic, once a year"


def test_nobody_is_asked_about_what_is_known(olga: Client, world: World) -> None:
    automatic(world.vault, "digicert")
    automatic(world.vault, "self", policy_issuer="Self", provider="", self_signed=True)
    known(world.vault, "own", self_signed=True)
    foresee(world.vault)
    page = olga.get(PAGE)
    assert page.context["authorities"] == []
    assert {row.known.item.name: row.public for row in page.context["rows"]} == {
        "digicert": "public",
        "self": "not public",
        "own": "not public",
    }


def test_the_page_of_one_certificate_knows_it(olga: Client, world: World, azure: VaultClient) -> None:
    chain = make_chain("EC")
    import_certificate(azure, "tls", chain.key_pem + pem(chain.leaf))
    scan_vault(System(), world.vault)
    address = "/vaults/kv-shop-prod/certificates/tls/renewals/"
    assert "nobody in the team has said" in text_of(olga.get(address))
    [ca] = olga.get(PAGE).context["undecided"]
    send(olga, name=ca.name)
    assert "not public: keeps the months of its policy" in text_of(olga.get(address))
    assert "nobody in the team has said" not in text_of(olga.get(address))


@pytest.mark.parametrize("sent", [{"name": "CN=No CA"}, {"name": ""}, {"name": "x" * 5000}, {"public": "maybe"}])
def test_what_cannot_be_said(olga: Client, world: World, sent: dict[str, str]) -> None:
    known(world.vault, "tls")
    foresee(world.vault)
    refused = send(olga, **sent)
    assert refused.status_code == 422
    assert "None of the team's certificates is of this CA" in text_of(refused)
    assert not CertificateAuthority.objects.exists()


def test_a_second_click_says_it_once(olga: Client, world: World) -> None:
    known(world.vault, "tls")
    foresee(world.vault)
    key = str(uuid.uuid4())
    answers = [send(olga, form_key=key) for _ in range(2)]
    assert {answer["Location"] for answer in answers} == {f"{PAGE}#authorities"}
    assert CertificateAuthority.objects.count() == 1


@pytest.mark.parametrize("role", Role)
def test_who_may_say_it(world: World, role: Role) -> None:
    known(world.vault, "tls")
    foresee(world.vault)
    client = signed_in(world.members[role])
    may = role in (Role.MANAGER, Role.OWNER)
    assert (SAY in client.get(PAGE).content.decode()) == may
    assert send(client).status_code == (302 if may else 403)
    assert CertificateAuthority.objects.exists() == may
    if not may:
        assert "A manager of your team can say it" in text_of(client.get(PAGE))
        with pytest.raises(RoleMissing):
            judge_authority(Person(world.members[role]), world.team, CA, is_public=True)


def test_a_ca_of_another_team_is_not_known(world: World) -> None:
    known(world.vault, "tls")
    foresee(world.vault)
    with pytest.raises(NoSuchAuthority):
        judge_authority(Person(world.otto), Team.objects.exclude(pk=world.team.pk).get(), CA, is_public=False)
    assert send(signed_in(world.otto)).status_code == 422
    assert not CertificateAuthority.objects.exists()


def test_names_of_cas_are_text(olga: Client, world: World) -> None:
    known(world.vault, "tls", issuer='CN="><script>alert(1)</script>', subject="x" * 1000)
    foresee(world.vault)
    assert "<script>alert" not in olga.get(PAGE).content.decode()


# Many


def fill(world: World, count: int) -> None:
    vaults = [world.vault, *(make_vault(world.connection, f"kv-{count}-{number}") for number in range(min(count, 19)))]
    for number in range(count):
        make = (automatic, known)[number % 2]
        begins = NOW - timedelta(days=number % 150)
        dates = {"not_before": begins, "not_after": begins + timedelta(days=199)}
        make(vaults[number % len(vaults)], f"tls-{count}-{number}", issuer=f"CN=CA {number % 30}", **dates)
    foresee(*vaults)


def queries(client: Client, **query: str) -> int:
    client.get(PAGE)  # the session notes once a minute that somebody was there
    with CaptureQueriesContext(connection) as captured:
        assert client.get(PAGE, query).status_code == 200
    return len(captured)


@pytest.mark.slow
def test_two_thousand_certificates(olga: Client, world: World) -> None:
    fill(world, 10)
    few = queries(olga)
    fill(world, 2000)
    many = queries(olga)
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        page = olga.get(PAGE, {"rules": "2029"})
        took.append(1000 * (time.perf_counter() - begun))
    say(f"{PAGE}: {many} queries, {min(took):.0f} ms with 2,010 certificates")
    assert few == many <= 16
    assert page.context["page"].paginator.count == 2010
    assert sum(card.certificates for card in page.context["cards"]) == 3 * 2010
