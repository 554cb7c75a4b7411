"""Creation, update and deletion of vaults.

Source: Key Vault management REST, Vaults - Create Or Update, Update, Delete. Error texts come from public reports; where
there is none, they are invented in the same style.
"""

import re
import sqlite3
from dataclasses import replace
from typing import Any

from vaults.emulator.arm.call import ArmCall, ArmError, bad_request, vault_scope
from vaults.emulator.arm.policies import read_entries
from vaults.emulator.arm.vaults import IN_COLUMNS, SWITCHES, vault_body
from vaults.emulator.dataplane import network
from vaults.emulator.state import directory, policies, registry
from vaults.emulator.state.registry import Vault
from vaults.emulator.wire.http import Response, json_response

WRITE = "Microsoft.KeyVault/vaults/write"
DELETE = "Microsoft.KeyVault/vaults/delete"
ROLES_BY_DEFAULT = "2026-02-01"  # from this API version on, new vaults use roles by default
SKUS = ("standard", "premium")
RETENTION = range(7, 91)
MOST_TAGS = 50
LOCATION = re.compile(r"[A-Za-z0-9 ]{1,60}")  # any possible name of a region; it is also sent in a header
IN_USE = (
    "The vault name '{name}' is already in use. Vault names are {globally} unique so it is possible that the name "
    "is already taken. If you are sure that the vault name was not taken then it is possible that a vault with "
    "the same name was recently deleted but not purged after being placed in a recoverable state. If the vault "
    "is in a recoverable state then the vault will need to be purged before reusing the name. For more "
    "information {about} soft delete and purging a vault follow this link "
    "https://go.microsoft.com/fwlink/?linkid=2147740."
)
SINCE_CORRECTED = "2023-07-01"
NOTHING_TO_RECOVER = (
    "A soft deleted vault with the given name does not exist. Ensure that the name for the vault that is being "
    "attempted to recover is in a recoverable state. For more information on soft delete please follow this link "
    "https://go.microsoft.com/fwlink/?linkid=2149745"
)
IN_DELETED_STATE = (
    "A vault with the same name already exists in deleted state. You need to either recover or purge existing "
    "key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete."
)


def create_or_update(call: ArmCall, subscription: str, group: str, name: str) -> Response:
    """Vaults - Create Or Update: creates, replaces or, with createMode "recover", recovers a vault."""
    properties = _properties(call)
    scope = vault_scope(subscription, group, name)
    with call.service.store.writing() as db:
        call.require(db, WRITE, scope)
        present = registry.find_in_any_state(db, name)
        if present is not None and present.resource_id.lower() != scope.lower():
            raise ArmError(409, "VaultAlreadyExists", in_use(call, name))
        if str(properties.get("createMode")).lower() == "recover":
            return _recovered(call, db, present)
        if present is not None and present.deleted_on is not None:
            raise ArmError(409, "ConflictError", IN_DELETED_STATE)
        vault = present or _new_vault(call, db, properties, (subscription, group, name))
        _write(call, db, replace(vault, tags={}), {"accessPolicies": [], **properties})
    if present is None:
        call.vaults_changed()
    return _answer(call, name, fresh=present is None)


def update(call: ArmCall, subscription: str, group: str, name: str) -> Response:
    """Vaults - Update: missing members stay unchanged."""
    properties = _properties(call)
    with call.vault(WRITE, subscription, group, name) as (db, vault):
        _write(call, db, vault, properties)
    return _answer(call, name)


def delete(call: ArmCall, subscription: str, group: str, name: str) -> Response:
    """Vaults - Delete: a soft delete; 204 where there is nothing to delete."""
    scope = vault_scope(subscription, group, name)
    with call.service.store.writing() as db:
        call.require(db, DELETE, scope)
        vault = registry.find_vault(db, name)
        if vault is None or vault.resource_id.lower() != scope.lower():
            return Response(204)
        registry.delete(db, vault, call.now)
    return Response(200)


def in_use(call: ArmCall, name: str) -> str:
    """The error text for a name in use, which depends on the API version."""
    if call.request.query["api-version"] >= SINCE_CORRECTED:
        return IN_USE.format(name=name, globally="globally", about="about VaultAlreadyExists,")
    return IN_USE.format(name=name, globally="globaly", about="on")


def _recovered(call: ArmCall, db: sqlite3.Connection, present: Vault | None) -> Response:
    """Recover a vault; as recorded, its tags become those of the request."""
    if present is None or present.deleted_on is None:
        raise ArmError(400, "SoftDeletedVaultDoesNotExist", NOTHING_TO_RECOVER)
    vault = registry.recover(db, replace(present, tags=_tags(call.body.get("tags") or {})))
    return json_response(200, vault_body(call, vault, policies.access_policies(db, vault)))


