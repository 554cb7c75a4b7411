"""One act or look, as its entries tell it: for its page, and for its row unfolded in the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from vaults.access import Visible
from vaults.audit.who import who_did
from vaults.models import AuditEntry, Job
from vaults.models.audit import AuditState
from vaults.web.audit_facts import SOURCES, Fact, asked_azure, facts_of, grounds_of, why

#: For Azure Monitor's table of a vault's requests, https://learn.microsoft.com/azure/azure-monitor/reference/tables/azkvauditlogs
AZURE_LOG = """AZKVAuditLogs
| where CorrelationId ==
    "{event}"
| project TimeGenerated, OperationName,
    HttpStatusCode, AppliedAssignmentId"""


@dataclass(frozen=True)
class Event:
    """`entries`: at least one, the oldest first. `job`: the one that the act is part of, if the reader may see it."""

    entries: Sequence[AuditEntry]
    job: Job | None

    @property
    def entry(self) -> AuditEntry:
        """The newest: the outcome, if there is one."""
        return self.entries[-1]

    @property
    def started(self) -> AuditEntry:
        return self.entries[0]

    @property
    def milliseconds(self) -> int | None:
        """Between start and outcome; None without one of them."""
        if len(self.entries) == 1:
            return None
        return round((self.entry.at - self.started.at).total_seconds() * 1000)

    @property
    def has_outcome(self) -> bool:
        return self.entry.state not in (AuditState.STARTED, AuditState.LOOKED)

    @property
    def source(self) -> str:
        return SOURCES[who_did(self.entry).source]

    @property
    def why(self) -> str:
        return why(self.entry)

    @property
    def facts(self) -> list[Fact]:
        return facts_of(self.entry)

    @property
    def grounds(self) -> list[Fact]:
        return grounds_of(self.entry)

    @cached_property
    def azure_log(self) -> str:
        """The query that finds the act in Azure's own log; "" if no request was sent."""
        return AZURE_LOG.format(event=self.entry.event) if asked_azure(self.entry) else ""


def event_of(entries: Sequence[AuditEntry], visible: Visible) -> Event:
    parent = entries[-1].parent
    return Event(entries, visible.jobs.filter(pk=parent).first() if parent else None)
