"""The scenario: what Olga clicks, and exactly what the vault receives of it.

Each test is one step, done in the portal's pages with their real forms. `wire` is what the local vault received: method,
path, the query and the members of the body, nothing left out. Every call carries its audit entry's id.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.test import Client

from tests.browsing import fill_in, forms_of, text_of
from tests.conftest import World, say
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry

pytestmark = pytest.mark.slow

V = "/vaults/kv-shop-prod"
VERSION = {"api-version": "7.0"}
OPERATIONS = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]

Call = tuple[str, str, Any]


class Wire:
    """What the vault received. Each look forgets what it showed."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self.count = 0

    def take(self) -> list[Call]:
        sent = [each for each in self._emulator.requests if each.host.endswith(".vault.test")]
        self._emulator.requests.clear()
        events = {str(event) for event in AuditEntry.objects.values_list("event", flat=True)}
        for each in sent:
            assert each.host == "kv-shop-prod.vault.test"
            assert each.query == VERSION | {k: v for k, v in each.query.items() if k != "api-version"}
            assert each.headers["x-ms-client-request-id"] in events
        self.count += len(sent)
        return [(each.method, each.path, each.body) for each in sent]

    def forget(self) -> None:
        self._emulator.requests.clear()

    def queries(self) -> list[dict[str, str]]:
        return [each.query for each in self._emulator.requests if each.host.endswith(".vault.test")]


@pytest.fixture
def wire(emulator: Emulator, world: World) -> Iterator[Wire]:
    wire = Wire(emulator)
    yield wire
    say(f"calls on the wire: {wire.count}, without an audit entry: 0")


def test_step_2_list_asks_page_by_page_until_there_is_no_next(
    olga: Client, wire: Wire, azure: VaultClient, emulator: Emulator
) -> None:
    for number in range(30):
        azure.secrets.set(f"secret-{number:02}", "hidden")
    wire.forget()
    first = olga.get(f"{V}/secrets/")
    assert wire.queries() == [VERSION]
    assert wire.take() == [("GET", "/secrets", None)]
    assert first.content.count(b"data-row=") == 25
    further = first.context["more"]
    second = olga.get(f"{V}/secrets/{further}")
    assert wire.queries() == [VERSION | {"$skiptoken": dict(parse_qsl(further.removeprefix("?")))["page"]}]
    assert wire.take() == [("GET", "/secrets", None)]
    assert second.content.count(b"data-row=") == 5
    assert second.context["more"] == ""


def test_step_2_an_empty_page_leads_on(olga: Client, wire: Wire, azure: VaultClient, emulator: Emulator) -> None:
    for number in range(30):
        azure.secrets.set(f"secret-{number:02}", "hidden")
    emulator.empty_pages(1)
    names: list[str] = []
    more = ""
    for _ in range(3):
        page = olga.get(f"{V}/secrets/{more}")
        names += [item.name for item in page.context["items"]]
        more = page.context["more"]
    assert len(set(names)) == 30
    assert more == ""


def test_step_3_create_sends_the_value_and_nothing_else(olga: Client, wire: Wire) -> None:
    answer = fill_in(olga, f"{V}/new/secret/", name="crpsecret", value="packtsecretvalue")
    assert answer.status_code == 302
    assert wire.take() == [
        ("GET", "/secrets/crpsecret/versions", None),  # is the name free?
        ("PUT", "/secrets/crpsecret", {"value": "packtsecretvalue"}),
    ]
    page = olga.get(answer["Location"])
    assert wire.take() == [("GET", "/secrets/crpsecret/versions", None)]
    shown = text_of(page)
    assert "https://kv-shop-prod.vault.test" in shown
    assert all(word in shown for word in ("Enabled", "Created", "Updated", "Recoverable, may be purged"))
    assert "packtsecretvalue" not in page.content.decode()


def test_step_3_create_sends_what_was_filled_in(olga: Client, wire: Wire) -> None:
    answer = fill_in(
        olga,
        f"{V}/new/secret/",
        name="crpsecret",
        value="packtsecretvalue",
        content_type="text/plain",
        not_before="2027-01-01T00:00:00",
        expires_on="2028-01-01T12:30:00",
        enabled="false",
        tags="owner=shop\r\ntest name =with blank",
    )
    assert answer.status_code == 302
    assert wire.take()[-1] == (
        "PUT",
        "/secrets/crpsecret",
        {
            "value": "packtsecretvalue",
            "contentType": "text/plain",
            "attributes": {
                "enabled": False,
                "nbf": int(datetime(2027, 1, 1, tzinfo=UTC).timestamp()),
                "exp": int(datetime(2028, 1, 1, 12, 30, tzinfo=UTC).timestamp()),
            },
            "tags": {"owner": "shop", "test name ": "with blank"},
        },
    )


