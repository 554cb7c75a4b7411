"""Reconcile acts that were cut off, whose audit entry says "started" and has no outcome: look up the result in the vault.

A process that is killed between the call and its outcome leaves such an entry. Only facts count: a version created in those
seconds, a deleted item with its date, or an issuer's dates. If they show nothing, the outcome is "unknown".
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q

from vaults import access
from vaults.actions.contacts import contacts_token
from vaults.actions.names import NameState
from vaults.actors import System
from vaults.acts import act
from vaults.audit import queries, recording
from vaults.audit.appending import AuditUnavailable
from vaults.azure.errors import NotFound
from vaults.azure.members import Members
from vaults.azure.time_limit import time_limit
from vaults.keyvault.certificates import CertificateClient
from vaults.keyvault.client import VaultClient
from vaults.keyvault.objects import ObjectClient
from vaults.keyvault.types import Contacts, IssuerDetail, Properties
from vaults.kinds import CERTIFICATE, KEY, KINDS, Kind
from vaults.models import AuditEntry, Vault
from vaults.models.audit import AuditState
from vaults.permissions import Action
from vaults.problems import EXPECTED

AnyItems = ObjectClient[Any, Any]

#: No act of the portal takes this long; a scan's lease is shorter.
CUT_OFF_AFTER = timedelta(minutes=15)
#: A request times out after 15 s; the rest allows for clock differences.
LONGEST_CALL = timedelta(seconds=30)
CLOCK_TOLERANCE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Finding:
    state: AuditState
    version: str = ""


UNKNOWN = Finding(AuditState.UNKNOWN)
DONE = Finding(AuditState.SUCCEEDED)
NOT_DONE = Finding(AuditState.FAILED)


def open_acts(now: datetime) -> list[AuditEntry]:
    """The entries of acts that were cut off, oldest first."""
    return queries.open_entries(before=now - CUT_OFF_AFTER)


def reconcile_act(event: uuid.UUID) -> str:
    """Record the outcome of an act that was cut off. Returns its state, also if it has been recorded meanwhile.

    Raises AuditUnavailable and database errors: the act stays open.
    """
    entry = queries.last_of(event)
    if entry.state != AuditState.STARTED:
        return entry.state
    state, version = _outcome_of(entry)
    recording.reconcile(entry, state, version)
    return state


def _outcome_of(entry: AuditEntry) -> tuple[AuditState, str]:
    vault, found, of_vault = _vault_of(entry), _FINDERS.get(entry.action), _OF_VAULT.get(entry.action)
    if vault is None or not (found or of_vault):
        return UNKNOWN.state, ""
    target = access.Item(vault, found[0], entry.name) if found else vault
    try:
        with act(System(), Action.AUDIT_SETTLE, target) as doing, time_limit(settings.CHANGE_SECONDS):
            if found:
                finding = found[1](doing.client_of(found[0]), entry)
            elif of_vault:
                finding = of_vault(doing.client, entry)
    except AuditUnavailable:
        raise  # the database may be available at the next run
    except EXPECTED:
        finding = UNKNOWN
    return finding.state, finding.version


def _vault_of(entry: AuditEntry) -> Vault | None:
    """The vault of the entry, through the connection of the act if that still reaches it. None if the vault was removed."""
    if entry.vault_id is None:
        return None
    found = access.visible_to(System()).vaults.filter(Q(pk=entry.vault_id) | Q(former=entry.vault_id)).first()
    ways = found.connections_in_order if found else []
    used = next((way for way in ways if way.client_id == entry.client_id), None)
    return found.through(used) if found and used else found


def _made(items: AnyItems, entry: AuditEntry) -> Finding:
    """Succeeded if exactly one version was created while the act was running."""
    versions = _versions(items, entry.name)
    begin, end = entry.at - CLOCK_TOLERANCE, entry.at + LONGEST_CALL
    made = [version for version in versions if version.created_on and begin <= version.created_on <= end]
    if len(made) == 1:
        return Finding(AuditState.SUCCEEDED, made[0].version)
    return NOT_DONE if versions and not made else UNKNOWN


def _imported(items: AnyItems, entry: AuditEntry) -> Finding:
    """Like `_made`, but only versions with the recorded thumbprint count."""
    begin, end = entry.at - CLOCK_TOLERANCE, entry.at + LONGEST_CALL
    versions = _versions(items, entry.name)
    ours = [each for each in versions if each.created_on and begin <= each.created_on <= end]
    ours = [each for each in ours if getattr(each, "x5t", "") == entry.detail.get("thumbprint")]
    if len(ours) == 1:
        return Finding(AuditState.SUCCEEDED, ours[0].version)
    return NOT_DONE if not ours else UNKNOWN


def _deleted(items: AnyItems, entry: AuditEntry) -> Finding:
    if _is_deleted(items, entry.name):
        return DONE
    return NOT_DONE if _versions(items, entry.name) else UNKNOWN


def _recovered(items: AnyItems, entry: AuditEntry) -> Finding:
    return DONE if _versions(items, entry.name) else NOT_DONE


def _purged(items: AnyItems, entry: AuditEntry) -> Finding:
    return NOT_DONE if _is_deleted(items, entry.name) else DONE


def _restored(items: AnyItems, entry: AuditEntry) -> Finding:
    """Succeeded if the name was free and is in use; else it can't be known: the blob may have had another name."""
    was_free = entry.detail.get("name_was") == NameState.FREE
    versions = _versions(items, entry.name) if was_free else ()
    return Finding(AuditState.SUCCEEDED, versions[0].version) if versions else UNKNOWN


