"""The next renewals of a certificate, and the verdict on them.

Source: Key Vault REST, CertificatePolicy (validity_months, lifetime_actions); the vault counts in months, and a CA may cut the
validity without changing the policy.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice, takewhile
from typing import Final

from vaults.forecast.rules import CLIENT_AUTH_ENDS, Rule, rule_of
from vaults.keyvault.durations import Duration
from vaults.keyvault.types import CertificatePolicy, LifetimeAction

SHOWN: Final = 5
"""How many renewals a forecast has."""
MOST: Final = 4000
"""Renewals after which a forecast ends: a policy can ask for three a day."""
DEFAULT_MONTHS: Final = 12
BACKDATED: Final = timedelta(minutes=10)
"""How long before the moment of its issue a certificate's life begins (recorded)."""
GRACE: Final = timedelta(days=1)
"""A renewal that is due for no longer than this may still be under way."""
FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing was issued before: an earlier date is a certificate's mistake."""
LAST: Final = datetime(9990, 1, 1, tzinfo=UTC)
"""A later date says "never": nothing is foreseen from there on."""
END: Final = datetime(9999, 12, 30, tzinfo=UTC)
"""The last date that can be shown in every time zone."""
CLIENT_AUTH: Final = "1.3.6.1.5.5.7.3.2"


class How(StrEnum):
    AUTOMATIC = "automatic"
    BY_HAND = "by_hand"
    BREAKS = "breaks"


class Cause(StrEnum):
    """Why a certificate is renewed the way it is."""

    RENEWED = "renewed"
    """The vault renews it."""
    MAILED = "mailed"
    """The vault writes to its contacts, who renew it."""
    NOT_MAILED = "not_mailed"
    """Nothing happens before its end."""
    MAIL_OUTSIDE_LIFE = "mail_outside_life"
    """It lives for a shorter time than the mail would be written before its end."""
    RENEWAL_OUTSIDE_LIFE = "renewal_outside_life"
    """It lives for a shorter time than it would be renewed before its end."""
    REPLACED = "replaced"
    """A CA issued it, and the vault will replace it by one that it signs itself."""
    CLIENT_AUTH = "client_auth"
    """Its policy asks for nothing but clientAuth, which public CAs leave out."""
    OVERDUE = "overdue"
    """Its renewal was due, and has not happened."""


