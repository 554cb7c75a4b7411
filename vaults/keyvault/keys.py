"""Keys. Key Vault REST: Keys, Deleted Keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from vaults.azure.json_values import Json
from vaults.azure.members import Members, as_text
from vaults.keyvault.bodies import changed_attributes, creation_members, new_attributes, update_members
from vaults.keyvault.bundles import Requested, attributes, deletion, identity
from vaults.keyvault.objects import CommonOperations, ObjectClient
from vaults.keyvault.rotation import read_rotation_policy
from vaults.keyvault.since import POLICIES_SINCE, is_since
from vaults.keyvault.types import (
    UNSET,
    DeletedKey,
    Key,
    KeyAttestation,
    KeyProperties,
    ReleasePolicy,
    RotationPolicy,
    Unset,
)

_PUBLIC_MEMBERS = ("kty", "n", "e", "crv", "x", "y")
"""The public members of a JWK. The private ones (d, p, q, dp, dq, qi, k) are ignored even if a vault sends them."""

_ATTESTATION_MEMBERS = ("certificatePemFile", "privateKeyAttestation", "publicKeyAttestation", "version")


class KeyClient(ObjectClient[KeyProperties, DeletedKey]):
    """The keys of one vault. Private parts never leave the vault."""

    operations = CommonOperations(
        list="GetKeys",
        versions="GetKeyVersions",
        delete="DeleteKey",
        list_deleted="GetDeletedKeys",
        get_deleted="GetDeletedKey",
        recover="RecoverDeletedKey",
        purge="PurgeDeletedKey",
        backup="BackupKey",
        restore="RestoreKey",
    )
    collection = "keys"

    @property
    def knows_policies(self) -> bool:
        """True if this api-version has export, release policies and rotation."""
        return is_since(self._session.api_version, POLICIES_SINCE)

    def create(
        self,
        name: str,
        *,
        kty: str,
        key_size: int | None = None,
        crv: str | None = None,
        key_ops: Sequence[str] | None = None,
        enabled: bool | None = None,
        exportable: bool | None = None,
        not_before: datetime | None = None,
        expires_on: datetime | None = None,
        tags: Mapping[str, str] | None = None,
        release_policy: ReleasePolicy | None = None,
    ) -> Key:
        """Create a key, or a new version of it. Permission: create. (Create Key)

        Never repeated after a lost response: check the versions then.
        """
        more = creation_members(
            key_size=key_size,
            crv=crv,
            key_ops=list(key_ops) if key_ops is not None else None,
            attributes=new_attributes(enabled, not_before, expires_on) | creation_members(exportable=exportable),
            tags=tags,
            release_policy=release_policy and _release_policy_to_json(release_policy),
        )
        return self._call("CreateKey", self._key, name, kty=kty, **more)

    def import_key(
        self,
        name: str,
        jwk: Mapping[str, str],
        *,
        hsm: bool,
        key_ops: Sequence[str] | None = None,
        enabled: bool | None = None,
        exportable: bool | None = None,
        not_before: datetime | None = None,
        expires_on: datetime | None = None,
        tags: Mapping[str, str] | None = None,
        release_policy: ReleasePolicy | None = None,
    ) -> Key:
        """Import a key, as a new version if the name exists. Permission: import. (Import Key)

        `jwk`: kty and the private members, or kty (and crv) with `key_hsm`, the key transfer blob as base64url.
        `hsm`: into hardware. Never repeated after a lost response: look for a new version with its public part then.
        """
        body = creation_members(
            key={**jwk, **creation_members(key_ops=list(key_ops) if key_ops is not None else None)},
            Hsm=hsm,
            attributes=new_attributes(enabled, not_before, expires_on) | creation_members(exportable=exportable),
            tags=tags,
            release_policy=release_policy and _release_policy_to_json(release_policy),
        )
        return self._send("ImportKey", self._key, name, body=body)

    def rotate(self, name: str) -> Key:
        """Create a new version of the same type and size, with the dates of the rotation policy. Permission: rotate.

        Never repeated after a lost response. (Rotate Key)
        """
        return self._call("RotateKey", self._key, name)

    def rotation_policy(self, name: str) -> RotationPolicy:
        """The key's rotation policy, or the default if it has none of its own. Permission: getrotationpolicy.

        (Get Key Rotation Policy)
        """
        return self._call("GetKeyRotationPolicy", lambda data, _: read_rotation_policy(data), name)

    def update_rotation_policy(self, name: str, body: Mapping[str, Any]) -> RotationPolicy:
        """Set the rotation policy; `body` is made by `rotation.changed_policy`. Permission: setrotationpolicy.

        (Update Key Rotation Policy)
        """
        return self._send("UpdateKeyRotationPolicy", lambda data, _: read_rotation_policy(data), name, body=body)

    def get(self, name: str, version: str = "") -> Key:
        """A key with its public parts, by default the newest version. Permission: get. (Get Key)"""
        return self._call("GetKey", self._key, name, version)

    def attestation(self, name: str, version: str = "") -> KeyAttestation | None:
        """What the HSM states about a key, by default of the newest version; None if the vault has none. Permission: get.

        (Get Key Attestation)
        """
        return self._call("GetKeyAttestation", _attestation, name, version)

    def update(
        self,
        name: str,
        version: str,
        *,
        key_ops: Sequence[str] | Unset = UNSET,
        enabled: bool | Unset = UNSET,
        not_before: datetime | Unset | None = UNSET,
        expires_on: datetime | Unset | None = UNSET,
        tags: Mapping[str, str] | Unset = UNSET,
    ) -> Key:
        """Change a version's operations, attributes and tags; `tags` replaces the whole set. Permission: update.

        (Update Key)
        """
        body = update_members(
            key_ops=key_ops if isinstance(key_ops, Unset) else list(key_ops),
            attributes=changed_attributes(enabled, not_before, expires_on),
            tags=tags,
        )
        return self._call("UpdateKey", self._key, name, version, **body)

    def _key(self, data: Json, requested: Requested) -> Key:
        properties = self._properties(data, requested)
        sent = Members(data).expected_section("key", "key")
        jwk = {name: sent.text(name) for name in _PUBLIC_MEMBERS}
        return Key(
            properties=properties,
            key_type=jwk["kty"] or "",
            key_ops=sent.texts("key_ops"),
            jwk={name: value for name, value in jwk.items() if value is not None},
            release_policy=_release_policy(data.get("release_policy"), sent.odd),
            tells_ops=isinstance(sent.raw("key_ops"), list),
            odd=sent.odd,
            non_text_ops=sent.non_texts("key_ops"),
        )

    def _properties(self, data: Json, requested: Requested) -> KeyProperties:
        """The properties; a bundle has its id in `key.kid`, a list item in `kid`."""
        members = Members(data)
        holder = None if requested.listed else Members(data.get("key"), members.odd)
        return KeyProperties(
            **identity(members, "kid", requested, holder),
            managed=bool(members.flag("managed")),
            exportable=members.expected_section("attributes", "exportable").flag("exportable"),
            key_size=Members(members.mapping("attributes")).number("key_size"),
            **attributes(members),
        )

    def _deleted(self, data: Json, requested: Requested) -> DeletedKey:
        return DeletedKey(properties=self._properties(data, requested), **deletion(data, requested))


def _release_policy(sent: Any, odd: dict[str, str]) -> ReleasePolicy | None:
    """The release policy, read completely or not at all: a part of it would be a different policy."""
    if sent is None or sent == {}:
        return None
    members = Members(sent)
    policy = ReleasePolicy(
        content_type=members.text("contentType"),
        data=members.text("data") or "",
        immutable=bool(members.flag("immutable")),
    )
    if members.odd or not policy.data:
        odd["release_policy"] = as_text(sent)
        return None
    return policy


def _release_policy_to_json(policy: ReleasePolicy) -> dict[str, object]:
    return creation_members(contentType=policy.content_type, data=policy.data, immutable=policy.immutable or None)


def _attestation(data: Json, _requested: Requested) -> KeyAttestation | None:
    sent = Members(data).section("attributes").section("attestation")
    texts = {name: sent.text(name) for name in _ATTESTATION_MEMBERS}
    members = {name: text for name, text in texts.items() if text}
    if not members and not sent.odd:
        return None
    return KeyAttestation(
        version=members.get("version"),
        certificates=sent.data("certificatePemFile"),
        private_key=sent.data("privateKeyAttestation"),
        public_key=sent.data("publicKeyAttestation"),
        members=members,
        odd=sent.odd,
    )
