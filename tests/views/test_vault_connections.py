"""One vault that several connections reach: which one acts, how another is chosen, and what an owner may do with the order."""

import uuid
from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, forms_of, text_of
from tests.conftest import (
    World,
    confirmed,
    last_detail,
    last_entry,
    make_connection,
    make_vault,
    signed_in,
    unwritable,
    vault_calls,
)
from vaults.emulator import ADMIN, DEPLOY, Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import ChosenConnection, Connection, FormerVault, InventoryItem, Membership, Vault
from vaults.permissions import Action

V = "/vaults/kv-shop-prod/"


@pytest.fixture
def deploy(world: World) -> Connection:
    """The second connection of the vault: it may only get and list. Nobody has chosen it."""
    connection = make_connection(world.team, "sp-shop-deploy", DEPLOY.client_id, DEPLOY.client_secret)
    world.vault.reached_through.create(connection=connection, position=1)
    return connection


def used(page: Any) -> str:
    """The connection that the head of the page names."""
    return str(page.context["navigation"].vault.connection.name)


def recorded(action: Action) -> str:
    return last_entry(action).connection_name


def test_pages_use_the_first_until_a_person_chooses(olga: Client, world: World, deploy: Connection) -> None:
    page = olga.get(f"{V}secrets/")
    assert (used(page), recorded(Action.SECRET_LIST)) == ("sp-shop-admin", "sp-shop-admin")
    assert f'href="/vaults/kv-shop-prod/secrets/?through={deploy.pk}"' in page.content.decode()
    assert used(olga.get(f"{V}secrets/?through={deploy.pk}")) == "sp-shop-deploy"
    assert recorded(Action.SECRET_LIST) == "sp-shop-deploy"
    assert used(olga.get(f"{V}keys/")) == "sp-shop-deploy"
    assert used(signed_in(world.rafi).get(f"{V}keys/")) == "sp-shop-admin"  # the choice is Olga's


def test_the_switch_marks_the_present_one_and_leads_to_the_order(
    olga: Client, world: World, deploy: Connection
) -> None:
    def switch(client: Client) -> str:
        page = client.get(f"{V}secrets/").content.decode()
        return page.partition('class="chip-where"')[2].partition("</details>")[0]

    present = switch(olga).partition('aria-current="true"')[2].partition("</span>")[0]
    assert present.endswith("sp-shop-admin")
    assert f'href="{V}connections/"' in switch(olga)
    assert f'href="{V}connections/"' not in switch(signed_in(world.rafi))


def test_with_one_connection_there_is_nothing_to_switch(olga: Client, world: World) -> None:
    page = olga.get(f"{V}secrets/")
    assert "through=" not in page.content.decode()
    assert "sp-shop-admin" in text_of(page)


def test_the_switch_keeps_the_rest_of_the_address(olga: Client, deploy: Connection) -> None:
    page = olga.get("/vaults/kv-shop-prod/access/?compare=a%26b")
    assert f"access/?compare=a%26b&amp;through={deploy.pk}" in page.content.decode()


def test_a_choice_is_lost_with_its_connection(olga: Client, world: World, deploy: Connection) -> None:
    olga.get(f"{V}?through={deploy.pk}")
    assert ChosenConnection.objects.count() == 1
    fill_in(olga, f"{V}connections/{deploy.pk}/remove/")
    assert ChosenConnection.objects.count() == 0
    assert used(olga.get(V)) == "sp-shop-admin"


@pytest.mark.parametrize("kind", ["unknown", "nonsense", "of another vault", "of another team"])
def test_a_connection_that_does_not_reach_the_vault_is_never_used(
    kind: str, olga: Client, world: World, emulator: Emulator
) -> None:
    theirs = make_connection(
        Membership.objects.get(user=world.otto).team, "theirs", ADMIN.client_id, ADMIN.client_secret
    )
    own = make_connection(world.team, "own", ADMIN.client_id, ADMIN.client_secret)
    through = {"unknown": uuid.uuid4(), "nonsense": "'x", "of another vault": own.pk, "of another team": theirs.pk}[
        kind
    ]
    for answer in (
        olga.get(f"{V}secrets/?through={through}"),
        olga.get(f"{V}secrets/", headers={"HX-Request": "true", "X-Through": str(through)}),
        olga.post(f"{V}new/secret/", {**filled(olga.get(f"{V}new/secret/"), name="a"), "through": str(through)}),
    ):
        assert answer.status_code == 404
        assert "The vault is not reached through this connection" in text_of(answer)
    assert vault_calls(emulator) == []
    assert not ChosenConnection.objects.exists()


