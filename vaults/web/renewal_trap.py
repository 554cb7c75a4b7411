"""Find certificates of a CA that their vault is going to replace by one of its own making.

A certificate is imported with its policy. If that names the issuer Self and renews automatically, which is Key Vault's default
for Self, the vault replaces the CA's certificate by a self-signed one, which no client trusts. With the issuer Unknown it makes
a signing request instead, which nobody has asked for. Seen in public reports; Key Vault REST: CertificatePolicy.
"""

import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from vaults.keyvault.session import Exchange
from vaults.keyvault.types import Certificate, LifetimeAction
from vaults.keyvault.x509 import CertificateFacts

#: Issuers that are no CA, in lower case.
OF_THE_VAULT = frozenset({"self", "unknown"})
_EMAIL_INSTEAD = {
    "lifetime_actions": [{"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "EmailContacts"}}]
}


@dataclass(frozen=True, slots=True)
class RenewalTrap:
    """`self_signed`: the vault signs the next version itself. `on`: when it does; None if the policy tells no time.

    `command`: sets the policy to e-mail the contacts instead; "" if the vault's address is not known.
    """

    ca: str
    self_signed: bool
    on: datetime | None
    command: str


def renewal_trap(
    certificate: Certificate | None, facts: CertificateFacts | None, exchanges: Iterable[Exchange]
) -> RenewalTrap | None:
    """None if the vault replaces nothing, or the policy can't be read. `exchanges`: those that read the certificate."""
    policy = certificate.policy if certificate else None
    if certificate is None or policy is None or facts is None or not facts.issuer or facts.issuer == facts.subject:
        return None
    issuer = (policy.issuer_name or "").lower()
    renewals = [action for action in policy.lifetime_actions if action.action.lower() == "autorenew"]
    if issuer not in OF_THE_VAULT or not renewals:
        return None
    command = _command(certificate.properties.name, exchanges)
    return RenewalTrap(facts.issuer, issuer == "self", _time_of(renewals[0], facts), command)


def _time_of(action: LifetimeAction, facts: CertificateFacts) -> datetime | None:
    start, end = facts.not_before, facts.not_after
    if start is None or end is None:
        return None
    try:
        if action.days_before_expiry is not None:
            return end - timedelta(days=action.days_before_expiry)
        if action.lifetime_percentage is not None:
            return start + (end - start) * (action.lifetime_percentage / 100)
    except OverflowError:
        return None
    return None


def _command(name: str, exchanges: Iterable[Exchange]) -> str:
    sent = next((each for each in exchanges if each.operation == "GetCertificate"), None)
    if sent is None:
        return ""
    url = f"https://{urlsplit(sent.url).netloc}/certificates/{name}/policy?api-version={sent.api_version}"
    resource = sent.scope.removesuffix("/.default")
    parts = ["--url", url, "--resource", resource, "--body", json.dumps(_EMAIL_INSTEAD)]
    return f"az rest --method patch {shlex.join(parts)}"
