"""Forecasts against the local vault, run with its clock under each calendar; its authority is written apart from the portal's.

Prints how many policies and renewals agreed.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest

from tests.conftest import say
from tests.emulator.direct import Direct
from vaults.emulator import VAULT_NAMES, Emulator
from vaults.emulator.state.public_authority import LIMITS
from vaults.forecast.renewals import Course, Life, renewals
from vaults.forecast.rules import CALENDARS
from vaults.keyvault.policies import policy_from_json

POLICIES, A_TEST = 500, 25
COMPARED = 5
"""Renewals that are compared at least; what the local vault makes at once is compared too."""
DAY = 86400
#: How many of the local vault's limits each calendar has.
LIMITS_OF = {2026: 2, 2027: 3, 2029: 4}


@dataclass(frozen=True, slots=True)
class Wish:
    """A policy, and the day on which its certificate is first made, counted from the calendar's last rule."""

    issuer: str
    months: int
    action: dict[str, Any] | None
    day: float

    @property
    def is_automatic(self) -> bool:
        return bool(self.action and self.action["action"]["action_type"] == "AutoRenew")

    @property
    def policy(self) -> dict[str, Any]:
        return {
            "issuer": {"name": self.issuer},
            "key_props": {"kty": "EC", "crv": "P-256", "reuse_key": True},
            "x509_props": {"subject": "CN=a", "validity_months": self.months},
            "lifetime_actions": [self.action] if self.action else [],
        }


def wishes(seed: int) -> Iterator[Wish]:
    chance = random.Random(seed)  # noqa: S311 - reproducible policies
    for _ in range(A_TEST):
        months = chance.choice([1, 2, 3, 4, 6, 9, 12, 12, 12, 13, 24])
        trigger = chance.choice(
            [
                {"lifetime_percentage": chance.randint(15, 99)},
                {"days_before_expiry": chance.randint(1, 27 * months - 1)},
            ]
        )
        kind = chance.choice(["AutoRenew", "AutoRenew", "AutoRenew", "EmailContacts", ""])
        action = {"trigger": trigger, "action": {"action_type": kind}} if kind else None
        yield Wish(chance.choice(["ca", "ca", "Self"]), months, action, chance.uniform(-150, 100))


class Vault:
    """One certificate in the local vault, as time goes by."""

    def __init__(self, wish: Wish, year: int) -> None:
        begins = LIMITS[LIMITS_OF[year] - 1][0].timestamp()
        self.moment = begins + wish.day * DAY
        self.emulator = Emulator.for_tests(certificate_seconds=0, clock=lambda: self.moment)
        self.emulator.service.public_limits = LIMITS[: LIMITS_OF[year]]
        self.direct = Direct(self.emulator, VAULT_NAMES[0])
        self.wish = wish
        self.ask("PUT", "certificates/issuers/ca", {"provider": "DigiCert"})
        self.make()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        self.direct.sign_in()
        answer = self.direct.ask(method, f"{self.direct.base}/{path}?api-version=7.4", body)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def make(self) -> None:
        self.ask("POST", "certificates/a/create", {"policy": self.wish.policy})

    def lives(self) -> list[tuple[int, int]]:
        """Begin and end of all versions, oldest first."""
        current = ""
        while current != (current := self.ask("GET", "certificates/a")["id"]):
            pass  # each request makes some of what is due
        url, found = f"{self.direct.base}/certificates/a/versions?api-version=7.4", []
        while url:
            page = self.direct.ask("GET", url).json()
            found += [(each["attributes"]["nbf"], each["attributes"]["exp"]) for each in page["value"]]
            url = page["nextLink"]
        return sorted(found)

    def wait(self) -> None:
        """Until the newest version has ended, or for the mail and a person who then asks for the next one."""
        begins, ends = self.lives()[-1]
        if self.wish.is_automatic:
            self.moment = ends + 1
            return
        trigger = self.wish.action["trigger"] if self.wish.action else {}
        if "days_before_expiry" in trigger:
            mail = ends - trigger["days_before_expiry"] * DAY
        else:
            mail = begins + (ends - begins) * trigger.get("lifetime_percentage", 0) // 100
        self.moment = mail if self.moment < mail <= ends else ends
        self.make()


def made(vault: Vault) -> list[tuple[int, int]]:
    """What the local vault makes: its versions, until there are enough or there is no further one."""
    lives = vault.lives()
    while len(lives) <= COMPARED:
        vault.wait()
        before, lives = lives, vault.lives()
        if len(lives) == len(before):
            break
    return lives


def foreseen(wish: Wish, year: int, first: tuple[int, int], count: int) -> list[tuple[int, int]]:
    """What the portal foresees, from the first version on."""
    life = Life(*(datetime.fromtimestamp(seconds, UTC) for seconds in first))
    policy = policy_from_json(wish.policy)
    course = Course(policy=policy, life=life, by_ca=wish.issuer != "Self", is_public=wish.issuer != "Self")
    coming = islice(renewals(course, CALENDARS[year], life.begins), count)
    return [(round(each.life.begins.timestamp()), round(each.life.ends.timestamp())) for each in coming if each.life]


@pytest.mark.sweep
@pytest.mark.parametrize("year", CALENDARS)
@pytest.mark.parametrize("seed", range(POLICIES // A_TEST))
def test_the_local_vault_does_what_is_foreseen(seed: int, year: int) -> None:
    renewed = broken = 0
    for wish in wishes(seed):
        vault = Vault(wish, year)
        first, *later = made(vault)
        vault.emulator.close()
        expected = foreseen(wish, year, first, max(len(later), COMPARED))
        assert len(expected) == len(later), wish
        for number, (ours, theirs) in enumerate(zip(expected, later, strict=True), start=1):
            seconds = max(abs(ours[0] - theirs[0]), abs(ours[1] - theirs[1]))
            assert seconds <= number, wish  # the local vault leaves out the fraction of a second at each renewal
        renewed, broken = renewed + len(later), broken + (len(later) < COMPARED)
    assert renewed > A_TEST * 2
    say(f"forecast, calendar of {year}: {A_TEST} policies agree, {renewed} renewals, {broken} break")
