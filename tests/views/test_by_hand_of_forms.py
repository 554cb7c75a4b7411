"""Each page that sends an operation tells it as REST, curl and az, those of its form before they are sent; never a value."""

import html
import re
from typing import Any, Final

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.browsing import fill_in
from tests.conftest import World, say, signed_in
from tests.test_reach import TABLE
from tests.views.policies import newest
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.operations import OPERATIONS, Operation
from vaults.keyvault.types import CertificatePolicy, Contact, IssuerSettings
from vaults.permissions import Role
from vaults.web.az import COMMANDS
from vaults.web.planned import OPERATIONS_OF

__all__ = ["newest"]
HOST: Final = "https://kv-shop-prod.vault.test"
CANARY: Final = "canary-of-by-hand"
KINDS: Final = {"secret": "secrets", "key": "keys", "certificate": "certificates"}
#: The name in the address of pages that are not about "kept".
NAMES: Final = {
    "certificate_operation": "asked",
    "certificate_operation_cancel": "asked",
    "certificate_operation_delete": "asked",
    "certificate_operation_merge": "asked",
    "issuer_detail": "digi",
    "issuer_edit": "digi",
    "issuer_delete": "digi",
}


@pytest.fixture
def vault(newest: VaultClient, emulator: Emulator) -> VaultClient:
    """The vault with what the pages need."""
    for name in ("kept", "gone"):
        newest.secrets.set(name, CANARY)
        newest.keys.create(name, kty="RSA", key_size=2048)
        newest.certificates.create(name + "-tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    newest.certificates.create("asked", CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example"))
    newest.issuers.create("digi", IssuerSettings("DigiCert"), CANARY)
    newest.contacts.set([Contact("pki@shop.example")])
    emulator.clock.advance(60)
    newest.secrets.set("kept", CANARY + " again")
    newest.secrets.delete("gone")
    newest.keys.delete("gone")
    newest.certificates.delete("gone-tls")
    emulator.clock.advance(60)
    return newest


def path_to(page: str, operation: Operation) -> str:
    slug, tail = "kv-shop-prod", "-tls" if operation.kind == "certificate" else ""
    if page in ("deleted_detail", "deleted_recover", "deleted_purge"):
        return reverse(page, args=[slug, KINDS[operation.kind], f"gone{tail}"])
    try:
        return reverse(page, args=[slug])
    except NoReverseMatch:
        return reverse(page, args=[slug, NAMES.get(page, f"kept{tail}")])


def shown(page: str, form: str) -> list[str]:
    """The requests of a page in one of the three forms: rest, curl or az."""
    found = re.findall(rf'<div class="code as-{form}">\s*<pre tabindex="0">(.*?)</pre>', page, re.DOTALL)
    return [html.unescape(re.sub(r"</?b>", "", each)) for each in found]


def url_of(operation: Operation) -> str:
    """A pattern of the operation's address."""
    path = operation.path.replace("/{version}", "(/[0-9a-f]{32}|/VERSION)?").replace("{name}", "[0-9a-zA-Z-]+")
    return rf"{re.escape(HOST)}{path}\?[^\s']*api-version=[\d.-]+"


def az_of(operation: Operation) -> str:
    command = COMMANDS.get(operation.name)
    if command is None:
        return rf"az rest --method {operation.method.lower()} --url '?{url_of(operation)}"
    return rf"az keyvault {command} --id {re.escape(HOST)}"


def asks(operation: str) -> dict[str, str]:
    wanted = OPERATIONS[operation]
    return {
        "rest": f"{wanted.method} {url_of(wanted)}",
        "curl": f"curl --request {wanted.method} '?{url_of(wanted)}",
        "az": az_of(wanted),
    }


@pytest.mark.sweep
@pytest.mark.parametrize("operation", TABLE)
def test_the_page_of_an_operation_tells_it_in_three_forms(operation: str, olga: Client, vault: VaultClient) -> None:
    page_name = TABLE[operation][0].replace("secret_reveal", "secret_detail")  # the page with the form that reveals
    path = path_to(page_name, OPERATIONS[operation])
    answer = olga.get(path)
    assert answer.status_code == 200
    page = answer.content.decode()
    missing = {
        form: shown(page, form)
        for form, pattern in asks(operation).items()
        if not any(re.match(pattern, each) for each in shown(page, form))
    }
    assert missing == {}
    assert CANARY not in page


def test_every_operation_that_a_form_sends_has_a_page() -> None:
    in_table = {name for name, (page, _) in TABLE.items() if OPERATIONS[name].method != "GET"}
    sent = {name for names in OPERATIONS_OF.values() for name in names}
    from_deleted = {name for name in in_table if name.startswith(("RecoverDeleted", "PurgeDeleted"))}
    assert in_table <= sent | from_deleted
    say(f"acts told by hand before they are done: {len(in_table)} of {len(in_table)}")


def planned_part(page: str) -> list[str]:
    return [each for each in re.findall(r'<div class="exchange">.*?</p>', page, re.DOTALL) if "Not sent yet" in each]


@pytest.mark.parametrize(
    ("path", "facts"),
    [
        ("new/secret/", [f"PUT {HOST}/secrets/NAME?api-version=", '"value": "…"']),
        ("secrets/kept/edit/", [f"PATCH {HOST}/secrets/kept/VERSION?api-version="]),
        ("issuers/digi/edit/", [f"PATCH {HOST}/certificates/issuers/digi?api-version="]),
        ("import/certificate/", [f"POST {HOST}/certificates/NAME/import?api-version=", '"value": "…"', '"pwd": "…"']),
    ],
)
def test_values_are_for_the_reader_to_fill_in(path: str, facts: list[str], olga: Client, vault: VaultClient) -> None:
    [part] = planned_part(olga.get(f"/vaults/kv-shop-prod/{path}").content.decode())
    words = html.unescape(re.sub(r"</?b>", "", part))
    assert [fact for fact in facts if fact not in words] == []
    assert "NAME, VERSION and “…” are for you to fill in" in words


def test_a_form_that_was_refused_tells_what_it_sent_and_no_more(
    olga: Client, vault: VaultClient, emulator: Emulator
) -> None:
    emulator.deny("secrets/delete")
    path = "/vaults/kv-shop-prod/secrets/kept/delete/"
    assert len(planned_part(olga.get(path).content.decode())) == 1
    page = fill_in(olga, path).content.decode()
    assert planned_part(page) == []
    assert any(each.startswith("DELETE ") for each in shown(page, "rest"))


def test_the_state_that_a_button_sets_is_the_one_told(olga: Client, vault: VaultClient) -> None:
    version = vault.keys.versions("kept")[0].version
    page = olga.get(f"/vaults/kv-shop-prod/keys/kept/versions/{version}/disable/").content.decode()
    [part] = planned_part(page)
    assert f"/keys/kept/{version}?" in part
    assert "&quot;enabled&quot;: false" in part


def test_reading_a_value_is_told_to_those_who_may(world: World, vault: VaultClient) -> None:
    def told(role: Role) -> list[str]:
        page: Any = signed_in(world.members[role]).get("/vaults/kv-shop-prod/secrets/kept/")
        return planned_part(page.content.decode())

    assert len(told(Role.READER)) == 1
    assert told(Role.VIEWER) == []
