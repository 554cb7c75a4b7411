"""Every page that talked to Azure says what it asked, without values and tokens."""

import pytest
from django.test import Client

from tests.conftest import World
from vaults.keyvault.client import VaultClient

V = "/vaults/kv-shop-prod"


@pytest.mark.parametrize(
    "path",
    [
        f"{V}/secrets/",
        f"{V}/secrets/fresh/",
        f"{V}/secrets/fresh/edit/",
        f"{V}/secrets/none/",
        f"{V}/keys/",
        f"{V}/certificates/",
        f"{V}/deleted/",
        f"{V}/access/",
    ],
)
def test_a_page_shows_its_requests(olga: Client, azure: VaultClient, path: str) -> None:
    azure.secrets.set("fresh", "a value nobody sees")
    page = olga.get(path).content.decode()
    assert "By hand" in page
    assert "api-version=7.0" in page
    assert "Authorization: Bearer" in page
    assert "a value nobody sees" not in page


def test_the_test_of_a_connection_shows_its_requests(olga: Client, world: World) -> None:
    page = olga.post(f"/connections/{world.connection.pk}/test/").content.decode()
    assert "By hand" in page
    assert "/secrets?api-version=7.0" in page
