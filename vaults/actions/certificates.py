"""Certificates and their operations: each function checks the permission, acts on the vault and records the act."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils import timezone

from vaults.actions.changes import (
    UNREAD,
    ChangedMeanwhile,
    NameTaken,
    PartsUnread,
    changing,
    differences,
    edit_token_of,
    is_taken,
    version_opened_on,
)
from vaults.actors import Actor
from vaults.acts import Doing, act
from vaults.azure.errors import AzureError, BadRequest, NotFound
from vaults.azure.parallel import gather
from vaults.inventory import observe
from vaults.inventory.certificates import providers_of
from vaults.keyvault.chains import build
from vaults.keyvault.client import VaultClient
from vaults.keyvault.parts import Part, no_version, part, require_some, versions_read
from vaults.keyvault.paths import check_new_name
from vaults.keyvault.types import (
    Certificate,
    CertificateIssuer,
    CertificateOperation,
    CertificatePolicy,
    CertificateProperties,
)
from vaults.models import Vault
from vaults.permissions import Action
from vaults.problems import EXPECTED, Expected


@dataclass(frozen=True, slots=True)
class CertificateDetail:
    """The requested version, all versions (newest first), and the last operation, if any."""

    certificate: Part[Certificate]
    versions: Part[Sequence[CertificateProperties]]
    operation: Part[CertificateOperation | None]


@dataclass(frozen=True, slots=True)
class Renewal:
    """The data with which the form for a new version starts."""

    certificate: Certificate
    issuers: Part[Sequence[CertificateIssuer]]
    opened_on: str


@dataclass(frozen=True, slots=True)
class VersionWanted:
    """The differences between a new version and the present one; None means no difference.

    `policy` holds fields of CertificatePolicy.
    """

    policy: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] | None = None
    enabled: bool | None = None
    preserve_cert_order: bool | None = None


def read_certificate(actor: Actor, vault: Vault, name: str, version: str = "") -> CertificateDetail:
    """Three parallel calls. A name may have an operation before it has a certificate.

    Raises Forbidden if neither the certificate nor its versions may be read.
    """
    asked_at = timezone.now()
    with act(actor, Action.CERTIFICATE_READ, vault, name=name, version=version) as doing:
        client = doing.client
        certificate, versions, operation = gather(
            lambda: part(lambda: client.certificates.get(name, version)),
            lambda: versions_read(client.certificates, name),
            lambda: part(lambda: _operation_if_any(client, name)),
            meanwhile=doing.meanwhile,
        )
        if not version:
            own, pending = certificate.value, operation.value is not None and operation.value.is_pending
            in_progress = None if operation.error else pending
            observe.see_certificate(vault, name, asked_at, in_progress, own.properties if own else None)
            if own:
                observe.see_contents(vault, own, asked_at)
            if operation.value:
                observe.see_operation(vault, operation.value, asked_at)
        if isinstance(certificate.error, NotFound):
            if version or operation.value is None or operation.value.status == "completed":
                raise certificate.error  # deleted after it was issued, or its recovery is not complete yet
            return CertificateDetail(certificate, versions, operation)
        require_some(certificate, versions)
        doing.record_unread(certificate, versions, operation)
        if certificate.error and not versions.value:
            raise no_version(name, versions)
        return CertificateDetail(certificate, versions, operation)


def read_issued(actor: Actor, vault: Vault, name: str, version: str = "") -> Certificate:
    """One version; the current one if `version` is empty."""
    with act(actor, Action.CERTIFICATE_READ, vault, name=name, version=version) as doing:
        return doing.client.certificates.get(name, version)


def create_certificate(
    actor: Actor,
    vault: Vault,
    name: str,
    policy: CertificatePolicy,
    tags: Mapping[str, str],
    enabled: bool | None,
) -> CertificateOperation:
    """Request a new certificate.

    Raises NameTaken if the name is in use, Conflict if a deleted certificate has it or an operation is in progress, and
    AmbiguousPath if the name is a reserved word of Key Vault's paths.
    """
    with changing(actor, Action.CERTIFICATE_CREATE, vault, name, issuer=policy.issuer_name) as doing:
        check_new_name("certificates", name)
        client = doing.client
        if is_taken(client.certificates, name):
            raise NameTaken
        operation = _create(doing, name, policy, tags=tags, enabled=enabled)
    observe.remember_request(actor, vault, name, operation.request_id)
    observe.see_operation(vault, operation, timezone.now())
    return operation


def list_issuers(actor: Actor, vault: Vault) -> Part[Sequence[CertificateIssuer]]:
    """The issuers (CAs) configured in the vault, if they may be listed. If not, a user can still type an issuer's name."""
    with act(actor, Action.CERTIFICATE_LIST, vault, kind="issuers") as doing:
        client = doing.client
        issuers = part(lambda: client.issuers.list())
        doing.record_unread(issuers)
        return issuers


