"""Subjects of certificates: Azure's grammar, not ours; what it refuses is said at the field, in its words."""

from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, main_form, text_of
from tests.conftest import vault_calls
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"
NEW = f"{V}/new/certificate/"
#: What the form itself asks for.
LISTING = ("GET", "/certificates/issuers")

#: What is typed, and how Azure writes what stands in the certificate then.
SUBJECTS = {
    "CN=www.example.com, O=Example": "CN=www.example.com, O=Example",
    "CN=www.example.com,O=Example": "CN=www.example.com, O=Example",
    'CN=server.contoso.com, O="Contoso, Ltd.", L=Dallas, S=Texas, C=US': (
        'CN=server.contoso.com, O="Contoso, Ltd.", L=Dallas, S=Texas, C=US'
    ),
    "C=US, ST=WA, L=Redmond, O=TestO, OU=TestOU, CN=www.example.com": (
        "C=US, S=WA, L=Redmond, O=TestO, OU=TestOU, CN=www.example.com"
    ),
    "CN=www.example.com; O=Example; C=DE": "CN=www.example.com, O=Example, C=DE",
    "CN=www.example.com + SERIALNUMBER=7, O=Example": "SERIALNUMBER=7 + CN=www.example.com, O=Example",  # a DER set
    "cn=www.example.com, e=ops@example.com": "CN=www.example.com, E=ops@example.com",
    "OID.2.5.4.15=Private Organization, 2.5.4.3=x": "OID.2.5.4.15=Private Organization, CN=x",
    'CN="say ""hello"""': 'CN="say ""hello"""',
    "CN=shop, DC=corp, DC=example": "CN=shop, DC=corp, DC=example",
    "CN=Jürgen Größe, O=Café #1": 'CN=Jürgen Größe, O="Café #1"',
}


@pytest.mark.parametrize("typed", SUBJECTS)
def test_what_azure_takes_is_taken_and_shown_in_its_spelling(
    typed: str, olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    assert fill_in(olga, NEW, name="tls", subject=typed).status_code == 302
    assert f" {SUBJECTS[typed]} " in text_of(olga.get(f"{V}/certificates/tls/operation/"))
    emulator.clock.advance(60)
    assert f"Subject {SUBJECTS[typed]} " in text_of(olga.get(f"{V}/certificates/tls/"))
    policy = azure.certificates.get("tls").policy
    assert policy is not None
    assert policy.subject == typed


@pytest.mark.parametrize("typed", ["no name", "=x", " = x"])
def test_what_is_surely_none_is_not_sent(typed: str, olga: Client, emulator: Emulator) -> None:
    answer: Any = fill_in(olga, NEW, name="tls", subject=typed)
    assert "not an X.500 name" in answer.context["form"].errors["subject"][0]
    assert set(vault_calls(emulator)) == {LISTING}


@pytest.mark.parametrize("typed", ['CN="a', "NOSUCH=a", "CN=a, b", "CN=" + "a" * 200])
def test_azures_refusal_stands_at_the_field_in_its_words(typed: str, olga: Client) -> None:
    answer: Any = fill_in(olga, NEW, name="tls", subject=typed, dns_names="shop.example")
    assert answer.status_code == 422
    assert "Invalid X.500 distinguished name" in answer.context["form"].errors["subject"][0]
    assert main_form(answer).fields["subject"] == [typed]
    assert main_form(answer).fields["dns_names"] == ["shop.example"]


def test_another_refusal_does_not_stand_there(olga: Client, emulator: Emulator) -> None:
    refusal = {"error": {"code": "BadParameter", "message": "The subject alternative name 'x' is not valid."}}
    emulator.answer_next(400, refusal, method="POST", path="/create")
    answer: Any = fill_in(olga, NEW, name="tls", subject="CN=a")
    assert "subject" not in answer.context["form"].errors
    assert "The subject alternative name 'x' is not valid." in text_of(answer)