def _merged(items: AnyItems, entry: AuditEntry) -> Finding:
    """Not merged if the operation still waits; merged if it is completed and the newest version has the thumbprint."""
    if not isinstance(items, CertificateClient):
        return UNKNOWN
    operation = items.operation(entry.name)
    if operation.request_id != entry.detail.get("request_id"):
        return UNKNOWN
    if operation.is_pending:
        return NOT_DONE
    newest = items.get(entry.name).properties
    is_ours = operation.status == "completed" and newest.x5t == entry.detail.get("thumbprint")
    return Finding(AuditState.SUCCEEDED, newest.version) if is_ours else UNKNOWN


def _policy_updated(items: AnyItems, entry: AuditEntry) -> Finding:
    """Succeeded if the policy was last updated while the act was running; not done if that was before."""
    if not isinstance(items, CertificateClient):
        return UNKNOWN
    updated = Members(items.get_policy(entry.name).as_read).section("attributes").timestamp("updated")
    if updated is None or updated > entry.at + LONGEST_CALL:
        return UNKNOWN
    return DONE if updated >= entry.at - CLOCK_TOLERANCE else NOT_DONE


def _versions(items: AnyItems, name: str) -> Sequence[Properties]:
    try:
        return items.versions(name)
    except NotFound:
        return ()


def _is_deleted(items: AnyItems, name: str) -> bool:
    try:
        items.get_deleted(name)
    except NotFound:
        return False
    return True


def _is_in_time(moment: datetime, entry: AuditEntry) -> bool:
    return entry.at - CLOCK_TOLERANCE <= moment <= entry.at + LONGEST_CALL


def _issuer(client: VaultClient, name: str) -> IssuerDetail | None:
    try:
        return client.issuers.get(name)
    except NotFound:
        return None


def _issuer_created(client: VaultClient, entry: AuditEntry) -> Finding:
    """The act had found that there was none of this name."""
    found = _issuer(client, entry.name)
    if found is None:
        return NOT_DONE
    return DONE if found.created_on and _is_in_time(found.created_on, entry) else UNKNOWN


def _issuer_changed(client: VaultClient, entry: AuditEntry) -> Finding:
    found = _issuer(client, entry.name)
    if found is None or found.updated_on is None:
        return UNKNOWN
    if _is_in_time(found.updated_on, entry):
        return DONE
    return NOT_DONE if found.updated_on < entry.at else UNKNOWN


def _issuer_deleted(client: VaultClient, entry: AuditEntry) -> Finding:
    found = _issuer(client, entry.name)
    if found is None:
        return DONE
    return NOT_DONE if found.created_on and found.created_on < entry.at else UNKNOWN


def _contacts_set(client: VaultClient, entry: AuditEntry) -> Finding:
    """Contacts have no dates. Another list than the one that was sent may have been set before or afterwards."""
    return DONE if contacts_token(client.contacts.get()) == entry.detail.get("digest") else UNKNOWN


def _contacts_deleted(client: VaultClient, _entry: AuditEntry) -> Finding:
    return DONE if client.contacts.get() == Contacts() else NOT_DONE


#: Finders for what belongs to the vault and is no item, by the action's name in the record.
_OF_VAULT: dict[str, Callable[[VaultClient, AuditEntry], Finding]] = {
    Action.ISSUER_CREATE.value: _issuer_created,
    Action.ISSUER_UPDATE.value: _issuer_changed,
    Action.ISSUER_DELETE.value: _issuer_deleted,
    Action.CONTACTS_UPDATE.value: _contacts_set,
    Action.CONTACTS_DELETE.value: _contacts_deleted,
}
Finder = Callable[[AnyItems, AuditEntry], Finding]
#: Finder for the result of an act, by the action's name in the record. For other acts the result can't be determined.
_FINDERS: dict[str, tuple[Kind, Finder]] = {
    action: (kind, find)
    for kind in KINDS
    for action, find in (
        (kind.actions.create, _made),
        (kind.actions.new_version, _made),
        (kind.actions.delete, _deleted),
        (kind.actions.recover, _recovered),
        (kind.actions.purge, _purged),
        (kind.actions.restore, _restored),
    )
} | {
    Action.KEY_ROTATE.value: (KEY, _made),
    Action.KEY_IMPORT.value: (KEY, _made),
    Action.CERTIFICATE_IMPORT.value: (CERTIFICATE, _imported),
    Action.CERTIFICATE_OPERATION_MERGE.value: (CERTIFICATE, _merged),
    Action.CERTIFICATE_UPDATE_POLICY.value: (CERTIFICATE, _policy_updated),
}
