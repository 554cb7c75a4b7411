"""The audit pages: who did what, filtered, one act in full; and the pages' own "by hand"."""

import pytest
from django.test import Client

from tests.browsing import fill_in, text_of
from tests.conftest import World, confirmed, last_entry, signed_in
from tests.signing_in import confirm, sign_in
from vaults.emulator import ADMIN, Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry
from vaults.permissions import Action, Role

V = "/vaults/kv-shop-prod"


def shown(client: Client, query: str = "", show: str = "all") -> list[str]:
    return [entry.action for entry in client.get(f"/audit/?show={show}&{query}").context["page"].object_list]


def test_the_list_names_the_person_behind_each_act(olga: Client, world: World, azure: VaultClient) -> None:
    azure.secrets.set("kept", "hidden")
    olga.get(f"{V}/secrets/")
    confirmed(signed_in(world.rafi)).post(f"{V}/secrets/kept/reveal/", {"version": ""})
    page = text_of(olga.get("/audit/?show=all"))
    people = ("owner@example.com owner", "reader@example.com reader")
    assert all(words in page for words in (*people, "Reveal a secret", "kv-shop-prod", "kept"))
    assert "Rafi Haddad" not in page


def test_one_line_an_act_and_filters(olga: Client, world: World, azure: VaultClient, emulator: Emulator) -> None:
    confirm(olga)
    azure.secrets.set("kept", "hidden")
    olga.get(f"{V}/secrets/kept/")
    olga.get(f"{V}/keys/")
    emulator.deny("keys/list")
    olga.get(f"{V}/keys/")
    assert shown(olga) == ["key.list", "secret.read", "account.confirm"]
    assert shown(olga, "state=denied") == ["key.list"]
    assert shown(olga, "action=secret.read") == ["secret.read"]
    assert shown(olga, "q=kept") == ["secret.read"]
    assert shown(olga, "q=olga+prod") == ["key.list", "secret.read"]
    assert shown(olga, "q=nobody") == []
    assert shown(olga, "since=2999-01-01") == []
    assert shown(olga, "action=drop&since=x&page=9&state=%00") is not None


def test_one_act_in_full(olga: Client, world: World, emulator: Emulator) -> None:
    emulator.deny("secrets/list")
    olga.get(f"{V}/secrets/")
    entry = last_entry(Action.SECRET_LIST)
    page = text_of(olga.get(f"/audit/{entry.event}/"))
    assert all(
        words in page
        for words in ("owner@example.com owner", "sp-shop-admin", ADMIN.client_id, "403", "ForbiddenByPolicy")
    )
    assert entry.azure_request_ids[0] in page


def test_a_refused_post_of_a_role_changes_nothing_and_says_which_role(world: World, emulator: Emulator) -> None:
    viewer = signed_in(world.members[Role.VIEWER])
    for path, role in (
        ("new/secret/", "writer"),
        ("secrets/kept/delete/", "manager"),
        ("secrets/kept/reveal/", "reader"),
    ):
        answer = viewer.post(f"{V}/{path}", {"name": "x", "value": "v"})
        assert answer.status_code == 403
        assert f"This needs the role {role}" in text_of(answer)
    assert emulator.requests == []
    entries = AuditEntry.objects.exclude(state="started").order_by("id")
    assert [(entry.action, entry.state, entry.name, entry.vault_name) for entry in entries] == [
        ("secret.create", "denied", "", "kv-shop-prod"),
        ("secret.delete", "denied", "kept", "kv-shop-prod"),
        ("secret.reveal", "denied", "kept", "kv-shop-prod"),
    ]
    assert {entry.actor_id for entry in entries} == {world.members[Role.VIEWER].pk}


def test_a_refusal_is_recorded_once(world: World) -> None:
    """Some are refused by the page, others by the action: there is one entry of each."""
    manager = signed_in(world.members[Role.MANAGER])
    manager.post(f"/connections/{world.connection.pk}/test/")
    manager.post("/audit/verify/")
    manager.get(f"{V}/edit/")  # a look that is refused is no try
    acts = AuditEntry.objects.exclude(state="started").values_list("action", "state")
    assert sorted(acts) == [("audit.verify", "denied"), ("connection.test", "denied")]