def read_for_new_version(actor: Actor, vault: Vault, name: str) -> Renewal:
    """Two parallel calls; the issuers are optional.

    Raises Forbidden if the certificate may not be read. A new version with the vault's stored policy can still be requested
    then.
    """
    asked_at = timezone.now()
    with act(actor, Action.CERTIFICATE_READ, vault, name=name) as doing:
        client = doing.client
        certificate, issuers = gather(
            lambda: client.certificates.get(name), lambda: part(lambda: client.issuers.list())
        )
        observe.see_contents(vault, certificate, asked_at, None if issuers.error else providers_of(issuers))
        doing.record_unread(issuers)
        return Renewal(certificate, issuers, edit_token_with_policy(certificate))


def edit_token_with_policy(certificate: Certificate) -> str:
    """Like `edit_token_of`, but covers the policy too: a new version is made from both."""
    read = certificate.policy.as_read if certificate.policy else certificate.odd.get("policy")
    policy = json.dumps(read, sort_keys=True)
    return f"{edit_token_of(certificate.properties)}.{hashlib.blake2b(policy.encode(), digest_size=8).hexdigest()}"


def new_version_of_certificate(
    actor: Actor, vault: Vault, name: str, wanted: VersionWanted, opened_on: str
) -> CertificateOperation:
    """Request a new version. If `opened_on` is UNREAD, the certificate may not be read: the vault uses its stored policy.

    Raises ChangedMeanwhile if another version or another policy was stored first, and PartsUnread if the policy to be sent
    would lack parts of the present one that could not be read.
    """
    with changing(actor, Action.CERTIFICATE_NEW_VERSION, vault, name) as doing:
        client = doing.client
        if opened_on == UNREAD:
            operation = _create(doing, name, None, tags=wanted.tags, enabled=wanted.enabled)
        else:
            present = client.certificates.get(name)
            edit_token = edit_token_with_policy(present)
            if edit_token != opened_on:
                raise ChangedMeanwhile(present.properties, edit_token)
            operation = _create_version(doing, present, wanted)
    observe.remember_request(actor, vault, name, operation.request_id)
    observe.see_operation(vault, operation, timezone.now())
    return operation


def _create_version(doing: Doing, present: Certificate, wanted: VersionWanted) -> CertificateOperation:
    """Request a version that equals the present one except for the wanted differences.

    An unchanged policy is not sent, because the vault has it. If the vault requires one, it gets its own policy back.
    """
    name, policy = present.properties.name, present.policy or CertificatePolicy()
    changed = replace(policy, **wanted.policy)
    doing.detail["issuer"] = changed.issuer_name
    enabled = present.properties.enabled if wanted.enabled is None else wanted.enabled
    order = present.preserve_cert_order if wanted.preserve_cert_order is None else wanted.preserve_cert_order
    more: dict[str, Any] = {
        "tags": present.properties.tags if wanted.tags is None else wanted.tags,
        "enabled": False if enabled is False else None,  # true is Key Vault's default
        "preserve_cert_order": order,
    }
    if changed != policy:
        _refuse_if_less(changed, wanted)
        doing.detail["attributes"] = sorted(wanted.policy)
        return _create(doing, name, changed, **more)
    try:
        return _create(doing, name, None, **more)
    except BadRequest:
        if not policy.as_read:
            raise
        return _create(doing, name, policy, **more)


