"""The keyed hash that binds each entry of the audit trail to the one before it in its chain.

`schema` says which fields of an entry are hashed. Entries of schema 1 are from versions before this one and are never written
again: the columns that were added since must have the values that the migration gave them.
"""

import hashlib
import hmac
import json
from typing import Any

from django.conf import settings

from vaults.audit import stored
from vaults.keyvault.identifiers import fold
from vaults.models import AuditEntry
from vaults.models.audit import INSTALLATION

_SCHEMA_1 = (
    "seq", "event", "at", "state", "team_id", "team_name", "actor_id", "actor_label", "action", "connection_name",
    "client_id", "vault_id", "vault_name", "vault_slug", "name", "version", "detail", "status", "code", "inner_code",
    "azure_request_ids",
)  # fmt: skip
_SCHEMA_2 = (
    *_SCHEMA_1, "schema", "chain", "look", "news", "source", "because", "parent", "request", "connection_id",
    "vault_cloud", "vault_host", "kind", "folded_name",
)  # fmt: skip
#: The hashed fields, by schema.
HASHED_FIELDS = {1: _SCHEMA_1, 2: _SCHEMA_2}
#: Acts of schema 1 whose success is no news, by the end of their names.
_LOOKING_1 = (".list", ".read", ".scan", ".check", ".sign_in", ".sign_out", ".session_end", ".confirm")
_KINDS_1 = {"secret": "secret", "key": "key", "certificate": "certificate", "certificate_operation": "certificate"}

CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str)


def link(entry: AuditEntry) -> str:
    """The keyed hash that binds an entry to the one before it. Raises KeyError for an unknown schema."""
    fields = {name: getattr(entry, name) for name in HASHED_FIELDS[entry.schema]}
    fields["at"] = entry.at.isoformat(timespec="microseconds")
    message = f"{entry.previous_hash}\n{CANONICAL.encode(fields)}".encode()
    return hmac.new(settings.AUDIT_KEY.encode(), message, hashlib.sha256).hexdigest()


def is_ours(entry: AuditEntry) -> bool:
    """True if a single entry, loaded with its stored text, is as it was written. Its position is checked only by the chain."""
    if entry.schema not in HASHED_FIELDS or not stored.is_as_written(entry):
        return False
    if entry.schema == 1 and any(getattr(entry, name) != value for name, value in added_to_schema_1(entry).items()):
        return False
    return link(entry) == entry.hash


def added_to_schema_1(entry: AuditEntry) -> dict[str, Any]:
    """The columns that an entry of schema 1 did not have, as migration 0014 filled them."""
    kind = _KINDS_1.get(str(entry.action).partition(".")[0], "")
    return {
        "chain": INSTALLATION,
        "look": False,
        "news": _was_news(entry),
        "source": "",
        "because": "",
        "parent": None,
        "request": None,
        "connection_id": None,
        "vault_cloud": "",
        "vault_host": "",
        "kind": kind,
        "folded_name": fold(entry.name) if kind else "",
    }


def _was_news(entry: AuditEntry) -> bool:
    is_quiet = entry.action.endswith(_LOOKING_1) and entry.state in ("succeeded", "started")
    return not is_quiet or (entry.action == "account.sign_in" and entry.detail.get("browser") == "new")
