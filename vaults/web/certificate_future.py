"""A certificate's next renewals as its page shows them: a card for each calendar, marks on an axis, and words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from vaults.forecast.renewals import CLIENT_AUTH, Cause, Course, Forecast, How, Renewal, forecast
from vaults.forecast.rules import CALENDARS, Rule
from vaults.keyvault.types import CertificatePolicy, LifetimeAction

AXIS_WIDTH, AXIS_MARGIN = 720, 24

VERDICTS: Final[Mapping[How, str]] = {
    How.AUTOMATIC: "Automatic",
    How.BY_HAND: "By hand",
    How.BREAKS: "Will break",
}
TONES: Final[Mapping[How, str]] = {How.AUTOMATIC: "ok", How.BY_HAND: "soon", How.BREAKS: "bad"}
ICONS: Final[Mapping[How, str]] = {How.AUTOMATIC: "check", How.BY_HAND: "hand-stop", How.BREAKS: "alert-circle"}


def verdict_of(how: How, a_year: int) -> str:
    """In words: "By hand, twice a year"."""
    if how == How.BREAKS:
        return VERDICTS[how]
    times = {1: "once", 2: "twice"}.get(a_year, f"{a_year} times")
    return f"{VERDICTS[how]}, {times} a year"


@dataclass(frozen=True, slots=True)
class Card:
    """What a calendar means for the certificate."""

    year: int
    rule: Rule
    forecast: Forecast
    why: str

    @property
    def how(self) -> How:
        return self.forecast.verdict.how

    @property
    def verdict(self) -> str:
        return verdict_of(self.how, self.forecast.a_year)

    @property
    def tone(self) -> str:
        return TONES[self.how]

    @property
    def icon(self) -> str:
        return ICONS[self.how]


@dataclass(frozen=True, slots=True)
class Mark:
    """A renewal on the axis; `x` in units of the SVG."""

    renewal: Renewal
    x: float
    why: str

    @property
    def word(self) -> str:
        return {How.AUTOMATIC: "automatic", How.BY_HAND: "by hand", How.BREAKS: "breaks"}[self.renewal.how]

    @property
    def tone(self) -> str:
        return TONES[self.renewal.how]

    @property
    def icon(self) -> str:
        return ICONS[self.renewal.how]


@dataclass(frozen=True, slots=True)
class Axis:
    """The marks of one calendar; `rule_x` is where its last rule begins, None if that is outside of the axis."""

    marks: Sequence[Mark]
    rule_x: float | None
    width: int = AXIS_WIDTH


def cards(course: Course, now: datetime) -> Sequence[Card]:
    found = [(year, rules, forecast(course, rules, now)) for year, rules in CALENDARS.items()]
    return [Card(year, rules[-1], ahead, why(ahead.verdict, course)) for year, rules, ahead in found]


def axis(card: Card, course: Course, now: datetime) -> Axis:
    shown = card.forecast.renewals
    first = max(now, shown[0].at - (shown[-1].at - shown[0].at) / 4) if len(shown) > 1 else now
    span = max(shown[-1].at - first, timedelta(days=1))

    def place(moment: datetime) -> float:
        return round(AXIS_MARGIN + (AXIS_WIDTH - 2 * AXIS_MARGIN) * ((moment - first) / span), 1)

    begins = card.rule.since
    return Axis(
        [Mark(renewal, place(renewal.at), why(renewal, course)) for renewal in shown],
        place(begins) if first < begins < shown[-1].at else None,
    )


def why(renewal: Renewal, course: Course) -> str:
    """The cause in words."""
    policy = course.policy
    renews, mails = trigger_words(policy, "AutoRenew"), trigger_words(policy, "EmailContacts")
    words = {
        Cause.RENEWED: f"Key Vault renews it {renews}.",
        Cause.MAILED: f"Key Vault writes to the vault's contacts {mails}. Somebody has to ask for the next version.",
        Cause.NOT_MAILED: "Nothing happens before its end, and nobody is told.",
        Cause.MAIL_OUTSIDE_LIFE: f"The e-mail is to be sent {mails}, which is before its life begins: nobody is told.",
        Cause.RENEWAL_OUTSIDE_LIFE: f"It is to be renewed {renews}, which is before its life begins.",
        Cause.REPLACED: "A CA issued it, but its policy says Self: the vault replaces it by one that no CA has signed.",
        Cause.CLIENT_AUTH: "Its policy asks for clientAuth alone, which public CAs leave out from then on.",
        Cause.OVERDUE: f"It was to be renewed {renews}, and was not. See its last operation.",
    }
    return words[renewal.cause]


def loses_client_auth(course: Course) -> bool:
    """Whether a certificate that is also for clients goes on without that use."""
    return course.is_public and CLIENT_AUTH in course.policy.ekus and len(course.policy.ekus) > 1


def trigger_words(policy: CertificatePolicy, name: str) -> str:
    """When the policy's first action of this name happens: "30 days before the end", "at 80 % of its life"."""
    action = next((each for each in policy.lifetime_actions if each.action == name), LifetimeAction(name))
    if action.days_before_expiry is not None:
        return f"{action.days_before_expiry} day{'' if action.days_before_expiry == 1 else 's'} before the end"
    return f"at {action.lifetime_percentage or 0} % of its life"
