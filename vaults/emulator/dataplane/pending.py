"""Certificate operations: from the request for a certificate to its issue.

Source: Key Vault REST, Create Certificate, Get/Update/Delete Certificate Operation. A self-signed certificate is
issued after the emulator's `certificate_seconds`; one with the issuer Unknown waits for a merge.
"""

import base64
import sqlite3
from typing import Any
from uuid import uuid4

from vaults.emulator.dataplane import authority, certificate_policy, certificates, x509tools
from vaults.emulator.dataplane.call import Call
from vaults.emulator.state import keymaterial, operations, public_authority
from vaults.emulator.state.entries import LIVE, Entry, Version, new_version_id
from vaults.emulator.state.keymaterial import PrivateKey
from vaults.emulator.state.operations import CANCELLED, COMPLETED, FAILED, IN_PROGRESS
from vaults.emulator.wire import rules
from vaults.emulator.wire.errors import VaultError
from vaults.emulator.wire.http import Response, json_response
from vaults.emulator.wire.kinds import CERTIFICATE, KEY

WORKING = (
    "Pending certificate created. Certificate request is in progress. This may take some time based on the "
    "issuer provider. Please check again later."
)
WAITING = "Pending certificate created. Please Perform Merge to complete the request."
SIGNING_REQUEST = "application/pkcs10"


def create_certificate(call: Call) -> Response:
    """Create Certificate: 202 with the operation; the certificate follows."""
    attributes = rules.read_attributes(call.body)
    tags = rules.read_tags(call.body)
    requested = rules.mapping(call.body, "policy")
    with call.service.store.reading() as db:
        present = _present(call, db)
        policy = _policy(call, requested, present)
        authority.check_issuer(db, call, policy["issuer"]["name"])
        key = _reused_key(call, db, present, policy)
    # Outside the transaction: generating an RSA key is slow.
    key = key or _new_key(call, policy)
    operation = new_operation(policy, key, enabled=attributes.enabled is not False, tags=tags)
    with call.service.store.writing() as db:
        entry = _present(call, db) or _unissued(call, db, policy)
        operation["version"] = new_version_id() if entry.listed else entry.current
        entry.extra["policy"] = policy
        if rules.flag(call.body, "preserveCertOrder") is not None:
            entry.extra["preserveCertOrder"] = operation["preserveCertOrder"] = call.body["preserveCertOrder"]
        call.table(db, CERTIFICATE).save(entry)
        waits = operation["issuer"].lower() == "unknown"
        completes = None if waits else call.service.clock() + call.service.certificate_seconds
        operations.write(db, call.vault.id, entry.name, operation, completes, keymaterial.dump(key))
    location = f"{call.url('certificates', call.name, 'pending')}?api-version={call.api_version}"
    headers = [("Location", f"{location}&request_id={operation['request_id']}"), ("Retry-After", "10")]
    return json_response(202, operation_body(call, entry.name, operation), headers)


def _policy(call: Call, requested: dict[str, Any], present: Entry | None) -> dict[str, Any]:
    """The policy of the request, or the present one if the request has none. Raises the vault's 400."""
    if present and not requested:
        return certificate_policy.check_issuable(present.extra["policy"])
    return certificate_policy.issuable(call, requested, present.extra["policy"] if present else None)


def get_operation(call: Call) -> Response:
    """Get Certificate Operation; as recorded, only the signing request in base64 if PKCS#10 is accepted."""
    with call.service.store.reading() as db:
        operation, _, _ = find_asked(call, db)
    if call.accept == SIGNING_REQUEST:
        return Response(200, operation["csr"].encode(), [("Content-Type", SIGNING_REQUEST)])
    headers = [("Retry-After", "10")] if operation["status"] == IN_PROGRESS else []
    return json_response(200, operation_body(call, call.name, operation), headers)


def update_operation(call: Call) -> Response:
    """Update Certificate Operation: request cancellation. It stays in progress until it would have completed."""
    wanted = rules.flag(call.body, "cancellation_requested")
    with call.service.store.writing() as db:
        operation, completes, material = find_asked(call, db)
        if operation["status"] != IN_PROGRESS:
            raise VaultError(403, "Forbidden", "Pending status must be in progress to allow update.")
        if wanted:
            operation["cancellation_requested"] = True
            if completes is None:
                completes = call.service.clock() + call.service.certificate_seconds
        operations.write(db, call.vault.id, call.name, operation, completes, material)
    return json_response(200, operation_body(call, call.name, operation))


def delete_operation(call: Call) -> Response:
    """Delete Certificate Operation: 200 with its last state. A certificate that was never issued stays unlisted."""
    with call.service.store.writing() as db:
        operation, _, _ = find_asked(call, db)
        operations.forget(db, call.vault.id, call.name)
    return json_response(200, operation_body(call, call.name, operation))


def complete_due(call: Call, db: sqlite3.Connection) -> None:
    """Complete or cancel all operations that are due."""
    for name in operations.due(db, call.vault.id, call.service.clock()):
        operation, completes, material = operations.find(db, call.vault.id, name)
        entry = call.table(db, CERTIFICATE).entry(name)
        if entry is None or entry.state != LIVE:
            # The certificate was deleted meanwhile.
            operations.forget(db, call.vault.id, name)
            continue
        if operation["cancellation_requested"]:
            operation["status"] = CANCELLED
        else:
            _issue(call, db, entry, operation, keymaterial.load(material), int(completes or call.now))
        operations.write(db, call.vault.id, name, operation, None, material)


