"""Sign-in trouble told apart, from the token issuer to the page: what it means, what to do, and how it is recorded."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.browsing import text_of
from tests.conftest import World, last_entry, move_connections, say
from vaults import clients
from vaults.emulator import ADMIN, Emulator
from vaults.emulator.entra.refused_signin import REFUSALS
from vaults.models import AuditEntry, Connection, Vault
from vaults.permissions import Action

pytestmark = pytest.mark.sweep

#: AADSTS number: title, what else the page says, and how the act is recorded.
TOLD = {
    7000215: ("The client secret is wrong", "not its ID", "denied"),
    7000222: ("The client secret has expired", "Make a new client secret", "denied"),
    7000213: ("Entra ID can't use the credential", "certificate whose chain", "denied"),
    7000112: ("The application is disabled", "Enterprise applications", "denied"),
    7000229: ("The application has no service principal in this tenant", "Make one in this tenant", "denied"),
    700016: ("The tenant does not know this application", "client) ID", "denied"),
    700024: ("This server's clock is wrong", "NTP", "denied"),
    700027: ("The certificate is not registered", "Certificates & secrets", "denied"),
    50012: ("Entra ID gave no token", "A matching trusted authority policy was not found", "denied"),
    500011: ("The tenant does not know Azure Key Vault", "Compare the tenant ID and the cloud", "denied"),
    53003: ("Conditional Access blocks this server", "Entra ID saw this server at 203.0.113.7.", "denied"),
    90002: ("There is no such tenant", "Compare the tenant ID", "denied"),
    900023: ("There is no such tenant", "Compare the tenant ID", "denied"),
    90038: ("The tenant belongs to another cloud", "choose the tenant's cloud", "denied"),
    90033: ("Entra ID returned a server error", "Wait 7 s, then try again.", "failed"),
    90055: ("Entra ID is throttling", "Wait 7 s, then try again.", "failed"),
    123456: ("Entra ID gave no token", "Entra ID says: “AADSTS123456: The request was refused.”", "denied"),
}


def test_every_refusal_of_the_local_issuer_is_told() -> None:
    assert set(REFUSALS) < set(TOLD)


@pytest.mark.parametrize("number", TOLD)
def test_a_test_of_the_connection_tells_it_apart(number: int, olga: Client, world: World, emulator: Emulator) -> None:
    title, more, state = TOLD[number]
    emulator.refuse_sign_in(number, retry_after="7")
    shown = text_of(olga.post(f"/connections/{world.connection.pk}/test/"))
    assert title in shown
    assert more in shown
    assert f"AADSTS{number}" in shown
    assert "Correlation ID" in shown
    assert last_entry(Action.CONNECTION_TEST).state == state


@pytest.mark.parametrize("number", [53003, 90033, 123456])
def test_a_page_of_a_vault_tells_it_apart(number: int, olga: Client, emulator: Emulator, sick_vault: Vault) -> None:
    title, more, state = TOLD[number]
    emulator.refuse_sign_in(number, 9, retry_after="7")
    page: Any = olga.get(f"/vaults/{sick_vault.slug}/secrets/")
    assert title in text_of(page)
    assert more in text_of(page)
    assert page.status_code == (503 if state == "failed" else 502)
    entry = last_entry(Action.SECRET_LIST)
    assert (entry.state, entry.code) == (state, f"AADSTS{number}")
    assert [each for each in emulator.requests if each.host.startswith(sick_vault.name)] == []


def test_the_header_says_the_same_wait_as_the_page(olga: Client, emulator: Emulator, sick_vault: Vault) -> None:
    emulator.refuse_sign_in(90033, 9)
    page: Any = olga.get(f"/vaults/{sick_vault.slug}/secrets/")
    assert "Wait 60 s," in text_of(page)
    assert page["Retry-After"] == "60"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Client assertion is not within its valid time range.", "This server's clock is wrong"),
        ("Client assertion contains an invalid signature. [Reason - The key used is expired.]", "The certificate has expired"),
        ("Invalid client secret is provided.", "The client secret is wrong"),
        ("Something else.", "Entra ID gave no token"),
    ],
)  # fmt: skip
def test_50012_is_judged_by_its_text(olga: Client, world: World, emulator: Emulator, text: str, title: str) -> None:
    emulator.refuse_sign_in(50012, text=text)
    assert title in text_of(olga.post(f"/connections/{world.connection.pk}/test/"))


def test_what_was_sent_comes_back_nowhere(olga: Client, world: World, emulator: Emulator) -> None:
    emulator.refuse_sign_in(123456, 2, text="You sent {sent} for {client}, which is no use.")
    page: Any = olga.post(f"/connections/{world.connection.pk}/test/")
    assert f"You sent … for {ADMIN.client_id}, which is no use." in text_of(page)
    olga.get("/vaults/kv-shop-prod/secrets/")
    kept = " ".join(str(vars(entry)) for entry in AuditEntry.objects.all())
    kept += str(vars(Connection.objects.get(pk=world.connection.pk)))
    found = sum(ADMIN.client_secret in text for text in (page.content.decode(), kept))
    say(f"places in which a client secret that Entra repeats is found: {found}")
    assert found == 0


def test_a_page_in_entras_place_is_no_refusal(olga: Client, world: World, emulator: Emulator) -> None:
    emulator.answer_next(403, b"<html>Blocked by the proxy", times=9, host="login.test", path="token$")
    shown = text_of(olga.post(f"/connections/{world.connection.pk}/test/"))
    assert "The answer does not look like Entra ID's" in shown
    assert "It says: “Blocked by the proxy”" in shown
    assert "Words of the answer Blocked by the proxy" in shown
    assert "Entra ID's words" not in shown
    assert last_entry(Action.CONNECTION_TEST).state == "failed"


def test_a_sign_in_host_that_is_away(olga: Client, emulator: Emulator, sick_vault: Vault) -> None:
    emulator.lose_request(host="login.test")
    page: Any = olga.get(f"/vaults/{sick_vault.slug}/secrets/")
    assert "The sign-in service can't be reached" in text_of(page)
    assert (page.status_code, last_entry(Action.SECRET_LIST).state) == (504, "failed")


def test_a_stored_certificate_that_cant_sign_is_not_entras_refusal(
    olga: Client, world: World, emulator: Emulator
) -> None:
    world.connection.set_certificate("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----", "x", "CN=x")
    world.connection.save()
    clients.azure.forget_tokens()
    shown = text_of(olga.post(f"/connections/{world.connection.pk}/test/"))
    assert "The stored certificate can't be used" in shown
    assert "Entra ID was not asked" in shown
    assert last_entry(Action.CONNECTION_TEST).state == "failed"
    assert [each for each in emulator.requests if each.path.endswith("/token")] == []


def test_a_broken_file_of_clouds_is_named(olga: Client, settings: Settings, tmp_path: Path, sick_vault: Vault) -> None:
    settings.CLOUDS_FILE = tmp_path / "clouds.toml"
    settings.CLOUDS_FILE.write_text("[clouds.stack]\nlabel = 'Ours'")
    for address in ("/connections/", f"/vaults/{sick_vault.slug}/secrets/"):
        shown = text_of(olga.get(address))
        assert "The file of clouds can't be used" in shown
        assert "[clouds.stack] needs an authority and a scope." in shown


def test_a_stored_tenant_that_is_none_is_named(olga: Client, sick_vault: Vault) -> None:
    move_connections(tenant_id="no tenant")
    assert "The connection's tenant ID can't be used" in text_of(olga.get(f"/vaults/{sick_vault.slug}/secrets/"))
