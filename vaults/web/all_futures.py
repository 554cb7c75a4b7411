"""The renewals of many certificates as their page shows them: totals by calendar, and a row for each certificate."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from vaults.forecast.renewals import Cause, Course, How, Renewal, forecast
from vaults.forecast.rules import CALENDARS, Rule
from vaults.inventory import foresight
from vaults.inventory.foresight import Said
from vaults.keyvault.identifiers import fold
from vaults.models import ForeseenRenewals, KnownCertificate
from vaults.web.certificate_future import ICONS, TONES, Mark, verdict_of, why

#: Of the axis that all rows share, in units of the SVG.
WIDTH, MARGIN = 370, 10
#: The axis shows so much before the day of the rule, and after it.
BEFORE, AFTER = timedelta(days=120), timedelta(days=400)


@dataclass(slots=True)
class Totals:
    """Numbers of certificates under one calendar; `renewals`: how many are made by hand in a year."""

    year: int
    rule: Rule
    breaks: int = 0
    by_hand: int = 0
    automatic: int = 0
    renewals: int = 0

    @property
    def certificates(self) -> int:
        return self.breaks + self.by_hand + self.automatic


def totals(counted: Iterable[tuple[int, str, int, int]]) -> list[Totals]:
    """`counted`: calendar, verdict, number of certificates, and of their renewals in a year."""
    found = {year: Totals(year, rules[-1]) for year, rules in CALENDARS.items()}
    for year, how, certificates, renewals in counted:
        total = found[year]
        match How(how):
            case How.BREAKS:
                total.breaks += certificates
            case How.BY_HAND:
                total.by_hand += certificates
                total.renewals += renewals
            case How.AUTOMATIC:
                total.automatic += certificates
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Scale:
    """The axis of a calendar; `rule_x` is where its rule begins, None if that was before."""

    begins: datetime
    ends: datetime

    @classmethod
    def of(cls, rule: Rule, now: datetime) -> "Scale":
        begins = max(now, rule.since - BEFORE)
        return cls(begins, max(now, rule.since) + AFTER)

    def place(self, moment: datetime) -> float | None:
        """None outside of the axis."""
        if not self.begins <= moment <= self.ends:
            return None
        share = (moment - self.begins) / (self.ends - self.begins)
        return round(MARGIN + (WIDTH - 2 * MARGIN) * share, 1)


@dataclass(frozen=True, slots=True)
class Row:
    """`policy`: what the policy says, in a line. `marks`: the renewals that the axis shows."""

    known: KnownCertificate
    verdict: str
    tone: str
    icon: str
    at: datetime
    why: str
    public: str
    marks: Sequence[Mark] = field(default=())


def rows(found: Sequence[ForeseenRenewals], said: Said, scale: Scale, now: datetime) -> list[Row]:
    return [_row(foreseen, said, scale, now) for foreseen in found]


def _row(foreseen: ForeseenRenewals, said: Said, scale: Scale, now: datetime) -> Row:
    known, how = foreseen.certificate, How(foreseen.how)
    course = foresight.course_of(known, said)
    verdict = Renewal(foreseen.at, how, Cause(foreseen.cause))
    return Row(
        known=known,
        verdict=verdict_of(how, foreseen.a_year),
        tone=TONES[how],
        icon=ICONS[how],
        at=foreseen.at,
        why=why(verdict, course) if course else "",
        public=_PUBLIC[foresight.is_public(known.provider, foresight.authority_of_known(known), said)],
        marks=_marks(course, foreseen.year, scale, now) if course else (),
    )


_PUBLIC: Final[Mapping[bool | None, str]] = {True: "public", False: "not public", None: "counted as public"}


def _marks(course: Course, year: int, scale: Scale, now: datetime) -> list[Mark]:
    shown = forecast(course, CALENDARS[year], now).renewals
    placed = [(renewal, _place(renewal, scale)) for renewal in shown]
    return [Mark(renewal, x, "") for renewal, x in placed if x is not None]


def _place(renewal: Renewal, scale: Scale) -> float | None:
    """What breaks before the axis begins is marked at its beginning."""
    if renewal.how == How.BREAKS and renewal.at < scale.begins:
        return MARGIN
    return scale.place(renewal.at)


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA of which only people know whether it is public; `is_public`: None if nobody has said."""

    name: str
    is_public: bool | None
    certificates: int


def authorities(counted: Iterable[tuple[str, str, str, bool | None, int]], said: Said) -> list[Authority]:
    """Those first of which nobody has said, then by the number of their certificates.

    `counted`: issuer in the policy, its provider, CA of the present version, whether that is self-signed; how many there are.
    """
    named = [(foresight.authority_of(*facts), count) for *facts, count in counted]  # type: ignore[arg-type]
    in_order = sorted((each for each in named if each[0]), key=lambda each: fold(each[0]))
    found = []
    for folded, same in groupby(in_order, key=lambda each: fold(each[0])):
        each = list(same)
        found.append(Authority(each[0][0], said.get(folded), sum(count for _, count in each)))
    return sorted(found, key=lambda each: (each.is_public is not None, -each.certificates, each.name))
