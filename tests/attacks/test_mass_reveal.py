"""Somebody who may reveal values reveals them all."""

from datetime import timedelta
from functools import partial

import pytest
from django.test import Client
from pytest_django import Settings

from tests.browsing import text_of
from tests.conftest import World, client_of, confirmed, in_threads, signed_in, vault_calls
from vaults.actions.secrets import reveal_secret
from vaults.actors import Person
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry
from vaults.permissions import Action, RevealsSpent

pytestmark = pytest.mark.slow

REVEAL = "/vaults/kv-shop-prod/secrets/kept/reveal/"


def gets(emulator: Emulator) -> int:
    return sum(call == ("GET", "/secrets/kept") for call in vault_calls(emulator))


def alarms() -> int:
    return AuditEntry.objects.filter(action=Action.SECRET_REVEAL_LIMIT, state="succeeded").count()


def test_a_loop_stops_at_the_limit_with_one_alarm(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("kept", "the-hidden-value")
    vault_calls(emulator)
    answers = [olga.post(REVEAL, headers={"HX-Request": "true"}) for _ in range(40)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429] * 10
    assert gets(emulator) == 30
    assert alarms() == 1
    refused = answers[-1]
    assert "30 values in 10 minutes are the limit" in text_of(refused)
    assert 0 < int(refused["Retry-After"]) <= 600
    assert b"the-hidden-value" not in refused.content
    denied = AuditEntry.objects.filter(action=Action.SECRET_REVEAL, state="denied")
    assert set(denied.values_list("code", flat=True)) == {"RevealsSpent"}


def test_what_is_typed_for_a_version_is_not_recorded(olga: Client, azure: VaultClient) -> None:
    azure.secrets.set("kept", "v")
    olga.post(REVEAL, {"version": "My-Typed-Password!"})
    entries = AuditEntry.objects.filter(action=Action.SECRET_REVEAL)
    assert {entry.version for entry in entries} == {""}


def test_it_is_counted_for_each_person(world: World, olga: Client, azure: VaultClient, settings: Settings) -> None:
    settings.REVEAL_LIMIT = 2
    azure.secrets.set("kept", "v")
    assert [olga.post(REVEAL).status_code for _ in range(3)] == [200, 200, 429]
    rafi = confirmed(signed_in(world.rafi))
    assert [rafi.post(REVEAL).status_code for _ in range(3)] == [200, 200, 429]
    again = confirmed(signed_in(world.olga))  # another browser, the same person
    assert again.post(REVEAL).status_code == 429


def test_what_was_refused_does_not_make_the_wait_longer(olga: Client, azure: VaultClient, settings: Settings) -> None:
    settings.REVEAL_LIMIT = 2
    azure.secrets.set("kept", "v")
    assert [olga.post(REVEAL).status_code for _ in range(6)] == [200, 200, 429, 429, 429, 429]
    moved = AuditEntry.objects.filter(action__startswith="secret.reveal").exclude(state="denied")
    for entry in moved.order_by("id")[:2]:  # the first value was given eleven minutes ago
        AuditEntry.objects.filter(pk=entry.pk).update(at=entry.at - timedelta(minutes=11))
    assert [olga.post(REVEAL).status_code for _ in range(2)] == [200, 429]


def test_twenty_at_once_are_counted_as_twenty(file_world: World, settings: Settings) -> None:
    settings.REVEAL_LIMIT = 5
    client_of(file_world.vault).secrets.set("kept", "v")
    tries = in_threads(*[partial(reveal_secret, Person(file_world.olga), file_world.vault, "kept")] * 20)
    refused = [each for each in tries if isinstance(each, RevealsSpent)]
    assert len(tries) - len(refused) <= 5
    assert alarms() >= 1
