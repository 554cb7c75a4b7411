"""A new certificate: its issuer is one of the vault's, or is typed where those may not be listed."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.x509 import load_der_x509_certificate
from django.test import Client
from django.utils import timezone

from tests.browsing import fill_in, filled, main_form, text_of
from tests.emulator.caller import Caller
from vaults.emulator import Emulator
from vaults.forecast.renewals import BACKDATED, add_months
from vaults.keyvault.client import VaultClient
from vaults.templatetags.kvportal import day

pytestmark = pytest.mark.slow

PAGE = "/vaults/kv-shop-prod/new/certificate/"


def sent(emulator: Emulator) -> Any:
    return [request.body for request in emulator.requests if request.path.endswith("/create")][-1]["policy"]["issuer"]


@pytest.fixture
def vault(emulator: Emulator) -> Caller:
    caller = Caller(emulator)
    caller.put("certificates/issuers/digi-int", {"provider": "DigiCert"})
    return caller


@pytest.mark.usefixtures("vault")
def test_the_issuer_is_chosen_among_those_of_the_vault(olga: Client, emulator: Emulator) -> None:
    page = olga.get(PAGE)
    assert "digi-int: DigiCert" in text_of(page)
    assert main_form(page).fields["issuer"] == ["Self"]
    typed = {"name": "tls", "subject": "CN=a", "issuer": "digi-int", "certificate_type": "OV-SSL"}
    assert olga.post(PAGE, filled(page, **typed)).status_code == 302
    assert sent(emulator) == {"name": "digi-int", "cty": "OV-SSL"}


def test_without_a_type_none_is_sent(olga: Client, emulator: Emulator) -> None:
    assert fill_in(olga, PAGE, name="tls", subject="CN=a").status_code == 302
    assert sent(emulator) == {"name": "Self"}


@pytest.mark.usefixtures("vault")
@pytest.mark.parametrize("why", ["refused", "throttled"])
def test_where_they_can_not_be_listed_a_name_may_be_typed(why: str, olga: Client, emulator: Emulator) -> None:
    if why == "refused":
        emulator.deny("certificates/listissuers", "certificates/manageissuers")
    else:
        emulator.throttle(9, retry_after="60", path="/issuers")
    page = olga.get(PAGE)
    assert page.status_code == 200
    assert "The vault's issuers could not be listed" in text_of(page)
    assert ("listissuers is missing" in text_of(page)) is (why == "refused")
    assert '<input type="text" name="issuer" value="Self"' in page.content.decode()
    refused = olga.post(PAGE, filled(page, name="tls", subject="none", issuer=" digi-int "))
    assert refused.status_code == 422
    assert main_form(refused).fields["issuer"] == [" digi-int "]
    assert "The vault's issuers could not be listed" in text_of(refused)
    assert olga.post(PAGE, filled(refused, subject="CN=a")).status_code == 302
    assert sent(emulator) == {"name": "digi-int"}


@pytest.mark.usefixtures("vault")
def test_a_refused_form_still_offers_them(olga: Client, emulator: Emulator) -> None:
    refused = fill_in(olga, PAGE, name="tls", subject="none", issuer="digi-int")
    assert refused.status_code == 422
    assert "digi-int: DigiCert" in text_of(refused)
    assert main_form(refused).fields["issuer"] == ["digi-int"]


@pytest.mark.usefixtures("vault")
def test_an_issuer_that_is_gone_is_for_the_vault_to_refuse(olga: Client, vault: Caller, emulator: Emulator) -> None:
    page = olga.get(PAGE)
    vault.delete("certificates/issuers/digi-int")
    answer = olga.post(PAGE, filled(page, name="tls", subject="CN=a", issuer="digi-int"))
    assert answer.status_code == 404
    assert main_form(answer).fields["issuer"] == ["digi-int"]


@pytest.mark.usefixtures("vault")
def test_no_issuer_is_said_at_the_field(olga: Client) -> None:
    answer: Any = fill_in(olga, PAGE, name="tls", subject="CN=a", issuer="")
    assert answer.status_code == 422
    assert "issuer" in answer.context["form"].errors


def policy_sent(emulator: Emulator) -> Any:
    return [request.body for request in emulator.requests if request.path.endswith("/create")][-1]["policy"]


def test_the_whole_policy_is_sent(olga: Client, emulator: Emulator) -> None:
    answer = fill_in(
        olga,
        PAGE,
        name="tls",
        subject="CN=a",
        dns_names="a.example\nb.example",
        ip_addresses="10.0.0.1",
        emails="pki@example.com",
        upns="olga@example.com",
        uris="https://a.example/x",
        purpose="server",
        ekus="codeSigning",
        lifetime_action="EmailContacts",
        lifetime_amount="30",
        lifetime_trigger="days",
    )
    assert answer.status_code == 302
    policy = policy_sent(emulator)
    props = policy["x509_props"]
    assert props["sans"] == {
        "dns_names": ["a.example", "b.example"],
        "emails": ["pki@example.com"],
        "upns": ["olga@example.com"],
        "uris": ["https://a.example/x"],
        "ipAddresses": ["10.0.0.1"],
    }
    assert props["ekus"] == ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.3"]
    assert props["key_usage"] == ["digitalSignature", "keyEncipherment"]
    [action] = policy["lifetime_actions"]
    assert action == {"trigger": {"days_before_expiry": 30}, "action": {"action_type": "EmailContacts"}}


def test_what_is_left_to_key_vault_is_not_sent(olga: Client, emulator: Emulator) -> None:
    assert fill_in(olga, PAGE, name="tls", subject="CN=a").status_code == 302
    policy = policy_sent(emulator)
    assert "lifetime_actions" not in policy
    assert not {"ekus", "key_usage", "sans"} & policy["x509_props"].keys()


@pytest.mark.parametrize(
    ("kty", "usages"), [("RSA", ["digitalSignature", "keyEncipherment"]), ("EC", ["digitalSignature"])]
)
def test_an_elliptic_key_is_not_asked_to_encrypt(kty: str, usages: list[str], olga: Client, emulator: Emulator) -> None:
    assert fill_in(olga, PAGE, name="tls", subject="CN=a", kty=kty, purpose="mutual").status_code == 302
    props = policy_sent(emulator)["x509_props"]
    assert props["key_usage"] == usages
    assert props["ekus"] == ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"lifetime_action": "AutoRenew"}, "Say when."),
        ({"lifetime_action": "AutoRenew", "lifetime_amount": "324"}, "fewer than 324 days"),
        ({"lifetime_action": "AutoRenew", "lifetime_amount": "54", "validity_in_months": "2"}, "fewer than 54 days"),
        (
            {"lifetime_action": "EmailContacts", "lifetime_amount": "100", "lifetime_trigger": "percentage"},
            "At most 99 percent",
        ),
        ({"lifetime_action": "AutoRenew", "lifetime_amount": "0"}, "greater than or equal to 1"),
        (
            {"lifetime_action": "AutoRenew", "lifetime_amount": "30", "issuer": "Unknown"},
            "Key Vault can't renew what a CA outside of it signs.",
        ),
        ({"ip_addresses": "300.1.1.1"}, "is not an IP address"),
        ({"emails": "nobody"}, "is not an e-mail address"),
        ({"ekus": "what"}, "neither an object identifier nor a known name"),
    ],
)
def test_a_contradictory_policy_is_refused_at_the_field(
    typed: dict[str, str], sentence: str, olga: Client, emulator: Emulator
) -> None:
    refused = fill_in(olga, PAGE, name="tls", subject="CN=a", **typed)
    assert refused.status_code == 422
    assert sentence in text_of(refused)
    assert {name: main_form(refused).fields[name][0] for name in typed} == typed
    assert not [request for request in emulator.requests if request.path.endswith("/create")]


def test_the_form_says_what_public_authorities_leave_out(olga: Client) -> None:
    assert "Public CAs leave out clientAuth" in text_of(olga.get(PAGE))


PARTS = {
    "subject_cn": "www.example.com",
    "subject_o": 'Example "Shop", Ltd.',
    "subject_ou": "C:\\ops\\",
    "subject_l": " Köln #1 ",
    "subject_s": "NRW + more",
    "subject_c": "de",
}
BUILT = 'CN=www.example.com, O="Example ""Shop"", Ltd.", OU="C:\\ops\\", L="Köln #1", S="NRW + more", C=DE'


def test_the_subject_is_built_from_its_parts(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    assert fill_in(olga, PAGE, name="tls", **PARTS).status_code == 302
    assert policy_sent(emulator)["x509_props"]["subject"] == BUILT
    emulator.clock.advance(60)
    certificate = load_der_x509_certificate(azure.certificates.get("tls").cer)
    issued = {each.rfc4514_attribute_name: each.value for each in certificate.subject}
    assert issued == {
        "CN": "www.example.com",
        "O": 'Example "Shop", Ltd.',
        "OU": "C:\\ops\\",
        "L": "Köln #1",
        "ST": "NRW + more",
        "C": "DE",
    }


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({}, "subject", "Write a subject, or build it from its parts below."),
        ({"subject": "CN=a", "subject_cn": "b"}, "subject", "but not both"),
        ({"subject_cn": "b", "subject_c": "DEU"}, "subject_c", "at most 2 characters"),
        ({"subject_cn": "b", "subject_c": "1x"}, "subject_c", "A country has two letters"),
        ({"subject_cn": "b" * 65}, "subject_cn", "at most 64 characters"),
        (
            {"subject": "CN=a", "certificate_transparency": "perhaps"},
            "certificate_transparency",
            "Select a valid choice",
        ),
        (
            {"subject": "CN=a", "kty": "RSA-HSM", "exportable": "on"},
            "exportable",
            "A key in an HSM can't be exported.",
        ),
        (
            {"subject": "CN=a", "dns_names": "\n".join(f"n{each}.example" for each in range(1001))},
            "dns_names",
            "At most 1000 fit here; these are 1001.",
        ),
    ],
)
def test_what_is_wrong_with_a_subject_or_a_list_is_said_at_its_field(
    typed: dict[str, str], field: str, sentence: str, olga: Client, emulator: Emulator
) -> None:
    refused: Any = fill_in(olga, PAGE, name="tls", **typed)
    assert refused.status_code == 422
    assert sentence in " ".join(refused.context["form"].errors[field])
    texts = {name: text for name, text in typed.items() if name.startswith(("subject", "dns"))}
    assert {name: main_form(refused).fields[name][0].replace("\r", "") for name in texts} == texts
    assert not [request for request in emulator.requests if request.path.endswith("/create")]


@pytest.mark.parametrize(("chosen", "said"), [("true", True), ("false", False)])
def test_transparency_is_sent_if_it_is_chosen(chosen: str, said: bool, olga: Client, emulator: Emulator) -> None:
    assert fill_in(olga, PAGE, name="tls", subject="CN=a", certificate_transparency=chosen).status_code == 302
    assert sent(emulator) == {"name": "Self", "cert_transparency": said}


def test_the_page_says_in_dates_what_will_happen(olga: Client) -> None:
    now = timezone.now()
    words = text_of(olga.get(PAGE))
    ends = add_months(now, 12)
    assert f"Issued today, it is valid until {day(ends)}." in words
    begins = now - BACKDATED
    assert f"The vault will renew it on {day(begins + (ends - begins) * 0.8)}, at 80 % of its life." in words


@pytest.mark.usefixtures("vault")
def test_without_javascript_the_dates_of_what_is_typed_are_shown(olga: Client, emulator: Emulator) -> None:
    typed = {"name": "tls", "subject_cn": "a, b", "issuer": "digi-int", "show_effect": "1"}
    shown = fill_in(olga, PAGE, **typed, lifetime_action="EmailContacts", lifetime_amount="20", lifetime_trigger="days")
    assert shown.status_code == 200
    words = text_of(shown)
    assert 'Subject: CN="a, b"' in words
    assert f"If a CA signs it today, it is valid until {day(timezone.now() + timedelta(days=200) - BACKDATED)}" in words
    assert "200 days: public CAs may not give more then" in words
    assert "The vault will e-mail its contacts on" in words
    assert not [request for request in emulator.requests if request.path.endswith("/create")]
    assert olga.post(PAGE, filled(shown)).status_code == 302


def test_what_is_typed_is_followed(olga: Client) -> None:
    typed = {"issuer": "Self", "validity_in_months": "6", "lifetime_action": "", "subject_cn": "a", "subject_c": "x"}
    words = text_of(olga.get(f"{PAGE}effect/", typed))
    assert f"Issued today, it is valid until {day(add_months(timezone.now(), 6))}." in words
    assert "Subject: CN=a" in words
    unknown = text_of(olga.get(f"{PAGE}effect/", {**typed, "issuer": "unknown"}))
    assert "The vault will e-mail its contacts on" in unknown
    wrong = text_of(olga.get(f"{PAGE}effect/", {**typed, "validity_in_months": "0"}))
    assert "The dates appear here as soon as the fields can be read." in wrong
