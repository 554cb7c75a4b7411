"""What a vault's service principal may do, asked by probes that change nothing."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from vaults import access, clients
from vaults.audit import recording
from vaults.keyvault.probes import ProbeResult, probe_all
from vaults.models import User, Vault
from vaults.permissions import Action


@dataclass(frozen=True, slots=True)
class PermissionCheck:
    results: list[ProbeResult]
    checked_at: datetime


def check_access(actor: User, vault: Vault) -> PermissionCheck:
    """One result for each permission; those that no harmless request can show are unknown."""
    with recording.recording(actor, Action.ACCESS_CHECK, vault.team, vault=vault) as event:
        access.require(actor, Action.ACCESS_CHECK, vault.team)
        results = probe_all(clients.for_vault(vault, event))
        verdicts = [result.verdict for result in results]
        event.detail["verdicts"] = {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))}
    return PermissionCheck(results, timezone.now())
