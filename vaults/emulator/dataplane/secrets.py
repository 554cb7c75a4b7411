"""Secrets: set, get, update, delete, list, and deleted secrets. Source: Key Vault REST."""

from typing import Any

from vaults.emulator.dataplane import deletion, listing, x509tools
from vaults.emulator.dataplane.call import Call
from vaults.emulator.state.entries import Entry, Listed, Version, new_version_id
from vaults.emulator.wire import errors, raw_members, rules
from vaults.emulator.wire.http import Response, json_response
from vaults.emulator.wire.kinds import SECRET


def set_secret(call: Call) -> Response:
    """Set Secret: a new secret, or a new version of an existing one."""
    value = rules.read_secret_value(call.body)
    attributes = rules.read_attributes(call.body)
    version = Version(
        new_version_id(),
        created=call.now,
        updated=call.now,
        enabled=attributes.enabled is not False,
        not_before=attributes.not_before,
        expires_on=attributes.expires_on,
        tags=rules.read_tags(call.body, rules.MAX_SECRET_TAG_LENGTH),
        data=_data(rules.read_content_type(call.body)),
        material=value.encode(),
    )
    with call.service.store.writing() as db:
        table = call.table(db, SECRET)
        present = table.free_or_live(call.name)
        if present is not None and present.managed:
            raise errors.managed(SECRET, "set")
        entry = table.add(call.name, version)
    return json_response(200, {"value": value} | bundle(call, entry, version))


def get_secret(call: Call) -> Response:
    """Get Secret, with its value. A secret can be read outside its dates."""
    with call.service.store.reading() as db:
        table = call.table(db, SECRET)
        entry = table.live(call.name, call.version)
        version = table.version(entry, call.version)
    if not version.enabled:
        raise errors.disabled(SECRET, "get")
    body = {"value": version.material.decode()} | bundle(call, entry, version)
    wanted = call.query.get("outContentType")
    if wanted is not None and call.since("2025-07-01"):
        body |= _converted(body, wanted)
    return json_response(200, body)


def update_secret(call: Call) -> Response:
    """Update Secret: missing members stay unchanged; the value cannot be changed."""
    attributes = rules.read_attributes(call.body)
    tags = rules.read_tags(call.body, rules.MAX_SECRET_TAG_LENGTH)
    content_type = rules.read_content_type(call.body)
    with call.service.store.writing() as db:
        table = call.table(db, SECRET)
        entry = table.live(call.name, call.version)
        if entry.managed:
            raise errors.managed(SECRET, "update")
        version = table.version(entry, call.version)
        version.apply(attributes, tags, call.now)
        if content_type is not None:
            version.data["contentType"] = content_type
            raw_members.forget(version.data, {"contentType": content_type})
        table.write(entry.name, version)
    return json_response(200, bundle(call, entry, version))


def list_secrets(call: Call) -> Response:
    return listing.list_objects(call, SECRET, list_item)


def list_secret_versions(call: Call) -> Response:
    return listing.list_versions(call, SECRET, version_item)


def delete_secret(call: Call) -> Response:
    with call.service.store.writing() as db:
        entry = deletion.delete(call, db, SECRET)
        version = call.table(db, SECRET).version(entry)
    return json_response(200, call.deletion(SECRET, entry) | bundle(call, entry, version))


def list_deleted_secrets(call: Call) -> Response:
    return listing.list_deleted(call, SECRET, list_item)


def get_deleted_secret(call: Call) -> Response:
    with call.service.store.reading() as db:
        table = call.table(db, SECRET)
        entry = table.deleted(call.name)
        version = table.version(entry)
    return json_response(200, call.deletion(SECRET, entry) | bundle(call, entry, version))


def recover_secret(call: Call) -> Response:
    with call.service.store.writing() as db:
        entry = deletion.recover(call, db, SECRET)
        version = call.table(db, SECRET).version(entry)
    return json_response(200, bundle(call, entry, version))


def purge_secret(call: Call) -> Response:
    with call.service.store.writing() as db:
        deletion.purge(call, db, SECRET)
    return Response(204)


def bundle(call: Call, entry: Entry, version: Version) -> dict[str, Any]:
    """A secret without its value."""
    body = _item(call, entry, version, version.version)
    if entry.managed:
        body["kid"] = call.url("keys", entry.name, version.version)
        if call.since("2025-07-01") and version.data["previous"]:
            body["previousVersion"] = version.data["previous"]
    return body


def list_item(call: Call, listed: Listed) -> dict[str, Any]:
    return _item(call, listed.entry, listed.version, "")


def version_item(call: Call, listed: Listed) -> dict[str, Any]:
    return _item(call, listed.entry, listed.version, listed.version.version)


def _converted(body: dict[str, Any], wanted: str) -> dict[str, Any]:
    """Value and content type as `outContentType` (2025-07-01) asks for them. Raises the vault's 400 for other conversions."""
    if wanted == body.get("contentType"):
        return {}
    if wanted != x509tools.PEM or body.get("contentType") != x509tools.PKCS12:
        raise rules.invalid_property("outContentType")
    return {"value": x509tools.pem_of(body["value"]), "contentType": wanted}


def _item(call: Call, entry: Entry, version: Version, version_id: str) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if "contentType" in version.data:
        body["contentType"] = version.data["contentType"]
    body["id"] = call.url("secrets", entry.name, version_id)
    if entry.managed:
        body["managed"] = True
    body["attributes"] = call.attributes(version)
    if version.tags is not None:
        body["tags"] = version.tags
    return raw_members.overlay(version.data, body)


def _data(content_type: str | None) -> dict[str, Any]:
    return {} if content_type is None else {"contentType": content_type}
