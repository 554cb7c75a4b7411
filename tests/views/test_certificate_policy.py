"""The policy of a certificate: all of it shown, what follows from it in dates, and changed part by part."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.browsing import filled, main_form, text_of
from tests.chains import import_certificate, make_chain, pem
from tests.conftest import World, last_detail, last_entry, say, signed_in, vault_calls
from tests.emulator.caller import Caller, issued
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.permissions import Action, Role
from vaults.templatetags.kvportal import day

CERTIFICATE = "/vaults/kv-shop-prod/certificates/tls/"
PAGE = f"{CERTIFICATE}policy/"
EDIT = f"{PAGE}edit/"
EFFECT = "/vaults/kv-shop-prod/new/certificate/effect/"
RENEWED_AT_80 = [{"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "AutoRenew"}}]


@pytest.fixture
def caller(emulator: Emulator) -> Caller:
    caller = Caller(emulator)
    caller.put("certificates/issuers/digi", {"provider": "DigiCert"})
    issued(
        caller,
        "tls",
        {
            "policy": {
                "issuer": {"name": "Self", "cert_transparency": False},
                "key_props": {"kty": "EC", "crv": "P-384", "exportable": False, "reuse_key": True},
                "secret_props": {"contentType": "application/x-pem-file"},
                "x509_props": {
                    "subject": "CN=shop",
                    "sans": {"dns_names": ["a.example", "b.example"], "emails": ["pki@example.com"], "upns": ["olga"]},
                    "ekus": ["1.3.6.1.5.5.7.3.1", "1.2.3.4"],
                    "key_usage": ["digitalSignature", "keyAgreement"],
                    "validity_months": 24,
                },
                "lifetime_actions": RENEWED_AT_80,
            }
        },
    )
    vault_calls(emulator)
    return caller


def patches(emulator: Emulator) -> list[Any]:
    return [each.body for each in emulator.requests if each.method == "PATCH" and each.path.endswith("/policy")]


def test_every_part_is_shown(olga: Client, caller: Caller) -> None:
    words = text_of(olga.get(PAGE))
    for part in (
        "Self signed by its own key",
        "Certificate type none named",
        "Public log no",
        "Subject CN=shop",
        "DNS names a.example b.example",
        "E-mail addresses pki@example.com",
        "User principals olga",
        "Type and size EC P-384",
        "Each version has the key of the one before",
        "Export never, the private key stays in the vault",
        "Key usage digitalSignature keyAgreement",
        "Extended usage serverAuth 1.2.3.4",
        "Validity 24 months",
        "Before the end at 80 % of its life: renewed by the vault",
        "Content type application/x-pem-file PEM",
        "attributes.enabled true",
    ):
        assert part in words


def test_the_effect_is_said_in_dates(olga: Client, azure: VaultClient, caller: Caller) -> None:
    version = azure.certificates.get("tls").properties
    assert version.expires_on
    assert version.not_before
    at = version.not_before + (version.expires_on - version.not_before) * 0.8
    words = text_of(olga.get(PAGE))
    assert f"The vault will renew it on {day(at)}, at 80 % of its life." in words
    assert "The version made then is valid until" in words
    assert "All other parts are for the next version" in words


def test_the_page_makes_one_round_trip(olga: Client, caller: Caller, emulator: Emulator) -> None:
    olga.get(PAGE)
    vault_calls(emulator)
    olga.get(PAGE)
    assert sorted(path for _, path in vault_calls(emulator)) == ["/certificates/issuers", "/certificates/tls"]


def test_only_the_sections_that_differ_are_sent(
    olga: Client, azure: VaultClient, caller: Caller, emulator: Emulator
) -> None:
    page = olga.get(EDIT)
    answer = olga.post(
        EDIT, filled(page, lifetime_action="EmailContacts", lifetime_amount="30", lifetime_trigger="days")
    )
    assert answer["Location"] == PAGE
    emailed = {"trigger": {"days_before_expiry": 30}, "action": {"action_type": "EmailContacts"}}
    assert patches(emulator) == [{"lifetime_actions": [emailed]}]
    assert last_entry(Action.CERTIFICATE_UPDATE_POLICY).state == "succeeded"
    assert last_detail(Action.CERTIFICATE_UPDATE_POLICY) == {"attributes": ["lifetime_actions"], "issuer": "Self"}
    assert len(azure.certificates.versions("tls")) == 1
    words = text_of(olga.get(PAGE))
    assert "The policy of tls was changed. No new version was made." in words
    assert "The vault will e-mail its contacts on" in words
    assert "Whom the vault e-mails" in words


def test_a_changed_section_is_sent_whole_with_what_is_not_known_here(
    olga: Client, caller: Caller, emulator: Emulator
) -> None:
    def novel(body: Any) -> Any:
        body["policy"]["x509_props"]["novelty"] = {"deep": [1]}
        body["policy"]["issuer"]["novelty"] = "kept"
        return body

    emulator.rewrite(novel, times=9, method="GET", path="/certificates/tls")
    page = olga.get(EDIT)
    assert "x509_props.novelty.deep" in text_of(page)
    assert olga.post(EDIT, filled(page, dns_names="a.example\nc.example", issuer="digi")).status_code == 302
    (sent,) = patches(emulator)
    assert sent.keys() == {"x509_props", "issuer"}
    assert sent["issuer"] == {"name": "digi", "cert_transparency": False, "novelty": "kept"}
    assert sent["x509_props"]["novelty"] == {"deep": [1]}
    assert sent["x509_props"]["basic_constraints"] == {"ca": False}
    assert sent["x509_props"]["sans"] == {
        "dns_names": ["a.example", "c.example"],
        "emails": ["pki@example.com"],
        "upns": ["olga"],
    }


def test_nothing_different_sends_nothing(olga: Client, caller: Caller, emulator: Emulator) -> None:
    assert olga.post(EDIT, filled(olga.get(EDIT))).status_code == 302
    assert patches(emulator) == []
    assert "Nothing was different, so nothing was sent." in text_of(olga.get(PAGE))


def test_a_change_meanwhile_is_not_overwritten(
    olga: Client, azure: VaultClient, caller: Caller, emulator: Emulator
) -> None:
    page = olga.get(EDIT)
    caller.patch("certificates/tls/policy", {"x509_props": {"validity_months": 6}})
    emulator.requests.clear()
    refused = olga.post(EDIT, filled(page, subject="CN=mine"))
    assert refused.status_code == 422
    assert patches(emulator) == []
    assert "Somebody else changed the policy after you opened it." in text_of(refused)
    assert main_form(refused).fields["subject"] == ["CN=mine"]
    assert main_form(refused).fields["validity_in_months"] == ["6"]
    assert "Subject CN=shop" in text_of(refused)  # beside what was typed
    assert olga.post(EDIT, filled(refused)).status_code == 302
    policy = azure.certificates.get_policy("tls")
    assert (policy.subject, policy.validity_in_months) == ("CN=mine", 6)


def test_a_new_version_meanwhile_is_no_change_of_the_policy(olga: Client, caller: Caller, emulator: Emulator) -> None:
    page = olga.get(EDIT)
    caller.patch("certificates/tls", {"tags": {"a": "b"}})
    assert olga.post(EDIT, filled(page, validity_in_months="6")).status_code == 302


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"lifetime_amount": "0"}, "greater than or equal to 1"),
        ({"lifetime_amount": "100"}, "At most 99 percent of its life."),
        ({"lifetime_amount": "648", "lifetime_trigger": "days"}, "fewer than 648 days"),
        ({"validity_in_months": "1", "lifetime_amount": "27", "lifetime_trigger": "days"}, "fewer than 27 days"),
        ({"lifetime_amount": ""}, "Say when."),
        ({"issuer": "Unknown"}, "Key Vault can't renew what a CA outside of it signs."),
        ({"validity_in_months": "0"}, "greater than or equal to 1"),
        ({"validity_in_months": "1201"}, "less than or equal to 1200"),
        ({"crv": "P-256"}, "no version would get another key"),
        ({"kty": "RSA", "reuse_key": "false", "key_size": ""}, "Choose a size for the new type of key."),
        ({"kty": "EC-HSM", "reuse_key": "false", "exportable": "true"}, "A key in an HSM can't be exported."),
        ({"subject": "shop"}, "This is not an X.500 name."),
        ({"dns_names": "a_b.example\nnot a name!"}, "is not a DNS name"),
        (
            {"dns_names": "\n".join(f"n{each}.example" for each in range(1001))},
            "At most 1000 fit here; these are 1001.",
        ),
        ({"ekus": "serverauth"}, "neither an object identifier nor a known name"),
    ],
)
def test_bad_input_is_said_at_its_field_and_kept(
    typed: dict[str, str], sentence: str, olga: Client, caller: Caller, emulator: Emulator
) -> None:
    refused = olga.post(EDIT, filled(olga.get(EDIT), **typed))
    assert refused.status_code == 422
    assert sentence in text_of(refused)
    fields = main_form(refused).fields
    assert {name: fields[name][0].replace("\r", "") for name in typed} == typed
    assert patches(emulator) == []


def test_what_azure_refuses_comes_back_with_what_was_typed(olga: Client, caller: Caller, emulator: Emulator) -> None:
    page = olga.get(EDIT)
    emulator.deny("certificates/update")
    refused = olga.post(EDIT, filled(page, validity_in_months="6"))
    assert refused.status_code == 403
    assert main_form(refused).fields["validity_in_months"] == ["6"]
    assert last_entry(Action.CERTIFICATE_UPDATE_POLICY).state == "denied"


def test_several_actions_stay_as_they_are(olga: Client, caller: Caller, emulator: Emulator) -> None:
    mailed = {"trigger": {"days_before_expiry": 20}, "action": {"action_type": "EmailContacts"}}
    caller.patch("certificates/tls/policy", {"lifetime_actions": [*RENEWED_AT_80, mailed]})
    page = olga.get(EDIT)
    assert "lifetime_action" not in main_form(page).fields
    emulator.requests.clear()
    olga.post(EDIT, filled(page, validity_in_months="6"))
    assert patches(emulator)[0].keys() == {"x509_props"}


def test_a_policy_that_cannot_be_read_is_not_changed(olga: Client, caller: Caller, emulator: Emulator) -> None:
    emulator.rewrite(lambda body: {**body, "policy": "x"}, times=9, method="GET", path="/certificates/tls")
    page = olga.get(PAGE)
    assert "The policy can't be read, so it can't be changed here." in text_of(page)
    assert EDIT not in page.content.decode()
    assert olga.get(EDIT)["Location"] == PAGE


def test_a_section_that_cannot_be_read_stays(olga: Client, caller: Caller, emulator: Emulator) -> None:
    def odd(body: Any) -> Any:
        body["policy"]["key_props"] = "secret of the vault"
        return body

    emulator.rewrite(odd, times=9, method="GET", path="/certificates/tls")
    page = olga.get(EDIT)
    assert "kty" not in main_form(page).fields
    assert "can't be read, kept as it is" in text_of(page)
    assert olga.post(EDIT, filled(page, validity_in_months="6")).status_code == 302
    assert patches(emulator)[0].keys() == {"x509_props"}


def test_a_lost_answer_is_looked_up(olga: Client, caller: Caller, emulator: Emulator) -> None:
    page = olga.get(EDIT)
    emulator.lose_answer(method="PATCH")
    assert olga.post(EDIT, filled(page, validity_in_months="6")).status_code == 302
    assert last_detail(Action.CERTIFICATE_UPDATE_POLICY)["unconfirmed"] is True


def test_what_the_vault_kept_is_said(olga: Client, caller: Caller, emulator: Emulator) -> None:
    def kept(body: Any) -> Any:
        body["x509_props"]["validity_months"] = 24
        return body

    page = olga.get(EDIT)
    emulator.rewrite(kept, method="PATCH", path="/certificates/tls/policy")
    olga.post(EDIT, filled(page, validity_in_months="6"))
    assert "The vault has something otherwise than it was sent: validity in months." in text_of(olga.get(PAGE))


def test_the_trap_is_said_with_its_date_and_ends_with_the_edit(
    olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    chain = make_chain("RSA")
    policy = {
        "secret_props": {"contentType": "application/x-pem-file"},
        "issuer": {"name": "Self"},
        "lifetime_actions": RENEWED_AT_80,
    }
    import_certificate(azure, "tls", chain.key_pem + pem(chain.leaf, chain.lower), policy)
    page = olga.get(PAGE)
    assert "The vault is going to replace this CA's certificate by a self-signed one" in text_of(page)
    assert "the vault will replace this CA's certificate by one that no CA has signed" in text_of(page)
    typed = {"issuer": "Unknown", "lifetime_action": "EmailContacts"}
    assert olga.post(EDIT, filled(olga.get(EDIT), **typed)).status_code == 302
    assert "The vault is going to replace" not in text_of(olga.get(PAGE))


def test_without_javascript_the_dates_of_what_is_typed_are_shown(
    olga: Client, caller: Caller, emulator: Emulator
) -> None:
    page = olga.get(EDIT)
    typed = filled(page, lifetime_action="", lifetime_amount="", lifetime_trigger="days")
    shown = olga.post(EDIT, {**typed, "show_effect": "1"})
    assert shown.status_code == 200
    assert "Nothing happens before it ends on" in text_of(shown)
    assert patches(emulator) == []
    assert olga.post(EDIT, filled(shown)).status_code == 302  # the same form may be sent then
    assert patches(emulator) == [{"lifetime_actions": []}]


def test_the_effect_follows_what_is_typed(olga: Client, emulator: Emulator) -> None:
    now = timezone.now()
    life = {"effect_begins": now.isoformat(), "effect_ends": (now + timedelta(days=100)).isoformat()}
    typed = {
        "issuer": "Self",
        "lifetime_action": "AutoRenew",
        "lifetime_amount": "50",
        "lifetime_trigger": "percentage",
    }
    emulator.requests.clear()
    words = text_of(olga.get(EFFECT, {**typed, **life}))
    assert f"The vault will renew it on {day(now + timedelta(days=50))}, at 50 % of its life." in words
    taken = text_of(olga.get(EFFECT, {**typed, **life, "effect_by_ca": "on"}))
    assert "by one that no CA has signed" in taken
    assert "At most 99 percent" in text_of(olga.get(EFFECT, {**typed, **life, "lifetime_amount": "100"}))
    assert vault_calls(emulator) == []


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"effect_begins": "0001-01-01T00:00:00+00:00", "effect_ends": "9999-12-31T23:59:59+00:00"},
        {"effect_begins": "9999-12-31T23:59:59+00:00", "effect_ends": "9999-12-31T23:59:59+00:00"},
        {"effect_begins": "2030-01-01T00:00:00+00:00", "effect_ends": "2020-01-01T00:00:00+00:00"},
        {"effect_begins": "x"},
        {"lifetime_amount": "9" * 400},
        {"lifetime_amount": "99999999999", "lifetime_trigger": "days"},
        {"validity_in_months": "-1"},
        {"issuer": "<script>" * 40},
    ],
)
def test_odd_values_of_the_effect_are_no_failure(odd: dict[str, str], olga: Client) -> None:
    typed = {
        "issuer": "Self",
        "lifetime_action": "AutoRenew",
        "lifetime_amount": "50",
        "lifetime_trigger": "percentage",
    }
    answer = olga.get(EFFECT, {**typed, **odd})
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode()


def test_who_may_see_may_not_all_change(world: World, caller: Caller) -> None:
    viewer, writer = signed_in(world.members[Role.VIEWER]), signed_in(world.members[Role.WRITER])
    assert EDIT not in viewer.get(PAGE).content.decode()
    assert EDIT in writer.get(PAGE).content.decode()
    assert viewer.get(EDIT).status_code == 403
    assert viewer.post(EDIT, {}).status_code == 403


def test_where_nothing_is_issued_yet_there_are_no_dates(olga: Client, azure: VaultClient) -> None:
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example"))
    assert "No version is issued yet, so there are no dates to count from." in text_of(olga.get(PAGE))
    page = olga.get(EDIT)
    assert olga.post(EDIT, filled(page, validity_in_months="6")).status_code == 302
    assert azure.certificates.get_policy("tls").validity_in_months == 6


def test_without_the_issuers_the_policy_is_shown_and_changed(olga: Client, caller: Caller, emulator: Emulator) -> None:
    emulator.deny("certificates/listissuers", "certificates/manageissuers")
    assert "The vault will renew it on" in text_of(olga.get(PAGE))
    page = olga.get(EDIT)
    assert "The vault's issuers could not be listed: certificates/listissuers is missing." in text_of(page)
    assert olga.post(EDIT, filled(page, validity_in_months="6")).status_code == 302


def test_every_member_goes_to_the_page_and_back_unchanged(
    olga: Client, azure: VaultClient, caller: Caller, emulator: Emulator
) -> None:
    """The round trip: each part is changed and changed back, and the vault has the same policy again."""
    changes = {
        "issuer": "digi", "certificate_transparency": "true", "subject": "CN=other", "dns_names": "x.example",
        "emails": "", "upns": "", "reuse_key": "false", "key_usage": ["digitalSignature"], "ekus": "clientAuth",
        "validity_in_months": "3", "lifetime_action": "EmailContacts", "lifetime_amount": "10",
        "lifetime_trigger": "days", "content_type": "application/x-pkcs12",
    }  # fmt: skip
    before = azure.certificates.get_policy("tls")
    start = main_form(olga.get(EDIT)).fields
    assert olga.post(EDIT, filled(olga.get(EDIT), **changes)).status_code == 302
    assert azure.certificates.get_policy("tls") != before
    back: dict[str, Any] = {name: start[name] if name == "key_usage" else start[name][0] for name in changes}
    assert olga.post(EDIT, filled(olga.get(EDIT), **back)).status_code == 302
    assert azure.certificates.get_policy("tls") == before
    say(f"parts of a policy changed and changed back: {len(changes)}, differences left: 0")


@pytest.mark.parametrize("part", ["lifetime_amount", "lifetime_trigger", "lifetime_action", "kty", "key_size"])
def test_a_part_that_comes_alone_is_no_failure(part: str, olga: Client, caller: Caller, emulator: Emulator) -> None:
    answer = olga.post(EDIT, {"opened_on": "unread", part: "9" * 400})
    assert answer.status_code == 422
    assert patches(emulator) == []
