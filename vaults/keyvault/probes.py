"""What may the caller do in a vault? Asked by calls that can't do anything.

Key Vault decides on permission before it looks whether the object is there: for a name that nobody has, 404
means "allowed" and 403 "denied". The name is made here, fresh for each call, and never taken from outside:
only because it does not exist are these calls harmless. A call that could succeed is never made; permissions
that only such a call would show stay "unknown". Each probe stands in the vault's own log.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from vaults.keyvault.answers import nothing
from vaults.keyvault.client import VaultClient
from vaults.keyvault.errors import BadRequest, Forbidden, KeyVaultError, NotFound
from vaults.keyvault.operations import OPERATIONS, Operation, Probe
from vaults.keyvault.parallel import gather

Verdict = Literal["allowed", "probably", "denied", "unknown"]

AT_ONCE = 4
PERMISSIONS: Sequence[str] = tuple(
    dict.fromkeys(operation.permission for operation in OPERATIONS.values() if operation.permission)
)
"""All permissions that an operation needs, in the order of the catalogue."""

_ABSENT = frozenset(
    f"{noun}NotFound"
    for noun in ("Secret", "Key", "Certificate", "PendingCertificate", "CertificateIssuer", "Contacts")
)
_DENIALS = frozenset({"AccessDenied", "ForbiddenByPolicy", "ForbiddenByRbac"})

_STOPPED = "Not asked: an earlier probe succeeded, which none should."


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a probe found. "probably" is "allowed" where it is not proven that permission is decided first.

    `unexpected`: the call succeeded, which no probe should. `method` and `path` are "" if none was sent.
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


def probe_all(client: VaultClient, permissions: Sequence[str] = PERMISSIONS) -> list[ProbeResult]:
    """Probe some permissions, a few side by side; stops after an unexpected success."""
    results: list[ProbeResult] = []
    for start in range(0, len(permissions), AT_ONCE):
        batch = permissions[start : start + AT_ONCE]
        if any(result.unexpected for result in results):
            results += [
                ProbeResult(permission, "unknown", reason="Not asked: an earlier probe succeeded unexpectedly.")
                for permission in batch
            ]
        else:
            results += gather(*(partial(probe, client, permission) for permission in batch))
    return results


def probe(client: VaultClient, permission: str) -> ProbeResult:
    """Ask for one permission. Raises nothing but what a defect raises: failures are verdicts."""
    for operation in OPERATIONS.values():
        if operation.permission == permission and operation.probe:
            return _ask(client, operation, operation.probe)
    return ProbeResult(permission, "unknown", reason="No harmless request can show it.")


def _ask(client: VaultClient, operation: Operation, how: Probe) -> ProbeResult:
    name = f"probe-{uuid.uuid4().hex}"
    result = ProbeResult(
        operation.permission,
        "unknown",
        operation.method,
        operation.path.replace("{name}", name).replace("/{version}", ""),
    )
    try:
        client.send(operation, nothing, name=name, query=how.query, json=how.body)
    except KeyVaultError as error:
        return _judge(result, how, error)
    if 200 in how.allowed:
        return replace(result, verdict="allowed", status=200)
    return replace(
        result, unexpected=True, reason="It succeeded, though nothing of this name exists. Look at the vault."
    )


def _judge(result: ProbeResult, how: Probe, error: KeyVaultError) -> ProbeResult:
    """The verdict of an error. A 404 that is about no object may be some gateway's, and decides nothing."""
    verdict: Verdict = "unknown"
    reason = error.message
    decided = isinstance(error, BadRequest) or (isinstance(error, NotFound) and error.code in _ABSENT)
    if decided and error.code and error.status in how.allowed:
        verdict, reason = ("allowed", "") if how.sure else ("probably", "")
    elif isinstance(error, Forbidden) and error.inner_code in _DENIALS:
        verdict = "denied"
    return replace(
        result,
        verdict=verdict,
        status=error.status,
        code=error.code,
        inner_code=error.inner_code,
        reason=reason,
    )
