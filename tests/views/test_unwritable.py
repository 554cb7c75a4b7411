"""Tables that can't be written after Azure has done what was asked: the answer still tells what was done."""

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client

from tests.browsing import filled, main_form, text_of
from tests.conftest import PASSWORD, World, confirmed, signed_in, unwritable, vault_calls
from tests.triggers import trigger
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient

V = "/vaults/kv-shop-prod"
NEW = f"{V}/new/secret/"


def test_a_form_whose_end_cannot_be_noted_leads_on(olga: Client, emulator: Emulator) -> None:
    sent = filled(olga.get(NEW), name="fresh", value="typed")
    with unwritable("vaults_submission", "UPDATE", "DELETE"):
        first = olga.post(NEW, sent)
    second = olga.post(NEW, sent)
    assert (first.status_code, first["Location"]) == (302, f"{V}/secrets/fresh/")
    assert second.status_code == 409
    assert [call for call in vault_calls(emulator) if call[0] == "PUT"] == [("PUT", "/secrets/fresh")]


def test_a_refusal_whose_key_cannot_be_freed_is_still_told(olga: Client, emulator: Emulator) -> None:
    emulator.deny("secrets/set")
    sent = filled(olga.get(NEW), name="fresh", value="typed")
    with unwritable("vaults_submission", "UPDATE", "DELETE"):
        answer = olga.post(NEW, sent)
    assert "secrets/set is missing" in text_of(answer)


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("address", "typed"),
    [
        (NEW, {"name": "fresh", "value": "the-hidden-value"}),
        (f"{V}/secrets/kept/edit/", {"content_type": "text/plain"}),
        (f"{V}/secrets/kept/new-version/", {"value": "the-hidden-value"}),
        (f"{V}/secrets/kept/delete/", {}),
        ("/new/vault/", {"name": "kv-fresh"}),
    ],
)
def test_a_form_that_cannot_be_noted_comes_back_and_does_nothing(
    address: str, typed: dict[str, str], olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("kept", "v")
    sent = filled(olga.get(address), **typed)
    vault_calls(emulator)
    with unwritable("vaults_submission", "INSERT"):
        answer = olga.post(address, sent)
    assert answer.status_code == 503
    assert "The database can't be written" in text_of(answer)
    assert {method for method, _ in vault_calls(emulator)} <= {"GET"}
    shown = main_form(answer).fields
    assert {name: shown.get(name) for name in typed} == {name: [text] for name, text in typed.items()}


def test_a_form_of_somebody_who_was_removed_meanwhile_ends(file_world: World) -> None:
    browser = confirmed(signed_in(file_world.olga))
    sent = filled(browser.get(NEW), name="fresh", value="v")
    with trigger("removed", "AFTER INSERT", "vaults_submission", "DELETE FROM vaults_user"):
        assert browser.post(NEW, sent).status_code == 503


def test_a_message_that_cannot_be_kept_costs_no_answer(olga: Client) -> None:
    sent = filled(olga.get(NEW), name="fresh", value="typed")
    with unwritable("django_session", "UPDATE"):
        answer = olga.post(NEW, sent)
    assert (answer.status_code, answer["Location"]) == (302, f"{V}/secrets/fresh/")


def test_a_session_that_ended_meanwhile_costs_no_answer_and_stays_ended(olga: Client, azure: VaultClient) -> None:
    """Signed out in another window while the secret was on its way."""
    sent = filled(olga.get(NEW), name="fresh", value="typed")
    created = "NEW.action = 'secret.create'"
    with trigger("signed_out", "AFTER INSERT", "vaults_auditentry", "DELETE FROM django_session", created):
        answer = olga.post(NEW, sent)
    assert answer.status_code == 302
    assert len(azure.secrets.versions("fresh")) == 1
    assert not Session.objects.exists()
    assert olga.get(f"{V}/secrets/")["Location"].startswith("/account/login/")


def test_nobody_is_signed_in_by_a_session_that_cannot_be_saved(world: World) -> None:
    browser = Client(raise_request_exception=False)
    with unwritable("django_session", "UPDATE"):
        browser.post("/account/login/", {"login": world.olga.email, "password": PASSWORD})
    assert SESSION_KEY not in browser.session


def test_the_result_of_a_test_is_shown_where_it_cannot_be_kept(olga: Client, world: World) -> None:
    with unwritable("vaults_connection", "UPDATE"):
        answer = olga.post(f"/connections/{world.connection.pk}/test/")
    assert answer.status_code == 200
    assert "1 of 1 vaults could be listed" in text_of(answer)
