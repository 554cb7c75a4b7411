"""How long a certificate of a public CA may be valid: by the day of its issue, whatever the policy asks for.

Source: CA/Browser Forum, Baseline Requirements for TLS Server Certificates, 6.3.2 (ballot SC-081v3). A CA cuts the validity
silently; the policy and its trigger stay as they are.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

PROVIDERS: Final = frozenset({"digicert", "globalsign"})
"""The providers, in lower case, whose authorities are public."""

Limits = Sequence[tuple[datetime, int]]
"""From when on, and at most how many days; the last one that has begun holds."""

LIMITS: Final[Limits] = (
    (datetime(2020, 9, 1, tzinfo=UTC), 398),
    (datetime(2026, 3, 15, tzinfo=UTC), 200),
    (datetime(2027, 3, 15, tzinfo=UTC), 100),
    (datetime(2029, 3, 15, tzinfo=UTC), 47),
)


def most_days(limits: Limits, moment: float) -> int:
    """The days that a certificate issued at this moment may be valid."""
    return [days for begins, days in limits if begins.timestamp() <= moment or begins == limits[0][0]][-1]