def test_every_page_that_asked_azure_shows_how_by_hand(olga: Client, azure: VaultClient) -> None:
    azure.secrets.set("kept", "the-hidden-value")
    azure.keys.create("signing", kty="EC")
    for path in ("secrets/", "secrets/kept/", "keys/", "keys/signing/", "certificates/", "deleted/", "access/"):
        page = olga.get(f"{V}/{path}").content.decode()
        assert "By hand" in page, path
        assert "Authorization: Bearer {token}" in page, path
        assert "curl --request GET" in page, path
    refused = fill_in(olga, f"{V}/new/secret/", name="kept", value="typed")
    assert "By hand" in text_of(refused)


def test_an_act_that_was_refused_is_not_called_done(world: World) -> None:
    """One name for an act, whatever came of it."""
    sign_in(Client(), world.olga.email, "guess")
    signed_in(world.members[Role.VIEWER]).post(f"{V}/secrets/kept/reveal/", {"version": ""})
    olga = signed_in(world.olga)
    listed = text_of(olga.get("/audit/"))
    reveal = last_entry(Action.SECRET_REVEAL)
    for page in (listed, text_of(olga.get("/")), text_of(olga.get(f"/audit/{reveal.event}/"))):
        assert "Reveal a secret" in page
        assert "Revealed a secret" not in page
    assert "Sign in" in listed
    assert "Signed in" not in listed


def test_the_list_begins_with_changes_and_everything_is_one_press_away(olga: Client, azure: VaultClient) -> None:
    azure.secrets.set("kept", "hidden")
    empty = text_of(olga.get("/audit/"))
    assert "Successful reads, scans and sign-ins are hidden." in empty
    assert "Show everything" in empty
    olga.get(f"{V}/secrets/")
    olga.post(f"{V}/secrets/kept/reveal/", {"version": ""})
    for show in ("", "changes", "drop", "%00"):
        assert shown(olga, show=show) == ["secret.reveal"]
    page = olga.get("/audit/?q=prod&before=999999")
    assert [entry.action for entry in page.context["page"].object_list] == ["secret.reveal"]
    assert 'href="?q=prod&amp;show=all"' in page.content.decode()
    assert shown(olga, "q=prod") == ["secret.read", "secret.reveal", "secret.list"]


def test_what_was_refused_is_among_the_changes(world: World, emulator: Emulator) -> None:
    olga = signed_in(world.olga)
    emulator.deny("keys/list")
    olga.get(f"{V}/keys/")
    sign_in(Client(), world.olga.email, "guess")
    assert shown(olga, show="changes") == ["account.sign_in", "key.list"]


def test_filters_are_called_as_the_columns_are(olga: Client) -> None:
    olga.get(f"{V}/secrets/")
    page = text_of(olga.get("/audit/?show=all"))
    assert "Action" not in page
    assert page.count("Outcome") >= 2
    assert "Nothing matches" in text_of(olga.get("/audit/?show=all&q=nobody"))


def test_who_names_an_act_sees_it(olga: Client, world: World) -> None:
    """Also where its success is no change, so that it is not in the list at first."""
    olga.get("/vaults/kv-shop-prod/secrets/")
    for query in ("action=secret.list", "show=changes&action=secret.list"):
        page = olga.get(f"/audit/?{query}")
        assert [entry.action for entry in page.context["page"].object_list] == ["secret.list"]
        assert not page.context["changes_only"]


@pytest.mark.parametrize("edge", ["until=9999-12-31", "since=9999-12-31", "until=0001-01-01", "since=0001-01-01"])
def test_the_first_and_the_last_day_of_all_are_days(edge: str, olga: Client) -> None:
    assert olga.get(f"/audit/?{edge}&show=all").status_code == 200


def swapped(client: Client, query: str) -> str:
    return client.get(f"/audit/?{query}", headers={"HX-Request": "true", "HX-Target": "results"}).content.decode()


def test_a_row_unfolds_in_its_list(olga: Client, emulator: Emulator) -> None:
    emulator.deny("keys/list")
    olga.get(f"{V}/keys/")
    entry = last_entry(Action.KEY_LIST)
    folded = olga.get("/audit/").content.decode()
    assert f'href="?event={entry.event}"' in folded
    assert "AZKVAuditLogs" not in folded
    for page in (olga.get(f"/audit/?event={entry.event}").content.decode(), swapped(olga, f"event={entry.event}")):
        assert page.count('aria-expanded="true"') == 1
        assert "403 Forbidden ForbiddenByPolicy" in page
        assert entry.azure_request_ids[0] in page
        assert f"&quot;{entry.event}&quot;" in page.partition("| where CorrelationId ==")[2]
        assert f'href="/audit/{entry.event}/"' in page


