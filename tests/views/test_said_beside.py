"""Pages that ask before an act say what of it could not be read, beside what it concerns; without anything to start from
a new version is not begun."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.browsing import filled, main_form, text_of
from tests.conftest import client_of, vault_calls
from tests.views.stock import stock
from vaults.emulator import ADMIN, Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import Vault

pytestmark = pytest.mark.sweep

__all__ = ["stock"]

V = "/vaults/kv-shop-prod"
ITEMS = {"secrets": "kept", "keys": "signing", "certificates": "tls"}


def address(kind: str, act: str) -> str:
    return f"{V}/{kind}/{ITEMS[kind]}/{act}/"


def words_with(emulator: Emulator, olga: Client, page: str, *denied: str) -> str:
    emulator.deny(*denied)
    answer = olga.get(page)
    emulator.grant(*denied, principal=ADMIN.name)
    assert answer.status_code == 200
    return text_of(answer)


# Refused


@pytest.mark.usefixtures("stock")
@pytest.mark.parametrize(
    ("kind", "act", "denied", "words"),
    [
        ("secrets", "delete", "list", "for how long it can be recovered is not known here"),
        ("keys", "delete", "list", "All versions go, also those that are not known here."),
        ("keys", "delete", "get", "is from the list of versions"),
        ("certificates", "delete", "list", "All versions go, also those that are not known here."),
        ("certificates", "delete", "get", "is from the list of versions"),
        ("keys", "edit", "list", "there may be a newer version than this"),
        ("keys", "edit", "get", "the permitted operations are not shown here"),
        ("certificates", "edit", "list", "there may be a newer version than this"),
        ("certificates", "edit", "get", "is from the list of versions"),
        (
            "keys",
            "new-version",
            "list",
            "If the response is lost, it can't be found out whether the new version was made.",
        ),
    ],
)
def test_a_refusal_is_said_beside_what_it_concerns(
    kind: str, act: str, denied: str, words: str, olga: Client, emulator: Emulator
) -> None:
    page = address(kind, act)
    whole = text_of(olga.get(page))
    assert "is missing" not in whole
    part = words_with(emulator, olga, page, f"{kind}/{denied}")
    assert part.count(f"{kind}/{denied} is missing") == 1
    assert words in part


@pytest.mark.usefixtures("stock")
@pytest.mark.parametrize("act", ["edit", "delete"])
def test_an_operation_that_can_not_be_read_is_said(act: str, olga: Client, emulator: Emulator) -> None:
    emulator.throttle(9, retry_after="60", path="/certificates/tls/pending")
    page = olga.get(address("certificates", act))
    assert page.status_code == 200
    assert "Whether a new version is under way is not known here." in text_of(page)
    assert text_of(page).count("Azure is throttling this vault") == 1


@pytest.mark.usefixtures("stock")
@pytest.mark.parametrize("kind", ITEMS)
def test_one_cause_is_said_once(kind: str, olga: Client, emulator: Emulator) -> None:
    emulator.throttle(99, retry_after="60", method="GET")
    words = text_of(olga.get(address(kind, "delete")))
    assert words.count("Azure is throttling this vault") == 1
    assert "for how long it can be recovered is not known here" in words


@pytest.mark.usefixtures("stock")
def test_a_refused_list_is_still_said_when_the_form_comes_back(olga: Client, emulator: Emulator) -> None:
    emulator.deny("keys/list")
    page = olga.get(address("keys", "new-version"))
    refused = olga.post(address("keys", "new-version"), filled(page, tags="no equals"))
    assert refused.status_code == 422
    assert "keys/list is missing" in text_of(refused)


# Failed


FAILURES: dict[str, Callable[[Emulator], None]] = {
    "throttled": lambda e: e.throttle(99, retry_after="60", method="GET"),
    "broken": lambda e: e.fail(99, 500, method="GET"),
    "lost": lambda e: e.lose_request(99, method="GET"),
    "foreign": lambda e: e.answer_next(200, b"<html>", times=99, method="GET"),
}


@pytest.fixture
def sick(sick_vault: Vault, emulator: Emulator) -> str:
    """The address of a vault of this test's own, with one item of each kind: its failures leave no other alone."""
    client = client_of(sick_vault)
    client.secrets.set("kept", "hidden", tags={"owner": "shop"})
    client.keys.create("signing", kty="EC", crv="P-384", key_ops=["sign"], tags={"owner": "shop"})
    client.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    client.certificates.get("tls")
    return f"/vaults/{sick_vault.slug}"


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("kind", ITEMS)
def test_a_failure_that_passes_begins_no_new_version_without_what_is_there(
    kind: str, failure: str, olga: Client, sick: str, emulator: Emulator
) -> None:
    page = f"{sick}/{kind}/{ITEMS[kind]}/new-version/"
    FAILURES[failure](emulator)
    answer: Any = olga.get(page)
    assert answer.status_code in (502, 503, 504)
    drawn = answer.content.decode()
    assert f'href="{page}"' in drawn
    assert "Try again" in drawn
    assert all(f'href="{sick}/{each}/"' in drawn for each in ITEMS)
    assert "form_key" not in drawn
    assert "A new version is like the current one, which can't be read just now" in text_of(answer)


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("kind", ITEMS)
def test_what_was_typed_outlives_a_failure(
    kind: str, failure: str, olga: Client, sick: str, emulator: Emulator
) -> None:
    page = f"{sick}/{kind}/{ITEMS[kind]}/new-version/"
    typed = {"tags": "owner=ops", **({"value": "w"} if kind == "secrets" else {})}
    form = filled(olga.get(page), **typed)
    vault_calls(emulator)
    FAILURES[failure](emulator)
    refused = olga.post(page, form)
    assert refused.status_code in (502, 503, 504)
    assert main_form(refused).fields["tags"] == ["owner=ops"]
    assert {method for method, _ in vault_calls(emulator)} <= {"GET"}


@pytest.mark.parametrize("denied", [[], ["certificates/list"], ["certificates/get"]])
@pytest.mark.parametrize("act", ["delete", "edit"])
def test_what_was_never_issued_can_be_asked_about(
    act: str, denied: list[str], olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.certificates.create("waiting", CertificatePolicy(issuer_name="Unknown", subject="CN=w.example"))
    emulator.deny(*denied)
    gone = {"error": {"code": "CertificateNotFound", "message": "A certificate with (name/id) waiting was not found."}}
    for missing in (False, True):
        if missing:
            emulator.answer_next(404, gone, times=9, path="/certificates/waiting$", method="GET")
        answer = olga.get(f"{V}/certificates/waiting/{act}/")
        assert answer.status_code < 500
        assert "No such" not in text_of(answer) or answer.status_code == 404
        emulator.lift()