def test_step_3_reveal_update_new_version(olga: Client, wire: Wire, azure: VaultClient) -> None:
    made = azure.secrets.set("crpsecret", "packtsecretvalue")
    wire.forget()
    shown = olga.post(f"{V}/secrets/crpsecret/reveal/", {"version": ""}, headers={"HX-Request": "true"})
    assert wire.take() == [("GET", "/secrets/crpsecret", None)]
    assert b"packtsecretvalue" in shown.content

    assert fill_in(olga, f"{V}/secrets/crpsecret/edit/", tags="owner=shop", enabled="false").status_code == 302
    assert wire.take() == [
        ("GET", "/secrets/crpsecret/versions", None),  # the form
        ("GET", "/secrets/crpsecret/versions", None),  # changed meanwhile?
        ("PATCH", f"/secrets/crpsecret/{made.version}", {"attributes": {"enabled": False}, "tags": {"owner": "shop"}}),
    ]
    assert fill_in(olga, f"{V}/secrets/crpsecret/new-version/", value="second", tags="").status_code == 302
    assert wire.take()[-1] == ("PUT", "/secrets/crpsecret", {"value": "second"})
    page = olga.get(f"{V}/secrets/crpsecret/")
    assert len(page.context["versions"]) == 2


def test_step_4_delete_recover_delete_purge(olga: Client, wire: Wire, azure: VaultClient) -> None:
    azure.secrets.set("crpsecret", "packtsecretvalue")
    wire.forget()
    answer = fill_in(olga, f"{V}/secrets/crpsecret/delete/")
    assert wire.take() == [
        ("GET", "/secrets/crpsecret/versions", None),  # the page that asks says until when it can be undone
        ("DELETE", "/secrets/crpsecret", None),
    ]
    deleted = olga.get(answer["Location"])
    assert wire.take() == [("GET", "/deletedsecrets/crpsecret", None)]
    assert "Recoverable until" in text_of(deleted)
    listed = olga.get(f"{V}/deleted/")
    assert sorted(wire.take()) == [
        ("GET", "/deletedcertificates", None),
        ("GET", "/deletedkeys", None),
        ("GET", "/deletedsecrets", None),
    ]
    assert "crpsecret" in text_of(listed)

    fill_in(olga, f"{V}/deleted/secrets/crpsecret/recover/")
    assert wire.take() == [("POST", "/deletedsecrets/crpsecret/recover", None)]
    assert olga.get(f"{V}/secrets/crpsecret/").status_code == 200
    fill_in(olga, f"{V}/secrets/crpsecret/delete/")
    wire.forget()
    answer = fill_in(olga, f"{V}/deleted/secrets/crpsecret/purge/", confirm_name="crpsecret")
    assert answer.status_code == 302
    assert wire.take() == [("DELETE", "/deletedsecrets/crpsecret", None)]
    assert "crpsecret" not in [item.properties.name for item in azure.secrets.list_deleted()]


def test_step_5_create_a_key(olga: Client, wire: Wire) -> None:
    answer = fill_in(
        olga,
        f"{V}/new/key/",
        name="CreateSoftKeyTest",
        kty="RSA",
        key_size="2048",
        key_ops=OPERATIONS,
        tags="purpose=unit test\r\ntest name =CreateGetDeleteKeyTest",
    )
    assert wire.take() == [
        ("GET", "/keys/CreateSoftKeyTest/versions", None),
        (
            "POST",
            "/keys/CreateSoftKeyTest/create",
            {
                "kty": "RSA",
                "key_size": 2048,
                "key_ops": OPERATIONS,
                "tags": {"purpose": "unit test", "test name ": "CreateGetDeleteKeyTest"},
            },
        ),
    ]
    page = olga.get(answer["Location"])
    assert sorted(wire.take()) == [
        ("GET", "/keys/CreateSoftKeyTest", None),
        ("GET", "/keys/CreateSoftKeyTest/versions", None),
    ]
    shown, key = text_of(page), page.context["key"]
    assert all(text in shown for text in (key.properties.id, "RSA", *OPERATIONS, key.jwk["n"][:80], "AQAB"))
    assert key.jwk["n"] in page.content.decode()  # to be copied


