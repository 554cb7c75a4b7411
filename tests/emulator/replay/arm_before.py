"""Vaults that were there before a recording of Resource Manager began, made here from what its answers first say of them."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from vaults.emulator.arm.vaults import IN_COLUMNS, SWITCHES
from vaults.emulator.state import policies, registry
from vaults.emulator.state.policies import Identity

AS_THEY_ARE = ("networkAcls", "publicNetworkAccess")


def vaults_before(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first description of each vault that the recording did not make: one that it made waits for its name at first."""
    first: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if entry["StatusCode"] < 300:
            for described in descriptions(entry["ResponseBody"]):
                first.setdefault(described["id"].lower(), described)
    return [each for each in first.values() if each["properties"].get("provisioningState") == "Succeeded"]


def descriptions(answer: Any) -> Iterator[dict[str, Any]]:
    """The vaults that an answer describes with their properties: one, those of a list, or none."""
    if isinstance(answer, dict):
        items = answer["value"] if isinstance(answer.get("value"), list) else [answer]
        yield from (item for item in items if isinstance(item, dict) and "vaultUri" in (item.get("properties") or {}))


def make(db: sqlite3.Connection, described: dict[str, Any], tenant: str) -> None:
    """Make a vault as it was described."""
    properties = described["properties"]
    _, _, subscription, _, group, *_ = described["id"].split("/")
    kept = {name: properties[name] for name in (*SWITCHES, *AS_THEY_ARE) if properties.get(name) is not None}
    vault = registry.add_vault(
        db,
        described["name"],
        tenant,
        subscription=subscription,
        resource_group=group,
        location=described["location"],
        sku=properties["sku"]["name"],
        retention_days=properties.get("softDeleteRetentionInDays") or 90,
        purge_protection=bool(properties.get("enablePurgeProtection")),
        enable_rbac=bool(properties.get("enableRbacAuthorization")),
        created=0,
        properties=kept | {name: True for name in IN_COLUMNS if properties.get(name) is not None},
    )
    registry.save(db, replace(vault, tags=described.get("tags") or {}))
    for entry in properties["accessPolicies"]:
        policies.set_permissions(
            db, vault, Identity(entry["objectId"], entry.get("applicationId") or ""), entry["permissions"]
        )
