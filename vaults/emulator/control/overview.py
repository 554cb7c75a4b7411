"""The content of an emulator as tables, for the control page and the command line."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from vaults.emulator.control.context import Context
from vaults.emulator.dataplane import network
from vaults.emulator.state import directory, people, policies, registry, roles
from vaults.emulator.state.registry import Vault
from vaults.emulator.state.role_definitions import find_role

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One table. A cell may have several lines."""

    title: str
    head: Row
    rows: list[Row]

    def as_text(self) -> str:
        """The table for a terminal, one line for each row."""
        lines = ["  ".join(cell.replace("\n", "; ") for cell in row).rstrip() for row in self.rows]
        return "\n".join((self.title, *(f"  {line}" for line in lines or ["none"])))


def sections(context: Context) -> list[Section]:
    with context.emulator.store.reading() as db:
        return [
            Section(
                "Tenants", ("domain", "id"), [(name, tenant) for tenant, name in directory.all_tenants(db).items()]
            ),
            Section(
                "Service principals",
                ("name", "tenant", "client id", "object id", "credentials", "redirect URIs"),
                _principals(db),
            ),
            Section(
                "People",
                ("name", "e-mail", "object id"),
                [(person.name, person.email, person.object_id) for person in people.all_people(db)],
            ),
            Section(
                "Vaults",
                ("name", "address", "state", "decides by", "kept for", "network"),
                [_vault(context, vault) for vault in (*registry.all_vaults(db), *registry.deleted_vaults(db))],
            ),
            Section("Access policies", ("vault", "principal", "permissions"), _policies(db)),
            Section("Roles", ("principal", "role", "on"), _roles(db)),
        ]


def _principals(db: sqlite3.Connection) -> list[Row]:
    domains = directory.all_tenants(db)
    rows: list[Row] = []
    for principal in directory.all_principals(db):
        expiries = directory.secret_expiries(db, principal.client_id)
        credentials = [f"secret until {_day(moment)}" for moment in expiries]
        credentials += ["certificate"] * directory.certificate_count(db, principal.client_id)
        uris = people.redirect_uris(db, principal.client_id)
        rows.append(
            (
                principal.name,
                domains.get(principal.tenant, principal.tenant),
                principal.client_id,
                principal.object_id,
                "\n".join(credentials),
                "\n".join(uris),
            )
        )
    return rows


def _vault(context: Context, vault: Vault) -> Row:
    if vault.deleted_on is None:
        address, state = f"https://{context.emulator.addresses.vault_host(vault)}", "active"
    else:
        address, state = "", f"deleted, vanishes {_day(vault.purge_on or 0)}"
    kept = f"{vault.retention_days} days" + (", purge protection" if vault.purge_protection else "")
    return (vault.name, address, state, "roles" if vault.enable_rbac else "policies", kept, _network(vault))


def _network(vault: Vault) -> str:
    if vault.properties.get("publicNetworkAccess") == "Disabled":
        return "no public access"
    rules = vault.properties.get("networkAcls", network.OPEN)
    ranges = " ".join(rule["value"] for rule in rules["ipRules"])
    return "open" if rules["defaultAction"] == "Allow" else f"only {ranges or 'nobody'}"


def _policies(db: sqlite3.Connection) -> list[Row]:
    principals = directory.all_principals(db)
    names = {principal.object_id: principal.name for principal in principals}
    applications = {principal.client_id: principal.name for principal in principals}
    return [
        (
            vault.name,
            names.get(identity.object_id, identity.object_id) + _through(identity, applications),
            "\n".join(f"{collection}: {', '.join(granted)}" for collection, granted in permissions.items() if granted),
        )
        for vault in registry.all_vaults(db)
        for identity, permissions in policies.access_policies(db, vault).items()
    ]


def _through(identity: policies.Identity, applications: dict[str, str]) -> str:
    """The application of a compound identity."""
    application = identity.application_id
    return f" through {applications.get(application, application)}" if application else ""


def _roles(db: sqlite3.Connection) -> list[Row]:
    rows: list[Row] = []
    for principal in directory.all_principals(db):
        for row in roles.assignments(db, principal.object_id):
            role = find_role(row["role"])
            rows.append((principal.name, role.name if role else row["role"], row["scope"]))
    return rows


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"