@dataclass(frozen=True, slots=True)
class Life:
    begins: datetime
    ends: datetime

    @property
    def days(self) -> int:
        return round((self.ends - self.begins) / timedelta(days=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a forecast is made from. `life` is that of the present version; `by_ca`: another than itself signed it;
    `is_public`: its CA keeps to the rules for public ones.
    """

    policy: CertificatePolicy
    life: Life
    by_ca: bool
    is_public: bool


@dataclass(frozen=True, slots=True)
class Renewal:
    """`at` is when the next version is made. `life` is that version's; None if the certificate breaks at that moment."""

    at: datetime
    how: How
    cause: Cause
    life: Life | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The renewals, of which the last one may be a break; `a_year` is how many there are in a year under the last rule."""

    renewals: Sequence[Renewal]
    a_year: int

    @property
    def verdict(self) -> Renewal:
        """The renewal that decides: a break, else the next one."""
        last = self.renewals[-1]
        return last if last.how == How.BREAKS else self.renewals[0]


def forecast(course: Course, rules: Sequence[Rule], now: datetime) -> Forecast:
    """The next renewals under these rules. If the last rule is yet to begin: the last one before it, and those after it."""
    begins = rules[-1].since
    coming = islice(renewals(course, rules, now), MOST)
    before: deque[Renewal] = deque(maxlen=SHOWN)
    after: list[Renewal] = []
    for renewal in coming:
        (before if renewal.at < begins else after).append(renewal)
        if len(after) == SHOWN:
            break
    shown = [*before][-1:] + after if after else [*before]
    return Forecast(shown[:SHOWN], _a_year(shown))


def renewals(course: Course, rules: Sequence[Rule], now: datetime) -> Iterator[Renewal]:
    """All renewals to come, without end unless the certificate breaks."""
    renewal = _first(course, rules, now)
    while True:
        yield renewal
        if renewal.life is None or renewal.at > LAST:
            return
        renewal = _next(course, rules, renewal.life)


def _first(course: Course, rules: Sequence[Rule], now: datetime) -> Renewal:
    """The renewal of the present version. What was due by hand can be done now; what the vault should have done was not."""
    renewal = _next(course, rules, course.life)
    is_self = (course.policy.issuer_name or "").lower() == "self"
    if renewal.how == How.AUTOMATIC and course.by_ca and is_self:
        return Renewal(max(renewal.at, now), How.BREAKS, Cause.REPLACED)
    if renewal.how == How.AUTOMATIC and renewal.at < now - GRACE:
        return Renewal(course.life.ends, How.BREAKS, Cause.OVERDUE)
    if renewal.how == How.BY_HAND and renewal.at < now:
        return Renewal(now, How.BY_HAND, renewal.cause, _life(course, rules, now))
    return renewal


def _next(course: Course, rules: Sequence[Rule], life: Life) -> Renewal:
    """The renewal of a version with this life."""
    action = _action(course.policy)
    at = _moment(action, life) if action else None
    if action and action.action == "AutoRenew":
        if at is None:
            return Renewal(life.ends, How.BREAKS, Cause.RENEWAL_OUTSIDE_LIFE)
        if course.is_public and set(course.policy.ekus) == {CLIENT_AUTH} and at >= CLIENT_AUTH_ENDS:
            return Renewal(at, How.BREAKS, Cause.CLIENT_AUTH)
        return Renewal(at, How.AUTOMATIC, Cause.RENEWED, _life(course, rules, at))
    cause = Cause.NOT_MAILED if action is None else Cause.MAIL_OUTSIDE_LIFE if at is None else Cause.MAILED
    at = at or life.ends
    return Renewal(at, How.BY_HAND, cause, _life(course, rules, at))


def _action(policy: CertificatePolicy) -> LifetimeAction | None:
    """The action that decides: the renewal where the vault can renew, else the mail."""
    can_renew = (policy.issuer_name or "").lower() != "unknown"
    wanted = ("AutoRenew", "EmailContacts") if can_renew else ("EmailContacts",)
    return next((action for name in wanted for action in policy.lifetime_actions if action.action == name), None)


def _moment(action: LifetimeAction, life: Life) -> datetime | None:
    """When the action happens; None if that is not within the life."""
    try:
        if action.days_before_expiry is not None:
            at = life.ends - timedelta(days=action.days_before_expiry)
        else:
            at = life.begins + (life.ends - life.begins) * (action.lifetime_percentage or 0) / 100
        return at if life.begins + BACKDATED < at <= life.ends else None
    except OverflowError:  # a number of days or percent, or a beginning, that leads to no date
        return None


def _life(course: Course, rules: Sequence[Rule], made: datetime) -> Life:
    """The life of a version made at this moment."""
    made = min(max(made, FIRST), LAST)
    begins, ends = made - BACKDATED, add_months(made, max(1, course.policy.validity_in_months or DEFAULT_MONTHS))
    if course.is_public:
        ends = min(ends, begins + rule_of(rules, made).longest)
    return Life(begins, ends)


def add_months(moment: datetime, months: int) -> datetime:
    """The same day of a later month, or that month's last day if it is shorter; END after the year 9999."""
    try:
        return Duration(months, timedelta()).after(moment)
    except OverflowError:
        return END


def _a_year(shown: Sequence[Renewal]) -> int:
    """Renewals a year, by the time between the last two; at least one if there are any."""
    made = list(takewhile(lambda each: each.life is not None, shown))
    if len(made) < 2:
        return len(made)
    between = made[-1].at - made[-2].at
    return max(1, round(timedelta(days=365.25) / between)) if between else 1
