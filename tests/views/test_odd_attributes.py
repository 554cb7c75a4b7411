"""Attributes that can't be read, as a whole or in their yes and no: said to be not known, everywhere alike."""

import csv
import io
import json
import re
from datetime import timedelta
from html import escape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.browsing import fill_in, filled, main_form, text_of
from tests.conftest import World
from vaults.actions.scans import scan_vault
from vaults.actors import Person
from vaults.emulator import Emulator
from vaults.emulator.wire.kinds import KINDS
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import InventoryItem

pytestmark = pytest.mark.sweep

V, VAULT = "/vaults/kv-shop-prod", "kv-shop-prod"
ITEMS = {"secrets": "old", "keys": "signing", "certificates": "tls"}
WHOLE: list[tuple[str, Any]] = [("attributes", []), ("attributes", None)]
SWITCH: list[tuple[str, Any]] = [("attributes.enabled", None), ("attributes.enabled", "yes")]
each_kind = pytest.mark.parametrize("collection", ITEMS)


@pytest.fixture
def stock(azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("old", "hidden", tags={"owner": "shop"})
    azure.keys.create("signing", kty="RSA", key_size=2048)
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    azure.certificates.get("tls")


def hold(emulator: Emulator, path: str, odd: Any, *collections: str) -> None:
    for collection in collections or ITEMS:
        emulator.hold(VAULT, KINDS[collection], ITEMS[collection], path, odd)


def row(page: Any, name: str) -> str:
    found = re.search(rf'<tr [^>]*data-row="[^"]*/{name}/".*?</tr>', page.content.decode(), re.DOTALL)
    assert found
    return found.group()


def cell(page: Any, title: str) -> str:
    found = re.search(rf"<dt>{title}</dt><dd>(.*?)</dd>", page.content.decode(), re.DOTALL)
    assert found
    return found.group(1)


def spelled(odd: Any) -> str:
    return escape(json.dumps(odd))


@each_kind
@pytest.mark.parametrize(("path", "odd"), [*WHOLE, *SWITCH])
def test_the_state_is_not_known_on_the_items_page(
    path: str, odd: Any, collection: str, olga: Client, stock: None, emulator: Emulator
) -> None:
    hold(emulator, path, odd, collection)
    page = olga.get(f"{V}/{collection}/{ITEMS[collection]}/")
    assert "not known" in cell(page, "Enabled")
    assert spelled(odd) in cell(page, "Enabled")
    assert "badge-ok" not in page.content.decode()
    (version,) = re.findall(r'<li class="current.*?</li>', page.content.decode(), re.DOTALL)
    assert "not known" in version


@each_kind
@pytest.mark.parametrize(("path", "odd"), WHOLE)
def test_no_date_is_known_of_attributes_that_are_none(
    path: str, odd: Any, collection: str, olga: Client, stock: None, emulator: Emulator
) -> None:
    hold(emulator, path, odd, collection)
    page = olga.get(f"{V}/{collection}/{ITEMS[collection]}/")
    for title in ("Activates", "Expires", "Created", "Updated"):
        assert "not known" in cell(page, title), title
        assert spelled(odd) in cell(page, title), title


@each_kind
@pytest.mark.parametrize(("path", "odd"), [*WHOLE, *SWITCH])
def test_lists_and_inventory_tell_the_same(
    path: str, odd: Any, collection: str, olga: Client, world: World, stock: None, emulator: Emulator
) -> None:
    name = ITEMS[collection]
    hold(emulator, path, odd, collection)
    scan_vault(Person(world.olga), world.vault)
    listed, found = row(olga.get(f"{V}/{collection}/"), name), row(olga.get("/inventory/?managed="), name)
    for place in (listed, found):
        assert 'data-state="unknown"' in place
        assert "ot known" in place
        assert spelled(odd) in place
        assert ("no end" in place) is (path != "attributes" and collection != "certificates")
        assert "badge-ok" not in place
    (told,) = [each for each in exported(olga) if each["name"] == name]
    assert told["enabled"].startswith("not known (")
    assert path != "attributes" or told["expires_on"].startswith("not known (")


def exported(olga: Client) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(olga.get("/inventory/csv/").content.decode("utf-8-sig"))))


