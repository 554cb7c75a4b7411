"""Keys: create, get, update, delete, list, and deleted keys. Source: Key Vault REST."""

import secrets
from collections.abc import Mapping
from typing import Any

from vaults.emulator.dataplane import deletion, listing, release_policy
from vaults.emulator.dataplane.call import Call
from vaults.emulator.state import keymaterial
from vaults.emulator.state.entries import Entry, Listed, Version, new_version_id
from vaults.emulator.wire import errors, raw_members, rules
from vaults.emulator.wire.errors import bad_parameter
from vaults.emulator.wire.http import Response, json_response
from vaults.emulator.wire.kinds import KEY

KEY_OPS = ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey")
OLD_HSM_EXPONENT = "AAEAAQ"  # 65537 with a leading zero: recordings before 7.4 have it for keys created in hardware
EXCHANGE_KEY_SECONDS = 48 * 3600  # as recorded, the lifetime of a key whose only operation is import
AES = "oct-HSM"  # the one type of symmetric keys that a vault has
DEFAULT_OPS = {"RSA": list(KEY_OPS), "EC": ["sign", "verify"], "oct": list(KEY_OPS)}
ALLOWED_OPS = {
    "RSA": {*KEY_OPS, "import", "export"},
    "EC": {"sign", "verify", "import", "export"},
    "oct": {*KEY_OPS, "export"},
}


