"""A page shows what its calls brought, and says in its place what was refused or failed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, forms_of, main_form, text_of
from tests.conftest import World, last_entry, vault_calls
from tests.views.stock import stock
from vaults.emulator import ADMIN, Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import Connection
from vaults.models.connection import NEWEST_API_VERSION
from vaults.permissions import Action

__all__ = ["stock"]

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"


def sent(emulator: Emulator, method: str) -> Any:
    return [each.body for each in emulator.requests if each.method == method and ".vault." in each.host][-1]


# One of two reads refused


@pytest.mark.parametrize("path", ["keys/signing/", "certificates/tls/"])
def test_without_list_the_item_is_shown(path: str, olga: Client, stock: None, emulator: Emulator) -> None:
    kind = path.partition("/")[0]
    emulator.deny(f"{kind}/list")
    page = olga.get(f"{V}/{path}")
    words = text_of(page)
    assert page.status_code == 200
    assert f"{kind}/list is missing" in words
    assert {"keys/signing/": "P-384", "certificates/tls/": "CN=shop.example"}[path] in words
    assert "earlier ones, if any, are not listed" in words
    assert words.count("current version") == 1


@pytest.mark.parametrize("path", ["keys/signing/", "certificates/tls/"])
def test_without_get_the_versions_are_shown(path: str, olga: Client, stock: None, emulator: Emulator) -> None:
    kind, name, _ = path.split("/")
    emulator.deny(f"{kind}/get")
    page = olga.get(f"{V}/{path}")
    words = text_of(page)
    assert page.status_code == 200
    assert words.count(f"{kind}/get is missing") == 1
    assert "1, newest first" in words
    assert f"{V}/{kind}/{name}/edit/" in page.content.decode()
    entry = last_entry({"keys": Action.KEY_READ, "certificates": Action.CERTIFICATE_READ}[kind])
    assert (entry.state, entry.detail["not_read"]) == ("succeeded", [f"{kind}/get"])


@pytest.mark.parametrize("path", ["keys/signing/", "certificates/tls/"])
def test_with_neither_the_page_is_refused(path: str, olga: Client, stock: None, emulator: Emulator) -> None:
    kind = path.partition("/")[0]
    emulator.deny(f"{kind}/get", f"{kind}/list")
    page = olga.get(f"{V}/{path}")
    assert page.status_code == 403
    assert f"{kind}/get and {kind}/list are missing" in text_of(page)


@pytest.mark.parametrize("kind", ["keys", "certificates"])
def test_what_is_not_there_is_said_so_whatever_is_refused(
    kind: str, olga: Client, stock: None, emulator: Emulator
) -> None:
    emulator.deny(f"{kind}/list")
    assert olga.get(f"{V}/{kind}/absent/", follow=True).status_code == 404
    emulator.grant(f"{kind}/list", principal=ADMIN.name)
    emulator.deny(f"{kind}/get")
    assert olga.get(f"{V}/{kind}/absent/", follow=True).status_code in (403, 404)


def test_an_earlier_version_without_list_is_not_called_current(
    olga: Client, azure: VaultClient, stock: None, emulator: Emulator
) -> None:
    older = azure.keys.get("signing").properties.version
    emulator.clock.advance(5)
    azure.keys.create("signing", kty="EC")
    emulator.deny("keys/list")
    words = text_of(olga.get(f"{V}/keys/signing/versions/{older}/"))
    assert "current" not in words.partition("Versions")[0]
    assert "other ones, if any, are not listed" in words


FAILURES: dict[str, Callable[[Emulator, str], None]] = {
    "throttled": lambda e, path: e.throttle(9, retry_after="60", path=path),
    "out of order": lambda e, path: e.fail(9, 503, retry_after="60", path=path),
    "malformed": lambda e, path: e.answer_next(200, b"<html>", times=9, path=path),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("path", ["keys/signing/versions", "certificates/tls/versions", "certificates/tls/pending"])
def test_a_call_that_fails_hides_nothing_of_the_others(
    path: str, failure: str, olga: Client, stock: None, emulator: Emulator
) -> None:
    FAILURES[failure](emulator, f"/{path}")
    page = olga.get(f"{V}/{path.rpartition('/')[0]}/")
    assert page.status_code == 200
    assert "What to do" in text_of(page)


@pytest.mark.parametrize(
    "path",
    ["keys/signing/public-key/?format=pem", "keys/signing/public-key/?format=jwk", "certificates/tls/download/"],
)
def test_a_download_needs_no_list(path: str, olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.deny("keys/list", "certificates/list")
    vault_calls(emulator)
    assert olga.get(f"{V}/{path}").status_code == 200
    assert len(vault_calls(emulator)) == 1


# New versions


def test_a_secrets_new_version_needs_no_list(olga: Client, azure: VaultClient, stock: None, emulator: Emulator) -> None:
    emulator.deny("secrets/list")
    page = olga.get(f"{V}/secrets/kept/new-version/")
    words = text_of(page)
    assert page.status_code == 200
    assert "secrets/list is missing" in words
    assert "nothing of the current version is carried over" in words
    answer = olga.post(f"{V}/secrets/kept/new-version/", filled(page, value="w", tags="owner=shop"))
    assert answer.status_code == 302
    assert sent(emulator, "PUT") == {"value": "w", "tags": {"owner": "shop"}}
    assert last_entry(Action.SECRET_NEW_VERSION).detail["not_read"] == ["secrets/list"]


def test_a_keys_new_version_needs_no_list(olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.deny("keys/list")
    assert fill_in(olga, f"{V}/keys/signing/new-version/").status_code == 302
    assert sent(emulator, "POST") == {"kty": "EC", "crv": "P-384", "key_ops": ["sign"], "tags": {"owner": "shop"}}


@pytest.mark.parametrize("denied", [["keys/get"], ["keys/get", "keys/list"]])
def test_a_keys_new_version_needs_no_get(
    denied: list[str], olga: Client, azure: VaultClient, stock: None, emulator: Emulator
) -> None:
    emulator.deny(*denied)
    page = olga.get(f"{V}/keys/signing/new-version/")
    words = text_of(page)
    assert page.status_code == 200
    assert "keys/get is missing" in words
    assert "nothing of the current version is carried over" in words
    answer = olga.post(f"{V}/keys/signing/new-version/", filled(page, key_size="3072"))
    assert answer.status_code == 302
    body = sent(emulator, "POST")
    assert (body["kty"], body["key_size"]) == ("RSA", 3072)
    emulator.grant(*denied, principal=ADMIN.name)
    assert azure.keys.get("signing").size == 3072


def test_what_the_form_showed_is_what_is_made_though_the_key_can_be_read_by_then(
    olga: Client, azure: VaultClient, stock: None, emulator: Emulator
) -> None:
    emulator.deny("keys/get")
    page = olga.get(f"{V}/keys/signing/new-version/")
    emulator.grant("keys/get", principal=ADMIN.name)
    assert olga.post(f"{V}/keys/signing/new-version/", filled(page)).status_code == 302
    assert azure.keys.get("signing").key_type == "RSA"


@pytest.mark.parametrize("kind", ["secrets/kept", "keys/signing"])
def test_a_grant_withdrawn_while_the_form_is_open(
    kind: str, olga: Client, azure: VaultClient, stock: None, emulator: Emulator
) -> None:
    address = f"{V}/{kind}/new-version/"
    page = olga.get(address)
    emulator.deny("secrets/list", "keys/get")
    typed = {"value": "w"} if kind.startswith("secrets") else {"crv": "P-521"}
    answer: Any = olga.post(address, filled(page, **typed))
    assert answer.status_code == 422
    assert "it is not known whether it was changed" in text_of(answer)
    assert olga.post(address, main_form(answer).fields).status_code == 302
    if kind.startswith("keys"):
        assert sent(emulator, "POST")["crv"] == "P-521"
        assert sent(emulator, "POST")["tags"] == {"owner": "shop"}


def test_a_rotation_policy_that_is_refused_is_said(olga: Client, world: World, stock: None, emulator: Emulator) -> None:
    Connection.objects.filter(pk=world.connection.pk).update(api_version=NEWEST_API_VERSION)
    emulator.deny("keys/getrotationpolicy")
    page = olga.get(f"{V}/keys/signing/new-version/")
    assert "The rotation policy could not be read" in text_of(page)
    assert olga.post(f"{V}/keys/signing/new-version/", filled(page)).status_code == 302


def test_a_certificates_new_version_needs_no_get(
    olga: Client, azure: VaultClient, stock: None, emulator: Emulator
) -> None:
    emulator.deny("certificates/get")
    page = olga.get(f"{V}/certificates/tls/new-version/")
    words = text_of(page)
    assert page.status_code == 200
    assert "certificates/get is missing" in words
    assert "by its own policy" in words
    answer = olga.post(f"{V}/certificates/tls/new-version/", filled(page, tags="a=c"))
    assert answer.status_code == 302
    assert sent(emulator, "POST") == {"tags": {"a": "c"}}
    emulator.grant("certificates/get", principal=ADMIN.name)
    emulator.clock.advance(60)
    assert azure.certificates.get("tls").properties.tags == {"a": "c"}


def test_issuers_that_are_refused_are_said_at_the_issuer(olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.deny("certificates/listissuers", "certificates/manageissuers")
    page = olga.get(f"{V}/certificates/tls/new-version/")
    assert "The vault's issuers could not be listed: certificates/listissuers is missing." in text_of(page)


# Edits


def test_a_key_is_edited_without_list(olga: Client, azure: VaultClient, stock: None, emulator: Emulator) -> None:
    emulator.deny("keys/list")
    assert fill_in(olga, f"{V}/keys/signing/edit/", key_ops=["sign", "verify"]).status_code == 302
    assert sent(emulator, "PATCH") == {"key_ops": ["sign", "verify"]}


def test_a_key_is_edited_without_get(olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.deny("keys/get")
    page = olga.get(f"{V}/keys/signing/edit/")
    assert "keys/get is missing" in text_of(page)
    assert "key_ops" not in main_form(page).fields
    assert olga.post(f"{V}/keys/signing/edit/", filled(page, tags="a=b")).status_code == 302
    assert sent(emulator, "PATCH") == {"tags": {"a": "b"}}


@pytest.mark.parametrize("denied", ["get", "list"])
def test_a_certificate_is_edited_without_get_or_list(
    denied: str, olga: Client, stock: None, emulator: Emulator
) -> None:
    emulator.deny(f"certificates/{denied}")
    assert fill_in(olga, f"{V}/certificates/tls/edit/", tags="a=c").status_code == 302
    assert sent(emulator, "PATCH") == {"tags": {"a": "c"}}


@pytest.mark.parametrize("kind", ["keys/signing", "certificates/tls"])
def test_an_edit_without_list_still_notices_other_changes(
    kind: str, olga: Client, azure: VaultClient, stock: None, emulator: Emulator
) -> None:
    emulator.deny("keys/list", "certificates/list")
    page = olga.get(f"{V}/{kind}/edit/")
    emulator.clock.advance(5)
    items: Any = azure.keys if kind.startswith("keys") else azure.certificates
    name = kind.partition("/")[2]
    items.update(name, items.get(name).properties.version, tags={"other": "hand"})
    assert "Somebody else changed this" in text_of(olga.post(f"{V}/{kind}/edit/", filled(page, tags="a=b")))


# Deleting and what is deleted


@pytest.mark.parametrize("kind", ["secrets/kept", "keys/signing", "certificates/tls"])
def test_a_deletion_is_asked_about_though_nothing_can_be_read(
    kind: str, olga: Client, stock: None, emulator: Emulator
) -> None:
    emulator.throttle(99, retry_after="60", method="GET")
    page = olga.get(f"{V}/{kind}/delete/")
    assert page.status_code == 200
    assert "7 to 90 days" in text_of(page)


@pytest.mark.parametrize("kind", ["secrets", "keys", "certificates"])
def test_what_was_deleted_without_get_can_be_recovered(
    kind: str, olga: Client, azure: VaultClient, stock: None, emulator: Emulator
) -> None:
    name = {"secrets": "kept", "keys": "signing", "certificates": "tls"}[kind]
    emulator.deny(f"{kind}/get")
    gone: Any = fill_in(olga, f"{V}/{kind}/{name}/delete/")
    emulator.clock.advance(60)
    page = olga.get(gone.url)
    words = text_of(page)
    assert page.status_code == 200
    assert f"{kind}/get is missing" in words
    assert "Last change through this portal: deleting, begun" in words
    assert "hx-trigger" not in page.content.decode().partition('id="deleted"')[2][:300]
    assert fill_in(olga, f"{gone.url}recover/").status_code == 302
    assert olga.get(gone.url).status_code == 200


def test_recovered_without_list(olga: Client, azure: VaultClient, stock: None, emulator: Emulator) -> None:
    azure.secrets.delete("kept")
    emulator.clock.advance(60)
    emulator.deny("secrets/list")
    back: Any = fill_in(olga, f"{V}/deleted/secrets/kept/recover/")
    emulator.clock.advance(60)
    page = olga.get(back.url)
    assert page.status_code == 200
    assert "secrets/list is missing" in text_of(page)
    assert f"{V}/secrets/kept/" in page.content.decode()


@pytest.mark.parametrize("failure", FAILURES)
def test_a_list_of_deleted_items_that_fails_hides_no_other(
    failure: str, olga: Client, azure: VaultClient, stock: None, emulator: Emulator
) -> None:
    azure.secrets.delete("kept")
    emulator.clock.advance(60)
    FAILURES[failure](emulator, "/deletedkeys")
    page = olga.get(f"{V}/deleted/")
    assert page.status_code == 200
    assert "kept" in text_of(page)
    assert "Deleted keys are not listed here." in text_of(page)


def test_a_value_that_was_read_is_shown_though_the_versions_fail(
    olga: Client, azure: VaultClient, stock: None, emulator: Emulator
) -> None:
    emulator.throttle(9, retry_after="60", path="/secrets/kept/versions")
    page = olga.post(f"{V}/secrets/kept/reveal/", {"version": ""})
    assert page.status_code == 200
    assert b"hidden" in page.content
    assert "Azure is throttling this vault" in text_of(page)


def test_a_value_is_revealed_though_the_versions_may_not_be_listed(
    olga: Client, stock: None, emulator: Emulator
) -> None:
    emulator.deny("secrets/list")
    page = olga.get(f"{V}/secrets/kept/")
    assert page.status_code == 403
    [reveal, closed] = [form for form in forms_of(page) if form.action == f"{V}/secrets/kept/reveal/"]
    assert reveal.fields["version"] == closed.fields["version"] == [""]
    shown = olga.post(reveal.action, reveal.fields, headers={"HX-Request": "true"})
    assert shown.status_code == 200
    assert b"hidden" in shown.content
