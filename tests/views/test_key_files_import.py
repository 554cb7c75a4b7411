"""Key files of all kinds from the page into the local vault, or refused with the sentence that helps."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.browsing import filled, text_of
from tests.conftest import World, say
from tests.views.key_files import REFUSED, TAKEN, Case
from vaults.emulator import Emulator
from vaults.emulator.state import keymaterial
from vaults.keyvault.client import VaultClient
from vaults.keyvault.x509 import jwk_thumbprint
from vaults.models import AuditEntry

pytestmark = pytest.mark.sweep

PAGE = "/vaults/kv-shop-prod/import/key/"


def send(client: Client, page: Any, case: Case, step: str, **typed: Any) -> Any:
    files = {"upload": SimpleUploadedFile("key", case.file)} if case.file else {}
    typed = {"pasted": case.pasted, "password": case.password, "step": step, **typed, **files}
    return client.post(PAGE, filled(page, **typed))


def puts(emulator: Emulator) -> list[Any]:
    return [each.body for each in emulator.requests if each.method == "PUT"]


def test_the_table_has_more_than_thirty_files() -> None:
    say(f"key files to import: {len(TAKEN)} that are taken, {len(REFUSED)} that are refused")
    assert len(TAKEN) >= 30


@pytest.mark.parametrize("kind", TAKEN)
def test_it_is_shown_and_then_it_is_in_the_vault(
    kind: str, olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    case = TAKEN[kind]()
    public = keymaterial.public_jwk(case.key)
    kty = "EC" if "crv" in public else "RSA"
    shown = send(olga, olga.get(PAGE), case, "look", name="taken")
    words = text_of(shown)
    assert shown.status_code == 200, words
    assert jwk_thumbprint({"kty": kty, **public}) in words
    assert (f"EC {public['crv']}" if kty == "EC" else f"RSA {case.key.key_size} bits") in words
    assert not puts(emulator)
    assert send(olga, shown, case, "import").status_code == 302
    stored = azure.keys.get("taken")
    assert stored.jwk == {"kty": kty, **public}
    assert stored.key_ops == (
        ("sign", "verify") if kty == "EC" else ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey")
    )
    [body] = puts(emulator)
    assert set(body) == {"key", "Hsm"}


@pytest.mark.parametrize("kind", REFUSED)
def test_it_is_refused_with_a_sentence_at_the_field(kind: str, olga: Client, world: World, emulator: Emulator) -> None:
    case = REFUSED[kind]()
    answer = send(olga, olga.get(PAGE), case, "look", name="kept")
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert set(errors) == {case.at}
    assert case.refused in " ".join(text for texts in errors.values() for text in texts)
    assert answer.context["form"]["name"].value() == "kept"
    assert "Import this key" not in text_of(answer)
    assert not puts(emulator)
    assert not AuditEntry.objects.filter(action="key.import").exists()
