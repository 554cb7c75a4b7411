"""Who did an act: e-mail address and role; acts without a person are shown differently from all people.

An audit entry's label is the person's chosen name, which can be anything: it is shown only where nothing else is known.
"""

from dataclasses import dataclass
from typing import Any

from vaults.actors import Source
from vaults.models import AuditEntry
from vaults.permissions import Action

#: The keys that `Actor.facts` adds to `detail`.
FACTS = frozenset({"source", "actor_email", "actor_role"})


@dataclass(frozen=True, slots=True)
class Who:
    """The person or source of an act.

    `called`: the label in an entry of an earlier version whose account no longer exists.
    """

    source: Source
    email: str = ""
    role: str = ""
    called: str = ""
    #: The entry does not contain the e-mail address: `email` is the account's present one.
    as_of_today: bool = False


def who_did(entry: AuditEntry) -> Who:
    """The actor of an entry.

    Entries of earlier versions have no facts; then the address is that of the account, if it still exists.
    """
    detail = entry.detail
    joined = entry.action == Action.MEMBER_JOIN  # joining created the account, so the entry has no id of it
    source = source_of(entry)
    if source in (Source.COMMAND, Source.STRANGER):
        return Who(source)
    if not (entry.actor_id or joined):
        return Who(Source.PORTAL)
    recorded = _text(detail, "actor_email") or (entry.name if joined else "")
    email = recorded or entry.account_email or ""
    called = "" if email else entry.actor_label
    return Who(
        source if source == Source.JOB else Source.PERSON,
        email,
        _text(detail, "actor_role"),
        called,
        not recorded and bool(email),
    )


def source_of(entry: AuditEntry) -> Source:
    """Entries of schema 1 have it in their detail, or not at all."""
    found = entry.source or entry.detail.get("source")
    return Source(found) if found in set(Source) else Source.PERSON


def _text(detail: dict[str, Any], name: str) -> str:
    found = detail.get(name)
    return found if isinstance(found, str) else ""
