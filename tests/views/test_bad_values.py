"""Values that Key Vault would refuse, or that exclude each other: each is said at its field, and nothing is sent.

What was typed comes back, except files. (Files, one by one: test_import_files.py. Hostile text: test_bad_input.py.)
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.browsing import filled, forms_of, main_form, text_of
from tests.conftest import vault_calls
from tests.signing import Shop, pem
from tests.views.import_files import REFUSED, Case
from tests.views.policies import newest
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import AuditEntry
from vaults.permissions import LOOKS

__all__ = ["newest"]
pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"
SECRET, KEY, CERTIFICATE, ISSUER = (f"{V}/new/{kind}/" for kind in ("secret", "key", "certificate", "issuer"))
ROTATION, CONTACTS, IMPORT = f"{V}/keys/signing/rotation/edit/", f"{V}/contacts/edit/", f"{V}/import/certificate/"
NAMED: dict[str, dict[str, Any]] = {
    SECRET: {"name": "fresh", "value": "typed"},
    KEY: {"name": "fresh"},
    CERTIFICATE: {"name": "fresh", "subject": "CN=shop.example"},
    ISSUER: {"name": "fresh", "account_id": "account-1"},
}
OF_A_PERSON = "\r\n".join


def hosts(count: int) -> str:
    return OF_A_PERSON(f"h{number}.example" for number in range(count))


def mails(count: int) -> str:
    return OF_A_PERSON(f"a{number}@example.com" for number in range(count))


#: The page, what is typed, the field that says it, and a part of the sentence.
VALUES: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "a secret's name of 128": (SECRET, {"name": "n" * 128}, "name", "Ensure this value has at most 127 characters"),
    "a key's name of 128": (KEY, {"name": "n" * 128}, "name", "Ensure this value has at most 127 characters"),
    "a certificate's name of 128": (CERTIFICATE, {"name": "n" * 128}, "name", "has at most 127 characters"),
    "an issuer's name of 128": (ISSUER, {"name": "n" * 128}, "name", "has at most 127 characters"),
    "a tag of 257": (KEY, {"tags": f"team={'x' * 257}"}, "tags", "A tag's name and value have 256 characters at most"),
    "a tag's name of 257": (CERTIFICATE, {"tags": f"{'x' * 257}=1"}, "tags", "have 256 characters at most"),
    "a secret's tag of 513": (SECRET, {"tags": f"team={'x' * 513}"}, "tags", "have 512 characters at most"),
    "16 tags": (
        SECRET,
        {"tags": OF_A_PERSON(f"t{number}=x" for number in range(16))},
        "tags",
        "Key Vault keeps 15 tags at most; these are 16.",
    ),
    "a version of 27 days": (ROTATION, {"expiry_time": "27 days"}, "expiry_time", "Key Vault takes 28 days at least."),
    "rotation after 6 days": (
        ROTATION,
        {"expiry_time": "90 days", "when": "timeAfterCreate", "rotate": "6 days"},
        "rotate",
        "at least 7 days after a version was made.",
    ),
    "rotation 6 days before the end": (
        ROTATION,
        {"expiry_time": "90 days", "when": "timeBeforeExpiry", "rotate": "6 days"},
        "rotate",
        "at least 7 days before the expiry.",
    ),
    "1,001 contacts": (CONTACTS, {"contacts": mails(1001)}, "contacts", "At most 1000 fit here; these are 1001."),
    "a contact twice": (CONTACTS, {"contacts": f"{mails(9)}\r\nA3@example.com"}, "contacts", "is here twice."),
    "no contact": (CONTACTS, {"contacts": " \r\n "}, "contacts", "Key Vault keeps no empty list."),
    "an issuer called Self": (ISSUER, {"name": "self"}, "name", "Self and Unknown mean something else in a policy."),
    "an issuer without a provider": (ISSUER, {"provider": "other"}, "other_provider", "Type the provider"),
    "an issuer's 101 administrators": (
        ISSUER,
        {"admins": OF_A_PERSON(["A, B, a@example.com"] * 101)},
        "admins",
        "At most 100 fit here; these are 101.",
    ),
    "10,000 DNS names": (
        CERTIFICATE,
        {"dns_names": hosts(10_000)},
        "dns_names",
        "At most 1000 fit here; these are 10000",
    ),
    "1,001 e-mail addresses": (
        CERTIFICATE,
        {"emails": mails(1001)},
        "emails",
        "At most 1000 fit here; these are 1001.",
    ),
    "a DNS name of 254": (CERTIFICATE, {"dns_names": "a." * 123 + "examples"}, "dns_names", "is not a DNS name."),
    "a URI of 2,049": (CERTIFICATE, {"uris": "u:" + "x" * 2047}, "uris", "is longer than 2048 characters."),
    "a subject of 2,049": (CERTIFICATE, {"subject": "CN=" + "x" * 2046}, "subject", "has at most 2048 characters"),
    "an HSM key to be exported": (
        CERTIFICATE,
        {"kty": "RSA-HSM"},
        "exportable",
        "A key in an HSM can't be exported.",
    ),
    "renewal of what a CA outside signs": (
        CERTIFICATE,
        {"issuer": "Unknown", "lifetime_action": "AutoRenew", "lifetime_amount": "30"},
        "lifetime_action",
        "Key Vault can't renew what a CA outside of it signs.",
    ),
    "a product of no CA": (
        CERTIFICATE,
        {"issuer": "Self", "certificate_type": "OV-SSL"},
        "certificate_type",
        "Self and Unknown ask no CA",
    ),
    "a time at which nothing happens": (
        CERTIFICATE,
        {"lifetime_amount": "30"},
        "lifetime_action",
        "Choose what happens then, or leave the time empty.",
    ),
    "something that happens at no time": (
        CERTIFICATE,
        {"lifetime_action": "AutoRenew"},
        "lifetime_amount",
        "Say when.",
    ),
    "100 percent of its life": (
        CERTIFICATE,
        {"lifetime_action": "AutoRenew", "lifetime_amount": "100", "lifetime_trigger": "percentage"},
        "lifetime_amount",
        "At most 99 percent of its life.",
    ),
    "renewal before it begins": (
        CERTIFICATE,
        {"lifetime_action": "AutoRenew", "lifetime_amount": "27", "validity_in_months": "1"},
        "lifetime_amount",
        "Key Vault takes fewer than 27 days for this validity",
    ),
    "1,201 months": (CERTIFICATE, {"validity_in_months": "1201"}, "validity_in_months", "less than or equal to 1200"),
}


def refused(answer: Any, field: str, sentence: str) -> None:
    """The answer is the form again, with the sentence at this field alone."""
    assert answer.status_code == 422, text_of(answer)
    errors = answer.context["form"].errors
    assert set(errors) == {field}
    assert sentence in " ".join(errors[field])
    assert sentence in text_of(answer)
    assert re.search(
        r"<form [^>]*data-guard[^>]* data-typed", answer.content.decode()
    )  # the browser asks before it is lost


def nothing_sent(emulator: Emulator) -> bool:
    acts = AuditEntry.objects.exclude(action__in=LOOKS)
    return {method for method, _ in vault_calls(emulator)} <= {"GET"} and not acts.exists()


@pytest.mark.usefixtures("newest")
@pytest.mark.parametrize("case", VALUES)
def test_it_is_said_at_the_field_and_nothing_is_sent(
    case: str, olga: Client, newest: VaultClient, emulator: Emulator
) -> None:
    newest.keys.create("signing", kty="EC")
    vault_calls(emulator)
    address, typed, field, sentence = VALUES[case]
    typed = NAMED.get(address, {}) | typed
    answer = olga.post(address, filled(olga.get(address), **typed))
    refused(answer, field, sentence)
    back = main_form(answer).fields
    assert {name: back[name] for name in typed} == {name: [text] for name, text in typed.items()}
    assert nothing_sent(emulator)


#: Changes of a present policy that would exclude another part of it.
CHANGES: dict[str, tuple[dict[str, Any], str, str]] = {
    "its key moves into an HSM": ({"kty": "RSA-HSM"}, "exportable", "A key in an HSM can't be exported."),
    "a CA outside is to sign": ({"issuer": "Unknown"}, "lifetime_action", "Key Vault can't renew what a CA outside"),
    "a product without a CA": ({"certificate_type": "OV-SSL"}, "certificate_type", "Self and Unknown ask no CA"),
    "120 percent of its life": ({"lifetime_amount": "120"}, "lifetime_amount", "At most 99 percent of its life."),
    "1,001 names": ({"dns_names": hosts(1001)}, "dns_names", "At most 1000 fit here; these are 1001."),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_new_version_is_checked_as_well(case: str, olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    azure.certificates.get("tls")
    vault_calls(emulator)
    typed, field, sentence = CHANGES[case]
    address = f"{V}/certificates/tls/new-version/"
    answer = olga.post(address, filled(olga.get(address), **typed))
    refused(answer, field, sentence)
    back = main_form(answer).fields
    assert {name: back[name] for name in typed} == {name: [text] for name, text in typed.items()}
    assert nothing_sent(emulator)


def test_a_new_version_of_a_key_is_checked_as_well(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.keys.create("signing", kty="EC")
    vault_calls(emulator)
    address, tags = f"{V}/keys/signing/new-version/", f"team={'x' * 257}"
    answer = olga.post(address, filled(olga.get(address), tags=tags))
    refused(answer, "tags", "have 256 characters at most")
    assert main_form(answer).fields["tags"] == [tags]
    assert nothing_sent(emulator)


FILES: dict[str, Callable[[], Case]] = {
    name: REFUSED[name]
    for name in (
        "PFX, its password missing",
        "PFX, a wrong password",
        "PFX, three keys",
        "PFX, three keys, no password",
        "PFX, 500 certificates",
        "PFX, 2^31 rounds",
        "500 certificates",
        "2^31 rounds",
        "another's key",
    )
}


@pytest.mark.parametrize("case", FILES)
def test_a_refused_file_takes_nothing_else_along(case: str, olga: Client, emulator: Emulator) -> None:
    file = FILES[case]()
    typed = {"name": "fresh", "tags": "team=shop", "lifetime_percentage": "70"}
    uploads = [SimpleUploadedFile(f"file-{number}", content) for number, content in enumerate(file.files)]
    answer = olga.post(IMPORT, filled(olga.get(IMPORT), upload=uploads, password=file.password, step="import", **typed))
    refused(answer, "upload", file.refused)
    back = main_form(answer).fields
    assert {name: back[name] for name in typed} == {name: [text] for name, text in typed.items()}
    assert back["password"] == [""]
    assert nothing_sent(emulator)


@pytest.mark.parametrize("way", ["reply", "uploads"])
def test_a_certificate_with_a_foreign_key_is_not_merged(
    way: str, olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    policy = CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example")
    shop = Shop(csr=azure.certificates.create("waiting", policy).csr)
    vault_calls(emulator)
    address = f"{V}/certificates/waiting/operation/merge/"
    [form] = [form for form in forms_of(olga.get(address)) if "reply" in form.fields]
    reply = pem(shop.foreign, shop.lower)
    given = {"reply": reply.decode()} if way == "reply" else {"uploads": [SimpleUploadedFile("a.cer", reply)]}
    answer = olga.post(address, form.fields | given)
    refused(answer, way, "No certificate in the reply belongs to this operation's CSR. It is for “CN=other.example”")
    [again] = [form for form in forms_of(answer) if "reply" in form.fields]
    assert again.fields["reply"][0].replace("\r\n", "\n") == (reply.decode() if way == "reply" else "")
    assert nothing_sent(emulator)
