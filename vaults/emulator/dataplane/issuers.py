"""Certificate issuers and contacts.

Source: Key Vault REST, Set, Get, Update, Delete Certificate Issuer; Certificate Contacts.
"""

import sqlite3
from typing import Any

from vaults.emulator.dataplane import listing
from vaults.emulator.dataplane.call import Call
from vaults.emulator.state import issuers
from vaults.emulator.wire import rules
from vaults.emulator.wire.errors import VaultError, bad_parameter
from vaults.emulator.wire.http import Response, json_response

RESERVED = ("self", "unknown")
ADMIN_MEMBERS = ("first_name", "last_name", "email", "phone")
CONTACT_MEMBERS = ("email", "name", "phone")


def set_issuer(call: Call) -> Response:
    """Set Certificate Issuer: creates or replaces an issuer. The password is not stored."""
    provider = rules.text(call.body, "provider")
    if not provider or call.name.lower() in RESERVED:
        raise bad_parameter("An issuer needs a provider, and its name must be neither Self nor Unknown.")
    issuer: dict[str, Any] = {
        "provider": provider,
        "attributes": {"enabled": True, "created": call.now, "updated": call.now},
    }
    _merge(call, issuer)
    with call.service.store.writing() as db:
        present = issuers.find_issuer(db, call.vault.id, call.name)
        if present is not None:
            issuer["attributes"]["created"] = present["attributes"]["created"]
        issuers.write_issuer(db, call.vault.id, call.name, issuer)
    return json_response(200, _issuer_body(call, call.name, issuer))


def get_issuer(call: Call) -> Response:
    with call.service.store.reading() as db:
        issuer = _existing(db, call)
    return json_response(200, _issuer_body(call, call.name, issuer))


def update_issuer(call: Call) -> Response:
    with call.service.store.writing() as db:
        issuer = _existing(db, call)
        issuer["provider"] = rules.text(call.body, "provider") or issuer["provider"]
        issuer["attributes"]["updated"] = call.now
        _merge(call, issuer)
        issuers.write_issuer(db, call.vault.id, call.name, issuer)
    return json_response(200, _issuer_body(call, call.name, issuer))


def delete_issuer(call: Call) -> Response:
    with call.service.store.writing() as db:
        issuer = _existing(db, call)
        issuers.remove_issuer(db, call.vault.id, call.name)
    return json_response(200, _issuer_body(call, call.name, issuer))


def list_issuers(call: Call) -> Response:
    size = rules.read_page_size(call.query)
    after = listing.read_token(call)
    with call.service.store.reading() as db:
        found = issuers.issuer_page(db, call.vault.id, after, size + 1)
    items = [
        {"id": call.url("certificates", "issuers", name), "provider": issuer["provider"]}
        for name, issuer in found[:size]
    ]
    last = found[size - 1][0].lower() if len(found) > size else None
    return listing.answer(call, "certificates/issuers", items, last)


def set_contacts(call: Call) -> Response:
    """Set Certificate Contacts: the whole list."""
    requested = call.body.get("contacts")
    if not isinstance(requested, list) or not requested or not all(isinstance(item, dict) for item in requested):
        raise rules.invalid_property("contacts")
    contacts = [_texts(item, CONTACT_MEMBERS) for item in requested]
    if not all(contact.get("email") for contact in contacts):
        raise bad_parameter("Each contact needs an e-mail address.")
    with call.service.store.writing() as db:
        issuers.write_contacts(db, call.vault.id, contacts)
    return json_response(200, _contacts_body(call, contacts))


def get_contacts(call: Call) -> Response:
    with call.service.store.reading() as db:
        contacts = _contacts(db, call)
    return json_response(200, _contacts_body(call, contacts))


def delete_contacts(call: Call) -> Response:
    with call.service.store.writing() as db:
        contacts = _contacts(db, call)
        issuers.remove_contacts(db, call.vault.id)
    return json_response(200, _contacts_body(call, contacts))


def _existing(db: sqlite3.Connection, call: Call) -> dict[str, Any]:
    issuer = issuers.find_issuer(db, call.vault.id, call.name)
    if issuer is None:
        raise VaultError(404, "CertificateIssuerNotFound", "Issuer not found")
    return issuer


def _merge(call: Call, issuer: dict[str, Any]) -> None:
    """Apply a request; missing members stay unchanged."""
    if call.body.get("credentials") is not None:
        issuer["credentials"] = _texts(rules.mapping(call.body, "credentials"), ("account_id",))
    if call.body.get("org_details") is not None:
        organization = rules.mapping(call.body, "org_details")
        details: dict[str, Any] = _texts(organization, ("id",)) | {"zip": 0}
        admins = organization.get("admin_details")
        if admins is not None:
            if not isinstance(admins, list) or not all(isinstance(item, dict) for item in admins):
                raise rules.invalid_property("admin_details")
            details["admin_details"] = [_texts(item, ADMIN_MEMBERS) for item in admins]
        issuer["org_details"] = details
    enabled = rules.flag(rules.mapping(call.body, "attributes"), "enabled")
    if enabled is not None:
        issuer["attributes"]["enabled"] = enabled


def _texts(requested: dict[str, Any], members: tuple[str, ...]) -> dict[str, Any]:
    found = {member: rules.text(requested, member) for member in members}
    return {member: value for member, value in found.items() if value is not None}


def _issuer_body(call: Call, name: str, issuer: dict[str, Any]) -> dict[str, Any]:
    members = ("provider", "credentials", "org_details", "attributes")
    body = {member: issuer[member] for member in members if member in issuer}
    return {"id": call.url("certificates", "issuers", name), **body}


def _contacts(db: sqlite3.Connection, call: Call) -> list[dict[str, Any]]:
    contacts = issuers.find_contacts(db, call.vault.id)
    if contacts is None:
        raise VaultError(404, "ContactsNotFound", "Contacts not found")
    return contacts


def _contacts_body(call: Call, contacts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": call.url("certificates", "contacts"), "contacts": contacts}
