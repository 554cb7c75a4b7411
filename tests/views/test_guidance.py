"""Pages lead on: to the item that holds a name, to what a link's end means, to whose time is asked for."""

from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, text_of
from tests.conftest import PASSWORD, World, make_connection, make_vault
from vaults.actions import teams
from vaults.actors import Person
from vaults.emulator import DEPLOY
from vaults.permissions import Role

pytestmark = pytest.mark.slow

NEW = "/vaults/kv-shop-prod/new/"


def test_a_name_in_use_leads_to_the_item_that_has_it(olga: Client, azure: Any) -> None:
    azure.secrets.set("taken", "v")
    answer = fill_in(olga, f"{NEW}secret/", name="taken", value="typed")
    assert answer.status_code == 422
    assert b'href="/vaults/kv-shop-prod/secrets/taken/"' in answer.content


@pytest.mark.parametrize(
    ("kind", "typed"),
    [("secret", {"value": "typed"}), ("key", {}), ("certificate", {"subject": "CN=shop.example"})],
)
def test_a_deleted_items_name_leads_to_the_deleted_item(
    kind: str, typed: dict[str, str], olga: Client, azure: Any
) -> None:
    match kind:
        case "secret":
            azure.secrets.set("retired", "v")
        case "key":
            azure.keys.create("retired", kty="RSA")
        case "certificate":
            fill_in(olga, f"{NEW}certificate/", name="retired", **typed)
    getattr(azure, f"{kind}s").delete("retired")
    answer = fill_in(olga, f"{NEW}{kind}/", name="retired", **typed)
    assert answer.status_code == 409
    assert f'href="/vaults/kv-shop-prod/deleted/{kind}s/retired/"' in answer.content.decode()


def test_a_spent_link_says_so_and_what_to_do(world: World) -> None:
    token = teams.invite_member(Person(world.olga), world.team, "nele@example.com", Role.VIEWER)
    first, second = Client(), Client()
    assert fill_in(first, f"/join/{token}/", name="Nele", password=PASSWORD).status_code == 302
    answer = second.get(f"/join/{token}/")
    assert answer.status_code == 404
    assert "Ask an owner of your team for a new one" in text_of(answer)


def test_a_vault_that_was_never_scanned_is_not_called_healthy(olga: Client, world: World) -> None:
    assert "not scanned yet" in text_of(olga.get("/vaults/kv-shop-prod/"))


def test_vaults_of_one_name_are_told_apart_in_the_inventory(olga: Client, world: World) -> None:
    china = make_connection(world.team, "china", DEPLOY.client_id, DEPLOY.client_secret)
    china.cloud = "china"
    make_vault(china, "kv-shop-prod", "kv-shop-prod-2")
    page = text_of(olga.get("/inventory/"))
    assert "kv-shop-prod kv-shop-prod · kv-shop-prod.vault.azure.cn" in page


def test_a_form_says_whose_time_it_means(olga: Client) -> None:
    olga.cookies["timezone"] = "Europe/Berlin"
    assert "Time zone: Europe/Berlin." in text_of(olga.get(f"{NEW}secret/"))


def test_deleting_a_connection_names_the_vaults_that_stand_in_the_way(olga: Client, world: World) -> None:
    page = olga.get(f"/connections/{world.connection.pk}/delete/")
    assert "or remove it from the portal first: kv-shop-prod" in text_of(page)
    assert 'href="/vaults/kv-shop-prod/remove/"' in page.content.decode()
    assert "Delete the connection</button>" not in page.content.decode()
