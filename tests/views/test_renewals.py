"""The page of a certificate's next renewals."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from tests.browsing import text_of
from tests.chains import import_certificate, make_chain, pem
from tests.conftest import World, signed_in, vault_calls
from tests.emulator.caller import Caller, issued
from vaults.emulator import Emulator
from vaults.emulator.wire.kinds import CERTIFICATE
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import CertificateAuthority, Team
from vaults.permissions import Role

PAGE = "/vaults/kv-shop-prod/certificates/tls/renewals/"


@pytest.fixture
def caller(emulator: Emulator) -> Caller:
    caller = Caller(emulator)
    caller.put("certificates/issuers/digi", {"provider": "DigiCert"})
    caller.put("certificates/issuers/own", {"provider": "Own"})
    return caller


def make(caller: Caller, issuer: str, action: str = "AutoRenew", **trigger: int) -> None:
    actions = [{"trigger": trigger or {"lifetime_percentage": 80}, "action": {"action_type": action}}]
    props = {"subject": "CN=shop", "validity_months": 12}
    policy = {"issuer": {"name": issuer}, "x509_props": props, "lifetime_actions": actions}
    issued(caller, "tls", {"policy": policy})


def rows(page: Any) -> list[str]:
    return [mark.word for mark in page.context["axis"].marks]


def test_a_self_signed_certificate_keeps_its_months(olga: Client, caller: Caller) -> None:
    make(caller, "Self")
    page = olga.get(PAGE)
    assert rows(page) == ["automatic"] * 5
    assert [card.verdict for card in page.context["cards"]] == ["Automatic, once a year"] * 3
    assert "not public: keeps the months of its policy" in text_of(page)
    assert "Key Vault renews it at 80 % of its life." in text_of(page)
    assert "Counted as public" not in text_of(page)


def test_a_public_one_is_renewed_more_often_with_each_rule(olga: Client, caller: Caller) -> None:
    make(caller, "digi")
    page = olga.get(PAGE, {"rules": "2029"})
    assert [card.verdict for card in page.context["cards"]] == [
        "Automatic, twice a year",
        "Automatic, 5 times a year",
        "Automatic, 10 times a year",
    ]
    assert page.context["chosen"].year == 2029
    assert [mark.renewal.life.days for mark in page.context["axis"].marks][1:] == [47] * 4
    assert "clientAuth, as Key Vault does by default" in text_of(page)
    assert "From 15 March 2029 47 days at most, domain checks last 10" in text_of(page)


def test_one_that_will_break_says_why(olga: Client, caller: Caller) -> None:
    make(caller, "digi", days_before_expiry=120)
    page = olga.get(PAGE, {"rules": "2027"})
    assert [card.verdict for card in page.context["cards"]] == ["Automatic, 5 times a year", "Will break", "Will break"]
    assert "It is to be renewed 120 days before the end, which is before its life begins." in text_of(page)
    assert rows(page)[-1] == "breaks"
    assert "no new version" in text_of(page)


def test_where_the_issuer_does_not_tell_it_is_public_until_the_team_says_otherwise(
    olga: Client, world: World, caller: Caller
) -> None:
    make(caller, "own", "EmailContacts", days_before_expiry=30)
    public = olga.get(PAGE)
    assert "nobody in the team has said whether browsers trust own" in text_of(public)
    assert 'href="/renewals/#authorities"' in public.content.decode()
    assert [card.verdict for card in public.context["cards"]] == [
        "By hand, twice a year",
        "By hand, 5 times a year",
        "By hand, 21 times a year",
    ]
    CertificateAuthority.objects.create(team=world.team, name="Own", is_public=False)
    private = olga.get(PAGE)
    assert {card.verdict for card in private.context["cards"]} == {"By hand, once a year"}
    assert "not public: keeps the months of its policy" in text_of(private)


def test_what_another_team_says_does_not_count(olga: Client, world: World, caller: Caller) -> None:
    make(caller, "own", "EmailContacts", days_before_expiry=30)
    other = Team.objects.exclude(pk=world.team.pk).get()
    CertificateAuthority.objects.create(team=other, name="own", is_public=False)
    assert "nobody in the team has said" in text_of(olga.get(PAGE))


def test_who_may_not_say_it_is_told_who_may(world: World, caller: Caller) -> None:
    make(caller, "own")
    page = signed_in(world.members[Role.WRITER]).get(PAGE)
    assert "A manager of your team can say it." in text_of(page)
    assert "#authorities" not in page.content.decode()


@pytest.mark.parametrize("query", [{"rules": "1999"}, {"rules": "x"}, {"rules": "2027" * 50}])
def test_what_is_no_calendar_shows_the_first(olga: Client, caller: Caller, query: dict[str, str]) -> None:
    make(caller, "Self")
    assert olga.get(PAGE, query).context["chosen"].year == 2026


def test_without_a_policy_nothing_is_said(olga: Client, caller: Caller, emulator: Emulator) -> None:
    make(caller, "Self")
    emulator.hold("kv-shop-prod", CERTIFICATE, "tls", "policy", None)
    assert "Nothing can be said about its renewals" in text_of(olga.get(PAGE))


def test_issuers_that_may_not_be_listed_are_counted_as_public(olga: Client, caller: Caller, emulator: Emulator) -> None:
    make(caller, "digi")
    emulator.deny("certificates/listissuers", "certificates/manageissuers")
    page = olga.get(PAGE)
    assert page.status_code == 200
    assert "nobody in the team has said whether browsers trust digi" in text_of(page)


def test_two_calls_side_by_side(olga: Client, caller: Caller, emulator: Emulator) -> None:
    make(caller, "digi")
    emulator.requests.clear()
    olga.get(PAGE)
    assert sorted(vault_calls(emulator)) == [("GET", "/certificates/issuers"), ("GET", "/certificates/tls")]


def test_the_certificate_leads_there(olga: Client, caller: Caller) -> None:
    make(caller, "Self")
    assert PAGE in olga.get("/vaults/kv-shop-prod/certificates/tls/").content.decode()


def test_a_missing_certificate_is_not_found(olga: Client, caller: Caller) -> None:
    assert olga.get("/vaults/kv-shop-prod/certificates/none/renewals/").status_code == 404


def test_dates_are_those_of_the_certificate(olga: Client, caller: Caller) -> None:
    make(caller, "digi")
    attributes = caller.get("certificates/tls").json()["attributes"]
    begins, ends = (datetime.fromtimestamp(attributes[name], UTC) for name in ("nbf", "exp"))
    page = olga.get(PAGE)
    assert page.context["course"].life.ends == ends
    assert page.context["axis"].marks[0].renewal.at == begins + (ends - begins) * 0.8


@pytest.mark.parametrize("days", [10**12, -(10**12), 0, 10**40])
@pytest.mark.parametrize("months", [10**9, -5])
def test_an_odd_policy_breaks_no_page(olga: Client, caller: Caller, emulator: Emulator, days: int, months: int) -> None:
    make(caller, "digi")
    action = {"trigger": {"days_before_expiry": days}, "action": {"action_type": "AutoRenew"}}
    policy = {"issuer": {"name": "digi"}, "x509_props": {"validity_months": months}, "lifetime_actions": [action]}
    emulator.hold("kv-shop-prod", CERTIFICATE, "tls", "policy", policy)
    assert olga.get(PAGE, {"rules": "2029"}).status_code == 200


def test_a_page_without_renewals_leads_to_the_operation_that_has_issued_nothing(
    olga: Client, azure: VaultClient
) -> None:
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Unknown", subject="CN=a"))
    page = olga.get(PAGE)
    assert "No version has been issued yet. Look at its operation" in text_of(page)
    assert "/certificates/tls/operation/" in page.content.decode()


def test_the_trap_is_told_with_its_remedies(olga: Client, azure: VaultClient) -> None:
    issued = make_chain("EC")
    automatic = [{"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "AutoRenew"}}]
    stored = {"contentType": "application/x-pem-file"}
    policy = {"secret_props": stored, "issuer": {"name": "Self"}, "lifetime_actions": automatic}
    import_certificate(azure, "tls", issued.key_pem + pem(issued.leaf), policy)
    page = olga.get(PAGE)
    assert "The vault is going to replace this CA's certificate by a self-signed one" in text_of(page)
    assert "/certificates/tls/policy/edit/" in page.content.decode()
