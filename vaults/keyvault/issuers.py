"""The issuers of a vault: the CAs that it has an account with. Key Vault REST: Certificate Issuers."""

from __future__ import annotations

from collections.abc import Sequence

from vaults.azure.json_values import Json
from vaults.azure.members import Members
from vaults.keyvault.operations import OPERATIONS
from vaults.keyvault.paging import Page, page_of, walk
from vaults.keyvault.paths import path_of
from vaults.keyvault.session import VaultSession
from vaults.keyvault.types import CertificateIssuer


class IssuerClient:
    """The issuers of one vault."""

    def __init__(self, session: VaultSession) -> None:
        self._session = session

    def list(self) -> Sequence[CertificateIssuer]:
        """All issuers, without their accounts. Permission: listissuers. (Get Certificate Issuers)"""
        return [issuer for issuer in walk(self._page) if issuer.name]

    def _page(self, token: str | None) -> Page[CertificateIssuer]:
        operation = OPERATIONS["GetCertificateIssuers"]
        list_url = self._session.vault_url + path_of(operation)
        return self._session.send(
            operation,
            lambda data: page_of(data, list_url, _listed),
            query={"$skiptoken": token} if token else None,
        )


def _listed(data: Json) -> CertificateIssuer:
    """An item of the list; its id is `https://{vault}/certificates/issuers/{name}`."""
    members = Members(data)
    _, _, name = (members.text("id") or "").rpartition("/certificates/issuers/")
    return CertificateIssuer(name, members.text("provider") or "")
