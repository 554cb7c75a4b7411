"""Names and versions that are words of Key Vault's own paths: a request does what was meant, or is not sent."""

import json
from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, main_form, text_of
from tests.conftest import World, last_entry, vault_calls
from tests.emulator.caller import SELF_SIGNED, Caller
from vaults.actions.scans import scan_vault
from vaults.actors import Person
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import InventoryItem
from vaults.permissions import Action

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"
C = f"{V}/certificates"
HEX = "0123456789abcdef" * 2
WHY = "a word of Key Vault's own addresses"
BY_CA = {"policy": {**SELF_SIGNED["policy"], "issuer": {"name": "Unknown"}}}
COLLECTIONS = ["secrets", "keys", "certificates"]


@pytest.fixture
def caller(world: World, emulator: Emulator) -> Caller:
    """Somebody else at the vault, who gave it contacts, and issuers called as what may follow a certificate's name."""
    caller = Caller(emulator)
    assert caller.put("certificates/contacts", {"contacts": [{"email": "pki@example.com"}]}).status_code == 200
    for name in ("digicert", "pending", "policy", "versions"):
        assert caller.put(f"certificates/issuers/{name}", {"provider": "Test"}).status_code == 200
    return caller


def contacts_and_issuers(caller: Caller) -> tuple[list[str], list[str]]:
    issuers = caller.get("certificates/issuers").json()["value"]
    contacts = caller.get("certificates/contacts").json()["contacts"]
    return [each["email"] for each in contacts], sorted(each["id"].rpartition("/")[2] for each in issuers)


ALL = (["pki@example.com"], ["digicert", "pending", "policy", "versions"])


