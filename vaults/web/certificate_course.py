"""What a certificate's renewals are foreseen from: its policy, its dates and its CA."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm

from vaults.access import visible_to
from vaults.actions.certificates import Renewal
from vaults.actors import Person
from vaults.forecast.renewals import Course, Life
from vaults.forecast.rules import PUBLIC_PROVIDERS
from vaults.forms.policy_effect import TYPED, EffectForm
from vaults.inventory import observe
from vaults.inventory.certificates import providers_of
from vaults.inventory.foresight import Said, authority_of, is_public
from vaults.keyvault.parts import Part
from vaults.keyvault.types import CertificateIssuer
from vaults.keyvault.x509 import CertificateFacts
from vaults.models import Vault


@dataclass(frozen=True, slots=True)
class Authority:
    """The CA of the next version. `name`: "" where it is known whether it is public. `is_public`: None if nobody has said."""

    name: str
    is_public: bool | None


def authority_for(actor: Person, vault: Vault, found: Renewal, facts: CertificateFacts) -> Authority:
    """As the vault's team has said of it, where its provider does not tell."""
    policy = found.certificate.policy
    issuer = (policy.issuer_name if policy else "") or ""
    provider = providers_of(found.issuers).get(issuer.lower(), "")
    is_self_signed = facts.subject is not None and facts.subject == facts.issuer
    name = authority_of(issuer, provider, facts.issuer or "", is_self_signed)
    return Authority(name, is_public(provider, name, observe.read(lambda: _said_by(actor, vault), {})))


def _said_by(actor: Person, vault: Vault) -> Said:
    """What the vault's team has said of CAs."""
    return dict(visible_to(actor, vault.team).authorities.values_list("folded_name", "is_public"))


def course_of(found: Renewal, facts: CertificateFacts, *, is_public: bool) -> Course | None:
    """None without a policy or without dates that can be read."""
    policy = found.certificate.policy
    if policy is None or facts.not_before is None or facts.not_after is None:
        return None
    return Course(
        policy=policy,
        life=Life(facts.not_before, facts.not_after),
        by_ca=facts.subject != facts.issuer,
        is_public=is_public,
    )


def effect_of(form: BaseForm, issuers: Part[Sequence[CertificateIssuer]] | None, course: Course | None) -> EffectForm:
    """What the effect of the fields of a policy's form is foreseen from. `course`: None for a new certificate."""
    typed: dict[str, Any] = {name: form[name].value() for name in TYPED if name in form.fields}
    public = [each.name for each in (issuers.value if issuers else None) or () if _has_public_ca(each)]
    if course is None:
        return EffectForm({**typed, "effect_public": " ".join(public)})
    if course.is_public:
        public.append(course.policy.issuer_name or "")
    begins, ends = course.life.begins.isoformat(), course.life.ends.isoformat()
    present = {"effect_begins": begins, "effect_ends": ends, "effect_by_ca": "on" if course.by_ca else ""}
    return EffectForm({**typed, **present, "effect_public": " ".join(dict.fromkeys(public))})


def _has_public_ca(issuer: CertificateIssuer) -> bool:
    return issuer.provider.lower() in PUBLIC_PROVIDERS
