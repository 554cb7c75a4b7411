"""Release policies of keys: stored and returned, but not enforced.

Source: Key Vault REST, KeyReleasePolicy (7.3). The data is JSON in base64url.
"""

import json
from collections.abc import Mapping
from typing import Any

from vaults.emulator.dataplane.call import Call
from vaults.emulator.state.entries import Version
from vaults.emulator.wire import jwt, rules
from vaults.emulator.wire.errors import bad_parameter

ORDER = ("version", "authority", "claim", "equals", "anyOf", "allOf")


def read(call: Call) -> dict[str, Any]:
    """The release policy of a request in the form of the service, as a member to merge; empty if there is none."""
    requested = rules.mapping(call.body, "release_policy")
    if not requested or not call.since("7.3"):
        return {}
    policy = {
        "contentType": rules.text(requested, "contentType") or "application/json; charset=utf-8",
        "data": _as_kept(rules.text(requested, "data") or ""),
        "immutable": bool(rules.flag(requested, "immutable")),
    }
    return {"release_policy": policy}


def check_exportable(data: Mapping[str, Any], *, exportable: bool) -> None:
    """Raise the vault's 400 unless an exportable key has a release policy and another key has none."""
    if exportable and "release_policy" not in data:
        raise bad_parameter("AKV.SKR.1004: Exportable keys must have release policy.")
    if not exportable and "release_policy" in data:
        raise bad_parameter("AKV.SKR.1005: Non-exportable keys must not have release policy.")


def change(call: Call, version: Version) -> None:
    """Replace the release policy, unless it is immutable."""
    changed = read(call)
    present = version.data.get("release_policy")
    if not changed:
        return
    if present and present["immutable"] and changed["release_policy"] != present:
        raise bad_parameter("AKV.SKR.1020: Immutable Key Release Policy cannot be modified.")
    version.data |= changed
    check_exportable(version.data, exportable=version.data["exportable"])


def _as_kept(data: str) -> str:
    """The policy as the service rewrites it in recordings: in its own order, booleans as strings."""
    try:
        kept = json.dumps(_ordered(json.loads(jwt.decode(data))), separators=(",", ":"))
    except (ValueError, RecursionError):
        return data
    return jwt.encode(kept.encode())


def _ordered(part: Any) -> Any:
    if isinstance(part, list):
        return [_ordered(each) for each in part]
    if isinstance(part, dict):
        known = {name: _ordered(part[name]) for name in ORDER if name in part}
        return known | {name: _ordered(value) for name, value in part.items() if name not in known}
    if isinstance(part, bool):
        return str(part).lower()
    return part
