"""Files of all kinds from the page into the local vault, or refused with the sentence that helps."""

import base64
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.browsing import filled, text_of
from tests.conftest import World, say
from tests.views.import_files import REFUSED, TAKEN, Case
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry

pytestmark = pytest.mark.sweep

PAGE = "/vaults/kv-shop-prod/import/certificate/"


def send(client: Client, page: Any, case: Case, step: str, **typed: Any) -> Any:
    files = [SimpleUploadedFile(f"file-{number}", content) for number, content in enumerate(case.files)]
    return client.post(PAGE, filled(page, upload=files, pasted=case.pasted, password=case.password, step=step, **typed))


def test_the_table_has_more_than_forty_files() -> None:
    say(f"files to import: {len(TAKEN)} that are taken, {len(REFUSED)} that are refused")
    assert len(TAKEN) + len(REFUSED) >= 40


@pytest.mark.parametrize("kind", TAKEN)
def test_it_is_shown_and_then_it_is_in_the_vault(
    kind: str, olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    case = TAKEN[kind]()
    shown = send(olga, olga.get(PAGE), case, "look", name="tls")
    words = text_of(shown)
    assert shown.status_code == 200, words
    for subject in case.chain:
        assert subject in words
    assert case.left_out in words
    assert ("Left out" in words) is bool(case.left_out)
    assert not [each for each in emulator.requests if each.path.endswith("/import")]
    assert send(olga, shown, case, "import").status_code == 302
    stored = azure.secrets.get("tls")
    assert stored.properties.content_type == ("application/x-pem-file" if case.as_pem else "application/x-pkcs12")
    key, chain = unpacked(stored.value, as_pem=case.as_pem)
    assert (
        tuple(each.subject.rfc4514_string().replace(",OU", ", OU").replace(",CN", ", CN") for each in chain)
        == case.chain
    )
    assert key.public_key() == chain[0].public_key()
    policy = azure.certificates.get("tls").policy
    assert policy is not None
    assert policy.issuer_name == "Unknown"
    assert [each.action for each in policy.lifetime_actions] == ["EmailContacts"]


def unpacked(value: str, *, as_pem: bool) -> tuple[Any, list[x509.Certificate]]:
    """The key and the certificates of the managed secret, in its order."""
    if as_pem:
        text = value.encode()
        return serialization.load_pem_private_key(text, None), x509.load_pem_x509_certificates(text)
    key, leaf, above = pkcs12.load_key_and_certificates(base64.b64decode(value), None)
    assert leaf is not None
    return key, [leaf, *above]


@pytest.mark.parametrize("kind", REFUSED)
def test_it_is_refused_with_a_sentence_at_the_field(kind: str, olga: Client, world: World, emulator: Emulator) -> None:
    case = REFUSED[kind]()
    answer = send(olga, olga.get(PAGE), case, "look", name="tls")
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert set(errors) == {"pasted" if case.pasted and not case.files else "upload"}
    assert case.refused in " ".join(text for texts in errors.values() for text in texts)
    assert "Import this certificate" not in text_of(answer)
    assert not [each for each in emulator.requests if each.path.endswith("/import")]
    assert not AuditEntry.objects.filter(action="certificate.import").exists()
