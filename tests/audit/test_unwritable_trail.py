"""While the audit trail can't be written: no act is begun, and no page and no value is handed out without its record."""

from typing import Any

import pytest
from django.test import Client

from tests.audit.unwritable import OUTCOME, START, refusing
from tests.browsing import fill_in, filled, main_form, text_of
from tests.conftest import World, say, vault_calls
from vaults.audit import verification
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry
from vaults.permissions import Action

pytestmark = pytest.mark.slow

V = "/vaults/kv-shop-prod"
TITLE = "The audit trail can't be written"


@pytest.fixture
def stock(azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("kept", "the-hidden-value")
    azure.keys.create("signing", kty="EC")
    azure.secrets.set("gone", "the-hidden-value")
    azure.secrets.delete("gone")
    emulator.requests.clear()


READS = [f"{V}/{path}" for path in ("secrets/", "secrets/kept/", "keys/", "keys/signing/", "deleted/", "access/")]


def test_nothing_is_sent_without_its_start(olga: Client, world: World, stock: None, emulator: Emulator) -> None:
    form = main_form(olga.get(f"{V}/new/secret/")).fields
    delete = main_form(olga.get(f"{V}/secrets/kept/delete/")).fields
    purge = main_form(olga.get(f"{V}/deleted/secrets/gone/purge/")).fields
    recover = main_form(olga.get(f"{V}/deleted/secrets/gone/recover/")).fields
    vault_calls(emulator)
    with refusing(START):
        answers = [
            olga.post(f"{V}/new/secret/", {**form, "name": "fresh", "value": "typed"}),
            olga.post(f"{V}/secrets/kept/reveal/", {"version": ""}),
            olga.post(f"{V}/secrets/kept/delete/", delete),
            olga.post(f"{V}/deleted/secrets/gone/purge/", {**purge, "confirm_name": "gone"}),
            olga.post(f"{V}/deleted/secrets/gone/recover/", recover),
            olga.post(f"/connections/{world.connection.pk}/test/"),
        ]
    assert [TITLE in text_of(answer) for answer in answers] == [True] * len(answers)
    assert {answer.status_code for answer in answers} == {503}
    sent = emulator.requests
    say(f"acts without a record: {len(answers)}, sent to Azure: {len(sent)}")
    assert sent == []


def test_no_page_of_a_look_is_handed_out_without_its_entry(olga: Client, stock: None) -> None:
    with refusing(START):
        answers = [olga.get(address) for address in READS]
    assert [TITLE in text_of(answer) for answer in answers] == [True] * len(answers)
    assert {answer.status_code for answer in answers} == {503}
    assert not any(b"kept" in answer.content for answer in answers[::2])
    assert AuditEntry.objects.count() == 0


def test_what_a_look_could_not_read_is_kept_back_without_its_outcome(
    olga: Client, stock: None, emulator: Emulator
) -> None:
    emulator.deny("keys/list")
    with refusing(OUTCOME):
        assert TITLE in text_of(olga.get(f"{V}/keys/signing/"))


def test_a_page_that_cannot_be_recorded_asks_to_come_back(olga: Client, stock: None) -> None:
    with refusing(START):
        answer = olga.get(f"{V}/secrets/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_a_value_is_kept_back_without_its_outcome(olga: Client, stock: None, emulator: Emulator) -> None:
    with refusing(OUTCOME):
        answer = olga.post(f"{V}/secrets/kept/reveal/", {"version": ""}, headers={"HX-Request": "true"})
    assert vault_calls(emulator) == [("GET", "/secrets/kept")]  # it was read, but not handed out
    assert b"the-hidden-value" not in answer.content
    assert TITLE in text_of(answer)
    assert AuditEntry.objects.latest("id").state == "started"  # which is shown as news
    assert "started" in text_of(olga.get("/audit/")).lower()


def test_typed_input_survives(olga: Client, stock: None) -> None:
    with refusing(START):
        answer = fill_in(olga, f"{V}/new/secret/", name="fresh", value="typed", tags="owner=shop")
    kept = main_form(answer).fields
    assert (kept["name"], kept["value"], kept["tags"]) == (["fresh"], ["typed"], ["owner=shop"])


def test_it_goes_on_when_the_database_does(olga: Client, stock: None) -> None:
    with refusing(START):
        olga.get(f"{V}/secrets/")
    assert olga.get(f"{V}/secrets/").status_code == 200
    assert verification.verify().broken is None


def test_connections_members_and_vaults_need_their_record_too(olga: Client, world: World) -> None:
    with refusing(START):
        edit = fill_in(olga, f"/connections/{world.connection.pk}/edit/", name="renamed")
        remove = fill_in(olga, f"{V}/remove/")
        invite = olga.post("/team/invite/", {"email": "new@example.com", "role": "viewer"})
    world.connection.refresh_from_db()
    assert world.connection.name == "sp-shop-admin"
    assert [answer.status_code for answer in (edit, remove, invite)] == [503, 503, 503]
    kept = edit.content.decode()
    assert 'value="renamed"' in kept
    assert "The audit trail can&#x27;t be written" in kept


DELETE = f"{V}/secrets/kept/delete/"

CHANGES: dict[Action, tuple[str, dict[str, Any]]] = {
    Action.SECRET_CREATE: (f"{V}/new/secret/", {"name": "fresh", "value": "typed"}),
    Action.SECRET_UPDATE: (f"{V}/secrets/kept/edit/", {"content_type": "text/plain"}),
    Action.SECRET_DELETE: (DELETE, {}),
    Action.SECRET_RECOVER: (f"{V}/deleted/secrets/gone/recover/", {}),
    Action.SECRET_PURGE: (f"{V}/deleted/secrets/gone/purge/", {"confirm_name": "gone"}),
    Action.KEY_NEW_VERSION: (f"{V}/keys/signing/new-version/", {}),
    Action.CERTIFICATE_CREATE: (f"{V}/new/certificate/", {"name": "fresh", "subject": "CN=shop.example"}),
    Action.VAULT_UPDATE: (f"{V}/edit/", {"production": "on"}),
    Action.VAULT_REMOVE: (f"{V}/remove/", {}),
}


@pytest.mark.sweep
@pytest.mark.parametrize("action", CHANGES)
def test_a_change_without_its_outcome_is_told_as_done(action: Action, olga: Client, stock: None) -> None:
    """It was: to say anything else would have it done twice. The open entry is shown, and settled later."""
    address, typed = CHANGES[action]
    form = filled(olga.get(address), **typed)
    with refusing(OUTCOME):
        answer = olga.post(address, form)
    assert answer.status_code == 302
    assert AuditEntry.objects.filter(action=action).latest("id").state == "started"


def test_a_stored_connection_is_told_as_stored(olga: Client, world: World) -> None:
    with refusing(OUTCOME):
        answer = fill_in(olga, f"/connections/{world.connection.pk}/edit/", name="renamed")
    assert answer.status_code == 302
    world.connection.refresh_from_db()
    assert world.connection.name == "renamed"
    assert AuditEntry.objects.latest("id").state == "started"


def test_the_link_of_an_invitation_is_kept_back_without_its_outcome(olga: Client) -> None:
    with refusing(OUTCOME):
        answer = olga.post("/team/invite/", {"email": "new@example.com", "role": "viewer"})
    assert answer.status_code == 503
    assert "/join/" not in answer.content.decode()


def test_what_azure_refused_is_told_also_without_its_outcome(olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.deny("secrets/delete")
    form = filled(olga.get(DELETE))
    with refusing(OUTCOME):
        refused = olga.post(DELETE, form)
    assert "secrets/delete is missing" in text_of(refused)


def test_a_lost_answer_is_told_also_without_its_outcome(olga: Client, stock: None, emulator: Emulator) -> None:
    form = filled(olga.get(DELETE))
    emulator.lose_answer(times=9, method="DELETE")
    with refusing(OUTCOME):
        lost = olga.post(DELETE, form)
    assert "may have been carried out all the same" in text_of(lost)


def test_the_page_of_a_deletion_waits_also_without_its_outcome(olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.service.settle_seconds = 60
    form = filled(olga.get(DELETE))
    with refusing(OUTCOME):
        answer = olga.post(DELETE, form)
    assert olga.get(answer["Location"]).status_code == 200
