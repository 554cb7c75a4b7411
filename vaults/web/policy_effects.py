"""What follows from a certificate's policy, in sentences with dates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from vaults.forecast.renewals import BACKDATED, DEFAULT_MONTHS, Cause, Course, How, Life, Renewal, add_months, renewals
from vaults.forecast.rules import RULES, rule_of
from vaults.forms.policy_effect import EffectForm
from vaults.forms.subject_parts import LABELS
from vaults.keyvault.types import CertificatePolicy, LifetimeAction
from vaults.templatetags.kvportal import day
from vaults.web.certificate_future import TONES, trigger_words, why

#: Key Vault's own choice, where a policy is created without one: by issuer, the e-mail for Unknown.
DEFAULT_PERCENTAGE: Final = 80


@dataclass(frozen=True, slots=True)
class Effect:
    """`tone`: ok, soon or bad, for the icon."""

    text: str
    tone: str = "ok"


def effects(course: Course, now: datetime) -> Sequence[Effect]:
    """What the policy means for the present version, and how long the next one is valid."""
    first = next(renewals(course, RULES, now))
    shown = [Effect(_first(first, course, now), TONES[first.how])]
    if first.life:
        shown.append(Effect(_next_life(first, course, now)))
    return shown


def effects_of_new(policy: CertificatePolicy, now: datetime, *, is_public: bool) -> Sequence[Effect]:
    """The same for a certificate that is requested now. Key Vault's defaults are filled in."""
    issuer = (policy.issuer_name or "").lower()
    completed = policy if policy.lifetime_actions else replace(policy, lifetime_actions=(_default_action(issuer),))
    ends = add_months(now, policy.validity_in_months or DEFAULT_MONTHS)
    if is_public:
        ends = min(ends, now - BACKDATED + rule_of(RULES, now).longest)
    life = Life(now - BACKDATED, ends)
    shown = effects(Course(policy=completed, life=life, by_ca=False, is_public=is_public), now)
    made = "Issued today" if issuer == "self" else "If a CA signs it today"
    return [Effect(f"{made}, it is valid until {day(life.ends)}{_cut(life, completed, is_public)}."), *shown]


def _default_action(issuer: str) -> LifetimeAction:
    action = "EmailContacts" if issuer == "unknown" else "AutoRenew"
    return LifetimeAction(action, lifetime_percentage=DEFAULT_PERCENTAGE)


def _first(renewal: Renewal, course: Course, now: datetime) -> str:
    """What happens first, and when."""
    on, end = day(renewal.at), day(course.life.ends)
    is_due = renewal.at <= now
    match renewal.cause:
        case Cause.RENEWED:
            when = "at any moment; it was due" if is_due else f"on {on},"
            return f"The vault will renew it {when} {trigger_words(course.policy, 'AutoRenew')}."
        case Cause.MAILED:
            when = "should have e-mailed its contacts" if is_due else f"will e-mail its contacts on {on},"
            trigger = trigger_words(course.policy, "EmailContacts")
            return f"The vault {when} {trigger}. Somebody has to ask for the next version by {end}."
        case Cause.NOT_MAILED:
            return f"Nothing happens before it ends on {end}, and nobody is told."
        case Cause.REPLACED:
            return f"On {on} the vault will replace this CA's certificate by one that no CA has signed: its policy says Self."
        case _:
            return f"{why(renewal, course)} It ends on {end}."


def _next_life(renewal: Renewal, course: Course, now: datetime) -> str:
    if renewal.life is None:
        return ""
    made = "A version made today" if renewal.at <= now else "The version made then"
    made = "A version made on that day" if renewal.how == How.BY_HAND and renewal.at > now else made
    cut = _cut(renewal.life, course.policy, course.is_public)
    return f"{made} is valid until {day(renewal.life.ends)}{cut}."


def _cut(life: Life, policy: CertificatePolicy, is_public: bool) -> str:
    """Said of a life that is shorter than the policy asks for."""
    asked = add_months(life.begins + BACKDATED, policy.validity_in_months or DEFAULT_MONTHS)
    if is_public and asked - life.ends > timedelta(days=1):
        return f", {life.days} days: public CAs may not give more then"
    return ""


def effects_of_typed(form: EffectForm, now: datetime) -> Sequence[Effect]:
    """The same for what stands in the fields of a form so far: nothing if a field is wrong. A contradiction is said."""
    if form.errors.keys() - LABELS.keys():
        return []
    if form.refusals:
        return [Effect(sentence, "bad") for sentence in form.refusals]
    policy, life, is_public = form.policy(), form.life, form.is_public
    if life is None:
        return effects_of_new(policy, now, is_public=is_public)
    return effects(Course(policy=policy, life=life, by_ca=form.cleaned_data["effect_by_ca"], is_public=is_public), now)


def effect_context(form: EffectForm | None) -> dict[str, Any]:
    """Template context of includes/live_effect.html. None: there are no fields to follow."""
    if form is None:
        return {"effect": None, "effects": [], "built_subject": ""}
    shown = effects_of_typed(form, timezone.now())
    return {"effect": form, "effects": shown, "built_subject": form.built_subject}
