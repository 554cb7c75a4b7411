"""Certificates and the operations that create them. Key Vault REST: Certificates, Deleted Certificates."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha1

from vaults.azure.json_values import Json
from vaults.azure.members import Members
from vaults.keyvault.bodies import creation_members, update_members
from vaults.keyvault.bundles import Requested, attributes, deletion, identity
from vaults.keyvault.objects import CommonOperations, ObjectClient
from vaults.keyvault.paging import Page, walk
from vaults.keyvault.policies import changed_sections, policy_from_json, policy_to_json
from vaults.keyvault.types import (
    UNSET,
    Certificate,
    CertificateOperation,
    CertificatePolicy,
    CertificateProperties,
    DeletedCertificate,
    Unset,
)


class CertificateClient(ObjectClient[CertificateProperties, DeletedCertificate]):
    """The certificates of one vault. Deleting or recovering one also deletes or recovers its managed key and secret."""

    operations = CommonOperations(
        list="GetCertificates",
        versions="GetCertificateVersions",
        delete="DeleteCertificate",
        list_deleted="GetDeletedCertificates",
        get_deleted="GetDeletedCertificate",
        recover="RecoverDeletedCertificate",
        purge="PurgeDeletedCertificate",
        backup="BackupCertificate",
        restore="RestoreCertificate",
    )
    collection = "certificates"

    def list_page(self, token: str | None = None, *, include_pending: bool = False) -> Page[CertificateProperties]:
        """One page of the list; with `include_pending` also the certificates whose first version is not issued yet.

        Permission: list. (Get Certificates)
        """
        query = {"includePending": "true"} if include_pending else None
        return self._page("GetCertificates", token, self._properties, query=query)

    def list(self, *, include_pending: bool = False) -> Iterator[CertificateProperties]:
        """The newest version of each certificate, page by page. Permission: list."""
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
        """Start to create a certificate, or a new version of it. Permission: create. (Create Certificate)

        Without a policy, a new version uses the certificate's current policy.
        Never repeated after a lost response: check the operation then; its request id tells whether it is yours.
        """
        body = creation_members(
            policy=policy and policy_to_json(policy),
            attributes=creation_members(enabled=enabled),
            tags=tags,
            preserveCertOrder=preserve_cert_order,
        )
        return self._send("CreateCertificate", self._operation, name, body=body)

    def import_certificate(
        self,
        name: str,
        value: str,
        *,
        password: str = "",
        policy: CertificatePolicy,
        enabled: bool | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Certificate:
        """Import a certificate with its private key, as a new version if the name exists. Permission: import.

        (Import Certificate) `value` is base64 of a PFX, or PEM text; the policy's content type says which. The policy's
        lifetime actions are sent even if there are none: if they are left out, the vault adds one of its own, which for the
        issuer Self renews the certificate.

        Never repeated after a lost response: look for a new version with its thumbprint then.
        """
        body = creation_members(
            value=value,
            pwd=password or None,
            policy={"lifetime_actions": [], **policy_to_json(policy)},
            attributes=creation_members(enabled=enabled),
            tags=tags,
        )
        return self._send("ImportCertificate", self._certificate, name, body=body)

    def get(self, name: str, version: str = "") -> Certificate:
        """A certificate, by default the newest version. Permission: get. (Get Certificate)"""
        return self._call("GetCertificate", self._certificate, name, version)

    def get_policy(self, name: str) -> CertificatePolicy:
        """The policy for the next version. Permission: get. (Get Certificate Policy)"""
        return self._call("GetCertificatePolicy", lambda data, _requested: policy_from_json(data), name)

    def update_policy(self, name: str, policy: CertificatePolicy) -> CertificatePolicy:
        """Send the sections of a policy that differ from what was read, and return the vault's policy. Permission: update.

        (Update Certificate Policy) It makes no new version.
        """
        body = changed_sections(policy)
        return self._send("UpdateCertificatePolicy", lambda data, _requested: policy_from_json(data), name, body=body)

    def update(
        self,
        name: str,
        version: str,
        *,
        enabled: bool | Unset = UNSET,
        tags: Mapping[str, str] | Unset = UNSET,
    ) -> Certificate:
        """Enable or disable a version, or replace its tags. Permission: update. (Update Certificate)"""
        body = update_members(attributes=UNSET if enabled is UNSET else {"enabled": enabled}, tags=tags)
        return self._call("UpdateCertificate", self._certificate, name, version, **body)

    def operation(self, name: str) -> CertificateOperation:
        """The latest operation of a certificate, pending or ended. Permission: get.

        (Get Certificate Operation)
        """
        return self._call("GetCertificateOperation", self._operation, name)

    def cancel_operation(self, name: str) -> CertificateOperation:
        """Request cancellation; the operation may still complete. Permission: update.

        (Update Certificate Operation)
        """
        return self._call("UpdateCertificateOperation", self._operation, name, cancellation_requested=True)

    def delete_operation(self, name: str) -> CertificateOperation:
        """Delete the operation, and the certificate if it has no version yet. Permission: update.

        (Delete Certificate Operation)
        """
        return self._call("DeleteCertificateOperation", self._operation, name)

    def merge(self, name: str, certificates: Sequence[bytes]) -> Certificate:
        """Complete the pending operation with the signed certificate and its chain (DER), the leaf first.

        Never repeated after a lost response: check the operation then. Permission: create. (Merge Certificate)
        """
        x5c = [b64encode(each).decode() for each in certificates]
        return self._call("MergeCertificate", self._certificate, name, x5c=x5c)

    def _properties(self, data: Json, requested: Requested) -> CertificateProperties:
        members = Members(data)
        return CertificateProperties(
            **identity(members, "id", requested),
            x5t=members.data("x5t").hex().upper(),
            subject=members.text("subject"),
            **attributes(members),
        )

    def _deleted(self, data: Json, requested: Requested) -> DeletedCertificate:
        return DeletedCertificate(properties=self._properties(data, requested), **deletion(data, requested))

    def _certificate(self, data: Json, requested: Requested) -> Certificate:
        members = Members(data)
        policy = members.mapping("policy")
        properties, cer = self._properties(data, requested), members.data("cer")
        if cer and not properties.issued:
            properties = replace(properties, x5t=sha1(cer, usedforsecurity=False).hexdigest().upper())
        return Certificate(
            properties=properties,
            cer=cer,
            key_id=members.text("kid"),
            secret_id=members.text("sid"),
            policy=policy_from_json(policy) if policy else None,
            content_type=members.text("contentType"),
            preserve_cert_order=members.flag("preserveCertOrder"),
            odd=members.odd,
        )

    def _operation(self, data: Json, requested: Requested) -> CertificateOperation:
        members = Members(data)
        found = identity(members, "id", requested)
        error = members.section("error")
        return CertificateOperation(
            id=found["id"],
            name=found["name"],
            issuer_name=members.section("issuer").text("name"),
            status=members.text("status") or members.odd.get("status", ""),
            status_details=members.text("status_details"),
            request_id=(members.text("request_id") or "")[:64],
            csr=members.data("csr"),
            cancellation_requested=bool(members.flag("cancellation_requested")),
            target=members.text("target"),
            error_code=error.text("code"),
            error_message=error.text("message"),
        )
