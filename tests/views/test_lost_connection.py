"""What was typed comes back if its form can't be done any more: the connection, the vault or the right is gone."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.forms import PasswordInput
from django.forms.forms import BaseForm
from django.test import Client, RequestFactory
from django.views.decorators.debug import sensitive_post_parameters

from tests.browsing import filled, main_form, text_of
from tests.conftest import World, last_entry, make_connection, signed_in, vault_calls
from vaults.emulator import DEPLOY, Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry, Connection, Membership
from vaults.permissions import Action, Role
from vaults.views.connections import SENSITIVE
from vaults.web.kept_input import typed_in

V = "/vaults/kv-shop-prod/"
NOTICE = "The vault is not reached through this connection"


@pytest.fixture
def deploy(world: World) -> Connection:
    return second(world, "sp-shop-deploy")


def second(world: World, name: str) -> Connection:
    connection = make_connection(world.team, name, DEPLOY.client_id, DEPLOY.client_secret)
    world.vault.reached_through.create(connection=connection, position=world.vault.reached_through.count())
    return connection


FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "new secret": ("new/secret/", {"name": "fresh", "value": "typed value", "content_type": "text/typed"}),
    "bad name": ("new/secret/", {"name": "bad name", "value": "typed value", "content_type": "text/typed"}),
    "secret version": ("secrets/kept/new-version/", {"value": "typed value", "content_type": "text/typed"}),
    "secret edit": ("secrets/kept/edit/", {"content_type": "text/typed"}),
    "new key": ("new/key/", {"name": "fresh", "kty": "EC", "crv": "P-384"}),
    "key version": ("keys/kept/new-version/", {"expires_on": "2031-01-01T00:00"}),
    "key edit": ("keys/kept/edit/", {"expires_on": "2031-01-01T00:00"}),
    "new certificate": ("new/certificate/", {"name": "fresh", "subject": "CN=typed.example"}),
    "vault edit": ("edit/", {"production": "on"}),
    "purge": ("deleted/secrets/gone/purge/", {"confirm_name": "gone"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_whose_connection_was_taken_away_comes_back(
    form: str, olga: Client, world: World, azure: VaultClient, emulator: Emulator, deploy: Connection
) -> None:
    azure.secrets.set("kept", "v")
    azure.keys.create("kept", kty="EC")
    azure.secrets.set("gone", "v")
    azure.secrets.delete("gone")
    emulator.clock.advance(60)
    path, typed = FORMS[form]
    sent = filled(olga.get(f"{V}{path}?through={deploy.pk}"), **typed)
    world.vault.reached_through.filter(connection=deploy).delete()
    emulator.requests.clear()
    AuditEntry.objects.all().delete()
    answer = olga.post(f"{V}{path}", sent)
    assert answer.status_code == 404
    assert [call for call in vault_calls(emulator) if call[0] != "GET"] == []
    assert NOTICE in text_of(answer)
    assert "it then goes through sp-shop-admin" in text_of(answer)
    came_back = main_form(answer).fields
    assert {name: came_back[name][-1] for name in typed} == typed
    assert came_back["through"] == [str(world.connection.pk)]
    if form != "bad name":
        assert olga.post(f"{V}{path}", came_back).status_code == 302
        assert last_entry(Action(AuditEntry.objects.latest("id").action)).connection_name == "sp-shop-admin"


def test_the_other_connections_are_offered(olga: Client, world: World, deploy: Connection) -> None:
    third = second(world, "third")
    sent = filled(olga.get(f"{V}new/secret/?through={deploy.pk}"), name="fresh", value="typed value")
    world.vault.reached_through.filter(connection=deploy).delete()
    deploy.delete()
    answer = olga.post(f"{V}new/secret/", sent)
    page = answer.content.decode()
    assert "Choose a connection below" in text_of(answer)
    for way in (world.connection, third):
        assert f'<option value="{way.pk}"' in page
    again = {**filled(answer), "through": str(third.pk)}
    assert olga.post(f"{V}new/secret/", again).status_code == 403  # that one may not set secrets
    assert last_entry(Action.SECRET_CREATE).connection_name == "third"


def test_nothing_is_revealed_through_another_connection(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator, deploy: Connection
) -> None:
    azure.secrets.set("kept", "hidden value")
    world.vault.reached_through.filter(connection=deploy).delete()
    emulator.requests.clear()
    answer = olga.post(f"{V}secrets/kept/reveal/", {"version": "", "through": str(deploy.pk)})
    assert (answer.status_code, vault_calls(emulator)) == (404, [])
    assert "hidden value" not in text_of(answer)
    late = signed_in(world.olga)
    answer = late.post(f"{V}secrets/kept/reveal/", {"version": "", "through": str(deploy.pk)})
    assert NOTICE in text_of(answer)
    assert "hidden value" not in text_of(answer)


def test_what_was_typed_is_shown_if_the_vault_was_removed(olga: Client, world: World, emulator: Emulator) -> None:
    sent = filled(olga.get(f"{V}new/secret/"), name="fresh", value="two\r\nlines", content_type="text/typed")
    world.vault.delete()
    emulator.requests.clear()
    answer = olga.post(f"{V}new/secret/", sent)
    assert (answer.status_code, emulator.requests) == (404, [])
    assert areas_of(answer) == ["fresh", "two\r\nlines", "text/typed"]
    assert sent["form_key"][0] not in answer.content.decode()


def areas_of(page: Any) -> list[str]:
    """The texts of the page's text areas, as a browser copies them."""
    found = re.findall(r"<textarea[^>]*>\n?(.*?)</textarea>", page.content.decode(), re.DOTALL)
    return [html.unescape(text) for text in found]