def test_a_row_that_joins_two_teams_has_no_effect(olga: Client, world: World) -> None:
    """As somebody with write access to the database might add it."""
    theirs = make_connection(
        Membership.objects.get(user=world.otto).team, "theirs", ADMIN.client_id, ADMIN.client_secret
    )
    world.vault.reached_through.create(connection=theirs, position=0)
    world.vault.reached_through.filter(connection=world.connection).update(position=1)
    assert used(olga.get(f"{V}secrets/")) == "sp-shop-admin"
    assert olga.get(f"{V}secrets/?through={theirs.pk}").status_code == 404
    assert Vault.objects.get().connections_in_order == [world.connection]


def test_a_form_acts_through_the_connection_of_its_page(olga: Client, world: World, deploy: Connection) -> None:
    form = filled(olga.get(f"{V}new/secret/"), name="password", value="a value")
    other_tab = olga.get(f"{V}secrets/?through={deploy.pk}")
    assert used(other_tab) == "sp-shop-deploy"
    assert olga.post(f"{V}new/secret/", form).status_code == 302
    assert recorded(Action.SECRET_CREATE) == "sp-shop-admin"


def test_a_form_leads_to_its_page_through_its_own_connection(olga: Client, world: World, deploy: Connection) -> None:
    plain = olga.post(f"{V}new/secret/", filled(olga.get(f"{V}new/secret/"), name="second", value="a value"))
    assert plain["Location"] == f"{V}secrets/second/"
    form = filled(olga.get(f"{V}new/secret/"), name="password", value="a value")
    olga.get(f"{V}secrets/?through={deploy.pk}")  # another tab
    answer = olga.post(f"{V}new/secret/", form)
    assert answer["Location"] == f"{V}secrets/password/?via={world.connection.pk}"
    assert used(olga.get(answer["Location"])) == "sp-shop-admin"
    assert used(olga.get(f"{V}secrets/")) == "sp-shop-deploy"  # the choice of the other tab stands


def test_a_form_that_takes_its_connection_away_leads_to_a_page_without_it(
    olga: Client, world: World, deploy: Connection
) -> None:
    here = f"{V}connections/{deploy.pk}/remove/"
    form = filled(confirmed(olga).get(f"{here}?through={deploy.pk}"))
    olga.get(f"{V}?through={world.connection.pk}")
    answer = olga.post(here, form)
    assert answer.status_code == 302
    assert olga.get(answer["Location"]).status_code == 200


def test_a_form_whose_connection_was_taken_away_does_nothing(olga: Client, world: World, deploy: Connection) -> None:
    form = filled(olga.get(f"{V}new/secret/?through={deploy.pk}"), name="password", value="a value")
    world.vault.reached_through.filter(connection=deploy).delete()
    answer = olga.post(f"{V}new/secret/", form)
    assert answer.status_code == 404
    assert "Nothing was sent to Azure" in text_of(answer)


def test_what_htmx_asks_for_comes_through_the_connection_of_its_page(
    olga: Client, world: World, azure: VaultClient, deploy: Connection
) -> None:
    for number in range(26):
        azure.secrets.set(f"secret-{number}", "v")
    page = olga.get(f"{V}secrets/").content.decode()
    assert page.count("hx-get=") == page.count("X-Through") == 1
    assert f"""hx-headers='{{"X-Through": "{world.connection.pk}"}}'""" in page
    olga.get(f"{V}?through={deploy.pk}")
    poll = {"HX-Request": "true", "X-Through": str(world.connection.pk)}
    assert olga.get(f"{V}secrets/", headers=poll).status_code == 200
    assert recorded(Action.SECRET_LIST) == "sp-shop-admin"
    assert used(olga.get(V)) == "sp-shop-deploy"  # a poll chooses nothing


