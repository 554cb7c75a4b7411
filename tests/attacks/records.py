"""Writing the record, and doing to it what somebody does who has the database."""

import uuid
from typing import Any

from vaults.audit.appending import append
from vaults.models import AuditChain, AuditEntry


def write(count: int, team_id: uuid.UUID | None = None) -> None:
    """Entries without their acts: of a team's chain, or of the installation's."""
    for number in range(count):
        append(
            AuditEntry(
                event=uuid.uuid4(),
                state="succeeded",
                team_id=team_id,
                actor_label="Olga",
                action="secret.read",
                name=f"secret-{number}",
            )
        )


def cut(after: int = 0) -> None:
    """Remove entries as somebody does who writes the database, past every model."""
    AuditEntry.objects.filter(seq__gt=after)._raw_delete("default")


def head() -> dict[str, Any]:
    """The head as it can be read from the database, its WAL or a backup, with all its columns."""
    return dict(AuditChain.objects.values().get())


def everything_removed() -> None:
    cut()
    AuditChain.objects.all().delete()