def test_what_was_typed_is_shown_if_the_connection_was_deleted(olga: Client, world: World) -> None:
    spare = make_connection(world.team, "spare", DEPLOY.client_id, DEPLOY.client_secret)
    edit = f"/connections/{spare.pk}/edit/"
    sent = filled(olga.get(edit), name="typed name", client_secret="typed-secret", confirm_password="typed-password")
    spare.delete()
    answer = olga.post(edit, sent)
    assert answer.status_code == 404
    assert "typed name" in areas_of(answer)
    for secret in ("typed-secret", "typed-password"):
        assert secret not in answer.content.decode()


def test_what_was_typed_is_shown_if_the_right_was_withdrawn(olga: Client, world: World) -> None:
    sent = filled(olga.get(f"{V}new/secret/"), name="fresh", value="typed value")
    Membership.objects.filter(user=world.olga).update(role=Role.VIEWER)
    answer = olga.post(f"{V}new/secret/", sent)
    assert answer.status_code == 403
    assert areas_of(answer) == ["fresh", "typed value"]


def test_what_was_typed_is_shown_if_the_form_was_sent_before_with_other_content(olga: Client, world: World) -> None:
    sent = filled(olga.get(f"{V}new/secret/"), name="fresh", value="typed value")
    olga.post(f"{V}new/secret/", sent)
    answer = olga.post(f"{V}new/secret/", {**sent, "value": "another value"})
    assert answer.status_code == 422
    assert "another value" in areas_of(answer)


def test_a_field_for_a_password_never_comes_back() -> None:
    """Fields for files are left out: a browser sends these apart from texts."""
    names = {
        name
        for form in every(BaseForm)
        for name, field in getattr(form, "base_fields", {}).items()
        if isinstance(field.widget, PasswordInput)
    }
    request = RequestFactory().post("/", dict.fromkeys(names, "typed"))
    sensitive_post_parameters(*SENSITIVE)(lambda _: None)(request)
    assert {"client_secret", "certificate_password", "password1", "oldpassword", "file_password"} <= names
    assert typed_in(request) == []


def every(base: Any) -> Iterator[Any]:
    for each in base.__subclasses__():
        yield each
        yield from every(each)
