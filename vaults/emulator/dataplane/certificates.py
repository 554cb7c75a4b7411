"""Certificates: get, update, delete, list, their policy, and deleted certificates. Source: Key Vault REST.

A certificate has two managed objects of the same name and version: a key (`kid`), and a secret with certificate and key
(`sid`).
"""

import base64
import sqlite3
from dataclasses import replace
from typing import Any

from cryptography import x509

from vaults.emulator.dataplane import certificate_policy, deletion, listing
from vaults.emulator.dataplane.call import Call
from vaults.emulator.dataplane.x509tools import der, pack, thumbprint
from vaults.emulator.state import keymaterial, operations
from vaults.emulator.state.entries import Entry, Listed, Version
from vaults.emulator.state.keymaterial import PrivateKey
from vaults.emulator.wire import raw_members, rules
from vaults.emulator.wire.errors import VaultError
from vaults.emulator.wire.http import Response, json_response
from vaults.emulator.wire.kinds import CERTIFICATE, KEY, SECRET

MANAGED = (KEY, SECRET)


def get_certificate(call: Call) -> Response:
    with call.service.store.reading() as db:
        table = call.table(db, CERTIFICATE)
        # Only for certificates, the service writes the id of a missing version with "versions" in it.
        entry = table.live(call.name, f"versions/{call.version}" if call.version else "")
        body = bundle(call, db, entry, table.version(entry, call.version))
    if call.version:
        body.pop("pending", None)  # as recorded; the response to an update of the same version has it
    return json_response(200, body)


def update_certificate(call: Call) -> Response:
    """Update Certificate: `enabled`, tags and policy; nothing else can change."""
    attributes = rules.Attributes(enabled=rules.read_attributes(call.body).enabled)
    tags = rules.read_tags(call.body)
    with call.service.store.writing() as db:
        table = call.table(db, CERTIFICATE)
        entry = table.live(call.name, f"versions/{call.version}" if call.version else "")
        version = table.version(entry, call.version)
        requested = rules.mapping(call.body, "policy")
        if requested:
            entry.extra["policy"] = _updated_policy(call, entry, requested)
            table.save(entry)
        if tags is not None or attributes.enabled is not None:
            version.apply(attributes, tags, call.now)
            table.write(entry.name, version)
            _update_managed(call, db, entry, version, attributes)
        return json_response(200, bundle(call, db, entry, version))


def get_policy(call: Call) -> Response:
    with call.service.store.reading() as db:
        entry = call.table(db, CERTIFICATE).live(call.name)
    return json_response(200, certificate_policy.policy_body(call, entry.name, entry.extra["policy"]))


def update_policy(call: Call) -> Response:
    """Update Certificate Policy: it applies to the next version; missing members stay unchanged."""
    with call.service.store.writing() as db:
        table = call.table(db, CERTIFICATE)
        entry = table.live(call.name)
        entry.extra["policy"] = _updated_policy(call, entry, call.body)
        table.save(entry)
    return json_response(200, certificate_policy.policy_body(call, entry.name, entry.extra["policy"]))


def _updated_policy(call: Call, entry: Entry, requested: dict[str, Any]) -> dict[str, Any]:
    return certificate_policy.issuable(call, requested, entry.extra["policy"])


def list_certificates(call: Call) -> Response:
    return listing.list_objects(call, CERTIFICATE, list_item, with_unlisted=_include_pending(call))


def list_certificate_versions(call: Call) -> Response:
    return listing.list_versions(call, CERTIFICATE, version_item)


def delete_certificate(call: Call) -> Response:
    with call.service.store.writing() as db:
        entry = deletion.delete(call, db, CERTIFICATE, MANAGED)
        version = call.table(db, CERTIFICATE).version(entry)
        return json_response(200, call.deletion(CERTIFICATE, entry) | bundle(call, db, entry, version))


def list_deleted_certificates(call: Call) -> Response:
    return listing.list_deleted(call, CERTIFICATE, deleted_item, with_unlisted=_include_pending(call))


def get_deleted_certificate(call: Call) -> Response:
    with call.service.store.reading() as db:
        table = call.table(db, CERTIFICATE)
        entry = table.deleted(call.name)
        body = call.deletion(CERTIFICATE, entry) | bundle(call, db, entry, table.version(entry))
    return json_response(200, body)


def recover_certificate(call: Call) -> Response:
    with call.service.store.writing() as db:
        entry = deletion.recover(call, db, CERTIFICATE, MANAGED)
        version = call.table(db, CERTIFICATE).version(entry)
        return json_response(200, bundle(call, db, entry, version))


def purge_certificate(call: Call) -> Response:
    with call.service.store.writing() as db:
        deletion.purge(call, db, CERTIFICATE, MANAGED)
        operations.forget(db, call.vault.id, call.name)
    return Response(204)


