"""Fixtures: a client for the vault kv-one, which is a FakeAzure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.azure.fake import CLIENT_ID, TENANT, FakeAzure, FakeTime
from vaults.azure.clouds import Cloud
from vaults.azure.limits import Limits
from vaults.azure.sign_in import ClientSecret, TokenSource
from vaults.keyvault.client import VaultClient
from vaults.keyvault.session import Patience


@pytest.fixture
def azure() -> FakeAzure:
    return FakeAzure()


@pytest.fixture
def cloud(azure: FakeAzure) -> Cloud:
    return Cloud(
        name="test",
        label="Test cloud",
        authority="https://login.test",
        scope="https://vault.test/.default",
        vault_suffixes=("vault.test",),
        mount=lambda session: session.mount("https://", azure),
    )


@pytest.fixture
def tokens(cloud: Cloud) -> TokenSource:
    return TokenSource(cloud, TENANT, CLIENT_ID, ClientSecret("s3cret-of-the-client"))


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def make_client(cloud: Cloud, tokens: TokenSource, fake_time: FakeTime) -> Callable[..., VaultClient]:
    """Creates clients for kv-one with their own limits, on fake time, with jitter fixed at half of its range."""

    def make(**options: Any) -> VaultClient:
        settings: dict[str, Any] = {
            "limits": Limits(),
            "patience": Patience(),
            "clock": fake_time.clock,
            "sleep": fake_time.sleep,
            "jitter": lambda low, high: (low + high) / 2,
            **options,
        }
        return VaultClient("kv-one", cloud, tokens, **settings)

    return make


@pytest.fixture
def client(make_client: Callable[..., VaultClient]) -> VaultClient:
    return make_client()
