"""An identifier of another host or name is shown as odd: the page stays that of the name asked for, and so do its links."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, text_of
from tests.conftest import World
from vaults.actions.scans import scan_vault
from vaults.actors import Person
from vaults.emulator import Emulator
from vaults.emulator.wire.kinds import CERTIFICATE, KEY, KINDS, SECRET
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import InventoryItem

pytestmark = pytest.mark.sweep

V, VAULT = "/vaults/kv-shop-prod", "kv-shop-prod"
ITEMS = {"secrets": "old", "keys": "signing", "certificates": "tls"}
ELSEWHERE = "https://evil.example/{}/a/b"


@pytest.fixture(autouse=True)
def stock(azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("old", "hidden")
    azure.secrets.set("other", "hidden")
    azure.keys.create("signing", kty="RSA", key_size=2048)
    azure.keys.create("other", kty="RSA", key_size=2048)
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    azure.certificates.get("tls")


#: Given the vault, the collection and the name that is there.
FOREIGN = {
    "of another vault": "https://evil.example/{1}/a/b",
    "of another name": "{0}/{1}/other/0123",
    "of another vault with the same name": "https://evil.example/{1}/{2}/b",
}


def links(page: Any) -> list[str]:
    return re.findall(r'(?:href|action|hx-get|hx-post|data-row)="([^"]*)"', page.content.decode())


@pytest.mark.parametrize("which", FOREIGN)
@pytest.mark.parametrize(("collection", "path"), [("keys", "key.kid"), ("certificates", "id")])
def test_the_page_stays_that_of_the_name_asked_for(
    collection: str, path: str, which: str, olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    name, foreign = ITEMS[collection], FOREIGN[which].format(azure.vault_url, collection, ITEMS[collection])
    emulator.hold(VAULT, KINDS[collection], name, path, foreign)
    page = olga.get(f"{V}/{collection}/{name}/")
    assert page.status_code == 200
    assert f'<h1 class="mono">{name}</h1>' in page.content.decode()
    assert foreign in text_of(page)
    assert f"{V}/{collection}/{name}/edit/" in links(page)
    assert not [link for link in links(page) if f"/{collection}/a/" in link or f"/{collection}/other/" in link]
    assert "evil" not in "".join(links(page))
    typed = {"tags": "a=b"}
    assert fill_in(olga, f"{V}/{collection}/{name}/edit/", **typed).status_code == 302
    changed = [each for each in emulator.requests if each.method == "PATCH"][-1]
    assert f"/{collection}/{name}" in changed.path
    assert fill_in(olga, f"{V}/{collection}/{name}/new-version/").status_code == 302


@pytest.mark.parametrize("foreign", [ELSEWHERE.format("secrets"), "https://evil.example/secrets/old/b"])
@pytest.mark.parametrize(("collection", "path"), [("secrets", "id"), ("keys", "kid"), ("certificates", "id")])
def test_a_row_of_another_host_is_counted_and_leads_nowhere(
    collection: str, path: str, foreign: str, olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    if collection == "certificates":
        azure.certificates.create("further", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
        emulator.clock.advance(60)
        azure.certificates.get("further")
    emulator.hold(VAULT, KINDS[collection], ITEMS[collection], path, foreign)
    page = olga.get(f"{V}/{collection}/")
    assert "1 more item here has no identifier that can be read" in text_of(page)
    assert {f"{V}/{collection}/other/", f"{V}/{collection}/further/"} & set(links(page))
    assert f"{V}/{collection}/a/" not in links(page)
    assert f"{V}/{collection}/{ITEMS[collection]}/" not in links(page)
    scan_vault(Person(world.olga), world.vault)
    assert not InventoryItem.objects.filter(name="a").exists()


def test_a_version_of_another_secret_is_not_among_the_versions(
    olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    emulator.clock.advance(5)
    azure.secrets.set("old", "hidden")
    emulator.hold(VAULT, SECRET, "old", "id", f"{azure.vault_url}/secrets/other/0123")
    page = olga.get(f"{V}/secrets/old/")
    assert page.status_code == 200
    assert "/versions/0123/" not in "".join(links(page))
    assert not [link for link in links(page) if "/secrets/other/" in link]


def test_a_revealed_value_is_that_of_the_name_asked_for(azure: VaultClient, emulator: Emulator) -> None:
    emulator.hold(VAULT, SECRET, "old", "id", ELSEWHERE.format("secrets"))
    assert azure.secrets.get("old").properties.name == "old"


@pytest.mark.parametrize("member", ["kid", "sid"])
def test_key_and_secret_of_a_certificate_are_those_of_its_name(member: str, olga: Client, emulator: Emulator) -> None:
    emulator.hold(VAULT, CERTIFICATE, "tls", member, "https://evil.example/keys/a/b")
    found = links(olga.get(f"{V}/certificates/tls/"))
    assert {f"{V}/keys/tls/", f"{V}/secrets/tls/"} <= set(found)
    assert "evil" not in "".join(found)


def test_a_foreign_recovery_id_is_shown_as_odd(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    emulator.hold(VAULT, SECRET, "old", "recoveryId", "https://evil.example/deletedsecrets/a")
    azure.secrets.delete("old")
    emulator.clock.advance(60)
    page = olga.get(f"{V}/deleted/secrets/old/")
    assert "https://evil.example/deletedsecrets/a" in text_of(page)
    assert 'data-copy="https://evil.example' not in page.content.decode()
    assert f"{V}/deleted/secrets/old/recover/" in "".join(links(page))


@pytest.mark.parametrize("member", ["id", "target"])
def test_the_operation_is_that_of_the_name_asked_for(
    member: str, olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.certificates.create("waiting", CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example"))
    foreign = "https://evil.example/certificates/a/pending"
    emulator.rewrite(lambda answer: answer | {member: foreign}, times=9, path="/pending$")
    page = olga.get(f"{V}/certificates/waiting/operation/")
    assert page.status_code == 200
    assert not [link for link in links(page) if "evil" in link or "/certificates/a/" in link]
    assert "waiting" in text_of(page)


# A key bundle without its key


@pytest.mark.parametrize("odd", [[], None, 7, {}])
def test_a_key_that_is_none_spoils_itself_only(odd: Any, olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    emulator.hold(VAULT, KEY, "signing", "key", odd)
    version = azure.keys.versions("signing")[0].version
    page = olga.get(f"{V}/keys/signing/")
    assert page.status_code == 200
    assert '<h1 class="mono">signing</h1>' in page.content.decode()
    assert version in page.content.decode()
    assert "type unknown" in text_of(page)
    assert "May be used to not known" in text_of(page)
    assert "format=pem" not in page.content.decode()
    assert olga.get(f"{V}/keys/signing/versions/{version}/").status_code == 200
    assert fill_in(olga, f"{V}/keys/signing/edit/", tags="a=b").status_code == 302
    assert azure.keys.versions("signing")[0].tags == {"a": "b"}
    assert olga.get(f"{V}/keys/signing/new-version/").status_code == 200


def test_an_answer_that_is_no_key_is_still_refused(olga: Client, emulator: Emulator) -> None:
    emulator.rewrite(lambda _: {"hello": "world"}, times=9, path="^/keys/signing/?$")
    page = olga.get(f"{V}/keys/signing/")
    assert "type unknown" not in text_of(page)
    assert "does not look like Key Vault's" in text_of(page)
