"""Who did an act: e-mail address and role beside every name, and what nobody did apart from all names.

An audit entry's label is what a person was called. Anybody chooses that, so what tells people apart stands in its detail.
"""

from dataclasses import dataclass
from typing import Any

from vaults import names
from vaults.actors import Source
from vaults.models import AuditEntry
from vaults.permissions import Action

#: What `Actor.facts` puts into `detail`.
FACTS = frozenset({"source", "actor_email", "actor_role"})


@dataclass(frozen=True, slots=True)
class Who:
    """`name` is one that pages may show; `called` is what an entry of an earlier version has, of an account that is gone."""

    source: Source
    name: str = ""
    email: str = ""
    role: str = ""
    called: str = ""
    #: The entry does not know the e-mail address: it is the one that the account has now.
    as_of_today: bool = False


def who_did(entry: AuditEntry) -> Who:
    """Entries of earlier versions have no facts: the account tells its address, if it is still there."""
    detail = entry.detail
    joined = entry.action == Action.MEMBER_JOIN  # of an account that was made by it, so its id is not there
    if detail.get("source") in (Source.COMMAND, Source.STRANGER):
        return Who(Source(detail["source"]))
    if not (entry.actor_id or joined):
        return Who(Source.PORTAL)
    recorded = _text(detail, "actor_email") or (entry.name if joined else "")
    email = recorded or entry.account_email or ""
    name = entry.actor_label if names.is_fit(entry.actor_label) else ""
    called = "" if email else entry.actor_label
    return Who(
        Source.PERSON, name if email else "", email, _text(detail, "actor_role"), called, not recorded and bool(email)
    )


def _text(detail: dict[str, Any], name: str) -> str:
    found = detail.get(name)
    return found if isinstance(found, str) else ""
