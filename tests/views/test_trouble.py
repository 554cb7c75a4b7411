"""Trouble with Azure: each kind is a clear sentence, what was typed stays, the act is recorded, and no page is a 500."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from django.test import Client
from pytest_django import Settings

from tests.browsing import fill_in, main_form, text_of
from tests.conftest import World, client_of, last_entry, make_vault, say
from vaults.azure.clouds import Cloud
from vaults.emulator import Emulator
from vaults.models import Vault
from vaults.permissions import Action

pytestmark = pytest.mark.slow

HTML = b"<!doctype html><title>Sign in to the guest network</title>"


def endless() -> Iterator[bytes]:
    while True:
        yield b"x" * 65536


#: How it goes wrong, and the words people read. Retry-After beyond our patience keeps the tests quick.
TROUBLE: dict[str, tuple[Callable[[Emulator], None], str]] = {
    "throttled": (lambda e: e.throttle(9, retry_after="60"), "Azure is throttling this vault"),
    "unavailable": (lambda e: e.fail(9, 503, retry_after="60"), "Key Vault returned a server error"),
    "broken": (lambda e: e.fail(9, 500, retry_after="60"), "Key Vault returned a server error"),
    "HTML": (lambda e: e.answer_next(200, HTML, times=9), "The answer does not look like Key Vault's"),
    "not JSON": (lambda e: e.answer_next(200, b'{"value": [', times=9), "The answer does not look like Key Vault's"),
    "wrong shape": (lambda e: e.answer_next(200, {"value": 7}, times=9), "The answer does not look like Key Vault's"),
    "redirect": (
        lambda e: e.answer_next(302, b"", {"Location": "https://evil.test/"}, times=9),
        "The answer does not look like Key Vault's",
    ),
    "too large": (lambda e: e.answer_next(200, endless(), times=9), "The answer does not look like Key Vault's"),
    "too deep": (lambda e: e.answer_next(200, b"[" * 100_000, times=9), "The answer does not look like Key Vault's"),
    "firewall": (
        lambda e: e.answer_next(
            403,
            {"error": {"code": "Forbidden", "message": "m", "innererror": {"code": "ForbiddenByFirewall"}}},
            times=9,
        ),
        "The vault's firewall turned this server away",
    ),
    "token refused": (
        lambda e: e.answer_next(401, {"error": {"code": "Unauthorized", "message": "m"}}, times=9),
        "Azure did not accept the token",
    ),
}


@pytest.mark.sweep
@pytest.mark.parametrize("kind", TROUBLE)
def test_a_list_says_what_is_wrong(kind: str, olga: Client, emulator: Emulator, sick_vault: Vault) -> None:
    make, sentence = TROUBLE[kind]
    make(emulator)
    page = olga.get(f"/vaults/{sick_vault.slug}/secrets/")
    assert sentence in text_of(page)
    assert page.status_code in (403, 502, 503)
    assert last_entry(Action.SECRET_LIST).state in ("failed", "denied")


@pytest.mark.sweep
@pytest.mark.parametrize("kind", TROUBLE)
def test_a_form_keeps_what_was_typed(kind: str, olga: Client, emulator: Emulator, sick_vault: Vault) -> None:
    make, sentence = TROUBLE[kind]
    address = f"/vaults/{sick_vault.slug}/new/secret/"
    form = main_form(olga.get(address)).fields
    make(emulator)
    typed = {"name": "fresh", "value": " typed\r\n", "tags": "a =b ", "content_type": "text/plain"}
    answer: Any = olga.post(address, {**form, **typed})
    assert answer.status_code in (403, 502, 503)
    assert sentence in text_of(answer)
    kept = main_form(answer).fields
    assert {name: kept[name] for name in typed} == {name: [value] for name, value in typed.items()}
    assert last_entry(Action.SECRET_CREATE).state in ("failed", "denied", "unknown")
    emulator.lift()
    assert "fresh" not in [item.name for item in client_of(sick_vault).secrets.list()]


#: What strikes the very request that changes something: it may have been carried out.
MAYBE: dict[str, Callable[[Emulator], None]] = {
    "answer lost": lambda e: e.lose_request(method="PUT"),
    "cut": lambda e: e.answer_next(200, b'{"value": "', {"Content-Length": "9999"}, method="PUT"),
}


@pytest.mark.parametrize("kind", MAYBE)
def test_a_change_that_may_have_happened_says_so(
    kind: str, olga: Client, emulator: Emulator, sick_vault: Vault
) -> None:
    MAYBE[kind](emulator)
    answer = fill_in(olga, f"/vaults/{sick_vault.slug}/new/secret/", name="fresh", value="typed")
    assert "The answer was lost" in text_of(answer)
    assert "Look at the item before you try again" in text_of(answer)
    assert main_form(answer).fields["value"] == ["typed"]
    assert last_entry(Action.SECRET_CREATE).state == "unknown"


def test_a_silent_vault_is_said_after_the_deed_was_looked_up(
    olga: Client, emulator: Emulator, sick_vault: Vault
) -> None:
    emulator.stop_answering(1, method="PUT")  # carried out, never answered
    answer = fill_in(olga, f"/vaults/{sick_vault.slug}/new/secret/", name="fresh", value="typed")
    assert answer.status_code == 302
    assert last_entry(Action.SECRET_CREATE).state == "succeeded"
    assert len(client_of(sick_vault).secrets.versions("fresh")) == 1


def test_a_vault_that_is_stopped(olga: Client, emulator: Emulator, sick_vault: Vault) -> None:
    emulator.stop_answering()
    page = olga.get(f"/vaults/{sick_vault.slug}/secrets/")
    assert page.status_code == 504
    assert "did not answer in time" in text_of(page)
    assert "Nothing was changed" in text_of(page)


def test_a_local_vault_that_is_not_running(olga: Client, world: World, settings: Settings) -> None:
    """No fault of the emulator's: the port is closed, as after `make run` was stopped."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"127.0.0.1:{free.getsockname()[1]}"
    cloud: Cloud = settings.CLOUDS["local"]

    def mount(session: requests.Session) -> None:
        if cloud.mount:
            cloud.mount(session)
        session.mount(f"https://{closed}", requests.adapters.HTTPAdapter(max_retries=0))

    settings.CLOUDS = {"local": replace(cloud, vault_hosts={"kv-stopped": closed}, mount=mount)}
    vault = make_vault(connection=world.connection, name="kv-stopped", slug="kv-stopped")
    answer = fill_in(olga, f"/vaults/{vault.slug}/new/secret/", name="fresh", value="typed")
    assert "Nothing responds at the vault's address." in text_of(answer)
    assert "Nothing was changed." in text_of(answer)
    assert main_form(answer).fields["value"] == ["typed"]
    assert last_entry(Action.SECRET_CREATE).state == "failed"


