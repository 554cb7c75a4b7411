"""Control and direction marks that others wrote: spelled out wherever they are shown, unchanged where nobody touches them."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled
from tests.conftest import World, last_entry
from vaults.actions.scans import scan_vault
from vaults.actors import Person
from vaults.emulator import Emulator
from vaults.emulator.wire.kinds import CERTIFICATE, KEY, SECRET
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.permissions import Action

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"
VAULT = "kv-shop-prod"
ODD = "a\u202eb\0c\u2066d\ufeff"
TAGS = {"owner\u202e": ODD, ODD: "x\0"}
PAGES = [
    "secrets/", "secrets/old/", "secrets/old/edit/", "secrets/old/new-version/", "secrets/old/delete/",
    "keys/", "keys/signing/", "keys/signing/edit/", "keys/signing/new-version/", "keys/signing/delete/",
    "certificates/", "certificates/tls/", "certificates/tls/edit/", "certificates/tls/new-version/",
    "certificates/tls/operation/", "deleted/", "deleted/secrets/gone/", "deleted/secrets/gone/purge/", "access/", "",
]  # fmt: skip


#: What fields carry back as it is.
CARRIES = {("input", "value"), ("option", "value")}


class _Shown(HTMLParser):
    """Everything of a page but what its fields carry back."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._field = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._field = tag == "textarea"
        self.found += [f"{tag} {name}={value}" for name, value in attributes if (tag, name) not in CARRIES]

    def handle_endtag(self, tag: str) -> None:
        self._field = self._field and tag != "textarea"

    def handle_data(self, data: str) -> None:
        if not self._field:
            self.found.append(data)


def unseen_in(page: Any) -> list[str]:
    reader = _Shown()
    reader.feed(page.content.decode())
    return [text for text in reader.found if set(text) & set("\0\u202e\u2066\ufeff")]


@pytest.fixture
def stock(azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("old", "hidden", tags={"owner": "shop"}, content_type="text/plain")
    azure.secrets.set("gone", "hidden")
    azure.keys.create("signing", kty="RSA", key_size=2048)
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    azure.certificates.get("tls")
    for kind, name in ((SECRET, "old"), (SECRET, "gone"), (KEY, "signing"), (CERTIFICATE, "tls")):
        emulator.hold(VAULT, kind, name, "tags", TAGS)
        emulator.hold(VAULT, kind, name, "attributes.recoveryLevel", ODD)
        emulator.hold(VAULT, kind, name, "attributes.exp", ODD)
        emulator.hold(VAULT, kind, name, "contentType", ODD)
    emulator.hold(VAULT, CERTIFICATE, "tls", "policy.x509_props.subject", f"CN={ODD}")
    emulator.hold(VAULT, KEY, "signing", "key.key_ops", [ODD])
    azure.secrets.delete("gone")


@pytest.mark.parametrize("path", PAGES)
def test_no_page_shows_them_as_they_are(path: str, olga: Client, world: World, emulator: Emulator, stock: None) -> None:
    for member in ("issuer.name", "key_props.kty", "secret_props.contentType"):
        emulator.hold(VAULT, CERTIFICATE, "tls", f"policy.{member}", ODD)
    scan_vault(Person(world.olga), world.vault)
    page = olga.get(f"{V}/{path}")
    assert page.status_code == 200
    assert unseen_in(page) == []


@pytest.mark.parametrize(
    "address", ["/", "/inventory/", "/inventory/?state=deleted", "/vaults/", "/audit/?show=all", "/go/?q=old"]
)
def test_nor_does_the_inventory(address: str, olga: Client, world: World, stock: None) -> None:
    scan_vault(Person(world.olga), world.vault)
    assert unseen_in(olga.get(address)) == []


def test_nor_what_was_typed_into_the_portal(olga: Client, world: World, azure: VaultClient) -> None:
    azure.secrets.set("old", "x")
    assert fill_in(olga, f"{V}/secrets/old/edit/", content_type="a\u202eb", tags="a\u202e=b").status_code == 302
    entry = last_entry(Action.SECRET_UPDATE)
    for address in ("/audit/", f"/audit/{entry.event}/", f"{V}/secrets/old/", f"{V}/secrets/"):
        page = olga.get(address)
        assert (page.status_code, unseen_in(page)) == (200, []), address


# A browser can't hold a NUL: it hands back U+FFFD (tests.browsing does as it does).


def sent(emulator: Emulator, method: str) -> Any:
    return [each.body for each in emulator.requests if each.method == method and ".vault." in each.host][-1]


@pytest.mark.parametrize("path", ["secrets/old", "keys/signing", "certificates/tls"])
def test_what_nobody_touched_is_not_sent(path: str, olga: Client, emulator: Emulator, stock: None) -> None:
    assert fill_in(olga, f"{V}/{path}/edit/", enabled="").status_code == 302
    assert sent(emulator, "PATCH") == {"attributes": {"enabled": False}}


@pytest.mark.parametrize("path", ["secrets/old", "keys/signing", "certificates/tls"])
def test_a_tag_beside_them_leaves_them_as_they_are(path: str, olga: Client, emulator: Emulator, stock: None) -> None:
    page = olga.get(f"{V}/{path}/edit/")
    tags = filled(page)["tags"][0]
    fields = filled(page, tags=tags.replace("{", '{"team": "shop",', 1))
    assert olga.post(f"{V}/{path}/edit/", fields).status_code == 302
    assert sent(emulator, "PATCH") == {"tags": {"team": "shop", **TAGS}}


def test_a_new_version_of_a_secret_has_them_too(olga: Client, emulator: Emulator, stock: None) -> None:
    emulator.hold(VAULT, SECRET, "old", "attributes.exp", None)
    assert fill_in(olga, f"{V}/secrets/old/new-version/", value="new").status_code == 302
    assert sent(emulator, "PUT") == {"value": "new", "contentType": ODD, "tags": TAGS}


def test_an_untouched_new_version_of_a_certificate_sends_no_policy(
    olga: Client, emulator: Emulator, stock: None
) -> None:
    assert fill_in(olga, f"{V}/certificates/tls/new-version/").status_code == 302
    assert "policy" not in sent(emulator, "POST")


def test_a_touched_policy_keeps_the_rest_of_it(olga: Client, emulator: Emulator, stock: None) -> None:
    answer = fill_in(olga, f"{V}/certificates/tls/new-version/", validity_in_months="6")
    assert answer.status_code == 302
    policy = sent(emulator, "POST")["policy"]
    assert policy["x509_props"]["subject"] == f"CN={ODD}"


@pytest.mark.parametrize("path", ["secrets/old", "certificates/tls"])
def test_line_ends_in_a_field_of_one_line_are_no_change(
    path: str, olga: Client, emulator: Emulator, stock: None
) -> None:
    emulator.hold(VAULT, SECRET, "old", "contentType", "text/\r\nplain\n")
    emulator.hold(VAULT, CERTIFICATE, "tls", "policy.x509_props.subject", "CN=a\nb")
    emulator.hold(VAULT, CERTIFICATE, "tls", "policy.issuer.cty", "OV\r\nSSL")
    assert fill_in(olga, f"{V}/{path}/edit/", enabled="").status_code == 302
    assert sent(emulator, "PATCH") == {"attributes": {"enabled": False}}
    if path == "certificates/tls":
        assert fill_in(olga, f"{V}/{path}/new-version/").status_code == 302
        assert "policy" not in sent(emulator, "POST")