def create_key(call: Call) -> Response:
    """Create Key: a new key, or a new version of an existing one."""
    kty = rules.text(call.body, "kty") or ""
    family = kty.removesuffix("-HSM")
    if not kty:
        raise bad_parameter("Property  has invalid value\r\n" * 2)  # as recorded
    if family not in DEFAULT_OPS or kty == "oct":
        raise rules.invalid_property()
    check_sku(call, kty)
    size = rules.whole_number(call.body, "key_size") or (256 if kty == AES else 2048)
    curve = rules.text(call.body, "crv") or "P-256"
    sizes = {"RSA": keymaterial.RSA_SIZES, "oct": keymaterial.AES_SIZES}
    if curve not in keymaterial.CURVES if family == "EC" else size not in sizes[family]:
        raise rules.invalid_property()
    data: dict[str, Any] = {"kty": kty, "key_ops": read_key_ops(call.body, family)}
    data |= release_policy.read(call)
    if kty == AES:
        return add_key(call, secrets.token_bytes(size // 8), data | {"key_size": size})
    key = call.service.new_key(family, size, curve)
    return add_key(call, key, data)


def add_key(call: Call, key: keymaterial.PrivateKey | bytes, data: dict[str, Any]) -> Response:
    """Store a created or imported key as the newest version."""
    attributes = rules.read_attributes(call.body)
    release_policy.check_exportable(data, exportable=bool(attributes.exportable))
    version = Version(
        new_version_id(),
        created=call.now,
        updated=call.now,
        enabled=attributes.enabled is not False,
        not_before=attributes.not_before,
        expires_on=attributes.expires_on
        or (call.now + EXCHANGE_KEY_SECONDS if data["key_ops"] == ["import"] else None),
        tags=rules.read_tags(call.body),
        data=data | {"jwk": keymaterial.public_jwk(key), "exportable": bool(attributes.exportable)},
        material=keymaterial.dump(key),
    )
    with call.service.store.writing() as db:
        table = call.table(db, KEY)
        present = table.free_or_live(call.name)
        if present is not None and present.managed:
            raise errors.managed(KEY, "create")
        entry = table.add(call.name, version)
    return json_response(200, bundle(call, entry, version))


def get_key(call: Call) -> Response:
    with call.service.store.reading() as db:
        table = call.table(db, KEY)
        entry = table.live(call.name, call.version)
        version = table.version(entry, call.version)
    return json_response(200, bundle(call, entry, version))


def update_key(call: Call) -> Response:
    """Update Key: missing members stay unchanged; the key itself cannot be changed."""
    attributes = rules.read_attributes(call.body)
    tags = rules.read_tags(call.body)
    with call.service.store.writing() as db:
        table = call.table(db, KEY)
        entry = table.live(call.name, call.version)
        if entry.managed:
            raise errors.managed(KEY, "update")
        version = table.version(entry, call.version)
        if call.body.get("key_ops") is not None:
            version.data["key_ops"] = read_key_ops(call.body, version.data["kty"].removesuffix("-HSM"))
            raw_members.forget(version.data, {"key.key_ops": True})
        release_policy.change(call, version)
        version.apply(attributes, tags, call.now)
        table.write(entry.name, version)
    return json_response(200, bundle(call, entry, version))


def list_keys(call: Call) -> Response:
    return listing.list_objects(call, KEY, list_item)


def list_key_versions(call: Call) -> Response:
    return listing.list_versions(call, KEY, version_item)


def delete_key(call: Call) -> Response:
    with call.service.store.writing() as db:
        entry = deletion.delete(call, db, KEY)
        version = call.table(db, KEY).version(entry)
    return json_response(200, deleted_bundle(call, entry, version))


def list_deleted_keys(call: Call) -> Response:
    return listing.list_deleted(call, KEY, list_item)


def get_deleted_key(call: Call) -> Response:
    with call.service.store.reading() as db:
        table = call.table(db, KEY)
        entry = table.deleted(call.name)
        version = table.version(entry)
    return json_response(200, deleted_bundle(call, entry, version))


def recover_key(call: Call) -> Response:
    with call.service.store.writing() as db:
        entry = deletion.recover(call, db, KEY)
        version = call.table(db, KEY).version(entry)
    return json_response(200, bundle(call, entry, version))


def purge_key(call: Call) -> Response:
    with call.service.store.writing() as db:
        deletion.purge(call, db, KEY)
    return Response(204)


def bundle(call: Call, entry: Entry, version: Version) -> dict[str, Any]:
    """A key's public half and its properties."""
    key = {
        "kid": call.url("keys", entry.name, version.version),
        "kty": version.data["kty"],
        "key_ops": version.data["key_ops"],
        **version.data["jwk"],
    }
    if "crv" in version.data:
        key["crv"] = version.data["crv"]
    if key["kty"] == "RSA-HSM" and "imported" not in version.data and not call.since("7.4"):
        key["e"] = OLD_HSM_EXPONENT
    body: dict[str, Any] = {
        "key": key,
        "attributes": _attributes(call, entry, version),
    }
    if version.tags is not None:
        body["tags"] = version.tags
    if entry.managed:
        body["managed"] = True
    if call.since("7.3") and "release_policy" in version.data:
        body["release_policy"] = version.data["release_policy"]
    return raw_members.overlay(version.data, body)


def deleted_bundle(call: Call, entry: Entry, version: Version) -> dict[str, Any]:
    """A deleted key; as recorded, without its release policy."""
    body = call.deletion(KEY, entry) | bundle(call, entry, version)
    body.pop("release_policy", None)
    return body


def list_item(call: Call, listed: Listed) -> dict[str, Any]:
    return _item(call, listed, "")


def version_item(call: Call, listed: Listed) -> dict[str, Any]:
    return _item(call, listed, listed.version.version)


def check_sku(call: Call, kty: str) -> None:
    """HSM-backed keys need a premium vault."""
    if kty.endswith("-HSM") and not call.vault.is_premium:
        raise bad_parameter(
            "HSM-backed keys are not supported by this vault. The vault's SKU must be premium to hold them."
        )


def read_key_ops(body: Mapping[str, Any], family: str) -> list[str]:
    """The permitted operations of a request; by default all of the key type."""
    ops = rules.texts(body, "key_ops")
    if ops is None:
        return list(DEFAULT_OPS[family])
    if not set(ops) <= ALLOWED_OPS[family]:
        raise rules.invalid_property("key_ops")
    return ops


def _item(call: Call, listed: Listed, version_id: str) -> dict[str, Any]:
    """An item of a list, without the type of the key."""
    body: dict[str, Any] = {
        "kid": call.url("keys", listed.entry.name, version_id),
        "attributes": _attributes(call, listed.entry, listed.version),
    }
    if listed.version.tags is not None:
        body["tags"] = listed.version.tags
    if listed.entry.managed:
        body["managed"] = True
    return raw_members.overlay(listed.version.data, body)


def _attributes(call: Call, entry: Entry, version: Version) -> dict[str, Any]:
    """`exportable`: from 7.3 on where it is true, from 7.4 on always but for a certificate's key; `key_size`: of AES keys."""
    body = call.attributes(version)
    exportable = version.data["exportable"]
    if not entry.managed and ((call.since("7.3") and exportable) or call.since("7.4")):
        body["exportable"] = exportable
    if call.since("7.5"):
        body["hsmPlatform"] = "2" if version.data["kty"].endswith("-HSM") else "0"
    if call.since("2026-04-01") and version.data["kty"] == AES:
        body["key_size"] = version.data["key_size"]
    return body
