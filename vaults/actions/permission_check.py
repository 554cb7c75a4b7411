"""Check the permissions of a vault's service principal, with probes that change nothing."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from vaults.actors import Actor
from vaults.acts import act
from vaults.keyvault.probes import ProbeResult, probe_all
from vaults.models import Vault
from vaults.permissions import Action


@dataclass(frozen=True, slots=True)
class PermissionCheck:
    results: list[ProbeResult]
    checked_at: datetime


def check_access(actor: Actor, vault: Vault) -> PermissionCheck:
    """One result for each permission. A permission that no harmless request can show is "unknown"."""
    with act(actor, Action.ACCESS_CHECK, vault) as doing:
        results = probe_all(doing.client)
        verdicts = [result.verdict for result in results]
        doing.detail["verdicts"] = {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))}
    return PermissionCheck(results, timezone.now())
