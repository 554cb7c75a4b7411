"""The live check of a new item's name."""

from typing import Any

import pytest
from django.test import Client

from tests.browsing import text_of
from tests.conftest import World, signed_in, vault_calls
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import AuditEntry
from vaults.permissions import Action, Role

V = "/vaults/kv-shop-prod/new"
SELF = CertificatePolicy(issuer_name="Self", subject="CN=shop.example")


def said(client: Client, kind: str, name: str) -> str:
    page = client.get(f"{V}/{kind}/name/", {"name": name}, headers={"hx-request": "true"})
    assert page.status_code == 200
    return " ".join(text_of(page).split())


@pytest.fixture
def items(azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("kept", "v")
    azure.secrets.set("gone", "v")
    azure.secrets.delete("gone")
    azure.keys.create("signing", kty="EC")
    azure.certificates.create("tls", SELF)
    emulator.clock.advance(60)
    azure.certificates.get("tls")
    azure.certificates.create("slow", CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example"))


@pytest.mark.usefixtures("items")
@pytest.mark.parametrize(
    ("kind", "name", "sentence", "link"),
    [
        ("secrets", "fresh", "This name is free.", ""),
        ("secrets", "KEPT", "A secret has this name.", "/secrets/KEPT/"),
        ("secrets", "gone", "A deleted secret holds this name until", "/deleted/secrets/gone/"),
        ("secrets", "tls", "This name belongs to a certificate.", "/certificates/tls/"),
        ("keys", "signing", "A key has this name.", "/keys/signing/"),
        ("keys", "tls", "This name belongs to a certificate.", "/certificates/tls/"),
        ("keys", "kept", "This name is free.", ""),
        ("certificates", "tls", "A certificate has this name.", "/certificates/tls/"),
        ("certificates", "slow", "A certificate of this name is being issued.", "/certificates/slow/operation/"),
        (
            "secrets",
            "slow",
            "being issued, and its key and secret will have this name.",
            "/certificates/slow/operation/",
        ),
        ("keys", "SLOW", "being issued, and its key and secret will have this name.", "/certificates/SLOW/operation/"),
        ("certificates", "fresh", "This name is free.", ""),
        (
            "certificates",
            "kept",
            "A secret has this name, and a certificate's own secret would need it.",
            "/secrets/kept/",
        ),
        (
            "certificates",
            "SIGNING",
            "A key has this name, and a certificate's own key would need it.",
            "/keys/SIGNING/",
        ),
        ("certificates", "contacts", "a word of Key Vault's own addresses", ""),
        ("secrets", "two words", "Use 1 to 127 letters, digits and hyphens.", ""),
        ("secrets", "x" * 128, "Use 1 to 127 letters, digits and hyphens.", ""),
        ("secrets", "line\n", "Use 1 to 127 letters, digits and hyphens.", ""),
        ("secrets", "", "", ""),
    ],
)
def test_what_is_said(olga: Client, kind: str, name: str, sentence: str, link: str) -> None:
    words = said(olga, kind, name)
    assert sentence in words if sentence else words == ""
    page = olga.get(f"{V}/{kind}/name/", {"name": name}).content.decode()
    assert (link in page) if link else ("<a " not in page)


@pytest.mark.usefixtures("items")
def test_the_calls_are_side_by_side_and_none_reads_a_value(olga: Client, emulator: Emulator) -> None:
    emulator.requests.clear()
    said(olga, "secrets", "kept")
    assert sorted(vault_calls(emulator)) == [
        ("GET", "/certificates/kept/pending"),
        ("GET", "/deletedsecrets/kept"),
        ("GET", "/secrets/kept/versions"),
    ]
    emulator.requests.clear()
    said(olga, "secrets", "not a name")
    assert vault_calls(emulator) == []


@pytest.mark.usefixtures("items")
def test_typing_makes_one_look(olga: Client) -> None:
    for name in ("d", "db", "db-", "db-pass", "db-password"):
        said(olga, "secrets", name)
    [look] = AuditEntry.objects.filter(action=Action.SECRET_LIST)
    assert look.name == ""


@pytest.mark.usefixtures("items")
@pytest.mark.parametrize("what", ["secrets/list", "secrets/get"])
def test_what_may_not_be_read_is_not_called_free(olga: Client, emulator: Emulator, what: str) -> None:
    emulator.deny(what)
    assert said(olga, "secrets", "fresh").startswith("Whether this name is free is not known")


@pytest.mark.parametrize("kind", ["secrets", "keys"])
def test_a_certificate_that_never_came_holds_the_name(
    olga: Client, azure: VaultClient, emulator: Emulator, kind: str
) -> None:
    azure.certificates.create("slow", CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example"))
    azure.certificates.cancel_operation("slow")
    emulator.clock.advance(60)
    assert "belongs to a certificate" in said(olga, kind, "slow")


@pytest.mark.usefixtures("items")
def test_without_the_right_to_keys_a_certificates_name_is_not_called_free(olga: Client, emulator: Emulator) -> None:
    emulator.deny("keys/list")
    words = said(olga, "certificates", "fresh")
    assert "No certificate has this name. Whether a key or secret has it is not known" in words
    assert "A secret has this name" in said(olga, "certificates", "kept")


@pytest.mark.usefixtures("items")
@pytest.mark.parametrize("kind", ["secrets", "keys"])
def test_without_the_right_to_certificates_the_portal_tells_what_it_knows(
    olga: Client, emulator: Emulator, kind: str
) -> None:
    assert olga.get("/vaults/kv-shop-prod/certificates/slow/operation/").status_code == 200
    emulator.deny("certificates/get")
    assert "being issued, and its key" in said(olga, kind, "slow")
    words = said(olga, kind, "fresh")
    assert words.startswith(
        "No " + kind[:-1] + " has this name. Whether a certificate of this name is being issued is not"
    )


@pytest.mark.usefixtures("items")
def test_a_vault_that_does_not_answer_spoils_no_form(olga: Client, emulator: Emulator) -> None:
    emulator.throttle(9, retry_after="60", path="/secrets")
    emulator.throttle(9, retry_after="60", path="/deletedsecrets")
    assert "not known" in said(olga, "secrets", "fresh")


def test_who_may_not_create_is_refused(world: World) -> None:
    viewer = signed_in(world.members[Role.VIEWER])
    assert viewer.get(f"{V}/secrets/name/", {"name": "fresh"}).status_code == 403


@pytest.mark.parametrize("kind", ["secret", "key", "certificate"])
def test_the_form_asks_for_it(olga: Client, kind: str) -> None:
    page: Any = olga.get(f"{V}/{kind}/")
    assert f'hx-get="{V}/{kind}s/name/"' in page.content.decode()


def test_a_new_version_asks_for_no_name(olga: Client, azure: VaultClient) -> None:
    azure.secrets.set("kept", "v")
    assert "name-state" not in olga.get("/vaults/kv-shop-prod/secrets/kept/new-version/").content.decode()