def test_step_5_the_public_key_as_files(olga: Client, wire: Wire, azure: VaultClient) -> None:
    azure.keys.create("CreateSoftKeyTest", kty="RSA", key_size=2048)
    pem = olga.get(f"{V}/keys/CreateSoftKeyTest/public-key/", {"format": "pem"})
    jwk = olga.get(f"{V}/keys/CreateSoftKeyTest/public-key/", {"format": "jwk"})
    assert pem.content.startswith(b"-----BEGIN PUBLIC KEY-----")
    assert jwk["Content-Disposition"] == 'attachment; filename="CreateSoftKeyTest.jwk.json"'
    assert jwk.json()["e"] == "AQAB"


def test_step_5_update_new_version_ec_delete_recover_purge(olga: Client, wire: Wire, azure: VaultClient) -> None:
    made = azure.keys.create("CreateSoftKeyTest", kty="RSA", key_size=2048).properties
    wire.forget()
    fill_in(olga, f"{V}/keys/CreateSoftKeyTest/edit/", key_ops=["sign", "verify"], tags="purpose=signing")
    assert wire.take()[-1] == (
        "PATCH",
        f"/keys/CreateSoftKeyTest/{made.version}",
        {"key_ops": ["sign", "verify"], "tags": {"purpose": "signing"}},
    )
    fill_in(olga, f"{V}/keys/CreateSoftKeyTest/new-version/", kty="EC", crv="P-256", tags="")
    assert wire.take()[-1] == (
        "POST",
        "/keys/CreateSoftKeyTest/create",
        {"kty": "EC", "crv": "P-256", "key_ops": ["sign", "verify"]},
    )
    fill_in(olga, f"{V}/keys/CreateSoftKeyTest/delete/")
    assert wire.take()[-1] == ("DELETE", "/keys/CreateSoftKeyTest", None)
    fill_in(olga, f"{V}/deleted/keys/CreateSoftKeyTest/recover/")
    assert wire.take() == [("POST", "/deletedkeys/CreateSoftKeyTest/recover", None)]
    fill_in(olga, f"{V}/keys/CreateSoftKeyTest/delete/")
    fill_in(olga, f"{V}/deleted/keys/CreateSoftKeyTest/purge/", confirm_name="CreateSoftKeyTest")
    assert wire.take()[-1] == ("DELETE", "/deletedkeys/CreateSoftKeyTest", None)


POLICY: dict[str, Any] = {
    "key_props": {"exportable": True, "kty": "RSA", "key_size": 2048, "reuse_key": False},
    "secret_props": {"contentType": "application/x-pkcs12"},
    "x509_props": {
        "subject": "CN=*.microsoft.com",
        "sans": {"dns_names": ["onedrive.microsoft.com", "xbox.microsoft.com"]},
    },
    "issuer": {"name": "Self"},
}


def request_certificate(olga: Client, **typed: Any) -> Any:
    return fill_in(
        olga,
        f"{V}/new/certificate/",
        name="selfSignedCert01",
        subject="CN=*.microsoft.com",
        dns_names="onedrive.microsoft.com\r\nxbox.microsoft.com",
        **typed,
    )


def test_step_6_create_a_certificate_and_wait(olga: Client, wire: Wire, emulator: Emulator) -> None:
    answer = request_certificate(olga)
    assert wire.take() == [
        ("GET", "/certificates/issuers", None),  # the form
        ("GET", "/certificates/selfSignedCert01/versions", None),
        ("POST", "/certificates/selfSignedCert01/create", {"policy": POLICY}),
    ]
    pending = olga.get(answer["Location"])
    assert wire.take() == [("GET", "/certificates/selfSignedCert01/pending", None)]
    operation, shown = pending.context["operation"], text_of(pending)
    assert operation.status == "inProgress"
    assert all(text in shown for text in ("inProgress", operation.request_id, operation.status_details))
    assert "-----BEGIN CERTIFICATE REQUEST-----" in shown

    emulator.clock.advance(9)
    status = olga.get(f"{V}/certificates/selfSignedCert01/operation/status/", headers={"HX-Request": "true"})
    assert status["HX-Redirect"] == f"{V}/certificates/selfSignedCert01/"
    wire.forget()
    page = olga.get(f"{V}/certificates/selfSignedCert01/")
    assert {(method, path) for method, path, _ in wire.take()} == {
        ("GET", "/certificates/selfSignedCert01"),
        ("GET", "/certificates/selfSignedCert01/versions"),
        ("GET", "/certificates/selfSignedCert01/pending"),
    }
    shown, facts = text_of(page), page.context["facts"]
    assert all(text in shown for text in ("*.microsoft.com", "onedrive.microsoft.com", "xbox.microsoft.com"))
    assert facts.not_after > facts.not_before
    links = page.content.decode()
    assert f"{V}/keys/selfSignedCert01/" in links
    assert f"{V}/secrets/selfSignedCert01/" in links


