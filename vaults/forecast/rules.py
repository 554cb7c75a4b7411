"""How long a public CA may issue a TLS certificate for.

Source: CA/Browser Forum, Baseline Requirements for TLS Server Certificates, 4.2.1 and 6.3.2 (ballot SC-081v3). They bind CAs
that browsers trust, and nobody else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Rule:
    """For certificates issued from `since` on: valid for at most `days`; the check of a domain may be reused for
    `check_days`."""

    since: datetime
    days: int
    check_days: int

    @property
    def longest(self) -> timedelta:
        """A validity includes its last second."""
        return timedelta(days=self.days, seconds=-1)


RULES: Final = (
    Rule(datetime(2020, 9, 1, tzinfo=UTC), 398, 398),
    Rule(datetime(2026, 3, 15, tzinfo=UTC), 200, 200),
    Rule(datetime(2027, 3, 15, tzinfo=UTC), 100, 100),
    Rule(datetime(2029, 3, 15, tzinfo=UTC), 47, 10),
)

CALENDARS: Final[Mapping[int, Sequence[Rule]]] = {2026: RULES[:2], 2027: RULES[:3], 2029: RULES}
"""By the year of its last rule: the rules up to that one."""

CLIENT_AUTH_ENDS: Final = datetime(2027, 3, 15, tzinfo=UTC)
"""From when on public CAs leave clientAuth out of the certificates that they issue; some do so earlier."""

PUBLIC_PROVIDERS: Final = frozenset({"digicert", "globalsign"})
"""The providers of issuers whose CAs are public, in lower case."""


def rule_of(rules: Sequence[Rule], moment: datetime) -> Rule:
    """The rule for a certificate issued at this moment; the first one before there was any."""
    begun = [rule for rule in rules if rule.since <= moment]
    return begun[-1] if begun else rules[0]
