"""Connections: stored, kept, tested, changed, deleted; a credential goes in and never comes out."""

from typing import Any

import pytest
from django.test import Client

from tests.actions.acts import entries
from tests.browsing import fill_in, filled, main_form, text_of
from tests.conftest import World, confirmed, last_entry, make_vault
from vaults import access
from vaults.actions import connections, vaults
from vaults.actions.connections import Credential
from vaults.actors import Person
from vaults.emulator import ADMIN, DEPLOY, TENANT_ID, Emulator
from vaults.emulator.state.policies import EVERYTHING
from vaults.forms.connections import MASK
from vaults.models import AuditEntry, Connection, Vault
from vaults.permissions import Action, Role, RoleMissing
from vaults.problems.titles import title_of

pytestmark = pytest.mark.slow

FIELDS = {
    "name": "second",
    "cloud": "local",
    "tenant_id": TENANT_ID,
    "client_id": DEPLOY.client_id,
    "client_secret": DEPLOY.client_secret,
    "api_version": "7.0",
}


def edit(olga: Client, world: World, **typed: Any) -> Any:
    return fill_in(olga, f"/connections/{world.connection.pk}/edit/", **typed)


def press_test(olga: Client, world: World) -> str:
    return text_of(olga.post(f"/connections/{world.connection.pk}/test/"))


def add_vaults(world: World, emulator: Emulator, count: int) -> None:
    for number in range(count):
        name = f"kv-many-{number:02}"
        emulator.add_vault(name)
        emulator.set_permissions(name, ADMIN.object_id, EVERYTHING)
        make_vault(connection=world.connection, name=name, slug=name)


def token_requests(emulator: Emulator) -> list[Any]:
    return [each for each in emulator.requests if each.path.endswith("/oauth2/v2.0/token")]


def test_store_and_test_as_the_scenario_says(olga: Client, world: World, emulator: Emulator) -> None:
    answer = fill_in(olga, "/new/connection/", **FIELDS)
    assert answer.status_code == 302
    stored = Connection.objects.get(name="second")
    assert (stored.client_secret(), stored.api_version) == (DEPLOY.client_secret, "7.0")
    assert last_entry(Action.CONNECTION_CREATE).state == "succeeded"
    fill_in(olga, "/new/vault/", connection=str(stored.pk), name="kv-shop-prod")
    emulator.requests.clear()
    assert "A token was issued; 1 of 1 vaults could be listed." in text_of(olga.post(f"{answer['Location']}test/"))
    [token] = token_requests(emulator)
    assert token.path == f"/{TENANT_ID}/oauth2/v2.0/token"
    assert (token.body["client_id"], token.body["scope"]) == (DEPLOY.client_id, "https://vault.azure.net/.default")
    [listing] = [each for each in emulator.requests if each.host == "kv-shop-prod.vault.test"]
    assert (listing.method, listing.path, listing.query) == ("GET", "/secrets", {"api-version": "7.0"})
    assert listing.headers["x-ms-client-request-id"] == str(last_entry(Action.CONNECTION_TEST).event)


@pytest.mark.sweep
@pytest.mark.parametrize(
    "around", ["{}", '"{}"', "{{{}}}", "<{}>,", "\ufeff{}\u200b", "\u202a{}\u202c", "`{}`.", "\u00a0({})", "“{}”"]
)
def test_ids_are_taken_out_of_what_stands_around_them(around: str, olga: Client, world: World) -> None:
    for tenant in (TENANT_ID, "shop.example"):
        typed = {"tenant_id": around.format(tenant), "client_id": around.format(DEPLOY.client_id), "client_secret": "s"}
        assert edit(olga, world, **typed).status_code == 302
        kept = Connection.objects.get(pk=world.connection.pk)
        assert (kept.tenant_id, kept.client_id) == (tenant, DEPLOY.client_id)


def test_the_secret_is_never_shown_again(olga: Client, world: World) -> None:
    pages = [f"/connections/{world.connection.pk}/{page}" for page in ("", "edit/")] + ["/connections/"]
    assert not [page for page in pages if ADMIN.client_secret in olga.get(page).content.decode()]


