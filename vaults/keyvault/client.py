"""A client for one vault: `VaultClient(...).secrets.get("name")`."""

from __future__ import annotations

from vaults.keyvault.certificates import CertificateClient
from vaults.keyvault.contacts import ContactClient
from vaults.keyvault.issuers import IssuerClient
from vaults.keyvault.key_operations import CryptographyClient
from vaults.keyvault.keys import KeyClient
from vaults.keyvault.secrets import SecretClient
from vaults.keyvault.session import VaultSession


class VaultClient(VaultSession):
    """A session with one vault that gives access to its secrets, keys, certificates, issuers and contacts.

    Cheap to create, one for each piece of work; connections and tokens are kept outside it.
    """

    @property
    def secrets(self) -> SecretClient:
        """The vault's secrets."""
        return SecretClient(self)

    @property
    def keys(self) -> KeyClient:
        """The vault's keys."""
        return KeyClient(self)

    @property
    def cryptography(self) -> CryptographyClient:
        """What the vault's keys are used for."""
        return CryptographyClient(self)

    @property
    def certificates(self) -> CertificateClient:
        """The vault's certificates."""
        return CertificateClient(self)

    @property
    def issuers(self) -> IssuerClient:
        """The CAs that the vault has an account with."""
        return IssuerClient(self)

    @property
    def contacts(self) -> ContactClient:
        """Whom the vault sends mail about its certificates."""
        return ContactClient(self)
