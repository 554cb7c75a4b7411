"""A key's rotation policy: shown with what follows from it, and changed part by part."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, text_of
from tests.conftest import World, last_detail, last_entry, signed_in, vault_calls
from tests.views.policies import newest, set_rotation_policy
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.permissions import Action, Role

__all__ = ["newest"]
KEY = "/vaults/kv-shop-prod/keys/signing/"
PAGE = f"{KEY}rotation/"
EDIT = f"{PAGE}edit/"
ROTATE_BEFORE = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Rotate"}}
NOTIFY = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}


@pytest.fixture
def key(newest: VaultClient, emulator: Emulator) -> None:
    newest.keys.create("signing", kty="EC", expires_on=datetime(2090, 1, 1, tzinfo=UTC))
    emulator.clock.advance(3)
    vault_calls(emulator)


def puts(emulator: Emulator) -> list[Any]:
    return [each.body for each in emulator.requests if each.method == "PUT" and ".vault." in each.host]


def test_a_key_without_a_policy_shows_the_default(olga: Client, key: None) -> None:
    words = text_of(olga.get(PAGE))
    assert "This key has no policy of its own. What stands here is Key Vault's default." in words
    assert "New version not by itself" in words
    assert "Event Grid told 30 days before the expiry" in words
    assert "Key Vault makes no new version by itself." in words


def test_a_policy_shows_the_next_five_rotations(
    olga: Client, newest: VaultClient, key: None, emulator: Emulator
) -> None:
    fill_in(olga, EDIT, expiry_time="1 year", when="timeAfterCreate", rotate="3 months", notify="30 days")
    emulator.clock.advance(3)
    page = olga.get(PAGE)
    words = text_of(page)
    assert "the next 5 rotations" in words
    assert "New version 3 months after the current one was made" in words
    assert "Expires 1 year after it was made" in words
    assert [f"Rotation {number}" in words for number in range(1, 7)] == [True] * 5 + [False]
    assert page.content.decode().count('<rect class="valid" x=') == 6
    assert " style=" not in page.content.decode()


def test_a_policy_counts_from_the_end_that_the_key_does_not_have(olga: Client, newest: VaultClient) -> None:
    newest.keys.create("signing", kty="EC")
    set_rotation_policy(newest, "signing")
    assert "the current version never expires: so it is not rotated by itself" in text_of(olga.get(PAGE))


def test_a_change_sends_what_differs_and_keeps_the_rest(
    olga: Client, newest: VaultClient, key: None, emulator: Emulator
) -> None:
    set_rotation_policy(newest, "signing")
    emulator.requests.clear()
    assert fill_in(olga, EDIT, notify="P10D")["Location"] == PAGE
    assert puts(emulator) == [
        {
            "lifetimeActions": [ROTATE_BEFORE, {**NOTIFY, "trigger": {"timeBeforeExpiry": "P10D"}}],
            "attributes": {"expiryTime": "P90D"},
        }
    ]
    assert last_entry(Action.KEY_UPDATE_ROTATION).state == "succeeded"
    assert last_detail(Action.KEY_UPDATE_ROTATION) == {"attributes": ["notify"]}
    policy = newest.keys.rotation_policy("signing")
    assert (policy.notify_before_expiry, policy.rotate_before_expiry, policy.expiry_time) == ("P10D", "P30D", "P90D")


def test_an_untouched_form_sends_nothing(olga: Client, newest: VaultClient, key: None, emulator: Emulator) -> None:
    set_rotation_policy(newest, "signing")
    emulator.requests.clear()
    answer = fill_in(olga, EDIT)
    assert answer["Location"] == PAGE
    assert puts(emulator) == []
    assert "Nothing was different" in text_of(olga.get(PAGE))


def test_a_first_policy_and_its_end(olga: Client, newest: VaultClient, key: None) -> None:
    fill_in(olga, EDIT, expiry_time="P1Y6M", when="timeBeforeExpiry", rotate="2 weeks", notify="")
    policy = newest.keys.rotation_policy("signing")
    assert (policy.own, policy.expiry_time, policy.rotate_before_expiry) == (True, "P1Y6M", "P2W")
    assert policy.notify_before_expiry == "P30D"  # which Key Vault adds
    assert 'value="1 year 6 months"' in olga.get(EDIT).content.decode()
    fill_in(olga, EDIT, expiry_time="", when="", rotate="")
    policy = newest.keys.rotation_policy("signing")
    assert (policy.expiry_time, policy.rotate_before_expiry) == (None, None)


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"expiry_time": "27 days"}, "expiry_time", "Key Vault takes 28 days at least."),
        ({"expiry_time": "soon"}, "expiry_time", "This is no time that can be read."),
        ({"expiry_time": "P9999Y"}, "expiry_time", "That is after the year 9999."),
        ({"expiry_time": "0 days"}, "expiry_time", "This must be longer than nothing."),
        ({"expiry_time": "9" * 5000}, "expiry_time", "Ensure this value has at most"),
        ({"rotate": "6 days", "when": "timeAfterCreate"}, "rotate", "at least 7 days after a version was made."),
        ({"rotate": "6 days", "when": "timeBeforeExpiry"}, "rotate", "at least 7 days before the expiry."),
        ({"rotate": "84 days", "when": "timeAfterCreate"}, "rotate", "at least 7 days before the expiry."),
        ({"rotate": "1 year", "when": "timeAfterCreate"}, "rotate", "The version would have expired by then"),
        ({"rotate": "90 days", "when": "timeBeforeExpiry"}, "rotate", "That is before the version is made"),
        ({"rotate": "84 days", "when": "timeBeforeExpiry"}, "rotate", "at least 7 days after a version was made."),
        ({"rotate": "", "when": "timeBeforeExpiry"}, "rotate", "Give the time"),
        ({"rotate": "30 days", "when": ""}, "when", "Choose what this time counts from"),
        ({"rotate": "P30D", "when": "timeBeforeExpiry", "expiry_time": ""}, "expiry_time", "Give a time"),
        ({"notify": "90 days"}, "notify", "That is before the version is made"),
        ({"notify": "-1 days"}, "notify", "This is no time that can be read."),
        ({"when": "never"}, "when", "Select a valid choice."),
    ],
)
def test_a_time_that_key_vault_would_refuse_comes_back_with_a_sentence(
    olga: Client, newest: VaultClient, key: None, emulator: Emulator, typed: dict[str, str], field: str, sentence: str
) -> None:
    set_rotation_policy(newest, "signing")
    emulator.requests.clear()
    answer = fill_in(olga, EDIT, **typed)
    assert answer.status_code == 422
    form = answer.context["form"]  # type: ignore[attr-defined]  # the test client adds it
    assert sentence in str(form.errors[field][0])
    assert {name: form[name].value() for name in typed} == typed
    assert sentence in text_of(answer)
    assert puts(emulator) == []


def test_a_policy_that_changed_meanwhile_is_not_overwritten(
    olga: Client, newest: VaultClient, key: None, emulator: Emulator
) -> None:
    page = olga.get(EDIT)
    set_rotation_policy(newest, "signing")
    answer = olga.post(EDIT, filled(page, notify="20 days"))
    words = text_of(answer)
    assert answer.status_code == 422
    assert "Somebody else changed the policy after you opened it." in words
    assert "New version 30 days before the current one expires" in words
    assert 'value="20 days"' in answer.content.decode()
    assert newest.keys.rotation_policy("signing").notify_before_expiry == "P30D"
    assert olga.post(EDIT, filled(answer)).status_code == 302  # now that it has been seen
    assert newest.keys.rotation_policy("signing").notify_before_expiry == "P20D"


def test_a_lost_answer_is_looked_up(olga: Client, newest: VaultClient, key: None, emulator: Emulator) -> None:
    page = olga.get(EDIT)
    emulator.lose_answer(method="PUT")
    assert olga.post(EDIT, filled(page, expiry_time="1 year", notify="")).status_code == 302
    assert last_detail(Action.KEY_UPDATE_ROTATION)["unconfirmed"] is True
    page = olga.get(EDIT)
    emulator.lose_request(method="PUT")
    assert olga.post(EDIT, filled(page, expiry_time="2 years")).status_code == 504
    assert newest.keys.rotation_policy("signing").expiry_time == "P1Y"


def test_what_cannot_be_read_stays(olga: Client, newest: VaultClient, key: None, emulator: Emulator) -> None:
    set_rotation_policy(newest, "signing")

    def odd(body: Any) -> Any:
        body["attributes"]["expiryTime"] = "soon"
        body["lifetimeActions"].append({"action": {"type": "Sing"}, "trigger": {"percent": 80}})
        return body

    emulator.rewrite(odd, times=9, method="GET", path="/keys/signing/rotationpolicy")
    words = text_of(olga.get(PAGE))
    assert '{"action": {"type": "Sing"}' in words
    assert "soon" in words
    page = olga.get(EDIT)
    assert "What you leave as it is here stays as Azure has it." in text_of(page)
    emulator.requests.clear()
    olga.post(EDIT, filled(page, when="", rotate="", notify="20 days"))
    (sent,) = puts(emulator)
    assert sent["attributes"] == {"expiryTime": "soon"}
    assert sent["lifetimeActions"] == [
        {**NOTIFY, "trigger": {"timeBeforeExpiry": "P20D"}},
        {"action": {"type": "Sing"}, "trigger": {"percent": 80}},
    ]


def test_a_policy_built_otherwise_is_shown_and_not_changed(
    olga: Client, newest: VaultClient, key: None, emulator: Emulator
) -> None:
    emulator.rewrite(
        lambda body: {**body, "lifetimeActions": "x"}, times=9, method="GET", path="/keys/signing/rotationpolicy"
    )
    page = olga.get(PAGE)
    assert "can't be changed here without losing a part of it" in text_of(page)
    assert EDIT not in page.content.decode()
    assert olga.get(EDIT)["Location"] == PAGE


def test_parts_that_may_not_be_read_are_said(olga: Client, key: None, emulator: Emulator) -> None:
    emulator.deny("keys/getrotationpolicy")
    assert "it is not known whether this key is rotated by itself" in text_of(olga.get(PAGE))
    assert olga.get(EDIT).status_code == 403


def test_versions_that_may_not_be_read_are_said(olga: Client, key: None, emulator: Emulator) -> None:
    emulator.deny("keys/list")
    assert "it is not known when the current version was made" in text_of(olga.get(PAGE))


def test_who_may_see_may_not_all_change(world: World, key: None) -> None:
    viewer, writer = signed_in(world.members[Role.VIEWER]), signed_in(world.members[Role.WRITER])
    assert EDIT not in viewer.get(PAGE).content.decode()
    assert EDIT in writer.get(PAGE).content.decode()
    assert viewer.get(EDIT).status_code == 403
    assert viewer.post(EDIT, {}).status_code == 403


def test_where_there_is_no_rotation_the_page_says_so(
    olga: Client, world: World, newest: VaultClient, emulator: Emulator
) -> None:
    newest.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    page = olga.get("/vaults/kv-shop-prod/keys/tls/rotation/")
    assert "it gets a new version with each version of the certificate" in text_of(page)
    assert "rotation/edit/" not in page.content.decode()
    assert "Change its version" not in text_of(page)
    world.connection.api_version = "7.2"
    world.connection.save()
    vault_calls(emulator)
    page = olga.get(PAGE)
    assert "API version 7.2. Rotation exists from 7.3 on. Change its version" in text_of(page)
    assert f'href="/connections/{world.connection.pk}/edit/"' in page.content.decode()
    assert "Change its version" not in text_of(signed_in(world.rafi).get(PAGE))
    assert olga.get(EDIT)["Location"] == PAGE
    assert vault_calls(emulator) == []
