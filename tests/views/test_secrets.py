"""Pages about secrets."""

from django.test import Client

from tests.conftest import World


def test_list_shows_every_secret_of_the_page(olga: Client, world: World) -> None:
    page = olga.get("/vaults/kv-shop-prod/secrets/")
    assert page.status_code == 200