def _refuse_if_less(policy: CertificatePolicy, wanted: VersionWanted) -> None:
    """Raises PartsUnread. `policy`: the policy that was read, with the wanted differences."""
    if not policy.as_read:
        raise PartsUnread(["policy"])
    taken_away = {path for name, path in policy.locked.items() if name in wanted.policy or name == "issuer_name"}
    if taken_away:
        raise PartsUnread([f"policy.{path}" for path in sorted(taken_away)])
    if not policy.issuer_name:
        raise PartsUnread(["issuer"])


def update_certificate(actor: Actor, vault: Vault, name: str, wanted: Mapping[str, Any], opened_on: str) -> None:
    """Set the state and tags of one version; only differences are sent."""
    version = opened_on.partition(".")[0]
    with changing(actor, Action.CERTIFICATE_UPDATE, vault, name, version=version) as doing:
        client = doing.client
        listed = part(lambda: client.certificates.versions(name))
        doing.record_unread(listed)
        versions = listed.value or ()
        known = [client.certificates.get(name, version).properties] if listed.error else versions
        changes = differences(version_opened_on(known, opened_on), wanted)
        doing.detail["attributes"] = sorted(changes)
        updated = client.certificates.update(name, version, **changes).properties if changes else None
    if updated and versions and version == versions[0].version:
        observe.remember(vault, updated)


def read_operation(actor: Actor, vault: Vault, name: str) -> CertificateOperation:
    """Raises NotFound if no operation was started, or it was deleted."""
    asked_at = timezone.now()
    with act(actor, Action.CERTIFICATE_READ, vault, name=name, kind="operation") as doing:
        try:
            operation = doing.client.certificates.operation(name)
        except NotFound:
            observe.end_request(vault, name, asked_at)
            raise
    observe.see_operation(vault, operation, asked_at)
    if operation.is_pending:
        observe.see_certificate(vault, name, asked_at, pending=True)
    else:
        observe.end_request(vault, name, asked_at, completed=operation.status == "completed")
    return operation


class OperationChanged(Exception):
    """The operation has ended, or it is not the one that the page was opened on."""


def cancel_operation(actor: Actor, vault: Vault, name: str, request_id: str) -> CertificateOperation:
    """Request cancellation of the operation `request_id`; the certificate may still be issued.

    Raises OperationChanged if another one has taken its place. UNREAD: whichever is there, since it may not be read.
    """
    with changing(actor, Action.CERTIFICATE_OPERATION_CANCEL, vault, name) as doing:
        _refuse_if_replaced(doing, name, request_id)
        operation = doing.client.certificates.cancel_operation(name)
    observe.see_operation(vault, operation, timezone.now())
    return operation


def delete_operation(actor: Actor, vault: Vault, name: str, request_id: str) -> CertificateOperation:
    """Delete the operation `request_id`. A request that a CA has started may continue.

    Raises OperationChanged if another one has taken its place: its private key would be lost. UNREAD: as in `cancel_operation`.
    """
    with changing(actor, Action.CERTIFICATE_OPERATION_DELETE, vault, name) as doing:
        _refuse_if_replaced(doing, name, request_id)
        operation = doing.client.certificates.delete_operation(name)
    observe.remember_deleted_operation(actor, vault, operation)
    observe.end_request(vault, name, timezone.now())
    return operation


def _refuse_if_replaced(doing: Doing, name: str, request_id: str) -> None:
    if request_id != UNREAD and doing.client.certificates.operation(name).request_id != request_id:
        raise OperationChanged


def merge_certificate(
    actor: Actor, vault: Vault, name: str, certificates: Sequence[bytes], request_id: str
) -> CertificateProperties:
    """Complete the operation `request_id` with a certificate that a CA has signed. `certificates` (DER): it, then its chain.

    The chain is built again from the operation's own signing request, so that no certificate of another key is sent.
    Raises OperationChanged, and ChainRefused if no certificate has the key of the signing request.
    """
    thumbprint = _thumbprint(certificates[0])
    with changing(
        actor, Action.CERTIFICATE_OPERATION_MERGE, vault, name, request_id=request_id, thumbprint=thumbprint
    ) as doing:
        operation = doing.client.certificates.operation(name)
        _refuse_if_other(operation, request_id)
        chain = build(certificates, operation.csr, timezone.now()).certificates
        doing.detail["thumbprint"] = _thumbprint(chain[0])
        try:
            merged = doing.client.certificates.merge(name, chain)
        except AzureError as lost:
            merged = _look_up_merged(doing, operation, chain[0], lost)
        doing.event.version = merged.properties.version
    observe.remember(vault, merged.properties)
    observe.end_request(vault, name, timezone.now(), completed=True)
    return merged.properties


