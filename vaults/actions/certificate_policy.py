"""A certificate's policy: each function checks the permission, acts on the vault and records the act."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone

from vaults.actions.certificates import Renewal
from vaults.actions.changes import PartsUnread, changing
from vaults.actors import Actor
from vaults.acts import Doing, act
from vaults.azure.errors import AzureError
from vaults.azure.parallel import gather
from vaults.inventory import observe
from vaults.inventory.certificates import providers_of
from vaults.keyvault.parts import part
from vaults.keyvault.types import Certificate, CertificatePolicy
from vaults.models import Vault
from vaults.permissions import Action


class PolicyChanged(Exception):
    """Another person changed the policy after the form was opened. `present`: the certificate with its present policy."""

    def __init__(self, present: Certificate) -> None:
        self.present = present
        super().__init__("changed meanwhile")


@dataclass(frozen=True, slots=True)
class PolicyUpdate:
    """`changed`: the fields of CertificatePolicy that were sent. `otherwise`: those that the vault answered otherwise."""

    changed: tuple[str, ...]
    otherwise: tuple[str, ...] = ()


def policy_token(certificate: Certificate) -> str:
    """The state that a form was opened on: a digest of the policy as it was read, with the time of its last update."""
    read = certificate.policy.as_read if certificate.policy else None
    return hashlib.blake2b(json.dumps(read, sort_keys=True).encode(), digest_size=16).hexdigest()


def read_policy(actor: Actor, vault: Vault, name: str) -> Renewal:
    """The certificate with its policy, and the vault's issuers if they may be listed: two parallel calls.

    `opened_on` is the `policy_token`. Raises Forbidden if the certificate may not be read.
    """
    asked_at = timezone.now()
    with act(actor, Action.CERTIFICATE_READ, vault, name=name) as doing:
        client = doing.client
        certificate, issuers = gather(
            lambda: client.certificates.get(name),
            lambda: part(lambda: client.issuers.list()),
            meanwhile=doing.meanwhile,
        )
        observe.see_contents(vault, certificate, asked_at, None if issuers.error else providers_of(issuers))
        doing.record_unread(issuers)
    return Renewal(certificate, issuers, policy_token(certificate))


def update_policy(actor: Actor, vault: Vault, name: str, wanted: Mapping[str, Any], opened_on: str) -> PolicyUpdate:
    """Set the fields of CertificatePolicy that differ; the sections without a difference are not sent.

    Raises PolicyChanged, and PartsUnread if a field can't be set without a loss of what could not be read.
    """
    with changing(actor, Action.CERTIFICATE_UPDATE_POLICY, vault, name) as doing:
        present = doing.client.certificates.get(name)
        if policy_token(present) != opened_on:
            raise PolicyChanged(present)
        if present.policy is None:
            raise PartsUnread(["policy"])
        changed = replace(present.policy, **wanted)
        names = tuple(sorted(each for each in wanted if getattr(changed, each) != getattr(present.policy, each)))
        if lost := sorted({f"policy.{changed.locked[each]}" for each in names if each in changed.locked}):
            raise PartsUnread(lost)
        doing.detail["attributes"] = list(names)
        if not names:
            return PolicyUpdate(())
        doing.detail["issuer"] = changed.issuer_name
        answered = _send(doing, name, changed, names)
    observe.see_contents(vault, replace(present, policy=answered), timezone.now())
    return PolicyUpdate(names, tuple(_differing(changed, answered, names)))


def _send(doing: Doing, name: str, policy: CertificatePolicy, names: Iterable[str]) -> CertificatePolicy:
    """After a lost response: the vault's policy, if it is what was sent. Raises the error again if it is not."""
    try:
        return doing.client.certificates.update_policy(name, policy)
    except AzureError as lost:
        if not lost.maybe_done:
            raise
        found = part(lambda: doing.client.certificates.get(name)).value
        if found is None or found.policy is None or _differing(policy, found.policy, names):
            raise
        doing.happened_after_all()
        return found.policy


def _differing(sent: CertificatePolicy, answered: CertificatePolicy, names: Iterable[str]) -> list[str]:
    """The fields that the vault has otherwise than they were sent. It sorts lists, and gives a size to an EC key."""
    return [
        name
        for name in names
        if _comparable(getattr(sent, name)) != _comparable(getattr(answered, name))
        and not (name == "key_size" and sent.key_size is None)
    ]


def _comparable(value: Any) -> Any:
    return sorted(value) if value and isinstance(value, tuple) and isinstance(value[0], str) else value or None
