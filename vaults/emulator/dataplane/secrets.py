"""Secrets. Key Vault REST: Set, Get, Update, Delete, List Secrets and their deleted-secret siblings."""

from typing import Any

from vaults.emulator.dataplane import deletion, listing, x509tools
from vaults.emulator.dataplane.call import Call
from vaults.emulator.state.entries import Entry, Listed, Version, new_version_id
from vaults.emulator.wire import errors, raw_members, rules
from vaults.emulator.wire.http import Response, json_response
from vaults.emulator.wire.kinds import SECRET


def set_secret(call: Call) -> Response:
    """Set Secret: a new version, whether or not the secret was there."""
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
        shelf = call.shelf(db, SECRET)
        present = shelf.free_or_live(call.name)
        if present is not None and present.managed:
            raise errors.managed(SECRET, "set")
        entry = shelf.add(call.name, version)
    return json_response(200, {"value": value} | bundle(call, entry, version))


def get_secret(call: Call) -> Response:
    """Get Secret, the only answer that carries a value. Dates are information, they refuse nothing."""
    with call.service.store.reading() as db:
        shelf = call.shelf(db, SECRET)
        entry = shelf.live(call.name, call.version)
        version = shelf.version(entry, call.version)
    if not version.enabled:
        raise errors.disabled(SECRET, "get")
    shown = {"value": version.material.decode()} | bundle(call, entry, version)
    wanted = call.query.get("outContentType")
    if wanted is not None and call.since("2025-07-01"):
        shown |= _converted(shown, wanted)
    return json_response(200, shown)


def update_secret(call: Call) -> Response:
    """Update Secret: what is left out stays; the value cannot be changed."""
    attributes = rules.read_attributes(call.body)
    tags = rules.read_tags(call.body, rules.MAX_SECRET_TAG_LENGTH)
    content_type = rules.read_content_type(call.body)
    with call.service.store.writing() as db:
        shelf = call.shelf(db, SECRET)
        entry = shelf.live(call.name, call.version)
        if entry.managed:
            raise errors.managed(SECRET, "update")
        version = shelf.version(entry, call.version)
        version.apply(attributes, tags, call.now)
        if content_type is not None:
            version.data["contentType"] = content_type
            raw_members.give_up(version.data, {"contentType": content_type})
        shelf.write(entry.name, version)
    return json_response(200, bundle(call, entry, version))


def list_secrets(call: Call) -> Response:
    return listing.list_objects(call, SECRET, list_item)


def list_secret_versions(call: Call) -> Response:
    return listing.list_versions(call, SECRET, version_item)


def delete_secret(call: Call) -> Response:
    with call.service.store.writing() as db:
        entry = deletion.delete(call, db, SECRET)
        version = call.shelf(db, SECRET).version(entry)
    return json_response(200, call.deletion(SECRET, entry) | bundle(call, entry, version))


def list_deleted_secrets(call: Call) -> Response:
    return listing.list_deleted(call, SECRET, list_item)


def get_deleted_secret(call: Call) -> Response:
    with call.service.store.reading() as db:
        shelf = call.shelf(db, SECRET)
        entry = shelf.deleted(call.name)
        version = shelf.version(entry)
    return json_response(200, call.deletion(SECRET, entry) | bundle(call, entry, version))


def recover_secret(call: Call) -> Response:
    with call.service.store.writing() as db:
        entry = deletion.recover(call, db, SECRET)
        version = call.shelf(db, SECRET).version(entry)
    return json_response(200, bundle(call, entry, version))


def purge_secret(call: Call) -> Response:
    with call.service.store.writing() as db:
        deletion.purge(call, db, SECRET)
    return Response(204)


def bundle(call: Call, entry: Entry, version: Version) -> dict[str, Any]:
    """A secret without its value, as all answers but Get and Set show it."""
    shown = _item(call, entry, version, version.version)
    if entry.managed:
        shown["kid"] = call.url("keys", entry.name, version.version)
        if call.since("2025-07-01") and version.data["previous"]:
            shown["previousVersion"] = version.data["previous"]
    return shown


def list_item(call: Call, listed: Listed) -> dict[str, Any]:
    return _item(call, listed.entry, listed.version, "")


def version_item(call: Call, listed: Listed) -> dict[str, Any]:
    return _item(call, listed.entry, listed.version, listed.version.version)


def _converted(shown: dict[str, Any], wanted: str) -> dict[str, Any]:
    """Value and content type as `outContentType` (2025-07-01) asks for them. Raises the vault's 400 for what can't be."""
    if wanted == shown.get("contentType"):
        return {}
    if wanted != x509tools.PEM or shown.get("contentType") != x509tools.PKCS12:
        raise rules.invalid_property("outContentType")
    return {"value": x509tools.pem_of(shown["value"]), "contentType": wanted}


def _item(call: Call, entry: Entry, version: Version, version_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if "contentType" in version.data:
        shown["contentType"] = version.data["contentType"]
    shown["id"] = call.url("secrets", entry.name, version_id)
    if entry.managed:
        shown["managed"] = True
    shown["attributes"] = call.attributes(version)
    if version.tags is not None:
        shown["tags"] = version.tags
    return raw_members.shown(version.data, shown)


def _data(content_type: str | None) -> dict[str, Any]:
    return {} if content_type is None else {"contentType": content_type}