def test_step_6_cancel_and_delete_the_operation(olga: Client, wire: Wire, emulator: Emulator) -> None:
    request_certificate(olga)
    wire.forget()
    fill_in(olga, f"{V}/certificates/selfSignedCert01/operation/cancel/")
    look = (
        "GET",
        "/certificates/selfSignedCert01/pending",
        None,
    )  # the page, and whether it is still the same operation
    assert wire.take() == [look, look, ("PATCH", look[1], {"cancellation_requested": True})]
    emulator.clock.advance(9)
    fill_in(olga, f"{V}/certificates/selfSignedCert01/operation/delete/")
    assert wire.take() == [look, look, ("DELETE", look[1], None)]
    assert olga.get(f"{V}/certificates/selfSignedCert01/operation/").status_code == 404


def test_step_6_list_update_new_version_delete_recover_purge(olga: Client, wire: Wire, emulator: Emulator) -> None:
    request_certificate(olga)
    emulator.clock.advance(9)
    wire.forget()
    assert "selfSignedCert01" in text_of(olga.get(f"{V}/certificates/"))
    assert wire.queries() == [VERSION | {"includePending": "true"}]
    assert wire.take() == [("GET", "/certificates", None)]

    base, edit = "/certificates/selfSignedCert01", f"{V}/certificates/selfSignedCert01/edit/"
    version = olga.get(f"{V}{base}/").context["current"].version
    fill_in(olga, edit, enabled="false", tags="owner=shop")
    assert wire.take()[-1] == (
        "PATCH",
        f"{base}/{version}",
        {"attributes": {"enabled": False}, "tags": {"owner": "shop"}},
    )
    answer = fill_in(olga, f"{V}{base}/new-version/", reuse_key="on", tags="")
    assert answer["Location"] == f"{V}{base}/operation/"
    method, path, body = wire.take()[-1]
    assert (method, path) == ("POST", f"{base}/create")
    assert body["policy"]["key_props"] == POLICY["key_props"] | {"reuse_key": True}
    assert body["policy"]["x509_props"]["sans"] == {"dns_names": ["onedrive.microsoft.com", "xbox.microsoft.com"]}
    emulator.clock.advance(9)

    fill_in(olga, f"{V}{base}/delete/")
    assert wire.take()[-1] == ("DELETE", base, None)
    fill_in(olga, f"{V}/deleted{base}/recover/")
    assert wire.take() == [("POST", "/deletedcertificates/selfSignedCert01/recover", None)]
    fill_in(olga, f"{V}{base}/delete/")
    fill_in(olga, f"{V}/deleted{base}/purge/", confirm_name="selfSignedCert01")
    assert wire.take()[-1] == ("DELETE", "/deletedcertificates/selfSignedCert01", None)


def test_step_7_the_narrow_principal_is_refused_and_then_granted(
    olga: Client, wire: Wire, emulator: Emulator, narrow_vault: Any
) -> None:
    address = f"/vaults/{narrow_vault.slug}/new/certificate/"
    typed = {"name": "selfSignedCert01", "subject": "CN=*.microsoft.com", "dns_names": "onedrive.microsoft.com"}
    refused = fill_in(olga, address, **typed)
    shown = text_of(refused)
    assert refused.status_code == 403
    assert "Azure refused: certificates/create is missing" in shown
    assert f"service principal of “sp-shop-deploy” ({narrow_vault.connection.client_id})" in shown
    assert "emulator grant" in shown
    assert 'value="CN=*.microsoft.com"' in refused.content.decode()
    assert any(form.fields.get("name") == ["selfSignedCert01"] for form in forms_of(refused))
    emulator.grant("certificates/create", principal="sp-shop-deploy", vault="kv-shop-prod")
    assert fill_in(olga, address, **typed).status_code == 302
