"""Pages that ask twice say what will happen, with dates."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from tests.browsing import filled
from tests.conftest import World, signed_in
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient

DELETE = "/vaults/kv-shop-prod/secrets/fresh/delete/"


def test_a_delete_says_until_when_it_can_be_undone(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("fresh", "v")
    assert "7 to 90 days" in olga.get(DELETE).content.decode()  # 7.0 does not tell
    world.connection.api_version = "7.6"
    world.connection.save()
    until = date_format(timezone.localtime() + timedelta(days=90), "j F Y")
    assert f"can be recovered until {until}" in olga.get(DELETE).content.decode()


@pytest.mark.parametrize("browser", ["confirmed", "late"])
def test_a_refused_delete_comes_back_with_the_same_sentences(
    browser: str, olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("fresh", "v")
    world.connection.api_version = "7.6"
    world.connection.save()
    client = olga if browser == "confirmed" else signed_in(world.olga)
    opened: Any = client.get(DELETE)
    emulator.deny("secrets/delete")
    refused: Any = client.post(DELETE, filled(opened))
    assert refused.status_code == 403
    assert refused.context["consequences"] == opened.context["consequences"]
    emulator.deny("secrets/list")
    opened = client.get(DELETE)
    refused = client.post(DELETE, filled(opened))
    assert refused.context["consequences"] == opened.context["consequences"]
    assert [part.note for part in refused.context["unread_parts"]] == [
        part.note for part in opened.context["unread_parts"]
    ]


def test_who_may_delete_but_not_look_is_asked_all_the_same(
    olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("fresh", "v")
    emulator.deny("secrets/list")
    assert olga.get(DELETE).status_code == 200
