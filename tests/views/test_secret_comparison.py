"""Two versions of a secret compared, without showing their values."""

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.browsing import Form, forms_of, text_of
from tests.conftest import World, confirmed, last_detail, last_entry, signed_in, vault_calls
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry
from vaults.permissions import Action, Role
from vaults.templatetags.kvportal import short_id

V = "/vaults/kv-shop-prod"
PAGE = f"{V}/secrets/api/compare/"


class Two:
    """A secret with two versions."""

    def __init__(self, azure: VaultClient, emulator: Emulator) -> None:
        self.azure, self.emulator = azure, emulator

    def store(self, before: str, after: str) -> dict[str, str]:
        """The ids of the versions with these values, as the form has them."""
        ids = []
        for value in (before, after):
            ids.append(self.azure.secrets.set("api", value).version)
            self.emulator.clock.advance(3)  # which of two versions is newer shows by the second
        vault_calls(self.emulator)
        return dict(zip(("from", "to"), ids, strict=True))


@pytest.fixture
def two(world: World, azure: VaultClient, emulator: Emulator) -> Two:
    return Two(azure, emulator)


def values_read(emulator: Emulator) -> list[str]:
    return [path for method, path in vault_calls(emulator) if method == "GET" and not path.endswith("/versions")]


def form_on(page: Any) -> Form:
    return next(form for form in forms_of(page) if "from" in form.fields)


def test_equal_values_are_said_to_be_equal(olga: Client, two: Two) -> None:
    page = olga.post(PAGE, two.store("hidden-value", "hidden-value"))
    assert page.status_code == 200
    assert "The values are equal" in text_of(page)
    assert "12 characters" in text_of(page)


def test_differences_are_named_and_no_value_is_shown(olga: Client, two: Two) -> None:
    page = olga.post(PAGE, two.store("first s3cret\r\nline", "second s3cret\nline\n"))
    words = text_of(page)
    assert "The values differ" in words
    for fact in ("18 characters", "19 characters", "Line ends CRLF LF differs", "At the end no blank space a line end"):
        assert fact in words
    trail = olga.get(f"/audit/{last_entry(Action.SECRET_COMPARE).event}/")
    for shown in (page, trail, olga.get(PAGE)):
        assert "s3cret" not in shown.content.decode()
    assert not any("s3cret" in str(vars(entry)) for entry in AuditEntry.objects.all())


def test_keys_of_json_objects_are_named_without_their_values(olga: Client, two: Two) -> None:
    before = {"user": "u1-value", "old": "o-value", "db": {"password": "p1-value", "port": 5432}}
    after = {"db": {"port": 5432, "password": "p2-value", "host.name": "h-value"}, "user": "u1-value"}
    page = olga.post(PAGE, two.store(json.dumps(before), json.dumps(after)))
    words = text_of(page)
    assert 'Added db."host.name" Removed old Another value db.password' in words
    assert "-value" not in page.content.decode()


def test_a_key_is_shown_as_text(olga: Client, two: Two) -> None:
    page = olga.post(PAGE, two.store("{}", json.dumps({"<script>x</script>\u202e": 1})))
    assert "<script>x" not in page.content.decode()
    assert "\u202e" not in page.content.decode()


def test_half_a_surrogate_pair_in_a_key_breaks_no_page(olga: Client, two: Two) -> None:
    page = olga.post(PAGE, two.store("{}", '{"\\ud800": 1}'))
    assert page.status_code == 200
    assert 'Added "\\ud800"' in text_of(page)


def test_the_act_is_recorded_with_both_versions(olga: Client, two: Two) -> None:
    ids = two.store("a", "b")
    assert olga.post(PAGE, ids).status_code == 200
    entry = last_entry(Action.SECRET_COMPARE)
    assert (entry.state, entry.name, entry.version) == ("succeeded", "api", ids["to"])
    assert last_detail(Action.SECRET_COMPARE)["compared_with"] == ids["from"]
    assert "Compared with version" in text_of(olga.get(f"/audit/{entry.event}/"))
    assert not AuditEntry.objects.filter(action=Action.SECRET_REVEAL).exists()


