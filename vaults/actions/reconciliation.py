"""Acts that were cut off: their audit entry says "started" and nothing more. What came of them is asked of the vault.

A process that is killed between the call and its outcome leaves such an entry. Only facts count: a version that was made in
those seconds, a deleted item with its date. What they don't show stays "unknown".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import Error
from django.utils import timezone

from vaults import clients
from vaults.audit import queries, recording
from vaults.azure.errors import NotFound
from vaults.azure.time_limit import time_limit
from vaults.keyvault.certificates import CertificateClient
from vaults.keyvault.client import VaultClient
from vaults.keyvault.keys import KeyClient
from vaults.keyvault.secrets import SecretClient
from vaults.keyvault.types import Properties
from vaults.models import AuditEntry, Vault
from vaults.models.audit import AuditState
from vaults.permissions import Action
from vaults.problems import EXPECTED

log = structlog.get_logger("vaults.settlement")

AnyItems = SecretClient | KeyClient | CertificateClient

#: No act of ours takes this long; a scan's lease ends earlier.
CUT_OFF_AFTER = timedelta(minutes=15)
#: A request is given up after 15 s; clocks differ a little.
LONGEST_CALL = timedelta(seconds=30)
CLOCK_TOLERANCE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Finding:
    state: AuditState
    version: str = ""


UNKNOWN = Finding(AuditState.UNKNOWN)
DONE = Finding(AuditState.SUCCEEDED)
NOT_DONE = Finding(AuditState.FAILED)


def settle_open_acts(now: datetime | None = None) -> int:
    """Give every act that was cut off an outcome; the number of those that got one.

    One that can't be judged stops no other; a database that fails does, until the next time.
    """
    settled = 0
    for entry in queries.open_entries(before=(now or timezone.now()) - CUT_OFF_AFTER):
        try:
            recording.settle(entry, *_outcome_of(entry))
        except (Error, recording.AuditUnavailable):
            raise
        except Exception:
            log.exception("an open act can't be settled yet", action=entry.action)
        else:
            settled += 1
    return settled


def _outcome_of(entry: AuditEntry) -> tuple[AuditState, str]:
    vault = _vault_of(entry)
    kind, _, verb = entry.action.partition(".")
    if vault is None or kind not in ("secret", "key", "certificate"):
        return UNKNOWN.state, ""
    try:
        with (
            recording.recording(None, Action.AUDIT_SETTLE, vault.team, vault=vault, name=entry.name) as event,
            time_limit(settings.CHANGE_SECONDS),
        ):
            items = _items(clients.for_vault(vault, event), kind)
            found = _look(items, verb, entry)
    except recording.AuditUnavailable:
        raise  # the database may be there the next time
    except EXPECTED:
        found = UNKNOWN
    return found.state, found.version


def _vault_of(entry: AuditEntry) -> Vault | None:
    if entry.vault_id is None:
        return None
    return Vault.objects.filter(pk=entry.vault_id).select_related("connection__team").first()


def _items(client: VaultClient, kind: str) -> AnyItems:
    kinds: dict[str, AnyItems] = {
        "secret": client.secrets,
        "key": client.keys,
        "certificate": client.certificates,
    }
    return kinds[kind]


def _look(items: AnyItems, verb: str, entry: AuditEntry) -> Finding:
    match verb:
        case "create" | "new_version":
            return _made(_versions(items, entry.name), entry.at)
        case "delete":
            return DONE if _is_deleted(items, entry.name) else NOT_DONE if _versions(items, entry.name) else UNKNOWN
        case "recover":
            return DONE if _versions(items, entry.name) else NOT_DONE
        case "purge":
            return NOT_DONE if _is_deleted(items, entry.name) else DONE
        case _:
            return UNKNOWN


def _made(versions: Sequence[Properties], at: datetime) -> Finding:
    """The one version that was made while the act was under way."""
    begin, end = at - CLOCK_TOLERANCE, at + LONGEST_CALL
    made = [version for version in versions if version.created_on and begin <= version.created_on <= end]
    if len(made) == 1:
        return Finding(AuditState.SUCCEEDED, made[0].version)
    return NOT_DONE if versions and not made else UNKNOWN


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
