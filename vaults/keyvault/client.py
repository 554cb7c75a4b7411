"""One vault, ready to be used: `VaultClient(...).secrets.get("name")`."""

from __future__ import annotations

from typing import Any

from vaults.keyvault.auth import TokenSource
from vaults.keyvault.certificates import CertificateClient
from vaults.keyvault.clouds import Cloud
from vaults.keyvault.http import Exchange, VaultSession
from vaults.keyvault.keys import KeyClient
from vaults.keyvault.secrets import SecretClient


class VaultClient:
    """The secrets, keys and certificates of one vault, seen by one application.

    Cheap to make, one for each piece of work; connections and tokens outlive it. `options` are those of
    VaultSession.
    """

    def __init__(
        self,
        vault_url: str,
        cloud: Cloud,
        tokens: TokenSource,
        api_version: str = "7.0",
        request_id: str | None = None,
        **options: Any,
    ) -> None:
        self.session = VaultSession(
            vault_url, cloud, tokens, api_version=api_version, request_id=request_id, **options
        )
        self.secrets = SecretClient(self.session)
        self.keys = KeyClient(self.session)
        self.certificates = CertificateClient(self.session)

    @property
    def exchanges(self) -> list[Exchange]:
        """What went over the wire so far, oldest first."""
        return self.session.exchanges
