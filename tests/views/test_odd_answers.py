"""Answers that are JSON but not what Key Vault says: a page or a sentence, never a defect, never live markup."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.conftest import World, say
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"
PAGES = {
    "secrets": ["secrets/", "secrets/kept/", "secrets/kept/edit/", "secrets/kept/new-version/"],
    "keys": ["keys/", "keys/signing/", "keys/signing/edit/", "keys/signing/new-version/", "keys/signing/public-key/"],
    "certificates": [
        "certificates/",
        "certificates/tls/",
        "certificates/tls/edit/",
        "certificates/tls/new-version/",
        "certificates/tls/operation/",
        "certificates/tls/operation/csr/",
        "certificates/tls/download/",
    ],
    "deletedsecrets": ["deleted/", "deleted/secrets/gone/"],
}

ODD: list[Any] = [
    None,
    "",
    "x" * 3000,
    "<script>alert(1)</script>",
    -1,
    0,
    1e300,
    10**18,
    -(10**18),
    True,
    [],
    [1],
    {},
    {"a": 1},
]
MEMBERS = ["id", "kid", "attributes", "tags", "key", "policy", "cer", "csr", "x5t", "status", "value", "deletedDate"]
INNER = ["exp", "nbf", "created", "updated", "enabled", "recoveryLevel", "recoverableDays"]


@pytest.fixture
def stock(azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("kept", "hidden", tags={"a": "b"})
    azure.keys.create("signing", kty="RSA", key_size=2048)
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    azure.secrets.set("gone", "hidden")
    azure.secrets.delete("gone")
    emulator.clock.advance(60)


def at(name: str, odd: Any) -> Callable[[Any], Any]:
    """Put something odd at a member, in the answer itself and in what it lists."""

    def change(answer: Any) -> Any:
        for thing in [answer, *(answer.get("value") if isinstance(answer.get("value"), list) else [])]:
            if name in INNER:
                if isinstance(thing.get("attributes"), dict):
                    thing["attributes"][name] = odd
            elif name in thing:
                thing[name] = odd
        return answer

    return change


@pytest.mark.parametrize("collection", PAGES)
def test_odd_members_are_no_defects(
    collection: str, olga: Client, world: World, stock: None, emulator: Emulator
) -> None:
    olga.raise_request_exception = False
    seen = broken = live = 0
    for number, name in enumerate([*MEMBERS, *INNER]):
        for odd in ODD[number % 4 :: 4]:  # a quarter of all pairs; the client's own fuzz makes them all
            emulator.lift()
            emulator.rewrite(at(name, odd), times=99)
            path = PAGES[collection][seen % len(PAGES[collection])]
            page = olga.get(f"{V}/{path}")
            seen += 1
            if page.status_code == 500:
                broken += 1
            live += b"<script>alert" in page.content
    say(f"odd members in answers about {collection}: {seen}, defects: {broken}, live markup: {live}")
    assert (broken, live) == (0, 0)


IDS = [
    "https://kv-shop-prod.vault.test/secrets/",
    "https://kv-shop-prod.vault.test/secrets/a%2Fb",
    "https://kv-shop-prod.vault.test/secrets/a b",
    "https://kv-shop-prod.vault.test/secrets/..",
    "https://evil.test/secrets/a",
    "https://kv-shop-prod.vault.test/secrets/<b>/<i>",
    "https://kv-shop-prod.vault.test/keys/a",
    "javascript:alert(1)",
    "https://kv-shop-prod.vault.test/secrets/\u202ea",
]


def test_odd_identifiers_in_a_list(olga: Client, world: World, stock: None, emulator: Emulator) -> None:
    for odd in IDS:
        emulator.lift()
        emulator.rewrite(at("id", odd), times=9)
        page = olga.get(f"{V}/secrets/")
        assert page.status_code in (200, 502), odd
        assert b"javascript:alert" not in page.content
        assert b'href="https://evil' not in page.content
