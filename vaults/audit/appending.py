"""Add entries to the audit trail: committed, sealed and read back, or AuditUnavailable.

Entries of a chain are added one after the other, under the lock of its head. Chains don't wait for each other, except in
SQLite, which has one writer.
"""

import uuid
from typing import Any

from django.db import Error, IntegrityError, transaction
from django.utils import timezone

from vaults.audit import chain, statements
from vaults.audit.links import link
from vaults.keyvault.identifiers import fold
from vaults.models import AuditChain, AuditEntry
from vaults.models.audit import INSTALLATION, AuditState
from vaults.permissions import QUIET, Action

#: Keys that `detail` may contain: facts about the act, never a value that was read or written.
DETAIL_KEYS = frozenset(
    {
        "actor_email", "actor_role", "after", "algorithm", "attributes", "before", "broken", "browser", "cause", "cloud",
        "compared_with", "count", "digest", "email", "facts", "first_seq", "issuer", "kind", "last_seq", "members", "not_read",
        "origin", "production", "reason", "request_id", "result", "role", "sentence", "source", "tag_names", "through",
        "thumbprint", "unconfirmed", "verdicts",
        "encrypted", "format", "key_thumbprint", "name_was", "restored_as",
    }
)  # fmt: skip
#: States of an act or a look that nothing went wrong with, so far.
_WELL = (AuditState.STARTED, AuditState.LOOKED, AuditState.SUCCEEDED)


class AuditUnavailable(Exception):
    """The record can't be written, so the act does not happen, or its result is not returned."""


def append(entry: AuditEntry) -> None:
    """Commit an entry as the next link of its chain: its team's, or the installation's. Raises AuditUnavailable."""
    if not DETAIL_KEYS.issuperset(entry.detail):
        raise ValueError(f"an audit entry's detail has no room for {sorted(set(entry.detail) - DETAIL_KEYS)}")
    entry.chain = entry.team_id or INSTALLATION
    entry.folded_name = fold(entry.name) if entry.kind else ""
    entry.news = _is_news(entry)
    try:
        with transaction.atomic(durable=True):
            _append(entry)
    except Error as error:
        raise AuditUnavailable from error
    if entry.seq == 1 or entry.seq % chain.EVERY == 0:
        chain.note(entry.chain, begin=entry.seq == 1)


def _is_news(entry: AuditEntry) -> bool:
    """Whether the list of changes has the entry: not for reads, scans and sign-ins that went well, except from a new browser."""
    if entry.action == Action.ACCOUNT_SIGN_IN and entry.detail.get("browser") == "new":
        return True
    return entry.action not in QUIET or entry.state not in _WELL


def _append(entry: AuditEntry) -> None:
    with statements.prepared_cursor() as cursor:
        head = statements.locked_head(cursor, entry.chain) or _begun(entry.chain)
        is_sound = chain.is_sealed(head) if head.seq else chain.may_begin(entry.chain)
        entry.seq = head.seq + 1
        entry.at = timezone.now()
        entry.previous_hash = head.hash
        entry.hash = link(entry)
        statements.insert(cursor, entry)
        # Never re-seal a tampered head: entries added after it must not make it valid.
        head.seq, head.hash = entry.seq, entry.hash
        head.seal = chain.seal_of(head) if is_sound else ""
        statements.move(cursor, head)
        if not statements.is_there(cursor, entry):
            raise IntegrityError("a trigger in the database kept the entry out")


def _begun(of: uuid.UUID) -> AuditChain:
    """The head of a chain that begins, locked like any other: another process may begin it at the same time."""
    return AuditChain.objects.select_for_update().get_or_create(chain=of)[0]


def storable(text: Any) -> str:
    """A short text from a response, without lone surrogates, which no database stores."""
    return str(text).encode(errors="replace").decode()[:80]
