"""Values that real vaults hold and no API takes: one odd member spoils one cell, never the page, the list or the scan."""

import base64
import csv
import io
import json
import re
from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, main_form, text_of
from tests.conftest import World
from vaults.actions.scans import scan_vault
from vaults.actors import Person
from vaults.emulator import Emulator
from vaults.emulator.wire.kinds import CERTIFICATE, KEY, KINDS, SECRET
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import InventoryItem

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"
VAULT = "kv-shop-prod"
BEYOND = 253402303861
MILLISECONDS = 1569628800000
ITEMS = {"secrets": "old", "keys": "signing", "certificates": "tls"}


def sent(emulator: Emulator, method: str) -> Any:
    return [each.body for each in emulator.requests if each.method == method and ".vault." in each.host][-1]


@pytest.fixture
def stock(azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("old", "hidden", tags={"owner": "shop"})
    azure.secrets.set("fine", "hidden")
    azure.keys.create("signing", kty="RSA", key_size=2048)
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    azure.certificates.get("tls")


# A date beyond the calendar, everywhere


@pytest.mark.parametrize("exp", [BEYOND, MILLISECONDS, -62135596801, 10**30, "soon"])
@pytest.mark.parametrize("collection", ITEMS)
def test_the_list_and_the_item_show_what_stands_there(
    collection: str, exp: object, olga: Client, stock: None, emulator: Emulator
) -> None:
    name = ITEMS[collection]
    emulator.hold(VAULT, KINDS[collection], name, "attributes.exp", exp)
    for path in (f"{collection}/", f"{collection}/{name}/"):
        page = olga.get(f"{V}/{path}")
        assert page.status_code == 200
        assert str(exp) in text_of(page)
        assert name in text_of(page)
    assert "As Azure has it" in text_of(page)


def test_milliseconds_are_guessed(olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.hold(VAULT, SECRET, "old", "attributes.exp", MILLISECONDS)
    assert "As milliseconds it would be 28 Sep 2019." in text_of(olga.get(f"{V}/secrets/old/"))


def test_the_whole_vault_is_scanned(olga: Client, world: World, stock: None, emulator: Emulator) -> None:
    for kind, name in ((SECRET, "old"), (KEY, "signing"), (CERTIFICATE, "tls")):
        emulator.hold(VAULT, kind, name, "attributes.exp", BEYOND)
        emulator.hold(VAULT, kind, name, "attributes.recoverableDays", "ninety")
    emulator.hold(VAULT, SECRET, "old", "contentType", "nul\0" + "x" * 300)
    emulator.hold(VAULT, SECRET, "old", "tags", {"a\0": "b\0"})
    assert scan_vault(Person(world.olga), world.vault) == 6
    item = InventoryItem.objects.get(kind="secret", name="old")
    assert (item.expires_on, item.odd["expires_on"]) == (None, str(BEYOND))
    assert (len(item.content_type), item.tags) == (255, {"a\ufffd": "b\ufffd"})
    assert "\0" not in item.content_type
    page = olga.get("/inventory/")
    assert str(BEYOND) in text_of(page)
    assert "old" not in text_of(olga.get("/inventory/?state=never&kind=secret"))
    assert "fine" in text_of(olga.get("/inventory/?state=never&kind=secret"))
    rows = {
        row["name"]: row for row in csv.DictReader(io.StringIO(olga.get("/inventory/csv/").content.decode("utf-8-sig")))
    }
    assert rows["old"]["expires_on"] == str(BEYOND)
    assert olga.get("/").status_code == olga.get(f"{V}/").status_code == 200


def test_deleted_items_are_shown(olga: Client, azure: VaultClient, stock: None, emulator: Emulator) -> None:
    emulator.hold(VAULT, SECRET, "old", "attributes.exp", BEYOND)
    emulator.hold(VAULT, SECRET, "old", "deletedDate", BEYOND)
    emulator.hold(VAULT, SECRET, "old", "attributes.recoveryLevel", "Mystery")
    azure.secrets.delete("old")
    emulator.clock.advance(60)
    listed, page = olga.get(f"{V}/deleted/"), olga.get(f"{V}/deleted/secrets/old/")
    assert (listed.status_code, page.status_code) == (200, 200)
    assert str(BEYOND) in text_of(listed)
    assert "Mystery" in text_of(page)
    assert f"{V}/deleted/secrets/old/purge/" in page.content.decode()


@pytest.mark.parametrize("when", [BEYOND, None, "yesterday"])
def test_a_deleted_item_without_a_date_is_no_live_one(
    when: object, olga: Client, world: World, azure: VaultClient, stock: None, emulator: Emulator
) -> None:
    emulator.hold(VAULT, SECRET, "old", "deletedDate", when)
    azure.secrets.delete("old")
    emulator.clock.advance(60)
    scan_vault(Person(world.olga), world.vault)
    assert "old" not in text_of(olga.get("/inventory/?kind=secret"))
    assert "old" in text_of(olga.get("/inventory/?state=deleted"))


# Editing


@pytest.mark.parametrize("exp", [BEYOND, "soon", {"a": 1}])
def test_an_untouched_odd_date_stays_unsent(exp: object, olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.hold(VAULT, SECRET, "old", "attributes.exp", exp)
    page = olga.get(f"{V}/secrets/old/edit/")
    assert "is no date that can be shown, and stays if you leave it" in text_of(page)
    assert olga.post(f"{V}/secrets/old/edit/", filled(page, content_type="text/plain")).status_code == 302
    assert sent(emulator, "PATCH") == {"contentType": "text/plain"}


def test_the_edit_names_what_it_cannot_read_as_its_fields_do(olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.hold(VAULT, SECRET, "old", "attributes.exp", BEYOND)
    emulator.hold(VAULT, SECRET, "old", "attributes.nbf", BEYOND)
    emulator.hold(VAULT, SECRET, "old", "attributes.created", BEYOND)
    emulator.hold(VAULT, SECRET, "old", "contentType", {"a": 1})
    page = olga.get(f"{V}/secrets/old/edit/")
    labels = re.findall(
        r"<dt>(.*?)</dt>", page.content.decode().partition("Not all of it can be read")[2].partition("</dl>")[0]
    )
    assert sorted(labels) == ["Activates", "Content type", "Created", "Expires"]
    assert "expires_on" not in text_of(page)


def test_an_odd_date_is_replaced(olga: Client, azure: VaultClient, stock: None, emulator: Emulator) -> None:
    emulator.hold(VAULT, SECRET, "old", "attributes.exp", BEYOND)
    assert fill_in(olga, f"{V}/secrets/old/edit/", expires_on="2030-12-31 23:59").status_code == 302
    assert azure.secrets.versions("old")[0].expires_on is not None
    assert sent(emulator, "PATCH").keys() == {"attributes"}


def test_an_odd_date_is_removed(olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.hold(VAULT, SECRET, "old", "attributes.exp", BEYOND)
    assert fill_in(olga, f"{V}/secrets/old/edit/", expires_on="").status_code == 302
    assert sent(emulator, "PATCH") == {"attributes": {"exp": None}}


def test_what_was_typed_wrong_stays_beside_the_odd_date(olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.hold(VAULT, SECRET, "old", "attributes.exp", BEYOND)
    answer: Any = fill_in(olga, f"{V}/secrets/old/edit/", tags="no equals sign")
    assert answer.status_code == 422
    assert main_form(answer).fields["expires_on"] == [str(BEYOND)]
    assert olga.post(f"{V}/secrets/old/edit/", main_form(answer).fields | {"tags": "a=b"}).status_code == 302
    assert sent(emulator, "PATCH") == {"tags": {"a": "b"}}
    assert fill_in(olga, f"{V}/secrets/old/edit/", expires_on="nonsense").status_code == 422


@pytest.mark.parametrize("collection", ITEMS)
def test_edits_and_new_versions_work_around_odd_members(
    collection: str, olga: Client, stock: None, emulator: Emulator
) -> None:
    name = ITEMS[collection]
    for path, odd in ODD:
        emulator.hold(VAULT, KINDS[collection], name, path, odd)
    assert fill_in(olga, f"{V}/{collection}/{name}/edit/", tags="a=b").status_code == 302
    assert sent(emulator, "PATCH") == {"tags": {"a": "b"}}
    typed = {"value": "w"} if collection == "secrets" else {}
    answer = fill_in(olga, f"{V}/{collection}/{name}/new-version/", **typed)
    # Of a key, what would be another kind of key is asked for first (test_unread_parts.py).
    assert answer.status_code == (422 if collection == "keys" else 302)


def test_two_odd_dates_are_told_apart_by_the_edit(olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.hold(VAULT, SECRET, "old", "attributes.exp", BEYOND)
    page = olga.get(f"{V}/secrets/old/edit/")
    emulator.hold(VAULT, SECRET, "old", "attributes.exp", BEYOND + 1)
    assert "Somebody else changed this" in text_of(olga.post(f"{V}/secrets/old/edit/", filled(page, tags="a=b")))


# Every other member

ODD: list[tuple[str, Any]] = [
    ("attributes.nbf", BEYOND),
    ("attributes.created", MILLISECONDS),
    ("attributes.updated", "yesterday"),
    ("attributes.enabled", "perhaps"),
    ("attributes.recoveryLevel", 7),
    ("attributes.recoverableDays", "many"),
    ("attributes.exportable", "perhaps"),
    ("contentType", {"a": 1}),
    ("tags", ["a"]),
    ("managed", "perhaps"),
    ("kid", 7),
    ("sid", 7),
    ("x5t", "!!"),
    ("cer", "!!"),
    ("subject", 7),
    ("preserveCertOrder", 7),
    ("policy", "none"),
    ("key.kty", 7),
    ("key.n", 7),
    ("key.key_ops", "sign"),
    ("release_policy", 7),
    ("release_policy", {"data": base64.b64encode(b'{"\\ud800": 1}').decode()}),
]


NESTED = json.loads("[" * 40 + "]" * 40)
DEEP = [("tags", NESTED), ("attributes.exp", NESTED), ("unheard-of", {"a": NESTED})]
ABSENT = [(path, None) for path, _ in ODD if path != "cer"]  # a certificate without it was never issued


@pytest.mark.parametrize(("path", "odd"), [*ODD, *DEEP, *ABSENT, ("attributes", None), ("attributes", 7)])
def test_one_odd_member_fails_nothing(
    path: str, odd: Any, olga: Client, world: World, stock: None, emulator: Emulator
) -> None:
    for collection, name in ITEMS.items():
        if (collection, path) != ("keys", "kid"):  # a key's list items are known by it
            emulator.hold(VAULT, KINDS[collection], name, path, odd)
        for page in ("", f"{name}/", f"{name}/edit/", f"{name}/new-version/"):
            found = olga.get(f"{V}/{collection}/{page}")
            assert (found.status_code, name in text_of(found)) == (200, True), f"{collection}/{page}"
    assert scan_vault(Person(world.olga), world.vault) == 6


def test_a_certificate_that_cannot_be_read_was_issued_all_the_same(
    olga: Client, world: World, stock: None, emulator: Emulator
) -> None:
    emulator.hold(VAULT, CERTIFICATE, "tls", "cer", "!!")
    emulator.hold(VAULT, CERTIFICATE, "tls", "x5t", 7)
    page = text_of(olga.get(f"{V}/certificates/tls/"))
    assert "never issued" not in page
    assert "!!" in page
    assert "Pending" not in text_of(olga.get(f"{V}/certificates/")).partition("tls")[2][:40]
    scan_vault(Person(world.olga), world.vault)
    assert not InventoryItem.objects.get(kind="certificate", name="tls").pending


def test_numbers_as_texts_are_numbers(olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.hold(VAULT, SECRET, "old", "attributes.exp", "1924991940")
    emulator.hold(VAULT, SECRET, "old", "attributes.enabled", "false")
    page = text_of(olga.get(f"{V}/secrets/old/"))
    assert "31 Dec 2030" in page
    assert "Disabled" in page


def test_the_newest_version_is_found_by_its_number(
    olga: Client, azure: VaultClient, stock: None, emulator: Emulator
) -> None:
    emulator.clock.advance(5)
    newest = azure.secrets.set("old", "hidden").version
    emulator.hold(VAULT, SECRET, "old", "attributes.created", MILLISECONDS)
    assert azure.secrets.versions("old")[0].version == newest


def test_what_is_foreign_is_still_refused(olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.rewrite(lambda answer: answer | {"value": 7}, path="^/secrets$")
    assert "does not look like Key Vault's" in text_of(olga.get(f"{V}/secrets/"))
    emulator.rewrite(lambda answer: answer | {"value": [{"id": "https://evil.test/"}]}, path="^/secrets$")
    assert "does not look like Key Vault's" in text_of(olga.get(f"{V}/secrets/"))


@pytest.mark.parametrize("collection", ["secrets", "keys", "certificates"])
def test_nothing_but_a_nameless_item_is_counted_too(
    collection: str, olga: Client, stock: None, emulator: Emulator
) -> None:
    emulator.rewrite(_only_one_without_id, path=f"^/{collection}$")
    page = olga.get(f"{V}/{collection}/")
    assert page.status_code == 200
    assert "1 more item here has no identifier that can be read" in text_of(page)


def test_a_deleted_nameless_item_is_counted(olga: Client, azure: VaultClient, stock: None, emulator: Emulator) -> None:
    azure.secrets.delete("old")
    emulator.clock.advance(60)
    emulator.rewrite(_only_one_without_id, path="^/deletedsecrets$")
    page = olga.get(f"{V}/deleted/")
    assert page.status_code == 200
    assert "1 more item here has no identifier that can be read" in text_of(page)


@pytest.mark.parametrize("collection", ITEMS)
def test_a_nameless_version_is_counted(
    collection: str, olga: Client, azure: VaultClient, stock: None, emulator: Emulator
) -> None:
    name = ITEMS[collection]
    emulator.rewrite(_one_more_without_id, path=f"^/{collection}/{name}/versions$")
    page = olga.get(f"{V}/{collection}/{name}/")
    assert page.status_code == 200
    assert "1 more version has no identifier that can be read" in text_of(page)
    emulator.rewrite(_only_one_without_id, path=f"^/{collection}/{name}/versions$")
    page = olga.get(f"{V}/{collection}/{name}/")
    if collection == "secrets":  # nothing else tells of it without its value
        assert "Azure names it by nothing that can be read" in text_of(page)
        return
    assert page.status_code == 200
    assert "1 more version has no identifier that can be read" in text_of(page)
    assert "newest first" not in text_of(page)


def test_nothing_is_created_over_a_name_whose_versions_have_no_id(
    olga: Client, azure: VaultClient, stock: None, emulator: Emulator
) -> None:
    emulator.rewrite(_only_one_without_id, path="/versions$")
    assert olga.post(f"{V}/new/secret/", {"name": "old", "value": "another"}).status_code != 302
    assert azure.secrets.get("old").value == "hidden"


def _only_one_without_id(answer: Any) -> Any:
    return answer | {"value": [answer["value"][0] | {"id": None, "kid": "odd"}]}


def _one_more_without_id(answer: Any) -> Any:
    return answer | {"value": [*answer["value"], answer["value"][0] | {"id": None, "kid": "odd"}]}


def test_a_nameless_item_is_counted(olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.hold(VAULT, SECRET, "old", "id", None)
    page = text_of(olga.get(f"{V}/secrets/"))
    assert "1 more item here has no identifier that can be read" in page
    assert "fine" in page
