"""A person of several teams: the current one filters lists and owns what is made; an address finds its vault all the same."""

from typing import Any

import pytest
from django.test import Client

from tests.browsing import forms_of, text_of
from tests.conftest import World, confirmed, make_connection, make_vault, signed_in
from vaults.emulator import ADMIN
from vaults.models import AuditEntry, Connection, InventoryItem, Invitation, Membership, Team, Vault
from vaults.permissions import Action, Role


@pytest.fixture
def both(world: World) -> Team:
    """A second team of Olga's, "Web", with a vault of the same name."""
    web = Team.objects.create(name="Web")
    Membership.objects.create(team=web, user=world.olga, role=Role.OWNER)
    connection = make_connection(web, "sp-web", ADMIN.client_id, ADMIN.client_secret)
    make_vault(connection=connection, name="kv-shop-prod", slug="kv-shop-prod-9f2c41")
    return web


def choose(client: Client, team: Team) -> None:
    assert client.post("/team/choose/", {"team": str(team.pk)}).status_code == 302


def test_without_a_choice_it_is_the_first_by_name(both: Team, olga: Client) -> None:
    page = text_of(olga.get("/vaults/"))
    assert "sp-shop-admin" in page
    assert "sp-web" not in page


@pytest.mark.parametrize("address", ["/vaults/", "/connections/", "/inventory/", "/", "/audit/", "/team/"])
def test_lists_show_the_team_that_was_chosen(address: str, both: Team, olga: Client, world: World) -> None:
    choose(olga, both)
    page = olga.get(address)
    assert page.status_code == 200
    assert world.connection.name not in text_of(page)
    assert world.rafi.email not in text_of(page)


def test_two_tabs_two_teams_the_same_vault_name(both: Team, olga: Client, world: World) -> None:
    """Each tab's vault stays what its address says, whatever team the other one has chosen."""
    choose(olga, both)
    there, here = olga.get("/vaults/kv-shop-prod-9f2c41/"), olga.get("/vaults/kv-shop-prod/")
    assert (there.context["vault"].team, here.context["vault"].team) == (both, world.team)
    choose(olga, world.team)
    form = olga.get("/vaults/kv-shop-prod-9f2c41/new/secret/")
    answer = olga.post(
        "/vaults/kv-shop-prod-9f2c41/new/secret/",
        {"name": "fresh", "value": "v", "enabled": "on", "form_key": form.context["form"]["form_key"].value()},
    )
    assert answer.headers["Location"] == "/vaults/kv-shop-prod-9f2c41/secrets/fresh/"


def test_a_page_about_a_vault_of_another_team_says_so(both: Team, olga: Client) -> None:
    page = text_of(olga.get("/vaults/kv-shop-prod-9f2c41/secrets/"))
    assert "Web ·" in page
    choose(olga, both)
    assert "Web ·" not in text_of(olga.get("/vaults/kv-shop-prod-9f2c41/secrets/"))


def test_what_is_made_belongs_to_the_current_team(both: Team, olga: Client, world: World) -> None:
    choose(olga, both)
    form = olga.get("/new/connection/")
    typed = {
        "name": "sp-new", "cloud": "local", "tenant_id": world.connection.tenant_id, "client_id": ADMIN.client_id,
        "client_secret": "typed", "api_version": "7.4", "form_key": form.context["form"]["form_key"].value(), "revision": "1",
    }  # fmt: skip
    assert confirmed(olga).post("/new/connection/", typed).status_code == 302
    assert Connection.objects.get(name="sp-new").team == both


def test_buttons_follow_the_role_in_the_vaults_team(both: Team, olga: Client) -> None:
    Membership.objects.filter(team=both).update(role=Role.VIEWER)
    assert "New secret" not in text_of(olga.get("/vaults/kv-shop-prod-9f2c41/secrets/"))
    assert "New secret" in text_of(olga.get("/vaults/kv-shop-prod/secrets/"))


def test_the_choice_is_kept_in_the_session_and_only_among_ones_own_teams(
    both: Team, olga: Client, world: World
) -> None:
    others = world.otto.memberships.get().team
    assert olga.post("/team/choose/", {"team": str(others.pk)}).status_code == 404
    assert olga.post("/team/choose/", {"team": "nonsense"}).status_code == 404
    choose(olga, both)
    assert "sp-web" in text_of(olga.get("/connections/"))
    assert "sp-shop-admin" in text_of(signed_in(world.olga).get("/connections/"))  # another session


def test_a_choice_ends_with_the_membership(both: Team, olga: Client) -> None:
    choose(olga, both)
    Membership.objects.filter(team=both).delete()
    assert "sp-shop-admin" in text_of(olga.get("/connections/"))


def test_the_navigation_offers_the_teams_where_there_are_several(both: Team, olga: Client, world: World) -> None:
    page = olga.get("/").content.decode()
    assert "/team/choose/" in page
    assert f'value="{both.pk}"' in page
    assert "/team/choose/" not in signed_in(world.rafi).get("/").content.decode()


def test_an_act_of_any_of_ones_teams_is_opened_by_its_address(both: Team, olga: Client) -> None:
    choose(olga, both)
    olga.get("/vaults/kv-shop-prod/secrets/")  # recorded in the other team
    event = AuditEntry.objects.filter(action="secret.list").latest("id").event
    assert olga.get(f"/audit/{event}/").status_code == 200


def invite(client: Client, page: Any) -> Any:
    [form] = [form for form in forms_of(page) if form.action == "/team/invite/"]
    return client.post(form.action, {**form.fields, "email": "x@example.com", "role": "writer"})


def test_a_form_acts_in_the_team_that_it_was_shown_for(both: Team, olga: Client, world: World) -> None:
    page = olga.get("/team/")
    choose(olga, both)
    answer = invite(confirmed(olga), page)
    assert answer.status_code == 201
    assert Invitation.objects.get().team == world.team


def test_a_form_of_a_team_that_one_has_left_acts_nowhere(both: Team, olga: Client, world: World) -> None:
    choose(olga, both)
    page = olga.get("/team/")
    Membership.objects.filter(team=both, user=world.olga).delete()
    answer = invite(confirmed(olga), page)
    assert answer.status_code == 404
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("address", ["/new/connection/", "/new/vault/", "/vaults/", "/audit/"])
def test_each_form_of_a_team_names_it(address: str, both: Team, olga: Client) -> None:
    choose(olga, both)
    assert f'name="form_team" value="{both.pk}"' in olga.get(address).content.decode()


def test_an_export_of_another_teams_vault_is_recorded_in_its_team(both: Team, olga: Client, world: World) -> None:
    vault = Vault.objects.get(slug="kv-shop-prod-9f2c41")
    InventoryItem.objects.create(vault=vault, kind="secret", name="theirs")
    InventoryItem.objects.create(vault=world.vault, kind="secret", name="ours")
    choose(olga, world.team)
    found = {
        slug: olga.get("/inventory/csv/", {"vault": slug}).content.decode()
        for slug in ("", "nonsense", "kv-shop-prod-9f2c41")
    }
    assert ["theirs" in text for text in found.values()] == [False, False, True]
    ended = AuditEntry.objects.filter(action=Action.INVENTORY_EXPORT, state="succeeded").order_by("id")
    assert [entry.team_id for entry in ended] == [world.team.pk, world.team.pk, both.pk]
    assert ended[2].vault_slug == vault.slug