def bundle(call: Call, db: sqlite3.Connection, entry: Entry, version: Version) -> dict[str, Any]:
    """A certificate; with its policy unless the path has a version."""
    body: dict[str, Any] = {"id": call.url("certificates", entry.name, version.version)}
    if "cer" in version.data:
        body |= {
            "kid": call.url("keys", entry.name, version.version),
            "sid": call.url("secrets", entry.name, version.version),
            "x5t": version.data["x5t"],
            "cer": version.data["cer"],
        }
    body["attributes"] = call.attributes(version)
    if version.tags is not None:
        body["tags"] = version.tags
    if not call.version:
        body["policy"] = certificate_policy.policy_body(call, entry.name, entry.extra["policy"])
    if operations.concerns(db, call.vault.id, entry.name, call.version and version.version):
        body["pending"] = {"id": call.url("certificates", entry.name, "pending")}
    if call.since("7.6") and entry.extra.get("preserveCertOrder") is not None:
        body["preserveCertOrder"] = entry.extra["preserveCertOrder"]
    return raw_members.overlay(version.data, body)


def list_item(call: Call, listed: Listed) -> dict[str, Any]:
    """An item of a list, with an undocumented member that is empty in all recordings."""
    return {"subject": ""} | _item(call, listed, "")


def version_item(call: Call, listed: Listed) -> dict[str, Any]:
    return {"subject": ""} | _item(call, listed, listed.version.version)


def deleted_item(call: Call, listed: Listed) -> dict[str, Any]:
    """An item of the list of deleted ones: as recorded, without subject, but with the recovery level."""
    body = _item(call, listed, "") | {"attributes": call.attributes(listed.version)}
    return raw_members.overlay(listed.version.data, body)


def store_certificate(
    db: sqlite3.Connection,
    call: Call,
    entry: Entry,
    version: Version,
    chain: list[x509.Certificate],
    key: PrivateKey,
) -> None:
    """Write a new version with its key and secret. `chain` begins with the certificate itself."""
    leaf = chain[0]
    policy = entry.extra["policy"]
    version.not_before = int(leaf.not_valid_before_utc.timestamp())
    version.expires_on = int(leaf.not_valid_after_utc.timestamp())
    version.data = {
        "x5t": thumbprint(leaf),
        "cer": base64.b64encode(der(leaf)).decode(),
    }
    previous = entry.current if entry.listed and entry.current != version.version else None
    entry.current, entry.listed = version.version, True
    table = call.table(db, CERTIFICATE)
    table.save(entry)
    table.write(entry.name, version)
    exportable = policy["key_props"]["exportable"]
    content_type = policy["secret_props"]["contentType"]
    key_data = {
        "kty": policy["key_props"]["kty"],
        "key_ops": _key_ops(policy),
        "jwk": keymaterial.public_jwk(key),
        "exportable": exportable,
    }
    value = pack(key if exportable else None, chain, content_type).encode()
    for kind, data, material in (
        (KEY, key_data, keymaterial.dump(key)),
        (SECRET, {"contentType": content_type, "previous": previous}, value),
    ):
        item = replace(version, data=data, material=material)
        call.table(db, kind).add(entry.name, item, managed=True)


def check_names_free(call: Call, db: sqlite3.Connection) -> None:
    """Raise the vault's 409 if a key or secret of the same name exists that is not managed."""
    for kind in MANAGED:
        item = call.table(db, kind).free_or_live(call.name)
        if item is not None and not item.managed:
            raise VaultError(
                409,
                "Conflict",
                f"A {kind.noun} with the name {call.name} exists already and is not managed by a certificate.",
            )


def _update_managed(
    call: Call, db: sqlite3.Connection, entry: Entry, version: Version, attributes: rules.Attributes
) -> None:
    """Copy tags and `enabled` of a certificate to its managed key and secret."""
    for kind in MANAGED:
        table = call.table(db, kind)
        item = table.entry(entry.name)
        if item is not None and item.managed:
            item_version = table.version(item, version.version)
            item_version.apply(attributes, version.tags, call.now)
            table.write(item.name, item_version)


def _item(call: Call, listed: Listed, version_id: str) -> dict[str, Any]:
    body: dict[str, Any] = {"id": call.url("certificates", listed.entry.name, version_id)}
    if "x5t" in listed.version.data:
        body["x5t"] = listed.version.data["x5t"]
    body["attributes"] = call.attributes(listed.version, recovery=False)
    if listed.version.tags is not None:
        body["tags"] = listed.version.tags
    return raw_members.overlay(listed.version.data, body)


def _key_ops(policy: dict[str, Any]) -> list[str]:
    """The operations of the managed key, which follow from the key usage."""
    usages = set(policy["x509_props"]["key_usage"])
    rsa = policy["key_props"]["kty"].startswith("RSA")
    ops: list[str] = []
    if rsa and "dataEncipherment" in usages:
        ops += ["encrypt", "decrypt"]
    if not usages or usages & {"digitalSignature", "nonRepudiation", "keyCertSign", "cRLSign"}:
        ops += ["sign", "verify"]
    if rsa and (not usages or "keyEncipherment" in usages):
        ops += ["wrapKey", "unwrapKey"]
    return ops


def _include_pending(call: Call) -> bool:
    return call.query.get("includePending", "").lower() == "true"
