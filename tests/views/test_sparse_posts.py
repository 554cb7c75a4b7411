"""What a form does not say is left to Key Vault: a switch that was not sent is neither yes nor no."""

from django.test import Client

from tests.conftest import World
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import Connection

NEW = "/vaults/kv-shop-prod/new/secret/"


def sent(emulator: Emulator, method: str = "PUT") -> object:
    return [request.body for request in emulator.requests if request.method == method and ".vault." in request.host][-1]


def test_only_what_was_said_is_sent(olga: Client, world: World, emulator: Emulator) -> None:
    olga.post(NEW, {"name": "fresh", "value": "v"})
    assert sent(emulator) == {"value": "v"}
    olga.post(NEW, {"name": "off", "value": "v", "enabled": "false"})
    assert sent(emulator) == {"value": "v", "attributes": {"enabled": False}}
    olga.post(NEW, {"name": "on", "value": "v", "enabled": ["false", "on"]})
    assert sent(emulator) == {"value": "v"}


def test_an_edit_that_says_nothing_of_the_switch_leaves_it(olga: Client, azure: VaultClient) -> None:
    azure.secrets.set("fresh", "v", enabled=False)
    page = olga.get("/vaults/kv-shop-prod/secrets/fresh/edit/")
    opened_on = page.context["form"]["opened_on"].value()
    olga.post("/vaults/kv-shop-prod/secrets/fresh/edit/", {"opened_on": opened_on, "tags": "a=b"})
    current = azure.secrets.versions("fresh")[0]
    assert (current.enabled, dict(current.tags)) == (False, {"a": "b"})


def test_a_connection_that_names_no_api_version_gets_the_newest(olga: Client, world: World) -> None:
    fields = {"name": "new", "cloud": "local", "tenant_id": world.connection.tenant_id, "client_secret": "s3cret"}
    olga.post("/new/connection/", fields | {"client_id": world.connection.client_id})
    assert Connection.objects.get(name="new").api_version == "2026-04-01"
