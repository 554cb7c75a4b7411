"""Keys with policies of theirs, for pages that must not lose them."""

import pytest

from tests.conftest import World
from vaults import clients
from vaults.keyvault.client import VaultClient
from vaults.keyvault.operations import OPERATIONS
from vaults.keyvault.types import ReleasePolicy
from vaults.models.connection import NEWEST_API_VERSION

POLICY = ReleasePolicy("application/json; charset=utf-8", "eyJ2ZXJzaW9uIjoiMS4wLjAiLCJhbnlPZiI6W119", immutable=True)


@pytest.fixture
def newest(world: World, azure: VaultClient) -> VaultClient:
    """The same vault at the newest API version, for what 7.0 does not tell."""
    world.connection.api_version = NEWEST_API_VERSION
    world.connection.save()
    return newest_client(world)


def newest_client(world: World) -> VaultClient:
    """A client of the world's vault at the newest API version, whatever the connection's is."""
    return VaultClient(
        clients.vault_url(world.vault),
        clients.azure.cloud_of(world.connection),
        clients.azure.token_source(world.connection),
        api_version=NEWEST_API_VERSION,
    )


def set_rotation_policy(azure: VaultClient, name: str) -> None:
    azure.keys._session.send(
        OPERATIONS["UpdateKeyRotationPolicy"],
        lambda _: None,
        name=name,
        json={
            "lifetimeActions": [{"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Rotate"}}],
            "attributes": {"expiryTime": "P90D"},
        },
    )