def test_a_vault_that_failed_often_is_left_alone(olga: Client, emulator: Emulator, sick_vault: Vault) -> None:
    emulator.fail(99, 503, retry_after="60", host=sick_vault.name)
    for _ in range(6):
        olga.get(f"/vaults/{sick_vault.slug}/secrets/")
    emulator.requests.clear()
    page = olga.get(f"/vaults/{sick_vault.slug}/secrets/")
    assert "it is left alone for a moment" in text_of(page)
    assert "The vault keeps failing: it answered with status 503" in text_of(page)
    assert not [each for each in emulator.requests if each.host.startswith(sick_vault.name)]
    assert olga.get("/vaults/kv-shop-prod/secrets/").status_code == 200


#: Where a hostile answer would like the next page of a list, with our token, to be asked for.
LINKS = [
    "https://evil.test/secrets?api-version=7.0&$skiptoken=a",
    "https://{host}.evil.test/secrets?api-version=7.0&$skiptoken=a",
    "https://{host}@evil.test/secrets?api-version=7.0&$skiptoken=a",
    "http://{host}/secrets?api-version=7.0&$skiptoken=a",
    "https://{host}:8443/secrets?api-version=7.0&$skiptoken=a",
    "https://{host}/keys?api-version=7.0&$skiptoken=a",
    "https://{host}/secrets/../keys?api-version=7.0&$skiptoken=a",
    "https://{host}/secrets?api-version=7.0",
    "//evil.test/secrets?$skiptoken=a",
    "/secrets?$skiptoken=a",
    "https://[/secrets?$skiptoken=a",
    "javascript:alert(1)",
]


