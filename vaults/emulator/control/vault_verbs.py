"""Verbs about vaults, their content, and permissions."""

import sqlite3
from dataclasses import replace

from vaults.emulator.control.context import Context, Values, Verb
from vaults.emulator.control.directory_verbs import PRINCIPAL, TENANT, find_tenant
from vaults.emulator.control.fields import Field, RefusedError, Shape, number
from vaults.emulator.dataplane import network
from vaults.emulator.samples.filling import fill_vault
from vaults.emulator.samples.names import SUBSCRIPTION_ID
from vaults.emulator.state import policies, registry, removal, roles
from vaults.emulator.state.registry import Vault
from vaults.emulator.state.role_definitions import find_role
from vaults.emulator.state.unknown import UnknownNameError
from vaults.emulator.wire import raw_members
from vaults.emulator.wire.kinds import KINDS, Kind

MOST = 100_000  # objects of one kind in one action


def add_vault(context: Context, values: Values) -> str:
    emulator = context.emulator
    with emulator.store.writing() as db:
        removal.purge_due_vaults(db, emulator.clock())
        if registry.find_in_any_state(db, values["vault"]) is not None:
            raise RefusedError(f"There is a vault {values['vault']} already.")
        known = [*registry.all_vaults(db), *registry.deleted_vaults(db)]
        tenant = find_tenant(db, values["tenant"])
        subscription = next((vault.subscription for vault in known if vault.tenant == tenant), SUBSCRIPTION_ID)
        registry.add_vault(
            db,
            values["vault"],
            tenant,
            subscription=subscription,
            created=int(emulator.clock()),
            retention_days=values["retention-days"],
            purge_protection=values["purge-protection"],
            enable_rbac=values["rbac"],
            sku=values["sku"],
        )
    context.home.assign_ports(emulator)
    context.home.write_clouds(emulator)
    emulator.vaults_changed()
    return emulator.vault_url(values["vault"])


def delete_vault(context: Context, values: Values) -> str:
    vault = context.emulator.vault(values["vault"])
    with context.emulator.store.writing() as db:
        registry.delete(db, vault, int(context.emulator.clock()))
    context.home.write_clouds(context.emulator)
    return f"The vault {vault.name} is deleted and can be recovered for {vault.retention_days} days."


def recover_vault(context: Context, values: Values) -> str:
    with context.emulator.store.writing() as db:
        registry.recover(db, _deleted(db, values["vault"]))
    context.home.assign_ports(context.emulator)
    context.home.write_clouds(context.emulator)
    context.emulator.vaults_changed()
    return context.emulator.vault_url(values["vault"])


def purge_vault(context: Context, values: Values) -> str:
    with context.emulator.store.writing() as db:
        removal.purge_vault(db, _deleted(db, values["vault"]))
    return f"The vault {values['vault']} is gone for good."


def set_vault(context: Context, values: Values) -> str:
    """Change settings of a vault; other than on Azure, purge protection can be turned off."""
    vault = context.emulator.vault(values["vault"])
    properties = dict(vault.properties)
    if values["public-access"]:
        properties["publicNetworkAccess"] = values["public-access"]
    if values["firewall"] or values["allow"]:
        ranges = [{"value": each} for each in values["allow"]]
        try:
            properties["networkAcls"] = network.read_rules(
                {"defaultAction": values["firewall"] or "Deny", "ipRules": ranges}
            )
        except ValueError as error:
            raise RefusedError(str(error)) from None
    changed = replace(
        vault,
        enable_rbac=vault.enable_rbac if values["decides-by"] is None else values["decides-by"] == "roles",
        purge_protection=vault.purge_protection
        if values["purge-protection"] is None
        else values["purge-protection"] == "on",
        properties=properties,
    )
    with context.emulator.store.writing() as db:
        registry.save(db, changed)
    return f"The vault {vault.name} is changed."


def fill(context: Context, values: Values) -> str:
    counts = {"secrets": values["secrets"], "keys": values["keys"], "certificates": values["certificates"]}
    if not any(counts.values()):
        raise RefusedError("Say how many: --secrets 10000 --keys 200 --certificates 500.")
    fill_vault(
        context.emulator,
        values["vault"],
        secret_count=values["secrets"],
        key_count=values["keys"],
        certificate_count=values["certificates"],
    )
    return f"{values['vault']}: " + ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) + " more"


def hold(context: Context, values: Values) -> str:
    kind, name = values["item"]
    context.emulator.hold(values["vault"], kind, name, values["member"], values["value"])
    return f"{values['vault']} answers with that until the member is updated."


def grant(context: Context, values: Values) -> str:
    context.emulator.grant(*values["permissions"], principal=values["principal"], vault=values["vault"])
    return ""


def revoke(context: Context, values: Values) -> str:
    context.emulator.deny(*values["permissions"], principal=values["principal"], vault=values["vault"])
    return ""


