"""The fixtures of tests/azure: a fake vault and token issuer with scripted responses."""

from tests.azure.conftest import azure, client, cloud, fake_time, make_client, tokens

__all__ = ["azure", "client", "cloud", "fake_time", "make_client", "tokens"]