@pytest.mark.parametrize("event", ["", "%00", "x", "0a1b2c3d-0000-4000-8000-000000000000"])
def test_no_row_unfolds_for_an_event_that_is_not_on_the_page(event: str, olga: Client) -> None:
    olga.post("/audit/verify/")
    page = olga.get(f"/audit/?event={event}")
    assert page.status_code == 200
    assert 'aria-expanded="true"' not in page.content.decode()


def test_an_act_without_a_request_to_azure_is_not_looked_for_in_its_log(olga: Client) -> None:
    olga.post("/audit/verify/")
    event = last_entry(Action.AUDIT_VERIFY).event
    for page in (olga.get(f"/audit/?event={event}"), olga.get(f"/audit/{event}/")):
        assert "Verify the audit trail" in text_of(page)
        assert "AZKVAuditLogs" not in text_of(page)


def test_filters_that_are_often_wanted_are_offered(world: World, azure: VaultClient, emulator: Emulator) -> None:
    olga = signed_in(world.olga)
    confirm(olga)
    azure.secrets.set("kept", "hidden")
    fill_in(olga, f"{V}/secrets/kept/delete/")
    signed_in(world.members[Role.VIEWER]).post(f"{V}/secrets/kept/reveal/", {"version": ""})
    emulator.throttle(9, retry_after="60", path="/keys")
    olga.get(f"{V}/keys/")
    page = olga.get("/audit/").content.decode()
    for query, actions in (
        ("action=readings", ["secret.reveal"]),
        ("action=deletions", ["secret.delete"]),
        ("state=denied", ["secret.reveal"]),
        ("state=failed", ["key.list"]),
    ):
        assert f'href="?{query}"' in page
        assert shown(olga, query) == actions
        assert 'aria-current="true"' in swapped(olga, query).partition('id="offered"')[2]


def test_the_acts_on_one_item_and_on_one_vault(olga: Client, world: World, azure: VaultClient) -> None:
    for name in ("kept", "kept-too"):
        azure.secrets.set(name, "hidden")
        olga.get(f"{V}/secrets/{name}/")
    azure.keys.create("kept", kty="EC")
    olga.get(f"{V}/keys/kept/")
    olga.get(f"{V}/secrets/KEPT/")
    olga.post("/audit/verify/")
    one = "vault=kv-shop-prod&kind=secret&name=Kept"
    listed = olga.get(f"/audit/?show=all&{one}")
    assert [entry.name for entry in listed.context["page"].object_list] == ["kept"]
    assert "Show everything, not only kv-shop-prod secret Kept" in text_of(listed)
    assert shown(olga, "vault=kv-shop-prod") == ["key.read", "secret.read", "secret.read"]
    assert shown(olga, "vault=no-such-vault") == []


def test_a_vault_that_was_removed_and_added_again_has_its_acts_before(olga: Client, world: World) -> None:
    olga.get(f"{V}/keys/")
    fill_in(olga, f"{V}/remove/")
    fill_in(olga, "/new/vault/", name="kv-shop-prod", connection=str(world.connection.pk))
    assert "key.list" in shown(olga, "vault=kv-shop-prod")


def test_another_teams_vault_is_no_filter(olga: Client, world: World) -> None:
    signed_in(world.otto).get("/vaults/kv-other/secrets/")
    assert shown(olga, "vault=kv-other") == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("action=drop", "drop is not one of the available choices"),
        ("state=drop", "drop is not one of the available choices"),
        ("since=x", "Enter a valid date"),
        ("kind=drop", "Not filtered by Kind"),
        ("vault=%00", "Not filtered by Vault"),
        ("name=%00&kind=drop", "Not filtered by Kind, Name"),
    ],
)
def test_a_filter_that_can_not_be_used_is_named(query: str, said: str, olga: Client) -> None:
    assert said in text_of(olga.get(f"/audit/?{query}"))
    assert "Not filtered by" not in text_of(olga.get("/audit/?show=&q=&action=&state=&since="))
