"""One item of each kind in the vault."""

import pytest

from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy


@pytest.fixture
def stock(azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("kept", "hidden", content_type="text/plain", tags={"owner": "shop"})
    azure.keys.create("signing", kty="EC", crv="P-384", key_ops=["sign"], tags={"owner": "shop"})
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"), tags={"a": "b"})
    emulator.clock.advance(60)
    azure.certificates.get("tls")