def find_asked(call: Call, db: sqlite3.Connection) -> tuple[dict[str, Any], float | None, bytes]:
    """The operation of the certificate in the path, as `operations.find`. Raises the vault's 404 if either does not exist."""
    if not call.table(db, CERTIFICATE).is_live(call.name):
        raise operations.not_found(call.name)
    return operations.find(db, call.vault.id, call.name)


def new_operation(
    policy: dict[str, Any], key: PrivateKey, *, enabled: bool, tags: dict[str, str] | None
) -> dict[str, Any]:
    """A new operation; the caller adds the version that it will create."""
    return {
        "request_id": uuid4().hex,
        "issuer": policy["issuer"]["name"],
        "csr": base64.b64encode(x509tools.request(policy, key)).decode(),
        "cancellation_requested": False,
        "status": IN_PROGRESS,
        "enabled": enabled,
        "tags": tags,
    }


def key_for(call: Call, db: sqlite3.Connection, entry: Entry, policy: dict[str, Any]) -> PrivateKey:
    """The key of a certificate's next version."""
    return _reused_key(call, db, entry, policy) or _new_key(call, policy)


def operation_body(call: Call, name: str, operation: dict[str, Any]) -> dict[str, Any]:
    """The body of a response with an operation."""
    answer: dict[str, Any] = {
        "id": call.url("certificates", name, "pending"),
        "issuer": {"name": operation["issuer"]},
        "csr": operation["csr"],
        "cancellation_requested": operation["cancellation_requested"],
        "status": operation["status"],
    }
    if operation["status"] == IN_PROGRESS:
        answer["status_details"] = WAITING if operation["issuer"].lower() == "unknown" else WORKING
    if operation["status"] == COMPLETED:
        answer["target"] = call.url("certificates", name)
    if operation.get("error"):
        answer["error"] = operation["error"]
    if call.since("7.6") and operation.get("preserveCertOrder") is not None:
        answer["preserveCertOrder"] = operation["preserveCertOrder"]
    answer["request_id"] = operation["request_id"]
    return answer


def _present(call: Call, db: sqlite3.Connection) -> Entry | None:
    """The certificate in the path, None if the name is free. Raises the vault's 409 if no version can be added."""
    entry = call.table(db, CERTIFICATE).free_or_live(call.name)
    certificates.check_names_free(call, db)
    if entry is not None and operations.exists(db, call.vault.id, call.name):
        operation, _, _ = operations.find(db, call.vault.id, call.name)
        if operation["status"] == IN_PROGRESS:
            raise VaultError(
                409,
                "Conflict",
                f"A pending operation for the certificate {call.name} is in progress. Wait for it to end, or "
                "cancel or delete it, before you start another one.",
            )
    return entry


def _reused_key(call: Call, db: sqlite3.Connection, entry: Entry | None, policy: dict[str, Any]) -> PrivateKey | None:
    """The key of the newest version, if the policy reuses it and its type is the same."""
    if entry is None or not entry.listed or not policy["key_props"]["reuse_key"]:
        return None
    table = call.table(db, KEY)
    managed_key = table.entry(call.name)
    if managed_key is None:
        return None
    version = table.version(managed_key)
    return keymaterial.load(version.material) if version.data["kty"] == policy["key_props"]["kty"] else None


def _new_key(call: Call, policy: dict[str, Any]) -> PrivateKey:
    props = policy["key_props"]
    return call.service.new_key(props["kty"].removesuffix("-HSM"), props["key_size"], props.get("crv", ""))


def _unissued(call: Call, db: sqlite3.Connection, policy: dict[str, Any]) -> Entry:
    """Store a certificate that has only a policy: disabled, unlisted, with the dates that it will have."""
    entry = Entry(call.name, new_version_id(), listed=False)
    version = Version(
        entry.current,
        call.now,
        call.now,
        enabled=False,
        not_before=call.now - x509tools.BACKDATED,
        expires_on=int(x509tools.add_months(call.now, policy["x509_props"]["validity_months"]).timestamp()),
    )
    table = call.table(db, CERTIFICATE)
    table.save(entry)
    table.write(entry.name, version)
    return entry


def _issue(
    call: Call, db: sqlite3.Connection, entry: Entry, operation: dict[str, Any], key: PrivateKey, moment: int
) -> None:
    """Sign the certificate and store it."""
    policy = entry.extra["policy"]
    version = Version(operation["version"], moment, moment, operation["enabled"], tags=operation["tags"])
    signer = authority.signer(db, call, operation["issuer"])
    if signer is None:
        operation["status"] = FAILED
        operation["error"] = authority.refusal(db, call, operation["issuer"])
        return
    most_days = public_authority.most_days(call.service.public_limits, moment) if signer.is_public else None
    leaf = x509tools.issue(policy, key, moment, issuer=signer.issuer, most_days=most_days)
    certificates.store_certificate(db, call, entry, version, [leaf, *signer.chain], key)
    operation["status"] = COMPLETED
