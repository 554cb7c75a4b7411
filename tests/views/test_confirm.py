"""Pages that ask twice say what will happen, with dates."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from tests.conftest import World
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


def test_who_may_delete_but_not_look_is_asked_all_the_same(
    olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("fresh", "v")
    emulator.deny("secrets/list")
    assert olga.get(DELETE).status_code == 200
