"""Secrets. Key Vault REST: Secrets, Deleted Secrets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from vaults.azure.json_values import Json, required
from vaults.azure.members import Members
from vaults.keyvault.bodies import changed_attributes, creation_members, new_attributes, update_members
from vaults.keyvault.bundles import Requested, attributes, deletion, identity
from vaults.keyvault.objects import CommonOperations, ObjectClient
from vaults.keyvault.types import UNSET, DeletedSecret, Secret, SecretProperties, Unset


class SecretClient(ObjectClient[SecretProperties, DeletedSecret]):
    """The secrets of one vault. Only `get` returns a value."""

    operations = CommonOperations(
        list="GetSecrets",
        versions="GetSecretVersions",
        delete="DeleteSecret",
        list_deleted="GetDeletedSecrets",
        get_deleted="GetDeletedSecret",
        recover="RecoverDeletedSecret",
        purge="PurgeDeletedSecret",
        backup="BackupSecret",
        restore="RestoreSecret",
    )
    collection = "secrets"

    def set(
        self,
        name: str,
        value: str,
        *,
        content_type: str | None = None,
        enabled: bool | None = None,
        not_before: datetime | None = None,
        expires_on: datetime | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> SecretProperties:
        """Create a secret, or a new version of it. Permission: set. (Set Secret)

        Never repeated after a lost response: check the versions then.
        """
        more = creation_members(
            contentType=content_type,
            tags=tags,
            attributes=new_attributes(enabled, not_before, expires_on),
        )
        return self._call("SetSecret", self._properties, name, value=value, **more)

    def get(self, name: str, version: str = "") -> Secret:
        """A secret with its value, by default the newest version. Permission: get. (Get Secret)"""
        return self._call("GetSecret", self._secret, name, version)

    def update(
        self,
        name: str,
        version: str,
        *,
        content_type: str | Unset | None = UNSET,
        enabled: bool | Unset = UNSET,
        not_before: datetime | Unset | None = UNSET,
        expires_on: datetime | Unset | None = UNSET,
        tags: Mapping[str, str] | Unset = UNSET,
    ) -> SecretProperties:
        """Change a version's attributes, content type and tags; `tags` replaces the whole set. Permission: set.

        (Update Secret)
        """
        body = update_members(
            contentType=content_type,
            tags=tags,
            attributes=changed_attributes(enabled, not_before, expires_on),
        )
        return self._call("UpdateSecret", self._properties, name, version, **body)

    def _secret(self, data: Json, requested: Requested) -> Secret:
        return Secret(self._properties(data, requested), required(data, "value", str))

    def _properties(self, data: Json, requested: Requested) -> SecretProperties:
        members = Members(data)
        return SecretProperties(
            **identity(members, "id", requested),
            content_type=members.text("contentType", "content_type"),
            managed=bool(members.flag("managed")),
            key_id=members.text("kid"),
            **attributes(members),
        )

    def _deleted(self, data: Json, requested: Requested) -> DeletedSecret:
        return DeletedSecret(properties=self._properties(data, requested), **deletion(data, requested))