@pytest.mark.parametrize("typed", ["", MASK, "************", "   "])
def test_an_empty_field_or_the_mask_keeps_the_secret(typed: str, olga: Client, world: World) -> None:
    assert edit(olga, world, name="renamed", client_secret=typed).status_code == 302
    kept = Connection.objects.get(pk=world.connection.pk)
    assert (kept.name, kept.client_secret()) == ("renamed", ADMIN.client_secret)


def test_a_refused_form_does_not_send_the_secret_back(olga: Client, world: World) -> None:
    answer = edit(olga, world, tenant_id="../common", client_secret="typed-a-secret")
    assert answer.status_code == 422
    assert "A tenant ID is a GUID" in text_of(answer)
    assert main_form(answer).fields["tenant_id"] == ["../common"]
    assert b"typed-a-secret" not in answer.content


def test_a_changed_secret_never_meets_the_old_token(olga: Client, world: World, emulator: Emulator) -> None:
    assert olga.get("/vaults/kv-shop-prod/secrets/").status_code == 200
    edit(olga, world, client_secret="wrong")
    emulator.requests.clear()
    refused = olga.get("/vaults/kv-shop-prod/secrets/")
    assert "The client secret is wrong" in text_of(refused)
    assert len(token_requests(emulator)) == 1
    assert not [each for each in emulator.requests if each.host == "kv-shop-prod.vault.test"]


def test_a_test_asks_for_a_token_of_its_own(olga: Client, world: World, emulator: Emulator) -> None:
    olga.get("/vaults/kv-shop-prod/secrets/")
    emulator.requests.clear()
    press_test(olga, world)
    assert len(token_requests(emulator)) == 1


SENTENCES: dict[str, tuple[dict[str, str], str]] = {
    "wrong secret": ({"client_secret": "wrong"}, "The client secret is wrong"),
    "expired secret": ({"client_secret": "of-last-year"}, "The client secret has expired"),
    "unknown tenant": ({"tenant_id": "99999999-0000-4000-8000-000000000001"}, "There is no such tenant"),
    "unknown application": (
        {"client_id": "99999999-0000-4000-8000-000000000002"},
        "The tenant does not know this application",
    ),
}


@pytest.mark.parametrize("case", SENTENCES)
def test_each_mistake_gets_its_own_sentence(case: str, olga: Client, world: World, emulator: Emulator) -> None:
    typed, sentence = SENTENCES[case]
    emulator.add_client_secret(ADMIN.client_id, "of-last-year", days=-1)
    edit(olga, world, **{"client_secret": ADMIN.client_secret, **typed})
    shown = press_test(olga, world)
    assert sentence in shown
    assert "AADSTS" in shown
    entry = last_entry(Action.CONNECTION_TEST)
    assert (entry.state, title_of(entry.detail["result"], entry.detail["facts"])) == ("denied", sentence)


def test_an_unreachable_sign_in_service_is_said(olga: Client, world: World, emulator: Emulator) -> None:
    emulator.lose_request(times=5, host="login.test")
    assert "The sign-in service can't be reached" in press_test(olga, world)
    assert last_entry(Action.CONNECTION_TEST).state == "failed"


def test_a_vault_that_does_not_answer_is_said(olga: Client, world: World, emulator: Emulator, sick_vault: Any) -> None:
    emulator.fail(9, 503, retry_after="60", host=sick_vault.name)
    page = olga.post(f"/connections/{world.connection.pk}/test/")
    assert f"{sick_vault.name}: Key Vault returned a server error" in text_of(page)
    assert (
        title_of(page.context["result"].code, page.context["result"].facts)
        == "A token was issued; 1 of 2 vaults could be listed."
    )
    assert last_entry(Action.CONNECTION_TEST).state == "failed"


