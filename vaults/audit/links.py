"""The keyed hash that binds each entry of the audit trail to the one before it."""

import hashlib
import hmac
import json

from django.conf import settings

from vaults.audit import stored
from vaults.models import AuditEntry

HASHED_FIELDS = (
    "seq", "event", "at", "state", "team_id", "team_name", "actor_id", "actor_label", "action", "connection_name",
    "client_id", "vault_id", "vault_name", "vault_slug", "name", "version", "detail", "status", "code", "inner_code",
    "azure_request_ids",
)  # fmt: skip


CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str)


def link(entry: AuditEntry) -> str:
    """The keyed hash that binds an entry to the one before it."""
    fields = {name: getattr(entry, name) for name in HASHED_FIELDS}
    fields["at"] = entry.at.isoformat(timespec="microseconds")
    message = f"{entry.previous_hash}\n{CANONICAL.encode(fields)}".encode()
    return hmac.new(settings.AUDIT_KEY.encode(), message, hashlib.sha256).hexdigest()


def is_ours(entry: AuditEntry) -> bool:
    """True if a single entry, loaded with its stored text, is as it was written. Its position is checked only by the chain."""
    return stored.is_as_written(entry) and link(entry) == entry.hash