def make_one(collection: str, azure: VaultClient, emulator: Emulator) -> str:
    """An item called "one"; its version."""
    match collection:
        case "secrets":
            azure.secrets.set("one", "v")
        case "keys":
            azure.keys.create("one", kty="RSA", key_size=2048)
        case _:
            azure.certificates.create("one", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    items: Any = getattr(azure, collection)
    version: str = items.versions("one")[0].version
    return version


# What an attacker did


@pytest.mark.parametrize(
    "name", ["contacts", "CONTACTS", "%63ontacts", "contacts%0a", "contacts%2f", "contacts.", "issuers"]
)
def test_no_certificate_stands_for_contacts_or_issuers(name: str, olga: Client, caller: Caller) -> None:
    for act in ("delete/", "edit/", "new-version/", "operation/cancel/", "operation/delete/"):
        olga.get(f"{C}/{name}/{act}")
        olga.post(f"{C}/{name}/{act}", {"opened_on": "unread", "enabled": "on", "tags": "a=b"})
        olga.post(f"{C}/{name}/{act}", {"opened_on": f"{HEX}.0.0", "enabled": "on", "tags": "a=b"})
    assert contacts_and_issuers(caller) == ALL


def test_deleting_the_certificate_contacts_says_why_not(olga: Client, caller: Caller, emulator: Emulator) -> None:
    caller.post("certificates/contacts/create", SELF_SIGNED)
    emulator.clock.advance(60)
    answer = fill_in(olga, f"{C}/contacts/delete/")
    assert answer.status_code == 400
    assert WHY in text_of(answer)
    assert "DELETE /certificates/contacts" in text_of(answer)
    assert "Nothing was sent" in text_of(answer)
    assert contacts_and_issuers(caller) == ALL
    entry = last_entry(Action.CERTIFICATE_DELETE)
    assert (entry.state, entry.code, entry.name) == ("failed", "AmbiguousPath", "contacts")


@pytest.mark.parametrize("act", ["delete", "cancel"])
def test_no_operation_stands_for_an_issuer(act: str, olga: Client, caller: Caller, emulator: Emulator) -> None:
    emulator.requests.clear()
    address = f"{C}/issuers/operation/{act}/"
    answer = olga.get(address)
    assert answer.status_code == 400
    assert WHY in text_of(answer)
    assert olga.post(address, {"request_id": "1"}).status_code >= 400
    assert vault_calls(emulator) == []
    assert contacts_and_issuers(caller) == ALL


@pytest.mark.parametrize("word", ["versions", "policy", "rotationpolicy", HEX + "0"])
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_no_word_stands_for_a_version(
    collection: str, word: str, olga: Client, caller: Caller, azure: VaultClient, emulator: Emulator
) -> None:
    make_one(collection, azure, emulator)
    emulator.deny(f"{collection}/list")  # then the list of versions keeps no word away
    emulator.requests.clear()
    here = f"{V}/{collection}/one"
    olga.get(f"{here}/versions/{word}/")
    for page in ("edit/", "public-key/", "download/"):
        olga.get(f"{here}/{page}?version={word}")
    olga.post(f"{here}/reveal/", {"version": word})
    olga.post(f"{here}/edit/", {"opened_on": f"{word}.0.0", "initial-tags": "", "tags": "a=b", "enabled": "on"})
    listed = ("GET", f"/{collection}/one/versions")
    assert set(vault_calls(emulator)) <= {listed, ("GET", f"/{collection}/one"), ("GET", "/certificates/one/pending")}


# What stays reachable


@pytest.mark.parametrize("word", ["versions", "restore", "recover", "secrets", "contacts"])
def test_a_secret_may_be_called_so(
    word: str, olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    here = f"{V}/secrets/{word}"
    assert fill_in(olga, f"{V}/new/secret/", name=word, value="first").status_code == 302
    emulator.clock.advance(60)
    assert fill_in(olga, f"{here}/new-version/", value="second").status_code == 302
    assert fill_in(olga, f"{here}/edit/", tags="a=b").status_code == 302
    version = azure.secrets.versions(word)[0].version
    for chosen in ("", version):
        assert "second" in text_of(olga.post(f"{here}/reveal/", {"version": chosen}))
    assert olga.get(f"{here}/versions/{version}/").status_code == 200
    assert scan_vault(Person(world.olga), world.vault) == 1
    assert olga.get("/go/", {"q": f"https://kv-shop-prod.vault.test/secrets/{word}"})["Location"] == f"{here}/"
    assert fill_in(olga, f"{here}/delete/").status_code == 302
    assert fill_in(olga, f"{V}/deleted/secrets/{word}/recover/").status_code == 302
    assert fill_in(olga, f"{here}/delete/").status_code == 302
    assert fill_in(olga, f"{V}/deleted/secrets/{word}/purge/", confirm_name=word).status_code == 302
    assert list(azure.secrets.list_deleted()) == []


@pytest.mark.parametrize("word", ["restore", "versions", "rotationpolicy"])
def test_so_may_a_key(word: str, olga: Client, azure: VaultClient) -> None:
    here = f"{V}/keys/{word}"
    assert fill_in(olga, f"{V}/new/key/", name=word).status_code == 302
    assert fill_in(olga, f"{here}/new-version/").status_code == 302
    assert fill_in(olga, f"{here}/edit/", tags="a=b").status_code == 302
    assert olga.get(f"{here}/").status_code == 200
    assert fill_in(olga, f"{here}/delete/").status_code == 302
    assert fill_in(olga, f"{V}/deleted/keys/{word}/purge/", confirm_name=word).status_code == 302


@pytest.mark.parametrize("word", ["pending", "policy", "versions"])
def test_so_may_a_certificate(word: str, olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    here = f"{C}/{word}"
    assert fill_in(olga, f"{V}/new/certificate/", name=word, subject="CN=shop.example").status_code == 302
    assert olga.get(f"{here}/operation/").status_code == 200
    emulator.clock.advance(60)
    assert olga.get(f"{here}/").status_code == 200
    assert fill_in(olga, f"{here}/edit/", tags="a=b").status_code == 302
    assert fill_in(olga, f"{here}/new-version/").status_code == 302
    assert fill_in(olga, f"{here}/operation/delete/").status_code == 302
    assert fill_in(olga, f"{here}/delete/").status_code == 302
    assert fill_in(olga, f"{V}/deleted/certificates/{word}/recover/").status_code == 302


# Items that bear such a name all the same, because another tool has made them


@pytest.mark.parametrize("name", ["contacts", "Issuers"])
def test_a_new_certificate_gets_no_such_name(name: str, olga: Client, caller: Caller, emulator: Emulator) -> None:
    emulator.requests.clear()
    answer = fill_in(olga, f"{V}/new/certificate/", name=name, subject="CN=shop.example", tags="kept=here")
    assert answer.status_code == 422
    assert WHY in text_of(answer)
    assert "Choose another name" in text_of(answer)
    assert (main_form(answer).fields["name"], main_form(answer).fields["tags"]) == ([name], ["kept=here"])
    assert [call for call in vault_calls(emulator) if call[0] != "GET"] == []
    assert caller.get("certificates", includePending="true").json()["value"] == []


def test_what_can_be_read_of_the_certificate_contacts_is_shown(
    olga: Client, caller: Caller, emulator: Emulator
) -> None:
    caller.post("certificates/contacts/create", SELF_SIGNED)
    emulator.clock.advance(60)
    version = caller.get("certificates/contacts/versions").json()["value"][0]["id"].rpartition("/")[2]
    page = olga.get(f"{C}/contacts/")
    assert page.status_code == 200
    assert version[:8] in text_of(page)
    assert WHY in text_of(page)
    assert "pki@example.com" not in text_of(page)
    assert olga.get(f"{C}/contacts/versions/{version}/").status_code == 200
    assert olga.get(f"{C}/contacts/download/?version={version}").status_code == 200
    assert olga.get(f"{C}/contacts/download/").status_code == 400


def test_lists_and_scans_go_on(olga: Client, world: World, caller: Caller) -> None:
    for name in ("contacts", "issuers", "plain"):
        assert caller.post(f"certificates/{name}/create", BY_CA).status_code == 202
    for _ in range(2):
        assert scan_vault(Person(world.olga), world.vault) == 3
        assert world.vault.scan_problem == ""
        found = dict(InventoryItem.objects.filter(kind="certificate").values_list("name", "pending"))
        assert found == {"contacts": True, "issuers": False, "plain": True}
        InventoryItem.objects.filter(name="issuers").update(pending=True)
    for page in (f"{C}/", "/inventory/", f"{V}/", "/"):
        assert olga.get(page).status_code == 200
    for page in ("", "operation/", "operation/csr/", "edit/", "new-version/", "download/"):
        answer = olga.get(f"{C}/issuers/{page}")
        assert (answer.status_code, "Nothing was sent" in text_of(answer)) == (400, True), page


def test_the_certificate_issuers_can_be_deleted_and_recovered(olga: Client, caller: Caller, emulator: Emulator) -> None:
    caller.post("certificates/issuers/create", SELF_SIGNED)
    emulator.clock.advance(60)
    assert fill_in(olga, f"{C}/issuers/delete/").status_code == 302  # no other operation deletes at this path
    assert fill_in(olga, f"{V}/deleted/certificates/issuers/recover/").status_code == 302
    answer = olga.get(f"{V}/deleted/certificates/issuers/")
    assert answer.status_code == 400
    assert WHY in text_of(answer)
    assert contacts_and_issuers(caller) == ALL


# Versions in Azure's answers that are none


@pytest.mark.parametrize("odd", ["v1", "versions", "policy", HEX + "0"])
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_an_odd_version_spoils_no_page(
    collection: str, odd: str, olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    version = make_one(collection, azure, emulator)
    emulator.rewrite(lambda answer: json.loads(json.dumps(answer).replace(version, odd)), times=999)
    emulator.requests.clear()
    here = f"{V}/{collection}/one"
    for page in (f"{V}/{collection}/", f"{here}/", f"{here}/delete/", f"{here}/new-version/"):
        assert olga.get(page).status_code == 200, page
    edit = olga.get(f"{here}/edit/")
    answers = [edit, olga.get(f"{here}/versions/{odd}/"), olga.post(f"{here}/reveal/", {"version": odd})]
    if edit.status_code == 200:
        answers.append(olga.post(f"{here}/edit/", filled(edit, tags="a=b")))
    assert all(answer.status_code < 500 for answer in answers)
    called = {(method, path.removeprefix(f"/{collection}/one")) for method, path in vault_calls(emulator)}
    asked_as_what_they_are = {"/versions"} | ({"/pending"} if collection == "certificates" else set())
    assert {path for _, path in called if path.endswith(f"/{odd}")} <= asked_as_what_they_are
    # That of the id of a certificate's policy or operation is no version: then the newest one is meant.
    newest = {("PATCH", "")} if collection == "certificates" and odd in ("policy", "pending") else set()
    assert {call for call in called if call[0] != "GET"} <= newest
