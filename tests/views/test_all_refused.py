"""Where every call of a page is refused, the page names all that is missing, and one command grants it."""

import pytest
from django.test import Client

from tests.browsing import text_of
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient

V = "/vaults/kv-shop-prod"


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("deleted/", ["secrets/list", "keys/list", "certificates/list"]),
        ("keys/signing/", ["keys/get", "keys/list"]),
        ("certificates/tls/", ["certificates/get", "certificates/list"]),
    ],
)
def test_all_that_is_missing_is_named_and_granted(
    path: str, missing: list[str], olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.keys.create("signing", kty="RSA", key_size=2048)
    emulator.deny(*missing)
    page = olga.get(f"{V}/{path}")
    assert page.status_code == 403
    problem = page.context["problem"]
    for permission in missing:
        assert permission in problem.title
        assert permission in problem.command
    assert "are missing" in problem.title
    assert problem.title in text_of(page)


def test_one_that_is_missing_is_named_alone(olga: Client, emulator: Emulator) -> None:
    emulator.deny("secrets/list")
    assert olga.get(f"{V}/secrets/").context["problem"].title == "Azure refused: secrets/list is missing"
