"""Certificates and the operations that make them. Key Vault REST: Certificates, Deleted Certificates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from vaults.keyvault.answers import (
    Json,
    attributes,
    decoded,
    deletion,
    identity,
    member,
    required,
    section,
)
from vaults.keyvault.bodies import changed, given
from vaults.keyvault.objects import ObjectClient
from vaults.keyvault.operations import OPERATIONS
from vaults.keyvault.paging import Page, walk
from vaults.keyvault.policies import policy_from_json, policy_to_json
from vaults.keyvault.types import (
    UNSET,
    Certificate,
    CertificateIssuer,
    CertificateOperation,
    CertificatePolicy,
    CertificateProperties,
    DeletedCertificate,
    Unset,
)


class CertificateClient(ObjectClient[CertificateProperties, DeletedCertificate]):
    """The certificates of one vault. Deleting or recovering one takes its key and secret along."""

    noun = "Certificate"

    def list_page(self, token: str | None = None, *, include_pending: bool = False) -> Page[CertificateProperties]:
        """One page of the list, on request with those whose first version is still being made.

        Permission: list. (Get Certificates)
        """
        query = {"includePending": "true"} if include_pending else None
        return self._page("GetCertificates", token, self._properties, query=query)

    def list(self, *, include_pending: bool = False) -> Iterator[CertificateProperties]:
        """The newest version of each certificate, page after page. Permission: list."""
        return walk(partial(self.list_page, include_pending=include_pending))

    def create(
        self,
        name: str,
        policy: CertificatePolicy | None,
        *,
        enabled: bool | None = None,
        tags: Mapping[str, str] | None = None,
        preserve_cert_order: bool | None = None,
    ) -> CertificateOperation:
        """Begin to make a certificate, or a new version of it. Permission: create. (Create Certificate)

        Without a policy a new version is made by the one that the certificate has.
        Never repeated after a lost answer: look at the operation then; its request id tells if it is yours.
        """
        body = given(
            policy=policy and policy_to_json(policy),
            attributes=given(enabled=enabled),
            tags=tags,
            preserveCertOrder=preserve_cert_order,
        )
        return self._session.send(OPERATIONS["CreateCertificate"], self._operation, name=name, json=body)

    def issuers(self) -> Sequence[CertificateIssuer]:
        """The CAs that the vault has an account with. Permission: listissuers. (Get Certificate Issuers)"""
        found = walk(lambda token: self._page("GetCertificateIssuers", token, _issuer))
        return [issuer for issuer in found if issuer.name]

    def get(self, name: str, version: str = "") -> Certificate:
        """A certificate, by default the newest version. Permission: get. (Get Certificate)"""
        return self._ask("GetCertificate", self._certificate, name, version)

    def get_policy(self, name: str) -> CertificatePolicy:
        """How the next version will be made. Permission: get. (Get Certificate Policy)"""
        return self._ask("GetCertificatePolicy", policy_from_json, name)

    def update(
        self,
        name: str,
        version: str,
        *,
        enabled: bool | Unset = UNSET,
        tags: Mapping[str, str] | Unset = UNSET,
    ) -> Certificate:
        """Enable or disable a version, or replace its tags. Permission: update. (Update Certificate)"""
        body = changed(attributes=UNSET if enabled is UNSET else {"enabled": enabled}, tags=tags)
        return self._ask("UpdateCertificate", self._certificate, name, version, **body)

    def operation(self, name: str) -> CertificateOperation:
        """The last operation on a certificate, pending or ended. Permission: get.

        (Get Certificate Operation)
        """
        return self._ask("GetCertificateOperation", self._operation, name)

    def cancel_operation(self, name: str) -> CertificateOperation:
        """Ask for cancellation; the operation may complete all the same. Permission: update.

        (Update Certificate Operation)
        """
        return self._ask("UpdateCertificateOperation", self._operation, name, cancellation_requested=True)

    def delete_operation(self, name: str) -> CertificateOperation:
        """Drop the operation, and the certificate if it has no version yet. Permission: update.

        (Delete Certificate Operation)
        """
        return self._ask("DeleteCertificateOperation", self._operation, name)

    def _properties(self, data: Json) -> CertificateProperties:
        return CertificateProperties(
            **identity(data, "id"),
            **attributes(data),
            x5t=decoded(data, "x5t").hex().upper(),
            subject=member(data, "subject", str),
        )

    def _deleted(self, data: Json) -> DeletedCertificate:
        return DeletedCertificate(properties=self._properties(data), **deletion(data))

    def _certificate(self, data: Json) -> Certificate:
        return Certificate(
            properties=self._properties(data),
            cer=decoded(data, "cer"),
            key_id=member(data, "kid", str),
            secret_id=member(data, "sid", str),
            policy=policy_from_json(section(data, "policy")) if data.get("policy") else None,
            content_type=member(data, "contentType", str),
            preserve_cert_order=member(data, "preserveCertOrder", bool),
        )

    def _operation(self, data: Json) -> CertificateOperation:
        error = section(data, "error")
        return CertificateOperation(
            id=required(data, "id", str),
            name=identity(data, "id")["name"],
            issuer_name=member(section(data, "issuer"), "name", str),
            status=required(data, "status", str),
            status_details=member(data, "status_details", str),
            request_id=(member(data, "request_id", str) or "")[:64],
            csr=decoded(data, "csr"),
            cancellation_requested=bool(member(data, "cancellation_requested", bool)),
            target=member(data, "target", str),
            error_code=member(error, "code", str),
            error_message=member(error, "message", str),
        )


def _issuer(data: Json) -> CertificateIssuer:
    """An item of the list of issuers, whose ids are `https://{vault}/certificates/issuers/{name}`."""
    _, _, name = (member(data, "id", str) or "").rpartition("/certificates/issuers/")
    return CertificateIssuer(name, member(data, "provider", str) or "")
