"""The fixtures of tests/azure: a vault and a token issuer that answer what they are told."""

from tests.azure.conftest import azure, client, cloud, fake_time, make_client, tokens

__all__ = ["azure", "client", "cloud", "fake_time", "make_client", "tokens"]