def assign_role(context: Context, values: Values) -> str:
    if values["vault"] is not None:
        context.emulator.vault(values["vault"])
    context.emulator.assign_role(values["role"], principal=values["principal"], vault=values["vault"])
    return ""


def remove_role(context: Context, values: Values) -> str:
    role = find_role(values["role"])
    if role is None:
        raise RefusedError(f"There is no role {values['role']}.")
    object_id = context.emulator.principal(values["principal"]).object_id
    scope = "" if values["vault"] is None else context.emulator.vault(values["vault"]).resource_id
    with context.emulator.store.writing() as db:
        held = [row for row in roles.assignments(db, object_id) if row["role"] == role.id]
        chosen = [row for row in held if not scope or roles.covers(scope, row["scope"])]
        for row in chosen:
            roles.remove(db, row["id"])
    if not chosen:
        raise RefusedError(f"{values['principal']} does not have the role {role.name} there.")
    return ""


def _deleted(db: sqlite3.Connection, name: str) -> Vault:
    vault = registry.find_in_any_state(db, name)
    if vault is None or vault.deleted_on is None:
        raise RefusedError(f"There is no deleted vault {name}.")
    return vault


def _item(text: str) -> tuple[Kind, str]:
    collection, _, name = text.partition("/")
    kind = KINDS.get(collection.lower())
    if kind is None or not name:
        raise ValueError(f"{text} is not secrets/, keys/ or certificates/ and a name.")
    return kind, name


def _new_name(text: str) -> str:
    registry.check_vault_name(text)
    return text.lower()


def _permission(text: str) -> str:
    try:
        return "/".join(policies.parse_permission(text))
    except UnknownNameError as error:
        raise ValueError(str(error)) from None


VAULT = Field("vault", "name of the vault", required=True)
AT_VAULT = Field("vault", "name of the vault (default: all)")
PERMISSIONS = Field("permissions", "for instance secrets/get keys/list", _permission, required=True, shape=Shape.WORDS)
ROLE = Field("role", "name or id of the role, as in 'Key Vault Secrets User'", required=True)
RETENTION = Field("retention-days", "7 to 90 (default 90)", number(7, 90), default=90)
VAULT_VERBS = (
    Verb(
        "add-vault",
        "create an empty vault; a running server takes it up",
        add_vault,
        (
            Field("vault", "3 to 24 letters, digits and hyphens", _new_name, required=True),
            TENANT,
            RETENTION,
            Field("purge-protection", "what is deleted cannot be purged", shape=Shape.SWITCH),
            Field("rbac", "decide by role assignments, not by access policies", shape=Shape.SWITCH),
            Field("sku", "standard or premium (default)", default="premium", choices=("standard", "premium")),
        ),
    ),
    Verb("delete-vault", "soft-delete a vault", delete_vault, (VAULT,)),
    Verb("recover-vault", "bring a deleted vault back", recover_vault, (VAULT,)),
    Verb("purge-vault", "remove a deleted vault for good", purge_vault, (VAULT,)),
    Verb(
        "set-vault",
        "change a vault: firewall, public access, roles or policies",
        set_vault,
        (
            VAULT,
            Field("firewall", "what happens to addresses that no rule names", choices=("Allow", "Deny")),
            Field("allow", "addresses and ranges to let in, as in 10.0.0.0/8", shape=Shape.WORDS),
            Field("public-access", "Disabled: nobody gets in", choices=("Enabled", "Disabled")),
            Field("decides-by", "who decides about access", choices=("policies", "roles")),
            Field("purge-protection", "off works here, not on Azure", choices=("on", "off")),
        ),
    ),
    Verb(
        "fill",
        "put many believable objects into a vault",
        fill,
        (
            VAULT,
            Field("secrets", "how many", number(0, MOST), default=0),
            Field("keys", "how many", number(0, MOST), default=0),
            Field("certificates", "how many", number(0, MOST), default=0),
        ),
    ),
    Verb(
        "hold",
        "have an item hold what no API takes, as real vaults do: a date beyond the year 9999",
        hold,
        (
            VAULT,
            Field("item", "as in secrets/db-password", _item, required=True),
            Field("member", "its path in the answer, as in attributes.exp", raw_members.read_path, required=True),
            Field("value", "as JSON: 253402303861, null, '[]'", raw_members.read_json, required=True),
        ),
    ),
    Verb("grant", "give permissions by access policy", grant, (PRINCIPAL, PERMISSIONS, AT_VAULT)),
    Verb("revoke", "take permissions away", revoke, (PRINCIPAL, PERMISSIONS, AT_VAULT)),
    Verb("assign-role", "give an Azure role", assign_role, (PRINCIPAL, ROLE, AT_VAULT)),
    Verb("remove-role", "take an Azure role away", remove_role, (PRINCIPAL, ROLE, AT_VAULT)),
)
