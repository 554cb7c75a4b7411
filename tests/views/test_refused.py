"""What was refused is no success: every form answers with the status of what stood in its way."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, main_form, text_of
from tests.conftest import World, client_of
from vaults.emulator import Emulator
from vaults.keyvault.types import CertificatePolicy
from vaults.models import Membership, Submission, Vault

pytestmark = pytest.mark.sweep

HX = {"HX-Request": "true"}


def error(status: int, code: str, inner_code: str = "") -> dict[str, Any]:
    inner = {"innererror": {"code": inner_code}} if inner_code else {}
    return {"status": status, "body": {"error": {"code": code, "message": "The service says no.", **inner}}}


#: How Azure says no to the change itself, and the portal's answer. Retry-After beyond our patience keeps the tests quick.
REFUSALS: dict[str, tuple[Callable[..., None], int]] = {
    "not found": (lambda e, **where: e.answer_next(**error(404, "NotFound"), times=9, **where), 404),
    "forbidden": (
        lambda e, **where: e.answer_next(**error(403, "Forbidden", "ForbiddenByPolicy"), times=9, **where),
        403,
    ),
    "firewall": (
        lambda e, **where: e.answer_next(**error(403, "Forbidden", "ForbiddenByFirewall"), times=9, **where),
        403,
    ),
    "conflict": (
        lambda e, **where: e.answer_next(**error(409, "Conflict", "ObjectIsBeingDeleted"), times=9, **where),
        409,
    ),
    "bad request": (lambda e, **where: e.answer_next(**error(400, "BadParameter"), times=9, **where), 400),
    "token refused": (lambda e, **where: e.answer_next(**error(401, "Unauthorized"), times=9, **where), 502),
    "throttled": (lambda e, **where: e.throttle(9, retry_after="60", **where), 503),
    "out of order": (lambda e, **where: e.fail(9, 503, retry_after="60", **where), 502),
    "not Key Vault's": (lambda e, **where: e.answer_next(200, b"<!doctype html>", times=9, **where), 502),
    "lost": (lambda e, **where: e.lose_request(9, **where), 504),
}

#: The form, what is typed into it, and the method of the change.
FORMS: dict[str, tuple[str, dict[str, Any], str]] = {
    "delete a secret": ("secrets/kept/delete/", {}, "DELETE"),
    "delete a key": ("keys/signing/delete/", {}, "DELETE"),
    "delete a certificate": ("certificates/tls/delete/", {}, "DELETE"),
    "recover": ("deleted/secrets/gone/recover/", {}, "POST"),
    "purge": ("deleted/secrets/gone/purge/", {"confirm_name": "gone"}, "DELETE"),
    "cancel": ("certificates/slow/operation/cancel/", {}, "PATCH"),
    "delete an operation": ("certificates/slow/operation/delete/", {}, "DELETE"),
    "create a secret": ("new/secret/", {"name": "fresh", "value": "typed"}, "PUT"),
    "new version of a secret": ("secrets/kept/new-version/", {"value": "second"}, "PUT"),
    "edit a secret": ("secrets/kept/edit/", {"content_type": "text/plain"}, "PATCH"),
    "create a key": ("new/key/", {"name": "fresh", "kty": "EC", "crv": "P-256"}, "POST"),
    "new version of a key": ("keys/signing/new-version/", {}, "POST"),
    "edit a key": ("keys/signing/edit/", {"tags": "team=shop"}, "PATCH"),
    "request a certificate": ("new/certificate/", {"name": "fresh", "subject": "CN=shop.example"}, "POST"),
    "new version of a certificate": ("certificates/tls/new-version/", {}, "POST"),
    "edit a certificate": ("certificates/tls/edit/", {"tags": "team=shop"}, "PATCH"),
}


@pytest.fixture
def stock(sick_vault: Vault, emulator: Emulator) -> Vault:
    azure = client_of(sick_vault)
    for name in ("kept", "gone"):
        azure.secrets.set(name, "hidden")
    azure.secrets.delete("gone")
    azure.keys.create("signing", kty="EC")
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop"))
    emulator.clock.advance(60)
    azure.certificates.operation("tls")
    azure.certificates.create("slow", CertificatePolicy(issuer_name="Unknown", subject="CN=slow"))
    return sick_vault


@pytest.mark.parametrize("kind", REFUSALS)
@pytest.mark.parametrize("form", FORMS)
def test_a_refused_form_has_the_status_of_its_refusal(
    form: str, kind: str, olga: Client, stock: Vault, emulator: Emulator
) -> None:
    path, typed, method = FORMS[form]
    refuse, status = REFUSALS[kind]
    address = f"/vaults/{stock.slug}/{path}"
    sent = filled(olga.get(address), **typed)
    refuse(emulator, method=method, host=f"{stock.name}.vault.test")
    answer: Any = olga.post(address, sent)
    assert answer.status_code == status
    assert main_form(answer).fields["form_key"]  # the form is there again, and may be sent again
    assert not Submission.objects.exists()


def test_a_refusal_that_will_pass_says_when_to_come_back(olga: Client, stock: Vault, emulator: Emulator) -> None:
    address = f"/vaults/{stock.slug}/secrets/kept/delete/"
    sent = filled(olga.get(address))
    emulator.throttle(9, retry_after="60", method="DELETE")
    assert olga.post(address, sent)["Retry-After"] == "60"
    emulator.lift()
    emulator.throttle(9, retry_after="90", method="GET")
    assert olga.get(f"/vaults/{stock.slug}/secrets/")["Retry-After"] == "90"


def test_a_refused_reveal(olga: Client, stock: Vault, emulator: Emulator) -> None:
    emulator.deny("secrets/get", vault=stock.name)
    for headers in ({}, HX):
        answer = olga.post(f"/vaults/{stock.slug}/secrets/kept/reveal/", {"version": ""}, headers=headers)
        assert answer.status_code == 403


def test_a_test_that_fails(olga: Client, world: World, stock: Vault, emulator: Emulator) -> None:
    """Also for htmx, which is given the part with the result all the same."""
    address = f"/connections/{world.connection.pk}/test/"
    assert olga.post(address).status_code == 200
    emulator.deny("secrets/list", vault=stock.name)
    refused = olga.post(address, headers=HX)
    assert refused.status_code == 403
    assert 'id="test"' in refused.content.decode()
    emulator.refuse_sign_in(7000222)
    refused = olga.post(address)
    assert refused.status_code == 502
    assert "The client secret has expired" in text_of(refused)


def test_a_connection_that_still_has_vaults(olga: Client, world: World) -> None:
    answer = fill_in(olga, f"/connections/{world.connection.pk}/delete/")
    assert answer.status_code == 409
    assert "The connection still has vaults" in text_of(answer)


def test_the_last_owner(olga: Client, world: World) -> None:
    mine = Membership.objects.get(user=world.olga)
    for path, typed in (("role", {"role": "viewer"}), ("remove", {})):
        answer = olga.post(f"/team/members/{mine.pk}/{path}/", typed)
        assert answer.status_code == 409
        assert "A team keeps at least one owner" in text_of(answer)


def test_a_role_that_there_is_not(olga: Client, world: World) -> None:
    rafi = Membership.objects.get(user=world.rafi)
    answer = olga.post(f"/team/members/{rafi.pk}/role/", {"role": "emperor"})
    assert answer.status_code == 422
    assert "There is no such role" in text_of(answer)


@pytest.mark.parametrize("path", ["edit", "remove"])
def test_a_form_of_the_portal_with_a_broken_key(path: str, olga: Client, world: World) -> None:
    answer = olga.post(f"/vaults/{world.vault.slug}/{path}/", {"form_key": "no uuid"})
    assert answer.status_code in (302, 422)