def test_every_form_of_a_vault_names_its_connection(
    olga: Client, world: World, azure: VaultClient, deploy: Connection
) -> None:
    azure.secrets.set("kept", "v")
    azure.keys.create("signing", kty="EC")
    for address in (
        "", "edit/", "remove/", "connections/", "new/secret/", "new/key/", "new/certificate/", "secrets/kept/",
        "secrets/kept/edit/", "secrets/kept/new-version/", "secrets/kept/delete/", "keys/signing/new-version/",
    ):  # fmt: skip
        forms = [form for form in forms_of(olga.get(f"{V}{address}")) if form.method == "post"]
        about_vault = [form for form in forms if not form.action or form.action.startswith(V)]
        assert about_vault, address
        assert all(form.fields.get("through") == [str(world.connection.pk)] for form in about_vault), address


def test_a_refusal_offers_the_others_and_repeats_nothing(
    olga: Client, world: World, emulator: Emulator, deploy: Connection
) -> None:
    page = filled(olga.get(f"{V}new/secret/?through={deploy.pk}"), name="password", value="v")
    vault_calls(emulator)
    refused = olga.post(f"{V}new/secret/", page)
    assert refused.status_code == 403
    calls = vault_calls(emulator)
    assert len(calls) == len(set(calls))
    assert not [call for call in calls if call[0] == "PUT" and calls.count(call) > 1]
    assert "Try through sp-shop-admin" in text_of(refused)
    assert f'href="/vaults/kv-shop-prod/new/secret/?through={world.connection.pk}"' in refused.content.decode()


def test_a_refused_page_offers_the_others(olga: Client, world: World, emulator: Emulator, deploy: Connection) -> None:
    emulator.deny("keys/list")
    refused = olga.get(f"{V}keys/")
    assert (refused.status_code, len(vault_calls(emulator))) == (403, 1)
    assert "Try through sp-shop-deploy" in text_of(refused)
    assert olga.get(f"{V}keys/?through={deploy.pk}").status_code == 200


def test_a_refused_reveal_offers_a_page_that_can_be_opened(
    olga: Client, azure: VaultClient, emulator: Emulator, deploy: Connection
) -> None:
    azure.secrets.set("kept", "v")
    emulator.deny("secrets/get")
    refused = olga.post(f"{V}secrets/kept/reveal/", {"version": ""})
    assert f'href="/vaults/kv-shop-prod/secrets/kept/?through={deploy.pk}"' in refused.content.decode()


def test_a_firewall_refuses_all_so_no_other_is_offered(olga: Client, emulator: Emulator, deploy: Connection) -> None:
    refusal = {"error": {"code": "Forbidden", "message": "m", "innererror": {"code": "ForbiddenByFirewall"}}}
    emulator.answer_next(403, refusal)
    assert "Try through" not in text_of(olga.get(f"{V}secrets/"))


def test_it_stands_and_counts_once(olga: Client, world: World, deploy: Connection) -> None:
    InventoryItem.objects.create(vault=world.vault, kind="secret", name="kept", enabled=True)
    for address in ("/", "/inventory/", "/vaults/"):
        page = olga.get(address).content.decode()
        sidebar = page.partition('id="sidebar-vaults"')[2].partition("</ul>")[0]
        assert sidebar.count("<li") == 1, address
        assert "in 1 vault" in page or address == "/vaults/"
    assert "kv-shop-prod sp-shop-admin, sp-shop-deploy" in text_of(olga.get("/vaults/"))
    for connection in (world.connection, deploy):
        assert olga.get(f"/vaults/?connection={connection.pk}").context["table"].matching == 1
        assert "kv-shop-prod" in text_of(olga.get(f"/connections/{connection.pk}/"))


def test_a_vault_that_the_team_has_gets_the_connection(olga: Client, world: World, emulator: Emulator) -> None:
    other = make_connection(world.team, "other", DEPLOY.client_id, DEPLOY.client_secret)
    answer = fill_in(olga, "/new/vault/", connection=str(other.pk), name="https://KV-SHOP-PROD.vault.test:443/")
    assert answer["Location"] == V
    assert "Your team has kv-shop-prod already. It is now reached through other, too." in text_of(olga.get(V))
    assert [each.name for each in Vault.objects.get().connections_in_order] == ["sp-shop-admin", "other"]
    assert recorded(Action.VAULT_ADD) == "other"
    assert vault_calls(emulator) == []