def test_no_link_leads_a_token_elsewhere(olga: Client, emulator: Emulator, sick_vault: Vault) -> None:
    client_of(sick_vault).secrets.set("kept", "hidden")
    own = f"{sick_vault.name}.vault.test"
    hosts: set[str] = set()
    for link in LINKS:
        emulator.requests.clear()
        emulator.rewrite(lambda answer, link=link: answer | {"nextLink": link.format(host=own)})  # type: ignore[misc]
        page = olga.get(f"/vaults/{sick_vault.slug}/secrets/")
        assert "The vault's list leads elsewhere" in text_of(page), link
        asked = [each for each in emulator.requests if "authorization" in each.headers]
        assert [(each.host, each.path) for each in asked] == [(own, "/secrets")]
        hosts |= {each.host for each in asked}
    say(f"hostile links: {len(LINKS)}, hosts that saw a token: {sorted(hosts)}")


def test_a_skip_token_of_an_address_is_only_data(olga: Client, emulator: Emulator, world: World) -> None:
    for token in ("../../x", "a&api-version=1", "https://evil.test/", "%0d%0aHost: evil", "\r\nX: y", "a" * 5000):
        page = olga.get("/vaults/kv-shop-prod/secrets/", {"page": token})
        assert page.status_code < 500
    hosts = {each.host for each in emulator.requests if "authorization" in each.headers}
    assert hosts == {"kv-shop-prod.vault.test"}


def test_a_name_of_a_deleted_item_offers_to_recover(olga: Client, world: World, azure: Any) -> None:
    azure.secrets.set("retired", "hidden")
    azure.secrets.delete("retired")
    answer = fill_in(olga, "/vaults/kv-shop-prod/new/secret/", name="retired", value="typed")
    assert "The name belongs to a deleted item" in text_of(answer)
    assert "Recover" in text_of(answer)
    assert b'href="/vaults/kv-shop-prod/deleted/' in answer.content
    assert main_form(answer).fields["value"] == ["typed"]
    entry = last_entry(Action.SECRET_CREATE)
    assert (entry.status, entry.inner_code) == (409, "ObjectIsDeletedButRecoverable")


def test_a_disabled_secret_says_so(olga: Client, world: World, azure: Any) -> None:
    azure.secrets.set("off", "hidden", enabled=False)
    answer = olga.post("/vaults/kv-shop-prod/secrets/off/reveal/", {"version": ""})
    assert answer.status_code == 403
    assert "The item is disabled" in text_of(answer)
    assert "permission" not in text_of(answer).partition("The item is disabled")[2][:200]


def test_who_may_get_but_not_list_can_still_reveal(olga: Client, emulator: Emulator, azure: Any) -> None:
    azure.secrets.set("kept", "hidden-value")
    emulator.deny("secrets/list")
    page = olga.get("/vaults/kv-shop-prod/secrets/kept/")
    assert "secrets/list is missing" in text_of(page)
    assert "/vaults/kv-shop-prod/secrets/kept/reveal/" in page.content.decode()
    assert b"hidden-value" in olga.post("/vaults/kv-shop-prod/secrets/kept/reveal/", {"version": ""}).content


def test_two_people_editing_at_once(olga: Client, emulator: Emulator, azure: Any) -> None:
    version = azure.secrets.set("kept", "hidden").version
    address = "/vaults/kv-shop-prod/secrets/kept/edit/"
    form = main_form(olga.get(address)).fields
    emulator.clock.advance(5)
    azure.secrets.update("kept", version, tags={"owner": "rafi"})
    answer: Any = olga.post(address, {**form, "tags": "owner=olga"})
    assert answer.status_code == 422
    assert "Somebody else changed this after you opened it" in text_of(answer)
    assert "rafi" in text_of(answer)
    again = main_form(answer).fields
    assert again["tags"] == ["owner=olga"]
    assert olga.post(address, again).status_code == 302  # seen, and gone on all the same
    assert azure.secrets.versions("kept")[0].tags == {"owner": "olga"}
    assert last_entry(Action.SECRET_UPDATE).state == "succeeded"


def test_a_name_in_use_is_said_at_the_field(olga: Client, azure: Any) -> None:
    azure.secrets.set("kept", "hidden")
    answer = fill_in(olga, "/vaults/kv-shop-prod/new/secret/", name="kept", value="typed")
    assert "This name is in use." in text_of(answer)
    assert len(azure.secrets.versions("kept")) == 1


@pytest.mark.parametrize("path", ["secrets/absent/", "keys/absent/", "certificates/absent/operation/"])
def test_an_absent_item(path: str, olga: Client, world: World) -> None:
    page = olga.get(f"/vaults/kv-shop-prod/{path}")
    assert page.status_code == 404
    assert "Item not found" in text_of(page)