def _thumbprint(der: bytes) -> str:
    return hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()


def _refuse_if_other(operation: CertificateOperation, request_id: str) -> None:
    if operation.request_id != request_id or not operation.is_pending:
        raise OperationChanged


def _look_up_merged(doing: Doing, operation: CertificateOperation, leaf: bytes, lost: AzureError) -> Certificate:
    """After a lost response: the version that was merged, if the operation is completed and its certificate is ours.

    Raises `lost` again if the result stays unknown or nothing was merged.
    """
    if not lost.maybe_done:
        raise lost
    client = doing.client.certificates
    try:
        now = client.operation(operation.name)
        merged = client.get(operation.name)
    except AzureError:
        raise lost from None
    if now.request_id != operation.request_id or now.status != "completed" or merged.cer != leaf:
        raise lost
    doing.happened_after_all(version=merged.properties.version)
    return merged


class HalfDone(Exception):
    """The operation was deleted, but no new one could be started. `error`: why; Azure or the portal refused it."""

    def __init__(self, error: Expected) -> None:
        self.error = error
        super().__init__("the operation was deleted, no new one was started")


def restart_operation(actor: Actor, vault: Vault, name: str, request_id: str) -> CertificateOperation:
    """Delete the operation `request_id`, then start another one by the certificate's policy: two acts, each with its record.

    An operation that is gone already is not deleted again. The policy is read before anything is deleted.
    Raises OperationChanged, PartsUnread, and HalfDone if only the second act failed.
    """
    present = read_issued(actor, vault, name)
    if present.policy is None or not present.policy.as_read:
        raise PartsUnread(["policy"])
    gone = _delete_if_there(actor, vault, name, request_id)
    action = Action.CERTIFICATE_NEW_VERSION if present.cer else Action.CERTIFICATE_CREATE
    wanted = VersionWanted() if present.cer else VersionWanted(enabled=True)  # what was never issued is disabled
    try:
        with changing(actor, action, vault, name) as doing:
            operation = _create_version(doing, present, wanted)
    except EXPECTED as error:
        if gone:
            raise HalfDone(error) from error
        raise
    observe.remember_request(actor, vault, name, operation.request_id)
    return operation


def _delete_if_there(actor: Actor, vault: Vault, name: str, request_id: str) -> bool:
    """Delete the operation if it is the one of this id. False if there is none any more. Raises OperationChanged."""
    with act(actor, Action.CERTIFICATE_READ, vault, name=name, kind="operation") as doing:
        operation = _operation_if_any(doing.client, name)
    if operation is None:
        return False
    if operation.request_id != request_id or operation.status == "completed":
        raise OperationChanged
    delete_operation(actor, vault, name, request_id)
    return True


def _operation_if_any(client: VaultClient, name: str) -> CertificateOperation | None:
    try:
        return client.certificates.operation(name)
    except NotFound:
        return None


def _create(
    doing: Doing,
    name: str,
    policy: CertificatePolicy | None,
    *,
    tags: Mapping[str, str] | None,
    enabled: bool | None,
    preserve_cert_order: bool | None = None,
) -> CertificateOperation:
    try:
        operation = doing.client.certificates.create(
            name, policy, enabled=enabled, tags=tags, preserve_cert_order=preserve_cert_order
        )
    except AzureError as lost:
        operation = _look_up_lost(doing, name, lost)
    doing.detail["request_id"] = operation.request_id
    return operation


def _look_up_lost(doing: Doing, name: str, lost: AzureError) -> CertificateOperation:
    """After a lost response, look up the operation. A name can have only one operation in progress, so this one is ours.

    If an operation had been pending before, the vault would have responded with 409. Raises `lost` again if the result
    stays unknown.
    """
    if not lost.maybe_done:
        raise lost
    try:
        operation = doing.client.certificates.operation(name)
    except AzureError:
        raise lost from None
    if not operation.is_pending:
        raise lost
    doing.happened_after_all()
    return operation