@pytest.mark.parametrize(
    ("count", "said"),
    [(40, "40 of 40 vaults could be listed."), (60, "48 of 48 vaults could be listed. The other 12 were not tried.")],
)
def test_all_vaults_are_counted(count: int, said: str, olga: Client, world: World, emulator: Emulator) -> None:
    add_vaults(world, emulator, count - 1)
    assert f"A token was issued; {said}" in press_test(olga, world)


def test_what_could_be_listed_is_said_beside_what_could_not(olga: Client, world: World, emulator: Emulator) -> None:
    add_vaults(world, emulator, 2)
    emulator.set_permissions("kv-many-01", ADMIN.object_id, {})
    words = press_test(olga, world)
    assert "2 of 3 vaults could be listed." in words
    assert "kv-many-01: Azure refused" in words


def test_the_result_in_the_list_has_its_age(olga: Client, world: World) -> None:
    assert "just now" not in text_of(olga.get("/connections/"))
    press_test(olga, world)
    assert "just now" in text_of(olga.get("/connections/"))


def test_the_roles_and_the_record(world: World) -> None:
    manager = world.members[Role.MANAGER]
    for act in (
        lambda: connections.update_connection(Person(manager), world.connection, Credential()),
        lambda: connections.delete_connection(Person(manager), world.connection),
        lambda: connections.test_connection(Person(manager), world.connection),
    ):
        with pytest.raises(RoleMissing):
            act()
        assert [entry.state for entry in entries()] == ["started", "denied"]


def test_a_connection_with_vaults_is_kept(olga: Client, world: World) -> None:
    with pytest.raises(vaults.LastConnection):
        connections.delete_connection(Person(world.olga), world.connection)
    answer = fill_in(olga, f"/connections/{world.connection.pk}/delete/")
    assert "The connection still has vaults" in text_of(answer)
    world.vault.delete()
    fill_in(olga, f"/connections/{world.connection.pk}/delete/")
    assert not Connection.objects.filter(pk=world.connection.pk).exists()
    assert AuditEntry.objects.filter(action=Action.CONNECTION_DELETE, state="succeeded").exists()


def test_two_owners_editing_at_once(olga: Client, world: World) -> None:
    address = f"/connections/{world.connection.pk}/edit/"
    opened = main_form(olga.get(address)).fields
    edit(olga, world, name="changed by another owner")
    answer: Any = olga.post(address, {**opened, "name": "mine", "form_key": ""})
    assert answer.status_code == 422
    assert "Somebody else changed this connection after you opened it" in text_of(answer)
    again = main_form(answer).fields
    assert again["name"] == ["mine"]
    assert olga.post(address, again).status_code == 302  # seen, and gone on all the same
    assert Connection.objects.get(pk=world.connection.pk).name == "mine"


def test_a_refused_change_is_recorded_under_the_stored_name(olga: Client, world: World) -> None:
    stored = world.connection.name, world.connection.client_id
    page = olga.get(f"/connections/{world.connection.pk}/edit/")
    Connection.objects.update(revision=7)
    sent = filled(page, name="other", client_id=DEPLOY.client_id, client_secret="typed")
    assert confirmed(olga).post(f"/connections/{world.connection.pk}/edit/", sent).status_code == 422
    recorded = AuditEntry.objects.filter(action=Action.CONNECTION_UPDATE)
    assert recorded.filter(state="failed").exists()
    assert {(entry.connection_name, entry.client_id) for entry in recorded} == {stored}


def test_what_somebody_else_has_removed_is_not_removed_again(world: World) -> None:
    person, connection = Person(world.olga), Connection.objects.get()
    vault = access.vault_for(person, "kv-shop-prod")
    vaults.remove_vault(person, Vault.objects.get())
    with pytest.raises(vaults.VaultGone):
        vaults.remove_vault(person, vault)
    connections.delete_connection(person, Connection.objects.get())
    with pytest.raises(connections.ConnectionGone):
        connections.delete_connection(person, connection)
    ended = AuditEntry.objects.exclude(state="started").order_by("id")
    assert [entry.state for entry in ended] == ["succeeded", "failed"] * 2
