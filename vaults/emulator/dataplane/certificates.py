"""Certificates. Key Vault REST: Get, Update, Delete, List Certificates, their policy and their deleted
siblings.

A certificate is three objects of one name and version: the certificate, the key (`kid`) and the secret with
both (`sid`).
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

TWINS = (KEY, SECRET)


def get_certificate(call: Call) -> Response:
    with call.service.store.reading() as db:
        shelf = call.shelf(db, CERTIFICATE)
        # The service writes the identifier of a missing version with "versions" in it, for certificates only.
        entry = shelf.live(call.name, f"versions/{call.version}" if call.version else "")
        shown = bundle(call, db, entry, shelf.version(entry, call.version))
    if call.version:
        shown.pop("pending", None)  # as recorded; the answer to an update of the same version has it
    return json_response(200, shown)


def update_certificate(call: Call) -> Response:
    """Update Certificate: `enabled`, tags and policy; the rest of a certificate cannot change."""
    attributes = rules.Attributes(enabled=rules.read_attributes(call.body).enabled)
    tags = rules.read_tags(call.body)
    with call.service.store.writing() as db:
        shelf = call.shelf(db, CERTIFICATE)
        entry = shelf.live(call.name, f"versions/{call.version}" if call.version else "")
        version = shelf.version(entry, call.version)
        given = rules.mapping(call.body, "policy")
        if given:
            entry.extra["policy"] = _updated_policy(call, entry, given)
            shelf.save(entry)
        if tags is not None or attributes.enabled is not None:
            version.apply(attributes, tags, call.now)
            shelf.write(entry.name, version)
            _update_twins(call, db, entry, version, attributes)
        return json_response(200, bundle(call, db, entry, version))


def get_policy(call: Call) -> Response:
    with call.service.store.reading() as db:
        entry = call.shelf(db, CERTIFICATE).live(call.name)
    return json_response(200, certificate_policy.shown(call, entry.name, entry.extra["policy"]))


def update_policy(call: Call) -> Response:
    """Update Certificate Policy: it takes effect with the next certificate; parts left out stay."""
    with call.service.store.writing() as db:
        shelf = call.shelf(db, CERTIFICATE)
        entry = shelf.live(call.name)
        entry.extra["policy"] = _updated_policy(call, entry, call.body)
        shelf.save(entry)
    return json_response(200, certificate_policy.shown(call, entry.name, entry.extra["policy"]))


def _updated_policy(call: Call, entry: Entry, given: dict[str, Any]) -> dict[str, Any]:
    return certificate_policy.issuable(call, given, entry.extra["policy"])


def list_certificates(call: Call) -> Response:
    return listing.list_objects(call, CERTIFICATE, list_item, with_unlisted=_include_pending(call))


def list_certificate_versions(call: Call) -> Response:
    return listing.list_versions(call, CERTIFICATE, version_item)


def delete_certificate(call: Call) -> Response:
    with call.service.store.writing() as db:
        entry = deletion.delete(call, db, CERTIFICATE, TWINS)
        version = call.shelf(db, CERTIFICATE).version(entry)
        return json_response(200, call.deletion(CERTIFICATE, entry) | bundle(call, db, entry, version))


def list_deleted_certificates(call: Call) -> Response:
    return listing.list_deleted(call, CERTIFICATE, deleted_item, with_unlisted=_include_pending(call))


def get_deleted_certificate(call: Call) -> Response:
    with call.service.store.reading() as db:
        shelf = call.shelf(db, CERTIFICATE)
        entry = shelf.deleted(call.name)
        shown = call.deletion(CERTIFICATE, entry) | bundle(call, db, entry, shelf.version(entry))
    return json_response(200, shown)


def recover_certificate(call: Call) -> Response:
    with call.service.store.writing() as db:
        entry = deletion.recover(call, db, CERTIFICATE, TWINS)
        version = call.shelf(db, CERTIFICATE).version(entry)
        return json_response(200, bundle(call, db, entry, version))


def purge_certificate(call: Call) -> Response:
    with call.service.store.writing() as db:
        deletion.purge(call, db, CERTIFICATE, TWINS)
        operations.forget(db, call.vault.id, call.name)
    return Response(204)


def bundle(call: Call, db: sqlite3.Connection, entry: Entry, version: Version) -> dict[str, Any]:
    """A certificate with its policy, which an answer to a call that named a version leaves out."""
    shown: dict[str, Any] = {"id": call.url("certificates", entry.name, version.version)}
    if "cer" in version.data:
        shown |= {
            "kid": call.url("keys", entry.name, version.version),
            "sid": call.url("secrets", entry.name, version.version),
            "x5t": version.data["x5t"],
            "cer": version.data["cer"],
        }
    shown["attributes"] = call.attributes(version)
    if version.tags is not None:
        shown["tags"] = version.tags
    if not call.version:
        shown["policy"] = certificate_policy.shown(call, entry.name, entry.extra["policy"])
    if operations.concerns(db, call.vault.id, entry.name, call.version and version.version):
        shown["pending"] = {"id": call.url("certificates", entry.name, "pending")}
    if call.since("7.6") and entry.extra.get("preserveCertOrder") is not None:
        shown["preserveCertOrder"] = entry.extra["preserveCertOrder"]
    return raw_members.shown(version.data, shown)


def list_item(call: Call, listed: Listed) -> dict[str, Any]:
    """Every recorded list has this undocumented member, and in every one it is empty."""
    return {"subject": ""} | _item(call, listed, "")


def version_item(call: Call, listed: Listed) -> dict[str, Any]:
    return {"subject": ""} | _item(call, listed, listed.version.version)


def deleted_item(call: Call, listed: Listed) -> dict[str, Any]:
    """Recordings show no subject here, but the recovery level that the list of live ones leaves out."""
    shown = _item(call, listed, "") | {"attributes": call.attributes(listed.version)}
    return raw_members.shown(listed.version.data, shown)


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
    shelf = call.shelf(db, CERTIFICATE)
    shelf.save(entry)
    shelf.write(entry.name, version)
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
        twin = replace(version, data=data, material=material)
        call.shelf(db, kind).add(entry.name, twin, managed=True)


def check_twins_free(call: Call, db: sqlite3.Connection) -> None:
    """A certificate can't take a name that a plain key or secret has. Raises the vault's 409."""
    for kind in TWINS:
        twin = call.shelf(db, kind).free_or_live(call.name)
        if twin is not None and not twin.managed:
            raise VaultError(
                409,
                "Conflict",
                f"A {kind.noun} with the name {call.name} exists already and is not managed by a certificate.",
            )


def _update_twins(
    call: Call, db: sqlite3.Connection, entry: Entry, version: Version, attributes: rules.Attributes
) -> None:
    """Key and secret follow their certificate's tags and `enabled`."""
    for kind in TWINS:
        shelf = call.shelf(db, kind)
        twin = shelf.entry(entry.name)
        if twin is not None and twin.managed:
            twin_version = shelf.version(twin, version.version)
            twin_version.apply(attributes, version.tags, call.now)
            shelf.write(twin.name, twin_version)


def _item(call: Call, listed: Listed, version_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": call.url("certificates", listed.entry.name, version_id)}
    if "x5t" in listed.version.data:
        shown["x5t"] = listed.version.data["x5t"]
    shown["attributes"] = call.attributes(listed.version, recovery=False)
    if listed.version.tags is not None:
        shown["tags"] = listed.version.tags
    return raw_members.shown(listed.version.data, shown)


def _key_ops(policy: dict[str, Any]) -> list[str]:
    """What the certificate's key may be used for follows from its key usage."""
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
