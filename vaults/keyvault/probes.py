"""Finds out the caller's permissions in a vault by harmless calls (probes).

Key Vault checks the permission before it looks for the object: for a name that does not exist, 404 means "allowed" and 403
"denied". The name is generated here, a new one for each call, and never taken from outside: the calls are harmless only
because it does not exist. A call that could change something is never made; permissions that only such a call would show
stay "unknown". The vault's own log records each probe.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from vaults.azure.errors import (
    AuthenticationError,
    AzureError,
    BadRequest,
    Forbidden,
    MalformedResponse,
    NotFound,
    Throttled,
    TransportError,
    Unauthorized,
    Unavailable,
)
from vaults.azure.json_values import ignore_body
from vaults.azure.parallel import gather
from vaults.keyvault.client import VaultClient
from vaults.keyvault.operations import OPERATIONS, Operation, Probe
from vaults.keyvault.paths import path_of
from vaults.keyvault.refusals import (
    MISSING_PERMISSION,
    cause_of,
    is_about_no_item,
    is_about_the_api_version,
    is_about_the_network,
)

Verdict = Literal["allowed", "probably", "denied", "unknown"]

AT_ONCE = 4
PERMISSIONS: Sequence[str] = tuple(
    dict.fromkeys(operation.permission for operation in OPERATIONS.values() if operation.permission)
)
"""All permissions of the operations, in the order of the catalogue."""

#: Errors that don't depend on the operation: every other probe would get the same.
_ABOUT_THE_WHOLE_VAULT = (
    TransportError, AuthenticationError, MalformedResponse, Unauthorized, Throttled, Unavailable,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The result of a probe. "probably" means "allowed" where it is not proven that the permission is checked first.

    `unexpected`: the call succeeded although no object has this name. `method` and `path` are "" if no request was sent.
    `error`: why there is no verdict although a harmless request exists: a firewall, throttling, an outage.
    """

    permission: str
    verdict: Verdict
    method: str = ""
    path: str = ""
    status: int | None = None
    code: str = ""
    inner_code: str = ""
    reason: str = ""
    unexpected: bool = False
    error: AzureError | None = field(default=None, repr=False, compare=False)


def probe_all(client: VaultClient, permissions: Sequence[str] = PERMISSIONS) -> list[ProbeResult]:
    """Probe permissions, AT_ONCE in parallel. Stops after an unexpected success, or after errors that concern the whole vault."""
    results: list[ProbeResult] = []
    stopped_by: ProbeResult | None = None
    for start in range(0, len(permissions), AT_ONCE):
        batch = permissions[start : start + AT_ONCE]
        if stopped_by is None:
            found = gather(*(partial(probe, client, permission) for permission in batch))
            stopped_by = _reason_to_stop(found)
        else:
            found = tuple(_skipped(permission, stopped_by) for permission in batch)
        results += found
    return results


def _reason_to_stop(found: Sequence[ProbeResult]) -> ProbeResult | None:
    if unexpected := next((result for result in found if result.unexpected), None):
        return unexpected
    asked = [result for result in found if result.method]
    return asked[-1] if asked and all(_is_about_the_whole_vault(result.error) for result in asked) else None


def _is_about_the_whole_vault(error: AzureError | None) -> bool:
    if error is None:
        return False
    return isinstance(error, _ABOUT_THE_WHOLE_VAULT) or is_about_the_network(error) or is_about_no_item(error)


def _skipped(permission: str, stopped_by: ProbeResult) -> ProbeResult:
    if _harmless_request(permission) is None:
        return _unknowable(permission)
    why = "Not asked: none of the probes before it brought a verdict."
    if stopped_by.unexpected:
        why = "Not asked: an earlier probe succeeded unexpectedly."
    return ProbeResult(permission, "unknown", reason=why, error=stopped_by.error)


def probe(client: VaultClient, permission: str) -> ProbeResult:
    """Probe one permission. Failures of the call are returned as a verdict; only programming errors are raised."""
    found = _harmless_request(permission)
    return _run_probe(client, *found) if found else _unknowable(permission)


def _harmless_request(permission: str) -> tuple[Operation, Probe] | None:
    for operation in OPERATIONS.values():
        if operation.permission == permission and operation.probe:
            return operation, operation.probe
    return None


def _unknowable(permission: str) -> ProbeResult:
    return ProbeResult(permission, "unknown", reason="No harmless request can show it.")


def _run_probe(client: VaultClient, operation: Operation, how: Probe) -> ProbeResult:
    name = f"probe-{uuid.uuid4().hex}"
    result = ProbeResult(
        operation.permission,
        "unknown",
        operation.method,
        path_of(operation, name),
    )
    try:
        client.send(operation, ignore_body, name=name, query=how.query, json=how.body)
    except AzureError as error:
        error.maybe_done = False  # executed or not, it was for a name that does not exist
        return _judge(result, how, error)
    if 200 in how.allowed:
        return replace(result, verdict="allowed", status=200)
    return replace(
        result, unexpected=True, reason="It succeeded, though nothing of this name exists. Look at the vault."
    )


def _judge(result: ProbeResult, how: Probe, error: AzureError) -> ProbeResult:
    """The verdict for an error. A 404 that is not about an object may be a gateway's, and gives no verdict."""
    verdict: Verdict = "unknown"
    reason = error.message
    about_the_call = isinstance(error, BadRequest) and not is_about_the_api_version(error)
    decided = about_the_call or isinstance(error, NotFound)
    if decided and error.code and error.status in how.allowed:
        verdict, reason = ("allowed", "") if how.sure else ("probably", "")
    elif isinstance(error, Forbidden) and cause_of(error) in MISSING_PERMISSION:
        verdict = "denied"
    return replace(
        result,
        verdict=verdict,
        status=error.status,
        code=error.code,
        inner_code=error.inner_code,
        reason=reason,
        error=error if verdict == "unknown" else None,
    )
