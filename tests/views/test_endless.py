"""Lists that are very long or have no end: pages are bounded in time and size, and say what they do not show."""

import re
import time
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.browsing import text_of
from tests.endless import endless
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import Vault

V = "/vaults/kv-shop-prod"
HX = {"HX-Request": "true"}
FURTHER = re.compile(r'hx-get="([^"]+)"')


def next_of(page: Any) -> str:
    """Where the rest of a list is asked for."""
    found = FURTHER.search(page.content.decode().partition('class="more"')[2])
    return found[1].replace("&amp;", "&") if found else ""


def test_deleted_items_come_page_by_page(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    for number in range(60):
        azure.secrets.set(f"gone-{number:02}", "hidden")
        azure.secrets.delete(f"gone-{number:02}")
    for number in range(30):
        azure.keys.create(f"key-{number:02}", kty="EC")
        azure.keys.delete(f"key-{number:02}")
    emulator.clock.advance(60)
    page: Any = olga.get(f"{V}/deleted/")
    assert "50 loaded, more below" in text_of(page)
    found: list[str] = []
    counts: list[int] = []
    while page:
        names = re.findall(r'data-sort="((?:gone|key)-\d+)"', page.content.decode())
        found += names
        counts.append(len(names))
        address = next_of(page)
        page = olga.get(address, headers=HX) if address else None
    assert counts == [50, 30, 10]
    assert len(set(found)) == 90


def test_a_deleted_list_without_end_gives_a_page_at_once(olga: Client, emulator: Emulator) -> None:
    for kind in ("secrets", "keys", "certificates"):
        endless(emulator, f"^/deleted{kind}$")
    began = time.monotonic()
    page: Any = olga.get(f"{V}/deleted/")
    assert time.monotonic() - began < 2
    assert page.content.count(b"data-row=") == 75
    further = olga.get(next_of(page), headers=HX)
    assert further.content.count(b"data-row=") == 75
    assert b"<html" not in further.content


def test_where_one_of_the_lists_fails_later_the_others_go_on(
    olga: Client, sick_vault: Vault, emulator: Emulator
) -> None:
    here = f"/vaults/{sick_vault.slug}/deleted/"
    for kind in ("secrets", "keys"):
        endless(emulator, f"^/deleted{kind}$")
    address = next_of(olga.get(here))
    emulator.lift()
    endless(emulator, "^/deletedsecrets$")
    emulator.fail(9, 503, retry_after="60", path="^/deletedkeys$")
    further = olga.get(address, headers=HX)
    words = text_of(further)
    assert "Key Vault returned a server error" in words
    assert "there may be more deleted keys than those listed here" in words
    assert further.content.count(b"data-row=") == 25
    assert b"broken-off" in further.content
    assert next_of(further).startswith(f"{here}?secrets=")
    emulator.lift()
    emulator.throttle(99, retry_after="60")
    assert olga.get(address, headers=HX).status_code == 503


@pytest.mark.sweep
@pytest.mark.parametrize("kind", ["secrets", "keys", "certificates"])
def test_of_very_many_versions_the_newest_are_drawn(
    kind: str, olga: Client, azure: VaultClient, emulator: Emulator, settings: Settings, stock: None
) -> None:
    settings.LOOK_SECONDS = 2
    endless(emulator, f"^/{kind}/many/versions$", 0.05)
    began = time.monotonic()
    page = olga.get(f"{V}/{kind}/many/")
    assert time.monotonic() - began < 4
    words = text_of(page)
    assert page.status_code == 200
    drawn = page.content.count(b'class="sub"')
    assert 300 <= drawn <= 301
    total = int(re.search(r"(\d+), perhaps not all", words)[1])  # type: ignore[index]
    assert f"{total - 300} that are older still are not shown" in words
    assert "The vault's list is too long to be read to its end" in words


@pytest.fixture
def stock(azure: VaultClient, emulator: Emulator) -> None:
    azure.certificates.create("many", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