def test_figures_count_them_neither_as_enabled_nor_as_without_end(
    olga: Client, world: World, stock: None, emulator: Emulator
) -> None:
    hold(emulator, "attributes", [])
    scan_vault(Person(world.olga), world.vault)
    summary = olga.get("/").context["summary"]
    assert (summary.figures.never_expires, summary.figures.disabled) == (0, 0)
    assert olga.get("/inventory/?state=never").context["page"].paginator.count == 0
    assert olga.get("/inventory/?enabled=on").context["page"].paginator.count == 0


@pytest.mark.parametrize("odd", [None, "yes"])
def test_one_that_expired_is_not_called_still_enabled(
    odd: Any, olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("old", "hidden", expires_on=timezone.now() - timedelta(days=1))
    hold(emulator, "attributes.enabled", odd, "secrets")
    scan_vault(Person(world.olga), world.vault)
    page = olga.get("/")
    assert "still enabled" not in " ".join(task.title for task in page.context["tasks"])
    assert page.context["summary"].figures.expired == 1


@each_kind
def test_what_is_really_not_sent_has_its_documented_meaning(
    collection: str, olga: Client, world: World, stock: None, emulator: Emulator
) -> None:
    def without(answer: dict[str, Any]) -> dict[str, Any]:
        listed = answer.get("value")
        for item in [answer, *(listed if isinstance(listed, list) else [])]:
            for attribute in ("enabled", "exp"):
                item.get("attributes", {}).pop(attribute, None)
        return answer

    emulator.rewrite(without, times=99, path=f"^/{collection}")
    page = olga.get(f"{V}/{collection}/{ITEMS[collection]}/")
    assert "Yes" in cell(page, "Enabled")
    assert "no end" in row(olga.get(f"{V}/{collection}/"), ITEMS[collection])
    scan_vault(Person(world.olga), world.vault)
    assert InventoryItem.objects.get(name=ITEMS[collection], kind=collection[:-1]).enabled is True


# Editing


@each_kind
@pytest.mark.parametrize(("path", "odd"), [*WHOLE, *SWITCH])
def test_the_edit_leaves_it_unsent_and_can_say_yes_and_no(
    path: str, odd: Any, collection: str, olga: Client, stock: None, emulator: Emulator
) -> None:
    hold(emulator, path, odd, collection)
    address = f"{V}/{collection}/{ITEMS[collection]}/edit/"
    page = olga.get(address)
    assert "not known" in text_of(page)
    start = main_form(page).fields["enabled"]
    assert start not in (["true"], ["false", "on"], ["on"])
    for said in ("true", "false"):
        assert fill_in(olga, address, enabled=said).status_code == 302
        assert sent(emulator) == {"attributes": {"enabled": said == "true"}}
        hold(emulator, path, odd, collection)
    answer = olga.post(address, filled(olga.get(address), tags="no equals sign"))
    assert main_form(answer).fields["enabled"] == start
    assert fill_in(olga, address, tags="a=b").status_code == 302
    assert sent(emulator) == {"tags": {"a": "b"}}


def sent(emulator: Emulator) -> Any:
    return [each.body for each in emulator.requests if each.method == "PATCH" and ".vault." in each.host][-1]


@pytest.mark.parametrize(("path", "odd"), [("attributes", []), ("attributes.enabled", None)])
def test_a_deleted_item_tells_the_same(
    path: str, odd: Any, olga: Client, azure: VaultClient, stock: None, emulator: Emulator
) -> None:
    hold(emulator, path, odd, "secrets")
    azure.secrets.delete("old")
    emulator.clock.advance(60)
    assert "not known" in cell(olga.get(f"{V}/deleted/secrets/old/"), "Was enabled")
