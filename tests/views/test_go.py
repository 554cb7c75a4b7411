"""The one box: an identifier of Key Vault opens its page, words are looked for, nothing leads away from here."""

import pytest
from django.test import Client

from tests.conftest import World
from vaults.emulator import Emulator

HOST = "https://kv-shop-prod.vault.test"
VERSION = "0" * 32

PAGES = {
    f"{HOST}/secrets/checkout": "/vaults/kv-shop-prod/secrets/checkout/",
    f"{HOST}/secrets/checkout/{VERSION}": f"/vaults/kv-shop-prod/secrets/checkout/versions/{VERSION}/",
    f"{HOST}:443/keys/signing": "/vaults/kv-shop-prod/keys/signing/",
    f"{HOST}/certificates/tls/pending": "/vaults/kv-shop-prod/certificates/tls/operation/",
    f"{HOST}/deletedsecrets/gone": "/vaults/kv-shop-prod/deleted/secrets/gone/",
    f"  {HOST}/keys/signing  ": "/vaults/kv-shop-prod/keys/signing/",
    "checkout": "/inventory/?q=checkout",
    "": "/inventory/?q=",
}


@pytest.mark.parametrize("wanted", PAGES)
def test_where_it_leads(wanted: str, olga: Client, world: World, emulator: Emulator) -> None:
    assert olga.get("/go/", {"q": wanted})["Location"] == PAGES[wanted]
    assert emulator.requests == []


HOSTILE = [
    "https://evil.test/secrets/a",
    "https://kv-shop-prod.vault.test@evil.test/secrets/a",
    "https://kv-shop-prod.vault.test.evil.test/secrets/a",
    "http://kv-shop-prod.vault.test/secrets/a",
    "https://kv-shop-prod.vault.test:8443/secrets/a",
    "//evil.test/secrets/a",
    "javascript:alert(1)",
    "https://kv-shop-prod.vault.test/secrets/../../evil",
    "https://kv-shop-prod.vault.test/storage/a",
    "https://[/secrets/a",
    "https://kv-shop-prod.vault.test/secrets/a?x=1#y",
    "\r\nLocation: https://evil.test",
    "https://" + "a" * 5000,
    "\x00",
]


@pytest.mark.parametrize("wanted", HOSTILE)
def test_nothing_leads_away(wanted: str, olga: Client, world: World, emulator: Emulator) -> None:
    answer = olga.get("/go/", {"id": wanted})
    assert answer.status_code in (302, 404)
    place = answer.headers.get("Location", "/")
    assert place.startswith(("/inventory/?q=", "/vaults/kv-shop-prod/")) or answer.status_code == 404
    assert emulator.requests == []
    if answer.status_code == 302:
        assert olga.get(place).status_code in (200, 404)
