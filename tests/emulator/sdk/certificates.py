"""A journey through every method of CertificateClient."""

import base64
import json
from typing import Any

from azure.core.rest import HttpRequest
from azure.keyvault.certificates import (
    AdministratorContact,
    CertificateContact,
    CertificatePolicy,
    WellKnownIssuerNames,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.emulator.sdk.settling import POLLING, settled
from tests.emulator.sdk.watched import Watched
from vaults.emulator.dataplane import x509tools
from vaults.emulator.dataplane.versions import reaches
from vaults.emulator.state import keymaterial


async def certificates(call: Watched, name: str) -> None:
    policy = CertificatePolicy("Self", subject="CN=sdk.example", san_dns_names=["sdk.example"], validity_in_months=6)
    made = await call("begin_create_certificate", name, policy, tags={"a": "b"}, _polling_interval=POLLING)
    assert (made.policy.subject, made.properties.tags) == ("CN=sdk.example", {"a": "b"})
    issued = x509.load_der_x509_certificate(bytes(made.cer))
    assert made.properties.x509_thumbprint == issued.fingerprint(hashes.SHA1())  # noqa: S303 - what a thumbprint is
    assert (await call("get_certificate", name)).cer == made.cer
    version = await call("get_certificate_version", name, made.properties.version)
    assert version.cer == made.cer
    assert (await call("get_certificate_policy", name)).san_dns_names == ["sdk.example"]
    wanted = CertificatePolicy("Self", subject="CN=sdk.example", validity_in_months=7)
    assert (await call("update_certificate_policy", name, wanted)).validity_in_months == 7
    changed = await call("update_certificate_properties", name, made.properties.version, enabled=False, tags={"c": "d"})
    assert (changed.properties.enabled, changed.properties.tags) == (False, {"c": "d"})
    assert len(await call("list_properties_of_certificate_versions", name)) == 1
    assert name in [each.name for each in await call("list_properties_of_certificates", include_pending=True)]
    await _operations(call, f"{name}-asked")
    await _import(call, f"{name}-own")
    await _people(call, f"issuer-{name}")
    await _lifecycle(call, name)
    raw = await call("send_request", HttpRequest("GET", f"/certificates/{name}?api-version={call.api_version}"))
    assert json.loads(raw.text())["id"] == made.id
    await call("close")


async def _operations(call: Watched, name: str) -> None:
    """A request that is cancelled, one that is thrown away, and one that is signed elsewhere and merged."""
    policy = CertificatePolicy(WellKnownIssuerNames.unknown, subject="CN=merged.example")
    pending = await call("begin_create_certificate", name, policy, _polling_interval=POLLING)
    assert pending.status == "inProgress"
    assert (await call("cancel_certificate_operation", name)).cancellation_requested is True
    assert (await call("delete_certificate_operation", name)).name == name
    await call.is_refused("get_certificate_operation", name, status=404)
    await call("begin_create_certificate", name, policy, _polling_interval=POLLING)
    operation = await call("get_certificate_operation", name)
    merged = await call("merge_certificate", name, [_signed(operation.csr)], tags={"a": "b"})
    assert merged.properties.tags == {"a": "b"}
    assert (await call("get_certificate_operation", name)).status == "completed"


async def _import(call: Watched, name: str) -> None:
    key = keymaterial.pooled_key("RSA", 2048, "sdk import")
    leaf = _certificate(x509.Name.from_rfc4514_string("CN=own.example"), key.public_key())
    lock = serialization.BestAvailableEncryption(b"word")
    pfx = pkcs12.serialize_key_and_certificates(b"own", key, leaf, None, lock)
    options = {"preserve_order": True} if reaches(call.api_version, "7.6") else {}
    imported = await call("import_certificate", name, pfx, password="word", tags={"a": "b"}, **options)
    assert bytes(imported.cer) == x509tools.der(leaf)
    assert imported.policy.subject == "CN=own.example"


async def _people(call: Watched, name: str) -> None:
    """Contacts and issuers."""
    contacts = [CertificateContact(email="a@example.com", name="A"), CertificateContact(email="b@example.com")]
    assert [each.email for each in await call("set_contacts", contacts)] == ["a@example.com", "b@example.com"]
    assert (await call("get_contacts"))[0].name == "A"
    assert len(await call("delete_contacts")) == 2
    await call.is_refused("get_contacts", status=404)
    admin = AdministratorContact(first_name="A", last_name="B", email="a@example.com", phone="1")
    made = await call("create_issuer", name, "Test", account_id="me", password="word", admin_contacts=[admin])
    assert (made.provider, made.account_id, made.admin_contacts[0].first_name) == ("Test", "me", "A")
    changed = await call("update_issuer", name, organization_id="shop", admin_contacts=[admin], enabled=False)
    assert (changed.organization_id, changed.enabled) == ("shop", False)
    kept = await call("get_issuer", name)
    assert (kept.enabled, kept.account_id, kept.admin_contacts[0].email) == (False, "me", "a@example.com")
    assert name in [each.name for each in await call("list_properties_of_issuers")]
    assert (await call("delete_issuer", name)).name == name
    await call.is_refused("get_issuer", name, status=404)


async def _lifecycle(call: Watched, name: str) -> None:
    blob = await call("backup_certificate", name)
    deleted = await call("begin_delete_certificate", name, _polling_interval=POLLING)
    assert deleted.recovery_id.endswith(f"/deletedcertificates/{name}")
    assert (await call("get_deleted_certificate", name)).name == name
    assert (await call("begin_recover_deleted_certificate", name, _polling_interval=POLLING)).name == name
    await call("begin_delete_certificate", name, _polling_interval=POLLING)
    assert name in [each.name for each in await call("list_deleted_certificates", include_pending=True)]
    assert await call("purge_deleted_certificate", name) is None
    assert (await settled(lambda: call("restore_certificate_backup", blob))).name == name


def _signed(csr: bytes) -> bytes:
    """What a certification authority makes of a request: a certificate in base64 of DER, as the client wants it."""
    request = x509.load_der_x509_csr(csr)
    return base64.b64encode(x509tools.der(_certificate(request.subject, request.public_key())))


def _certificate(subject: x509.Name, public_key: Any) -> x509.Certificate:
    authority = x509.Name.from_rfc4514_string("CN=sdk authority")
    unsigned = (
        x509.CertificateBuilder(authority, subject, public_key, x509.random_serial_number())
        .not_valid_before(x509tools.add_months(1_790_000_000, 0))
        .not_valid_after(x509tools.add_months(1_790_000_000, 24))
    )
    return unsigned.sign(keymaterial.pooled_key("RSA", 2048, "sdk authority"), hashes.SHA256())