def _new_vault(call: ArmCall, db: sqlite3.Connection, properties: dict[str, Any], place: tuple[str, str, str]) -> Vault:
    """Create a vault with the settings that cannot change later: tenant, location, retention."""
    subscription, group, name = place
    try:
        registry.check_vault_name(name)
    except ValueError as error:
        raise ArmError(400, "VaultNameNotValid", str(error)) from None
    location = call.body.get("location")
    if not isinstance(location, str) or not location:
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
    if not LOCATION.fullmatch(location):
        raise ArmError(
            400,
            "LocationNotAvailableForResourceType",
            f"The provided location '{location}' is not available for resource type 'Microsoft.KeyVault/vaults'.",
        )
    tenant = directory.find_tenant(db, str(properties.get("tenantId")))
    if tenant is None:
        raise bad_request("The tenantId must be the one of a tenant that exists.")
    days = properties.get("softDeleteRetentionInDays")
    if days is not None and (isinstance(days, bool) or not isinstance(days, int) or days not in RETENTION):
        raise bad_request("The softDeleteRetentionInDays must be a number from 7 to 90.")
    return registry.add_vault(
        db,
        name,
        tenant,
        subscription=subscription,
        resource_group=group,
        location=location,
        sku=_sku(properties) or _missing("sku"),
        retention_days=days or RETENTION[-1],
        enable_rbac=call.request.query["api-version"] >= ROLES_BY_DEFAULT,
        created=call.now,
        properties={},
    )


def _write(call: ArmCall, db: sqlite3.Connection, vault: Vault, properties: dict[str, Any]) -> None:
    """Apply a request to a vault. Raises 400 for invalid values and for changes that are not possible."""
    days = properties.get("softDeleteRetentionInDays")
    if days is not None and days != vault.retention_days:
        raise bad_request('The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.')
    if str(properties.get("tenantId") or vault.tenant).lower() != vault.tenant:
        raise bad_request("The tenant of a vault cannot be changed here.")
    if _flag(properties, "enableSoftDelete") is False:
        raise bad_request(
            'The property "enableSoftDelete" cannot be set to false. Enabling the soft delete functionality is '
            "irreversible."
        )
    protection = _flag(properties, "enablePurgeProtection")
    if protection is False:
        raise bad_request(
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a '
            "vault is an irreversible action."
        )
    rbac = _flag(properties, "enableRbacAuthorization")
    changed = replace(
        vault,
        sku=_sku(properties) or vault.sku,
        purge_protection=vault.purge_protection or bool(protection),
        enable_rbac=vault.enable_rbac if rbac is None else rbac,
        tags=vault.tags if call.body.get("tags") is None else _tags(call.body["tags"]),
        properties=vault.properties | _kept(properties),
    )
    registry.save(db, changed)
    if properties.get("accessPolicies") is not None:
        policies.replace_all(db, vault, read_entries(properties, vault))


def _kept(properties: dict[str, Any]) -> dict[str, Any]:
    """The properties that are stored as they are."""
    kept: dict[str, Any] = {name: _flag(properties, name) for name in SWITCHES}
    for name in IN_COLUMNS:
        kept[name] = True if properties.get(name) is not None else None
    access = properties.get("publicNetworkAccess")
    if access is not None:
        if str(access).lower() not in ("enabled", "disabled"):
            raise bad_request("The publicNetworkAccess must be Enabled or Disabled.")
        kept["publicNetworkAccess"] = str(access).capitalize()
    if properties.get("networkAcls") is not None:
        try:
            kept["networkAcls"] = network.read_rules(properties["networkAcls"])
        except ValueError as error:
            raise bad_request(str(error)) from None
    return {name: value for name, value in kept.items() if value is not None}


def _answer(call: ArmCall, name: str, *, fresh: bool = False) -> Response:
    """The response with the current vault."""
    with call.service.store.reading() as db:
        vault = registry.find_vault(db, name)
        if vault is None:
            raise ArmError(404, "ResourceNotFound", f"The vault '{name}' was deleted meanwhile.")
        return json_response(200, vault_body(call, vault, policies.access_policies(db, vault), fresh=fresh))


def _properties(call: ArmCall) -> dict[str, Any]:
    """The properties of a request; all are optional."""
    properties = call.body.get("properties")
    if properties is None:
        return {}
    if not isinstance(properties, dict):
        raise ArmError(400, "InvalidRequestContent", "The request content was invalid and could not be read.")
    return properties


def _sku(properties: dict[str, Any]) -> str | None:
    sku = properties.get("sku")
    if sku is None:
        return None
    name = sku.get("name") if isinstance(sku, dict) else None
    if not isinstance(name, str) or name.lower() not in SKUS:
        raise bad_request("The sku must have the family A and the name standard or premium.")
    return name


def _missing(name: str) -> str:
    raise bad_request(f"The parameter {name} is not specified.")


def _flag(properties: dict[str, Any], name: str) -> bool | None:
    value = properties.get(name)
    if value is not None and not isinstance(value, bool):
        raise bad_request(f"The property {name} must be true or false.")
    return value


def _tags(requested: Any) -> dict[str, str]:
    if not isinstance(requested, dict) or not all(isinstance(value, str) for value in requested.values()):
        raise bad_request("Tags must be an object of texts.")
    if len(requested) > MOST_TAGS:
        raise bad_request(f"A resource has at most {MOST_TAGS} tags.")
    return requested
