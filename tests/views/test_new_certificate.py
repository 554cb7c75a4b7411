"""A new certificate: its issuer is one of the vault's, or is typed where those may not be listed."""

from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, main_form, text_of
from tests.emulator.caller import Caller
from vaults.emulator import Emulator

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