def test_the_order_is_changed_and_recorded(olga: Client, world: World, deploy: Connection) -> None:
    assert f'href="{V}connections/"' in olga.get(f"{V}edit/").content.decode()
    page = olga.get(f"{V}connections/")
    [forward] = [form for form in forms_of(page) if form.action.endswith("/forward/")]
    assert olga.post(forward.action, forward.fields).status_code == 302
    assert [each.name for each in Vault.objects.get().connections_in_order] == ["sp-shop-deploy", "sp-shop-admin"]
    assert last_detail(Action.VAULT_UPDATE) == {
        "before": {"connections": "sp-shop-admin, sp-shop-deploy"},
        "after": {"connections": "sp-shop-deploy, sp-shop-admin"},
    }
    assert used(signed_in(world.rafi).get(V)) == "sp-shop-deploy"


def test_a_second_click_moves_no_further(olga: Client, world: World, deploy: Connection) -> None:
    third = make_connection(world.team, "third", DEPLOY.client_id, DEPLOY.client_secret)
    world.vault.reached_through.create(connection=third, position=2)
    address = f"{V}connections/{third.pk}/forward/"
    [forward] = [form for form in forms_of(olga.get(f"{V}connections/")) if form.action == address]
    first, second = olga.post(forward.action, forward.fields), olga.post(forward.action, forward.fields)
    assert first["Location"] == second["Location"] == f"{V}connections/"
    assert [each.name for each in Vault.objects.get().connections_in_order] == [
        "sp-shop-admin",
        "third",
        "sp-shop-deploy",
    ]


@pytest.mark.parametrize("with_key", [True, False])
@pytest.mark.parametrize("through", ["itself", "the other"])
def test_taking_a_connection_away_twice_leads_to_the_same_page(
    through: str, with_key: bool, olga: Client, world: World, deploy: Connection
) -> None:
    way = deploy if through == "itself" else world.connection
    here = f"{V}connections/{deploy.pk}/remove/"
    form = filled(olga.get(f"{here}?through={way.pk}"))
    if not with_key:
        form["form_key"] = [""]
    first, second = olga.post(here, form), olga.post(here, form)
    assert first["Location"] == second["Location"] == f"{V}connections/"
    assert last_entry(Action.VAULT_UPDATE).state == "succeeded"
    assert olga.get(here)["Location"] == f"{V}connections/"
    assert olga.get(f"{V}connections/").status_code == 200


@pytest.mark.parametrize("what", ["vault", "connection"])
def test_removing_a_thing_twice_leads_to_the_same_page(what: str, olga: Client, world: World) -> None:
    spare = make_connection(world.team, "spare", DEPLOY.client_id, DEPLOY.client_secret)
    here = f"{V}remove/" if what == "vault" else f"/connections/{spare.pk}/delete/"
    form = filled(olga.get(here))
    first, second = olga.post(here, form), olga.post(here, form)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert olga.post(here, {**form, "form_key": str(uuid.uuid4())}).status_code == 404
    assert confirmed(signed_in(world.otto)).post(here, form).status_code == 404


def test_a_connection_is_added_on_the_page_of_the_order(olga: Client, world: World) -> None:
    make_connection(world.team, "of china", ADMIN.client_id, ADMIN.client_secret)
    Connection.objects.filter(name="of china").update(cloud="china")
    other = make_connection(world.team, "other", DEPLOY.client_id, DEPLOY.client_secret)
    page = olga.get(f"{V}connections/")
    assert "of china" not in text_of(page)
    fill_in(olga, f"{V}connections/", connection=str(other.pk))
    assert [each.name for each in Vault.objects.get().connections_in_order] == ["sp-shop-admin", "other"]
    assert "no other connection to this cloud" in text_of(olga.get(f"{V}connections/"))


def test_the_last_connection_stays(olga: Client, world: World) -> None:
    answer = fill_in(olga, f"{V}connections/{world.connection.pk}/remove/")
    assert answer.status_code == 409
    assert "It is the only connection of this vault" in text_of(answer)
    assert last_entry(Action.VAULT_UPDATE).state == "failed"
    assert Vault.objects.get().connections_in_order == [world.connection]


