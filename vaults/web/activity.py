"""The latest audit events of an item, for its page."""

from vaults.access import visible_to
from vaults.audit import queries
from vaults.models import AuditEntry, Vault
from vaults.web.rendering import HtmxRequest


def activity(request: HtmxRequest, vault: Vault, name: str) -> list[AuditEntry]:
    return queries.activity(visible_to(request.actor, vault.team).entries, vault, name)