def test_both_values_are_read_once(olga: Client, two: Two, emulator: Emulator) -> None:
    ids = two.store("a", "b")
    olga.get(PAGE)
    assert values_read(emulator) == []
    olga.post(PAGE, ids)
    assert sorted(values_read(emulator)) == sorted(f"/secrets/api/{version}" for version in ids.values())


def test_it_counts_as_two_revealed_values(olga: Client, two: Two, emulator: Emulator, settings: Settings) -> None:
    settings.REVEAL_LIMIT = 5
    ids = two.store("a", "b")
    reveal = f"{V}/secrets/api/reveal/"
    assert [olga.post(PAGE, ids).status_code for _ in range(2)] == [200, 200]
    assert olga.post(reveal).status_code == 200
    values_read(emulator)
    refused = olga.post(PAGE, ids)
    assert refused.status_code == 429
    assert "5 values in 10 minutes are the limit" in text_of(refused)
    assert olga.post(reveal).status_code == 429
    assert values_read(emulator) == []
    assert "The values" not in text_of(refused)


def test_a_disabled_version_can_not_be_read(olga: Client, two: Two, azure: VaultClient, emulator: Emulator) -> None:
    ids = two.store("a", "b")
    azure.secrets.update("api", ids["from"], enabled=False)
    assert f"{short_id(ids['from'])}, disabled, made" in text_of(olga.get(PAGE))
    page = olga.post(PAGE, ids)
    assert page.status_code == 422
    assert "This version is disabled" in text_of(page)
    assert not AuditEntry.objects.filter(action=Action.SECRET_COMPARE).exists()
    assert f"compare/?from={ids['from']}" not in olga.get(f"{V}/secrets/api/").content.decode()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "2 things need a change"),
        ({"from": "0" * 32}, "not one of the available choices"),
        ({"from": "nonsense", "to": "\0"}, "not one of the available choices"),
        ({"from": "same"}, "These are the same version"),
    ],
)
def test_what_can_not_be_compared_is_said_at_its_field(
    olga: Client, two: Two, typed: dict[str, str], sentence: str
) -> None:
    ids = two.store("a", "b")
    sent = {"to": ids["to"], **typed} if typed else {}
    page = olga.post(PAGE, {name: ids["to"] if value == "same" else value for name, value in sent.items()})
    assert page.status_code == 422
    assert sentence in text_of(page)
    assert not AuditEntry.objects.filter(action=Action.SECRET_COMPARE).exists()


def test_what_azure_refuses_is_explained(olga: Client, two: Two, emulator: Emulator) -> None:
    ids = two.store("a", "b")
    emulator.deny("secrets/get")
    page = olga.post(PAGE, ids)
    assert page.status_code == 403
    assert last_entry(Action.SECRET_COMPARE).state == "denied"
    assert form_on(page).fields["from"] == [ids["from"]]


def test_the_versions_of_the_address_are_chosen(olga: Client, two: Two, azure: VaultClient) -> None:
    ids = two.store("a", "b")
    newest = azure.secrets.set("api", "c").version
    plain = form_on(olga.get(PAGE)).fields
    assert (plain["from"], plain["to"]) == ([ids["to"]], [newest])
    asked = form_on(olga.get(PAGE, {"from": ids["from"], "to": ids["to"]})).fields
    assert (asked["from"], asked["to"]) == ([ids["from"]], [ids["to"]])
    odd = form_on(olga.get(PAGE, {"from": "nonsense", "to": "<b>"})).fields
    assert (odd["from"], odd["to"]) == ([ids["to"]], [newest])


def test_the_list_of_versions_leads_there_for_those_who_may(olga: Client, world: World, two: Two) -> None:
    ids = two.store("a", "b")
    link = f"compare/?from={ids['from']}&amp;to={ids['to']}"
    assert link in olga.get(f"{V}/secrets/api/").content.decode()
    for role in (Role.VIEWER, Role.WRITER):
        client = confirmed(signed_in(world.members[role]))
        assert "compare/" not in client.get(f"{V}/secrets/api/").content.decode()
        assert client.post(PAGE, ids).status_code == 403


def test_one_version_has_nothing_to_be_compared_with(olga: Client, azure: VaultClient) -> None:
    azure.secrets.set("api", "a")
    assert "one version only" in text_of(olga.get(PAGE, follow=True))
