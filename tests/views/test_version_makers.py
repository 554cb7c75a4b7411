"""Who made which version, beside it in the list of versions."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.browsing import fill_in, text_of, timeline
from tests.conftest import World, last_entry, signed_in
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry
from vaults.permissions import Action, Role
from vaults.templatetags.kvportal import short_id

V = "/vaults/kv-shop-prod"
SECRET = f"{V}/secrets/api/"
CANT = "A single version can't be deleted in Key Vault: disable it instead."


def new_version(client: Client, emulator: Emulator) -> str:
    emulator.clock.advance(3)
    assert fill_in(client, f"{SECRET}new-version/", value="v").status_code == 302
    return last_entry(Action.SECRET_NEW_VERSION).version


def test_the_person_and_the_act_stand_beside_each_version_made_here(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    assert fill_in(olga, f"{V}/new/secret/", name="api", value="v").status_code == 302
    writer = world.members[Role.WRITER]
    new_version(signed_in(writer), emulator)
    emulator.clock.advance(3)
    azure.secrets.set("api", "by another tool")
    elsewhere, second, first = timeline(olga.get(SECRET))
    assert f"{writer.email} writer · {Action.SECRET_NEW_VERSION.label}" in second
    assert f"{world.olga.email} owner · {Action.SECRET_CREATE.label}" in first
    assert "@" not in elsewhere
    assert CANT in text_of(olga.get(SECRET))


def test_a_roll_back_names_the_earlier_version(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    origin = azure.secrets.set("api", "old").version
    new_version(olga, emulator)
    emulator.clock.advance(3)
    assert fill_in(olga, f"{SECRET}versions/{origin}/roll-back/").status_code == 302
    newest, second, _ = timeline(olga.get(SECRET))
    assert f"rolled back to {short_id(origin)}" in newest
    assert "rolled back" not in second


@pytest.mark.parametrize("origin", ["x/../y", "<b>", "", 7, None])
def test_an_entry_that_was_changed_breaks_no_page(
    olga: Client, emulator: Emulator, azure: VaultClient, origin: object
) -> None:
    azure.secrets.set("api", "old")
    new_version(olga, emulator)
    entry = last_entry(Action.SECRET_NEW_VERSION)
    AuditEntry.objects.filter(pk=entry.pk).update(detail={**entry.detail, "origin": origin})
    page = olga.get(SECRET)
    assert page.status_code == 200
    assert "rolled back" not in text_of(page)


def test_a_failed_act_made_nothing(olga: Client, emulator: Emulator, azure: VaultClient) -> None:
    azure.secrets.set("api", "old")
    emulator.deny("secrets/set")
    assert fill_in(olga, f"{SECRET}new-version/", value="v").status_code == 403
    assert "@" not in " ".join(timeline(olga.get(SECRET)))


def test_keys_have_it_too(olga: Client, world: World, emulator: Emulator) -> None:
    assert fill_in(olga, f"{V}/new/key/", name="api", kty="RSA").status_code == 302
    emulator.clock.advance(3)
    page = olga.get(f"{V}/keys/api/")
    assert f"{world.olga.email} owner · {Action.KEY_CREATE.label}" in timeline(page)[0]
    assert CANT in text_of(page)


def test_another_teams_person_is_not_named(olga: Client, world: World, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("api", "old")
    new_version(olga, emulator)
    AuditEntry.objects.filter(action=Action.SECRET_NEW_VERSION).update(team_id=world.vault.pk)
    assert "@" not in " ".join(timeline(olga.get(SECRET)))


def test_a_page_takes_as_many_queries_however_many_versions_there_are(
    olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("api", "old")
    counts = []
    for made in (1, 4):
        for _ in range(made):
            new_version(olga, emulator)
        olga.get(SECRET)
        with CaptureQueriesContext(connection) as captured:
            olga.get(SECRET)
        counts.append(len(captured))
        making = [query["sql"] for query in captured if "new_version" in query["sql"]]
        assert len(making) == 1
    assert counts[0] == counts[1]
