"""The forecast for certificates of the index: from what is known of them, without asking Azure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vaults.forecast.renewals import CLIENT_AUTH, Course, Forecast, How, Life, forecast
from vaults.forecast.rules import CALENDARS, PUBLIC_PROVIDERS
from vaults.inventory.store import BATCH
from vaults.keyvault.identifiers import fold
from vaults.keyvault.types import CertificatePolicy, LifetimeAction
from vaults.models import CertificateAuthority, ForeseenRenewals, KnownCertificate, Team, Vault
from vaults.models.certificate_authority import LONGEST_NAME

RANKS: Final = {How.BREAKS: 0, How.BY_HAND: 1, How.AUTOMATIC: 2}
_FACTS = ("how", "cause", "at", "a_year", "rank")

#: What a team has said, by folded name of the CA: whether browsers trust it.
Said = Mapping[str, bool]


def said_by(team: Team) -> Said:
    return dict(CertificateAuthority.objects.filter(team=team).values_list("folded_name", "is_public"))


def authority_of(policy_issuer: str, provider: str, ca: str, self_signed: bool | None) -> str:
    """The CA of the next version, where only people can know whether it is public; "" where that is known.

    Of an issuer of the vault it is the name in the policy; of the issuer Unknown, `ca`, which issued the present version.
    """
    issuer = policy_issuer.lower()
    if issuer == "self" or provider.lower() in PUBLIC_PROVIDERS:
        return ""
    if issuer not in ("", "unknown"):
        return policy_issuer
    return "" if self_signed else ca[:LONGEST_NAME]


def is_public(provider: str, authority: str, said: Said) -> bool | None:
    """Whether the CA of the next version is public; None if nobody has said. `authority`: from `authority_of`."""
    if provider.lower() in PUBLIC_PROVIDERS:
        return True
    return said.get(fold(authority)) if authority else False


def authority_of_known(known: KnownCertificate) -> str:
    return authority_of(known.policy_issuer, known.provider, known.issuer, known.self_signed)


def course_of(known: KnownCertificate, said: Said) -> Course | None:
    """None if nothing can be foreseen: policy or dates are not known. A CA that nobody has judged is taken for public."""
    if not known.has_policy or known.not_before is None or known.not_after is None:
        return None
    if "lifetime_actions" in known.unread:
        return None
    return Course(
        policy=_policy(known),
        life=Life(known.not_before, known.not_after),
        by_ca=known.self_signed is not True,
        is_public=is_public(known.provider, authority_of_known(known), said) is not False,
    )


def _policy(known: KnownCertificate) -> CertificatePolicy:
    """As much of the policy as the forecast needs."""
    renewal = LifetimeAction("AutoRenew", known.renews_at_percent, known.renews_days_before)
    mail = LifetimeAction("EmailContacts", known.mails_at_percent, known.mails_days_before)
    return CertificatePolicy(
        issuer_name=known.policy_issuer,
        ekus=(CLIENT_AUTH,) if known.only_client_auth else (),
        validity_in_months=known.validity_months,
        lifetime_actions=(*((renewal,) if known.renews else ()), *((mail,) if known.mails else ())),
    )


def foresee(vault: Vault, now: datetime, names: Collection[str] | None = None) -> None:
    """Keep the verdicts on certificates of a vault, all or those with these folded names."""
    found = KnownCertificate.objects.filter(item__vault=vault, item__gone_since=None, item__deleted_on=None)
    if names is not None:
        found = found.filter(item__folded_name__in=names)
    keep_verdicts(found, said_by(vault.team), now)


def keep_verdicts(certificates: Iterable[KnownCertificate], said: Said, now: datetime) -> None:
    """Only what has changed is written."""
    found = list(certificates)
    for start in range(0, len(found), BATCH):
        batch = found[start : start + BATCH]
        stored = {
            (row.certificate_id, row.year): row
            for row in ForeseenRenewals.objects.filter(certificate__in=[known.pk for known in batch])
        }
        rows = [row for known in batch for row in _verdicts(known, said, now)]
        changed = [row for row in rows if not _is_the_same(row, stored.pop((row.certificate_id, row.year), None))]
        ForeseenRenewals.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["certificate", "year"], update_fields=_FACTS
        )
        if stored:
            ForeseenRenewals.objects.filter(pk__in=[row.pk for row in stored.values()]).delete()


def _is_the_same(row: ForeseenRenewals, stored: ForeseenRenewals | None) -> bool:
    return stored is not None and all(getattr(row, name) == getattr(stored, name) for name in _FACTS)


def _verdicts(known: KnownCertificate, said: Said, now: datetime) -> list[ForeseenRenewals]:
    course = course_of(known, said)
    if course is None:
        return []
    return [_row(known, year, forecast(course, rules, now)) for year, rules in CALENDARS.items()]


def _row(known: KnownCertificate, year: int, ahead: Forecast) -> ForeseenRenewals:
    verdict = ahead.verdict
    return ForeseenRenewals(
        certificate=known,
        year=year,
        how=verdict.how.value,
        cause=verdict.cause.value,
        at=verdict.at,
        a_year=ahead.a_year,
        rank=RANKS[verdict.how],
    )


@dataclass(frozen=True, slots=True)
class WithRenewal:
    """What is known of a certificate, and its verdict under the rule of today; None if nothing is foreseen."""

    known: KnownCertificate
    renewal: ForeseenRenewals | None


def with_renewals(vault: Vault, names: Collection[str]) -> dict[str, WithRenewal]:
    """Of the certificates with these folded names, by name."""
    live = KnownCertificate.objects.filter(item__vault=vault, item__gone_since=None, item__deleted_on=None)
    found = list(live.filter(item__folded_name__in=names).select_related("item"))
    rows = ForeseenRenewals.objects.filter(certificate__in=[known.pk for known in found], year=min(CALENDARS))
    renewals = {row.certificate_id: row for row in rows}
    return {known.item.folded_name: WithRenewal(known, renewals.get(known.pk)) for known in found}