def test_a_deleted_connection_leaves_the_order_unless_it_is_the_only_one(
    olga: Client, world: World, deploy: Connection
) -> None:
    assert "The vaults that it reaches stay" in text_of(olga.get(f"/connections/{deploy.pk}/delete/"))
    fill_in(olga, f"/connections/{deploy.pk}/delete/")
    assert Vault.objects.get().connections_in_order == [world.connection]
    refused = fill_in(olga, f"/connections/{world.connection.pk}/delete/")
    assert refused.status_code == 409
    assert "No other connection reaches this vault" in text_of(refused)
    assert Vault.objects.get().connections_in_order == [world.connection]


def test_a_connection_that_reaches_vaults_keeps_its_cloud(olga: Client, world: World) -> None:
    answer = fill_in(
        olga, f"/connections/{world.connection.pk}/edit/", cloud="china", client_secret=ADMIN.client_secret
    )
    assert "reaches vaults of its present cloud" in text_of(answer)
    assert Connection.objects.get(pk=world.connection.pk).cloud == "local"


def test_a_choice_that_cannot_be_kept_is_used_all_the_same(olga: Client, deploy: Connection) -> None:
    with unwritable("vaults_chosenconnection"):
        page = olga.get(f"{V}secrets/?through={deploy.pk}")
    assert (page.status_code, used(page)) == (200, "sp-shop-deploy")


@pytest.fixture
def former(world: World, deploy: Connection) -> FormerVault:
    return FormerVault.objects.create(slug="kv-shop-prod-0f3c2d", vault=world.vault, connection=deploy)


OLD = "/vaults/kv-shop-prod-0f3c2d/"


@pytest.mark.parametrize("path", ["", "secrets/", "keys/a/versions/b/", "deleted/secrets/x/", "new/secret/"])
def test_an_old_address_leads_to_the_new_one_and_keeps_its_connection(
    path: str, olga: Client, former: FormerVault, deploy: Connection
) -> None:
    assert olga.get(f"{OLD}{path}?sort=name")["Location"] == f"{V}{path}?sort=name&via={deploy.pk}"
    former.vault.reached_through.filter(connection=deploy).delete()
    assert olga.get(f"{OLD}{path}")["Location"] == f"{V}{path}"


def test_a_form_of_an_old_address_still_works(olga: Client, former: FormerVault, emulator: Emulator) -> None:
    emulator.grant("secrets/set", principal=DEPLOY.name, vault="kv-shop-prod")
    answer = olga.post(f"{OLD}new/secret/", {"name": "password", "value": "v", "enabled": "on"})
    assert answer["Location"].startswith(f"{V}secrets/password/")
    assert recorded(Action.SECRET_CREATE) == "sp-shop-deploy"


def test_an_old_address_tells_strangers_nothing(world: World, former: FormerVault) -> None:
    otto = signed_in(world.otto)
    assert (otto.get(OLD).status_code, otto.post(f"{OLD}scan/").status_code) == (404, 404)


def test_an_old_address_is_not_given_to_a_new_vault(olga: Client, world: World, former: FormerVault) -> None:
    FormerVault.objects.update(slug="kv-shop-stage")
    answer = fill_in(olga, "/new/vault/", connection=str(world.connection.pk), name="kv-shop-stage")
    assert answer["Location"].startswith("/vaults/kv-shop-stage-")


def test_two_teams_with_one_host_have_two_vaults(olga: Client, world: World) -> None:
    theirs = make_connection(
        Membership.objects.get(user=world.otto).team, "theirs", ADMIN.client_id, ADMIN.client_secret
    )
    make_vault(theirs, "kv-shop-prod", "kv-shop-prod-12ab34")
    assert olga.get("/vaults/kv-shop-prod-12ab34/").status_code == 404
    assert olga.get("/go/", {"q": "kv-shop-prod"})["Location"] == V


def test_a_vault_that_is_there_already_is_linked(olga: Client, world: World) -> None:
    answer = fill_in(olga, "/new/vault/", connection=str(world.connection.pk), name="KV-SHOP-PROD")
    assert answer.status_code == 422
    main = answer.content.decode().partition("<main")[2]  # the sidebar has a link, too
    assert f'<a class="btn" href="{V}">' in main
