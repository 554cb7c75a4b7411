"""Authorization at a scope: permissions, role definitions, role assignments.

Source: Azure Authorization REST: Permissions - List For Resource; Role Definitions - List; Role Assignments.
"""

import json
import re
import sqlite3
from datetime import UTC, datetime
from typing import Any

from vaults.emulator.arm.call import ArmCall, ArmError
from vaults.emulator.state import directory, roles
from vaults.emulator.state.role_definitions import ROLES, Role, find_role
from vaults.emulator.wire.http import Response, json_response

PROVIDER = "/providers/Microsoft.Authorization"
PRINCIPAL_FILTER = re.compile(r"(?:principalId eq '([^']+)'|assignedTo\('([^']+)'\))", re.IGNORECASE)
# Optional properties of an assignment. Conditions are stored and returned, but not evaluated.
EXTRA = ("principalType", "description", "condition", "conditionVersion")
NAME_FILTER = re.compile(r"roleName eq '([^']+)'", re.IGNORECASE)


def list_permissions(call: ArmCall, scope: str) -> Response:
    """Permissions of the caller at a scope; none is an empty list."""
    with call.service.store.reading() as db:
        held = roles.roles_at(db, call.caller.object_id, scope)
    return json_response(200, {"value": [_permissions(role) for role in held]})


def list_role_definitions(call: ArmCall, scope: str) -> Response:
    with call.service.store.reading() as db:
        call.require(db, "Microsoft.Authorization/roleDefinitions/read", scope)
    wanted = NAME_FILTER.search(call.request.query.get("$filter", ""))
    items = [_definition(role, scope) for role in ROLES if wanted is None or role.name.lower() == wanted[1].lower()]
    return json_response(200, {"value": items})


def list_role_assignments(call: ArmCall, scope: str) -> Response:
    """Role assignments that apply to a scope: made on it or above it. A filter may name one principal."""
    wanted = PRINCIPAL_FILTER.search(call.request.query.get("$filter", ""))
    principal = (wanted[1] or wanted[2]).lower() if wanted else None
    with call.service.store.reading() as db:
        call.require(db, "Microsoft.Authorization/roleAssignments/read", scope)
        rows = roles.all_assignments(db)
    items = [
        _assignment(call, row)
        for row in rows
        if roles.covers(row["scope"], scope) and principal in (None, row["object_id"])
    ]
    return json_response(200, {"value": items})


def get_role_assignment(call: ArmCall, scope: str, assignment: str) -> Response:
    with call.service.store.reading() as db:
        call.require(db, "Microsoft.Authorization/roleAssignments/read", scope)
        row = roles.find_assignment(db, assignment)
    if row is None:
        raise ArmError(404, "RoleAssignmentNotFound", f"The role assignment '{assignment}' is not found.")
    return json_response(200, _assignment(call, row))


def create_role_assignment(call: ArmCall, scope: str, assignment: str) -> Response:
    properties = call.body.get("properties")
    if not isinstance(properties, dict):
        raise ArmError(400, "InvalidRequestContent", "The request content was invalid and could not be read.")
    role = find_role(str(properties.get("roleDefinitionId", "")).rpartition("/")[2])
    object_id = str(properties.get("principalId", "")).lower()
    with call.service.store.writing() as db:
        call.require(db, "Microsoft.Authorization/roleAssignments/write", scope)
        if role is None:
            raise ArmError(400, "RoleDefinitionDoesNotExist", "The specified role definition does not exist.")
        principal = directory.find_principal(db, object_id)
        if principal is None or principal.object_id != object_id:
            raise ArmError(400, "PrincipalNotFound", f"Principal {object_id} does not exist in the directory.")
        extra = {name: properties[name] for name in EXTRA if isinstance(properties.get(name), str)}
        present = roles.find_conflict(db, assignment, object_id, role, scope)
        if present is not None and not _is_change(present, (assignment, object_id, role.id, scope), extra):
            raise ArmError(409, "RoleAssignmentExists", "The role assignment already exists.")
        created = json.loads(present["extra"]).get("created", call.now) if present else call.now
        history = {"created": created, "updated": call.now, "by": call.caller.object_id}
        roles.assign(db, assignment, object_id, role, scope, extra | history)
        row = roles.find_assignment(db, assignment)
        assert row is not None  # noqa: S101 - just written
    answer = _assignment(call, row)
    answer["properties"]["createdBy"] = None  # as recorded; later responses name the creator
    return json_response(201, answer)


def delete_role_assignment(call: ArmCall, scope: str, assignment: str) -> Response:
    with call.service.store.writing() as db:
        call.require(db, "Microsoft.Authorization/roleAssignments/delete", scope)
        row = roles.find_assignment(db, assignment)
        if row is None:
            return Response(204)
        roles.remove(db, assignment)
    return json_response(200, _assignment(call, row))


def _is_change(present: sqlite3.Row, wanted: tuple[str, ...], extra: dict[str, str]) -> bool:
    """Whether a request changes only the optional properties of an existing assignment."""
    same = (present["id"], present["object_id"], present["role"], present["scope"]) == wanted
    before = json.loads(present["extra"])
    return same and {name: before[name] for name in EXTRA if name in before} != extra


def _permissions(role: Role) -> dict[str, Any]:
    return {
        "actions": list(role.actions),
        "notActions": list(role.not_actions),
        "dataActions": list(role.data_actions),
        "notDataActions": [],
    }


def _definition(role: Role, scope: str) -> dict[str, Any]:
    subscription = "/".join(scope.split("/")[:3])
    return {
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.description,
            "assignableScopes": ["/"],
            "permissions": [_permissions(role)],
            "createdOn": "2020-05-19T17:52:46.2349235Z",
            "updatedOn": "2021-11-11T20:14:30.2572681Z",
            "createdBy": None,
            "updatedBy": None,
        },
        "id": f"{subscription}{PROVIDER}/roleDefinitions/{role.id}",
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": role.id,
    }


def _assignment(call: ArmCall, row: sqlite3.Row) -> dict[str, Any]:
    subscription = "/".join(row["scope"].split("/")[:3])
    extra = json.loads(row["extra"])
    created, updated = (_iso(extra.get(name, call.now)) for name in ("created", "updated"))
    return {
        "properties": {
            "roleDefinitionId": f"{subscription}{PROVIDER}/roleDefinitions/{row['role']}",
            "principalId": row["object_id"],
            "principalType": extra.get("principalType", "ServicePrincipal"),
            "scope": row["scope"],
            "condition": extra.get("condition"),
            "conditionVersion": extra.get("conditionVersion"),
            "createdOn": created,
            "updatedOn": updated,
            "createdBy": extra.get("by"),
            "updatedBy": extra.get("by"),
            "delegatedManagedIdentityResourceId": None,
            "description": extra.get("description"),
        },
        "id": f"{row['scope']}{PROVIDER}/roleAssignments/{row['id']}",
        "type": "Microsoft.Authorization/roleAssignments",
        "name": row["id"],
    }


def _iso(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%S}.0000000Z"
