"""Renewals to come: by the policy, by the rules for public CAs, and what breaks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vaults.forecast.renewals import Cause, Course, Forecast, How, Life, add_months, forecast
from vaults.forecast.rules import CALENDARS, RULES, rule_of
from vaults.keyvault.types import CertificatePolicy, LifetimeAction
from vaults.web.certificate_future import axis, cards

NOW = datetime(2026, 11, 26, 9, 41, tzinfo=UTC)
DAY = timedelta(days=1)
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def days_before(days: int, action: str = "AutoRenew") -> LifetimeAction:
    return LifetimeAction(action, days_before_expiry=days)


def at_percent(percentage: int, action: str = "AutoRenew") -> LifetimeAction:
    return LifetimeAction(action, lifetime_percentage=percentage)


def course(
    *actions: LifetimeAction,
    issuer: str = "ca",
    months: int = 12,
    lived: int = 30,
    lives: int = 200,
    by_ca: bool = True,
    is_public: bool = True,
    **more: Any,
) -> Course:
    policy = CertificatePolicy(issuer_name=issuer, validity_in_months=months, lifetime_actions=actions, **more)
    begins = NOW - lived * DAY
    return Course(policy=policy, life=Life(begins, begins + lives * DAY), by_ca=by_ca, is_public=is_public)


def days_from_now(found: Forecast) -> list[int]:
    return [round((renewal.at - NOW) / DAY) for renewal in found.renewals]


def lives(found: Forecast) -> list[int]:
    return [renewal.life.days for renewal in found.renewals if renewal.life]


def verdict(found: Forecast) -> tuple[How, Cause]:
    return found.verdict.how, found.verdict.cause


def test_renewals_by_percentage_under_each_calendar() -> None:
    one = course(at_percent(80))
    found = {year: forecast(one, rules, NOW) for year, rules in CALENDARS.items()}
    assert lives(found[2026]) == [200] * 5
    assert days_from_now(found[2026]) == [130, 290, 450, 610, 770]
    assert days_from_now(found[2027])[0] == 130  # 5 April 2027: none is due before the rule begins
    assert lives(found[2027]) == [100] * 5
    assert lives(found[2029]) == [100, 47, 47, 47, 47]
    assert [found[year].a_year for year in CALENDARS] == [2, 5, 10]
    assert {verdict(each) for each in found.values()} == {(How.AUTOMATIC, Cause.RENEWED)}


def test_what_is_not_public_keeps_its_months() -> None:
    one = course(days_before(30), issuer="Self", by_ca=False, is_public=False, lives=365)
    for rules in CALENDARS.values():
        found = forecast(one, rules, NOW)
        assert set(lives(found)) <= {365, 366}
        assert (*verdict(found), found.a_year) == (How.AUTOMATIC, Cause.RENEWED, 1)


def test_a_renewal_before_the_life_begins_breaks_when_the_rule_has_cut_the_life() -> None:
    one = course(days_before(120))
    assert verdict(forecast(one, CALENDARS[2026], NOW)) == (How.AUTOMATIC, Cause.RENEWED)
    found = forecast(one, CALENDARS[2027], NOW)
    assert verdict(found) == (How.BREAKS, Cause.RENEWAL_OUTSIDE_LIFE)
    assert [(renewal.how, renewal.life is None) for renewal in found.renewals][-1] == (How.BREAKS, True)
    life = found.renewals[-2].life
    assert life
    assert found.verdict.at == life.ends


def test_a_certificate_of_a_ca_that_the_vault_would_replace_by_its_own() -> None:
    found = forecast(course(at_percent(80), issuer="Self", is_public=False), CALENDARS[2026], NOW)
    assert verdict(found) == (How.BREAKS, Cause.REPLACED)
    assert days_from_now(found) == [130]
    signed_by_itself = course(at_percent(80), issuer="Self", by_ca=False, is_public=False)
    assert verdict(forecast(signed_by_itself, CALENDARS[2026], NOW)) == (How.AUTOMATIC, Cause.RENEWED)


def test_client_auth_breaks_where_a_public_ca_leaves_it_out() -> None:
    asked = course(at_percent(80), ekus=("1.3.6.1.5.5.7.3.2",))
    assert verdict(forecast(asked, CALENDARS[2027], NOW)) == (How.BREAKS, Cause.CLIENT_AUTH)
    server_too = course(at_percent(80), ekus=("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"))  # Key Vault's own default
    assert verdict(forecast(server_too, CALENDARS[2027], NOW)) == (How.AUTOMATIC, Cause.RENEWED)
    private = course(at_percent(80), ekus=("1.3.6.1.5.5.7.3.2",), is_public=False)
    assert verdict(forecast(private, CALENDARS[2027], NOW)) == (How.AUTOMATIC, Cause.RENEWED)


@pytest.mark.parametrize(
    ("actions", "cause", "first"),
    [
        ([days_before(30, "EmailContacts")], Cause.MAILED, 140),
        ([], Cause.NOT_MAILED, 170),
        ([days_before(250, "EmailContacts")], Cause.MAIL_OUTSIDE_LIFE, 170),
        ([days_before(180, "EmailContacts")], Cause.MAILED, 0),
    ],
)
def test_by_hand(actions: list[LifetimeAction], cause: Cause, first: int) -> None:
    found = forecast(course(*actions), CALENDARS[2026], NOW)
    assert verdict(found) == (How.BY_HAND, cause)
    assert days_from_now(found)[0] == first


def test_the_vault_cannot_renew_what_is_signed_outside_of_it() -> None:
    found = forecast(course(at_percent(80), issuer="Unknown"), CALENDARS[2026], NOW)
    assert verdict(found) == (How.BY_HAND, Cause.NOT_MAILED)


def test_a_renewal_that_was_due_and_has_not_happened() -> None:
    just_due = course(at_percent(10), lived=20)
    assert verdict(forecast(just_due, CALENDARS[2026], NOW)) == (How.AUTOMATIC, Cause.RENEWED)
    late = course(at_percent(10), lived=100)
    found = forecast(late, CALENDARS[2026], NOW)
    assert verdict(found) == (How.BREAKS, Cause.OVERDUE)
    assert found.verdict.at == late.life.ends


def test_an_ended_certificate_is_due_now_by_hand() -> None:
    found = forecast(course(days_before(30, "EmailContacts"), lived=300), CALENDARS[2026], NOW)
    assert days_from_now(found)[0] == 0
    assert verdict(found) == (How.BY_HAND, Cause.MAILED)


def test_a_policy_that_renews_three_times_a_day() -> None:
    found = forecast(course(at_percent(1), months=1, lived=0, lives=1), CALENDARS[2029], NOW)
    begins = CALENDARS[2029][-1].since
    assert [renewal.at >= begins for renewal in found.renewals] == [False, True, True, True, True]
    assert found.a_year > 1000


def test_the_last_rule_that_has_begun_holds() -> None:
    for rule, before in zip(RULES[1:], RULES, strict=False):
        assert rule_of(RULES, rule.since) == rule
        assert rule_of(RULES, rule.since - timedelta(seconds=1)) == before
    assert rule_of(RULES, datetime(1999, 1, 1, tzinfo=UTC)) == RULES[0]


def test_months_end_on_a_day_that_there_is() -> None:
    assert add_months(datetime(2027, 1, 31, tzinfo=UTC), 1) == datetime(2027, 2, 28, tzinfo=UTC)
    assert add_months(datetime(2027, 12, 31, tzinfo=UTC), 2) == datetime(2028, 2, 29, tzinfo=UTC)


NUMBERS = st.one_of(st.none(), st.integers(-5, 400), st.sampled_from([-(10**12), 10**7, 10**12, 10**30]))
ACTIONS = st.builds(
    LifetimeAction,
    st.sampled_from(["AutoRenew", "EmailContacts", "Other", ""]),
    lifetime_percentage=NUMBERS,
    days_before_expiry=NUMBERS,
)
MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(
    actions=st.lists(ACTIONS, max_size=3),
    months=NUMBERS,
    begins=MOMENTS,
    ends=MOMENTS,
    issuer=st.sampled_from([None, "", "Self", "unknown", "ca"]),
    by_ca=st.booleans(),
    is_public=st.booleans(),
)
@example(
    actions=[], months=None, begins=NOW, ends=datetime(1, 1, 1, tzinfo=UTC), issuer=None, by_ca=False, is_public=False
)
@example(
    actions=[], months=None, begins=NOW, ends=datetime(9998, 1, 1, tzinfo=UTC), issuer=None, by_ca=False, is_public=True
)
def test_whatever_a_vault_sends_there_is_a_forecast(
    actions: list[LifetimeAction], months: int | None, begins: datetime, ends: datetime, issuer: str | None, by_ca: bool,
    is_public: bool,
) -> None:  # fmt: skip
    policy = CertificatePolicy(issuer_name=issuer, validity_in_months=months, lifetime_actions=tuple(actions))
    one = Course(policy=policy, life=Life(begins, ends), by_ca=by_ca, is_public=is_public)
    for shown in cards(one, NOW):
        assert 1 <= len(axis(shown, one, NOW).marks) <= 5
        assert shown.verdict
        assert shown.why


@pytest.mark.parametrize("action", [at_percent(80), days_before(30), at_percent(1, "EmailContacts")])
@pytest.mark.parametrize("begins", [LATEST, EARLIEST], ids=["last moment", "first moment"])
def test_a_life_at_the_edge_of_what_can_be_counted_is_foreseen(begins: datetime, action: LifetimeAction) -> None:
    """Both dates are the certificate's own, and whoever made it chose them."""
    life = Life(begins, LATEST)
    for issuer in ("Self", "ca"):
        policy = CertificatePolicy(issuer_name=issuer, lifetime_actions=(action,))
        for rules in CALENDARS.values():
            assert forecast(Course(policy=policy, life=life, by_ca=True, is_public=True), rules, NOW).renewals
